#!/usr/bin/env bash
# fuzz.sh [-j JOBS] [--seconds N | --shared N] [TARGET...] - fuzzes with clang's
# libFuzzer, under the address and undefined-behaviour sanitizers: all targets
# of tests/fuzz or the named ones (text, server, ...), one after the other.
#
#   --seconds N   each target gets so long; 600 by default
#   --shared N    all of them together get so long, of one processor's time
#   -j JOBS       so many at a time; 1 by default
#   --adopt       no fuzzing: adds to tests/fuzz/corpus those of the inputs found
#                 so far, of at most 1 KiB, that reach something new
#
# What was found of new inputs stays in build/fuzz/corpus/TARGET and is where the
# next run begins. An input that fails is made as small as a minute allows, and
# stays in build/fuzz/found; at the end they are printed in base64, each behind the
# calls that led to the failure, and the script fails when there are any. A mended
# one belongs in tests/fuzz/corpus/TARGET.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$top/build/fuzz/bin
jobs=1
each=600
shared=
adopts=
targets=()
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

while [ $# -gt 0 ]; do
    case $1 in
    -j) jobs=$2 && shift ;;
    --seconds) each=$2 && shift ;;
    --shared) shared=$2 && shift ;;
    --adopt) adopts=1 ;;
    -*)
        sed -n '2,/^set/{/^set/d;/shellcheck/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    *) targets+=("$1") ;;
    esac
    shift
done

cd "$top"
need_packages "${build_packages[@]}" "${test_packages[@]}"
if [ ${#targets[@]} -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        target=${source#*/fuzz_}
        targets+=("${target%.c}")
    done
fi
[ -z "$shared" ] || each=$(((shared + ${#targets[@]} - 1) / ${#targets[@]}))
mkdir -p build/fuzz/corpus build/fuzz/found build/fuzz/logs
cmake --preset fuzz --log-level=WARNING >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" -- --quiet

# Inputs are small and many: long ones only slow it down.
fuzz_one() {
    local target=$1 log=build/fuzz/logs/$1.log
    mkdir -p "build/fuzz/corpus/$target"
    if ! "$bin/fuzz_$target" -max_total_time="$each" -max_len=4096 -timeout=60 \
        -rss_limit_mb=4096 -use_value_profile=1 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$target-" \
        "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
        printf '%-14s FAILED, see %s\n' "$target" "$log"
        minimise "$target"
        return 1
    fi
    printf '%-14s %s inputs tried, %s found that reach more\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/^stat::new_units_added: *//p' "$log")"
}

# A crash is made smaller; what takes too long or too much memory stays as is.
minimise() {
    local found
    for found in build/fuzz/found/"$1"-crash-*; do
        if [ -f "$found" ] && [ ! -f "$found.small" ]; then
            "$bin/fuzz_$1" -minimize_crash=1 -max_total_time=60 \
                -exact_artifact_path="$found.small" "$found" \
                >/dev/null 2>&1 || true
        fi
    done
}

# Enough to repeat it elsewhere.
show() {
    local found=$1 target
    target=${found##*/}
    printf '\n--- %s\n' "$found"
    grep -E '^(==[0-9]+== ?ERROR|SUMMARY)|runtime error:|^ +#.*/(core|port|apps|tests)/' \
        "build/fuzz/logs/${target%%-*}.log" | head -n 20 || true
    [ ! -f "$found.small" ] || found=$found.small
    base64 -w 0 "$found" && echo
}

adopt_one() {
    local target=$1 known=tests/fuzz/corpus/$1 small=build/fuzz/small
    rm -rf "$small" && mkdir -p "$small" "$known"
    find "build/fuzz/corpus/$target" -size -3 -exec cp {} "$small" \;
    "$bin/fuzz_$target" -merge=1 -use_counters=0 "$known" "$small" 2>&1 |
        sed -n "s/^MERGE-OUTER: \([0-9]* new files\).*/$target: \1/p" | tail -n 1
}

if [ -n "$adopts" ]; then
    for target in "${targets[@]}"; do adopt_one "$target"; done
    exit
fi

export -f fuzz_one minimise
export bin each
touch build/fuzz/begun
failed=0
printf '%s\n' "${targets[@]}" |
    xargs -P "$jobs" -I{} bash -c 'fuzz_one {}' || failed=1
if [ "$failed" = 1 ]; then
    echo "FOUND:"
    find build/fuzz/found -type f -newer build/fuzz/begun ! -name '*.small' |
        while read -r found; do show "$found"; done
fi
exit "$failed"
