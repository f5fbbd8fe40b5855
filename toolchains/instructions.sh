#!/usr/bin/env bash
# instructions.sh [--write] - what Sotto's operations cost on a Cortex-M3:
# instructions, stack and heap, as tables. The same sources give the same numbers
# on every machine. With --write the tables take the place of those in
# apps/bench/README.md.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

need_packages "${build_packages[@]}" "${board_packages[@]}"
cd "$top"
cmake --preset mps2-an385-tests --log-level=WARNING >/dev/null
cmake --build --preset mps2-an385-tests --target bench -- --quiet >&2
table=$(toolchains/emulate.sh --count mps2-an385 \
    build/mps2-an385-tests/bin/bench.elf)

if [ "${1-}" != --write ]; then
    echo "$table"
    exit 0
fi
readme=apps/bench/README.md
begin='<!-- made by toolchains/instructions.sh -->'
end='<!-- end -->'
grep -qxF "$begin" "$readme" && grep -qxF "$end" "$readme"
{
    sed "\|^$begin\$|q" "$readme"
    echo "$table"
    sed -n "\|^$end\$|,\$p" "$readme"
} >"$readme.new"
mv "$readme.new" "$readme"
