#!/usr/bin/env python3
"""Asks an actor of a TraderTerminal node something and prints the answer.

    ask.py --key script.key --allow allow --node alpha tcp://10.0.0.1:7701 alpha/worker '["@atom", "echo", "@str", "hello"]'

Written from wire.md alone. Needs python3-zmq and python3-msgpack. Whoever asks is a node as far as the bus is concerned: the key is
made with `tt keys new script` and listed on the allow list as `node script <public key>`. The last argument is the content of the
message as JSON: type name, value, type name, value, ...
"""

import argparse
import json
import os
import re
import sys
import time

import msgpack
import zmq
from zmq.auth.thread import ThreadAuthenticator

HELLO, DATA, BEAT, BYE = range(4)  # kinds of headers
MESSAGE, NAME = 0, 7  # kinds of messages in a body
RESPONSE = 1 << 63  # of a message id
ACTOR = 1000  # the id of the only actor that lives here: who asks
PARTS = 1  # feature: takes bodies in parts
PAUSE = 0.1  # seconds between two hellos or beats


def read_key(path):
    """The name, public and secret half of a key file."""
    text = open(path, encoding="ascii").read()
    return [re.search(rf'^{part}: "?([^"\n]*)"?$', text, re.M).group(1) for part in ("name", "public", "secret")]


def read_server_key(path, node):
    """The public key of a node, from the cluster's allow list."""
    for line in open(path, encoding="ascii"):
        words = line.split()
        if words[:2] == ["node", node]:
            return words[2].encode()
    sys.exit(f"{path}: no node {node}")


class OnlyThatNode:
    """Lets nobody but the node that is asked connect to us."""

    def __init__(self, key):
        self.key = key

    def callback(self, _domain, key):
        return key == self.key


class Link:
    """The link with one node: hello, numbered frames, beats."""

    def __init__(self, args):
        self.name, public, secret = read_key(args.key)
        server_key = read_server_key(args.allow, args.node)
        context = zmq.Context()
        self.door = ThreadAuthenticator(context)
        self.door.start()
        self.door.configure_curve_callback("tt-control", OnlyThatNode(server_key))
        self.inward = context.socket(zmq.ROUTER)
        self.inward.zap_domain = b"tt-control"
        self.inward.curve_server = True
        self.inward.curve_secretkey = secret.encode()
        self.inward.bind(args.listen)
        self.endpoint = self.inward.getsockopt_string(zmq.LAST_ENDPOINT)
        self.outward = context.socket(zmq.DEALER)
        self.outward.linger = 200
        self.outward.curve_publickey, self.outward.curve_secretkey = public.encode(), secret.encode()
        self.outward.curve_serverkey = server_key
        self.outward.connect(args.endpoint)
        self.node = os.urandom(24)
        self.session = int.from_bytes(os.urandom(3), "big") + 1
        self.peer_node, self.peer_session = b"", 0
        self.is_up = False
        self.sent, self.waiting = 0, {}  # our last number; frames that were not acknowledged: (when, header start, body)
        self.got, self.partial = 0, b""  # the peer's last number; a body that comes in parts
        self.peer_clock, self.heard = 0, 0  # the peer's newest `now`, and when it came
        self.next_word = 0.0

    def say_hello(self):
        header = [HELLO, "TTBUS", 1, self.name, self.node, self.session, self.peer_node, self.peer_session, self.endpoint, "", ACTOR, PARTS]
        self.outward.send(msgpack.packb(header))

    def say_beat(self):
        now = time.monotonic_ns()
        held = now - self.heard if self.peer_clock else 0
        self.outward.send(msgpack.packb([BEAT, self.session, self.peer_session, self.got, [], now, self.peer_clock, held]))

    def say_bye(self):
        self.outward.send(msgpack.packb([BYE, self.session, self.peer_session, 0]))

    def transmit(self, number):
        _, body = self.waiting[number]
        self.waiting[number] = (time.monotonic(), body)
        self.outward.send_multipart([msgpack.packb([DATA, self.session, self.peer_session, number, 1, self.got, []]), body])

    def send(self, message):
        """Sends one message in a frame of its own."""
        self.sent += 1
        self.waiting[self.sent] = (0.0, msgpack.packb(message))
        self.transmit(self.sent)

    def tick(self):
        now = time.monotonic()
        if now < self.next_word:
            return
        self.next_word = now + PAUSE
        if self.is_up:
            self.say_beat()
            for number in [n for n, (at, _) in self.waiting.items() if now - at > 0.25]:
                self.transmit(number)
        else:
            self.say_hello()

    def acknowledged(self, number):
        self.waiting = {n: frame for n, frame in self.waiting.items() if n > number}

    def receive(self):
        """The messages that come next; often none."""
        self.tick()
        if not self.inward.poll(20):
            return []
        _, packed, *body = self.inward.recv_multipart()
        header = msgpack.unpackb(packed)
        if header[0] == HELLO:
            self.peer_node, self.peer_session = header[4], header[5]
            if header[6] == self.node and header[7] == self.session:
                self.is_up = True
            self.say_hello()
            return []
        if header[1] != self.peer_session or header[2] != self.session:
            return []
        if header[0] == BYE:
            sys.exit(f"the node has left ({header[3]})")
        if header[0] == BEAT:
            self.acknowledged(header[3])
            self.peer_clock, self.heard = header[5], time.monotonic_ns()
            return []
        self.acknowledged(header[5])
        if header[3] != self.got + 1:
            return []  # comes again
        self.got += 1
        self.partial += body[0]
        if header[4] == 0:
            return []
        unpacker = msgpack.Unpacker(strict_map_key=False)
        unpacker.feed(self.partial)
        self.partial = b""
        return list(unpacker)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", required=True, help="key file of this program")
    parser.add_argument("--allow", required=True, help="allow list, for the node's public key")
    parser.add_argument("--node", required=True, help="name of the node")
    parser.add_argument("--listen", default="tcp://127.0.0.1:*", help="where the node can reach this program")
    parser.add_argument("--patience", type=float, default=10, help="seconds until it gives up")
    parser.add_argument("endpoint", help="control endpoint of the node")
    parser.add_argument("actor", help="name that an actor of the node is published under")
    parser.add_argument("content", help="JSON array: type name, value, ...")
    args = parser.parse_args()
    content = json.loads(args.content)

    link = Link(args)
    number = 1  # of the request: a new one for each
    deadline = time.monotonic() + args.patience
    answer = None
    while answer is None and time.monotonic() < deadline:
        for message in link.receive():
            if message[0] == NAME and message[1] == args.actor and message[2] != 0:
                # normal priority: on the wire the id is the number itself
                link.send([MESSAGE, message[2], ACTOR, number, None, content])
            elif message[0] == MESSAGE and message[1] == ACTOR and message[3] == RESPONSE + number:
                answer = message[5]
    if link.is_up:
        link.say_bye()
    link.door.stop()
    if answer is None:
        sys.exit("no answer")
    for kind, value in zip(answer[::2], answer[1::2]):
        print(kind, value)
    sys.exit(1 if "@error" in answer[::2] else 0)


if __name__ == "__main__":
    main()
