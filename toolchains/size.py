#!/usr/bin/env python3
"""size.py [IMAGE] - flash and RAM of a firmware image (default:
build/mps2-an385/bin/sotto.elf), by part. Everything is reserved at link time:
what is not in this table is not used.

The parts are those of IMAGE_parts.elf, which is the same objects without
optimisation of the whole; what that saves is a line of its own."""

import re
import subprocess
import sys

PARTS = (("libsotto_core", "core"), ("libsotto_crypto", "core/crypto"),
         ("libsotto_mbedtls", "mbedTLS"), ("liblwip", "lwIP"),
         ("libsotto_port_lwip", "port/lwip"),
         ("libsotto_port_flash", "port/flash"), ("sotto_board", "port/boards"),
         ("libsotto_app", "apps/sotto"), ("firmware", "apps/firmware"),
         ("libc_nano", "libc"), ("libg_nano", "libc"),
         ("libgcc", "libc"))
SECTION = re.compile(r"^ (\.\S+|COMMON)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$")


def part_of(source):
    return next((name for key, name in PARTS if key in source), "other")


def flash_of(image):
    """Bytes of code, constants and initial values."""
    rows = subprocess.run(["arm-none-eabi-size", image], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split("\n")
    return sum(int(field) for field in rows[1].split()[:2])


def main():
    image = sys.argv[1] if len(sys.argv) > 1 else \
        "build/mps2-an385/bin/sotto.elf"
    parts = image.replace(".elf", "_parts.elf")
    text = open(parts + ".map", encoding="utf-8").read()
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
    sizes["together"] = [flash_of(image) - flash_of(parts), 0]
    print("%-14s %8s %8s" % ("", "flash", "RAM"))
    for name, row in sorted(sizes.items(), key=lambda item: -sum(item[1])):
        print("%-14s %8d %8d" % (name, *row))
    print("%-14s %8d %8d" % ("all", *(sum(c) for c in zip(*sizes.values()))))


main()
