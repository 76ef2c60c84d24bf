#!/usr/bin/env python3
"""The rules of the house that a compiler does not check.

  check_rooms.py includes            direction of includes between the rooms
  check_rooms.py determinism         no clock, randomness, threads or sleeps where they may not be
  check_rooms.py headers COMPILER..  every header compiles alone (arguments: the compiler's command line)
  check_rooms.py layout              README in every room, file length, nothing foreign at the top level

Exits 1 and names file and line for each broken rule.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["actors/model", "actors/storage", "actors/pine", "actors/market", "actors/strategy", "actors/risk", "actors/execution",
         "actors/portfolio", "actors/backtest", "actors/alerts", "bus", "gateways", "cluster", "ui-bridge/desktop"]
# What a room may include besides itself: arrows point one way. Wider than "model only" where a second copy
# would be the alternative: execution sends only what risk approved (the approval is risk's type); portfolio
# folds execution's journal; a live strategy runs the backtester's engine on market's bars; alerts evaluate
# the expressions of strategy's jobs on market's ticks; storage is what the stores share.
ACTORS = [r for r in ROOMS if r.startswith("actors/")]
MAY_INCLUDE = {
    "actors/model": [],
    "actors/storage": ["actors/model"],
    "actors/pine": ["actors/model"],
    "actors/market": ["actors/model"],
    "actors/strategy": ["actors/model", "actors/pine", "actors/market", "actors/backtest", "actors/storage"],
    "actors/risk": ["actors/model"],
    "actors/execution": ["actors/model", "actors/storage", "actors/pine", "actors/risk"],
    "actors/portfolio": ["actors/model", "actors/execution"],
    "actors/backtest": ["actors/model", "actors/storage", "actors/pine", "actors/market"],
    "actors/alerts": ["actors/model", "actors/pine", "actors/market", "actors/storage", "actors/strategy"],
    "bus": [],
    "gateways": ACTORS,
    "cluster": ACTORS + ["bus", "gateways"],
    "ui-bridge/desktop": ["actors/model"],  # errors as values; the rest it knows by HTTP
}
# Libraries that only these files may see: cores stay free of actors and sockets.
LIBRARIES = {
    "caf/io/": re.compile(r"^$"),  # ZeroMQ is the only transport between nodes
    "caf/": re.compile(r"^(actors/\w+/(\w+/)?(\w*_actor|messages|inspect|caf_\w+)\.(hpp|cpp)|bus/.*|gateways/bridge/.*|cluster/.*)$"),
    "zmq": re.compile(r"^bus/.*$"),
    "boost/": re.compile(r"^gateways/.*$"),
    "boost/beast": re.compile(r"^gateways/((http|stream|notify)/.*|jobs/progress_service\.(hpp|cpp))$"),
}
MAX_LINES = 800
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "tt", "actors", "bus", "gateways",
             "ui-bridge", "config", "cluster", "tests", "build", "data"}
BANNED_IN_CORES = [
    (re.compile(r"system_clock::now|steady_clock::now|high_resolution_clock"), "asks a clock"),
    (re.compile(r"\b(gettimeofday|clock_gettime|std::time)\s*\("), "asks a clock"),
    (re.compile(r"\bstd::(random_device|rand|srand)\b|\brand\s*\(\s*\)"), "draws randomness from outside"),
    (re.compile(r"\bstd::(thread|jthread|async)\b"), "starts a thread"),
    (re.compile(r"sleep_for|sleep_until|\busleep\s*\("), "sleeps"),
]
BANNED_IN_TESTS = [(re.compile(r"sleep_for|sleep_until|\busleep\s*\(|\bsleep\s*\("), "sleeps")]


def sources(*folders, suffixes=(".hpp", ".cpp")):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and "node_modules" not in path.parts:
                yield path


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def room_of(name):
    return next((room for room in ROOMS if name.startswith(room + "/")), None)


def included(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(1), match.group(2)


def check_includes():
    for path in sources(*ROOMS):
        name = name_of(path)
        room = room_of(name)
        for number, quote, target in included(path):
            for library, allowed in LIBRARIES.items():
                if quote == "<" and target.startswith(library) and not allowed.match(name):
                    yield f"{name}:{number}: {target} may not be included here"
            if quote != '"':
                continue
            other = room_of(target)
            if other is None:
                yield f"{name}:{number}: \"{target}\" is not a path from the top level into a room"
            elif other != room and other not in MAY_INCLUDE[room]:
                yield f"{name}:{number}: {room} may not include {other}"


def check_determinism():
    def scan(path, banned):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if "det-ok:" in line:
                continue
            code = line.split("//")[0]
            for pattern, what in banned:
                if pattern.search(code):
                    yield f"{name_of(path)}:{number}: {what} (say why with // det-ok: reason)"

    for path in sources(*[r for r in ROOMS if r.startswith("actors/")]):
        yield from scan(path, BANNED_IN_CORES)
    for path in sources("tests", suffixes=(".cpp", ".hpp")):
        if path.name.endswith(".test.cpp"):
            yield from scan(path, BANNED_IN_TESTS)


def first_include(path):
    """The header of ours that the file includes before anything else, or None."""
    for line in path.read_text(errors="replace").splitlines():
        found = re.match(r'\s*#include\s+(["<])([^">]+)', line)
        if found:
            return found[2] if found[1] == '"' else None
    return None


def check_headers(compiler):
    # A header that another one includes first is compiled alone along with that one.
    headers = list(sources(*ROOMS, suffixes=(".hpp",)))
    proven = {first_include(path) for path in headers}

    def compile_alone(path):
        run = subprocess.run(compiler + ["-fsyntax-only", "-x", "c++", "-"], input=f'#include "{name_of(path)}"\n',
                             capture_output=True, text=True, cwd=ROOT)
        return None if run.returncode == 0 else f"{name_of(path)} does not compile alone:\n{run.stderr[:2000]}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield from filter(None, pool.map(compile_alone, [h for h in headers if name_of(h) not in proven]))


def check_layout():
    for entry in sorted(ROOT.iterdir()):
        if not entry.name.startswith(".") and entry.name not in TOP_LEVEL and entry.name != "compile_commands.json":
            yield f"{entry.name}: does not belong to the top level"
    for room in ROOMS + ["config", "tests", "ui-bridge"]:
        folder = ROOT / room
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "README.md").is_file():
            yield f"{room}: no README.md"
    for path in sources(*ROOMS):
        lines = path.read_text(errors="replace").count("\n")
        if lines > MAX_LINES:
            yield f"{name_of(path)}: {lines} lines, more than {MAX_LINES}"
    for path in sources(*ROOMS, suffixes=(".hpp",)):
        if "#pragma once" not in path.read_text(errors="replace"):
            yield f"{name_of(path)}: no #pragma once"


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    checks = {"includes": check_includes, "determinism": check_determinism, "layout": check_layout,
              "headers": lambda: check_headers(sys.argv[2:])}
    if what not in checks:
        sys.exit(__doc__)
    broken = list(checks[what]())
    print("\n".join(broken) if broken else f"{what}: in order")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
