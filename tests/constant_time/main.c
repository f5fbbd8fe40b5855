/*
 * main.c - does what we do with secrets take the same way whatever they are?
 *
 * Run under valgrind's memcheck, with every secret marked as if it had never
 * been set: a branch or an address that depends on one is then reported. Each
 * test ends with none; those that plant one end with some.
 */
#include "tests/constant_time/mls.h"
#include "tests/constant_time/secrets.h"

#include "core/auth/scram.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/channel/link.h"
#include "core/crypto/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static unsigned before; /* leaks */

static int begin(void **state)
{
    (void)state;
    before = secrets_leaks();
    return 0;
}

static unsigned leaks(void)
{
    return secrets_leaks() - before;
}

static int expect_none(void **state)
{
    (void)state;
    return leaks() == 0 ? 0 : -1;
}

static const enum sotto_suite suites[] = {SOTTO_SUITE_A128CBCHS256,
                                          SOTTO_SUITE_AESGCM,
                                          SOTTO_SUITE_CHACHAPOLY};
#define SUITES (sizeof suites / sizeof suites[0])

/* ---- planted ------------------------------------------------------------- */

static void test_constant_time_finds_a_branch_and_an_index(void **state)
{
    static const uint8_t table[256] = {1};
    volatile uint8_t sink = 0;
    uint8_t secret = 0;

    (void)state;
    secrets_make(&secret, 1, 7);
    if (secret == 8) {
        sink = 1;
    }
    const unsigned branches = leaks();
    assert_int_not_equal(branches, 0);
    sink = table[secret];
    assert_true(leaks() > branches);
    (void)sink;
}

/* ---- base ---------------------------------------------------------------- */

static void test_constant_time_equal_and_wipe(void **state)
{
    uint8_t a[48];
    uint8_t b[48];

    (void)state;
    secrets_make(a, sizeof a, 1);
    secrets_make(b, sizeof b, 1);
    assert_true(sotto_equal(a, b, sizeof a));
    b[0] ^= 1;
    assert_false(sotto_equal(a, b, sizeof a));
    sotto_wipe(a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        assert_int_equal(a[i], 0); /* it is known, too, that nothing is there */
    }
}

static void test_constant_time_hex_and_base64(void **state)
{
    (void)state;
    for (size_t len = 30; len <= 33; len++) {
        uint8_t secret[33];
        uint8_t back[33];
        char text[70];
        size_t text_len = 0;
        size_t back_len = 0;

        secrets_make(secret, len, 0xf0); /* digits of all kinds */
        sotto_hex_encode(secret, len, text);
        assert_int_equal(sotto_hex_decode(text, 2 * len, back, len), SOTTO_OK);
        assert_true(sotto_equal(back, secret, len));
        text[3] = 'x';
        assert_int_equal(sotto_hex_decode(text, 2 * len, back, len),
                         SOTTO_ERR_FORMAT);

        assert_int_equal(sotto_base64_encode(secret, len, text, sizeof text,
                                             &text_len),
                         SOTTO_OK);
        assert_int_equal(sotto_base64_decode(text, text_len, back, sizeof back,
                                             &back_len),
                         SOTTO_OK);
        assert_int_equal(back_len, len);
        assert_true(sotto_equal(back, secret, len));
        text[3] = '!';
        assert_int_equal(sotto_base64_decode(text, text_len, back, sizeof back,
                                             &back_len),
                         SOTTO_ERR_FORMAT);
    }
}

/* ---- a password, and what becomes of it ---------------------------------- */

static void derive(const char *password, struct sotto_verifier *verifier,
                   struct sotto_scram_keys *keys)
{
    char secret[100];
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    struct sotto_pbkdf2 kdf;
    const size_t len = strlen(password);

    memcpy(secret, password, len);
    secrets_hide(secret, len);
    memset(verifier, 0, sizeof *verifier);
    verifier->salt_len = 16;
    verifier->iterations = 3;
    sotto_pbkdf2_init(&kdf, (const uint8_t *)secret, len, verifier->salt,
                      verifier->salt_len, verifier->iterations);
    while (!sotto_pbkdf2_run(&kdf, 2)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, keys);
    sotto_scram_stored_key(keys, verifier->stored_key);
    memcpy(verifier->server_key, keys->server_key, sizeof keys->server_key);
}

/* A login; what is said is known to the other, and does not count as secret. */
static enum sotto_err log_in(const struct sotto_verifier *verifier,
                             const struct sotto_scram_keys *keys)
{
    uint8_t hash[32];
    struct sotto_scram_binding binding = {.flag = 'p',
                                          .name = "sotto-noise-h",
                                          .data = hash,
                                          .data_len = sizeof hash};
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;

    secrets_make(hash, sizeof hash, 9); /* no secret, and handled like one */
    assert_int_equal(sotto_scram_client_first(&client, "ann", 3, &binding,
                                              "abc", text, sizeof text, &len),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_first(&server, text, len, &binding),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_challenge(&server, verifier, "def",
                                                  text, sizeof text, &len),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_challenge(&client, text, len, 1, 9, 16),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_final(&client, keys, text, sizeof text,
                                              &len),
                     SOTTO_OK);
    secrets_show(text, len);
    enum sotto_err err =
        sotto_scram_server_final(&server, text, len, &binding, text,
                                 sizeof text, &len, NULL);
    if (err == SOTTO_OK) {
        secrets_show(text, len);
        assert_int_equal(sotto_scram_client_verify(&client, text, len),
                         SOTTO_OK);
        text[5] = text[5] == 'A' ? 'B' : 'A';
        client.step = SOTTO_SCRAM_PROVED;
        assert_int_equal(sotto_scram_client_verify(&client, text, len),
                         SOTTO_ERR_AUTH);
    }
    sotto_scram_client_wipe(&client);
    sotto_scram_server_wipe(&server);
    return err;
}

static void test_constant_time_login(void **state)
{
    static const char longer[] =
        "longer than a block of sixty-four bytes, which "
        "is hashed before it is a key";
    struct sotto_verifier verifier;
    struct sotto_verifier unused;
    struct sotto_scram_keys keys;
    struct sotto_scram_keys wrong;

    (void)state;
    derive("password", &verifier, &keys);
    derive(longer, &unused, &wrong);
    assert_int_equal(log_in(&verifier, &keys), SOTTO_OK);
    assert_int_equal(log_in(&verifier, &wrong), SOTTO_ERR_AUTH);
}

/* ---- ciphers --------------------------------------------------------------- */

#define AD       "ad"
#define TEXT_MAX 70

struct sealed {
    struct sotto_aead aead;
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];
    uint8_t bytes[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
    size_t len;
};

static void seal(struct sealed *s, enum sotto_aead_alg alg, const void *text,
                 size_t len)
{
    uint8_t key[32];

    memset(s, 0, sizeof *s);
    secrets_make(key, sizeof key, 5);
    sotto_aead_init(&s->aead, alg, key);
    s->len = sotto_aead_sealed_len(alg, len);
    assert_int_equal(sotto_aead_seal(&s->aead, s->nonce, (const uint8_t *)AD,
                                     sizeof AD, text, len, s->bytes),
                     SOTTO_OK);
    secrets_show(s->bytes, s->len); /* it goes over the wire */
}

static enum sotto_err open_sealed(const struct sealed *s, uint8_t *out,
                                  size_t *len)
{
    return sotto_aead_open(&s->aead, s->nonce, (const uint8_t *)AD, sizeof AD,
                           s->bytes, s->len, out, len);
}

static void test_constant_time_ciphers(void **state)
{
    static const enum sotto_aead_alg algs[] = {SOTTO_AEAD_A128CBC_HS256,
                                               SOTTO_AEAD_AES128_GCM,
                                               SOTTO_AEAD_AES256_GCM,
                                               SOTTO_AEAD_CHACHA20_POLY1305};

    (void)state;
    for (size_t i = 0; i < 4 * (TEXT_MAX + 1); i++) {
        const size_t len = i / 4;
        uint8_t text[TEXT_MAX];
        uint8_t out[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
        size_t out_len = 0;
        struct sealed s;

        secrets_make(text, len, 1);
        seal(&s, algs[i % 4], text, len);
        assert_int_equal(open_sealed(&s, out, &out_len), SOTTO_OK);
        assert_int_equal(out_len, len);
        assert_true(sotto_equal(out, text, len));
        s.bytes[s.len - 1 - i % s.len] ^= 1;
        assert_int_equal(open_sealed(&s, out, &out_len), SOTTO_ERR_AUTH);
    }
}

/* A text of one block gets a block of sixteens as padding; the last of them is
 * another number where the block before it was changed. A holder of the key can
 * make such messages. */
static void make_padding(struct sealed *s, uint8_t last)
{
    static const uint8_t al[8] = {0, 0, 0, 0, 0, 0, 0, 8 * sizeof AD};
    uint8_t text[16];
    uint8_t mac[SOTTO_HASH_LEN];
    uint8_t mac_key[16];

    secrets_make(text, sizeof text, 1);
    seal(s, SOTTO_AEAD_A128CBC_HS256, text, sizeof text);
    s->bytes[15] ^= 16 ^ last;
    secrets_make(mac_key, sizeof mac_key, 5); /* half of the key */
    const struct sotto_piece pieces[] = {{AD, sizeof AD},
                                         {s->nonce, 16},
                                         {s->bytes, 32},
                                         {al, sizeof al}};
    sotto_hmac(mac_key, sizeof mac_key, pieces, 4, mac);
    memcpy(s->bytes + 32, mac, SOTTO_AEAD_TAG_LEN);
    secrets_show(s->bytes, s->len);
}

static void test_constant_time_padding(void **state)
{
    (void)state;
    for (unsigned last = 0; last < 256; last++) {
        struct sealed s;
        uint8_t out[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
        size_t len = 0;

        make_padding(&s, (uint8_t)last);
        assert_int_equal(open_sealed(&s, out, &len),
                         last == 1 || last == 16 ? SOTTO_OK : SOTTO_ERR_AUTH);
    }
}

/* What a comparison that ends early would show. */
static void test_constant_time_finds_an_early_end_in_a_cipher(void **state)
{
    struct sealed s;
    uint8_t text[20];
    uint8_t out[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
    size_t len = 0;

    (void)state;
    secrets_make(text, sizeof text, 1);
    seal(&s, SOTTO_AEAD_A128CBC_HS256, text, sizeof text);
    s.bytes[s.len - 1] ^= 1;
    assert_int_equal(leaks(), 0);
    secrets_plant_early_end(true);
    enum sotto_err err = open_sealed(&s, out, &len);
    secrets_plant_early_end(false);
    assert_int_equal(err, SOTTO_ERR_AUTH);
    assert_int_not_equal(leaks(), 0);
}

/* ---- a connection ------------------------------------------------------------ */

struct ends {
    struct sotto_link client;
    struct sotto_link server;
    uint8_t client_private[32];
    uint8_t client_public[32];
    uint8_t server_private[32];
    uint8_t server_public[32];
    uint8_t next_random;
    uint8_t wire[SOTTO_RECORD_LIMIT_BOARD];
    size_t len;
};

static enum sotto_err draw(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;

    secrets_make(out, len, *next);
    *next = (uint8_t)(*next + len);
    return SOTTO_OK;
}

static void dial(struct ends *e, enum sotto_suite suite, bool is_ik)
{
    memset(e, 0, sizeof *e);
    secrets_make(e->client_private, 32, 0x11);
    secrets_make(e->server_private, 32, 0x22);
    sotto_x25519_public(e->client_private, e->client_public);
    sotto_x25519_public(e->server_private, e->server_public);
    struct sotto_link_config config = {
        .is_client = true,
        .suite = suite,
        .receive_limit = 512,
        .random = {&e->next_random, draw},
        .static_private = e->client_private,
        .static_public = e->client_public,
        .server_key = is_ik ? e->server_public : NULL,
    };
    sotto_link_init(&e->client, &config);
    config.is_client = false;
    config.static_private = e->server_private;
    config.static_public = e->server_public;
    config.server_key = NULL;
    config.takes_ik = true;
    sotto_link_init(&e->server, &config);
}

/* What `from` has to say in the handshake is heard by `to`. */
static enum sotto_err pass(struct ends *e, struct sotto_link *from,
                           struct sotto_link *to, size_t change)
{
    size_t used = 0;
    enum sotto_err err = SOTTO_OK;

    assert_int_equal(sotto_link_out(from, e->wire, sizeof e->wire, &e->len),
                     SOTTO_OK);
    secrets_show(e->wire, e->len);
    if (change > 0) {
        e->wire[e->len - change] ^= 1;
    }
    for (size_t at = 0; at < e->len && err == SOTTO_OK; at += used) {
        err = sotto_link_feed(to, e->wire + at, e->len - at, &used);
    }
    if (to->state == SOTTO_LINK_IDENTITY) {
        sotto_link_accept(to);
    }
    return err;
}

/* One record; `renews`: with REKEY at its end. */
static enum sotto_err send(struct ends *e, struct sotto_link *from,
                           struct sotto_link *to, bool renews, size_t change)
{
    struct sotto_record record;
    struct sotto_frame frame;
    uint8_t text[30];
    size_t used = 0;
    enum sotto_err err;

    secrets_make(text, sizeof text, 1);
    sotto_link_begin(from, &record, e->wire, sizeof e->wire);
    assert_int_equal(sotto_record_add(&record, 16, text, sizeof text),
                     SOTTO_OK);
    if (renews) {
        from->send_records = SOTTO_REKEY_RECORDS;
    }
    assert_int_equal(sotto_link_end(from, &record, 0, &e->len), SOTTO_OK);
    secrets_show(e->wire, e->len);
    if (change > 0) {
        e->wire[e->len - change] ^= 1;
    }
    err = sotto_link_feed(to, e->wire, e->len, &used);
    if (err == SOTTO_OK) {
        assert_true(sotto_link_next(to, &frame, &err));
        assert_true(sotto_equal(frame.body, text, sizeof text));
        assert_false(sotto_link_next(to, &frame, &err));
    }
    return err;
}

static void meet(struct ends *e, enum sotto_suite suite, bool is_ik)
{
    dial(e, suite, is_ik);
    assert_int_equal(pass(e, &e->client, &e->server, 0), SOTTO_OK);
    assert_int_equal(pass(e, &e->server, &e->client, 0), SOTTO_OK);
    if (!is_ik) {
        assert_int_equal(pass(e, &e->client, &e->server, 0), SOTTO_OK);
    }
    assert_int_equal(e->client.state, SOTTO_LINK_OPEN);
    assert_int_equal(e->server.state, SOTTO_LINK_OPEN);
}

/* Handshake, records, new keys, an end: with both static keys, all ephemeral
 * ones, and what is said a secret. */
static void test_constant_time_connections(void **state)
{
    static struct ends e;

    (void)state;
    for (size_t i = 0; i < 2 * SUITES; i++) {
        meet(&e, suites[i / 2], i % 2 == 1);
        for (int round = 0; round < 2; round++) {
            assert_int_equal(send(&e, &e.client, &e.server, round == 0, 0),
                             SOTTO_OK);
            assert_int_equal(send(&e, &e.server, &e.client, round == 0, 0),
                             SOTTO_OK);
        }
        assert_int_equal(sotto_link_close(&e.client, SOTTO_CLOSE_BYE, e.wire,
                                          sizeof e.wire, 0, &e.len),
                         SOTTO_OK);
        sotto_link_wipe(&e.client);
        sotto_link_wipe(&e.server);
    }
}

/* The same, refused: each message, and a record, changed near its end. */
static void test_constant_time_refusals(void **state)
{
    static struct ends e;

    (void)state;
    for (size_t i = 0; i < 2 * SUITES; i++) {
        const bool is_ik = i % 2 == 1;

        for (size_t change = 1; change < 40; change += 30) {
            dial(&e, suites[i / 2], is_ik);
            enum sotto_err err = pass(&e, &e.client, &e.server, change);
            assert_int_equal(err, is_ik ? SOTTO_ERR_AUTH : SOTTO_OK);
            dial(&e, suites[i / 2], is_ik);
            assert_int_equal(pass(&e, &e.client, &e.server, 0), SOTTO_OK);
            assert_int_equal(pass(&e, &e.server, &e.client, change),
                             SOTTO_ERR_AUTH);
            meet(&e, suites[i / 2], is_ik);
            assert_int_equal(send(&e, &e.client, &e.server, false, change),
                             SOTTO_ERR_AUTH);
        }
    }
}

int main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, begin, expect_none)
#define PLANT(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        PLANT(test_constant_time_finds_a_branch_and_an_index),
        PLANT(test_constant_time_finds_an_early_end_in_a_cipher),
        TEST(test_constant_time_equal_and_wipe),
        TEST(test_constant_time_hex_and_base64),
        TEST(test_constant_time_login),
        TEST(test_constant_time_ciphers),
        TEST(test_constant_time_padding),
        TEST(test_constant_time_connections),
        TEST(test_constant_time_refusals),
        TEST(test_constant_time_mls_schedule),
        TEST(test_constant_time_mls_messages),
        TEST(test_constant_time_mls_tags),
    };
#undef PLANT
#undef TEST
    if (!secrets_are_watched()) {
        (void)fputs("run this under valgrind\n", stderr);
        return 2;
    }
    return cmocka_run_group_tests_name("constant_time", tests, NULL, NULL);
}
