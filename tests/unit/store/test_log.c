/*
 * test_log.c - the log in ordinary life, with disks that are slow or full or
 * fail. Power cuts: test_log_power.c. Damage: test_log_damage.c.
 */
#include "tests/unit/store/log_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static struct log_bench bench;
static uint8_t bytes[SOTTO_LOG_ENTRY_MAX];

static int begin(void **state)
{
    (void)state;
    bench_begin(&bench);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_end(&bench);
    return 0;
}

static void open_log(void)
{
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    bench_pump(&bench);
}

static enum sotto_err read_from(uint64_t from, uint64_t *number)
{
    size_t len = 0;
    return sotto_log_read(bench.log, from, bytes, sizeof bytes, &len, number);
}

static void test_log_starts_empty(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(sotto_log_next_number(bench.log), 1);
    assert_int_equal(sotto_log_first(bench.log), 0);
    assert_int_equal(sotto_log_last(bench.log), 0);
    assert_int_equal(sotto_log_durable(bench.log, NULL), 0);
    assert_int_equal(read_from(0, &number), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(read_from(1, &number), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(bench.report.damaged_segments, 0);
    assert_string_equal(bench.report.damaged, "");
    bench_kill(&bench);
}

static void test_log_uses_no_number_before_reservation_is_durable(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    (void)sotto_log_run(bench.log);
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    assert_true(faulty_files_complete(&bench.disk));
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    assert_true(sotto_log_run(bench.log));
    assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    assert_int_equal(number, 1);
    /* Eight were reserved; the next reservation goes out when half are used. */
    for (uint64_t i = 2; i <= 8; i++) {
        assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    }
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    bench_pump(&bench);
    assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    bench_kill(&bench);
}

static void test_log_reads_at_once_and_acknowledges_after_sync(void **state)
{
    (void)state;
    uint64_t number = 0;
    open_log();
    assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    assert_true(bench_has(&bench, 1));
    assert_true(bench_has(&bench, 2));
    assert_int_equal(sotto_log_durable(bench.log, NULL), 0);
    assert_false(sotto_log_is_idle(bench.log));
    (void)sotto_log_run(bench.log); /* starts one sync for both */
    assert_int_equal(bench_append(&bench, &number), SOTTO_OK);
    assert_true(faulty_files_complete_one(&bench.disk));
    assert_true(sotto_log_run(bench.log));
    assert_int_equal(sotto_log_durable(bench.log, NULL), 2);
    bench_pump(&bench);
    assert_int_equal(sotto_log_durable(bench.log, NULL), 3);
    assert_true(sotto_log_is_idle(bench.log));
    bench_kill(&bench);
}

static void test_log_takes_entries_of_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 23, 487, 488, 489, 512, 16383, 16384};
    static uint8_t out[SOTTO_LOG_ENTRY_MAX];
    bench.config.segment_bytes = 1 << 20;
    open_log();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t number = 0;
        size_t len = 0;
        memset(bytes, (int)i + 1, sizeof bytes);
        assert_int_equal(sotto_log_append(bench.log, bytes, sizes[i], &number),
                         SOTTO_OK);
        assert_int_equal(sotto_log_read(bench.log, number, out, sizes[i], &len,
                                        &number),
                         SOTTO_OK);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(out, bytes, len);
        bench_pump(&bench);
    }
    bench_kill(&bench);
}

static void test_log_says_how_long_an_entry_is_when_room_is_short(void **state)
{
    (void)state;
    uint64_t number = 0;
    size_t len = 0;
    open_log();
    bench_fill(&bench, 2);
    const size_t expected = bench_entry(1, bytes);
    assert_int_equal(sotto_log_read(bench.log, 1, bytes, expected - 1, &len,
                                    &number),
                     SOTTO_ERR_SPACE);
    assert_int_equal(number, 1);
    assert_int_equal(len, expected);
    assert_true(bench_has(&bench, 1));
    assert_true(bench_has(&bench, 2));
    bench_kill(&bench);
}

static size_t count_files(void)
{
    size_t count = 0;
    char name[SOTTO_FILE_NAME_MAX + 1];
    const struct sotto_files *files = faulty_files_table(&bench.disk);
    while (files->list(files->ctx, "lobby.", count, name) == SOTTO_OK) {
        count++;
    }
    return count;
}

static void test_log_begins_segments_and_removes_the_oldest(void **state)
{
    (void)state;
    open_log();
    bench_fill(&bench, 200);
    bench_pump(&bench);
    const uint64_t first = sotto_log_first(bench.log);
    assert_int_equal(count_files(), 4);
    assert_null(faulty_files_find(&bench.disk, "lobby.00000001"));
    assert_true(first > 100 && first < 200);
    assert_int_equal(sotto_log_last(bench.log), 200);
    assert_int_equal(sotto_log_durable(bench.log, NULL), 200);
    for (uint64_t n = first; n <= 200; n++) {
        assert_true(bench_has(&bench, n));
    }
    uint64_t number = 0;
    assert_int_equal(read_from(1, &number), SOTTO_OK);
    assert_int_equal(number, first);
    bench_kill(&bench);
}

static void test_log_reads_from_any_number(void **state)
{
    (void)state;
    uint32_t random = 1;
    bench.config.segments = 64;
    open_log();
    bench_fill(&bench, 300);
    for (int i = 0; i < 5000; i++) {
        random = random * 1664525U + 1013904223U;
        assert_true(bench_has(&bench, 1 + (random >> 8) % 300));
    }
    uint64_t number = 0;
    assert_int_equal(read_from(301, &number), SOTTO_ERR_NOT_FOUND);
    bench_kill(&bench);
}

static void test_log_needs_no_search_for_readers_in_turn(void **state)
{
    (void)state;
    bench.config.segments = 64;
    bench.config.segment_bytes = 64 * 1024;
    open_log();
    bench_fill(&bench, 400);
    uint64_t at[4] = {1, 17, 100, 101};
    for (size_t r = 0; r < 4; r++) {
        assert_true(bench_has(&bench, at[r]++));
    }
    const unsigned calls = bench.disk.calls;
    for (int i = 0; i < 250; i++) {
        for (size_t r = 0; r < 4; r++) {
            assert_true(bench_has(&bench, at[r]++));
        }
    }
    /* Head and body: two reads each; a little when readers meet. */
    assert_true(bench.disk.calls - calls <= 2 * 4 * 250 + 200);
    bench_kill(&bench);
}

static void test_log_goes_on_without_gap_after_finish(void **state)
{
    (void)state;
    open_log();
    bench_fill(&bench, 30);
    bench_close(&bench);
    open_log();
    assert_int_equal(sotto_log_next_number(bench.log), 31);
    assert_int_equal(sotto_log_last(bench.log), 30);
    bench_fill(&bench, 30);
    bench_close(&bench);
    open_log();
    assert_int_equal(bench.report.entries, 60 - sotto_log_first(bench.log) + 1);
    for (uint64_t n = sotto_log_first(bench.log); n <= 60; n++) {
        assert_true(bench_has(&bench, n));
    }
    bench_kill(&bench);
}

static void test_log_skips_reserved_numbers_after_a_kill(void **state)
{
    (void)state;
    open_log();
    bench_fill(&bench, 3);
    bench_kill(&bench);
    open_log();
    const uint64_t next = sotto_log_next_number(bench.log);
    assert_true(next > 3 && next <= 3 + 2 * bench.config.reserve);
    bench_fill(&bench, 1);
    uint64_t number = 0;
    assert_int_equal(read_from(4, &number), SOTTO_OK); /* a gap, no damage */
    assert_int_equal(number, next);
    bench_kill(&bench);
}

static void test_log_appends_nothing_after_finish(void **state)
{
    (void)state;
    uint64_t number = 0;
    open_log();
    sotto_log_finish(bench.log);
    assert_false(sotto_log_is_idle(bench.log));
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    bench_pump(&bench);
    assert_true(sotto_log_is_idle(bench.log));
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_AGAIN);
    bench_kill(&bench);
}

static void test_log_drops_surplus_segments_at_opening(void **state)
{
    (void)state;
    bench.config.segments = 20;
    open_log();
    bench_fill(&bench, 200);
    bench_close(&bench);
    assert_true(count_files() > 8);
    bench.config.segments = 2;
    open_log();
    assert_int_equal(count_files(), 2);
    assert_int_equal(bench.report.damaged_segments, 0);
    assert_true(bench_has(&bench, 200));
    assert_true(sotto_log_first(bench.log) > 100);
    bench_fill(&bench, 20);
    assert_int_equal(count_files(), 2);
    bench_kill(&bench);
}

static void test_log_leaves_other_files_alone(void **state)
{
    (void)state;
    static const char *const others[] = {"lobby",           "lobby.0000000",
                                         "lobby.000000001", "lobby.0000000g",
                                         "lobby.",          "lobby2.00000007",
                                         "lobby.x.00000001"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        faulty_files_put(&bench.disk, others[i], "x", 1);
    }
    bench.config.segments = 2;
    open_log();
    bench_fill(&bench, 200);
    bench_close(&bench);
    assert_non_null(faulty_files_find(&bench.disk, "lobby2.00000007"));
    assert_non_null(faulty_files_find(&bench.disk, "lobby.x.00000001"));
    open_log();
    assert_int_equal(sotto_log_last(bench.log), 200);
    bench_kill(&bench);
}

static void test_log_appends_again_when_a_full_disk_has_room(void **state)
{
    (void)state;
    uint64_t number = 0;
    open_log();
    bench_fill(&bench, 10); /* the 11th entry is a large one */
    bench_pump(&bench);
    for (size_t room = 0; room < 700; room += 13) {
        const size_t size =
            faulty_files_find(&bench.disk, "lobby.00000001")->len;
        if (sotto_log_next_number(bench.log) != 11) {
            break;
        }
        bench.disk.capacity = size + room;
        enum sotto_err err = bench_append(&bench, &number);
        if (err == SOTTO_OK) {
            break;
        }
        assert_int_equal(err, SOTTO_ERR_FULL);
        assert_int_equal(faulty_files_find(&bench.disk, "lobby.00000001")->len,
                         size);
        bench_pump(&bench);
    }
    bench.disk.capacity = 0;
    bench_fill(&bench, 40);
    bench_close(&bench);
    open_log();
    assert_int_equal(bench.report.damaged_segments, 0);
    assert_int_equal(bench.report.torn_bytes, 0);
    for (uint64_t n = sotto_log_first(bench.log); n <= 51; n++) {
        assert_true(bench_has(&bench, n));
    }
    bench_kill(&bench);
}

/* However little room there is, what is acknowledged is there, and more room
 * helps. */
static void test_log_survives_every_size_of_disk(void **state)
{
    (void)state;
    for (size_t capacity = 1; capacity < 6000; capacity += 11) {
        bench_begin(&bench);
        bench.disk.capacity = capacity;
        if (bench_open(&bench) != SOTTO_OK) {
            assert_true(capacity < 80);
            bench_end(&bench);
            continue;
        }
        for (int i = 0; i < 120; i++) {
            uint64_t number = 0;
            enum sotto_err err = bench_append(&bench, &number);
            assert_true(err == SOTTO_OK || err == SOTTO_ERR_AGAIN ||
                        err == SOTTO_ERR_FULL);
            bench_pump(&bench);
        }
        const uint64_t durable = sotto_log_durable(bench.log, NULL);
        assert_int_equal(durable, sotto_log_last(bench.log));
        bench_kill(&bench);
        open_log(); /* on the full disk */
        for (uint64_t n = sotto_log_first(bench.log); n <= durable && n > 0;
             n++) {
            assert_true(bench_has(&bench, n));
        }
        bench.disk.capacity = 0;
        bench_fill(&bench, 3);
        bench_close(&bench);
        bench_end(&bench);
    }
}

static void test_log_stops_for_good_when_sync_fails(void **state)
{
    (void)state;
    uint64_t number = 0;
    enum sotto_err failed = SOTTO_OK;
    open_log();
    bench_fill(&bench, 2);
    bench_pump(&bench);
    bench_fill(&bench, 1);
    (void)sotto_log_run(bench.log);
    bench.disk.fail_at = bench.disk.calls + 1;
    assert_true(faulty_files_complete(&bench.disk));
    assert_true(sotto_log_run(bench.log));
    assert_int_equal(sotto_log_durable(bench.log, &failed), 2);
    assert_int_equal(failed, SOTTO_ERR_IO);
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_IO);
    assert_true(sotto_log_is_idle(bench.log));
    sotto_log_finish(bench.log);
    assert_true(sotto_log_is_idle(bench.log));
    assert_true(bench_has(&bench, 2)); /* reading goes on */
    bench_kill(&bench);
}

/* The scripted life of a log, with one call failing. */
static void live_with_fault(unsigned fail_at)
{
    bench_begin(&bench);
    bench.config.segments = 3;
    bench.disk.fail_at = fail_at;
    if (bench_open(&bench) == SOTTO_OK) {
        for (int i = 0; i < 60; i++) {
            uint64_t number = 0;
            size_t len = 0;
            enum sotto_err err = bench_append(&bench, &number);
            assert_true(err == SOTTO_OK || err == SOTTO_ERR_AGAIN ||
                        err == SOTTO_ERR_IO);
            err = sotto_log_read(bench.log, (uint64_t)i, bytes, sizeof bytes,
                                 &len, &number);
            assert_true(err == SOTTO_OK || err == SOTTO_ERR_NOT_FOUND ||
                        err == SOTTO_ERR_IO);
            (void)sotto_log_run(bench.log);
            (void)faulty_files_complete(&bench.disk);
        }
        enum sotto_err failed = SOTTO_OK;
        const uint64_t durable = sotto_log_durable(bench.log, &failed);
        bench_pump(&bench);
        bench_kill(&bench);
        faulty_files_power_on(&bench.disk,
                              &(struct faulty_cut){.new_names = true});
        open_log();
        assert_int_equal(bench.report.damaged_segments, 0);
        assert_true(sotto_log_last(bench.log) >= durable);
        for (uint64_t n = sotto_log_first(bench.log); n <= durable && n > 0;
             n++) {
            assert_true(bench_has(&bench, n));
        }
        bench_kill(&bench);
    }
    bench_end(&bench);
}

static void test_log_survives_every_call_failing_in_turn(void **state)
{
    (void)state;
    for (unsigned fail_at = 1; fail_at < 600; fail_at++) {
        live_with_fault(fail_at);
    }
}

int test_log(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_log_starts_empty),
        TEST(test_log_uses_no_number_before_reservation_is_durable),
        TEST(test_log_reads_at_once_and_acknowledges_after_sync),
        TEST(test_log_takes_entries_of_every_size),
        TEST(test_log_says_how_long_an_entry_is_when_room_is_short),
        TEST(test_log_begins_segments_and_removes_the_oldest),
        TEST(test_log_reads_from_any_number),
        TEST(test_log_needs_no_search_for_readers_in_turn),
        TEST(test_log_goes_on_without_gap_after_finish),
        TEST(test_log_skips_reserved_numbers_after_a_kill),
        TEST(test_log_appends_nothing_after_finish),
        TEST(test_log_drops_surplus_segments_at_opening),
        TEST(test_log_leaves_other_files_alone),
        TEST(test_log_appends_again_when_a_full_disk_has_room),
        TEST(test_log_survives_every_size_of_disk),
        TEST(test_log_stops_for_good_when_sync_fails),
        TEST(test_log_survives_every_call_failing_in_turn),
    };
#undef TEST
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
