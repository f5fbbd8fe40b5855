"""A vector runner must not die of a damaged file: cases with fields that are
missing, cut, changed, too large or of another type.

    test_damaged.py RUNNER FOLDER...

takes the smallest cases of every file in the folders, damages some of them by
SOTTO_SEED, and wants the runner to get to its last line. Few of them can still
pass; which does not matter here.
"""

import copy
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

SMALL = 100000  # bytes of a case
COUNT = 200
ODD = [None, 0, -1, 1, 65535, 65536, 2**32 - 1, 2**32, 2**53, 2.5, "", [], {},
       "zz", "0", "00", "ff" * 70, True, [None], [1], {"a": 1}]


def small_cases(folder):
    cases = []
    for path in sorted(pathlib.Path(folder).rglob("*.json")):
        sized = sorted((len(json.dumps(case)), number, case) for number, case
                       in enumerate(json.loads(path.read_text())))
        cases += [case for size, _, case in sized[:3] if size < SMALL]
    return cases


def places(value, path=()):
    """The paths of everything in a value."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for at in range(min(len(value), 6)):
            yield from places(value[at], path + (at,))


def damage_text(dice, text):
    at = dice.randrange(len(text))
    return dice.choice((
        text[:at],
        text[:at] + dice.choice("0123456789abcdef") + text[at + 1:],
        text + text[:dice.choice((2, 64))],
        "ffffffff" + text[8:]))


def damage(dice, case):
    case = copy.deepcopy(case)
    path = dice.choice(list(places(case)))
    parent = case
    for key in path[:-1]:
        parent = parent[key]
    old = parent[path[-1]]
    if dice.randrange(6) == 0:
        del parent[path[-1]]
    elif isinstance(old, str) and old and dice.randrange(4):
        parent[path[-1]] = damage_text(dice, old)
    elif isinstance(old, list) and old and dice.randrange(2):
        parent[path[-1]] = dice.choice((old[1:], old + old[:1], old[::-1]))
    else:
        parent[path[-1]] = dice.choice(ODD)
    return case


def main():
    runner, folders = sys.argv[1], sys.argv[2:]
    seed = os.environ.get("SOTTO_SEED", "1")
    print("seed", seed, flush=True)
    dice = random.Random(seed)
    cases = [case for folder in folders for case in small_cases(folder)]
    with tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home, "damaged.json")
        path.write_text(json.dumps([damage(dice, dice.choice(cases))
                                    for _ in range(COUNT)]))
        run = subprocess.run([runner, str(path)], capture_output=True,
                             text=True)
        last = (run.stdout.splitlines() or [""])[-1]
        if not re.fullmatch(r"\d+ passed, \d+ failed", last):
            print(run.stdout[-2000:], run.stderr[-4000:], sep="\n")
            sys.exit("%s died with %d" % (runner, run.returncode))
    print(last)


if __name__ == "__main__":
    main()
