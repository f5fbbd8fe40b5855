/*
 * test_accounts_damage.c - a credential file that something else than a power
 * cut has changed: refused with a report, or as good as unchanged; and what a
 * repair makes of it.
 */
#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <string.h>

#define FILE_MAX 4096

static struct accounts_bench bench;
static uint8_t whole[FILE_MAX]; /* the file as it should be */
static size_t whole_len;
static size_t changes; /* that are in it */

static int end(void **state)
{
    (void)state;
    bench_end_accounts(&bench);
    return 0;
}

static void keep_file(void)
{
    const struct faulty_bytes *file =
        faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
    assert_true(file->len <= sizeof whole);
    memcpy(whole, file->at, file->len);
    whole_len = file->len;
    changes = bench.changes;
}

/* A file of twelve changes, as they were made; of accounts, since it is simple
 * to say what the table would be without one of those. */
static int begin(void **state)
{
    (void)state;
    bench_begin_accounts(&bench);
    bench.without_devices = true;
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    bench_pump_accounts(&bench);
    bench_changes(&bench, 12, 1);
    keep_file();
    bench_kill_accounts(&bench);
    return 0;
}

/* The same with lines about devices: expected, enrolled, revoked. */
static int begin_with_devices(void **state)
{
    (void)state;
    bench_begin_accounts(&bench);
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    bench_pump_accounts(&bench);
    bench_changes(&bench, 15, 1);
    keep_file();
    bench_kill_accounts(&bench);
    return 0;
}

/* A file that was compacted, with a few changes after that. */
static int begin_compacted(void **state)
{
    (void)state;
    bench_begin_accounts(&bench);
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    bench_pump_accounts(&bench);
    size_t len = 0;
    const struct faulty_bytes *file = NULL;
    do {
        bench_changes(&bench, 1, 1);
        file = faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
        len = file->len > len ? file->len : len;
    } while (file->len == len);
    bench_changes(&bench, 2, 1);
    keep_file();
    bench_kill_accounts(&bench);
    return 0;
}

static void put(const void *in, size_t len)
{
    faulty_files_put(&bench.disk, SOTTO_ACCOUNTS_FILE, in, len);
}

/* Where line `number` (from 1) begins; of the one after the last: the end. */
static size_t line_at(size_t number)
{
    size_t at = 0;
    while (number > 1) {
        at +=
            (size_t)((const uint8_t *)memchr(whole + at, '\n', whole_len - at) -
                     (whole + at)) +
            1;
        number--;
    }
    return at;
}

static size_t line_count(void)
{
    size_t lines = 0;
    for (size_t i = 0; i < whole_len; i++) {
        lines += whole[i] == '\n';
    }
    return lines;
}

/* Repairs what is refused; then it opens, and is quiet. */
static void repair(void)
{
    assert_int_equal(bench_repair_accounts(&bench), SOTTO_OK);
    const struct sotto_accounts_report said = bench.report;
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    assert_null(bench.report.reason);
    bench_pump_accounts(&bench);
    bench.report = said;
}

/* ---- every byte, every cut ---- */

static void check_refused_or_same(size_t at)
{
    enum sotto_err err = bench_open_accounts(&bench);
    if (err == SOTTO_OK) {
        assert_true(bench_is_after(&bench, changes));
        bench_kill_accounts(&bench);
        return;
    }
    assert_int_equal(err, SOTTO_ERR_FORMAT);
    assert_non_null(bench.report.reason);
    assert_true(bench.report.damaged + bench.report.missing > 0);
    assert_true(bench.report.line >= 1);
    assert_true(bench.report.offset <= at);
    assert_true(bench.report.line <= line_count());
}

/* In twelve ways, or in every `step`th of them. */
static void change_every_byte(unsigned step)
{
    static uint8_t changed[FILE_MAX];
    for (size_t at = 0; at < whole_len; at++) {
        for (unsigned i = (unsigned)at % step; i < 12; i += step) {
            static const uint8_t others[] = {'\n', 0, '}', '"'};
            memcpy(changed, whole, whole_len);
            const uint8_t flipped = (uint8_t)(whole[at] ^ 1U << i % 8);
            changed[at] = flipped;
            if (i >= 8) {
                changed[at] = others[i - 8];
            }
            if (changed[at] == whole[at]) {
                continue;
            }
            put(changed, whole_len);
            check_refused_or_same(at);
            /* A refused file stays as it is. */
            const struct faulty_bytes *file =
                faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
            assert_int_equal(file->len, whole_len);
            assert_memory_equal(file->at, changed, whole_len);
        }
    }
}

static void test_accounts_refuse_every_changed_byte(void **state)
{
    (void)state;
    change_every_byte(1);
}

/* What was revoked, or had another password, is not as it was before. */
static void test_accounts_refuse_every_changed_byte_about_devices(void **state)
{
    (void)state;
    change_every_byte(4);
}

static void test_accounts_refuse_every_changed_byte_when_compacted(void **state)
{
    (void)state;
    change_every_byte(4);
}

/* Appends line `number` of the whole file; its length. */
static size_t put_line(uint8_t *out, size_t number)
{
    const size_t len = line_at(number + 1) - line_at(number);
    memcpy(out, whole + line_at(number), len);
    return len;
}

/* Each line is left out, comes twice, or has an older or a newer one in its place. */
static void test_accounts_refuse_lines_that_are_not_in_order(void **state)
{
    (void)state;
    static uint8_t changed[2 * FILE_MAX];
    const size_t lines = line_count();
    for (size_t i = 1; i <= lines; i++) {
        for (size_t j = 0; j <= lines; j++) { /* 0: none */
            size_t len = 0;
            for (size_t k = 1; k <= lines; k++) {
                if (k != i) {
                    len += put_line(changed + len, k);
                } else if (j > 0) {
                    len += put_line(changed + len, j);
                }
                if (k == i && j == i) {
                    len += put_line(changed + len, j);
                }
            }
            put(changed, len);
            enum sotto_err err = bench_open_accounts(&bench);
            if (i == lines && j == 0) { /* as if it had not been written yet */
                assert_int_equal(err, SOTTO_OK);
                assert_true(bench_is_after(&bench, changes - 1));
                bench_kill_accounts(&bench);
                continue;
            }
            assert_int_equal(err, SOTTO_ERR_FORMAT);
            assert_non_null(bench.report.reason);
        }
    }
}

static void test_accounts_refuse_every_cut_but_of_the_tail(void **state)
{
    (void)state;
    for (size_t len = 0; len < whole_len; len++) {
        put(whole, len);
        enum sotto_err err = bench_open_accounts(&bench);
        size_t lines = 0;
        while (line_at(lines + 2) <= len) {
            lines++;
        }
        if (lines == 0) { /* not even the first line */
            assert_int_equal(err, SOTTO_ERR_FORMAT);
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        assert_int_equal(bench.report.torn_tail, len != line_at(lines + 1));
        assert_true(bench_is_after(&bench, lines - 1));
        bench_kill_accounts(&bench);
        assert_int_equal(
            faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE)->len,
            line_at(lines + 1));
    }
}

/* What compaction wrote was durable as a whole: nothing of it may be gone. */
static void test_accounts_refuse_every_cut_into_a_compacted_file(void **state)
{
    (void)state;
    const size_t lines = line_count();
    for (size_t len = 0; len < whole_len; len++) {
        put(whole, len);
        enum sotto_err err = bench_open_accounts(&bench);
        if (len < line_at(lines - 1)) { /* two changes came after */
            assert_int_equal(err, SOTTO_ERR_FORMAT);
            assert_non_null(bench.report.reason);
            assert_true(bench.report.missing > 0);
        } else {
            assert_int_equal(err, SOTTO_OK);
            bench_kill_accounts(&bench);
        }
    }
}

/* ---- repair ---- */

/* The accounts when change `lost` (from 0) was never made; later changes of the
 * same account say everything anew. */
static bool is_without(size_t lost)
{
    for (size_t i = 0; i < BENCH_NAMES; i++) {
        const struct bench_account now = bench.after[changes].accounts[i];
        const struct bench_account before = bench.after[lost].accounts[i];
        const struct bench_account then = bench.after[lost + 1].accounts[i];
        const bool is_hit =
            before.tag != then.tag || before.disabled != then.disabled;
        bool is_later = false;
        for (size_t n = lost + 1; n < changes; n++) {
            is_later |= bench.after[n].accounts[i].tag !=
                            bench.after[n + 1].accounts[i].tag ||
                        bench.after[n].accounts[i].disabled !=
                            bench.after[n + 1].accounts[i].disabled;
        }
        bench.after[BENCH_CHANGES].accounts[i] =
            is_hit && !is_later ? before : now;
    }
    return bench_is_after(&bench, BENCH_CHANGES);
}

static void test_accounts_repair_loses_only_the_damaged_line(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    for (size_t line = 2; line <= line_count(); line++) {
        const size_t at = line_at(line);
        const size_t len = line_at(line + 1) - at;
        memcpy(changed, whole, whole_len);
        changed[at + 30] ^= 1;
        put(changed, whole_len);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        assert_int_equal(bench.report.line, line);
        assert_int_equal(bench.report.offset, at);
        assert_int_equal(bench.report.damaged, 1);
        assert_int_equal(bench.report.missing, 0);
        faulty_files_put(&bench.disk, "credentials.damaged", "", 0);
        repair();
        assert_int_equal(bench.report.line, line);
        assert_int_equal(bench.report.damaged, 1);
        assert_int_equal(bench.report.missing, 0);
        assert_true(is_without(line - 2));
        bench_kill_accounts(&bench);
        const struct faulty_bytes *aside =
            faulty_files_find(&bench.disk, "credentials.damaged");
        assert_int_equal(aside->len, len);
        assert_memory_equal(aside->at, changed + at, len);
    }
}

/* All devices are some that there were before change `lost`, or in the end. */
static bool has_no_older_device(size_t lost)
{
    size_t count = 0;
    for (size_t i = 0; i < BENCH_NAMES * BENCH_DEVICES; i++) {
        const size_t who = i / BENCH_DEVICES;
        const size_t which = i % BENCH_DEVICES;
        const uint32_t tags[] = {
            bench.after[changes].accounts[who].devices[which].tag,
            bench.after[lost].accounts[who].devices[which].tag};
        uint8_t id[SOTTO_DEVICE_ID_LEN];
        for (size_t k = 0; k < 2; k++) {
            bench_id(tags[k], id);
            count += tags[k] != 0 && (k == 0 || tags[1] != tags[0]) &&
                     sotto_accounts_device(bench.accounts, id) != NULL;
        }
    }
    return count == sotto_accounts_device_count(bench.accounts);
}

/* What else was revoked stays so, and what was not hit is as it was. */
static void test_accounts_repair_brings_back_no_older_device(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    for (size_t line = 2; line <= line_count(); line++) {
        memcpy(changed, whole, whole_len);
        changed[line_at(line) + 30] ^= 1;
        put(changed, whole_len);
        faulty_files_put(&bench.disk, "credentials.damaged", "", 0);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        repair();
        assert_true(has_no_older_device(line - 2));
        bench_kill_accounts(&bench);
    }
}

/* A byte that becomes a line feed makes two damaged lines of one: what follows
 * must not be taken for old. */
static void test_accounts_repair_keeps_what_follows_a_split_line(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    for (size_t line = 2; line <= line_count(); line++) {
        memcpy(changed, whole, whole_len);
        changed[line_at(line) + 20] = '\n';
        changed[line_at(line) + 40] = '\n';
        put(changed, whole_len);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        repair();
        assert_int_equal(bench.report.damaged, 3);
        assert_int_equal(bench.report.missing, 0);
        assert_true(is_without(line - 2));
        bench_kill_accounts(&bench);
    }
}

static void test_accounts_repair_counts_missing_lines(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    const size_t from = line_at(4);
    const size_t to = line_at(7);
    memcpy(changed, whole, from);
    memcpy(changed + from, whole + to, whole_len - to);
    put(changed, whole_len - (to - from));
    assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
    assert_int_equal(bench.report.line, 4);
    assert_int_equal(bench.report.damaged, 0);
    assert_int_equal(bench.report.missing, 3);
    repair();
    assert_int_equal(bench.report.missing, 3);
    assert_null(faulty_files_find(&bench.disk, "credentials.damaged"));
    bench_kill_accounts(&bench);
}

/* An old line that somebody or something put at the end again. */
static void test_accounts_refuse_a_line_that_comes_again(void **state)
{
    (void)state;
    static uint8_t changed[2 * FILE_MAX];
    for (size_t line = 1; line <= line_count(); line++) {
        const size_t at = line_at(line);
        const size_t len = line_at(line + 1) - at;
        memcpy(changed, whole, whole_len);
        memcpy(changed + whole_len, whole + at, len);
        put(changed, whole_len + len);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        assert_int_equal(bench.report.line, line_count() + 1);
        assert_int_equal(bench.report.damaged, 1);
        repair();
        assert_true(bench_is_after(&bench, changes));
        bench_kill_accounts(&bench);
    }
}

static void test_accounts_repair_a_lost_first_line(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    struct sotto_verifier before;
    struct sotto_verifier after;
    put(whole, whole_len);
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    sotto_accounts_fake(bench.accounts, "x", 1, 4096, &before);
    bench_kill_accounts(&bench);
    for (int cut = 0; cut < 2; cut++) {
        const size_t from = cut == 1 ? line_at(2) : 0;
        memcpy(changed, whole, whole_len);
        changed[9] ^= 1;
        put(changed + from, whole_len - from);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        assert_int_equal(bench.report.line, 1);
        assert_int_equal(bench.report.missing, cut);
        assert_int_equal(bench.report.damaged, 1 - cut);
        repair();
        assert_true(bench_is_after(&bench, changes));
        sotto_accounts_fake(bench.accounts, "x", 1, 4096, &after);
        assert_memory_not_equal(before.salt, after.salt, 16);
        bench_kill_accounts(&bench);
    }
}

/* Numbers after a compaction are high: a lost first line is one line. */
static void test_accounts_count_one_for_a_lost_compacted_head(void **state)
{
    (void)state;
    put(whole + line_at(2), whole_len - line_at(2));
    assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
    assert_int_equal(bench.report.missing, 1);
    repair();
    assert_true(bench_is_after(&bench, changes));
    bench_kill_accounts(&bench);
}

static void test_accounts_repair_after_every_changed_byte(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    for (size_t at = 0; at < whole_len; at += 3) {
        memcpy(changed, whole, whole_len);
        changed[at] ^= (uint8_t)(1U << at % 8);
        put(changed, whole_len);
        faulty_files_put(&bench.disk, "credentials.damaged", "", 0);
        if (bench_open_accounts(&bench) == SOTTO_OK) {
            bench_kill_accounts(&bench);
            continue;
        }
        repair();
        size_t line = 1;
        while (line_at(line + 1) <= at) {
            line++;
        }
        /* A damaged line feed takes the line after it along. */
        const bool is_feed = whole[at] == '\n';
        assert_true(is_feed || line == 1 || is_without(line - 2));
        assert_true(line > 1 || bench_is_after(&bench, changes) || is_feed);
        bench_changes(&bench, 2, 1);
        bench.changes -= 2;
        bench_kill_accounts(&bench);
    }
}

static void test_accounts_take_garbage_for_damage(void **state)
{
    (void)state;
    static uint8_t garbage[FILE_MAX];
    for (size_t len = 1; len < 1600; len += 53) {
        for (size_t i = 0; i < len; i++) {
            garbage[i] = (uint8_t)(i * 197 + len);
        }
        put(garbage, len);
        assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
        repair();
        assert_int_equal(sotto_accounts_count(bench.accounts), 0);
        bench_kill_accounts(&bench);
    }
    memset(garbage, 'x', sizeof garbage); /* one long line */
    put(garbage, sizeof garbage);
    assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FORMAT);
    assert_string_equal(bench.report.reason, "the line is too long");
    repair();
    bench_kill_accounts(&bench);
}

static void test_accounts_repair_of_a_whole_file_changes_nothing(void **state)
{
    (void)state;
    put(whole, whole_len);
    repair();
    assert_null(bench.report.reason);
    assert_int_equal(bench.report.damaged, 0);
    assert_true(bench_is_after(&bench, changes));
    bench_kill_accounts(&bench);
    faulty_files_free(&bench.disk);
    assert_int_equal(bench_repair_accounts(&bench), SOTTO_ERR_NOT_FOUND);
}

/* The old file stays until the new one is in its place. */
static void test_accounts_repair_survives_every_fault_and_cut(void **state)
{
    (void)state;
    static uint8_t changed[FILE_MAX];
    memcpy(changed, whole, whole_len);
    changed[line_at(5) + 25] ^= 4;
    for (unsigned at = 1; at < 60; at++) {
        for (int kind = 0; kind < 4; kind++) {
            faulty_files_free(&bench.disk);
            put(changed, whole_len);
            bench.disk.fail_at = kind < 2 ? at : 0;
            bench.disk.fail_err = kind == 0 ? SOTTO_ERR_IO : SOTTO_ERR_FULL;
            bench.disk.cut_at = kind >= 2 ? at : 0;
            (void)!bench_repair_accounts(&bench);
            faulty_files_power_on(&bench.disk,
                                  &(struct faulty_cut){.keep = 100,
                                                       .new_names = kind == 3});
            if (bench_open_accounts(&bench) == SOTTO_OK) {
                bench_kill_accounts(&bench);
            } else {
                const struct faulty_bytes *file =
                    faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
                assert_int_equal(file->len, whole_len);
                assert_memory_equal(file->at, changed, whole_len);
                repair();
                bench_kill_accounts(&bench);
            }
            assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
            assert_true(is_without(3));
            bench_kill_accounts(&bench);
        }
    }
}

int test_accounts_damage(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define TEST_COMPACTED(name)                                                   \
    cmocka_unit_test_setup_teardown(name, begin_compacted, end)
#define TEST_DEVICES(name)                                                     \
    cmocka_unit_test_setup_teardown(name, begin_with_devices, end)
    const struct CMUnitTest tests[] = {
        TEST(test_accounts_refuse_every_changed_byte),
        TEST_DEVICES(test_accounts_refuse_every_changed_byte_about_devices),
        TEST_COMPACTED(test_accounts_refuse_every_changed_byte_when_compacted),
        TEST_DEVICES(test_accounts_refuse_lines_that_are_not_in_order),
        TEST(test_accounts_refuse_every_cut_but_of_the_tail),
        TEST_COMPACTED(test_accounts_refuse_every_cut_into_a_compacted_file),
        TEST(test_accounts_repair_loses_only_the_damaged_line),
        TEST_DEVICES(test_accounts_repair_brings_back_no_older_device),
        TEST(test_accounts_repair_keeps_what_follows_a_split_line),
        TEST(test_accounts_repair_counts_missing_lines),
        TEST(test_accounts_refuse_a_line_that_comes_again),
        TEST(test_accounts_repair_a_lost_first_line),
        TEST_COMPACTED(test_accounts_count_one_for_a_lost_compacted_head),
        TEST(test_accounts_repair_after_every_changed_byte),
        TEST(test_accounts_take_garbage_for_damage),
        TEST(test_accounts_repair_of_a_whole_file_changes_nothing),
        TEST(test_accounts_repair_survives_every_fault_and_cut),
    };
#undef TEST_DEVICES
#undef TEST_COMPACTED
#undef TEST
    return cmocka_run_group_tests_name("accounts_damage", tests, NULL, NULL);
}
