/* The life of a link: handshake, identity, units. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

/* Static, because it is tens of kilobytes and boards run these tests too. */
static struct pair pair;

static void test_link_opens_in_every_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 1024);
        assert_int_equal(pair.server.suite, pair_suites[i]);
        assert_memory_equal(pair.client.hash, pair.server.hash, 32);
        assert_memory_equal(pair.client.peer_static, pair.server_keys.s_public,
                            32);
        assert_memory_equal(pair.server.peer_static, pair.client_keys.s_public,
                            32);
        pair_send(&pair, &pair.client, 16, "hello", 5, 0);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_frame(&pair.server, 16, "hello", 5);
        pair_expect_no_frame(&pair.server);
        pair_send(&pair, &pair.server, 17, "you too", 7, 0);
        assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
        pair_expect_frame(&pair.client, 17, "you too", 7);
        pair_expect_no_frame(&pair.client);
    }
}

/* ---- the same bytes cut differently --------------------------------------- */

/* Feeds the wire in two parts, cut at `cut`, copied as a reader's buffer would
 * hold them. */
static void feed_cut(struct sotto_link *to, const uint8_t *wire, size_t len,
                     size_t cut)
{
    uint8_t buffer[512];
    size_t have = 0; /* bytes in the buffer */
    size_t from = 0; /* next one of the wire */

    assert_true(len <= sizeof buffer);
    while (from < len) {
        size_t more = from < cut && cut < len ? cut - from : len - from;
        memcpy(buffer + have, wire + from, more);
        have += more;
        from += more;
        size_t used = 1;
        while (used > 0 && have > 0) {
            size_t need = sotto_link_need(to, buffer, have);
            assert_int_equal(sotto_link_feed(to, buffer, have, &used),
                             SOTTO_OK);
            assert_true(used == 0 || used == need);
            assert_true(used > 0 || need > have);
            memmove(buffer, buffer + used, have - used);
            have -= used;
        }
    }
    assert_int_equal(have, 0);
}

static void test_link_does_not_mind_where_bytes_are_cut(void **state)
{
    (void)state;
    size_t longest = 1; /* of what is fed at once; to cut there is not to cut */
    for (size_t cut = 0; cut <= longest; cut++) {
        struct sotto_frame frame;
        enum sotto_err err;

        pair_init(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
        pair_out(&pair, &pair.client);
        feed_cut(&pair.server, pair.wire, pair.wire_len, cut);
        pair_out(&pair, &pair.server);
        feed_cut(&pair.client, pair.wire, pair.wire_len, cut);
        longest = pair.wire_len > longest ? pair.wire_len : longest;
        sotto_link_accept(&pair.client);
        pair_out(&pair, &pair.client);
        /* The client's last message and its first record in one piece. */
        size_t first = pair.wire_len;
        uint8_t both[512];
        memcpy(both, pair.wire, first);
        pair_send(&pair, &pair.client, 16, "x", 1, 0);
        memcpy(both + first, pair.wire, pair.wire_len);
        first += pair.wire_len;
        longest = first > longest ? first : longest;
        feed_cut(&pair.server, both, first, cut);
        assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
        assert_true(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(frame.type, 16);
    }
}

/* ---- each message in each state ------------------------------------------- */

enum unit {
    HELLO,
    MESSAGE_1,
    MESSAGE_2,
    MESSAGE_3,
    REFUSAL,
    CLIENT_RECORD,
    SERVER_RECORD,
    UNITS
};

/* One whole conversation, kept by unit; and the link in each state in which it
 * waits for something. */
static struct {
    uint8_t bytes[UNITS][256];
    size_t len[UNITS];
    struct sotto_link waiting[UNITS]; /* for that unit */
} story;

static void keep(enum unit unit, const uint8_t *bytes, size_t len)
{
    memcpy(story.bytes[unit], bytes, len);
    story.len[unit] = len;
}

static void tell_story(void)
{
    static const uint8_t refusal[] = {0, 0, SOTTO_REFUSAL_BUSY};

    pair_init(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
    story.waiting[HELLO] = pair.server;
    pair_out(&pair, &pair.client);
    keep(HELLO, pair.wire, SOTTO_HELLO_LEN);
    keep(MESSAGE_1, pair.wire + SOTTO_HELLO_LEN,
         pair.wire_len - SOTTO_HELLO_LEN);
    pair.wire_len = SOTTO_HELLO_LEN;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    story.waiting[MESSAGE_1] = pair.server;
    memcpy(pair.wire, story.bytes[MESSAGE_1], story.len[MESSAGE_1]);
    pair.wire_len = story.len[MESSAGE_1];
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    keep(MESSAGE_2, pair.wire, pair.wire_len);
    keep(REFUSAL, refusal, sizeof refusal);
    story.waiting[MESSAGE_2] = pair.client;
    story.waiting[REFUSAL] = pair.client;
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    sotto_link_accept(&pair.client);
    pair_out(&pair, &pair.client);
    keep(MESSAGE_3, pair.wire, pair.wire_len);
    story.waiting[MESSAGE_3] = pair.server;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    story.waiting[CLIENT_RECORD] = pair.server;
    story.waiting[SERVER_RECORD] = pair.client;
    /* Any 32 bytes would do as message 1: these are more. */
    pair_send(&pair, &pair.client, 16, "more than one block", 19, 0);
    keep(CLIENT_RECORD, pair.wire, pair.wire_len);
    pair_send(&pair, &pair.server, 16, "more than one block", 19, 0);
    keep(SERVER_RECORD, pair.wire, pair.wire_len);
}

static void test_link_takes_each_message_in_its_own_state_only(void **state)
{
    (void)state;
    tell_story();
    for (int waiting = 0; waiting < UNITS; waiting++) {
        for (int unit = 0; unit < UNITS; unit++) {
            uint8_t bytes[256];
            size_t used;
            bool refuses = unit == REFUSAL;
            bool meant =
                unit == waiting || (waiting == REFUSAL && unit == MESSAGE_2);

            memcpy(bytes, story.bytes[unit], sizeof bytes);
            pair.client = story.waiting[waiting];
            enum sotto_err err =
                sotto_link_feed(&pair.client, bytes, story.len[unit], &used);
            if (meant && !refuses) {
                assert_int_equal(err, SOTTO_OK);
                assert_int_equal(used, story.len[unit]);
            } else {
                /* Refused now, or a length that waits for more. */
                assert_true(err != SOTTO_OK || used == 0);
                assert_int_equal(used, 0);
                assert_true(err == SOTTO_OK ||
                            pair.client.state == SOTTO_LINK_FAILED);
                assert_int_equal(pair.client.plain_left, 0);
            }
        }
    }
}

static void test_link_takes_nothing_while_identity_is_open(void **state)
{
    uint8_t bytes[256];
    size_t used;

    (void)state;
    tell_story();
    pair.client = story.waiting[MESSAGE_2];
    memcpy(bytes, story.bytes[MESSAGE_2], sizeof bytes);
    assert_int_equal(sotto_link_feed(&pair.client, bytes, story.len[MESSAGE_2],
                                     &used),
                     SOTTO_OK);
    assert_int_equal(pair.client.state, SOTTO_LINK_IDENTITY);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair.wire_len, 0); /* nothing that proves its own key */
    for (int unit = 0; unit < UNITS; unit++) {
        memcpy(bytes, story.bytes[unit], sizeof bytes);
        assert_int_equal(sotto_link_feed(&pair.client, bytes, story.len[unit],
                                         &used),
                         SOTTO_OK);
        assert_int_equal(used, 0);
    }
}

/* ---- handshake messages that are not as they must be ---------------------- */

/* As far as the server's message 2, which carries `payload` instead. */
static enum sotto_err feed_message_2(enum sotto_suite suite,
                                     const void *payload, size_t len)
{
    size_t message_len;

    pair_init(&pair, suite, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(sotto_handshake_write_message(&pair.server.keys.handshake,
                                                   payload, len, pair.wire + 2,
                                                   sizeof pair.wire - 2,
                                                   &message_len),
                     SOTTO_OK);
    pair.wire[0] = (uint8_t)(message_len >> 8);
    pair.wire[1] = (uint8_t)message_len;
    pair.wire_len = message_len + 2;
    return pair_feed(&pair, &pair.client);
}

static void test_link_checks_what_message_2_says(void **state)
{
    static const struct {
        uint8_t payload[8];
        size_t len;
        enum sotto_err err;
    } cases[] = {
        {{4, 0, 0}, 3, SOTTO_OK},
        {{1, 0, 0}, 3, SOTTO_OK},               /* the least limit */
        {{0, 255, 0}, 3, SOTTO_ERR_LIMIT},      /* below it */
        {{4, 0, 1, 'x'}, 4, SOTTO_OK},          /* a certificate */
        {{4, 0, 2, 'x'}, 4, SOTTO_ERR_FORMAT},  /* a part of one */
        {{4, 0, 0, 0}, 4, SOTTO_ERR_FORMAT},    /* a byte too many */
        {{4, 0, 0x40, 0}, 4, SOTTO_ERR_FORMAT}, /* not the shortest length */
        {{4, 0}, 2, SOTTO_ERR_FORMAT},
        {{4}, 1, SOTTO_ERR_FORMAT},
        {{0}, 0, SOTTO_ERR_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++) {
            assert_int_equal(feed_message_2(pair_suites[i], cases[j].payload,
                                            cases[j].len),
                             cases[j].err);
            assert_int_equal(pair.client.state, cases[j].err == SOTTO_OK
                                                    ? SOTTO_LINK_IDENTITY
                                                    : SOTTO_LINK_FAILED);
        }
    }
}

/* In A128CBCHS256 a payload of up to 15 bytes does not change the length. */
static void test_link_refuses_payloads_in_the_clients_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        for (unsigned at = 0; at < 2; at++) {
            size_t len;
            uint8_t *message = pair.wire + 2;

            pair_init(&pair, pair_suites[i], 1024);
            pair_out(&pair, &pair.client);
            if (at == 0) {
                pair.wire[SOTTO_HELLO_LEN + 1]++; /* one byte more */
                pair.wire[pair.wire_len++] = 'x';
            } else {
                assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
                pair_out(&pair, &pair.server);
                assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
                assert_int_equal(sotto_handshake_write_message(
                                     &pair.client.keys.handshake,
                                     (const uint8_t *)"x", 1, message,
                                     sizeof pair.wire - 2, &len),
                                 SOTTO_OK);
                pair.wire[0] = 0;
                pair.wire[1] = (uint8_t)len;
                pair.wire_len = len + 2;
            }
            assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
            pair_expect_failed(&pair.server, SOTTO_ERR_FORMAT);
        }
    }
}

static void test_link_handshake_lengths_are_bounded(void **state)
{
    (void)state;
    for (unsigned length = 1; length < 65536;
         length += length < 1100 ? 1 : 13) {
        const uint16_t limit = length % 2 == 0 ? 1024 : 256;
        uint8_t head[2] = {(uint8_t)(length >> 8), (uint8_t)length};
        size_t used;

        pair_init(&pair, SOTTO_SUITE_A128CBCHS256, limit);
        pair_out(&pair, &pair.client);
        enum sotto_err err = sotto_link_feed(&pair.client, head, 2, &used);
        size_t need = sotto_link_need(&pair.client, head, 2);
        assert_int_equal(used, 0);
        if (length < 128) { /* e, s, payload of three bytes */
            assert_int_equal(err, SOTTO_ERR_FORMAT);
        } else if (length > limit) {
            assert_int_equal(err, SOTTO_ERR_LIMIT);
        } else {
            assert_int_equal(err, SOTTO_OK);
            assert_int_equal(need, 2 + length);
        }
    }
}

static void test_link_server_takes_one_length_only(void **state)
{
    (void)state;
    tell_story();
    for (int waiting = MESSAGE_1; waiting <= MESSAGE_3; waiting += 2) {
        for (unsigned length = 0; length < 200; length++) {
            uint8_t head[2] = {0, (uint8_t)length};
            size_t used;

            pair.server = story.waiting[waiting];
            assert_int_equal(sotto_link_feed(&pair.server, head, 2, &used),
                             length + 2 == story.len[waiting]
                                 ? SOTTO_OK
                                 : SOTTO_ERR_FORMAT);
        }
    }
}

static void test_link_refuses_a_client_key_of_low_order(void **state)
{
    size_t len;

    (void)state;
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    memset(pair.wire + SOTTO_HELLO_LEN + 2, 0, 32);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(sotto_link_out(&pair.server, pair.wire, sizeof pair.wire,
                                    &len),
                     SOTTO_ERR_AUTH);
    assert_int_equal(len, 0);
    pair_expect_failed(&pair.server, SOTTO_ERR_AUTH);
}

static void test_link_fails_without_random_bytes(void **state)
{
    size_t len;

    (void)state;
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair.server_random.fails = true;
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(sotto_link_out(&pair.server, pair.wire, sizeof pair.wire,
                                    &len),
                     SOTTO_ERR_RANDOM);
    pair_expect_failed(&pair.server, SOTTO_ERR_RANDOM);

    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair.client_random.fails = true;
    assert_int_equal(sotto_link_out(&pair.client, pair.wire, sizeof pair.wire,
                                    &len),
                     SOTTO_ERR_RANDOM);
    pair_expect_failed(&pair.client, SOTTO_ERR_RANDOM);
}

static void test_link_takes_nothing_while_output_waits(void **state)
{
    uint8_t byte = 0;
    size_t used;

    (void)state;
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    uint8_t junk[64] = {0xff};
    assert_int_equal(sotto_link_feed(&pair.server, junk, sizeof junk, &used),
                     SOTTO_OK);
    assert_int_equal(used, 0);
    pair_out(&pair, &pair.server);
    assert_true(pair.wire_len > 0);
    assert_int_equal(sotto_link_feed(&pair.server, &byte, 1, &used), SOTTO_OK);
    assert_int_equal(sotto_link_feed(&pair.server, junk, sizeof junk, &used),
                     SOTTO_ERR_LIMIT);
}

/* ---- identity and secrets --------------------------------------------------- */

/* Somebody in between can only be a server with another key to the client, and
 * another conversation to the server. */
static void test_link_shows_a_man_in_the_middle_by_his_key(void **state)
{
    static struct pair middle; /* its server faces the client */
    static struct pair far;    /* its client faces the server */
    uint8_t hash[32];

    (void)state;
    pair_init(&middle, SOTTO_SUITE_A128CBCHS256, 1024);
    static const uint8_t his_private[] = "he has a static key of his own !";
    uint8_t his_key[32];
    sotto_x25519_public(his_private, his_key);
    middle.server.keys.own.s_private = his_private;
    middle.server.keys.own.s_public = his_key;

    pair_open(&far, SOTTO_SUITE_A128CBCHS256, 1024);
    memcpy(hash, far.server.hash, 32);

    pair_out(&middle, &middle.client);
    assert_int_equal(pair_feed(&middle, &middle.server), SOTTO_OK);
    pair_out(&middle, &middle.server);
    assert_int_equal(pair_feed(&middle, &middle.client), SOTTO_OK);
    assert_int_equal(middle.client.state, SOTTO_LINK_IDENTITY);
    assert_memory_equal(middle.client.peer_static, his_key, 32);
    assert_memory_not_equal(middle.client.peer_static, far.server_keys.s_public,
                            32);
    /* Accepted all the same: the hashes that logins are bound to differ. */
    sotto_link_accept(&middle.client);
    pair_out(&middle, &middle.client);
    assert_memory_not_equal(middle.client.hash, hash, 32);
}

static bool holds(const void *memory, size_t len, const uint8_t secret[32])
{
    const uint8_t *at = memory;

    for (size_t i = 0; i + 32 <= len; i++) {
        if (memcmp(at + i, secret, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Static keys stay where the caller has them; ephemeral ones (pair.c draws them
 * by counting) go once they have done their work. */
static void test_link_forgets_private_keys_once_open(void **state)
{
    uint8_t ephemeral[2][32]; /* the client's, the server's */

    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        ephemeral[0][i] = (uint8_t)(1 + i);
        ephemeral[1][i] = (uint8_t)(101 + i);
    }
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    assert_true(holds(&pair.client, sizeof pair.client, ephemeral[0]));
    assert_true(holds(&pair.server, sizeof pair.server, ephemeral[1]));
    assert_false(
        holds(&pair.client, sizeof pair.client, pair.client_keys.s_private));
    assert_false(
        holds(&pair.server, sizeof pair.server, pair.server_keys.s_private));
    pair_open(&pair, SOTTO_SUITE_AESGCM, 1024);
    assert_false(holds(&pair.client, sizeof pair.client, ephemeral[0]));
    assert_false(holds(&pair.server, sizeof pair.server, ephemeral[1]));
}

static void test_link_failed_keeps_no_key_of_no_use(void **state)
{
    static const uint8_t zeros[sizeof pair.client.keys] = {0};
    uint8_t bad[] = {0xff, 0xff};
    size_t used;

    (void)state;
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(sotto_link_feed(&pair.client, bad, 2, &used),
                     SOTTO_ERR_LIMIT);
    assert_memory_equal(&pair.client.keys, zeros, sizeof pair.client.keys);

    pair_open(&pair, SOTTO_SUITE_AESGCM, 1024);
    assert_int_equal(sotto_link_feed(&pair.client, bad, 2, &used),
                     SOTTO_ERR_LIMIT);
    assert_memory_equal(&pair.client.keys.transport.receive, zeros,
                        sizeof(struct sotto_cipher));
}

static void test_link_wipe_leaves_nothing_but_the_lent_buffer(void **state)
{
    static uint8_t lent[64];
    struct sotto_link zeros;

    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 1024);
    sotto_link_lend(&pair.client, lent, sizeof lent);
    sotto_link_wipe(&pair.client);
    assert_int_equal(pair.client.state, SOTTO_LINK_FAILED);
    assert_ptr_equal(sotto_link_take_back(&pair.client), lent);
    memset(&zeros, 0, sizeof zeros);
    assert_memory_equal(&pair.client.keys, &zeros.keys, sizeof zeros.keys);
    assert_memory_equal(pair.client.hash, zeros.hash, sizeof zeros.hash);
}

int test_link(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_opens_in_every_suite),
        cmocka_unit_test(test_link_does_not_mind_where_bytes_are_cut),
        cmocka_unit_test(test_link_takes_each_message_in_its_own_state_only),
        cmocka_unit_test(test_link_takes_nothing_while_identity_is_open),
        cmocka_unit_test(test_link_checks_what_message_2_says),
        cmocka_unit_test(test_link_refuses_payloads_in_the_clients_messages),
        cmocka_unit_test(test_link_handshake_lengths_are_bounded),
        cmocka_unit_test(test_link_server_takes_one_length_only),
        cmocka_unit_test(test_link_refuses_a_client_key_of_low_order),
        cmocka_unit_test(test_link_fails_without_random_bytes),
        cmocka_unit_test(test_link_takes_nothing_while_output_waits),
        cmocka_unit_test(test_link_shows_a_man_in_the_middle_by_his_key),
        cmocka_unit_test(test_link_forgets_private_keys_once_open),
        cmocka_unit_test(test_link_failed_keeps_no_key_of_no_use),
        cmocka_unit_test(test_link_wipe_leaves_nothing_but_the_lent_buffer),
    };
    return cmocka_run_group_tests_name("channel/link", tests, NULL, NULL);
}
