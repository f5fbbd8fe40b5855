/*
 * panic.c - the end, when an invariant of ours is broken.
 */
#include <sotto/env.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void sotto_panic(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "sotto: internal error: %s (%s:%d)\n", what, file,
                  line);
    abort();
}
