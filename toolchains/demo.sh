#!/usr/bin/env bash
# demo.sh [--interactive | --certificate | --crowd | --power | --faults [--long]] -
# a chat server on a microcontroller, in QEMU: two Linux clients, a client on a
# second board and a device on a third, let in by a code, talk on it; prints what
# everybody saw, and exits 0 only if all of it is right.
#
# With --interactive the board's console is this terminal: choose 1, wait for
# "ready", and join from another terminal with the command that is printed. What
# the board stores is kept in build/BOARD/storage.nv for the next time.
# Control-A X leaves QEMU. SOTTO_BOARD names another board (mps2-an386,
# mps2-an505, lm3s6965evb). SOTTO_FIRMWARE=small takes the image that has less in
# it (apps/firmware/small_config.h; mps2-an385 only).
#
# With --certificate a client's image is built with an authority that is made for
# it, and meets with servers of this machine that show certificates of that one, of
# others, or none.
#
# With --crowd as many clients as the board takes talk at once, while others hold
# on to what they share.
#
# With --power the server's board loses power again and again, while somebody
# registers and somebody talks; nothing that it acknowledged may be lost.
#
# With --faults that board meets with all else: its network stops, more come than
# it has room for, strangers say nothing or nonsense, its log and its list of
# accounts are full, somebody types garbage. --long adds what takes minutes.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
board=${SOTTO_BOARD:-mps2-an385}
preset=$board${SOTTO_FIRMWARE:+-$SOTTO_FIRMWARE}
firmware=$top/build/$preset/bin/sotto.elf
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

# An image that trusts an authority, in a folder of its own.
build_with_authority() {
    local folder=$top/build/$preset-ca
    [ -e "$folder/authority/ca.pem" ] ||
        build/release/bin/sotto cert ca --out "$folder/authority"
    cmake --preset "$preset" -B "$folder" --log-level=WARNING \
        -DFIRMWARE_CA="$folder/authority/ca.pem" >/dev/null
    cmake --build "$folder" --target firmware -- --quiet
}

build() {
    cmake --preset "$1" --log-level=WARNING >/dev/null
    cmake --build --preset "$1" -- --quiet
}

need_packages "${build_packages[@]}" "${board_packages[@]}" python3
cd "$top"
echo "Building (for some minutes, the first time)" >&2
[ "${1-}" = --certificate ] || build "$preset" >&2
build release >&2

tests=$top/tests/boards
case ${1-} in
--interactive)
    port=${SOTTO_PORT:-7688}
    echo "In another terminal: toolchains/run.sh client 127.0.0.1:$port" >&2
    exec python3 -B "$tests/machine.py" "$board" "$firmware" \
        "$top/build/$preset/storage.nv" -nographic \
        -nic "user,hostfwd=tcp:127.0.0.1:$port-:7688"
    ;;
--certificate)
    need_packages openssl
    build_with_authority >&2
    exec python3 -B "$tests/certificate.py" "$top/build/release/bin/sotto" \
        "$top/build/$preset-ca/bin/sotto.elf" "$board" \
        "$top/build/$preset-ca/authority"
    ;;
--crowd) script=crowd.py ;;
--power) script=power.py ;;
--faults) script=faults.py ;;
*) script=demo.py ;;
esac
exec python3 -B "$tests/$script" "$top/build/release/bin/sotto" "$firmware" \
    "$board" "${@:2}"
