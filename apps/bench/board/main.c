/*
 * main.c - bench.elf: what Sotto's operations cost on a board, as the table in
 * ../README.md. toolchains/instructions.sh runs it.
 */
#include "apps/bench/board/meter.h"
#include <stdio.h>

int main(void)
{
    (void)printf("| | instructions | stack | heap |\n|---|---:|---:|---:|\n");
    const bool is_right = meter_keys() && meter_certificates() &&
                          meter_channel() && meter_device() && meter_login() &&
                          meter_mls();
    return is_right ? 0 : 1;
}
