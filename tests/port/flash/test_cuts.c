/*
 * test_cuts.c - power goes in every program and every erase of a script, and
 * leaves every kind of mix behind.
 */
#include "tests/port/flash/bench.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What a server does in its first days, on a device that is nearly too small:
 * accounts line by line and compacted, a log with a new segment, a small state
 * that is replaced often, a torn tail that is dropped, restarts. */
static const struct bench_step script[] = {
    {BENCH_CREATE, 0, 0, 0},     {BENCH_APPEND, 0, 0, 310},
    {BENCH_SYNC, 0, 0, 0},       {BENCH_CREATE, 2, 0, 0},
    {BENCH_APPEND, 2, 0, 80},    {BENCH_SYNC, 2, 0, 0},
    {BENCH_APPEND, 2, 0, 24},    {BENCH_APPEND, 2, 0, 150},
    {BENCH_APPEND, 2, 0, 2600},  {BENCH_SYNC, 2, 0, 0},
    {BENCH_CREATE, 3, 0, 0},     {BENCH_APPEND, 3, 0, 48},
    {BENCH_SYNC, 3, 0, 0},       {BENCH_REOPEN, 0, 0, 0},
    {BENCH_APPEND, 0, 0, 305},   {BENCH_SYNC, 0, 0, 0},
    {BENCH_APPEND, 0, 0, 299},   {BENCH_SYNC, 0, 0, 0},
    {BENCH_POLL, 0, 0, 3},       {BENCH_APPEND, 2, 0, 700},
    {BENCH_TRUNCATE, 2, 0, 400}, {BENCH_SYNC, 2, 0, 0},
    {BENCH_APPEND, 2, 0, 90},    {BENCH_CREATE, 1, 0, 1},
    {BENCH_APPEND, 1, 0, 620},   {BENCH_APPEND, 1, 0, 1},
    {BENCH_REPLACE, 1, 0, 0},    {BENCH_APPEND, 0, 0, 330},
    {BENCH_SYNC, 0, 0, 0},       {BENCH_CREATE, 4, 0, 1},
    {BENCH_APPEND, 4, 0, 80},    {BENCH_SYNC, 4, 0, 0},
    {BENCH_TRUNCATE, 2, 0, 900}, {BENCH_TRUNCATE, 2, 0, 99999},
    {BENCH_APPEND, 2, 0, 1300},  {BENCH_REMOVE, 2, 0, 0},
    {BENCH_CREATE, 5, 0, 0},     {BENCH_APPEND, 5, 0, 16},
    {BENCH_REPLACE, 5, 3, 0},    {BENCH_CREATE, 5, 0, 1},
    {BENCH_APPEND, 5, 0, 17},    {BENCH_REPLACE, 5, 3, 0},
    {BENCH_POLL, 0, 0, 5},       {BENCH_REOPEN, 0, 0, 0},
    {BENCH_APPEND, 4, 0, 2000},  {BENCH_SYNC, 4, 0, 0},
    {BENCH_CREATE, 3, 0, 1},     {BENCH_APPEND, 3, 0, 48},
    {BENCH_APPEND, 0, 0, 1400},  {BENCH_SYNC, 0, 0, 0},
    {BENCH_CREATE, 1, 0, 1},     {BENCH_APPEND, 1, 0, 999},
    {BENCH_REPLACE, 1, 0, 0},    {BENCH_REMOVE, 4, 0, 0},
};

/* Where blocks are moved often, this many rounds of it follow: the large files of
 * the script become cold. */
static const struct bench_step wearing[] = {
    {BENCH_CREATE, 5, 0, 0},
    {BENCH_APPEND, 5, 0, 60},
    {BENCH_REPLACE, 5, 3, 0},
    {BENCH_POLL, 0, 0, 3},
};
#define ROUNDS (FLASH_WEAR_SPREAD == 1 ? 30U : 0U)
#define STEPS  (COUNT(script) + ROUNDS * COUNT(wearing))

static const struct bench_step *step_at(size_t at)
{
    return at < COUNT(script) ? &script[at]
                              : &wearing[(at - COUNT(script)) % COUNT(wearing)];
}

/* Runs the script to its end through all cuts. After the first, `second`
 * operations later (0: never) there is another. */
static void run_script(struct bench *bench, uint64_t second)
{
    size_t at = 0;
    while (at < STEPS) {
        const struct bench_step *step = step_at(at);
        if (!bench_can(bench, step)) {
            at++; /* a cut append left too little */
            continue;
        }
        enum sotto_err err = bench_make_step(bench, step);
        if (err == SOTTO_OK) {
            at++;
            continue;
        }
        assert_int_equal(err, SOTTO_ERR_IO);
        assert_true(bench->nor.off);
        at += bench_recover(bench, step) ? 0 : 1;
        bench->nor.cut_at = second > 0 ? bench->nor.operations + second : 0;
        second = 0;
    }
    if (bench->nor.off) { /* in work that nobody asked for */
        (void)bench_recover(bench, NULL);
    }
    bench_check(bench);
    bench_reopen(bench);
}

struct geometry {
    uint32_t block_size;
    uint16_t blocks;
    uint16_t unit;
};

static uint64_t count_operations(struct bench *bench, const struct geometry *on,
                                 uint64_t seed)
{
    bench_make(bench, on->block_size, on->blocks, on->unit, seed);
    run_script(bench, 0);
    const uint64_t operations = bench->nor.operations;
    assert_int_equal(bench->fulls, 0);
    bench_free(bench);
    return operations;
}

static void test_a_cut_at_every_operation_loses_nothing(void **state)
{
    static const struct geometry geometries[] = {{512, 24, 1},
                                                 {1024, 14, 8},
                                                 {1024, 20, 64},
                                                 {4096, 10, 256}};
    static struct bench bench;
    uint64_t runs = 0;
    (void)state;
    for (size_t g = 0; g < COUNT(geometries); g++) {
        const struct geometry *on = &geometries[g];
        const uint64_t end = count_operations(&bench, on, g);
        for (uint64_t cut = 1; cut <= end; cut++) {
            for (unsigned tear = 0; tear < NOR_TEARS; tear++) {
                bench_make(&bench, on->block_size, on->blocks, on->unit, g);
                bench.nor.cut_at = cut;
                bench.nor.tear = (enum nor_tear)tear;
                run_script(&bench, (cut * 7 + tear) % 23);
                bench_free(&bench);
                runs++;
            }
        }
        (void)printf("%u x %u, unit %u: %llu operations\n",
                     (unsigned)on->blocks, (unsigned)on->block_size,
                     (unsigned)on->unit, (unsigned long long)end);
    }
    (void)printf("%llu runs\n", (unsigned long long)runs);
}

/* The first cut is in the making, the second while that is mended, at every
 * distance. */
static void test_two_cuts_lose_nothing(void **state)
{
    static const struct geometry on = {1024, 14, 8};
    static struct bench bench;
    (void)state;
    const uint64_t end = count_operations(&bench, &on, 3);
    for (uint64_t cut = 1; cut <= end; cut += 3) {
        for (uint64_t second = 1; second <= 16; second++) {
            bench_make(&bench, on.block_size, on.blocks, on.unit, 3);
            bench.nor.cut_at = cut;
            bench.nor.tear = NOR_BITS;
            run_script(&bench, second);
            bench_free(&bench);
        }
    }
}

int flash_cuts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_at_every_operation_loses_nothing),
        cmocka_unit_test(test_two_cuts_lose_nothing),
    };
    return cmocka_run_group_tests_name("cuts", tests, NULL, NULL);
}
