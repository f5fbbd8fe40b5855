/*
 * test_accounts_devices.c - devices in the credential file: which may come in,
 * and by what. Power cuts and damage: test_accounts.c, test_accounts_damage.c,
 * whose changes are of devices, too.
 */
#include "core/crypto/hash.h"
#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static struct accounts_bench bench;
static uint64_t ticket;

static void open_accounts(void)
{
    assert_int_equal(bench_open_accounts(&bench), SOTTO_OK);
    assert_null(bench.report.reason);
    bench_pump_accounts(&bench);
}

static void reopen(void)
{
    bench_pump_accounts(&bench);
    bench_kill_accounts(&bench);
    open_accounts();
}

/* With the accounts a and b. */
static int begin(void **state)
{
    const struct sotto_verifier v = bench_verifier(1);
    (void)state;
    bench_begin_accounts(&bench);
    open_accounts();
    return sotto_accounts_add(bench.accounts, "a", 1, &v, 0, &ticket) !=
               SOTTO_OK ||
           sotto_accounts_add(bench.accounts, "b", 1, &v, 0, &ticket) !=
               SOTTO_OK;
}

static int end(void **state)
{
    (void)state;
    bench_kill_accounts(&bench);
    bench_end_accounts(&bench);
    return 0;
}

static struct sotto_account_device device(const char *account, const char *name,
                                          uint32_t tag, bool is_expected)
{
    struct sotto_account_device made = {.is_expected = is_expected};
    memcpy(made.account, account, strlen(account) + 1);
    memcpy(made.name, name, strlen(name) + 1);
    bench_id(tag, made.id);
    return made;
}

static enum sotto_err add(const char *account, const char *name, uint32_t tag,
                          bool is_expected)
{
    const struct sotto_account_device made =
        device(account, name, tag, is_expected);
    return sotto_accounts_add_device(bench.accounts, &made, &ticket);
}

static const struct sotto_account_device *find(uint32_t tag)
{
    uint8_t id[SOTTO_DEVICE_ID_LEN];
    bench_id(tag, id);
    return sotto_accounts_device(bench.accounts, id);
}

static enum sotto_err enrol(uint32_t code, uint32_t key, uint64_t now_s)
{
    uint8_t hash[SOTTO_DEVICE_ID_LEN];
    uint8_t id[SOTTO_DEVICE_ID_LEN];
    const struct sotto_account_device *got = NULL;
    bench_id(code, hash);
    bench_id(key, id);
    enum sotto_err err =
        sotto_accounts_enrol(bench.accounts, hash, id, now_s, &got, &ticket);
    assert_true((err == SOTTO_OK) == (got != NULL));
    assert_true(err != SOTTO_OK || memcmp(got->id, id, sizeof id) == 0);
    return err;
}

static enum sotto_err revoke(const char *account, const char *name)
{
    return sotto_accounts_revoke(bench.accounts, account, strlen(account), name,
                                 strlen(name), &ticket);
}

static void test_accounts_devices_are_kept(void **state)
{
    (void)state;
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_true(sotto_accounts_durable(bench.accounts, NULL) < ticket);
    reopen();
    const struct sotto_account_device *phone = find(1);
    assert_non_null(phone);
    assert_string_equal(phone->account, "a");
    assert_string_equal(phone->name, "phone");
    assert_false(phone->is_expected);
    assert_int_equal(sotto_accounts_device_count(bench.accounts), 1);
    assert_ptr_equal(sotto_accounts_device_at(bench.accounts, 0), phone);
    assert_null(find(2));
}

static void test_accounts_devices_refuse_what_does_not_fit(void **state)
{
    (void)state;
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_int_equal(add("a", "phone", 2, false), SOTTO_ERR_EXISTS);
    assert_int_equal(add("a", "phone", 2, true), SOTTO_ERR_EXISTS);
    assert_int_equal(add("b", "phone", 1, false), SOTTO_ERR_EXISTS);
    assert_int_equal(add("c", "phone", 2, false), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(add("b", "phone", 2, false), SOTTO_OK);
    for (uint32_t i = 2; i < BENCH_NAMES * BENCH_DEVICES; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        assert_int_equal(add("b", name, 10 + i, false), SOTTO_OK);
    }
    assert_int_equal(add("b", "more", 100, false), SOTTO_ERR_SPACE);
    assert_int_equal(revoke("a", "phone"), SOTTO_OK);
    assert_int_equal(add("b", "more", 100, false), SOTTO_OK);
}

/* One private key has several public keys on the wire. */
static void test_accounts_devices_have_keys_in_one_form(void **state)
{
    (void)state;
    struct sotto_account_device made = device("a", "phone", 1, false);
    memset(made.id, 0xff, sizeof made.id);
    made.id[31] = 0x7f;
    made.id[0] = 0xed; /* 2^255 - 19 */
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_ERR_FORMAT);
    made.id[0] = 0xec;
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_OK);
    made = device("a", "tablet", 1, false);
    made.id[31] |= 0x80;
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_ERR_FORMAT);
    made.is_expected = true; /* a hash may be anything */
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_OK);
}

static void test_accounts_devices_enrol_by_a_code_once(void **state)
{
    (void)state;
    assert_int_equal(add("a", "sensor", 1, true), SOTTO_OK);
    reopen();
    assert_true(find(1)->is_expected);
    assert_int_equal(enrol(2, 3, 0), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(enrol(1, 3, 0), SOTTO_OK);
    assert_int_equal(enrol(1, 4, 0), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(enrol(3, 4, 0),
                     SOTTO_ERR_NOT_FOUND); /* a key is no code */
    reopen();
    assert_null(find(1));
    assert_non_null(find(3));
    assert_false(find(3)->is_expected);
    assert_string_equal(find(3)->name, "sensor");
    assert_int_equal(enrol(1, 4, 0), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_device_count(bench.accounts), 1);
}

static void test_accounts_devices_codes_end_and_are_replaced(void **state)
{
    (void)state;
    struct sotto_account_device made = device("a", "sensor", 1, true);
    made.time_s = 1000;
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_OK);
    assert_int_equal(enrol(1, 3, 1001), SOTTO_ERR_NOT_FOUND);
    made = device("a", "sensor", 2, true);
    made.time_s = 2000;
    assert_int_equal(sotto_accounts_add_device(bench.accounts, &made, &ticket),
                     SOTTO_OK);
    assert_null(find(1));
    assert_int_equal(enrol(1, 3, 0), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(add("b", "phone", 9, false), SOTTO_OK);
    assert_int_equal(enrol(2, 9, 2000), SOTTO_ERR_EXISTS);
    assert_int_equal(enrol(2, 3, 2000), SOTTO_OK);
}

static void test_accounts_devices_go_with_their_account(void **state)
{
    (void)state;
    const struct sotto_verifier v = bench_verifier(1);
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_int_equal(add("b", "phone", 2, false), SOTTO_OK);
    assert_int_equal(add("a", "sensor", 3, true), SOTTO_OK);
    assert_int_equal(sotto_accounts_remove(bench.accounts, "a", 1, &ticket),
                     SOTTO_OK);
    assert_null(find(1));
    assert_null(find(3));
    assert_non_null(find(2));
    /* Whoever gets the name later does not get them. */
    assert_int_equal(sotto_accounts_add(bench.accounts, "a", 1, &v, 0, &ticket),
                     SOTTO_OK);
    reopen();
    assert_null(find(1));
    assert_null(find(3));
    assert_non_null(find(2));
}

static void test_accounts_devices_are_revoked(void **state)
{
    (void)state;
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_int_equal(add("a", "tablet", 2, false), SOTTO_OK);
    assert_int_equal(add("a", "sensor", 3, true), SOTTO_OK);
    assert_int_equal(add("b", "phone", 4, false), SOTTO_OK);
    assert_int_equal(revoke("a", "sofa"), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(revoke("a", "phone"), SOTTO_OK);
    reopen();
    assert_null(find(1));
    assert_non_null(find(2));
    assert_int_equal(revoke("a", ""), SOTTO_OK);
    assert_int_equal(revoke("a", ""), SOTTO_ERR_NOT_FOUND);
    reopen();
    assert_null(find(2));
    assert_null(find(3));
    assert_non_null(find(4));
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK); /* not for ever */
}

/* The first letters of their names, in their order. */
static void expect_list(const char *account, const char *letters)
{
    const struct sotto_account_device *device = NULL;
    for (size_t i = 0; i <= strlen(letters); i++) {
        device = sotto_accounts_next_device(bench.accounts, account,
                                            strlen(account), device);
        assert_int_equal(device != NULL ? device->name[0] : 0, letters[i]);
        assert_true(device == NULL || strcmp(device->account, account) == 0);
    }
}

static void expect_lists(const char *of_a, const char *of_b)
{
    expect_list("a", of_a);
    expect_list("b", of_b);
    reopen();
    expect_list("a", of_a);
    expect_list("b", of_b);
    expect_list("c", "");
}

static void test_accounts_devices_are_listed_by_account(void **state)
{
    const struct sotto_verifier v = bench_verifier(2);
    (void)state;
    expect_lists("", "");
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_int_equal(add("b", "radio", 2, true), SOTTO_OK);
    assert_int_equal(add("a", "tablet", 3, true), SOTTO_OK);
    assert_int_equal(add("b", "sofa", 4, false), SOTTO_OK);
    assert_int_equal(add("a", "watch", 5, false), SOTTO_OK);
    expect_lists("ptw", "rs");
    assert_int_equal(sotto_accounts_set_verifier(bench.accounts, "a", 1, &v,
                                                 &ticket),
                     SOTTO_OK);
    assert_int_equal(enrol(3, 6, 0), SOTTO_OK);
    expect_lists("pwt", "rs");
    assert_int_equal(revoke("b", "radio"), SOTTO_OK);
    assert_int_equal(revoke("a", "watch"), SOTTO_OK);
    expect_lists("pt", "s");
    assert_int_equal(add("b", "key", 7, true), SOTTO_OK);
    assert_int_equal(revoke("a", ""), SOTTO_OK);
    expect_lists("", "sk");
    assert_int_equal(sotto_accounts_remove(bench.accounts, "a", 1, &ticket),
                     SOTTO_OK);
    expect_lists("", "sk");
}

static uint64_t file_len(void)
{
    return faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE)->len;
}

static void test_accounts_devices_are_seen(void **state)
{
    (void)state;
    const uint8_t ip[16] = {1, 2, 3};
    const uint64_t hour = SOTTO_DEVICE_SEEN_S;
    uint8_t id[SOTTO_DEVICE_ID_LEN];
    bench_id(1, id);
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    sotto_accounts_seen(bench.accounts, id, SOTTO_TIME_UNKNOWN, ip);
    assert_int_equal(find(1)->time_s, SOTTO_TIME_UNKNOWN);
    sotto_accounts_seen(bench.accounts, id, 5 * hour, ip);
    const uint64_t len = file_len();
    sotto_accounts_seen(bench.accounts, id, 5 * hour + 1, ip);
    assert_int_equal(find(1)->time_s, 5 * hour + 1);
    assert_int_equal(file_len(), len);
    reopen();
    assert_int_equal(find(1)->time_s, 5 * hour);
    assert_memory_equal(find(1)->ip, ip, sizeof ip);
    sotto_accounts_seen(bench.accounts, id, 6 * hour, ip);
    assert_true(file_len() > len);
    bench_id(7, id);
    sotto_accounts_seen(bench.accounts, id, 7 * hour, ip); /* nobody */
}

static void test_accounts_devices_enrol_keys_in_one_form(void **state)
{
    (void)state;
    uint8_t code[SOTTO_DEVICE_ID_LEN];
    uint8_t key[SOTTO_DEVICE_ID_LEN];
    const struct sotto_account_device *enrolled = NULL;
    assert_int_equal(add("a", "phone", 1, true), SOTTO_OK);
    bench_id(1, code);
    memset(key, 0xff, sizeof key);
    assert_int_equal(sotto_accounts_enrol(bench.accounts, code, key, 0,
                                          &enrolled, &ticket),
                     SOTTO_ERR_FORMAT);
    assert_true(sotto_accounts_device(bench.accounts, code)->is_expected);
}

static void test_accounts_devices_have_names_of_some_length(void **state)
{
    (void)state;
    static const char name[SOTTO_NAME_MAX + 2] =
        "n23456789012345678901234567890123";
    assert_int_equal(add("a", "phone", 1, false), SOTTO_OK);
    assert_int_equal(sotto_accounts_revoke(bench.accounts, name,
                                           SOTTO_NAME_MAX + 1, "phone", 5,
                                           &ticket),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_revoke(bench.accounts, "a", 1, name,
                                           SOTTO_NAME_MAX + 1, &ticket),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_accounts_device_count(bench.accounts), 1);
}

int test_accounts_devices(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accounts_devices_are_kept, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_refuse_what_does_not_fit, begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_have_keys_in_one_form, begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_enrol_by_a_code_once, begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_codes_end_and_are_replaced, begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_go_with_their_account, begin, end),
        cmocka_unit_test_setup_teardown(test_accounts_devices_are_revoked,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_are_listed_by_account, begin, end),
        cmocka_unit_test_setup_teardown(test_accounts_devices_are_seen, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_enrol_keys_in_one_form, begin, end),
        cmocka_unit_test_setup_teardown(
            test_accounts_devices_have_names_of_some_length, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
