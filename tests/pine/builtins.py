#!/usr/bin/env python3
"""Writes actors/pine/BUILTINS.md: every built-in and what checks it.

    builtins.py PINE_RUN [SHARED]

PINE_RUN is the runner's binary (it lists the names), SHARED the folder ../shared (its kit's cases count as checks,
its list of names gives the coverage). A name is "checked" where a script of the kit or of tests/pine uses it.
"""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KIND = dict(f='function', v='variable', c='constant')


def uses(text, name):
    return re.search(r'(?<![\w.])' + re.escape(name) + r'(?![\w])', text) is not None


def main():
    rows = [line.split('\t') for line in subprocess.check_output([sys.argv[1], '--list-builtins'], text=True).splitlines()]
    rows = [(n, KIND[k]) for n, k in rows if not n.startswith('$')]
    shared = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, '..', 'shared')
    sources = {}
    for f in sorted(glob.glob(os.path.join(shared, 'pine-kit/cases/*/script.pine'))):
        sources['kit: ' + os.path.basename(os.path.dirname(f))] = open(f, encoding='utf-8').read()
    for f in sorted(glob.glob(os.path.join(HERE, '*.test.cpp')) + glob.glob(os.path.join(HERE, 'golden/*.pine'))):
        sources[os.path.basename(f)] = open(f, encoding='utf-8').read()
    out = ['# Built-ins', '', 'Made by `tests/pine/builtins.py`. "checked by" names a kit case or a test whose script uses the name.', '']
    listed = os.path.join(shared, 'spec/pine-builtins.txt')
    if os.path.exists(listed):
        want = [line.rstrip('\n').split('\t') for line in open(listed) if not line.startswith('#')]
        have = set(rows)
        clean = [(re.sub('<.*', '', n), k) for n, _, k in want]
        missing = sorted(f'{n} ({k})' for n, k in clean if (n, k) not in have)
        out += [f'{len(clean) - len(missing)} of the {len(clean)} names of the language reference are here.', '']
        if missing:
            out += ['Missing: ' + ', '.join(missing), '']
    out += ['| name | kind | checked by |', '| --- | --- | --- |']
    for n, k in rows:
        found = [s for s, text in sources.items() if uses(text, n)]
        out.append(f'| {n} | {k} | {", ".join(found[:2]) if found else "-"} |')
    with open(os.path.join(ROOT, 'actors/pine/BUILTINS.md'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(out) + '\n')
    print('\n'.join(out[4:7]))


if __name__ == '__main__':
    main()
