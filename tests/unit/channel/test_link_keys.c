/* The keys that a key log gets: those of the example in PROTOCOL.md, and only
 * before the first record. */
#include "core/base/text.h"
#include "core/channel/link_keys.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

static void expect_keys_of_the_example(const struct sotto_link *link)
{
    struct sotto_link_keys keys;
    char hex[2 * SOTTO_CIPHER_KEY_LEN + 1];

    assert_true(sotto_link_keys(link, &keys));
    sotto_hex_encode(keys.client_to_server, SOTTO_CIPHER_KEY_LEN, hex);
    assert_string_equal(hex, "4b6fb7617cbe223ca51d7cb4fa0e34fe"
                             "3ff67112955a829eb3d1d32ea7bbe773");
    sotto_hex_encode(keys.server_to_client, SOTTO_CIPHER_KEY_LEN, hex);
    assert_string_equal(hex, "ae88a211028bee675c04fb7140ee741f"
                             "31b77fbe245c4df42623079f1b5eeb40");
}

static void expect_no_keys(const struct sotto_link *link)
{
    struct sotto_link_keys keys;
    struct sotto_link_keys untouched;

    memset(&keys, 0x5a, sizeof keys);
    memset(&untouched, 0x5a, sizeof untouched);
    assert_false(sotto_link_keys(link, &keys));
    assert_memory_equal(&keys, &untouched, sizeof keys);
}

static void test_link_keys_are_those_of_both_directions(void **state)
{
    (void)state;
    pair_open(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
    expect_keys_of_the_example(&pair.client);
    expect_keys_of_the_example(&pair.server);
}

static void test_link_keys_are_not_had_before_the_handshake_is_done(
    void **state)
{
    (void)state;
    pair_init(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
    expect_no_keys(&pair.client);
    expect_no_keys(&pair.server);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    expect_no_keys(&pair.client);
    expect_no_keys(&pair.server);
}

static void test_link_keys_are_not_had_after_a_record(void **state)
{
    (void)state;
    pair_open(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
    pair_send(&pair, &pair.client, 16, "x", 1, 0);
    expect_no_keys(&pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    expect_no_keys(&pair.server);
}

int test_link_keys(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_keys_are_those_of_both_directions),
        cmocka_unit_test(
            test_link_keys_are_not_had_before_the_handshake_is_done),
        cmocka_unit_test(test_link_keys_are_not_had_after_a_record),
    };
    return cmocka_run_group_tests_name("channel/link_keys", tests, NULL, NULL);
}
