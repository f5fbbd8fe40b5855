#!/usr/bin/env python3
"""Whether the tests that core/SECURITY.md names exist.

    claims.py --ctest CTEST ROOT BUILD

Under the heading "Claims" each part (###) makes one, and ends with a list of
what tests it:

    - `unit.record`: `test_record_replayed_is_refused`, `test_...`
    - `sim.chat_world`

That is a test of CTest in BUILD, and functions in its source that it runs. Each
finding is one line; the exit code is 1 when there is any.
claims_self_test.py plants some.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys

DOCUMENT = "core/SECURITY.md"
ITEM = re.compile(r"- `([^`]+)`(?:: ((?:`\w+`(?:, )?)+))?$")


def claims(text):
    """Yields (line number, title, items) of each claim; an item is a line of
    its list, which may go on on indented ones, and its number."""
    title, items, begin = None, [], 0
    is_inside = False
    for number, line in enumerate(text.splitlines() + ["## end"], 1):
        if line.startswith(("## ", "### ")) and title is not None:
            yield begin, title, items
            title, items = None, []
        if line.startswith("## "):
            is_inside = line == "## Claims"
        elif line.startswith("### ") and is_inside:
            title, items, begin = line[4:], [], number
        elif line.startswith("- `") and title is not None:
            items.append((number, line))
        elif line.startswith("  ") and items:
            items[-1] = items[-1][0], items[-1][1] + " " + line.strip()


def tests_of(ctest, build):
    """CTest's tests: the words of each one's command, none if its program is not
    there."""
    shown = subprocess.run([ctest, "--test-dir", build,
                            "--show-only=json-v1"], check=True,
                           stdout=subprocess.PIPE)
    return {test["name"]: test.get("command", [])
            for test in json.loads(shown.stdout)["tests"]}


def sources_of(root, command):
    """The files that hold a test's functions: its script; a module of the unit
    tests; or what a program is made of."""
    names = [os.path.basename(word) for word in command]
    scripts = [word for word in command if word.endswith(".py")]
    if scripts:
        return scripts
    if "unit_tests" in names:
        return glob.glob(os.path.join(root, "tests/unit/*/test_%s.c"
                                      % names[-1]))
    return [path for name in names if re.fullmatch(r"\w+", name)
            for pattern in ("tests/%s/*.c", "tests/*/%s*.c")
            for path in glob.glob(os.path.join(root, pattern % name))]


def runs(source, text, function):
    """Whether a source has the function, and runs it as a test."""
    if source.endswith(".py"):
        return re.search(r"^    def %s\(self" % function, text, re.M)
    return (re.search(r"^static void %s\(" % function, text, re.M)
            and re.search(r"\w\(\s*%s\s*[,)]" % function, text))


def has(root, command, function):
    for path in sources_of(root, command):
        with open(path, encoding="utf-8") as file:
            if runs(path, file.read(), function):
                return True
    return False


def check_item(root, tests, item):
    match = ITEM.match(item)
    if match is None:
        yield "not `test`: `function`, ..."
        return
    name, functions = match.group(1), re.findall(r"\w+", match.group(2) or "")
    if name not in tests:
        yield "no test %s" % name
        return
    if not tests[name]:
        yield "%s is not built" % name
        return
    for function in functions:
        if not has(root, tests[name], function):
            yield "%s does not run a %s" % (name, function)


def check(root, tests, text):
    """All findings, and how many tests and functions are named."""
    count = 0
    made = list(claims(text))
    findings = [] if made else ["%s: no claims" % DOCUMENT]
    for begin, title, items in made:
        if not items:
            findings.append("%s:%d: no test of: %s" % (DOCUMENT, begin, title))
        for number, item in items:
            count += item.count("`") // 2
            findings += ["%s:%d: %s" % (DOCUMENT, number, why)
                         for why in check_item(root, tests, item)]
    return findings, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ctest", required=True)
    parser.add_argument("root")
    parser.add_argument("build")
    args = parser.parse_args()
    with open(os.path.join(args.root, DOCUMENT), encoding="utf-8") as file:
        findings, count = check(args.root, tests_of(args.ctest, args.build),
                                file.read())
    print("".join(finding + "\n" for finding in findings), end="")
    print("claims: %d tests and functions, %d findings"
          % (count, len(findings)))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
