#include "tests/unit/channel/pair.h"
#include <string.h>

const enum sotto_suite pair_suites[PAIR_SUITES] = {SOTTO_SUITE_A128CBCHS256,
                                                   SOTTO_SUITE_AESGCM,
                                                   SOTTO_SUITE_CHACHAPOLY};

const uint8_t pair_low_order[PAIR_LOW_ORDER][32] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 9,    0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 5,    0x16, 0x5f, 0x49, 0xb8, 0},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 4,    0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};

static enum sotto_err count_up(void *ctx, uint8_t *out, size_t len)
{
    struct pair_random *random = ctx;

    if (random->fails) {
        return SOTTO_ERR_RANDOM;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = random->next++;
    }
    return SOTTO_OK;
}

struct sotto_random pair_random_source(struct pair_random *random)
{
    return (struct sotto_random){random, count_up};
}

void pair_make_keys(struct pair_keys *keys, uint8_t byte)
{
    memset(keys->s_private, byte, sizeof keys->s_private);
    sotto_x25519_public(keys->s_private, keys->s_public);
}

void pair_init(struct pair *pair, enum sotto_suite suite, uint16_t limit)
{
    memset(pair, 0, sizeof *pair);
    pair->client_random.next = 1;
    pair->server_random.next = 101;
    pair_make_keys(&pair->client_keys, 0x11);
    pair_make_keys(&pair->server_keys, 0x22);
    struct sotto_link_config config = {
        .is_client = true,
        .suite = suite,
        .receive_limit = limit,
        .random = pair_random_source(&pair->client_random),
        .static_private = pair->client_keys.s_private,
        .static_public = pair->client_keys.s_public,
    };
    sotto_link_init(&pair->client, &config);
    config.is_client = false;
    config.random = pair_random_source(&pair->server_random);
    config.static_private = pair->server_keys.s_private;
    config.static_public = pair->server_keys.s_public;
    sotto_link_init(&pair->server, &config);
}

void pair_init_ik(struct pair *pair, enum sotto_suite suite, uint16_t limit,
                  const uint8_t *server_key, bool takes_ik)
{
    pair_init(pair, suite, limit);
    const struct sotto_link_config config = {
        .is_client = true,
        .suite = suite,
        .receive_limit = limit,
        .random = pair_random_source(&pair->client_random),
        .static_private = pair->client_keys.s_private,
        .static_public = pair->client_keys.s_public,
        .server_key =
            server_key != NULL ? server_key : pair->server_keys.s_public,
    };
    sotto_link_init(&pair->client, &config);
    pair->server.takes_ik = takes_ik;
}

void pair_out(struct pair *pair, struct sotto_link *from)
{
    assert_int_equal(sotto_link_out(from, pair->wire, sizeof pair->wire,
                                    &pair->wire_len),
                     SOTTO_OK);
}

enum sotto_err pair_feed(struct pair *pair, struct sotto_link *to)
{
    size_t at = 0;

    while (at < pair->wire_len) {
        size_t used;
        enum sotto_err err =
            sotto_link_feed(to, pair->wire + at, pair->wire_len - at, &used);
        if (err != SOTTO_OK) {
            return err;
        }
        assert_true(used > 0);
        at += used;
    }
    return SOTTO_OK;
}

void pair_open(struct pair *pair, enum sotto_suite suite, uint16_t limit)
{
    pair_init(pair, suite, limit);
    pair_out(pair, &pair->client);
    assert_int_equal(pair_feed(pair, &pair->server), SOTTO_OK);
    pair_out(pair, &pair->server);
    assert_int_equal(pair_feed(pair, &pair->client), SOTTO_OK);
    sotto_link_accept(&pair->client);
    pair_out(pair, &pair->client);
    assert_int_equal(pair_feed(pair, &pair->server), SOTTO_OK);
    assert_int_equal(pair->client.state, SOTTO_LINK_OPEN);
    assert_int_equal(pair->server.state, SOTTO_LINK_OPEN);
}

void pair_send(struct pair *pair, struct sotto_link *from, uint8_t type,
               const void *body, size_t len, uint64_t now_ms)
{
    struct sotto_record record;

    sotto_link_begin(from, &record, pair->wire, sizeof pair->wire);
    assert_int_equal(sotto_record_add(&record, type, body, len), SOTTO_OK);
    assert_int_equal(sotto_link_end(from, &record, now_ms, &pair->wire_len),
                     SOTTO_OK);
}

size_t pair_seal(struct sotto_link *from, const uint8_t *frames, size_t len,
                 uint8_t *out)
{
    struct sotto_cipher *cipher = &from->keys.transport.send;
    size_t sealed = sotto_cipher_sealed_len(cipher, len);

    out[0] = (uint8_t)(sealed >> 8);
    out[1] = (uint8_t)sealed;
    assert_int_equal(sotto_cipher_encrypt_with_ad(cipher, NULL, 0, frames, len,
                                                  out + SOTTO_RECORD_HEAD),
                     SOTTO_OK);
    return SOTTO_RECORD_HEAD + sealed;
}

void pair_send_raw(struct pair *pair, struct sotto_link *from,
                   const uint8_t *frames, size_t len)
{
    pair->wire_len = pair_seal(from, frames, len, pair->wire);
}

void pair_expect_frame(struct sotto_link *link, uint8_t type, const void *body,
                       size_t len)
{
    struct sotto_frame frame;
    enum sotto_err err;

    assert_true(sotto_link_next(link, &frame, &err));
    assert_int_equal(err, SOTTO_OK);
    assert_int_equal(frame.type, type);
    assert_int_equal(frame.len, len);
    assert_memory_equal(frame.body, body, len);
}

void pair_expect_no_frame(struct sotto_link *link)
{
    struct sotto_frame frame;
    enum sotto_err err;

    assert_false(sotto_link_next(link, &frame, &err));
    assert_int_equal(err, SOTTO_OK);
}

void pair_expect_failed(struct sotto_link *link, enum sotto_err expected)
{
    uint8_t byte = 0;
    size_t used;
    struct sotto_frame frame;
    enum sotto_err err;

    assert_int_equal(link->state, SOTTO_LINK_FAILED);
    assert_int_equal(sotto_link_feed(link, &byte, 1, &used), expected);
    assert_int_equal(used, 0);
    assert_false(sotto_link_next(link, &frame, &err));
    assert_int_equal(err, expected);
}
