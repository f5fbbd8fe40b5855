#!/usr/bin/env python3
"""size.py [[NAME=]IMAGE...] [SIZES.obj] - flash and RAM of firmware images
(default: build/mps2-an385/bin/sotto.elf), by part. Everything is reserved at
link time: what is not in this table is not used. With the object of sizes.c
also what a connection needs. size.sh builds all of it.

The parts are those of IMAGE_parts.elf, which is the same objects without
optimisation of the whole; what that saves, what equal texts share and what
alignment takes is a line of its own. All of it is what IMAGE has."""

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

# Of the first image; more is a warning.
FLASH_BUDGET = 112 << 10
RAM_BUDGET = 48 << 10
CONNECTION_BUDGET = 1536

SECTION = re.compile(r"^ (\.\S+|COMMON)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$")


def part_of(source):
    return next((name for key, name in PARTS if key in source), "other")


def whole_of(image):
    """Flash (code, constants, initial values) and RAM (stacks included)."""
    rows = subprocess.run(["arm-none-eabi-size", image], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split("\n")
    text, data, bss = (int(field) for field in rows[1].split()[:3])
    return text + data, data + bss


def sizes_of(image):
    """Flash and RAM of each part."""
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
    sums = [sum(column) for column in zip(*sizes.values())]
    sizes["together"] = [whole - part for whole, part in
                         zip(whole_of(image), sums)]
    return sizes


def show_parts(images):
    """A table with two columns for each image; the sums of the first one."""
    tables = [sizes_of(image) for image in images.values()]
    print(" " * 14 + "".join(" %17s" % name for name in images))
    print(" " * 14 + " %8s %8s" % ("flash", "RAM") * len(tables))
    names = sorted(set().union(*tables),
                   key=lambda name: -sum(tables[0].get(name, (0, 0))))
    for name in names:
        print("%-14s" % name + "".join(
            " %8d %8d" % tuple(table.get(name, (0, 0))) for table in tables))
    sums = [[sum(column) for column in zip(*table.values())]
            for table in tables]
    print("%-14s" % "all" + "".join(" %8d %8d" % tuple(row) for row in sums))
    return sums[0]


def show_connection(thing):
    """RAM of a connection, from the object of sizes.c."""
    text = subprocess.run(
        ["arm-none-eabi-nm", "--print-size", "--radix=d", thing], check=True,
        text=True, stdout=subprocess.PIPE).stdout
    size = {row[3].removeprefix("size_of_"): int(row[1])
            for row in map(str.split, text.split("\n")) if len(row) == 4}
    count = size["connections"]
    ours = {"connection and session": size["connection"],
            "slot of port/lwip": size["slot"],
            "share of record buffers": size["buffers"] // count}
    hub = {"seat at the hub": size["seat"],
           "share of logins": size["logins"] // count}
    stack = {"pcb and segments": size["pcb"] + size["segments"],
             "packets received": size["packet"] * (
                 1 + size["shared_packets"] / count),
             "bytes to send": size["send_own"] + size["send_shared"] / count}
    for title, rows in (("ours", ours), ("beside it", hub),
                        ("lwIP's", stack)):
        print("\na connection, %s (of %d)" % (title, count))
        for name, value in rows.items():
            print("  %-24s %6d" % (name, value))
        print("  %-24s %6d" % ("together", sum(rows.values())))
    return sum(ours.values())


def warn(what, is_size, budget):
    if is_size > budget:
        print("WARNING: %s is %d, above its budget of %d" %
              (what, is_size, budget))


def main():
    things = [word for word in sys.argv[1:] if word.endswith(".obj")]
    words = [word for word in sys.argv[1:] if not word.endswith(".obj")] or \
        ["build/mps2-an385/bin/sotto.elf"]
    images = {}
    for word in words:
        name, _, image = word.rpartition("=")
        images[name or "image"] = image
    flash, ram = show_parts(images)
    warn("flash", flash, FLASH_BUDGET)
    warn("RAM", ram, RAM_BUDGET)
    for thing in things:
        warn("a connection's part of ours", show_connection(thing),
             CONNECTION_BUDGET)


main()
