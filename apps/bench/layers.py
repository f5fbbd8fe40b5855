#!/usr/bin/env python3
"""
What the server's time goes to: its instructions and system calls for each
delivery of "sotto-bench fanout", by layer, as valgrind's callgrind counts them.

    cmake --preset release -DCMAKE_C_FLAGS_RELEASE="-O2 -g" -B build/layers
    cmake --build build/layers
    apps/bench/layers.py build/layers [--seconds 3] [--workers 1] [--top N]
        [options of fanout]

Two servers are watched, one for as many seconds more than the other, and the
difference is what is shown, so that logins are not in it. Others' work on the
machine changes nothing but how many messages come together, where more than one
is under way. Callgrind shows the program a processor that has AES and AVX2, but
not the instructions for SHA, nor AVX-512: what libcrypto does looks larger than
it is. Needs Python 3.9, Linux and valgrind.
"""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import tempfile
import time

# The first that fits the place of a function's source, or its library, counts.
LAYERS = (
    ("library of ciphers", r"mbedtls|everest|libcrypto"),
    ("core/crypto, core/channel", r"core/(crypto|channel)/"),
    ("core/chat: hub", r"core/(chat/(hub|entry)|auth/)"),
    ("core/chat: sessions", r"core/chat/"),
    ("core/store", r"core/store/"),
    ("core/base", r"core/base/"),
    ("apps/sotto", r"apps/sotto/"),
    ("port/posix", r"port/posix/"),
    ("libc", r""),
)

SERVER = ("--registration open --min-iterations 1 --connect-rate 0 "
          "--message-rate 0 --byte-rate 0 --login-tries 60000 "
          "--register-tries 3600000 --idle-timeout 24h --stall-timeout 1h "
          "--login-timeout 1h --max-connections 2200 --max-half-open 2200 "
          "--max-accounts 2200")


def watch(bin_folder, folder, seconds, workers, fanout):
    """Runs a server and the load; the load's figures and callgrind's file."""
    out = os.path.join(folder, f"callgrind.{seconds}")
    log = os.path.join(folder, f"log.{seconds}")
    with open(log, "w", encoding="utf-8") as file:
        server = subprocess.Popen(
            ["valgrind", "--quiet", "--tool=callgrind",
             "--collect-systime=yes", "--compress-strings=no",
             f"--callgrind-out-file={out}", os.path.join(bin_folder, "sotto"),
             "server", "--data", os.path.join(folder, f"data.{seconds}"),
             "--listen", "127.0.0.1:0", "--workers", str(workers),
             *SERVER.split()],
            stdout=file, stderr=subprocess.STDOUT)
    try:
        address = None
        while address is None:
            time.sleep(0.2)
            with open(log, encoding="utf-8") as file:
                text = file.read()
            if server.poll() is not None:
                raise SystemExit(f"layers.py: the server ended: {text}")
            address = re.search(r"listening.*?(127\.0\.0\.1:\d+)", text)
        done = subprocess.run(
            [os.path.join(bin_folder, "sotto-bench"), "fanout", "--json",
             "--server", address[1], "--runs", "1",
             "--seconds", str(seconds), *fanout],
            stdout=subprocess.PIPE, text=True, check=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    return json.loads(done.stdout.splitlines()[-1]), out


def layer_of(place):
    return next(name for name, pattern in LAYERS if re.search(pattern, place))


def count(path):
    """Instructions by (layer, function), and system calls by function."""
    work = collections.Counter()
    calls = collections.Counter()
    library = place = function = ""
    is_inclusive = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.rstrip("\n").partition("=")
            if key == "ob":
                library = value
            elif key == "fl":
                place = value
            elif key == "fn":
                function = value
            elif key == "calls":
                is_inclusive = True # the next line is the called one's
            elif line[0].isdigit() or line[0] in "+-*":
                if not is_inclusive:
                    costs = line.split()[1:]
                    where = place if place != "???" else library
                    work[layer_of(where), function] += int(costs[0])
                    calls[function] += int(costs[1]) if len(costs) > 1 else 0
                is_inclusive = False
    return work, calls


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--top", type=int, default=0,
                        help="show the largest functions, too")
    given, fanout = parser.parse_known_args()
    bin_folder = os.path.join(given.build, "bin")

    with tempfile.TemporaryDirectory() as folder:
        few, few_file = watch(bin_folder, folder, 1, given.workers, fanout)
        many, many_file = watch(bin_folder, folder, 1 + given.seconds,
                                given.workers, fanout)
        work, calls = count(many_file)
        few_work, few_calls = count(few_file)
    work.subtract(few_work)
    calls.subtract(few_calls)
    deliveries = many["delivered"] - few["delivered"]
    if deliveries < few["delivered"] / 2:
        raise SystemExit("layers.py: others kept the machine too busy; "
                         "take more --seconds")
    layers = collections.Counter()
    for (layer, _), instructions in work.items():
        layers[layer] += instructions
    total = sum(layers.values())
    if layers["core/chat: sessions"] == 0:
        raise SystemExit("layers.py: the server was built without -g")

    print(f"{many['suite']}, {many['receivers']} receivers, {many['window']} "
          f"under way, {many['bytes']} bytes: {deliveries} deliveries\n")
    print("| layer | instructions a delivery | |\n|---|---:|---:|")
    for layer, _ in LAYERS:
        print(f"| {layer} | {layers[layer] / deliveries:,.0f} "
              f"| {100 * layers[layer] / total:.0f} % |")
    print(f"| all | {total / deliveries:,.0f} | |\n")
    print("System calls a delivery: " + ", ".join(
        f"{name} {number / deliveries:.3f}"
        for name, number in calls.most_common(8)
        if number / deliveries >= 0.0005))
    for (layer, function), number in work.most_common(given.top):
        print(f"{number / deliveries:9.1f}  {function} ({layer})")


if __name__ == "__main__":
    main()
