/*
 * test_log_damage.c - segments that something else than a power cut has
 * changed: what is intact is read, what is missing is told, nothing false is
 * delivered, and no number comes again.
 */
#include "core/store/log_record.h"
#include "tests/unit/store/log_bench.h"
#include "tests/unit/test.h"
#include <string.h>

#define ENTRIES 40

static struct log_bench bench;
static struct faulty_files good; /* the disk before the damage */

static int begin(void **state)
{
    (void)state;
    bench_begin_ended(&bench, ENTRIES);
    faulty_files_init(&good);
    faulty_files_copy(&good, &bench.disk);
    return 0;
}

static int end(void **state)
{
    (void)state;
    faulty_files_free(&good);
    bench_end(&bench);
    return 0;
}

/* What reading the whole log in order gives. */
struct reading {
    bool has[ENTRIES + 1];
    bool is_told[ENTRIES + 1]; /* FORMAT, alone or as one of several */
    size_t count;
};

static void read_all(struct reading *reading)
{
    static uint8_t entry[SOTTO_LOG_ENTRY_MAX];
    static uint8_t expected[SOTTO_LOG_ENTRY_MAX];
    memset(reading, 0, sizeof *reading);
    uint64_t from = 1;
    for (int turns = 0;; turns++) {
        uint64_t number = 0;
        size_t len = 0;
        assert_true(turns < 1000);
        enum sotto_err err =
            sotto_log_read(bench.log, from, entry, sizeof entry, &len, &number);
        if (err == SOTTO_ERR_NOT_FOUND) {
            return;
        }
        assert_true(number >= from);
        if (err == SOTTO_ERR_FORMAT) {
            for (uint64_t n = from; n <= number && n <= ENTRIES; n++) {
                reading->is_told[n] = true;
            }
        } else {
            assert_int_equal(err, SOTTO_OK);
            assert_int_equal(len, bench_entry(number, expected));
            assert_memory_equal(entry, expected, len);
            if (number <= ENTRIES) {
                reading->has[number] = true;
                reading->count++;
            }
        }
        from = number + 1;
    }
}

/* Every entry is there or its loss is told, and new ones can be made. */
static void check_damaged(struct reading *reading)
{
    assert_true(sotto_log_next_number(bench.log) > ENTRIES);
    bench_fill(&bench, 3);
    bench_pump(&bench);
    read_all(reading);
    for (size_t n = 1; n <= ENTRIES; n++) {
        assert_true(reading->has[n] != reading->is_told[n]);
    }
    assert_true(bench_has(&bench, sotto_log_last(bench.log)));
    /* The same from every number, in any order. */
    for (uint64_t n = ENTRIES; n > 0; n--) {
        assert_int_equal(bench_has(&bench, n), reading->has[n]);
    }
}

static void test_log_tells_every_changed_byte(void **state)
{
    (void)state;
    const unsigned count = bench_segment_count(&good);
    assert_true(count >= 3);
    for (unsigned id = 1; id <= count; id++) {
        const size_t size =
            faulty_files_find(&good, bench_segment_name(id))->len;
        for (size_t at = 0; at < size; at++) {
            struct reading reading;
            faulty_files_copy(&bench.disk, &good);
            struct faulty_bytes *file =
                faulty_files_find(&bench.disk, bench_segment_name(id));
            file->at[at] ^= (uint8_t)(1U << (at + id) % 8);
            assert_int_equal(bench_open(&bench), SOTTO_OK);
            /* The last record says that all was ended well: without it the end
             * looks torn, and only numbers are lost. */
            const bool is_mark = id == count && at >= size - LOG_HEAD_LEN;
            assert_int_equal(bench.report.damaged_segments, is_mark ? 0 : 1);
            assert_int_equal(bench.report.torn_bytes,
                             is_mark ? LOG_HEAD_LEN : 0);
            if (!is_mark) {
                assert_string_equal(bench.report.damaged,
                                    bench_segment_name(id));
                assert_true(bench.report.damaged_offset <= at);
            }
            check_damaged(&reading);
            assert_true(reading.count >= ENTRIES - 1);
            bench_close(&bench);
            assert_int_equal(bench_open(&bench), SOTTO_OK);
            sotto_log_close(bench.log);
        }
    }
}

/* What was reserved there is known from the head of the segment after it. */
static void test_log_jumps_no_numbers_where_a_head_follows(void **state)
{
    (void)state;
    struct faulty_bytes *file =
        faulty_files_find(&bench.disk, bench_segment_name(1));
    for (size_t at = LOG_START; at < file->len; at++) {
        file->at[at] = 0;
    }
    for (int life = 0; life < 2; life++) {
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        assert_int_equal(bench.report.damaged_segments, 1);
        assert_int_equal(sotto_log_next_number(bench.log), ENTRIES + 1);
        bench_close(&bench);
    }
}

/* Numbers that were skipped after it, and an entry between, are not missing. */
static void test_log_tells_no_damage_from_far_behind_it(void **state)
{
    (void)state;
    static uint8_t entry[SOTTO_LOG_ENTRY_MAX];
    size_t len = 0;
    uint64_t number = 0;
    const size_t second = LOG_START + LOG_HEAD_LEN + bench_entry(1, entry);
    bench_end(&bench);
    bench_begin(&bench);
    bench.config.segment_bytes = 65536;
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    bench_fill(&bench, 5);
    bench_kill(&bench);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    bench_fill(&bench, 1);
    const uint64_t last = sotto_log_last(bench.log);
    assert_true(last > 7);
    bench_close(&bench);
    faulty_files_find(&bench.disk, bench_segment_name(1))->at[second] ^= 1;
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(sotto_log_read(bench.log, 7, entry, sizeof entry, &len,
                                    &number),
                     SOTTO_OK);
    assert_int_equal(number, last);
    assert_false(bench_has(&bench, 2));
    assert_true(bench_has(&bench, 3));
    bench_kill(&bench);
}

/* Wider damage, from a few bytes to whole pages. */
static void test_log_tells_overwritten_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 24, 80, 200, 512};
    const unsigned count = bench_segment_count(&good);
    for (unsigned id = 1; id <= count; id++) {
        const size_t size =
            faulty_files_find(&good, bench_segment_name(id))->len;
        for (size_t i = 0; i < 5; i++) {
            for (size_t at = 0; at + sizes[i] + LOG_HEAD_LEN < size; at += 17) {
                struct reading reading;
                faulty_files_copy(&bench.disk, &good);
                struct faulty_bytes *file =
                    faulty_files_find(&bench.disk, bench_segment_name(id));
                memset(file->at + at, 0xa5, sizes[i]);
                assert_int_equal(bench_open(&bench), SOTTO_OK);
                assert_int_equal(bench.report.damaged_segments, 1);
                check_damaged(&reading);
                assert_true(reading.count > 10);
                sotto_log_close(bench.log);
                (void)faulty_files_complete(&bench.disk);
            }
        }
    }
}

static void test_log_tells_a_missing_segment(void **state)
{
    (void)state;
    struct reading reading;
    const struct sotto_files *files = faulty_files_table(&bench.disk);
    assert_int_equal(files->remove(files->ctx, bench_segment_name(2)),
                     SOTTO_OK);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(bench.report.damaged_segments, 1);
    assert_string_equal(bench.report.damaged, bench_segment_name(2));
    check_damaged(&reading);
    assert_true(reading.has[1]);
    assert_true(reading.has[ENTRIES]);
    assert_true(reading.count < ENTRIES - 5);
    bench_kill(&bench);
}

static void test_log_tells_a_segment_without_head(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= bench_segment_count(&good); id++) {
        struct reading reading;
        faulty_files_copy(&bench.disk, &good);
        struct faulty_bytes *file =
            faulty_files_find(&bench.disk, bench_segment_name(id));
        file->at[3] ^= 1;
        file->at[LOG_SEGMENT_HEAD_LEN + 3] ^= 1;
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        assert_int_equal(bench.report.damaged_segments, 1);
        assert_int_equal(bench.report.damaged_offset, 0);
        check_damaged(&reading);
        bench_kill(&bench);
    }
}

static void test_log_tells_shortened_segments(void **state)
{
    (void)state;
    const unsigned count = bench_segment_count(&good);
    for (unsigned id = 1; id < count; id++) {
        const size_t size =
            faulty_files_find(&good, bench_segment_name(id))->len;
        for (size_t len = 0; len < size; len += 7) {
            faulty_files_copy(&bench.disk, &good);
            const struct faulty_bytes *file =
                faulty_files_find(&good, bench_segment_name(id));
            faulty_files_put(&bench.disk, bench_segment_name(id), file->at,
                             len);
            assert_int_equal(bench_open(&bench), SOTTO_OK);
            assert_true(sotto_log_next_number(bench.log) > ENTRIES);
            for (uint64_t n = 1; n <= ENTRIES; n++) {
                uint8_t entry[1024];
                uint64_t number = 0;
                size_t got = 0;
                enum sotto_err err =
                    sotto_log_read(bench.log, n, entry, sizeof entry, &got,
                                   &number);
                assert_true(err == SOTTO_OK || err == SOTTO_ERR_FORMAT);
            }
            sotto_log_close(bench.log);
        }
    }
}

/* Bytes that go bad while the log is open. */
static void test_log_tells_damage_that_comes_later(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= bench_segment_count(&good); id++) {
        const size_t size =
            faulty_files_find(&good, bench_segment_name(id))->len;
        for (size_t at = LOG_START; at < size - LOG_HEAD_LEN; at += 5) {
            struct reading reading;
            faulty_files_copy(&bench.disk, &good);
            assert_int_equal(bench_open(&bench), SOTTO_OK);
            bench_pump(&bench);
            faulty_files_find(&bench.disk, bench_segment_name(id))->at[at] ^= 2;
            read_all(&reading);
            for (size_t n = 1; n <= ENTRIES; n++) {
                assert_true(reading.has[n] != reading.is_told[n]);
            }
            assert_true(reading.count >= ENTRIES - 1);
            sotto_log_close(bench.log);
        }
    }
}

/* Somebody sends an entry that is a record itself. When the head before it is
 * damaged it must not be found, unless one knows the salt. */
static void test_log_delivers_no_record_from_inside_an_entry(void **state)
{
    (void)state;
    for (int knows_salt = 0; knows_salt < 2; knows_salt++) {
        uint8_t forged[LOG_HEAD_LEN + 4] = {0};
        const struct log_head head = {.type = LOG_ENTRY,
                                      .len = 4,
                                      .number = 500,
                                      .body_crc = 0};
        uint64_t number = 0;
        bench_end(&bench);
        bench_begin(&bench);
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        bench_fill(&bench, 2);
        const size_t at =
            faulty_files_find(&bench.disk, bench_segment_name(1))->len;
        const struct log_place place = {.salt = knows_salt == 1
                                                    ? bench.config.salt
                                                    : 0,
                                        .id = 1,
                                        .at = (uint32_t)at + LOG_HEAD_LEN};
        log_head_encode(&head, &place, forged);
        assert_int_equal(sotto_log_append(bench.log, forged, sizeof forged,
                                          &number),
                         SOTTO_OK);
        bench_pump(&bench);
        bench_fill(&bench, 2);
        bench_close(&bench);
        faulty_files_find(&bench.disk, bench_segment_name(1))->at[at] ^= 1;
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        assert_int_equal(bench.report.damaged_segments, 1);
        uint8_t entry[64];
        size_t len = 0;
        assert_int_equal(sotto_log_read(bench.log, 3, entry, sizeof entry, &len,
                                        &number),
                         SOTTO_ERR_FORMAT);
        /* Who knows it is taken for the entry 500 with a damaged body. */
        assert_int_equal(number < 400, knows_salt == 0);
        bench_kill(&bench);
    }
}

/* A device that writes to the wrong place: an older record over a newer. */
static void test_log_takes_no_record_from_another_place(void **state)
{
    (void)state;
    for (size_t from = LOG_START; from < 400; from++) {
        struct reading reading;
        faulty_files_copy(&bench.disk, &good);
        struct faulty_bytes *file =
            faulty_files_find(&bench.disk, bench_segment_name(1));
        memmove(file->at + 512, file->at + from, 200);
        assert_int_equal(bench_open(&bench), SOTTO_OK);
        assert_int_equal(bench.report.damaged_segments, 1);
        check_damaged(&reading);
        bench_kill(&bench);
    }
}

/* A process is killed with entries that are in the system's cache only; the
 * next finds damage before them and goes on in a new segment. What it says is
 * durable must be. */
static void test_log_syncs_a_damaged_segment_before_it_goes_on(void **state)
{
    (void)state;
    bench_end(&bench);
    bench_begin(&bench);
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    bench_fill(&bench, 5);
    bench_pump(&bench);
    bench_fill(&bench, 3);
    sotto_log_close(bench.log);
    faulty_files_find(&bench.disk, bench_segment_name(1))->at[LOG_START + 30] ^=
        1;
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    assert_int_equal(bench.report.damaged_segments, 1);
    assert_int_equal(sotto_log_durable(bench.log, NULL), 0);
    bench_pump(&bench);
    assert_int_equal(sotto_log_durable(bench.log, NULL), 8);
    bench.disk.is_off = true;
    faulty_files_power_on(&bench.disk, &(struct faulty_cut){0});
    assert_int_equal(bench_open(&bench), SOTTO_OK);
    for (uint64_t n = 6; n <= 8; n++) {
        assert_true(bench_has(&bench, n));
    }
    bench_kill(&bench);
}

static void test_log_head_refuses_every_flipped_bit(void **state)
{
    (void)state;
    uint8_t bytes[LOG_HEAD_LEN];
    const struct log_head head = {.type = LOG_ENTRY,
                                  .len = 77,
                                  .number = 1234567,
                                  .body_crc = 99};
    const struct log_place place = {.salt = 5, .id = 6, .at = 7};
    const struct log_place others[] = {{4, 6, 7}, {5, 7, 7}, {5, 6, 8}};
    struct log_head back;
    log_head_encode(&head, &place, bytes);
    assert_true(log_head_decode(&back, &place, bytes));
    assert_int_equal(back.number, 1234567);
    assert_int_equal(back.len, 77);
    assert_int_equal(back.body_crc, 99);
    for (size_t i = 0; i < 3; i++) {
        assert_false(log_head_decode(&back, &others[i], bytes));
    }
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(log_head_decode(&back, &place, bytes));
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void test_log_segment_head_counts_intact_copies(void **state)
{
    (void)state;
    uint8_t bytes[LOG_START];
    const struct log_segment_head head = {.id = 3,
                                          .salt = 4,
                                          .floor = 5,
                                          .next = 6};
    struct log_segment_head back;
    log_segment_head_encode(&head, bytes);
    assert_int_equal(log_segment_head_decode(&back, 3, bytes, sizeof bytes), 2);
    assert_int_equal(back.floor, 5);
    assert_int_equal(back.next, 6);
    assert_int_equal(log_segment_head_decode(&back, 2, bytes, sizeof bytes), 0);
    for (size_t len = 0; len < sizeof bytes; len++) {
        assert_int_equal(log_segment_head_decode(&back, 3, bytes, len),
                         len / LOG_SEGMENT_HEAD_LEN);
    }
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(log_segment_head_decode(&back, 3, bytes, sizeof bytes),
                         1);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int test_log_damage(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_log_tells_every_changed_byte),
        TEST(test_log_jumps_no_numbers_where_a_head_follows),
        TEST(test_log_tells_no_damage_from_far_behind_it),
        TEST(test_log_tells_overwritten_bytes),
        TEST(test_log_tells_a_missing_segment),
        TEST(test_log_tells_a_segment_without_head),
        TEST(test_log_tells_shortened_segments),
        TEST(test_log_tells_damage_that_comes_later),
        TEST(test_log_delivers_no_record_from_inside_an_entry),
        TEST(test_log_takes_no_record_from_another_place),
        TEST(test_log_syncs_a_damaged_segment_before_it_goes_on),
        cmocka_unit_test(test_log_head_refuses_every_flipped_bit),
        cmocka_unit_test(test_log_segment_head_counts_intact_copies),
    };
#undef TEST
    return cmocka_run_group_tests_name("log_damage", tests, NULL, NULL);
}
