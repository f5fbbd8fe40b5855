/*
 * test_x509.c - certificates: which chains are believed, and which are not.
 */
#include "core/crypto/x509.h"
#include "tests/unit/crypto/certificate.h"
#include "tests/unit/test.h"
#include <sotto/env.h>

#define NOW 1700000000U /* 2023-11-14 22:13:20 */

/* Private keys. */
static const uint8_t middle_key[32] = {2, 2};
static const uint8_t leaf_key[32] = {3, 3};
static const uint8_t other_key[32] = {4, 4};

static const struct certificate_plan middle_plan = {
    .subject = "middle",
    .issuer = "root",
    .key = middle_key,
    .issuer_key = certificate_root_key,
    .not_before = "20200101000000Z",
    .not_after = "20300101000000Z",
    .is_ca = true,
    .usage = CERTIFICATE_CERTIFIES};
static const struct certificate_plan leaf_plan = {.subject = "bob",
                                                  .issuer = "middle",
                                                  .key = leaf_key,
                                                  .issuer_key = middle_key,
                                                  .not_before =
                                                      "20231114221320Z",
                                                  .not_after =
                                                      "20231114221321Z",
                                                  .usage = CERTIFICATE_SIGNS};

/* One chain, made anew for each test: leaf, middle; and the anchor. */
static struct certificate_plan plans[3];
static uint8_t bytes[3][CERTIFICATE_MAX];
static struct sotto_span chain[SOTTO_X509_CHAIN_MAX + 1];
static struct sotto_span anchor;
static struct sotto_x509_trust trust;
static uint8_t key[SOTTO_P256_PUBLIC_LEN];

static int setup(void **state)
{
    (void)state;
    plans[0] = leaf_plan;
    plans[1] = middle_plan;
    plans[2] = certificate_root;
    trust = (struct sotto_x509_trust){.anchors = &anchor,
                                      .anchor_count = 1,
                                      .now = NOW};
    return 0;
}

static void make(void)
{
    chain[0] = certificate_make(&plans[0], bytes[0]);
    chain[1] = certificate_make(&plans[1], bytes[1]);
    anchor = certificate_make(&plans[2], bytes[2]);
}

static enum sotto_err verify(size_t count)
{
    return sotto_x509_verify(chain, count, &trust, key);
}

/* What the plans give. */
static enum sotto_err judge(void)
{
    make();
    return verify(2);
}

/* ------------------------------------------------------------------ believed */

static void test_x509_gives_key_of_good_chain(void **state)
{
    uint8_t expected[SOTTO_P256_PUBLIC_LEN];

    (void)state;
    assert_int_equal(judge(), SOTTO_OK);
    assert_int_equal(sotto_p256_public(leaf_key, expected), SOTTO_OK);
    assert_memory_equal(key, expected, sizeof key);
}

static void test_x509_needs_no_middle(void **state)
{
    (void)state;
    plans[0].issuer = "root";
    plans[0].issuer_key = certificate_root_key;
    make();
    assert_int_equal(verify(1), SOTTO_OK);
}

/* The anchor may be the one in the middle, or the certificate itself where it
 * stands alone. */
static void test_x509_trusts_any_anchor(void **state)
{
    (void)state;
    plans[2] = middle_plan;
    make();
    assert_int_equal(verify(1), SOTTO_OK);
    plans[0].issuer = plans[0].subject;
    plans[0].issuer_key = leaf_key;
    make();
    assert_int_equal(verify(1), SOTTO_ERR_AUTH);
    anchor = chain[0];
    assert_int_equal(verify(1), SOTTO_OK);
}

static void test_x509_looks_through_all_anchors(void **state)
{
    static uint8_t more[CERTIFICATE_MAX];
    struct certificate_plan stranger = certificate_root;
    struct sotto_span anchors[2];

    (void)state;
    stranger.subject = "stranger";
    stranger.issuer = "stranger";
    stranger.key = other_key;
    stranger.issuer_key = other_key;
    make();
    anchors[0] = certificate_make(&stranger, more);
    anchors[1] = anchor;
    trust.anchors = anchors;
    trust.anchor_count = 2;
    assert_int_equal(verify(2), SOTTO_OK);
    trust.anchor_count = 1;
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

/* ---------------------------------------------------------------------- time */

static void test_x509_is_valid_from_first_second_to_last(void **state)
{
    (void)state;
    make();
    trust.now = NOW - 1;
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
    trust.now = NOW;
    assert_int_equal(verify(2), SOTTO_OK);
    trust.now = NOW + 1;
    assert_int_equal(verify(2), SOTTO_OK);
    trust.now = NOW + 2;
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

static void test_x509_refuses_expired_middle_and_anchor(void **state)
{
    (void)state;
    for (int i = 1; i < 3; i++) {
        setup(NULL);
        plans[i].not_after = "20231114221319Z";
        assert_int_equal(judge(), SOTTO_ERR_AUTH);
        setup(NULL);
        plans[i].not_before = "20231114221321Z";
        assert_int_equal(judge(), SOTTO_ERR_AUTH);
    }
}

static void test_x509_without_time_knows_what_is_over(void **state)
{
    (void)state;
    make();
    trust.now = SOTTO_TIME_UNKNOWN;
    assert_int_equal(verify(2), SOTTO_OK);
    trust.floor = NOW + 1;
    assert_int_equal(verify(2), SOTTO_OK);
    trust.floor = NOW + 2;
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

static void test_x509_knows_the_calendar(void **state)
{
    static const struct {
        const char *time;
        uint64_t seconds;
    } table[] = {
        {"19700101000000Z", 0},          {"20000228235959Z", 951782399},
        {"20000229000000Z", 951782400},  {"20000301000000Z", 951868800},
        {"20240229120000Z", 1709208000}, {"20991231235959Z", 4102444799},
        {"21000301000000Z", 4107542400},
    };

    (void)state;
    plans[1].not_before = plans[2].not_before = "19700101000000Z";
    plans[1].not_after = plans[2].not_after = "99991231235959Z";
    plans[0].not_before = "19700101000000Z";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        plans[0].not_after = table[i].time;
        make();
        trust.now = table[i].seconds;
        assert_int_equal(verify(2), SOTTO_OK);
        trust.now = table[i].seconds + 1;
        assert_int_equal(verify(2), SOTTO_ERR_AUTH);
    }
}

/* ------------------------------------------------------------------ refusals */

static void test_x509_refuses_wrong_authority(void **state)
{
    (void)state;
    plans[1].issuer = "nobody";
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
}

static void test_x509_refuses_wrong_signature(void **state)
{
    (void)state;
    plans[0].issuer_key = other_key;
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
    setup(NULL);
    plans[1].issuer_key = other_key;
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
}

static void test_x509_refuses_broken_chain(void **state)
{
    (void)state;
    make();
    assert_int_equal(verify(1), SOTTO_ERR_AUTH);
}

static void test_x509_refuses_chain_without_anything(void **state)
{
    (void)state;
    make();
    assert_int_equal(verify(0), SOTTO_ERR_FORMAT);
    trust.anchor_count = 0;
    assert_int_equal(verify(2), SOTTO_ERR_FORMAT);
}

static void test_x509_refuses_chain_that_is_too_long(void **state)
{
    (void)state;
    make();
    for (size_t i = 2; i <= SOTTO_X509_CHAIN_MAX; i++) {
        chain[i] = chain[1];
    }
    assert_int_equal(verify(SOTTO_X509_CHAIN_MAX), SOTTO_OK);
    assert_int_equal(verify(SOTTO_X509_CHAIN_MAX + 1), SOTTO_ERR_LIMIT);
}

/* Who is no authority cannot make others. */
static void test_x509_refuses_middle_that_is_no_authority(void **state)
{
    (void)state;
    plans[1].is_ca = false;
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
    setup(NULL);
    plans[1].usage = CERTIFICATE_SIGNS;
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
}

static void test_x509_refuses_more_levels_than_allowed(void **state)
{
    (void)state;
    plans[2].path_len = 2; /* one authority below it */
    assert_int_equal(judge(), SOTTO_OK);
    plans[2].path_len = 1; /* none */
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
}

/* ... also not by allowing others so and so many levels. */
static void test_x509_refuses_levels_of_who_is_no_authority(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        setup(NULL);
        plans[i].is_ca = false;
        plans[i].path_len = 2;
        assert_int_equal(judge(), SOTTO_ERR_FORMAT);
    }
}

/* A key for encrypting only, or decrypting only, signs nothing. */
static void test_x509_refuses_keys_of_one_direction(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        setup(NULL);
        plans[i].usage |= CERTIFICATE_ENCIPHERS_ONLY;
        assert_int_equal(judge(), SOTTO_ERR_AUTH);
    }
}

static void test_x509_refuses_wrong_usage(void **state)
{
    (void)state;
    plans[0].usage = CERTIFICATE_ENCIPHERS_KEYS;
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
    plans[0].usage = CERTIFICATE_SIGNS | CERTIFICATE_ENCIPHERS_KEYS;
    assert_int_equal(judge(), SOTTO_OK);
    plans[0].usage = 0;
    assert_int_equal(judge(), SOTTO_OK);
    plans[0].extended = 1; /* serverAuth */
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
    trust.usage = SOTTO_X509_SERVER;
    assert_int_equal(judge(), SOTTO_OK);
    plans[0].extended = 2; /* clientAuth */
    assert_int_equal(judge(), SOTTO_ERR_AUTH);
    trust.usage = SOTTO_X509_CLIENT;
    assert_int_equal(judge(), SOTTO_OK);
}

static void test_x509_refuses_critical_extension_that_it_does_not_know(
    void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        setup(NULL);
        plans[i].has_unknown = true;
        assert_int_equal(judge(), SOTTO_ERR_FORMAT);
    }
}

/* Whoever is limited to some names vouches for none, as long as the names are
 * not looked at. */
static void test_x509_refuses_authorities_for_some_names(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        setup(NULL);
        plans[i].is_limited = true;
        assert_int_equal(judge(), SOTTO_ERR_FORMAT);
    }
}

/* --------------------------------------------------------------------- names */

static void test_x509_compares_names(void **state)
{
    static const uint8_t ip[] = {192, 0, 2, 7};
    static const struct {
        const char *name;
        enum sotto_err err;
    } table[] = {
        {"chat.example", SOTTO_OK},
        {"CHAT.example", SOTTO_OK},
        {"chat.example.org", SOTTO_ERR_AUTH},
        {"at.example", SOTTO_ERR_AUTH},
        {"bob", SOTTO_ERR_AUTH}, /* the subject */
        {"192.0.2.7", SOTTO_OK},
        {"192.0.2.8", SOTTO_ERR_AUTH},
    };

    (void)state;
    plans[0].dns = "chat.example";
    plans[0].ip = ip;
    make();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        trust.name = table[i].name;
        assert_int_equal(verify(2), table[i].err);
    }
}

static void test_x509_takes_star_for_one_label(void **state)
{
    (void)state;
    plans[0].dns = "*.example";
    make();
    trust.name = "chat.example";
    assert_int_equal(verify(2), SOTTO_OK);
    trust.name = "old.chat.example";
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
    trust.name = "example";
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

/* What looks like an address is no name, as far as certificates go. */
static void test_x509_does_not_take_name_for_address(void **state)
{
    static const char *const names[] = {"192.0.2.7", "*.0.2.7", "::1"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        plans[0].dns = names[i];
        make();
        trust.name = i < 2 ? "192.0.2.7" : "::1";
        assert_int_equal(verify(2), SOTTO_ERR_AUTH);
    }
}

static void test_x509_does_not_take_uri_for_name(void **state)
{
    (void)state;
    plans[0].uri = "chat.example";
    make();
    trust.name = "chat.example";
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

static void test_x509_does_not_take_subject_for_name(void **state)
{
    (void)state;
    plans[0].subject = "chat.example";
    make();
    trust.name = "chat.example";
    assert_int_equal(verify(2), SOTTO_ERR_AUTH);
}

/* -------------------------------------------------------------------- garbage */

static void test_x509_refuses_every_truncation(void **state)
{
    (void)state;
    make();
    for (size_t len = 0; len < chain[0].len; len++) {
        struct sotto_span cut[2] = {{chain[0].at, len}, chain[1]};

        assert_int_equal(sotto_x509_verify(cut, 2, &trust, key),
                         SOTTO_ERR_FORMAT);
    }
}

static void test_x509_refuses_bytes_behind(void **state)
{
    (void)state;
    make();
    chain[0].len++;
    assert_int_equal(verify(2), SOTTO_ERR_FORMAT);
    chain[0].len--;
    anchor.len++;
    assert_int_equal(verify(2), SOTTO_ERR_FORMAT);
}

static void test_x509_refuses_every_changed_byte(void **state)
{
    (void)state;
    make();
    for (size_t i = 0; i < chain[0].len; i++) {
        bytes[0][i] ^= 0x01;
        assert_int_not_equal(verify(2), SOTTO_OK);
        bytes[0][i] ^= 0x01;
    }
    assert_int_equal(verify(2), SOTTO_OK);
}

/* ------------------------------------------------------------------- reports */

static void expect_flaws(unsigned flaws)
{
    struct sotto_x509_report report = {0};

    make();
    assert_int_equal(sotto_x509_examine(chain, 2, &trust, key, &report),
                     flaws == 0 ? SOTTO_OK : SOTTO_ERR_AUTH);
    assert_int_equal(report.flaws, flaws);
}

static void test_x509_says_what_is_wrong(void **state)
{
    (void)state;
    trust.usage = SOTTO_X509_SERVER;
    expect_flaws(0);
    trust.now = NOW - 1;
    expect_flaws(SOTTO_X509_NOT_YET);
    trust.now = NOW + 2;
    expect_flaws(SOTTO_X509_EXPIRED);
    trust.now = NOW;
    trust.name = "chat.example";
    expect_flaws(SOTTO_X509_OTHER_NAME); /* it has none */
    plans[0].dns = "chat.example.org";
    expect_flaws(SOTTO_X509_OTHER_NAME);
    plans[0].dns = "chat.example";
    expect_flaws(0);
    plans[0].extended = 2; /* clientAuth */
    expect_flaws(SOTTO_X509_OTHER_USAGE);
    plans[0].issuer_key = other_key;
    expect_flaws(SOTTO_X509_OTHER_USAGE | SOTTO_X509_UNTRUSTED);
    plans[0].extended = 0;
    expect_flaws(SOTTO_X509_UNTRUSTED);
    trust.name = "other.example";
    trust.now = NOW + 2;
    expect_flaws(SOTTO_X509_UNTRUSTED | SOTTO_X509_EXPIRED |
                 SOTTO_X509_OTHER_NAME);
}

static void test_x509_says_how_long_a_chain_is_valid(void **state)
{
    struct sotto_x509_report report;

    (void)state;
    make();
    assert_int_equal(sotto_x509_examine(chain, 2, &trust, key, &report),
                     SOTTO_OK);
    assert_int_equal(report.from, NOW);
    assert_int_equal(report.until, NOW + 1);
    plans[0].not_after = "20990101000000Z";
    plans[0].not_before = "20000101000000Z";
    make();
    assert_int_equal(sotto_x509_examine(chain, 2, &trust, key, &report),
                     SOTTO_OK);
    assert_int_equal(report.from, 1577836800); /* the authorities' */
    assert_int_equal(report.until, 1893456000);
}

static void test_x509_reads_one_certificate(void **state)
{
    struct sotto_x509_facts facts;
    uint8_t expected[SOTTO_P256_PUBLIC_LEN];

    (void)state;
    make();
    assert_int_equal(sotto_x509_read(chain[0], &facts), SOTTO_OK);
    assert_int_equal(sotto_p256_public(leaf_key, expected), SOTTO_OK);
    assert_memory_equal(facts.key, expected, sizeof expected);
    assert_int_equal(facts.from, NOW);
    assert_int_equal(facts.until, NOW + 1);
    assert_true(facts.subject.at > chain[0].at &&
                facts.subject.at + facts.subject.len <
                    chain[0].at + chain[0].len);
    chain[0].len--;
    assert_int_equal(sotto_x509_read(chain[0], &facts), SOTTO_ERR_FORMAT);
}

int test_x509(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_x509_gives_key_of_good_chain),
        TEST(test_x509_needs_no_middle),
        TEST(test_x509_trusts_any_anchor),
        TEST(test_x509_looks_through_all_anchors),
        TEST(test_x509_is_valid_from_first_second_to_last),
        TEST(test_x509_refuses_expired_middle_and_anchor),
        TEST(test_x509_without_time_knows_what_is_over),
        TEST(test_x509_knows_the_calendar),
        TEST(test_x509_refuses_wrong_authority),
        TEST(test_x509_refuses_wrong_signature),
        TEST(test_x509_refuses_broken_chain),
        TEST(test_x509_refuses_chain_without_anything),
        TEST(test_x509_refuses_chain_that_is_too_long),
        TEST(test_x509_refuses_middle_that_is_no_authority),
        TEST(test_x509_refuses_more_levels_than_allowed),
        TEST(test_x509_refuses_levels_of_who_is_no_authority),
        TEST(test_x509_refuses_keys_of_one_direction),
        TEST(test_x509_refuses_wrong_usage),
        TEST(test_x509_refuses_critical_extension_that_it_does_not_know),
        TEST(test_x509_refuses_authorities_for_some_names),
        TEST(test_x509_compares_names),
        TEST(test_x509_takes_star_for_one_label),
        TEST(test_x509_does_not_take_name_for_address),
        TEST(test_x509_does_not_take_uri_for_name),
        TEST(test_x509_does_not_take_subject_for_name),
        TEST(test_x509_refuses_every_truncation),
        TEST(test_x509_refuses_bytes_behind),
        TEST(test_x509_refuses_every_changed_byte),
        TEST(test_x509_says_what_is_wrong),
        TEST(test_x509_says_how_long_a_chain_is_valid),
        TEST(test_x509_reads_one_certificate),
    };
#undef TEST
    return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
