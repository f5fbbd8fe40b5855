/*
 * system.c - what the program wants of its surroundings (apps/sotto/system.h),
 * on a simulated machine: its memory goes with it, and nobody listens to what
 * it says, unless SOTTO_SIM_LOG is set.
 */
#include "apps/sotto/system.h"

#include "port/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

void *system_memory(size_t size)
{
    return sim_memory(size);
}

void system_memory_free(void *memory)
{
    sim_memory_free(memory);
}

void system_say(const char *text, size_t len)
{
    if (getenv("SOTTO_SIM_LOG") != NULL) {
        (void)fprintf(stderr, "%s: %.*s", sim_name(sim_here()), (int)len, text);
    }
}

uint64_t system_wall_s(void)
{
    return 0;
}

bool system_clock_text(uint64_t wall_s, char out[static SYSTEM_CLOCK_TEXT])
{
    (void)wall_s;
    (void)out;
    return false;
}

const char *system_variable(const char *name)
{
    (void)name;
    return NULL;
}
