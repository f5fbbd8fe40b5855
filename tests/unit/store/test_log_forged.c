/*
 * test_log_forged.c - records made by somebody who knows the salt: no number comes
 * again because of them.
 */
#include "core/base/crc.h"
#include "core/store/log_record.h"
#include "tests/unit/store/log_bench.h"
#include "tests/unit/test.h"
#include <string.h>

#define ENTRIES 40

static struct log_bench bench;

static int begin(void **state)
{
    (void)state;
    bench_begin_ended(&bench, ENTRIES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_end(&bench);
    return 0;
}

/* Puts a record behind the last one. */
static void forge_record(unsigned id, enum log_record_type type,
                         uint64_t number)
{
    struct faulty_bytes *bytes =
        faulty_files_find(&bench.disk, bench_segment_name(id));
    uint8_t out[2048];
    size_t len = bytes->len;
    const struct log_head head = {
        .type = type,
        .len = type == LOG_ENTRY ? 1 : 0,
        .number = number,
        .body_crc =
            type == LOG_ENTRY ? sotto_crc32c(0, (const uint8_t *)"", 1) : 0};
    const struct log_place place = {bench.config.salt, id, (uint32_t)len};
    assert_true(len < sizeof out - LOG_HEAD_LEN - 1);
    memcpy(out, bytes->at, len);
    log_head_encode(&head, &place, out + len);
    out[len + LOG_HEAD_LEN] = 0;
    len += LOG_HEAD_LEN + head.len;
    faulty_files_put(&bench.disk, bench_segment_name(id), out, len);
}

static void test_log_uses_no_number_again_that_a_record_gives_back(void **state)
{
    (void)state;
    uint64_t number = 0;
    forge_record(bench_segment_count(&bench.disk), LOG_NEXT, 3);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_true(sotto_log_next_number(bench.log) > ENTRIES);
    bench_pump(&bench);
    bench_fill(&bench, 1);
    number = sotto_log_last(bench.log);
    assert_true(number > ENTRIES);
    assert_true(bench_has(&bench, number));
    bench_kill(&bench);
}

#define FAR 1000000000U /* more than damage lets numbers jump */

/* Nor one that stands in an entry whose text is damaged. */
static void test_log_uses_no_number_again_of_a_damaged_entry(void **state)
{
    (void)state;
    const unsigned id = bench_segment_count(&bench.disk);
    forge_record(id, LOG_ENTRY, FAR);
    struct faulty_bytes *file =
        faulty_files_find(&bench.disk, bench_segment_name(id));
    file->at[file->len - 1] ^= 1;
    forge_record(id, LOG_NEXT, ENTRIES + 10);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(bench.report.damaged_segments, 1);
    assert_true(sotto_log_next_number(bench.log) > FAR);
    bench_kill(&bench);
}

/* The same in a segment of its own, which began above it. */
static void test_log_uses_no_number_again_below_a_segments_first(void **state)
{
    (void)state;
    uint64_t number = 0;
    const unsigned id = bench_segment_count(&bench.disk) + 1;
    uint8_t bytes[LOG_START];
    const struct log_segment_head head = {.id = id,
                                          .salt = bench.config.salt,
                                          .floor = 1000,
                                          .next = 1008};
    log_segment_head_encode(&head, bytes);
    faulty_files_put(&bench.disk, bench_segment_name(id), bytes, sizeof bytes);
    forge_record(id, LOG_NEXT, 900);
    forge_record(id, LOG_ENTRY, 950);
    forge_record(id, LOG_ENTRY, 1001);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(bench.report.damaged_segments, 1);
    assert_true(sotto_log_next_number(bench.log) >= 1008);
    uint8_t entry[8];
    size_t len = 0;
    assert_int_equal(sotto_log_read(bench.log, 940, entry, sizeof entry, &len,
                                    &number),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(number, 1000);
    assert_int_equal(sotto_log_read(bench.log, 1001, entry, sizeof entry, &len,
                                    &number),
                     SOTTO_OK);
    bench_kill(&bench);
}

/* A record says that it is longer than its segment: what stands in it is found
 * at opening as it is by reading. */
static void test_log_finds_what_stands_in_a_record_that_is_too_long(
    void **state)
{
    (void)state;
    const unsigned id = bench_segment_count(&bench.disk);
    const struct faulty_bytes *bytes =
        faulty_files_find(&bench.disk, bench_segment_name(id));
    const struct log_head head = {.type = LOG_ENTRY,
                                  .len = 9999,
                                  .number = 700};
    uint8_t out[2048];
    const size_t len = bytes->len;
    const struct log_place place = {bench.config.salt, id, (uint32_t)len};
    uint64_t number = 0;
    uint8_t entry[8];
    size_t entry_len = 0;
    assert_true(len < sizeof out - LOG_HEAD_LEN);
    memcpy(out, bytes->at, len);
    log_head_encode(&head, &place, out + len);
    faulty_files_put(&bench.disk, bench_segment_name(id), out,
                     len + LOG_HEAD_LEN);
    forge_record(id, LOG_ENTRY, 800);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(sotto_log_last(bench.log), 800);
    assert_true(sotto_log_next_number(bench.log) > 800);
    assert_int_equal(sotto_log_read(bench.log, 800, entry, sizeof entry,
                                    &entry_len, &number),
                     SOTTO_OK);
    assert_int_equal(number, 800);
    bench_kill(&bench);
}

/* The last numbers there are: each is used once, and then the log is full. */
static void test_log_is_full_when_numbers_end(void **state)
{
    (void)state;
    const uint64_t end = LOG_NUMBER_END - 1; /* a NEXT's, of no entry */
    const unsigned id = bench_segment_count(&bench.disk);
    uint64_t number = 0;
    for (uint64_t left = 3; left > 0; left--) {
        if (left == 3) {
            forge_record(id, LOG_NEXT, end - left);
        }
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        bench_pump(&bench);
        assert_int_equal(sotto_log_next_number(bench.log), end - left);
        bench_fill(&bench, 1);
        bench_close(&bench);
    }
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    bench_pump(&bench);
    assert_int_equal(bench.report.damaged_segments, 0);
    assert_int_equal(bench_append(&bench, &number), SOTTO_ERR_FULL);
    for (uint64_t left = 3; left > 0; left--) {
        assert_true(bench_has(&bench, end - left));
    }
    const size_t size =
        faulty_files_find(&bench.disk, bench_segment_name(id))->len;
    for (int i = 0; i < 100; i++) {
        (void)sotto_log_run(bench.log);
        (void)faulty_files_complete(&bench.disk);
    }
    assert_int_equal(
        faulty_files_find(&bench.disk, bench_segment_name(id))->len, size);
    bench_close(&bench);
}

static void test_log_takes_no_entry_below_the_last(void **state)
{
    (void)state;
    forge_record(bench_segment_count(&bench.disk), LOG_ENTRY, 3);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(sotto_log_last(bench.log), ENTRIES);
    assert_true(bench_has(&bench, 3));
    bench_kill(&bench);
}

int test_log_forged(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_log_uses_no_number_again_that_a_record_gives_back),
        TEST(test_log_uses_no_number_again_of_a_damaged_entry),
        TEST(test_log_uses_no_number_again_below_a_segments_first),
        TEST(test_log_finds_what_stands_in_a_record_that_is_too_long),
        TEST(test_log_is_full_when_numbers_end),
        TEST(test_log_takes_no_entry_below_the_last),
    };
#undef TEST
    return cmocka_run_group_tests_name("log_forged", tests, NULL, NULL);
}
