#!/usr/bin/env bash
# run.sh [ARGUMENT...] - builds the preset `release` and starts sotto with the
# arguments. It first installs the packages that are missing (apt) and fetches
# the source packages of mbedTLS and lwIP (toolchains/fetch.sh). Everything it
# says goes to stderr; where nothing is to be done it says nothing.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build/release
log=$top/build/release.log
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

run_logged() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "run.sh: this failed; the whole output is in $log" >&2
        exit 1
    fi
}

need_packages "${build_packages[@]}"
# A changed preset counts only when it is configured again.
if [ "$top/CMakePresets.json" -nt "$build/build.ninja" ] ||
    ! ninja -C "$build" -n 2>/dev/null | grep -q "no work to do"; then
    mkdir -p "$top/build"
    : >"$log"
    echo "Building Sotto in $build" >&2
    if [ ! -f "$build/build.ninja" ]; then
        echo "The first time, its cryptography (mbedTLS) is fetched as a" \
            "Debian source package and built too" >&2
    fi
    if [ "$top/CMakePresets.json" -nt "$build/build.ninja" ]; then
        (cd "$top" && run_logged cmake --preset release)
    fi
    run_logged ninja -C "$build"
fi
exec "$build/bin/sotto" "$@"
