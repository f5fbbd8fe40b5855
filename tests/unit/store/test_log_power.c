/*
 * test_log_power.c - the power goes before every change of the disk, and of
 * what was not synced every number of bytes is kept. Then: everything that was
 * acknowledged is there, in order; no number is used twice; nothing is taken
 * for damage; and life goes on.
 */
#include "tests/unit/store/log_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static struct log_bench bench;
static struct log_bench cut;

/* What was promised before the power went. */
struct promise {
    uint64_t durable; /* acknowledged up to here */
    uint64_t next;    /* numbers below were given out */
    uint64_t first;   /* the oldest entry that was kept */
};

/* Appends, with syncs that come late. */
static void live(struct promise *promise, size_t entries)
{
    for (size_t i = 0; i < entries && !bench.disk.is_off; i++) {
        uint64_t number = 0;
        (void)!bench_append(&bench, &number);
        if (i % 3 != 0) {
            (void)sotto_log_run(bench.log);
            (void)faulty_files_complete_one(&bench.disk);
        }
        promise->durable = sotto_log_durable(bench.log, NULL);
        promise->next = sotto_log_next_number(bench.log);
        promise->first = sotto_log_first(bench.log);
    }
}

static void check_entries(const struct promise *promise)
{
    static uint8_t entry[SOTTO_LOG_ENTRY_MAX];
    static uint8_t expected[SOTTO_LOG_ENTRY_MAX];
    const uint64_t first = sotto_log_first(cut.log);
    uint64_t last = 0;
    uint64_t seen = 0;
    for (uint64_t from = 1;;) {
        uint64_t number = 0;
        size_t len = 0;
        enum sotto_err err =
            sotto_log_read(cut.log, from, entry, sizeof entry, &len, &number);
        if (err == SOTTO_ERR_NOT_FOUND) {
            break;
        }
        assert_int_equal(err, SOTTO_OK);
        assert_true(number > last && number < promise->next);
        assert_int_equal(len, bench_entry(number, expected));
        assert_memory_equal(entry, expected, len);
        seen += number <= promise->durable;
        last = number;
        from = number + 1;
    }
    /* Numbers are without gap in one life, so all of these were entries. The
     * oldest segment may have gone with a new one that was just begun. */
    if (promise->durable > 0) {
        assert_true(first != 0 && first <= promise->durable);
        assert_int_equal(seen, promise->durable - first + 1);
        assert_true(first == promise->first || promise->durable - first >= 15);
    }
}

static void check_after_cut(const struct promise *promise)
{
    assert_int_equal(bench_open(&cut), SOTTO_OK);
    assert_int_equal(cut.report.damaged_segments, 0);
    assert_true(sotto_log_next_number(cut.log) >= promise->next);
    check_entries(promise);
    const uint64_t next = sotto_log_next_number(cut.log);
    bench_fill(&cut, 2);
    bench_pump(&cut);
    assert_true(bench_has(&cut, next));
    bench_close(&cut);
    assert_int_equal(bench_open(&cut), SOTTO_OK);
    assert_int_equal(cut.report.damaged_segments, 0);
    assert_int_equal(cut.report.torn_bytes, 0);
    assert_true(bench_has(&cut, next));
    assert_true(bench_has(&cut, next + 1));
    sotto_log_close(cut.log);
}

/* One way of losing the power. */
static void try_cut(const struct promise *promise, const struct faulty_cut *how)
{
    cut.config = bench.config;
    cut.log = NULL;
    faulty_files_init(&cut.disk);
    faulty_files_copy(&cut.disk, &bench.disk);
    faulty_files_power_on(&cut.disk, how);
    check_after_cut(promise);
    bench_end(&cut);
}

static void try_cuts(const struct promise *promise, size_t step)
{
    const size_t unsynced = faulty_files_unsynced(&bench.disk);
    for (size_t keep = 0; keep < unsynced + step; keep += step) {
        for (int names = 0; names < 2; names++) {
            struct faulty_cut how = {.keep = keep, .new_names = names == 1};
            try_cut(promise, &how);
            /* And the last bytes are not what was written. */
            how.damaged = 1 + keep % 40;
            try_cut(promise, &how);
        }
    }
}

/* Lives from an empty disk, or from one with `before` entries that are on the
 * device, until the power goes. */
static void cut_everywhere(size_t before, size_t entries, size_t step)
{
    bool is_off = true;
    for (unsigned cut_at = 1; is_off; cut_at++) {
        struct promise promise = {.next = 1};
        bench_begin(&bench);
        if (before > 0) {
            assert_int_equal(bench_open(&bench), SOTTO_OK);
            bench_fill(&bench, before);
            bench_close(&bench);
            promise.durable = before;
            promise.next = before + 1;
            promise.first = 1;
        }
        bench.disk.cut_at = bench.disk.changes + cut_at;
        enum sotto_err err = bench_open(&bench);
        if (err == SOTTO_OK) {
            promise.first = sotto_log_first(bench.log);
            live(&promise, entries);
        }
        is_off = bench.disk.is_off;
        try_cuts(&promise, step);
        bench_end(&bench);
    }
}

static void test_log_survives_power_cut_at_every_operation(void **state)
{
    (void)state;
    cut_everywhere(0, 20, 1);
}

/* Over several segments, the oldest of which go. */
static void test_log_survives_power_cut_while_segments_change(void **state)
{
    (void)state;
    cut_everywhere(0, 110, 61);
}

static void test_log_survives_power_cut_in_a_second_life(void **state)
{
    (void)state;
    cut_everywhere(9, 12, 3);
}

/* Cut after cut, each in the opening or shortly after. */
static void test_log_survives_one_power_cut_after_another(void **state)
{
    (void)state;
    uint32_t random = 7;
    uint64_t next = 1;
    bench_begin(&bench);
    for (int life = 0; life < 400; life++) {
        random = random * 1664525U + 1013904223U;
        bench.disk.cut_at = bench.disk.changes + 1 + (random >> 20) % 30;
        struct promise promise = {.next = next};
        if (bench_open(&bench) == SOTTO_OK) {
            assert_true(sotto_log_next_number(bench.log) >= next);
            assert_int_equal(bench.report.damaged_segments, 0);
            live(&promise, 30);
            next = promise.next > next ? promise.next : next;
        }
        const struct faulty_cut how = {.keep = (random >> 10) % 300,
                                       .damaged = (random >> 5) % 50,
                                       .new_names = (random >> 4 & 1U) != 0};
        bench.disk.is_off = true;
        faulty_files_power_on(&bench.disk, &how);
    }
    assert_true(next > 100);
    bench_end(&bench);
}

int test_log_power(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_survives_power_cut_at_every_operation),
        cmocka_unit_test(test_log_survives_power_cut_while_segments_change),
        cmocka_unit_test(test_log_survives_power_cut_in_a_second_life),
        cmocka_unit_test(test_log_survives_one_power_cut_after_another),
    };
    return cmocka_run_group_tests_name("log_power", tests, NULL, NULL);
}
