/*
 * chat_world_ends.c - chat_world where the first life ends the program, as an
 * assertion does (--wrap): the seed must have been said.
 */
#include "tests/sim/storm.h"

#include <unistd.h>

void __wrap_storm_live(struct chat *chat, uint64_t minutes);

void __wrap_storm_live(struct chat *chat, uint64_t minutes)
{
    (void)chat;
    (void)minutes;
    _exit(1);
}
