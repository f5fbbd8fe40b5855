/*
 * main.c - what port/flash promises beyond the contract of env.h.
 *
 * usage: port_flash_tests [cuts|histories|limits]
 */
#include "tests/port/flash/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void sotto_panic(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } groups[] = {{"cuts", flash_cuts},
                  {"histories", flash_histories},
                  {"limits", flash_limits}};
    int failed = 0;
    for (size_t at = 0; at < sizeof groups / sizeof groups[0]; at++) {
        if (argc < 2 || strcmp(argv[1], groups[at].name) == 0) {
            failed += groups[at].run();
        }
    }
    return failed == 0 ? 0 : 1;
}
