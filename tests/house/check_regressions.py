#!/usr/bin/env python3
"""Whether each line of the numbered regression list has a test by that number.

  check_regressions.py COUNT     numbers 1 to COUNT; a test's name says which: regression_07_08_nothing_under_a_lot_is_bought

Prints the tests of each number; exits 1 and names the numbers that have none.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(regression((?:_\d\d)+)_\w+)\s*\)", re.M)


def main():
    last = int(sys.argv[1])
    found = collections.defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.cpp")):
        for suite, name, numbers in NAME.findall(path.read_text(encoding="utf-8")):
            for number in numbers.split("_")[1:]:
                found[int(number)].append(f"{path.relative_to(ROOT)}: {suite}.{name}")
    for number in range(1, last + 1):
        for where in found.get(number, []):
            print(f"{number:2} {where}")
    missing = [number for number in range(1, last + 1) if number not in found]
    beyond = sorted(number for number in found if not 1 <= number <= last)
    if missing:
        print("without a test: " + ", ".join(map(str, missing)), file=sys.stderr)
    if beyond:
        print("not in the list: " + ", ".join(map(str, beyond)), file=sys.stderr)
    return 1 if missing or beyond else 0


if __name__ == "__main__":
    sys.exit(main())
