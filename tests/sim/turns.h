/*
 * turns.h - a test of the turns that a simulated chat's server takes, one for
 * each wait for events. The linker puts the counting around port_wait() (--wrap).
 */
#ifndef SOTTO_TESTS_SIM_TURNS_H
#define SOTTO_TESTS_SIM_TURNS_H

#include "tests/sim/chat.h"

/* Everybody is in the room. The server has a worker more for an odd seed. */
void turns_begin(struct chat *chat, unsigned seed, unsigned people);

/* Nothing goes wrong any more: everybody is in the room, all that was said is
 * answered, and everything fits the ledger. */
void turns_end(struct chat *chat);

/* Whether it is a server that runs now, and all turns that one has taken. */
bool turns_are_here(void);
uint64_t turns_taken(void);

/* From now on its disk takes a minute to answer. */
void turns_slow_disk(struct chat *chat);

/* Watches the server for some seconds, in which it takes a few turns: deadlines
 * are looked at by the hub and by each worker, pauses end, and clients ask for
 * signs of life. */
void turns_expect_few(struct chat *chat);

#endif
