/* HandshakeState: published handshakes, every pattern, and bad messages. */
#include "core/base/text.h"
#include "core/channel/handshake.h"
#include "tests/unit/channel/noise_vectors.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

#define MESSAGE_MAX 512

/* Two players, and what is on its way between them. */
struct game {
    struct sotto_handshake init;
    struct sotto_handshake resp;
    struct pair_keys init_keys;
    struct pair_keys resp_keys;
    struct pair_random init_random;
    struct pair_random resp_random;
    uint8_t psks[SOTTO_PATTERN_PSKS_MAX * SOTTO_PSK_LEN];
    uint8_t message[MESSAGE_MAX];
    size_t len;
};

/* Static: kilobytes, and boards run these tests too. */
static struct game game;

static struct sotto_handshake_config config_for(const struct game *g,
                                                const char *pattern,
                                                enum sotto_suite suite)
{
    struct sotto_handshake_config config = {.suite = suite, .psks = g->psks};

    assert_int_equal(sotto_pattern_find(pattern, strlen(pattern),
                                        &config.pattern),
                     SOTTO_OK);
    config.psk_count = sotto_pattern_psk_count(&config.pattern);
    return config;
}

static void begin(struct game *g, const char *pattern, enum sotto_suite suite)
{
    memset(g, 0, sizeof *g);
    g->init_random.next = 1;
    g->resp_random.next = 101;
    pair_make_keys(&g->init_keys, 0x11);
    pair_make_keys(&g->resp_keys, 0x22);
    for (size_t i = 0; i < sizeof g->psks; i++) {
        g->psks[i] = (uint8_t)i;
    }
    struct sotto_handshake_config config = config_for(g, pattern, suite);
    config.is_initiator = true;
    config.random = pair_random_source(&g->init_random);
    config.s_private = g->init_keys.s_private;
    config.s_public = g->init_keys.s_public;
    config.rs = g->resp_keys.s_public;
    assert_int_equal(sotto_handshake_init(&g->init, &config), SOTTO_OK);
    config.is_initiator = false;
    config.random = pair_random_source(&g->resp_random);
    config.s_private = g->resp_keys.s_private;
    config.s_public = g->resp_keys.s_public;
    config.rs = g->init_keys.s_public;
    assert_int_equal(sotto_handshake_init(&g->resp, &config), SOTTO_OK);
}

static enum sotto_err write_from(struct game *g, struct sotto_handshake *from,
                                 const void *payload, size_t len)
{
    return sotto_handshake_write_message(from, payload, len, g->message,
                                         sizeof g->message, &g->len);
}

static enum sotto_err read_by(struct game *g, struct sotto_handshake *to)
{
    struct sotto_span payload;
    return sotto_handshake_read_message(to, g->message, g->len, &payload);
}

/* Plays `count` messages with empty payloads. */
static void play(struct game *g, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct sotto_handshake *from = i % 2 == 0 ? &g->init : &g->resp;
        struct sotto_handshake *to = i % 2 == 0 ? &g->resp : &g->init;
        assert_int_equal(write_from(g, from, NULL, 0), SOTTO_OK);
        assert_int_equal(read_by(g, to), SOTTO_OK);
    }
}

/* Everything but the state itself is zero. */
static void expect_failed_and_wiped(const struct sotto_handshake *handshake)
{
    struct sotto_handshake zeros;

    memset(&zeros, 0, sizeof zeros);
    zeros.state = SOTTO_HANDSHAKE_FAILED;
    assert_memory_equal(handshake, &zeros, sizeof zeros);
}

/* ---- published handshakes ---------------------------------------------------- */

struct bytes {
    uint8_t at[MESSAGE_MAX];
    size_t len;
};

static void unhex(const char *hex, struct bytes *out)
{
    out->len = strlen(hex) / 2;
    assert_true(out->len <= sizeof out->at);
    assert_int_equal(sotto_hex_decode(hex, strlen(hex), out->at, out->len),
                     SOTTO_OK);
}

static enum sotto_err give(void *ctx, uint8_t *out, size_t len)
{
    const struct bytes *bytes = ctx;

    memcpy(out, bytes->at, len);
    return SOTTO_OK;
}

static void begin_published(struct sotto_handshake *handshake,
                            const struct noise_vector *vector,
                            bool is_initiator, struct bytes *e)
{
    struct sotto_handshake_config config =
        config_for(&game, "XX", vector->suite);
    struct bytes prologue;
    struct bytes s;
    struct pair_keys *keys = is_initiator ? &game.init_keys : &game.resp_keys;

    unhex(vector->prologue, &prologue);
    unhex(is_initiator ? vector->init_s : vector->resp_s, &s);
    unhex(is_initiator ? vector->init_e : vector->resp_e, e);
    memcpy(keys->s_private, s.at, sizeof keys->s_private);
    sotto_x25519_public(s.at, keys->s_public);
    config.is_initiator = is_initiator;
    config.prologue = prologue.at;
    config.prologue_len = prologue.len;
    config.s_private = keys->s_private;
    config.s_public = keys->s_public;
    config.random = (struct sotto_random){e, give};
    assert_int_equal(sotto_handshake_init(handshake, &config), SOTTO_OK);
}

static void replay_message(struct sotto_handshake *from,
                           struct sotto_handshake *to,
                           const struct bytes *payload,
                           const struct bytes *expected)
{
    struct sotto_span read;

    assert_int_equal(sotto_handshake_write_message(from, payload->at,
                                                   payload->len, game.message,
                                                   sizeof game.message,
                                                   &game.len),
                     SOTTO_OK);
    assert_int_equal(game.len, expected->len);
    assert_memory_equal(game.message, expected->at, game.len);
    assert_int_equal(sotto_handshake_read_message(to, game.message, game.len,
                                                  &read),
                     SOTTO_OK);
    assert_int_equal(read.len, payload->len);
    assert_memory_equal(read.at, payload->at, read.len);
}

static void replay(const struct noise_vector *vector)
{
    static struct sotto_cipher_pair init_keys, resp_keys;
    struct bytes e[2];
    struct bytes payload;
    struct bytes expected;
    uint8_t out[MESSAGE_MAX];

    begin_published(&game.init, vector, true, &e[0]);
    begin_published(&game.resp, vector, false, &e[1]);
    for (int i = 0; i < 3; i++) {
        unhex(vector->messages[i].payload, &payload);
        unhex(vector->messages[i].ciphertext, &expected);
        replay_message(i == 1 ? &game.resp : &game.init,
                       i == 1 ? &game.init : &game.resp, &payload, &expected);
    }
    unhex(vector->hash, &expected);
    assert_memory_equal(sotto_handshake_hash(&game.init), expected.at, 32);
    assert_memory_equal(sotto_handshake_hash(&game.resp), expected.at, 32);
    sotto_handshake_split(&game.init, &init_keys);
    sotto_handshake_split(&game.resp, &resp_keys);
    for (int i = 3; i < 5; i++) {
        unhex(vector->messages[i].payload, &payload);
        unhex(vector->messages[i].ciphertext, &expected);
        assert_int_equal(sotto_cipher_encrypt_with_ad(i == 3 ? &resp_keys.send
                                                             : &init_keys.send,
                                                      NULL, 0, payload.at,
                                                      payload.len, out),
                         SOTTO_OK);
        assert_memory_equal(out, expected.at, expected.len);
    }
}

static void test_handshake_gives_the_published_bytes(void **state)
{
    (void)state;
    replay(&cacophony_aesgcm);
    replay(&cacophony_chachapoly);
    replay(&own_a128cbchs256);
}

/* ---- every pattern ------------------------------------------------------------ */

/* Both sides to the end; each message as long as was said before. */
static void play_whole(struct game *g, size_t payload_len)
{
    static const uint8_t payload[64] = {7};
    struct sotto_cipher_pair keys[2];
    uint8_t hash[32];

    while (g->init.state != SOTTO_HANDSHAKE_DONE) {
        bool init = g->init.state == SOTTO_HANDSHAKE_WRITE;
        struct sotto_handshake *from = init ? &g->init : &g->resp;
        struct sotto_handshake *to = init ? &g->resp : &g->init;
        struct sotto_span read;
        size_t len = sotto_handshake_message_len(from, payload_len);

        assert_int_equal(sotto_handshake_message_len(to, payload_len), len);
        assert_int_equal(write_from(g, from, payload, payload_len), SOTTO_OK);
        assert_int_equal(g->len, len);
        assert_int_equal(sotto_handshake_read_message(to, g->message, len,
                                                      &read),
                         SOTTO_OK);
        assert_int_equal(read.len, payload_len);
        assert_memory_equal(read.at, payload, payload_len);
    }
    assert_int_equal(g->resp.state, SOTTO_HANDSHAKE_DONE);
    memcpy(hash, sotto_handshake_hash(&g->init), sizeof hash);
    assert_memory_equal(hash, sotto_handshake_hash(&g->resp), sizeof hash);
    sotto_handshake_split(&g->init, &keys[0]);
    sotto_handshake_split(&g->resp, &keys[1]);
    assert_memory_equal(keys[0].send.k, keys[1].receive.k, 32);
    assert_memory_equal(keys[0].receive.k, keys[1].send.k, 32);
    assert_memory_not_equal(keys[0].send.k, keys[0].receive.k, 32);
}

static void test_handshake_plays_every_pattern(void **state)
{
    (void)state;
    for (size_t i = 0; sotto_pattern_at(i) != NULL; i++) {
        begin(&game, sotto_pattern_at(i)->name, pair_suites[i % PAIR_SUITES]);
        play_whole(&game, 0);
        begin(&game, sotto_pattern_at(i)->name,
              pair_suites[(i + 1) % PAIR_SUITES]);
        play_whole(&game, 33);
    }
}

static void test_handshake_plays_every_pattern_with_psks(void **state)
{
    (void)state;
    for (size_t i = 0; sotto_pattern_at(i) != NULL; i++) {
        struct sotto_pattern pattern = {sotto_pattern_at(i), 0};
        unsigned count = sotto_pattern_message_count(&pattern) + 1;
        for (unsigned psk = 0; psk <= count; psk++) {
            char name[SOTTO_PATTERN_NAME_MAX + 1] = {0};

            /* Each alone, and after them all at once. */
            pattern.psks =
                (uint8_t)(psk < count ? 1U << psk : (1U << count) - 1U);
            sotto_pattern_name(&pattern, name);
            begin(&game, name, pair_suites[psk % PAIR_SUITES]);
            play_whole(&game, psk);
        }
    }
}

static void test_handshake_notices_another_psk(void **state)
{
    (void)state;
    begin(&game, "NNpsk0", SOTTO_SUITE_AESGCM);
    assert_int_equal(write_from(&game, &game.init, NULL, 0), SOTTO_OK);
    game.psks[31] ^= 1;
    assert_int_equal(read_by(&game, &game.resp), SOTTO_ERR_AUTH);
}

static void test_handshake_uses_psks_in_order(void **state)
{
    (void)state;
    begin(&game, "NNpsk0+psk2", SOTTO_SUITE_AESGCM);
    play(&game, 1);
    assert_int_equal(write_from(&game, &game.resp, NULL, 0), SOTTO_OK);
    game.psks[SOTTO_PSK_LEN] ^= 1; /* the second one */
    assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_AUTH);
}

/* ---- bad messages --------------------------------------------------------------- */

static void test_handshake_refuses_every_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        for (unsigned at = 0; at < 3; at++) {
            begin(&game, "XX", pair_suites[i]);
            play(&game, at);
            struct sotto_handshake *from = at == 1 ? &game.resp : &game.init;
            struct sotto_handshake *to = at == 1 ? &game.init : &game.resp;
            assert_int_equal(write_from(&game, from, NULL, 0), SOTTO_OK);
            const struct sotto_handshake before = *to;
            for (size_t len = 0; len < game.len; len++) {
                uint8_t copy[MESSAGE_MAX];
                struct sotto_span payload;

                memcpy(copy, game.message, len);
                *to = before;
                assert_int_equal(sotto_handshake_read_message(to, copy, len,
                                                              &payload),
                                 SOTTO_ERR_FORMAT);
                expect_failed_and_wiped(to);
            }
        }
    }
}

/* Reads message `at` with one bit changed; the reader starts from `before`. */
static void expect_flip_refused(const struct sotto_handshake *before,
                                size_t bit)
{
    static struct sotto_handshake to;
    uint8_t copy[MESSAGE_MAX];
    struct sotto_span payload;

    memcpy(copy, game.message, game.len);
    copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    to = *before;
    assert_int_equal(sotto_handshake_read_message(&to, copy, game.len,
                                                  &payload),
                     SOTTO_ERR_AUTH);
    expect_failed_and_wiped(&to);
    for (size_t i = 0; i < game.len; i++) {
        assert_int_equal(copy[i], 0); /* no half-opened text is left */
    }
}

static void test_handshake_refuses_every_bit_flip(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        for (unsigned at = 1; at < 3; at++) {
            begin(&game, "XX", pair_suites[i]);
            play(&game, at);
            struct sotto_handshake *from = at == 1 ? &game.resp : &game.init;
            const struct sotto_handshake *to =
                at == 1 ? &game.init : &game.resp;
            assert_int_equal(write_from(&game, from, "hi", 2), SOTTO_OK);
            /* Every bit in one suite, one of each byte in the others. */
            for (size_t bit = 0; bit < 8 * game.len; bit += i == 0 ? 1 : 9) {
                expect_flip_refused(to, bit);
            }
        }
    }
}

/* Message 1 has no tag: what was changed there shows in message 2. */
static void test_handshake_notices_a_changed_first_message(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * SOTTO_X25519_LEN; bit += 5) {
        begin(&game, "XX", SOTTO_SUITE_CHACHAPOLY);
        assert_int_equal(write_from(&game, &game.init, NULL, 0), SOTTO_OK);
        game.message[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(read_by(&game, &game.resp), SOTTO_OK);
        assert_int_equal(write_from(&game, &game.resp, NULL, 0), SOTTO_OK);
        assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_AUTH);
    }
}

static void test_handshake_notices_another_prologue(void **state)
{
    struct sotto_handshake_config config;

    (void)state;
    begin(&game, "XX", SOTTO_SUITE_AESGCM);
    config = config_for(&game, "XX", SOTTO_SUITE_AESGCM);
    config.prologue = (const uint8_t *)"x";
    config.prologue_len = 1;
    config.random = pair_random_source(&game.resp_random);
    config.s_private = game.resp_keys.s_private;
    config.s_public = game.resp_keys.s_public;
    assert_int_equal(sotto_handshake_init(&game.resp, &config), SOTTO_OK);
    play(&game, 1);
    assert_int_equal(write_from(&game, &game.resp, NULL, 0), SOTTO_OK);
    assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_AUTH);
}

static void test_handshake_refuses_ephemeral_keys_of_low_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_LOW_ORDER; i++) {
        /* Of the initiator: found when the responder mixes ee. */
        begin(&game, "XX", SOTTO_SUITE_AESGCM);
        assert_int_equal(write_from(&game, &game.init, NULL, 0), SOTTO_OK);
        memcpy(game.message, pair_low_order[i], 32);
        assert_int_equal(read_by(&game, &game.resp), SOTTO_OK);
        assert_int_equal(write_from(&game, &game.resp, NULL, 0),
                         SOTTO_ERR_AUTH);
        expect_failed_and_wiped(&game.resp);
        /* Of the responder. */
        begin(&game, "XX", SOTTO_SUITE_AESGCM);
        play(&game, 1);
        assert_int_equal(write_from(&game, &game.resp, NULL, 0), SOTTO_OK);
        memcpy(game.message, pair_low_order[i], 32);
        assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_AUTH);
        expect_failed_and_wiped(&game.init);
    }
}

static void test_handshake_refuses_static_keys_of_low_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_LOW_ORDER; i++) {
        begin(&game, "XX", SOTTO_SUITE_AESGCM);
        game.resp.s_public = pair_low_order[i]; /* it lies about its key */
        play(&game, 1);
        assert_int_equal(write_from(&game, &game.resp, NULL, 0), SOTTO_OK);
        assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_AUTH);
    }
}

/* The padding of A128CBCHS256 makes 64 bytes of a static key of 33 to 47 bytes
 * too: made by hand with a sender's own state. */
static void test_handshake_refuses_a_static_key_of_another_length(void **state)
{
    static struct sotto_handshake liar;
    uint8_t key[47] = {9};
    uint8_t shared[32];

    (void)state;
    begin(&game, "XX", SOTTO_SUITE_A128CBCHS256);
    play(&game, 1);
    liar = game.resp;
    struct sotto_symmetric *symmetric = &liar.symmetric;
    uint8_t *out = game.message;
    memset(liar.e_private, 3, 32);
    sotto_x25519_public(liar.e_private, out);
    sotto_symmetric_mix_hash(symmetric, out, 32);
    assert_int_equal(sotto_x25519_agree(liar.e_private, liar.re, shared),
                     SOTTO_OK);
    sotto_symmetric_mix_key(symmetric, shared, 32);
    assert_int_equal(sotto_symmetric_encrypt_and_hash(symmetric, key,
                                                      sizeof key, out + 32),
                     SOTTO_OK);
    memset(out + 96, 0, 32);
    game.len = 128;
    assert_int_equal(read_by(&game, &game.init), SOTTO_ERR_FORMAT);
    expect_failed_and_wiped(&game.init);
}

/* ---- our own side fails ---------------------------------------------------------- */

static void test_handshake_ends_without_random_bytes(void **state)
{
    (void)state;
    begin(&game, "XX", SOTTO_SUITE_AESGCM);
    game.init_random.fails = true;
    assert_int_equal(write_from(&game, &game.init, NULL, 0), SOTTO_ERR_RANDOM);
    expect_failed_and_wiped(&game.init);
}

static void test_handshake_changes_nothing_when_there_is_no_room(void **state)
{
    uint8_t out[MESSAGE_MAX];
    size_t len;

    (void)state;
    begin(&game, "XX", SOTTO_SUITE_A128CBCHS256);
    play(&game, 1);
    size_t need = sotto_handshake_message_len(&game.resp, 5);
    const struct sotto_handshake before = game.resp;
    for (size_t cap = 0; cap < need; cap++) {
        assert_int_equal(sotto_handshake_write_message(&game.resp,
                                                       (const uint8_t *)"12345",
                                                       5, out, cap, &len),
                         SOTTO_ERR_SPACE);
        assert_memory_equal(&game.resp, &before, sizeof before);
    }
    assert_int_equal(sotto_handshake_write_message(&game.resp,
                                                   (const uint8_t *)"12345", 5,
                                                   out, need, &len),
                     SOTTO_OK);
    assert_int_equal(len, need);
}

static void test_handshake_needs_the_keys_of_its_pattern(void **state)
{
    static const struct {
        const char *pattern;
        bool s, rs;
        size_t psks;
        enum sotto_err err;
    } cases[] = {
        {"NN", false, false, 0, SOTTO_OK},
        {"NN", false, false, 1, SOTTO_ERR_NOT_FOUND},
        {"NNpsk0", false, false, 0, SOTTO_ERR_NOT_FOUND},
        {"NNpsk0+psk2", false, false, 1, SOTTO_ERR_NOT_FOUND},
        {"XX", false, false, 0, SOTTO_ERR_NOT_FOUND},
        {"XX", true, false, 0, SOTTO_OK},
        {"IK", true, false, 0, SOTTO_ERR_NOT_FOUND},
        {"IK", false, true, 0, SOTTO_ERR_NOT_FOUND},
        {"NK", false, true, 0, SOTTO_OK},
    };

    (void)state;
    begin(&game, "XX", SOTTO_SUITE_AESGCM);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sotto_handshake_config config =
            config_for(&game, cases[i].pattern, SOTTO_SUITE_AESGCM);
        config.is_initiator = true;
        config.psk_count = cases[i].psks;
        if (cases[i].s) {
            config.s_private = game.init_keys.s_private;
            config.s_public = game.init_keys.s_public;
        }
        if (cases[i].rs) {
            config.rs = game.resp_keys.s_public;
        }
        assert_int_equal(sotto_handshake_init(&game.init, &config),
                         cases[i].err);
    }
}

static void test_handshake_protocol_names(void **state)
{
    struct sotto_handshake_config config =
        config_for(&game, "XX", SOTTO_SUITE_AESGCM);
    char name[SOTTO_PROTOCOL_NAME_MAX];
    static const char longest[] =
        "Noise_X1X1psk0+psk1+psk2+psk3+psk4_25519_A128CBCHS256_SHA256";

    (void)state;
    size_t len = sotto_protocol_name(&config.pattern, config.suite, name);
    assert_int_equal(len, strlen("Noise_XX_25519_AESGCM_SHA256"));
    assert_memory_equal(name, "Noise_XX_25519_AESGCM_SHA256", len);
    config = config_for(&game, "X1X1psk0+psk1+psk2+psk3+psk4",
                        SOTTO_SUITE_A128CBCHS256);
    len = sotto_protocol_name(&config.pattern, config.suite, name);
    assert_int_equal(len, SOTTO_PROTOCOL_NAME_MAX);
    assert_memory_equal(name, longest, len);
}

int test_handshake(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_gives_the_published_bytes),
        cmocka_unit_test(test_handshake_plays_every_pattern),
        cmocka_unit_test(test_handshake_plays_every_pattern_with_psks),
        cmocka_unit_test(test_handshake_notices_another_psk),
        cmocka_unit_test(test_handshake_uses_psks_in_order),
        cmocka_unit_test(test_handshake_refuses_every_prefix),
        cmocka_unit_test(test_handshake_refuses_every_bit_flip),
        cmocka_unit_test(test_handshake_notices_a_changed_first_message),
        cmocka_unit_test(test_handshake_notices_another_prologue),
        cmocka_unit_test(test_handshake_refuses_ephemeral_keys_of_low_order),
        cmocka_unit_test(test_handshake_refuses_static_keys_of_low_order),
        cmocka_unit_test(test_handshake_refuses_a_static_key_of_another_length),
        cmocka_unit_test(test_handshake_ends_without_random_bytes),
        cmocka_unit_test(test_handshake_changes_nothing_when_there_is_no_room),
        cmocka_unit_test(test_handshake_needs_the_keys_of_its_pattern),
        cmocka_unit_test(test_handshake_protocol_names),
    };
    return cmocka_run_group_tests_name("channel/handshake", tests, NULL, NULL);
}
