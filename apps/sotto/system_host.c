/*
 * system_host.c - system.h by the C library of a host.
 */
#include "apps/sotto/system.h"

#include <sotto/env.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void *system_memory(size_t size)
{
    return calloc(1, size);
}

void system_memory_free(void *memory)
{
    free(memory);
}

void system_say(const char *text, size_t len)
{
    (void)fwrite(text, 1, len, stderr);
}

uint64_t system_wall_s(void)
{
    const time_t now = time(NULL);
    return now > 0 ? (uint64_t)now : SOTTO_TIME_UNKNOWN;
}

bool system_clock_text(uint64_t wall_s, char out[static SYSTEM_CLOCK_TEXT])
{
    const time_t t = (time_t)wall_s;
    const struct tm *tm = localtime(&t);
    return wall_s != SOTTO_TIME_UNKNOWN && tm != NULL &&
           strftime(out, SYSTEM_CLOCK_TEXT, "%H:%M", tm) > 0;
}

const char *system_variable(const char *name)
{
    return getenv(name);
}
