#!/usr/bin/env python3
"""Plants claims whose tests are not there, and expects claims.py to find
exactly those."""

import os
import sys
import tempfile

import claims

UNIT = """
static void test_thing_works(void **state) {}
static void test_thing_is_forgotten(void **state) {}
int test_thing(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_thing_works)};
}
"""
SCRIPT = """
class Things(Case):
    def test_talk(self):
        pass

    def helper(self):
        self.test_gone()
"""
PROGRAM = """
static void test_planted(void **state) {}
    cmocka_unit_test_setup(
        test_planted, setup),
"""
FILES = {"tests/unit/any/test_thing.c": UNIT, "tests/area/test_talk.py": SCRIPT,
         "tests/area/program_more.c": PROGRAM}

HEAD = "# Security\n\n## Before\n\n### No claim\n\n- `free text`\n\n## Claims\n"
TAIL = "\n## After\n\n### Not one either\n\n- `nothing`\n  goes on\n"

# A part of the document, and how its findings end.
CASES = [
    ("### A\n\nIt works.\n\n- `unit.thing`: `test_thing_works`\n"
     "- `area.talk`: `test_talk`\n- `area.program`: `test_planted`\n"
     "- `area.program`\n", []),
    ("### Long\n\n- `unit.thing`: `test_thing_works`,\n  `test_thing_works`\n",
     []),
    ("### A\n\nIt works.\n", ["no test of: A"]),
    ("### A\n\n- `unit.things`\n", ["no test unit.things"]),
    ("### A\n\n- `unit.missing`: `test_thing_works`\n",
     ["unit.missing is not built"]),
    ("### A\n\n- `unit.thing`: `test_thing_fails`\n",
     ["unit.thing does not run a test_thing_fails"]),
    ("### A\n\n- `unit.thing`: `test_thing_works`,\n  `test_other`\n",
     ["unit.thing does not run a test_other"]),
    ("### Never run\n\n- `unit.thing`: `test_thing_is_forgotten`\n",
     ["unit.thing does not run a test_thing_is_forgotten"]),
    ("### Of another test\n\n- `area.program`: `test_thing_works`\n",
     ["area.program does not run a test_thing_works"]),
    ("### A\n\n- `area.talk`: `test_gone`\n",
     ["area.talk does not run a test_gone"]),
    ("### A\n\n- `unit.thing` and more: `test_thing_fails`\n",
     ["not `test`: `function`, ..."]),
    ("### A\n\n- `unit.thing`\n\n### B\n", ["no test of: B"]),
    ("", ["no claims"]),
]


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for path, text in FILES.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)),
                        exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        tests = {"unit.thing": ["/build/bin/unit_tests", "thing"],
                 "area.talk": ["/usr/bin/python3", "-B", os.path.join(
                     root, "tests/area/test_talk.py"), "/build/bin/x"],
                 "area.program": ["/build/bin/program", "7"],
                 "unit.missing": []}
        for text, expected in CASES:
            found, _ = claims.check(root, tests, HEAD + text + TAIL)
            if len(found) != len(expected) or not all(
                    a.endswith(b) for a, b in zip(found, expected)):
                failures += 1
                print("%r: expected %s, found %s" % (text, expected, found))
    print("self test: %d cases, %d failures" % (len(CASES), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
