#!/usr/bin/env bash
# size.sh - what the firmware needs of a board: flash and RAM by part and by role,
# RAM of a connection, stack and memory as a run in QEMU measures them. Builds
# what is missing. A report: what is above its budget gets a warning.
#
# SOTTO_BOARD names another board than mps2-an385.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
board=${SOTTO_BOARD:-mps2-an385}
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

need_packages "${build_packages[@]}" "${board_packages[@]}" python3
cd "$top"

# One build folder for each role: sizes follow from it.
build_role() {
    cmake --preset "$board" -B "$2" -DFIRMWARE_ROLE="$1" --log-level=WARNING \
        >/dev/null
    cmake --build "$2" --target firmware firmware_parts firmware_sizes \
        -- --quiet
}

build_role menu "build/$board" >&2
build_role server "build/$board-server" >&2
build_role client "build/$board-client" >&2
cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release -- --quiet >&2

python3 -B toolchains/size.py "both=build/$board/bin/sotto.elf" \
    "server=build/$board-server/bin/sotto.elf" \
    "client=build/$board-client/bin/sotto.elf" \
    "$(find "build/$board" -path '*firmware_sizes*' -name '*.obj')"

printf '\nmeasured in QEMU\n'
python3 -B tests/boards/roles.py build/release/bin/sotto \
    "build/$board-server/bin/sotto.elf" "build/$board-client/bin/sotto.elf" \
    "$board"
if arm-none-eabi-nm "build/$board/bin/sotto_parts.elf" |
    grep -E ' (malloc|calloc|realloc|_sbrk|mbedtls_[cm]alloc|mbedtls_memory_.*)$'; then
    echo "  WARNING: the image allocates from a heap (above)"
else
    echo "  heap, of mbedTLS or of anybody: 0 bytes; nothing that allocates is linked"
fi
cat <<'END'

for comparison, mbedTLS 3.6.6's own TLS server for a Cortex-M3, arm-none-eabi-gcc
12.2 -Os, measured apart from this report
  flash of cryptography and TLS alone: 56.8 K (TLS 1.2, leanest) to 70.7 K
  (TLS 1.3, certificates); heap of a connection, records of 2 KiB: 5.0 to 5.7 K,
  6.7 to 10 K while it is made
END
