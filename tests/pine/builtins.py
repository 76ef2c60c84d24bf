#!/usr/bin/env python3
"""Makes actors/pine/BUILTINS.md: every built-in of the language and what checks it.

    builtins.py PINE_RUN [--check] [--kit FOLDER]

PINE_RUN is the runner's binary, which lists the names that are implemented. --check writes nothing and fails when the
table is not what would be written. --kit reads the conformance kit's scripts and renews kit_uses.txt, from which the
table knows which case uses which name, so that the table can be made without the kit.
"""
import argparse
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = os.path.join(ROOT, 'actors', 'pine', 'BUILTINS.md')
KIT_USES = os.path.join(HERE, 'kit_uses.txt')
KINDS = {'f': 'function', 'v': 'variable', 'c': 'constant'}
SHOWN = 3  # checks named per built-in


def language():
    """(name, kind, first version) of every built-in."""
    out = []
    with open(os.path.join(HERE, 'builtin_names.txt'), encoding='utf-8') as f:
        for line in f:
            if line.startswith('#'):
                continue
            space, kind, version, *names = line.split()
            out += [(n if space == '-' else f'{space}.{n}', kind, version) for n in names]
    return sorted(out)


def names_used(text):
    """The dotted and plain names of a script, and the names behind a dot alone (methods)."""
    text = re.sub(r'//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', ' ', text)
    dotted = set(re.findall(r'(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*', text))
    dotted |= {n.rsplit('.', 1)[0] for n in dotted if n.count('.') > 1}  # line.all.size()
    return dotted, set(re.findall(r'\.([A-Za-z_]\w*)\s*(?:<[^()]*>)?\(', text))


TESTS = ('facts', 'drawings', 'requests')  # C++ tests that check values of built-ins named in full
METHODS = ('array', 'matrix', 'map', 'line', 'label', 'box', 'table', 'linefill')


def receivers(text):
    """The namespaces whose methods a script can mean, by the values that it makes."""
    return [m for m in METHODS if re.search(rf'\b{m}\b', text)]


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def renew_kit_uses(folder, known):
    lines = ['# case of the conformance kit: the built-ins that its script uses']
    for case in sorted(glob.glob(os.path.join(folder, 'cases', '*', 'script.pine'))):
        text = read(case)
        dotted, methods = names_used(text)
        used = {n for n in dotted if n in known}
        used |= {f'{r}.{m}' for r in receivers(text) for m in methods if f'{r}.{m}' in known}
        lines.append(os.path.basename(os.path.dirname(case)) + ': ' + ' '.join(sorted(used)))
    with open(KIT_USES, 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')


def checks(known):
    """name -> what checks it, the strongest first."""
    found = {n: [] for n in known}

    def add(name, what):
        if name in found and what not in found[name]:
            found[name].append(what)

    if os.path.exists(KIT_USES):
        for line in read(KIT_USES).splitlines():
            if not line.startswith('#'):
                case, _, names = line.partition(': ')
                for n in names.split():
                    add(n, f'kit {case}')
    for n in re.findall(r'\{"((?:ta|math)\.\w+)", "', read(os.path.join(HERE, 'ta_reference.cpp'))):
        add(n, 'property')
    for test in TESTS:
        text = read(os.path.join(HERE, f'{test}.test.cpp'))
        for n in sorted(set(re.findall(r'(?<![\w.])[a-z]\w*(?:\.\w+)+', text))):
            add(n, f'test {test}')
    for script in sorted(glob.glob(os.path.join(HERE, 'scripts', '*.pine'))):
        text = read(script)
        if '// expect: error' in text:
            continue
        what = 'script ' + os.path.splitext(os.path.basename(script))[0]
        dotted, methods = names_used(text)
        for n in sorted(dotted):
            add(n, what)
        for r in receivers(text):
            for m in sorted(methods):
                add(f'{r}.{m}', what)
    for n in known:
        add(n, 'signature')
    return found


def table(binary):
    rows = [line.split('\t') for line in subprocess.check_output([binary, '--list-builtins'], text=True).splitlines()]
    here = {(n, KINDS[k]) for n, k in rows}
    # the literals and na stand among the constants here
    here |= {('na', 'variable')}
    known = language()
    found = checks({n for n, _, _ in known})
    have = sum((n, k) in here for n, k, _ in known)
    behaviour = sum(any(w != 'signature' for w in found[n]) for n, _, _ in known)
    out = ['# Built-ins of Pine', '', 'Made by `tests/pine/builtins.py`; the test `pine_builtins_table` fails when it is out of date.', '',
           f'{have} of the {len(known)} names of the language are implemented. {behaviour} are used by a script whose results '
           'are checked; the others are compiled with each of their signatures.', '',
           '"kit" is a case of the conformance kit (output of the platform itself), "property" compares with a slow computation '
           'over random series (`ta_properties.test.cpp`), "script" is one of `tests/pine/scripts`, "test" a C++ test beside them, "signature" the test of '
           'names and arguments (`builtins.test.cpp`).', '',
           '| name | kind | since | implemented | checked by |', '| --- | --- | --- | --- | --- |']
    for n, k, v in known:
        what = found[n]
        shown = [w for w in what if w != 'signature'][:SHOWN] or ['signature']
        if 'property' in what and 'property' not in shown:
            shown.append('property')
        out.append(f'| {n} | {k} | {v} | {"yes" if (n, k) in here else "no"} | {", ".join(shown)} |')
    return '\n'.join(out) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('pine_run')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--kit')
    args = parser.parse_args()
    if args.kit:
        renew_kit_uses(args.kit, {n for n, _, _ in language()})
    text = table(args.pine_run)
    if args.check:
        if not os.path.exists(TABLE) or read(TABLE) != text:
            sys.exit('actors/pine/BUILTINS.md is out of date: run tests/pine/builtins.py PINE_RUN')
        return
    with open(TABLE, 'w', encoding='utf-8') as f:
        f.write(text)
    print(text.splitlines()[4])


if __name__ == '__main__':
    main()
