/*
 * seed.h - random numbers for tests, from a seed that is told when one fails.
 *
 * SOTTO_SEED in the environment, where there is one, replaces the seeds of all
 * runs, so that a failure can be had again alone.
 */
#ifndef SOTTO_TESTS_UNIT_SUPPORT_SEED_H
#define SOTTO_TESTS_UNIT_SUPPORT_SEED_H

#include <sotto/env.h>

struct seed {
    uint64_t state;
};

void seed_init(struct seed *seed, uint64_t value);
/* The seed of the `run`th run: the run's number, or SOTTO_SEED. */
uint64_t seed_of_run(uint64_t run);

uint64_t seed_next(struct seed *seed);
/* 0 to `bound` - 1. */
size_t seed_below(struct seed *seed, size_t bound);
/* True once in `odds` times. */
bool seed_once_in(struct seed *seed, size_t odds);

/* The same numbers as random bytes for core's objects. */
struct sotto_random seed_random(struct seed *seed);

#endif
