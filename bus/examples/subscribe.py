#!/usr/bin/env python3
"""Prints the messages of topics that a TraderTerminal node publishes.

    subscribe.py --key dashboard.key --allow allow --node alpha tcp://10.0.0.1:7702 md.NASDAQ.AAPL.quotes

Needs python3-zmq and python3-msgpack. The key is made with `tt keys new dashboard --kind client` and listed on the node's
allow list as `client dashboard <public key>`. Topics are `md.VENUE.SYMBOL.KIND` (see README.md) and match by prefix; "" takes
them all.
"""

import argparse
import re
import sys

import msgpack
import zmq


def read_key(path):
    """The public and secret half of a key file."""
    text = open(path, encoding="ascii").read()
    return [re.search(rf'^{half}: "(.*)"$', text, re.M).group(1).encode() for half in ("public", "secret")]


def read_server_key(path, node):
    """The public key of a node, from the cluster's allow list."""
    for line in open(path, encoding="ascii"):
        words = line.split()
        if words[:2] == ["node", node]:
            return words[2].encode()
    sys.exit(f"{path}: no node {node}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", required=True, help="key file of this client")
    parser.add_argument("--allow", required=True, help="allow list, for the node's public key")
    parser.add_argument("--node", required=True, help="name of the node")
    parser.add_argument("--count", type=int, default=0, help="stop after so many messages")
    parser.add_argument("endpoint", help="topics endpoint of the node")
    parser.add_argument("topics", nargs="+")
    args = parser.parse_args()

    socket = zmq.Context().socket(zmq.SUB)
    socket.curve_publickey, socket.curve_secretkey = read_key(args.key)
    socket.curve_serverkey = read_server_key(args.allow, args.node)
    for topic in args.topics:
        socket.subscribe(topic)
    socket.connect(args.endpoint)

    last = {}
    printed = 0
    while args.count == 0 or printed < args.count:
        topic, payload = socket.recv_multipart()
        node, epoch, seq, content = msgpack.unpackb(payload)
        before = last.get((topic, epoch), 0)
        if seq <= before:
            continue  # a snapshot for a later subscriber
        if before and seq != before + 1:
            print(f"# {topic.decode()}: {seq - before - 1} messages lost")
        last[topic, epoch] = seq
        for kind, value in zip(content[::2], content[1::2]):
            print(topic.decode(), seq, kind, value, flush=True)
        printed += 1


if __name__ == "__main__":
    main()
