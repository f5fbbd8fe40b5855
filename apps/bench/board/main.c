/*
 * main.c - bench.elf: what Sotto's operations cost on a board, as the table in
 * ../README.md. toolchains/instructions.sh runs it.
 */
#include "apps/bench/board/meter.h"
#include <stdio.h>

int main(void)
{
    (void)printf("| | instructions | stack | heap |\n|---|---:|---:|---:|\n");
    return meter_keys() && meter_channel() && meter_login() && meter_mls() ? 0
                                                                           : 1;
}
