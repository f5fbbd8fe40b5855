#!/usr/bin/env python3
"""size.py [MAP] - flash and RAM of a firmware image, by part, from the linker's
map (default: build/mps2-an385/bin/sotto.elf.map). Everything is reserved at
link time: what is not in this table is not used."""

import re
import sys

PARTS = (("libsotto_core", "core"), ("libsotto_crypto", "core/crypto"),
         ("libsotto_mbedtls", "mbedTLS"), ("liblwip", "lwIP"),
         ("libsotto_port_lwip", "port/lwip"),
         ("libsotto_port_flash", "port/flash"), ("sotto_board", "port/boards"),
         ("libsotto_app", "apps/sotto"), ("firmware", "apps/firmware"),
         ("libc_nano", "libc"), ("libgcc", "libc"))
SECTION = re.compile(r"^ (\.\S+|COMMON)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$")


def part_of(source):
    return next((name for key, name in PARTS if key in source), "other")


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else \
        "build/mps2-an385/bin/sotto.elf.map"
    text = open(path, encoding="utf-8").read()
    text = text[text.index("Linker script and memory map"):]
    text = re.sub(r"^ (\S+)\n\s+(?=0x)", r" \1 ", text, flags=re.M)
    sizes = {}
    kind = None
    stack = 0
    for line in text.split("\n"):
        outer = re.match(r"\.(\w+)", line)
        if outer:
            kind = outer.group(1)
        if kind == "stack":
            found = re.match(r"\.stack\s+0x\S+\s+0x([0-9a-f]+)", line)
            stack = int(found.group(1), 16) if found else stack
        match = SECTION.match(line)
        if not match or kind not in ("text", "data", "bss"):
            continue
        row = sizes.setdefault(part_of(match.group(4)), [0, 0])
        size = int(match.group(3), 16)
        row[0] += size if kind in ("text", "data") else 0
        row[1] += size if kind in ("data", "bss") else 0
    sizes["stacks"] = [0, stack]
    print("%-14s %8s %8s" % ("", "flash", "RAM"))
    for name, row in sorted(sizes.items(), key=lambda item: -sum(item[1])):
        print("%-14s %8d %8d" % (name, *row))
    print("%-14s %8d %8d" % ("all", *(sum(c) for c in zip(*sizes.values()))))


main()
