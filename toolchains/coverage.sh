#!/usr/bin/env bash
# coverage.sh [SOURCE...] - which lines and branches of core the tests run: unit
# tests, test vectors, the corpora of the fuzz targets and the simulated world.
# Prints a table (coverage.py); or, of the SOURCEs, for instance core/chat, the
# lines with a branch that nothing took, by the last run where there was one.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

cd "$top"
failed=0
if [ $# -eq 0 ] || [ ! -d build/coverage ]; then
    need_packages "${build_packages[@]}" "${test_packages[@]}"
    cmake --preset coverage --log-level=WARNING >/dev/null
    cmake --build --preset coverage -- --quiet
    find build/coverage -name '*.gcda' -delete
    ctest --preset coverage --progress -j "$(nproc)" \
        -R '^(unit|vectors|fuzz|sim)\.' -E 'mls_histories_200$' || failed=1
fi
toolchains/coverage.py build/coverage "$@"
exit "$failed"
