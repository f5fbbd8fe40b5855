/*
 * test_accounts.c - accounts in ordinary life, with disks that are slow or
 * full or fail, and through every power cut. Damage: test_accounts_damage.c.
 */
#include "core/base/crc.h"
#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static struct accounts_bench bench;

static int begin(void **state)
{
    (void)state;
    bench_begin_accounts(&bench);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_end_accounts(&bench);
    return 0;
}

static void open_accounts(void)
{
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    assert_null(bench.report.reason);
    bench_pump_accounts(&bench);
}

static size_t file_lines(void)
{
    const struct faulty_bytes *file =
        faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
    size_t lines = 0;
    for (size_t i = 0; file != NULL && i < file->len; i++) {
        lines += file->at[i] == '\n';
    }
    return lines;
}

/* ---- ordinary life ---- */

static void test_accounts_start_empty_with_a_first_line(void **state)
{
    (void)state;
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    assert_int_equal(sotto_accounts_count(bench.accounts), 0);
    assert_false(sotto_accounts_is_idle(bench.accounts));
    assert_null(faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE));
    bench_pump_accounts(&bench);
    assert_true(sotto_accounts_is_idle(bench.accounts));
    assert_int_equal(file_lines(), 1);
    assert_null(faulty_files_find(&bench.disk, "credentials.new"));
    bench_kill_accounts(&bench);
}

static void test_accounts_add_find_and_keep(void **state)
{
    (void)state;
    const struct sotto_verifier v = bench_verifier(9);
    uint64_t ticket = 0;
    open_accounts();
    assert_null(sotto_accounts_find(bench.accounts, "alice", 5));
    assert_int_equal(sotto_accounts_add(bench.accounts, "alice", 5, &v, 77,
                                        &ticket),
                     SOTTO_OK);
    const struct sotto_account *alice =
        sotto_accounts_find(bench.accounts, "alice", 5);
    assert_non_null(alice);
    assert_int_equal(alice->created_s, 77);
    assert_false(alice->disabled);
    assert_ptr_equal(sotto_accounts_at(bench.accounts, 0), alice);
    assert_true(sotto_accounts_durable(bench.accounts, NULL) < ticket);
    bench_pump_accounts(&bench);
    assert_true(sotto_accounts_durable(bench.accounts, NULL) >= ticket);
    assert_null(sotto_accounts_find(bench.accounts, "alic", 4));
    assert_null(sotto_accounts_find(bench.accounts, "alicex", 6));
    bench_kill_accounts(&bench);
    open_accounts();
    alice = sotto_accounts_find(bench.accounts, "alice", 5);
    assert_non_null(alice);
    assert_int_equal(alice->created_s, 77);
    assert_memory_equal(alice->verifier.stored_key, v.stored_key, 32);
    bench_kill_accounts(&bench);
}

static void test_accounts_refuse_what_does_not_fit(void **state)
{
    (void)state;
    const struct sotto_verifier v = bench_verifier(1);
    uint64_t ticket = 0;
    static const char *const five[] = {"a", "b", "c", "d", "e"};
    open_accounts();
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(sotto_accounts_add(bench.accounts, five[i], 1, &v, 0,
                                            &ticket),
                         SOTTO_OK);
    }
    assert_int_equal(sotto_accounts_add(bench.accounts, "a", 1, &v, 0, &ticket),
                     SOTTO_ERR_EXISTS);
    assert_int_equal(sotto_accounts_add(bench.accounts, "f", 1, &v, 0, &ticket),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_accounts_set_verifier(bench.accounts, "f", 1, &v,
                                                 &ticket),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_set_disabled(bench.accounts, "f", 1, true,
                                                 &ticket),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_remove(bench.accounts, "f", 1, &ticket),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_remove(bench.accounts, "c", 1, &ticket),
                     SOTTO_OK);
    assert_int_equal(sotto_accounts_add(bench.accounts, "f", 1, &v, 0, &ticket),
                     SOTTO_OK);
    bench_kill_accounts(&bench);
}

static void test_accounts_agree_with_naive_table(void **state)
{
    (void)state;
    open_accounts();
    for (size_t i = 0; i < 300; i++) {
        bench_changes(&bench, 1, 3);
        assert_true(bench_is_after(&bench, bench.changes));
        if (i % 10 == 9) {
            bench_pump_accounts(&bench);
            assert_int_equal(bench_acknowledged(&bench), bench.changes);
        }
        if (i % 50 == 49) {
            bench_kill_accounts(&bench);
            open_accounts();
            assert_true(bench_is_after(&bench, bench.changes));
            for (size_t n = 0; n < bench.changes; n++) {
                bench.tickets[n] = 0; /* of another opening */
            }
        }
    }
    bench_kill_accounts(&bench);
}

/* With many names, so that searches of the index collide. */
static void test_accounts_find_every_name_after_every_removal(void **state)
{
    (void)state;
    enum {
        COUNT = 64
    };
    static uint64_t memory[64 * 1024 / 8];
    const struct sotto_verifier v = bench_verifier(3);
    char name[4] = "n00";
    uint64_t ticket = 0;
    struct sotto_accounts *a = NULL;
    const struct sotto_accounts_capacity room = {COUNT, 0};
    assert_true(sotto_accounts_size(room) <= sizeof memory);
    assert_int_equal(sotto_accounts_open(&a, memory, room,
                                         faulty_files_table(&bench.disk),
                                         &bench.random, &bench.report),
                     SOTTO_OK);
    bench.accounts = a;
    bench_pump_accounts(&bench);
#define NAME(i)                                                                \
    (name[1] = (char)('0' + (i) / 10), name[2] = (char)('0' + (i) % 10), name)
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(sotto_accounts_add(a, NAME(i), 3, &v, 0, &ticket),
                         SOTTO_OK);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(sotto_accounts_remove(a, NAME(i * 37 % COUNT), 3,
                                               &ticket),
                         SOTTO_OK);
        for (int k = 0; k < COUNT; k++) {
            assert_int_equal(sotto_accounts_find(a, NAME(k * 37 % COUNT), 3) !=
                                 NULL,
                             k > i);
        }
    }
#undef NAME
    assert_int_equal(sotto_accounts_count(a), 0);
    bench_kill_accounts(&bench);
}

static void test_accounts_refuse_to_open_with_less_room(void **state)
{
    (void)state;
    static uint64_t memory[16 * 1024 / 8];
    struct sotto_accounts *accounts = NULL;
    const struct sotto_accounts_capacity room = {1, 2};
    open_accounts();
    bench_changes(&bench, 3, 1);
    bench_kill_accounts(&bench);
    assert_int_equal(sotto_accounts_open(&accounts, memory, room,
                                         faulty_files_table(&bench.disk),
                                         &bench.random, &bench.report),
                     SOTTO_ERR_LIMIT);
    open_accounts();
    assert_true(bench_is_after(&bench, 3));
    bench_kill_accounts(&bench);
}

static void test_accounts_fake_is_stable_and_differs_by_name(void **state)
{
    (void)state;
    struct sotto_verifier one;
    struct sotto_verifier two;
    open_accounts();
    sotto_accounts_fake(bench.accounts, "nobody", 6, 600000, &one);
    sotto_accounts_fake(bench.accounts, "nobodz", 6, 600000, &two);
    assert_memory_not_equal(one.salt, two.salt, 16);
    assert_memory_not_equal(one.stored_key, two.stored_key, 32);
    assert_memory_not_equal(one.stored_key, one.server_key, 32);
    assert_int_equal(one.salt_len, SOTTO_SCRAM_SALT_MIN);
    assert_int_equal(one.iterations, 600000);
    bench_changes(&bench, 100, 1); /* a compaction too */
    bench_kill_accounts(&bench);
    open_accounts();
    sotto_accounts_fake(bench.accounts, "nobody", 6, 600000, &two);
    assert_memory_equal(&one, &two, sizeof one);
    bench_kill_accounts(&bench);
}

/* Or anybody could tell them from true ones. */
static void test_accounts_fake_differs_by_server(void **state)
{
    (void)state;
    struct sotto_verifier of[2];
    for (size_t i = 0; i < 2; i++) {
        bench_end_accounts(&bench);
        bench_begin_accounts(&bench);
        bench.next_random = (uint8_t)(100 * i);
        open_accounts();
        sotto_accounts_fake(bench.accounts, "nobody", 6, 600000, &of[i]);
        bench_kill_accounts(&bench);
    }
    assert_memory_not_equal(of[0].salt, of[1].salt, SOTTO_SCRAM_SALT_MIN);
    assert_memory_not_equal(of[0].stored_key, of[1].stored_key,
                            SOTTO_SCRAM_KEY_LEN);
}

/* ---- compaction ---- */

static void test_accounts_compact_a_long_file(void **state)
{
    (void)state;
    size_t most = 0;
    open_accounts();
    for (size_t i = 0; i < 400; i++) {
        bench_changes(&bench, 1, 1);
        most = file_lines() > most ? file_lines() : most;
        assert_true(bench_is_after(&bench, bench.changes));
        assert_int_equal(bench_acknowledged(&bench), bench.changes);
    }
    assert_true(most >= 64 &&
                most <= 1 + BENCH_NAMES * (1 + BENCH_DEVICES) + 64 + 1);
    bench_kill_accounts(&bench);
    open_accounts();
    assert_true(bench_is_after(&bench, bench.changes));
    bench_kill_accounts(&bench);
}

/* Up to the moment when the new file waits to be put in place. */
static void run_to_compaction(void)
{
    open_accounts();
    while (bench.disk.pending_count == 0 ||
           !bench.disk.pending[bench.disk.pending_count - 1].is_replace) {
        if (sotto_accounts_is_idle(bench.accounts)) {
            assert_int_equal(bench_change(&bench), SOTTO_OK);
        } else {
            (void)faulty_files_complete(&bench.disk);
        }
        (void)sotto_accounts_run(bench.accounts);
    }
}

static void test_accounts_change_while_being_compacted(void **state)
{
    (void)state;
    run_to_compaction();
    const size_t before = bench.changes;
    assert_int_equal(bench_acknowledged(&bench), before);
    size_t more = 0;
    while (bench_change(&bench) == SOTTO_OK) {
        more++;
        assert_true(more < 100);
        assert_true(bench_is_after(&bench, bench.changes));
    }
    assert_int_equal(bench_change(&bench), SOTTO_ERR_AGAIN);
    assert_true(more >= 4);
    assert_true(bench_is_after(&bench, bench.changes));
    (void)sotto_accounts_run(bench.accounts);
    assert_int_equal(bench_acknowledged(&bench), before);
    assert_true(faulty_files_complete(&bench.disk));
    /* One turn puts the new file to use and starts the sync of what waited. */
    assert_true(sotto_accounts_run(bench.accounts));
    assert_int_equal(bench_acknowledged(&bench), before);
    assert_true(faulty_files_complete(&bench.disk));
    assert_true(sotto_accounts_run(bench.accounts));
    assert_int_equal(bench_acknowledged(&bench), bench.changes);
    bench_changes(&bench, 5, 1);
    bench_kill_accounts(&bench);
    open_accounts();
    assert_true(bench_is_after(&bench, bench.changes));
    bench_kill_accounts(&bench);
}

static void test_accounts_keep_the_old_file_when_compaction_fails(void **state)
{
    (void)state;
    run_to_compaction();
    assert_int_equal(bench_change(&bench), SOTTO_OK);
    bench.disk.fail_at = bench.disk.calls + 1;
    bench.disk.fail_err = SOTTO_ERR_FULL;
    assert_true(faulty_files_complete(&bench.disk));
    bench_pump_accounts(&bench);
    assert_int_equal(bench_acknowledged(&bench), bench.changes);
    assert_true(file_lines() > 60);
    bench_changes(&bench, 100, 1); /* and once more, with success */
    assert_true(file_lines() < 80);
    bench_kill_accounts(&bench);
    open_accounts();
    assert_true(bench_is_after(&bench, bench.changes));
    bench_kill_accounts(&bench);
}

static void test_accounts_write_what_waited_when_there_is_room(void **state)
{
    (void)state;
    run_to_compaction();
    const size_t before = bench.changes;
    assert_int_equal(bench_change(&bench), SOTTO_OK);
    assert_int_equal(bench_change(&bench), SOTTO_OK);
    assert_true(faulty_files_complete(&bench.disk));
    bench.disk.capacity = 1; /* not even one line more */
    bench_pump_accounts(&bench);
    assert_int_equal(bench_acknowledged(&bench), before);
    assert_false(sotto_accounts_is_idle(bench.accounts));
    assert_int_equal(bench_change(&bench), SOTTO_ERR_FULL);
    assert_true(bench_is_after(&bench, before + 2));
    bench.disk.capacity = 0;
    assert_int_equal(bench_change(&bench), SOTTO_OK);
    bench_pump_accounts(&bench);
    assert_int_equal(bench_acknowledged(&bench), before + 3);
    bench_kill_accounts(&bench);
    open_accounts();
    assert_true(bench_is_after(&bench, before + 3));
    bench_kill_accounts(&bench);
}

/* ---- faults ---- */

static void test_accounts_change_nothing_when_the_disk_is_full(void **state)
{
    (void)state;
    open_accounts();
    bench_changes(&bench, 6, 1);
    bench.disk.capacity = 1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench_change(&bench), SOTTO_ERR_FULL);
        bench_pump_accounts(&bench);
        assert_true(bench_is_after(&bench, 6));
    }
    bench.disk.capacity = 0;
    bench_changes(&bench, 6, 1);
    assert_int_equal(bench_acknowledged(&bench), 12);
    bench_kill_accounts(&bench);
}

static void test_accounts_acknowledge_nothing_after_a_failed_sync(void **state)
{
    (void)state;
    enum sotto_err failed = SOTTO_OK;
    open_accounts();
    bench_changes(&bench, 2, 1);
    assert_int_equal(bench_change(&bench), SOTTO_OK);
    (void)sotto_accounts_run(bench.accounts);
    bench.disk.fail_at = bench.disk.calls + 1;
    assert_true(faulty_files_complete(&bench.disk));
    assert_true(sotto_accounts_run(bench.accounts));
    (void)sotto_accounts_durable(bench.accounts, &failed);
    assert_int_equal(failed, SOTTO_ERR_IO);
    assert_int_equal(bench_acknowledged(&bench), 2);
    assert_int_equal(bench_change(&bench), SOTTO_ERR_IO);
    assert_true(sotto_accounts_is_idle(bench.accounts));
    bench_kill_accounts(&bench);
}

static enum sotto_err no_bytes(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return SOTTO_ERR_RANDOM;
}

static void test_accounts_need_room_and_random_bytes_to_start(void **state)
{
    (void)state;
    const struct sotto_random random = bench.random;
    bench.random.fill = no_bytes;
    assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_RANDOM);
    bench.random = random;
    bench.disk.capacity = 10;
    assert_int_equal(bench_open_accounts(&bench), SOTTO_ERR_FULL);
    assert_null(faulty_files_find(&bench.disk, "credentials.new"));
    bench.disk.capacity = 0;
    open_accounts();
    bench_kill_accounts(&bench);
}

/* Lives through first start, changes and a compaction, until something is
 * refused or the power goes. */
static void live(size_t changes)
{
    if (bench_open_accounts(&bench) != SOTTO_OK) {
        return;
    }
    for (size_t i = 0; i < changes; i++) {
        if (bench_change(&bench) != SOTTO_OK) {
            break;
        }
        if (i % 3 != 0) { /* sometimes two wait for one sync */
            (void)sotto_accounts_run(bench.accounts);
            (void)faulty_files_complete_one(&bench.disk);
            (void)sotto_accounts_run(bench.accounts);
        }
    }
}

static void test_accounts_survive_every_call_failing_in_turn(void **state)
{
    (void)state;
    for (unsigned fail_at = 1; fail_at < 400; fail_at++) {
        bench_begin_accounts(&bench);
        bench.disk.fail_at = fail_at;
        live(110);
        const size_t acknowledged =
            bench.accounts == NULL ? 0 : bench_acknowledged(&bench);
        faulty_files_power_on(&bench.disk, &(struct faulty_cut){0});
        open_accounts();
        bool is_some = false;
        for (size_t n = acknowledged; n <= bench.changes; n++) {
            is_some |= bench_is_after(&bench, n);
        }
        assert_true(is_some);
        bench_kill_accounts(&bench);
        bench_end_accounts(&bench);
    }
}

/* ---- power cuts ---- */

/* After a cut: all that was acknowledged, and of the rest a beginning; and life
 * goes on from there. */
static void check_after_cut(struct accounts_bench *cut, size_t acknowledged)
{
    assert_int_equal(bench_open_accounts(cut), SOTTO_OK);
    assert_null(cut->report.reason);
    size_t n = acknowledged;
    while (n < cut->changes && !bench_is_after(cut, n)) {
        n++;
    }
    assert_true(bench_is_after(cut, n));
    cut->changes = n;
    bench_pump_accounts(cut);
    bench_changes(cut, 1, 1);
    assert_true(sotto_accounts_is_idle(cut->accounts));
    bench_kill_accounts(cut);
    assert_int_equal(bench_open_accounts(cut), SOTTO_OK);
    assert_true(bench_is_after(cut, n + 1));
    bench_kill_accounts(cut);
}

/* Cuts the power before every change of the disk from `first` on; from there
 * every `step`th byte of what was not synced is kept. */
static void cut_everywhere(const struct faulty_files *start, size_t changes,
                           size_t step)
{
    static struct accounts_bench cut;
    bool is_off = true;
    for (unsigned cut_at = 1; is_off; cut_at++) {
        bench_begin_accounts(&bench);
        faulty_files_copy(&bench.disk, start);
        bench.disk.cut_at = cut_at;
        live(changes);
        is_off = bench.disk.is_off;
        const size_t acknowledged =
            bench.accounts == NULL ? 0 : bench_acknowledged(&bench);
        const size_t unsynced = faulty_files_unsynced(&bench.disk);
        for (size_t keep = 0; keep <= unsynced + step - 1; keep += step) {
            for (int names = 0; names < 2; names++) {
                cut = bench;
                faulty_files_init(&cut.disk);
                faulty_files_copy(&cut.disk, &bench.disk);
                faulty_files_power_on(&cut.disk,
                                      &(struct faulty_cut){.keep = keep,
                                                           .new_names =
                                                               names == 1});
                check_after_cut(&cut, acknowledged);
                bench_end_accounts(&cut);
            }
        }
        bench_end_accounts(&bench);
    }
}

static void test_accounts_survive_power_cut_at_every_operation(void **state)
{
    (void)state;
    static struct faulty_files nothing;
    faulty_files_init(&nothing);
    cut_everywhere(&nothing, 14, 1);
    cut_everywhere(&nothing, 100, 173); /* with a compaction */
}

/* As auth/ACCOUNTS.md says: a number, and a checksum of what is before it. */
static void test_accounts_file_is_as_documented(void **state)
{
    (void)state;
    open_accounts();
    bench_changes(&bench, 10, 1);
    const struct faulty_bytes *file =
        faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
    size_t at = 0;
    for (int line = 1; at < file->len; line++) {
        const char *text = (const char *)file->at + at;
        const char *line_end = memchr(text, '\n', file->len - at);
        assert_non_null(line_end);
        const size_t len = (size_t)(line_end - text);
        assert_true(len > 18 && len < 512);
        uint8_t crc[4];
        assert_memory_equal(text, "{\"seq\":", 7);
        assert_int_equal(text[7] - '0', line > 9 ? 1 : line);
        assert_memory_equal(text + len - 18, ",\"crc\":\"", 8);
        assert_int_equal(sotto_hex_decode(text + len - 10, 8, crc, 4),
                         SOTTO_OK);
        const uint32_t value = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 |
                               (uint32_t)crc[2] << 8 | crc[3];
        assert_int_equal(value, sotto_crc32c(0, text, len - 18));
        at += len + 1;
    }
    bench_kill_accounts(&bench);
}

int test_accounts(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_accounts_start_empty_with_a_first_line),
        TEST(test_accounts_add_find_and_keep),
        TEST(test_accounts_refuse_what_does_not_fit),
        TEST(test_accounts_agree_with_naive_table),
        TEST(test_accounts_find_every_name_after_every_removal),
        TEST(test_accounts_refuse_to_open_with_less_room),
        TEST(test_accounts_fake_is_stable_and_differs_by_name),
        TEST(test_accounts_fake_differs_by_server),
        TEST(test_accounts_compact_a_long_file),
        TEST(test_accounts_change_while_being_compacted),
        TEST(test_accounts_keep_the_old_file_when_compaction_fails),
        TEST(test_accounts_write_what_waited_when_there_is_room),
        TEST(test_accounts_change_nothing_when_the_disk_is_full),
        TEST(test_accounts_acknowledge_nothing_after_a_failed_sync),
        TEST(test_accounts_need_room_and_random_bytes_to_start),
        TEST(test_accounts_survive_every_call_failing_in_turn),
        TEST(test_accounts_survive_power_cut_at_every_operation),
        TEST(test_accounts_file_is_as_documented),
    };
#undef TEST
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
