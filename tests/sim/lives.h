/*
 * lives.h - the program around lives of a chat, one for each seed.
 *
 * usage: PROGRAM FROM COUNT [MINUTES]: seeds FROM to FROM + COUNT - 1, each for
 * so many minutes of its own time. FROM "new": seeds that were never tried, by
 * the clock. SOTTO_SEED in the environment: this one seed alone.
 * SOTTO_SIM_LOG=1: with the words of all programs.
 */
#ifndef SOTTO_TESTS_SIM_LIVES_H
#define SOTTO_TESTS_SIM_LIVES_H

#include <stdbool.h>
#include <stdint.h>

/* `live` says in the rest of a line what came of it; false when something was
 * wrong. What main() is to return. */
int lives_main(int argc, char **argv, uint64_t minutes_default,
               bool (*live)(uint64_t seed, uint64_t minutes));

#endif
