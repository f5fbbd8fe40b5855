#!/usr/bin/env bash
# demo.sh [--interactive | --power] - a chat server on a microcontroller, in QEMU: two
# Linux clients and a client on a second board talk on it; prints what everybody
# saw, and exits 0 only if all of it is right.
#
# With --interactive the board's console is this terminal: choose 1, wait for
# "ready", and join from another terminal with the command that is printed. What
# the board stores is kept in build/BOARD/storage.nv for the next time.
# Control-A X leaves QEMU. SOTTO_BOARD names another board (mps2-an386).
#
# With --power the server's board loses power again and again, while somebody
# registers and somebody talks; nothing that it acknowledged may be lost.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
board=${SOTTO_BOARD:-mps2-an385}
firmware=$top/build/$board/bin/sotto.elf
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

build() {
    cmake --preset "$1" --log-level=WARNING >/dev/null
    cmake --build --preset "$1" -- --quiet
}

need_packages "${build_packages[@]}" "${board_packages[@]}" python3
cd "$top"
build "$board" >&2
build release >&2

if [ "${1-}" = --interactive ]; then
    port=${SOTTO_PORT:-7688}
    echo "In another terminal: toolchains/run.sh client 127.0.0.1:$port" >&2
    storage=$top/build/$board/storage.nv
    exec qemu-system-arm -M "$board,memory-backend=nv" -nographic \
        -object "memory-backend-file,id=nv,size=16M,share=on,mem-path=$storage" \
        -kernel "$firmware" \
        -semihosting-config enable=on,target=native \
        -nic "user,hostfwd=tcp:127.0.0.1:$port-:7688"
fi
script=demo.py
[ "${1-}" != --power ] || script=power.py
exec python3 -B "$top/tests/boards/$script" "$top/build/release/bin/sotto" \
    "$firmware" "$board"
