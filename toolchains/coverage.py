#!/usr/bin/env python3
"""coverage.py BUILD [SOURCE...] - what the tests have run of core, by folder and
file: lines, and branches in either direction, counted by gcc in the folder BUILD
(coverage.sh makes it). What cannot happen does not count: assertions, and the way
around a switch that names every value of its enum and has no default (the
compiler checks it). With SOURCEs: their lines that have a branch which was never
taken, and how often each way was."""

import json
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def find_end(text, at, pair):
    """Behind what closes the bracket before `at`."""
    depth = 1
    while depth:
        depth += {pair[0]: 1, pair[1]: -1}.get(text[at], 0)
        at += 1
    return at


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def assertion_lines(text):
    """Numbers of the lines that SOTTO_ASSERT(...) stands on."""
    lines = set()
    for match in re.finditer(r"\bSOTTO_ASSERT\(", text):
        end = find_end(text, match.end(), "()")
        lines.update(range(line_of(text, match.start()), line_of(text, end) + 1))
    return lines


def closed_switch_lines(text):
    """Numbers of the lines with a switch that has no default."""
    lines = set()
    for match in re.finditer(r"\bswitch \([^{]*{", text):
        if "default:" not in text[match.end():find_end(text, match.end(), "{}")]:
            lines.add(line_of(text, match.start()))
    return lines


def read_counts(build):
    """{source: {line: [times, [times of each branch]]}} of what is in core."""
    counts = {}
    for notes in sorted((build / "core").rglob("*.gcno")):
        out = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities",
             notes], check=True, capture_output=True, cwd=build).stdout
        for line in out.splitlines():
            for file in json.loads(line)["files"]:
                source = (build / file["file"]).resolve()
                if TOP / "core" not in source.parents:
                    continue
                rows = counts.setdefault(source.relative_to(TOP), {})
                for entry in file["lines"]:
                    row = rows.setdefault(entry["line_number"], [0, []])
                    row[0] += entry["count"]
                    taken = [b["count"] for b in entry["branches"]]
                    if len(taken) == len(row[1]):  # a header, once more
                        row[1] = [a + b for a, b in zip(row[1], taken)]
                    else:
                        row[1] += taken
    for source, rows in counts.items():
        text = (TOP / source).read_text()
        for number in assertion_lines(text):
            rows.pop(number, None)
        for number in closed_switch_lines(text) & rows.keys():
            if 0 in rows[number][1]:
                rows[number][1].remove(0)
    return counts


def summarise(rows):
    """Lines run, lines, branches taken, branches."""
    branches = [times for row in rows.values() for times in row[1]]
    return (sum(1 for row in rows.values() if row[0]), len(rows),
            sum(1 for times in branches if times), len(branches))


def percent(part, whole):
    return f"{100 * part / whole:6.1f} %" if whole else "       -"


def show(name, total):
    print(f"{name:36} {total[1]:6} {percent(*total[:2])}"
          f" {total[3]:6} {percent(*total[2:])}")


def show_table(counts):
    folders = {}
    print(f"{'':36} {'lines':>6} {'run':>8} {'branches':>7} {'taken':>7}")
    for source, rows in sorted(counts.items()):
        folders.setdefault(str(source.parent), []).append((source, rows))
    totals = []
    for folder, files in folders.items():
        sums = [summarise(rows) for _, rows in files]
        for (source, _), total in zip(files, sums):
            show("  " + str(source.relative_to("core")), total)
        totals.append((folder, [sum(column) for column in zip(*sums)]))
    print()
    for folder, total in totals:
        show(folder, total)
    show("all of core",
         [sum(column) for column in zip(*(total for _, total in totals))])


def show_missing(source, rows):
    text = (TOP / source).read_text().split("\n")
    for number, (_, branches) in sorted(rows.items()):
        if 0 in branches:
            print(f"{source}:{number}: {text[number - 1].strip()}   {branches}")


def main():
    counts = read_counts(pathlib.Path(sys.argv[1]).resolve())
    if len(sys.argv) == 2:
        show_table(counts)
    for name in sys.argv[2:]:
        for source, rows in sorted(counts.items()):
            if str(source).startswith(name):
                show_missing(source, rows)


main()
