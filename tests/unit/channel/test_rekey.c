/* Keys that change: REKEY, and the end of the counter. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

static uint8_t message[2000];
static uint8_t assembly[2000];

/* Sends one record and has it read; true when the sender's key is a new one. */
static bool key_changes(uint64_t now_ms)
{
    uint8_t before[32];

    memcpy(before, pair.client.keys.transport.send.k, 32);
    pair_send(&pair, &pair.client, 16, "x", 1, now_ms);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_frame(&pair.server, 16, "x", 1);
    pair_expect_no_frame(&pair.server);
    assert_memory_equal(pair.client.keys.transport.send.k,
                        pair.server.keys.transport.receive.k, 32);
    assert_true(pair.client.keys.transport.send.n ==
                pair.server.keys.transport.receive.n);
    return memcmp(before, pair.client.keys.transport.send.k, 32) != 0;
}

static void test_record_rekeys_after_so_many_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 300);
        assert_false(key_changes(5));
        pair.client.send_records = SOTTO_REKEY_RECORDS - 2;
        assert_false(key_changes(5)); /* the last but one */
        assert_true(key_changes(5));
        assert_int_equal(pair.client.send_records, 0);
        assert_false(key_changes(5));
        pair.client.send_records = SOTTO_REKEY_RECORDS - 1;
        assert_true(key_changes(5)); /* and again */
        assert_int_equal(pair.client.keys.transport.send.n, 5);
    }
}

static void test_record_rekeys_after_so_long(void **state)
{
    const uint64_t start = 77;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 300);
        assert_false(key_changes(start));
        assert_false(key_changes(start + SOTTO_REKEY_MS - 1));
        assert_true(key_changes(start + SOTTO_REKEY_MS));
        assert_false(key_changes(start + SOTTO_REKEY_MS));
        assert_false(key_changes(start + 2 * SOTTO_REKEY_MS - 1));
        assert_true(key_changes(start + 9 * (uint64_t)SOTTO_REKEY_MS));
    }
}

static void test_record_rekey_is_of_one_direction(void **state)
{
    (void)state;
    pair_open(&pair, SOTTO_SUITE_A128CBCHS256, 300);
    pair.client.send_records = SOTTO_REKEY_RECORDS;
    assert_true(key_changes(0));
    pair_send(&pair, &pair.server, 16, "y", 1, 0);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_frame(&pair.client, 16, "y", 1);
}

/* A full record that must also say REKEY stays within the limit. */
static void test_record_has_room_for_rekey_when_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        struct sotto_record record;
        size_t done = 0;
        size_t len;

        pair_open(&pair, pair_suites[i], 300);
        sotto_link_lend(&pair.server, assembly, sizeof assembly);
        pair.client.send_records = SOTTO_REKEY_RECORDS;
        sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
        assert_false(sotto_record_add_part(&record, 20, message, 1000, &done));
        assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len),
                         SOTTO_OK);
        assert_true(len <= 302);
        pair.wire_len = len;
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_no_frame(&pair.server);
        assert_memory_equal(pair.client.keys.transport.send.k,
                            pair.server.keys.transport.receive.k, 32);
    }
}

static void test_record_counter_ends_the_link_before_it_wraps(void **state)
{
    struct sotto_record record;
    size_t len;

    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    pair.client.keys.transport.send.n = UINT64_MAX - 1;
    pair.server.keys.transport.receive.n = UINT64_MAX - 1;
    assert_false(key_changes(0));
    sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
    assert_int_equal(sotto_record_add(&record, 16, message, 1), SOTTO_OK);
    assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(len, 0);
    pair_expect_failed(&pair.client, SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_link_close(&pair.client, SOTTO_CLOSE_BYE, pair.wire,
                                      sizeof pair.wire, 0, &len),
                     SOTTO_ERR_LIMIT);
    /* The receiver refuses too, whatever comes. */
    memset(pair.wire, 0, 64);
    pair.wire[1] = 32;
    pair.wire_len = 34;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_LIMIT);
}

/* ---- a second, naive record layer --------------------------------------------------------- */

/* A receiver after PROTOCOL.md and nothing else: raw key, counter, and a
 * parser for short bodies only. */
struct naive {
    enum sotto_suite suite;
    uint8_t k[32];
    uint64_t n;
};

static void naive_nonce(const struct naive *naive, uint8_t nonce[16])
{
    memset(nonce, 0, 16);
    for (int i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)(naive->n >> (8 * i));
        if (naive->suite == SOTTO_SUITE_CHACHAPOLY) {
            nonce[4 + i] = byte;
        } else {
            nonce[11 - i] = byte;
        }
    }
}

static size_t naive_open(struct naive *naive, const uint8_t *record,
                         uint8_t *plain)
{
    static const enum sotto_aead_alg algs[] = {0, SOTTO_AEAD_A128CBC_HS256,
                                               SOTTO_AEAD_AES256_GCM,
                                               SOTTO_AEAD_CHACHA20_POLY1305};
    struct sotto_aead aead;
    uint8_t nonce[16];
    size_t len;

    sotto_aead_init(&aead, algs[naive->suite], naive->k);
    naive_nonce(naive, nonce);
    if (naive->suite == SOTTO_SUITE_A128CBCHS256) {
        sotto_aead_cbc_iv(&aead, naive->n, nonce);
    }
    assert_int_equal(sotto_aead_open(&aead, nonce, NULL, 0, record + 2,
                                     (size_t)(record[0] << 8 | record[1]),
                                     plain, &len),
                     SOTTO_OK);
    naive->n++;
    return len;
}

static void naive_rekey(struct naive *naive)
{
    static const uint8_t zeros[32] = {0};
    struct sotto_aead aead;
    uint8_t nonce[16] = {0};
    uint8_t text[48];

    if (naive->suite == SOTTO_SUITE_A128CBCHS256) {
        const struct sotto_piece label = {"A128CBCHS256 rekey", 18};
        sotto_hmac(naive->k, 32, &label, 1, naive->k);
        return;
    }
    sotto_aead_init(&aead,
                    naive->suite == SOTTO_SUITE_AESGCM
                        ? SOTTO_AEAD_AES256_GCM
                        : SOTTO_AEAD_CHACHA20_POLY1305,
                    naive->k);
    memset(nonce + 4, 0xff, 8);
    assert_int_equal(sotto_aead_seal(&aead, nonce, NULL, 0, zeros, 32, text),
                     SOTTO_OK);
    memcpy(naive->k, text, 32);
}

/* Reads a record of one short frame, and REKEY behind it or not. */
static void naive_expect(struct naive *naive, const uint8_t *record,
                         uint8_t type, const uint8_t *body, size_t len,
                         bool rekey)
{
    uint8_t plain[300];
    size_t at = 2 + len;
    size_t plain_len = naive_open(naive, record, plain);

    assert_int_equal(plain[0], type);
    assert_int_equal(plain[1], len);
    assert_memory_equal(plain + 2, body, len);
    assert_int_equal(plain_len, rekey ? at + 2 : at);
    if (rekey) {
        assert_int_equal(plain[at], SOTTO_FRAME_REKEY);
        assert_int_equal(plain[at + 1], 0);
        naive_rekey(naive);
    }
}

static void test_record_agrees_with_a_naive_receiver(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        struct naive naive = {.suite = pair_suites[i]};

        pair_open(&pair, pair_suites[i], 300);
        memcpy(naive.k, pair.client.keys.transport.send.k, 32);
        for (uint8_t round = 0; round < 60; round++) {
            bool rekey = round % 7 == 6;
            if (rekey) {
                pair.client.send_records = SOTTO_REKEY_RECORDS;
            }
            pair_send(&pair, &pair.client, (uint8_t)(16 + round), message,
                      round, 0);
            naive_expect(&naive, pair.wire, (uint8_t)(16 + round), message,
                         round, rekey);
        }
    }
}

int test_rekey(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_rekeys_after_so_many_records),
        cmocka_unit_test(test_record_rekeys_after_so_long),
        cmocka_unit_test(test_record_rekey_is_of_one_direction),
        cmocka_unit_test(test_record_has_room_for_rekey_when_full),
        cmocka_unit_test(test_record_counter_ends_the_link_before_it_wraps),
        cmocka_unit_test(test_record_agrees_with_a_naive_receiver),
    };
    return cmocka_run_group_tests_name("channel/rekey", tests, NULL, NULL);
}
