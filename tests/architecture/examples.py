#!/usr/bin/env python3
"""Compiles the C code that stands in documents.

    examples.py --cc CC ROOT DOCUMENT...

Each ```c block of a document is a whole file.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc"]
BLOCK = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", required=True)
    parser.add_argument("root")
    parser.add_argument("documents", nargs="+")
    args = parser.parse_args()
    found = wrong = 0
    for document in args.documents:
        with open(os.path.join(args.root, document), encoding="utf-8") as file:
            text = file.read()
        for match in BLOCK.finditer(text):
            found += 1
            line = text.count("\n", 0, match.start(1)) + 1
            code = '#line %d "%s"\n%s' % (line, document, match.group(1))
            wrong += subprocess.run(
                shlex.split(args.cc) + FLAGS
                + ["-I", os.path.join(args.root, "core/include"), "-"],
                input=code.encode(), check=False).returncode != 0
    print("examples: %d, %d do not compile" % (found, wrong))
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
