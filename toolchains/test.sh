#!/usr/bin/env bash
# test.sh [STEP...] - installs what is missing, then builds and tests: all steps,
# or the named ones. It ends with a summary and fails when any step failed.
# shellcheck disable=SC2317 # the steps are called by name
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
waiting=$((4 * jobs)) # tests at a time: most of them wait for most of their time
# shellcheck source=packages.sh
. "$top/toolchains/packages.sh"

# Joined by && throughout: a step runs where set -e has no effect.
configure() {
    cmake --preset "$1" --log-level=WARNING >/dev/null
}
build() {
    configure "$1" &&
        cmake --build --preset "$1" -- --quiet -k 0
}

build_and_test() {
    build "$1" && ctest --preset "$1" -j "$waiting"
}

# The steps. Each is one line of the summary.
step_format() { # is every file as clang-format prints it?
    find core port apps tests -name '*.[ch]' -print0 |
        xargs -0 -r clang-format --dry-run -Werror
}
step_host() { # all tests, gcc; but asan's random histories with ts-mls are enough
    build host && ctest --preset host -j "$waiting" -E '^interop\.ts_mls$'
}
step_asan() { # all tests under the address and undefined-behaviour sanitizers
    build_and_test asan
}
step_tsan() { # what has threads, under the thread sanitizer
    configure tsan && cmake --build --preset tsan --target sotto \
        port_contract_{posix,lwip_rtos} mailbox_threads_{posix,lwip_rtos} \
        -- --quiet -k 0 &&
        fixed_addresses ctest --preset tsan -j "$waiting" -R \
            '^(port\.(posix|lwip_rtos|mailbox_.*)|integration_workers_4\..*)$'
}
fixed_addresses() { # gcc's sanitizer wants them, where the kernel scatters wide
    local how=()
    ! setarch -R true 2>/dev/null || how=(setarch -R)
    "${how[@]}" "$@"
}
step_openssl() { # on libcrypto: all that can notice; lwIP and others do not
    build openssl &&
        ctest --preset openssl -j "$waiting" -E '^unit\.world$' \
            -R '^(architecture|unit|vectors|fuzz|integration|install)\.'
}
step_release() { # what users run
    build_and_test release
}
step_m3() { # core for Cortex-M3, and its external symbols
    build_and_test m3
}
step_emulated() { # the tests of core on a Cortex-M3 in QEMU, but for long ones
    build mps2-an385-tests &&
        ctest --preset mps2-an385-tests -j "$jobs" --label-exclude long
}
step_board() { # firmware in QEMU: conversations, crowds, power cuts, faults; sizes
    build release && build_and_test mps2-an385 && build_and_test lm3s6965evb &&
        build mps2-an385-small && small_fits && together demo_and_sizes \
            "on_board mps2-an385 crowd" "on_board mps2-an385 power" \
            "on_board mps2-an385 faults" "on_board lm3s6965evb demo" \
            "on_board lm3s6965evb crowd" "on_board lm3s6965evb power 2"
}
small_fits() { # into 112 KiB of flash and 48 KiB of RAM
    arm-none-eabi-size build/mps2-an385-small/bin/sotto.elf | awk '
        END { print "small image: " $1 + $2 " B of flash, " $2 + $3 " of RAM"
              exit $1 + $2 > 112 * 1024 || $2 + $3 > 48 * 1024 }'
}
demo_and_sizes() { # these build, so the others beside them must not
    toolchains/demo.sh && toolchains/size.sh
}
on_board() { # BOARD SCRIPT [ARGUMENT...]: as demo.sh does it
    python3 -B "tests/boards/$2.py" build/release/bin/sotto \
        "build/$1/bin/sotto.elf" "$1" "${@:3}"
}
# Runs commands side by side: they wait for most of their time. Prints what each
# has said as a whole, in the order given, and fails when one of them did.
together() {
    local logs failed=0 i
    logs=$(mktemp -d)
    local commands=("$@") running=()
    for i in "${!commands[@]}"; do
        ${commands[i]} >"$logs/$i" 2>&1 &
        running+=($!)
    done
    for i in "${!commands[@]}"; do
        local result=passed
        wait "${running[i]}" || result=FAILED failed=1
        printf -- '--- %s\n' "${commands[i]}"
        cat "$logs/$i"
        printf -- '--- %s: %s\n' "${commands[i]}" "$result"
    done
    rm -r "$logs"
    return "$failed"
}
step_clang() { # everything with clang, clang-tidy on core, port and apps
    build clang
}
step_fuzz() { # three minutes of fresh fuzzing, shared by all targets
    toolchains/fuzz.sh -j "$jobs" --shared "${SOTTO_FUZZ_SECONDS:-180}"
}
all_steps=(format host asan tsan openssl release m3 emulated board clang fuzz)

run_step() {
    local step=$1 result=passed
    local log=build/test-$step.log
    printf '\n=== %s\n' "$step"
    SECONDS=0
    "step_$step" 2>&1 | tee "$log" || result=FAILED
    summary+=("$(printf '%-9s %s in %d s' "$step" "$result" "$SECONDS")")
    # CTest's own words, where the step has any.
    if grep -E '^[0-9]+% tests passed' "$log" >build/test-ctest.txt; then
        summary+=("         $(cat build/test-ctest.txt)")
    fi
    [ "$result" = passed ]
}

for step in "$@"; do
    if ! declare -F "step_$step" >/dev/null; then
        echo "usage: test.sh [STEP...]   steps: ${all_steps[*]}" >&2
        exit 2
    fi
done
[ $# -gt 0 ] || set -- "${all_steps[@]}"

cd "$top"
need_packages "${build_packages[@]}" "${test_packages[@]}"
mkdir -p build
summary=()
failed=0
for step in "$@"; do
    run_step "$step" || failed=1
done

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
exit "$failed"
