#!/usr/bin/env bash
# emulate.sh [--count] BOARD PROGRAM [ARGUMENT...] - runs a test or a measurement
# of a board in QEMU. Arguments (without spaces), output, named files and the
# exit code go through semihosting; what the board's UART says is output too.
#
# With --count every instruction takes the same virtual time, so that the board's
# counter counts instructions, and each run gives the same numbers.
set -euo pipefail

options=()
if [ "${1-}" = --count ]; then
    options=(-icount "shift=0,sleep=off")
    shift
fi
if [ $# -lt 2 ]; then
    echo "usage: emulate.sh [--count] BOARD PROGRAM [ARGUMENT...]" >&2
    exit 2
fi
board=$1
program=$2
shift 2

semihosting="enable=on,target=native,chardev=out,arg=$(basename "$program")"
for argument in "$@"; do
    semihosting+=",arg=${argument//,/,,}"
done
exec qemu-system-arm -M "$board" -display none -monitor none -nic user,restrict=on \
    -chardev stdio,id=out,mux=on,signal=off -serial chardev:out \
    -semihosting-config "$semihosting" -kernel "$program" "${options[@]}" \
    </dev/null
