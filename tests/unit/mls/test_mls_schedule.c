/*
 * test_mls_schedule.c - key schedule, PSKs, transcript hashes. The values are
 * from the MLS working group's test vectors (key-schedule.json,
 * psk_secret.json, transcript-hashes.json of mlswg/mls-implementations, cipher
 * suite 2).
 */
#include "core/mls/codec.h"
#include "core/mls/psk.h"
#include "core/mls/schedule.h"
#include "core/mls/transcript.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

static const struct sotto_mls_suite *suite2(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

/* Hex of any length up to 512 bytes, as a span that lasts until the next four
 * calls. */
static struct sotto_span span_of(const char *hex)
{
    static uint8_t slots[4][512];
    static size_t next;
    uint8_t *slot = slots[next++ % 4];

    return (struct sotto_span){slot, unhex(hex, slot, sizeof slots[0])};
}

/* --------------------------------------------------------------- an epoch */

static const char initial_init_secret[] =
    "a897b53575b4dd35fed4466e4e714bfa949eaa72e616a9c68a47b39cb7a60d2e";
static const char commit_secret[] =
    "a22606222e350fd7f0937168fe7548fb06626ab143cba7611d641693b1447509";
static const char psk_secret[] =
    "e871b247379522395689182736cb3d1e7b108d6ae934b802223975de8dc3f80b";
static const char group_context[] =
    "0001000220a897b53575b4dd35fed4466e4e714bfa949eaa72e616a9c68a47b39cb7a60d2e"
    "0000000000000000209769e302a99c457350a8e636009b12a2fee068664004606d6318eb3a"
    "1977d818205e57c9364dc71f0f71b19ffe561ab77257c490708a47e29f8f73f2b318201d2f"
    "00";
static const char joiner_secret[] =
    "b3e94856e4ac46ce5a92176b7a1d97e1b8c5e4d50aff1bb25c7387b756dafd52";
static const char welcome_secret[] =
    "159dc69117edda2a8d7f01f7b3ee9252a576e38e3524ebf8dbd59efa39ef3332";
static const char sender_data_secret[] =
    "a19b19d68dd5b2744bdd38e9576d8b68e7592395dcd9a19f8853d831cbb783bd";
static const char encryption_secret[] =
    "de53a6bb794b7652cb69589cfae9007a8f6f50347d91821a02c02c94b8d502e9";
static const char exporter_secret[] =
    "37b4777fbfa0bb7b83d5a4e52d1d249000564918b96436704595c36b57c1e366";
static const char external_secret[] =
    "1f0124fdbb08c0d72123838e3731ab6953a53d565496f523bb3a4e539c949aac";
static const char external_pub[] =
    "0404c9d6889bc661210f8c74d9e07e355755268949b606694c395516b978e76e88d30be4f4"
    "7e427abf0e64126dee99df85a62a90de44fc7feafab3e355d6338d8c";
static const char confirmation_key[] =
    "9d8dd78766b9391995f0cd122bff536c01e056ae3c29fbd8dca3a128f1a097ba";
static const char membership_key[] =
    "136eed7ac9f27002cbb4bc47d91676341df8c8eaa8349828dd51d22d5ffb3f43";
static const char resumption_psk[] =
    "99444cb54d7e6d7da939124f5a666bac5a878eb756405a437893914b33353504";
static const char epoch_authenticator[] =
    "6bb5c0d569550a2c7e1917b0ebeef193b703281fc5eaa3392b3125c8e394f69d";
static const char init_secret[] =
    "8669c65d78b3f0ffea3d0e5d2205eb799ec39b97dada7624af0ccc3fa65bcd60";
/* The label is this text, not what it is in hex. */
static const char exporter_label[] =
    "9ba13d54ecdec7cbefcb47b4268d7b1990fabc6d6e67681e167959389d84e4e4";
static const char exporter_context[] =
    "884f1af892ab002f5be4c5d5081ade9e0e6418c6ea7a9a92e90534f19dcef785";
static const char exporter_value[] =
    "fb21b093a965ca191ddc236dd38791d738d37818d8d3861020151dfdd8ee70b0";

/* Both epochs' secrets from the vector's inputs. */
static void derive(struct sotto_mls_epoch_secrets *secrets,
                   uint8_t encryption[static SOTTO_MLS_HASH_MAX])
{
    const struct sotto_span context = span_of(group_context);
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    sotto_mls_joiner_secret(suite2(), span_of(initial_init_secret).at,
                            span_of(commit_secret).at, context, secret);
    sotto_mls_member_secret(suite2(), secret, span_of(psk_secret).at, secret);
    sotto_mls_epoch_secret(suite2(), secret, context, secret);
    sotto_mls_epoch_derive(suite2(), secret, secrets, encryption);
}

static void test_mls_schedule_joins_as_the_vector(void **state)
{
    uint8_t joiner[SOTTO_MLS_HASH_MAX];
    uint8_t member[SOTTO_MLS_HASH_MAX];
    uint8_t welcome[SOTTO_MLS_HASH_MAX];

    (void)state;
    sotto_mls_joiner_secret(suite2(), span_of(initial_init_secret).at,
                            span_of(commit_secret).at, span_of(group_context),
                            joiner);
    assert_hex(joiner, sizeof joiner, joiner_secret);
    sotto_mls_member_secret(suite2(), joiner, span_of(psk_secret).at, member);
    sotto_mls_welcome_secret(suite2(), member, welcome);
    assert_hex(welcome, sizeof welcome, welcome_secret);
}

static void test_mls_schedule_derives_the_vector_s_secrets(void **state)
{
    struct sotto_mls_epoch_secrets s;
    uint8_t encryption[SOTTO_MLS_HASH_MAX];

    (void)state;
    derive(&s, encryption);
    assert_hex(s.sender_data_secret, 32, sender_data_secret);
    assert_hex(encryption, 32, encryption_secret);
    assert_hex(s.exporter_secret, 32, exporter_secret);
    assert_hex(s.external_secret, 32, external_secret);
    assert_hex(s.confirmation_key, 32, confirmation_key);
    assert_hex(s.membership_key, 32, membership_key);
    assert_hex(s.resumption_psk, 32, resumption_psk);
    assert_hex(s.epoch_authenticator, 32, epoch_authenticator);
    assert_hex(s.init_secret, 32, init_secret);

    sotto_mls_epoch_secrets_wipe(&s);
    assert_true(all_zero((const uint8_t *)&s, sizeof s));
}

static void test_mls_exporter_gives_the_vector(void **state)
{
    static uint8_t out[255 * SOTTO_MLS_HASH_MAX + 1];
    const struct sotto_span secret = span_of(exporter_secret);
    const struct sotto_span context = span_of(exporter_context);

    (void)state;
    assert_int_equal(sotto_mls_exporter(suite2(), secret.at, exporter_label,
                                        context, out, 32),
                     SOTTO_OK);
    assert_hex(out, 32, exporter_value);
    assert_int_equal(sotto_mls_exporter(suite2(), secret.at, exporter_label,
                                        context, out, sizeof out),
                     SOTTO_ERR_LIMIT);
    assert_hex(out, 32, exporter_value); /* as it was */
}

/* ------------------------------------------------- external initialization */

struct external {
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t sent[SOTTO_MLS_HASH_MAX];
};

static void send_external(struct external *x)
{
    struct seed seed;
    struct sotto_random random;

    seed_init(&seed, 3);
    random = seed_random(&seed);
    assert_int_equal(sotto_mls_external_key_pair(suite2(),
                                                 span_of(external_secret).at,
                                                 x->private_key, x->public_key),
                     SOTTO_OK);
    assert_int_equal(
        sotto_mls_external_init_send(suite2(),
                                     (struct sotto_span){x->public_key,
                                                         sizeof x->public_key},
                                     &random, x->kem_output, x->sent),
        SOTTO_OK);
}

static void test_mls_external_key_is_the_vector_s(void **state)
{
    struct external x;

    (void)state;
    send_external(&x);
    assert_hex(x.public_key, sizeof x.public_key, external_pub);
}

static void test_mls_external_init_secret_arrives(void **state)
{
    struct external x;
    struct sotto_span kem_output = {x.kem_output, sizeof x.kem_output};
    uint8_t received[SOTTO_MLS_HASH_MAX];

    (void)state;
    send_external(&x);
    assert_int_equal(
        sotto_mls_external_init_receive(suite2(), span_of(external_secret).at,
                                        kem_output, received),
        SOTTO_OK);
    assert_memory_equal(received, x.sent, sizeof received);

    kem_output.len--;
    assert_int_equal(
        sotto_mls_external_init_receive(suite2(), span_of(external_secret).at,
                                        kem_output, received),
        SOTTO_ERR_AUTH);
    kem_output.len++;
    x.kem_output[40] ^= 1;
    assert_int_equal(
        sotto_mls_external_init_receive(suite2(), span_of(external_secret).at,
                                        kem_output, received),
        SOTTO_ERR_AUTH);
    assert_memory_equal(received, x.sent, sizeof received); /* as it was */
}

/* -------------------------------------------------------------------- PSKs */

static void add_external(struct sotto_mls_psk_chain *chain, const char *id,
                         const char *nonce, const char *psk)
{
    const struct sotto_mls_psk_id psk_id = {
        .type = SOTTO_MLS_PSK_EXTERNAL,
        .id = span_of(id),
        .nonce = span_of(nonce),
    };

    sotto_mls_psk_add(chain, &psk_id, span_of(psk));
}

static void test_mls_psk_chains_the_vector(void **state)
{
    struct sotto_mls_psk_chain chain;
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    (void)state;
    sotto_mls_psk_begin(&chain, suite2(), 2);
    add_external(
        &chain,
        "393c0d9289bd0092c07ad19a9d4e6a25f0de1d1b8689e1a15fef0ad538e68e9d",
        "cd73d7d71d4c59e194d6356fddb581949fb380ac81354f0930795492e3776867",
        "64b0f924e159876b253ef8e216aa7a628f6dad51f6c24ba8d5434630fbf4ee6a");
    add_external(
        &chain,
        "9d70d7e8b7e7ac7be25b976d6ea4c6a4ac359880cbacd38c2424bbc57715ea86",
        "7012a0813456f4161d84f3a320ee6b172bbef50b20d4cf0d7d61230e9dc505f9",
        "b0426656e428fe9afb551a2884864de8c3c1d870de71dc93f063b48b3817ca98");
    sotto_mls_psk_end(&chain, secret);
    assert_hex(secret, sizeof secret,
               "480e0fe8c9cb6763509431639d9850e8890d41c8042e0accfbef928af7dabc4"
               "8");
    assert_true(all_zero((const uint8_t *)&chain, sizeof chain));
}

static void test_mls_psk_secret_is_zero_when_there_is_none(void **state)
{
    struct sotto_mls_psk_chain chain;
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    (void)state;
    sotto_mls_psk_begin(&chain, suite2(), 0);
    sotto_mls_psk_end(&chain, secret);
    assert_true(all_zero(secret, sizeof secret));
}

/* The label is what the codec writes, and then index and count. */
static void test_mls_psk_label_is_what_the_codec_writes(void **state)
{
    static const uint8_t zeros[SOTTO_MLS_HASH_MAX];
    static const uint8_t psk[] = "secret";
    const struct sotto_mls_psk_id id = {
        .type = SOTTO_MLS_PSK_RESUMPTION,
        .usage = SOTTO_MLS_USAGE_BRANCH,
        .group = {(const uint8_t *)"group", 5},
        .epoch = 0x0102030405060708,
        .nonce = {zeros, 32},
    };
    uint8_t info[128];
    uint8_t input[SOTTO_MLS_HASH_MAX];
    uint8_t expected[SOTTO_MLS_HASH_MAX];
    uint8_t label[128];
    struct sotto_writer w;
    size_t label_len;
    struct sotto_mls_psk_chain chain;
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    (void)state;
    sotto_writer_init(&w, label, sizeof label); /* PSKLabel */
    sotto_mls_write_psk_id(&w, &id);
    sotto_write_u16(&w, 0);
    sotto_write_u16(&w, 1);
    label_len = w.len;
    sotto_writer_init(&w, info, sizeof info); /* KDFLabel */
    sotto_write_u16(&w, 32);
    sotto_write_vector(&w, "MLS 1.0 derived psk", 19);
    sotto_write_vector(&w, label, label_len);
    sotto_hkdf_extract(zeros, sizeof zeros, psk, sizeof psk, input);
    assert_int_equal(sotto_hkdf_expand(input, info, w.len, input, 32),
                     SOTTO_OK);
    sotto_hkdf_extract(input, 32, zeros, sizeof zeros, expected);

    sotto_mls_psk_begin(&chain, suite2(), 1);
    sotto_mls_psk_add(&chain, &id, (struct sotto_span){psk, sizeof psk});
    sotto_mls_psk_end(&chain, secret);
    assert_memory_equal(secret, expected, sizeof secret);
}

/* -------------------------------------------------------------- transcripts */

static const char authenticated_content[] =
    "00010567726f7570000000000000345601000000000003220220e740a6faf2db65f5853148"
    "d75d9a335d7c4b94ab106fe5f237bc34fdcfc74584004046304402206f5ac008efb1d7edc1"
    "06a27b4f3b71aa34821ca679543fd8bde8d728517b53bc0220223fb7226cc477e31ea25910"
    "d712fc915ce3df9f0399e0e7615babd593e2cdbb20fc804973ae28d04b9f3b71930414e29a"
    "a508f0711df720519f230e43a534b714";
static const char interim_before[] =
    "de0a78a0008b6c5c921c910d68da44abe0e692e1eea7e9f8226219ca34560f0d";
static const char confirmed_after[] =
    "e50ae43acf8ba84f712d8f48fa6ccd4768e48fad9c95feaf3061c54fe87a2779";
static const char interim_after[] =
    "87829eecb1aadfa10cbe2630fcc7ae9769d7fb2520f27b44ef76341c43ad834b";
static const char transcript_key[] =
    "6999e1655b7f4bdda3cf2991965d889a331b487526a9c99c19d1060e4d677996";

static void read_commit(struct sotto_mls_authenticated_content *out)
{
    static uint8_t bytes[256];
    struct sotto_reader r;

    sotto_reader_init(&r, bytes,
                      unhex(authenticated_content, bytes, sizeof bytes));
    sotto_mls_read_authenticated_content(&r, out);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
}

static void test_mls_transcript_goes_on_as_the_vector(void **state)
{
    struct sotto_mls_authenticated_content commit;
    uint8_t confirmed[SOTTO_MLS_HASH_MAX];
    uint8_t interim[SOTTO_MLS_HASH_MAX];

    (void)state;
    read_commit(&commit);
    sotto_mls_confirmed_hash(suite2(), span_of(interim_before), &commit,
                             confirmed);
    assert_hex(confirmed, sizeof confirmed, confirmed_after);
    sotto_mls_interim_hash(suite2(),
                           (struct sotto_span){confirmed, sizeof confirmed},
                           commit.auth.confirmation_tag, interim);
    assert_hex(interim, sizeof interim, interim_after);
}

static void test_mls_confirmation_fits_only_its_tag(void **state)
{
    const struct sotto_span key = span_of(transcript_key);
    const struct sotto_span confirmed = span_of(confirmed_after);
    uint8_t tag[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_authenticated_content commit;

    (void)state;
    read_commit(&commit);
    assert_int_equal(sotto_mls_confirmation_check(suite2(), key.at, confirmed,
                                                  commit.auth.confirmation_tag),
                     SOTTO_OK);
    memcpy(tag, commit.auth.confirmation_tag.at, sizeof tag);
    for (size_t bit = 0; bit < 8 * sizeof tag; bit++) {
        tag[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(
            sotto_mls_confirmation_check(suite2(), key.at, confirmed,
                                         (struct sotto_span){tag, sizeof tag}),
            SOTTO_ERR_AUTH);
        tag[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (size_t len = 0; len < sizeof tag; len++) {
        assert_int_equal(
            sotto_mls_confirmation_check(suite2(), key.at, confirmed,
                                         (struct sotto_span){tag, len}),
            SOTTO_ERR_AUTH);
    }
}

int test_mls_schedule(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_schedule_joins_as_the_vector),
        cmocka_unit_test(test_mls_schedule_derives_the_vector_s_secrets),
        cmocka_unit_test(test_mls_exporter_gives_the_vector),
        cmocka_unit_test(test_mls_external_key_is_the_vector_s),
        cmocka_unit_test(test_mls_external_init_secret_arrives),
        cmocka_unit_test(test_mls_psk_chains_the_vector),
        cmocka_unit_test(test_mls_psk_secret_is_zero_when_there_is_none),
        cmocka_unit_test(test_mls_psk_label_is_what_the_codec_writes),
        cmocka_unit_test(test_mls_transcript_goes_on_as_the_vector),
        cmocka_unit_test(test_mls_confirmation_fits_only_its_tag),
    };

    return cmocka_run_group_tests_name("mls_schedule", tests, NULL, NULL);
}
