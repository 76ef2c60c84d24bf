#!/usr/bin/env python3
"""What the shipped program may not be linked with.

  check_binary.py PROGRAM...

CAF's own network modules (libcaf_io, libcaf_openssl): ZeroMQ is the only transport
between nodes. Looks at the libraries that the program loads, directly or not, and
at its symbols, in case somebody links one of them statically.
"""
import re
import subprocess
import sys

LIBRARY = re.compile(r"libcaf_(io|openssl|net)\b")
# code of those modules; `caf::net::middleman` is ours (bus/proxy/middleman.hpp)
SYMBOL = re.compile(r"\bcaf::(io|openssl)::")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complaints(program):
    for line in output_of("ldd", program).splitlines():
        if LIBRARY.search(line):
            yield f"{program}: loads {line.strip()}"
    for option in ([], ["--dynamic"]):
        for line in output_of("nm", "--demangle", *option, program).splitlines():
            kind, symbol = line[17:18], line[19:]
            if kind.upper() in "TUW" and SYMBOL.match(symbol):
                yield f"{program}: has {symbol[:120]}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    broken = [line for program in sys.argv[1:] for line in complaints(program)]
    print("\n".join(broken[:20]) if broken else "binaries: in order")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
