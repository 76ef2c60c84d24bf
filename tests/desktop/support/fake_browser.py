#!/usr/bin/env python3
"""Stands in for Chromium: what the shell writes to descriptor 3 goes to the test's
socket, one JSON text a line, and what the test writes goes to descriptor 4. The
line {"exit": N} ends it; {"ignore": true} makes it deaf to SIGTERM."""
import json
import os
import signal
import socket
import sys
import threading

link = socket.socket(socket.AF_UNIX)
link.connect(os.environ["FAKE_BROWSER_SOCKET"])
link.sendall((json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:]}) + "\n").encode())


def forward_commands():
    partial = b""
    while chunk := os.read(3, 65536):
        *messages, partial = (partial + chunk).split(b"\0")
        for message in messages:
            link.sendall(message + b"\n")
    os._exit(0)  # as Chromium does when its pipe is closed


threading.Thread(target=forward_commands, daemon=True).start()
for line in link.makefile():
    message = json.loads(line)
    if "exit" in message:
        os._exit(message["exit"])
    if "ignore" in message:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        continue
    os.write(4, line.rstrip("\n").encode() + b"\0")
signal.pause()
