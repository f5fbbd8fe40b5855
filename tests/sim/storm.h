/*
 * storm.h - what happens to a chat by chance: people talk, machines crash, the
 * network fails, disks are full, slow, broken.
 */
#ifndef SOTTO_TESTS_SIM_STORM_H
#define SOTTO_TESTS_SIM_STORM_H

#include "tests/sim/chat.h"

/* A bad time of so many minutes, then a good one in which everybody has to
 * come together again, and the audit. What went wrong is in the ledger. */
void storm_live(struct chat *chat, uint64_t minutes);

#endif
