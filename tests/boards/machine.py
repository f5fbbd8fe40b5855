#!/usr/bin/env python3
"""How QEMU is started for each board.

    machine.py MACHINE FIRMWARE STORAGE [OPTION...]     becomes QEMU

STORAGE is the file behind the board's storage; it survives the board, and is
made when it is not there. OPTIONs are QEMU's.
"""

import json
import os
import pathlib
import socket
import sys

STORAGE_BYTES = 16 << 20

# Where the RAM of each board is (its memory.ld), and how much of it.
RAM = {"mps2-an385": (0x20000000, 4 << 20), "mps2-an386": (0x20000000, 4 << 20),
       "mps2-an505": (0x38000000, 2 << 20), "lm3s6965evb": (0x20000000, 64 << 10)}


def storage_options(machine, storage):
    if machine == "lm3s6965evb":
        return ["-M", machine, "-drive",
                "if=sd,format=raw,file=%s" % storage]  # an SD card
    return ["-M", machine + ",memory-backend=nv", "-object",
            "memory-backend-file,id=nv,size=%d,share=on,mem-path=%s" %
            (STORAGE_BYTES, storage)]  # RAM that plays flash


def command(machine, firmware, storage, *options):
    with open(storage, "ab") as file:
        file.truncate(STORAGE_BYTES)
    return ["qemu-system-arm", "-kernel", str(firmware),
            *storage_options(machine, storage),
            "-semihosting-config", "enable=on,target=native", *options]


def memory(machine, control, file):
    """The board's RAM as it is now; `control` is the socket of QEMU's -qmp."""
    first, size = RAM[machine]
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(control))
        said = sock.makefile("r")
        for command, arguments in (
                ("qmp_capabilities", {}),
                ("memsave", {"val": first, "size": size,
                              "filename": str(file)})):
            sock.sendall(json.dumps({"execute": command,
                                     "arguments": arguments}).encode())
            answer = {}
            while "return" not in answer:  # greetings and events come, too
                answer = json.loads(said.readline())
                assert "error" not in answer, answer
    return pathlib.Path(file).read_bytes()


if __name__ == "__main__":
    args = command(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]),
                   *sys.argv[4:])
    os.execvp(args[0], args)
