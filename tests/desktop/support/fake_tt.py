#!/usr/bin/env python3
"""Stands in for `tt node --config FILE`. FILE is JSON: "ready": false answers 503 to
/health/ready; "fail": TEXT prints it and ends with 3. What is posted is kept in
FILE.posts, one JSON document a line; the process id in FILE.pid."""
import http.server
import json
import os
import signal
import sys

path = sys.argv[sys.argv.index("--config") + 1]
with open(path) as file:
    config = json.load(file)
with open(path + ".pid", "w") as file:
    file.write(str(os.getpid()))
if "fail" in config:
    print(config["fail"], file=sys.stderr)
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        is_ready = self.path == "/health/live" or (self.path == "/health/ready" and config.get("ready", True))
        self.answer(200 if is_ready else 503, {"ok": is_ready})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open(path + ".posts", "a") as posts:
            posts.write(json.dumps({"path": self.path, "body": json.loads(body), "token": self.headers.get("Authorization"),
                                    "origin": self.headers.get("Origin")}) + "\n")
        self.answer(config.get("stop_status", 200), config.get("stop_reply", {"kill_active": True}))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"TraderTerminal 0.0.0 is running: http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
