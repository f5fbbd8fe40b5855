#!/usr/bin/env bash
# options.sh - what each option of firmware takes: flash and RAM of the image with
# both roles without it, and what that saves; as a table for apps/firmware/README.md.
# It builds an image for each row, a minute each.
#
# SOTTO_BOARD names another board than mps2-an385.
# shellcheck disable=SC2016 # the table is Markdown
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
board=${SOTTO_BOARD:-mps2-an385}
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

need_packages "${build_packages[@]}" "${board_packages[@]}"
cd "$top"
folder=build/$board-options
mkdir -p "$folder"

# The image's flash and RAM, with these in front of firmware_config.h.
measure() {
    { printf '#define %s\n' "$@" && echo '#include "apps/firmware/firmware_config.h"'; } \
        >"$folder/config.h"
    cmake --preset "$board" -B "$folder" -DSOTTO_CONFIG="$PWD/$folder/config.h" \
        --log-level=WARNING >/dev/null
    cmake --build "$folder" --target firmware -- --quiet >&2
    arm-none-eabi-size "$folder/bin/sotto.elf" |
        awk 'NR == 2 { print $1 + $2, $2 + $3 }'
}

row() { # WORDS DEFINITION...
    local words=$1 flash ram
    shift
    read -r flash ram <<<"$(measure "$@")"
    printf '| %s | %d | %d | %d | %d |\n' "$words" "$flash" "$ram" \
        $((all_flash - flash)) $((all_ram - ram))
}

address=('BOARD_ADDRESS "10.0.2.15"' 'BOARD_NETMASK "255.255.255.0"'
    'BOARD_GATEWAY "10.0.2.2"')
small=('PORT_LWIP_DNS 0' 'PORT_LWIP_DHCP 0' "${address[@]}"
    'SOTTO_DEVICES 0' 'CLIENT_DEVICES 0' 'PORT_LWIP_PING 0' 'SOTTO_AEAD_CBC 0')

read -r all_flash all_ram <<<"$(measure 'OPTIONS_ALL 1')"
cat <<END
| without | flash | RAM | saves flash | RAM |
|---|---:|---:|---:|---:|
| (all of it) | $all_flash | $all_ram | | |
END
row 'names of servers: `PORT_LWIP_DNS 0`' 'PORT_LWIP_DNS 0'
row 'DNS and DHCP: `PORT_LWIP_DHCP 0` too, `BOARD_ADDRESS`' \
    'PORT_LWIP_DNS 0' 'PORT_LWIP_DHCP 0' "${address[@]}"
row 'device keys at the server, and /passwd: `SOTTO_DEVICES 0`' 'SOTTO_DEVICES 0' \
    'CLIENT_DEVICES 0'
row 'device keys of a client: `CLIENT_DEVICES 0`' 'CLIENT_DEVICES 0'
row 'the suite with AES: `SOTTO_AEAD_CBC 0`' 'SOTTO_AEAD_CBC 0'
row 'ChaChaPoly: `SOTTO_AEAD_CHACHA 0`, `SOTTO_SUITE_DEFAULT 1`' \
    'SOTTO_AEAD_CHACHA 0' 'SOTTO_SUITE_DEFAULT 1'
row 'answers to ping: `PORT_LWIP_PING 0`' 'PORT_LWIP_PING 0'
row '`small_config.h`' "${small[@]}"
row '... with ChaChaPoly left out in place of AES' "${small[@]:0:8}" \
    'SOTTO_AEAD_CHACHA 0' 'SOTTO_SUITE_DEFAULT 1'
row '(more) panics in words: `SOTTO_PANIC_TEXTS 1`' 'SOTTO_PANIC_TEXTS 1'
row '(more) the suite AESGCM: `SOTTO_AEAD_GCM 1`' 'SOTTO_AEAD_GCM 1'
