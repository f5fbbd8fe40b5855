/* test_certificate.c - what vouches for a server's static key: made, carried in
 * message 2, and verified. */
#include "core/base/writer.h"
#include "core/channel/certificate.h"
#include "core/crypto/hash.h"
#include "tests/unit/channel/pair.h"
#include "tests/unit/crypto/certificate.h"
#include <string.h>

#define NOW 1700000000U

static const uint8_t server_key[32] = {3, 3};
static const uint8_t other_key[32] = {4, 4};

static const struct certificate_plan server_plan = {
    .subject = "server",
    .issuer = "root",
    .key = server_key,
    .issuer_key = certificate_root_key,
    .not_before = "20200101000000Z",
    .not_after = "20250101000000Z",
    .usage = CERTIFICATE_SIGNS,
    .extended = 1,
    .dns = "chat.example"};

static struct pair pair;
static uint8_t root_bytes[CERTIFICATE_MAX];
static uint8_t server_bytes[CERTIFICATE_MAX];
static struct sotto_span root;
static struct sotto_span chain[SOTTO_X509_CHAIN_MAX + 1];
static uint8_t payload[SOTTO_CERTIFICATE_PAYLOAD_MAX];
static size_t payload_len;
static struct sotto_x509_trust trust;
static struct sotto_x509_report report;

/* A server of suite 2 with a certificate, and a client of that limit. */
static void begin(uint16_t limit)
{
    pair_init(&pair, SOTTO_SUITE_AESGCM, limit);
    root = certificate_make(&certificate_root, root_bytes);
    chain[0] = certificate_make(&server_plan, server_bytes);
    trust = (struct sotto_x509_trust){.anchors = &root,
                                      .anchor_count = 1,
                                      .now = NOW,
                                      .usage = SOTTO_X509_SERVER,
                                      .name = "chat.example"};
    memset(&report, 0, sizeof report);
}

static enum sotto_err encode_in(size_t count, size_t cap)
{
    const struct sotto_certificate_plan plan = {.chain = chain,
                                                .count = count,
                                                .private_key = server_key,
                                                .static_key =
                                                    pair.server_keys.s_public,
                                                .receive_limit =
                                                    pair.server.receive_limit};

    return sotto_certificate_encode(&plan, payload, cap, &payload_len);
}

static enum sotto_err encode(size_t count)
{
    return encode_in(count, sizeof payload);
}

/* The certificate itself, in the payload: behind limit and length. */
static struct sotto_span in_payload(void)
{
    const size_t head = 2 + (payload[2] >> 6 == 1 ? 2 : 4);

    return (struct sotto_span){payload + head, payload_len - head};
}

static enum sotto_err verify(struct sotto_span certificate)
{
    return sotto_certificate_verify(certificate, pair.server_keys.s_public,
                                    &trust, &report);
}

/* ---- made and verified ---------------------------------------------------- */

static void test_certificate_vouches_for_the_key(void **state)
{
    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    assert_int_equal(payload[0] << 8 | payload[1], 1024);
    assert_int_equal(verify(in_payload()), SOTTO_OK);
    assert_int_equal(report.flaws, 0);
    assert_int_equal(report.until, 1735689600);
}

/* The signature is over these bytes and no others. */
static void test_certificate_signs_what_the_protocol_says(void **state)
{
    uint8_t text[64 + 27 + 32 + 32];
    uint8_t digest[32];
    uint8_t key[SOTTO_P256_PUBLIC_LEN];

    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    memset(text, 0x20, 64);
    memcpy(text + 64, "sotto server static key v1", 27);
    memcpy(text + 91, pair.server_keys.s_public, 32);
    sotto_sha256(chain[0].at, chain[0].len, text + 123);
    sotto_sha256(text, sizeof text, digest);
    assert_int_equal(sotto_p256_public(server_key, key), SOTTO_OK);
    const struct sotto_span body = in_payload();
    const size_t prefix = body.at[0] < 64 ? 1 : 2;
    const size_t len = prefix == 1
                           ? body.at[0]
                           : (size_t)(body.at[0] & 0x3f) << 8 | body.at[1];
    assert_int_equal(sotto_p256_verify(key, digest, body.at + prefix, len),
                     SOTTO_OK);
}

/* A certificate with a signature made by hand. */
static struct sotto_span sign(const void *context, size_t context_len,
                              const uint8_t *static_key,
                              struct sotto_span certificate, const uint8_t *key)
{
    static uint8_t out[1024];
    uint8_t digest[32];
    uint8_t hash[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t signature_len;
    size_t len;
    struct sotto_writer w;
    struct sotto_sha256 running;

    sotto_sha256(certificate.at, certificate.len, hash);
    sotto_sha256_init(&running);
    sotto_sha256_add(&running, context, context_len);
    sotto_sha256_add(&running, static_key, 32);
    sotto_sha256_add(&running, hash, sizeof hash);
    sotto_sha256_end(&running, digest);
    assert_int_equal(sotto_p256_sign(key, digest, signature, &signature_len),
                     SOTTO_OK);
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_vector(&w, signature, signature_len);
    sotto_write_vector(&w, chain[0].at, chain[0].len);
    assert_int_equal(sotto_writer_finish(&w, &len), SOTTO_OK);
    return (struct sotto_span){out, len};
}

#define SPACES_16 "                "
#define CONTEXT                                                                \
    SPACES_16 SPACES_16 SPACES_16 SPACES_16 "sotto server static key v1"

static void test_certificate_refuses_other_signatures(void **state)
{
    const char tls[] =
        SPACES_16 SPACES_16 SPACES_16 SPACES_16 "TLS 1.3, server CertificateV";
    const uint8_t *key;

    (void)state;
    begin(1024);
    key = pair.server_keys.s_public;
    assert_int_equal(verify(sign(CONTEXT, sizeof CONTEXT, key, chain[0],
                                 server_key)),
                     SOTTO_OK);
    /* Another static key, certificate, context, private key. */
    assert_int_equal(verify(sign(CONTEXT, sizeof CONTEXT,
                                 pair.client_keys.s_public, chain[0],
                                 server_key)),
                     SOTTO_ERR_AUTH);
    assert_int_equal(verify(
                         sign(CONTEXT, sizeof CONTEXT, key, root, server_key)),
                     SOTTO_ERR_AUTH);
    assert_int_equal(verify(sign(tls, sizeof tls, key, chain[0], server_key)),
                     SOTTO_ERR_AUTH);
    assert_int_equal(verify(sign(CONTEXT, sizeof CONTEXT - 1, key, chain[0],
                                 server_key)),
                     SOTTO_ERR_AUTH);
    assert_int_equal(verify(sign(CONTEXT, sizeof CONTEXT, key, chain[0],
                                 other_key)),
                     SOTTO_ERR_AUTH);
    assert_int_equal(report.flaws, 0); /* of the chain */
}

static void test_certificate_is_of_a_valid_chain(void **state)
{
    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    trust.name = "chat.example.org";
    assert_int_equal(verify(in_payload()), SOTTO_ERR_AUTH);
    assert_int_equal(report.flaws, SOTTO_X509_OTHER_NAME);
    trust.name = NULL;
    trust.now = 1735689601;
    assert_int_equal(verify(in_payload()), SOTTO_ERR_AUTH);
    assert_int_equal(report.flaws, SOTTO_X509_EXPIRED);
    trust.now = NOW;
    trust.anchors = &chain[0]; /* is no authority, and not its own issuer */
    assert_int_equal(verify(in_payload()), SOTTO_ERR_AUTH);
    assert_int_equal(report.flaws, SOTTO_X509_UNTRUSTED);
}

static void test_certificate_refuses_truncations_and_changed_bytes(void **state)
{
    struct sotto_span body;

    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    body = in_payload();
    assert_int_equal(verify((struct sotto_span){NULL, 0}), SOTTO_ERR_NOT_FOUND);
    for (size_t len = 1; len < body.len; len++) {
        assert_int_not_equal(verify((struct sotto_span){body.at, len}),
                             SOTTO_OK);
    }
    for (size_t i = 0; i < body.len; i++) {
        payload[payload_len - body.len + i] ^= 1;
        assert_int_not_equal(verify(body), SOTTO_OK);
        payload[payload_len - body.len + i] ^= 1;
    }
    assert_int_equal(verify(body), SOTTO_OK);
}

static void test_certificate_encode_refuses_what_does_not_fit(void **state)
{
    static const uint8_t large[SOTTO_CERTIFICATE_MAX];

    (void)state;
    begin(1024);
    for (size_t i = 1; i <= SOTTO_X509_CHAIN_MAX; i++) {
        chain[i] = root;
    }
    assert_int_equal(encode(0), SOTTO_ERR_FORMAT);
    assert_int_equal(encode(SOTTO_X509_CHAIN_MAX), SOTTO_OK);
    assert_int_equal(verify(in_payload()), SOTTO_OK);
    assert_int_equal(encode(SOTTO_X509_CHAIN_MAX + 1), SOTTO_ERR_LIMIT);
    chain[1] = (struct sotto_span){large, SOTTO_CERTIFICATE_MAX - 100};
    assert_int_equal(encode(2), SOTTO_ERR_LIMIT);
    chain[1] = (struct sotto_span){large, (size_t)-1};
    assert_int_equal(encode(2), SOTTO_ERR_LIMIT);
    chain[0] = (struct sotto_span){large, 10};
    assert_int_equal(encode(1), SOTTO_ERR_FORMAT);
    chain[0] = root; /* of another key */
    assert_int_equal(encode(1), SOTTO_ERR_AUTH);
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    const size_t needs = payload_len;
    for (size_t cap = 0; cap < needs; cap++) {
        assert_int_equal(encode_in(1, cap), SOTTO_ERR_SPACE);
    }
}

/* More certificates than there may be, from a server that does not count. */
static void test_certificate_verify_bounds_the_chain(void **state)
{
    static uint8_t out[SOTTO_CERTIFICATE_MAX];
    struct sotto_writer w;
    size_t len;

    (void)state;
    begin(1024);
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_vector(&w, "x", 1);
    for (size_t i = 0; i <= SOTTO_X509_CHAIN_MAX; i++) {
        sotto_write_vector(&w, chain[0].at, chain[0].len);
    }
    assert_int_equal(sotto_writer_finish(&w, &len), SOTTO_OK);
    assert_int_equal(verify((struct sotto_span){out, len}), SOTTO_ERR_LIMIT);
    assert_int_equal(verify((struct sotto_span){out, 2}), SOTTO_ERR_FORMAT);
}

/* ---- in message 2 ----------------------------------------------------------- */

/* As far as the server's message 2, made in `cap` bytes. */
static void carry(size_t cap)
{
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(sotto_link_out_with(&pair.server,
                                         (struct sotto_span){payload,
                                                             payload_len},
                                         pair.wire, cap, &pair.wire_len),
                     SOTTO_OK);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    assert_int_equal(pair.client.state, SOTTO_LINK_IDENTITY);
}

static void finish_and_talk(void)
{
    sotto_link_accept(&pair.client);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(pair.client.send_limit, pair.server.receive_limit);
    pair_send(&pair, &pair.server, 17, "hello", 5, 0);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_frame(&pair.client, 17, "hello", 5);
    pair_expect_no_frame(&pair.client);
}

static void test_certificate_travels_in_message_2(void **state)
{
    struct sotto_frame frame;
    enum sotto_err err = SOTTO_OK;

    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    carry(sizeof pair.wire);
    const struct sotto_span got = sotto_link_certificate(&pair.client);
    assert_int_equal(verify(got), SOTTO_OK);
    assert_false(sotto_link_next(&pair.client, &frame, &err)); /* no frames */
    assert_int_equal(err, SOTTO_OK);
    finish_and_talk();
}

/* At the client's limit it is there, a byte below it is left out. */
static void test_certificate_is_left_out_where_there_is_no_room(void **state)
{
    const size_t overhead = 32 + 48 + 16; /* e, s, tag of the payload */

    (void)state;
    begin(1024);
    assert_int_equal(encode(1), SOTTO_OK);
    const uint16_t whole = (uint16_t)(payload_len + overhead);
    for (uint16_t less = 0; less < 2; less++) {
        begin((uint16_t)(whole - less));
        carry(sizeof pair.wire);
        assert_int_equal(sotto_link_certificate(&pair.client).len,
                         less == 0 ? payload_len - 4 : 0);
        pair.server.receive_limit = pair.client.send_limit;
        finish_and_talk();
        /* So it is where the server's own buffer is too small. */
        begin(4096);
        carry(2U + whole - less);
        assert_int_equal(sotto_link_certificate(&pair.client).len,
                         less == 0 ? payload_len - 4 : 0);
    }
    begin(256);
    carry(sizeof pair.wire);
    assert_int_equal(sotto_link_certificate(&pair.client).len, 0);
    assert_int_equal(verify(sotto_link_certificate(&pair.client)),
                     SOTTO_ERR_NOT_FOUND);
    finish_and_talk();
}

int test_certificate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_vouches_for_the_key),
        cmocka_unit_test(test_certificate_signs_what_the_protocol_says),
        cmocka_unit_test(test_certificate_refuses_other_signatures),
        cmocka_unit_test(test_certificate_is_of_a_valid_chain),
        cmocka_unit_test(
            test_certificate_refuses_truncations_and_changed_bytes),
        cmocka_unit_test(test_certificate_encode_refuses_what_does_not_fit),
        cmocka_unit_test(test_certificate_verify_bounds_the_chain),
        cmocka_unit_test(test_certificate_travels_in_message_2),
        cmocka_unit_test(test_certificate_is_left_out_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
