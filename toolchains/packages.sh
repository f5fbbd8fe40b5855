# shellcheck shell=bash disable=SC2034
# packages.sh - sourced by run.sh, demo.sh and test.sh: the Debian packages that
# they need, installed through apt where they are missing.

build_packages=(gcc libc6-dev cmake ninja-build dpkg-dev libutf8proc-dev
    libqrencode-dev)
board_packages=(gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)
test_packages=(libcmocka-dev libcjson-dev libslirp-dev libssl-dev git openssl
    valgrind tshark gsasl python3 zbar-tools clang clang-format clang-tidy
    "${board_packages[@]}")

# Prints those of the given packages that are not installed.
missing_packages() {
    local installed package
    # Packages that dpkg has only heard of are listed, too, but not as "ii".
    # shellcheck disable=SC2016 # dpkg-query fills this in
    installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" \
        2>/dev/null | sed -n 's/^ii *//p' | tr '\n' ' ' || true)"
    for package in "$@"; do
        [[ $installed == *" $package "* ]] || echo "$package"
    done
}

# Installs what is missing of the given packages. On a system without dpkg only
# the reader can do that, so it says what is needed and looks for the tree.
need_packages() {
    local missing root=()
    if ! command -v dpkg-query >/dev/null; then
        [ -n "${SOTTO_MBEDTLS_DIR-}" ] && [ -n "${SOTTO_LWIP_DIR-}" ] && return
        cat >&2 <<'TEXT'
This is not a Debian system, so nothing is installed or fetched by itself.
Please install a C compiler, CMake 3.25 or later, Ninja and utf8proc (for the
tests also CMocka, cJSON, libslirp, OpenSSL 3, valgrind, tshark, GNU SASL, Python
3, clang with clang-format and clang-tidy, and arm-none-eabi-gcc with newlib),
unpack mbedTLS 3.6 and lwIP 2.2, and set SOTTO_MBEDTLS_DIR and SOTTO_LWIP_DIR to
their folders. With libqrencode, too, the client shows QR codes; zbarimg tests them.
TEXT
        exit 1
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please install as root: ${missing[*]}" >&2
            exit 1
        fi
        root=(sudo)
    fi
    echo "Installing through apt: ${missing[*]}" >&2
    # Somebody else may be installing: apt waits for dpkg, but not for its lists.
    {
        for _ in {1..10}; do
            "${root[@]}" apt-get update -qq && break
            sleep 10
        done
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 \
            --no-install-recommends "${missing[@]}"
    } >&2
}
