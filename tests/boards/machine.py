#!/usr/bin/env python3
"""How QEMU is started for each board.

    machine.py MACHINE FIRMWARE STORAGE [OPTION...]     becomes QEMU

STORAGE is the file behind the board's storage; it survives the board, and is
made when it is not there. OPTIONs are QEMU's.
"""

import os
import pathlib
import sys

STORAGE_BYTES = 16 << 20


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


if __name__ == "__main__":
    args = command(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]),
                   *sys.argv[4:])
    os.execvp(args[0], args)
