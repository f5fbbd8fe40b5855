/* Lines of the credential file: each field has to be there, and of its kind. */
#include "core/auth/accounts_line.h"
#include "core/base/crc.h"
#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <stdio.h>
#include <string.h>

#define SALT "zc3Nzc3Nzc3Nzc3Nzc3NzQ=="
#define KEY  "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="
#define IP   "AAAAAAAAAAAAAAAAAAAAAA=="

#define NAME "\"name\":\"ann\""
#define SEQ  "{\"seq\":7,\"kind\":"

/* The line with its checksum. */
static enum sotto_err decode(const char *text, struct sotto_accounts_line *line)
{
    static char whole[SOTTO_ACCOUNTS_LINE_MAX + 32];
    const char *reason = NULL;
    const int len = snprintf(whole, sizeof whole, "%s,\"crc\":\"%08x\"}", text,
                             (unsigned)sotto_crc32c(0, (const uint8_t *)text,
                                                    strlen(text)));
    assert_in_range(len, 1, sizeof whole - 1);
    enum sotto_err err =
        sotto_accounts_line_decode(line, whole, (size_t)len, &reason);
    assert_true((err == SOTTO_OK) == (reason == NULL));
    return err;
}

/* A line that is right, with `from` made `to`: refused. */
static void refuse(const char *text, const char *from, const char *to)
{
    static char changed[SOTTO_ACCOUNTS_LINE_MAX];
    struct sotto_accounts_line line;
    const char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(decode(text, &line), SOTTO_OK);
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text,
                   to, at + strlen(from));
    assert_int_equal(decode(changed, &line), SOTTO_ERR_FORMAT);
}

struct change {
    const char *from;
    const char *to;
};

static void refuse_all(const char *text, const struct change *changes,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        refuse(text, changes[i].from, changes[i].to);
    }
    refuse(text, "\"seq\":7", "\"seq\":\"7\"");
    refuse(text, "\"seq\":7,", "");
    refuse(text, "\"kind\":", "\"kin\":");
    refuse(text, "\"kind\":\"", "\"kind\":\"x");
    refuse(text, "{", "");
}

#define REFUSE_ALL(text, changes)                                              \
    refuse_all(text, changes, sizeof(changes) / sizeof *(changes))

static void test_accounts_line_head_has_all_its_fields(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"\"version\":1", "\"version\":2"},
        {"\"version\":1,", ""},
        {"\"lines\":5", "\"lines\":\"5\""},
        {KEY, SALT},
        {KEY, "?"},
        {"secret", "secre"},
    };
    REFUSE_ALL(SEQ "\"head\",\"version\":1,\"lines\":5,\"secret\":\"" KEY "\"",
               changes);
}

static void test_accounts_line_head_need_not_promise(void **state)
{
    (void)state;
    struct sotto_accounts_line line;
    assert_int_equal(decode(SEQ "\"head\",\"version\":1,\"secret\":\"" KEY "\"",
                            &line),
                     SOTTO_OK);
    assert_int_equal(line.lines, 0);
}

static void test_accounts_line_account_has_all_its_fields(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"ann", ""},
        {"ann", "Ann"},
        {"ann", "a23456789012345678901234567890123"},
        {"\"name\"", "\"nam\""},
        {"\"disabled\":false", "\"disabled\":0"},
        {"\"disabled\":false,", ""},
        {"\"created\":1", "\"created\":true"},
        {"\"created\":1,", ""},
        {"\"iterations\":4096", "\"iterations\":0"},
        {"\"iterations\":4096", "\"iterations\":10000001"},
        {"\"iterations\":4096,", ""},
        {SALT, ""},
        {SALT, "A"},
        {SALT, KEY KEY KEY},
        {"\"salt\"", "\"sal\""},
        {"\"stored_key\":\"" KEY, "\"stored_key\":\"" SALT},
        {"\"stored_key\":\"" KEY, "\"stored_key\":\""},
        {"\"server_key\":\"" KEY, "\"server_key\":\"" SALT},
        {"\"server_key\"", "\"server\""},
    };
    REFUSE_ALL(SEQ "\"account\"," NAME ",\"disabled\":false,\"created\":1,"
                   "\"iterations\":4096,\"salt\":\"" SALT
                   "\",\"stored_key\":\"" KEY "\",\"server_key\":\"" KEY "\"",
               changes);
}

static void test_accounts_line_device_has_all_its_fields(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"ann", "A"},
        {"\"name\"", "\"nam\""},
        {"phone", ""},
        {"\"device\":\"", "\"dev\":\""},
        {"\"expected\":false", "\"expected\":\"no\""},
        {KEY, SALT},
        {"\"id\"", "\"i\""},
        {"\"time\":9", "\"time\":false"},
        {"\"time\":9,", ""},
        {IP, KEY},
        {"\"ip\"", "\"address\""},
    };
    REFUSE_ALL(SEQ "\"device\"," NAME
                   ",\"device\":\"phone\",\"expected\":false,"
                   "\"id\":\"" KEY "\",\"time\":9,\"ip\":\"" IP "\"",
               changes);
}

static void test_accounts_line_remove_and_revoke_name_whom(void **state)
{
    (void)state;
    static const struct change removed[] = {{"ann", "a b"}, {NAME, "\"a\":1"}};
    static const struct change revoked[] = {{"ann", ""},
                                            {"phone", "PHONE"},
                                            {"\"phone\"", "true"},
                                            {"\"device\"", "\"devic\""}};
    struct sotto_accounts_line line;
    REFUSE_ALL(SEQ "\"remove\"," NAME, removed);
    REFUSE_ALL(SEQ "\"revoke\"," NAME ",\"device\":\"phone\"", revoked);
    assert_int_equal(decode(SEQ "\"revoke\"," NAME ",\"device\":\"\"", &line),
                     SOTTO_OK);
    assert_string_equal(line.device.name, "");
}

static void test_accounts_line_round_trips_at_its_longest(void **state)
{
    (void)state;
    char text[SOTTO_ACCOUNTS_LINE_MAX];
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_ACCOUNT,
                                       .seq = 9007199254740991ULL};
    struct sotto_accounts_line back;
    const char *reason = NULL;
    size_t len = 0;
    memset(line.account.name, 'z', SOTTO_NAME_MAX);
    line.account.created_s = 9007199254740991ULL;
    line.account.sequence = line.seq;
    line.account.verifier = bench_verifier(1);
    line.account.verifier.salt_len = SOTTO_SCRAM_SALT_MAX;
    line.account.verifier.iterations = SOTTO_SCRAM_ITERATIONS_MAX;
    assert_int_equal(sotto_accounts_line_encode(&line, text, sizeof text, &len),
                     SOTTO_OK);
    assert_int_equal(sotto_accounts_line_decode(&back, text, len - 1, &reason),
                     SOTTO_OK);
    assert_memory_equal(&back.account, &line.account, sizeof back.account);
    for (size_t cap = 0; cap < len; cap++) {
        assert_int_equal(sotto_accounts_line_encode(&line, text, cap, &len),
                         SOTTO_ERR_SPACE);
    }
}

int test_accounts_line(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts_line_head_has_all_its_fields),
        cmocka_unit_test(test_accounts_line_head_need_not_promise),
        cmocka_unit_test(test_accounts_line_account_has_all_its_fields),
        cmocka_unit_test(test_accounts_line_device_has_all_its_fields),
        cmocka_unit_test(test_accounts_line_remove_and_revoke_name_whom),
        cmocka_unit_test(test_accounts_line_round_trips_at_its_longest),
    };
    return cmocka_run_group_tests_name("accounts_line", tests, NULL, NULL);
}
