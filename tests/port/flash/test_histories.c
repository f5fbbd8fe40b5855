/*
 * test_histories.c - long random lives of a device, by seed: steps, restarts,
 * cuts, failing operations, a device that is full most of the time.
 *
 * SOTTO_SEED replays one history; a failing one prints its seed.
 */
#include "tests/port/flash/bench.h"

#include <stdio.h>
#include <stdlib.h>

#define HISTORIES 120
#define STEPS     500

static struct bench_step any_step(uint64_t *random)
{
    static const enum bench_kind kinds[] = {
        BENCH_CREATE, BENCH_CREATE, BENCH_APPEND, BENCH_APPEND, BENCH_APPEND,
        BENCH_APPEND, BENCH_APPEND, BENCH_APPEND, BENCH_APPEND, BENCH_TRUNCATE,
        BENCH_SYNC,   BENCH_SYNC,   BENCH_POLL,   BENCH_POLL,   BENCH_REPLACE,
        BENCH_REMOVE, BENCH_REOPEN};
    const uint32_t count = sizeof kinds / sizeof kinds[0];
    struct bench_step step = {
        .kind = kinds[nor_chance(random, count)],
        .name = (uint8_t)nor_chance(random, BENCH_NAMES),
        .other = (uint8_t)nor_chance(random, BENCH_NAMES),
    };
    const uint32_t size = nor_chance(random, 14);
    step.amount =
        step.kind == BENCH_CREATE
            ? nor_chance(random, 2)
            : 1 + nor_chance(random, step.kind == BENCH_POLL ? 4 : 1U << size);
    return step;
}

static void make_device(struct bench *bench, uint64_t seed, uint64_t *random)
{
    const uint32_t block_size = 512U << nor_chance(random, 4);
    const uint32_t unit = 1U << nor_chance(random, 9);
    /* A list of all names and a change have to fit a block. */
    bench_make(bench, unit > 64 && block_size < 2048 ? 2048 : block_size,
               (uint16_t)(6 + nor_chance(random, 40)), (uint16_t)unit, seed);
}

/* After a failure in this step: everything is as before, and a sync makes sure
 * of it. Where the device failed in that as well, or there is no file to sync,
 * a restart finds it as before or as after the step. */
static void mend(struct bench *bench, const struct bench_step *step)
{
    const unsigned failing = bench->nor.failing;
    bench->nor.failing = 0;
    if (bench_sync_all(bench) == SOTTO_OK) {
        bench_check(bench);
        bench_reopen(bench);
    } else {
        (void)bench_recover(bench, step);
    }
    bench->nor.failing = failing;
}

static void live(uint64_t seed, unsigned failing)
{
    static struct bench bench;
    uint64_t random = seed * 2 + 1;
    make_device(&bench, seed, &random);
    for (unsigned count = 0; count < STEPS; count++) {
        struct bench_step step = any_step(&random);
        if (!bench_can(&bench, &step)) {
            continue;
        }
        if (failing == 0 && bench.nor.cut_at == 0 &&
            nor_chance(&random, 8) == 0) {
            bench.nor.cut_at =
                bench.nor.operations + 1 + nor_chance(&random, 30);
            bench.nor.tear = (enum nor_tear)nor_chance(&random, NOR_TEARS);
        }
        bench.nor.failing = failing;
        const enum sotto_err err = bench_make_step(&bench, &step);
        if (bench.nor.off) {
            (void)bench_recover(&bench, err == SOTTO_OK ? NULL : &step);
        } else if (err == SOTTO_ERR_IO) {
            mend(&bench, &step);
        }
        if (count % 16 == 0) {
            bench_check(&bench);
        }
    }
    nor_power_up(&bench.nor);
    bench.nor.failing = 0;
    bench_reopen(&bench);
    bench_free(&bench);
}

static void live_all(unsigned failing, uint64_t first)
{
    const char *seed = getenv("SOTTO_SEED");
    if (seed != NULL) {
        live(strtoull(seed, NULL, 0), failing);
        return;
    }
    for (uint64_t at = first; at < first + HISTORIES; at++) {
        (void)fprintf(stderr, "\rseed %llu ", (unsigned long long)at);
        live(at, failing);
    }
    (void)fprintf(stderr, "\n");
}

static void test_random_histories_with_cuts(void **state)
{
    (void)state;
    live_all(0, 1);
}

static void test_random_histories_with_failures(void **state)
{
    (void)state;
    live_all(10, 1000);
}

int flash_histories(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories_with_cuts),
        cmocka_unit_test(test_random_histories_with_failures),
    };
    return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
