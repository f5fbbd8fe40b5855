/*
 * test_x509.c - certificates: which chains are believed, and which are not.
 */
#include "core/crypto/x509.h"
#include "tests/unit/crypto/certificate.h"
#include "tests/unit/crypto/hex.h"
#include <sotto/env.h>

#define NOW 1700000000U /* 2023-11-14 22:13:20 */

/* Private keys. */
static const uint8_t root_key[32] = {1, 1};
static const uint8_t middle_key[32] = {2, 2};
static const uint8_t leaf_key[32] = {3, 3};
static const uint8_t other_key[32] = {4, 4};

static const struct certificate_plan root_plan = {
    .subject = "root",
    .issuer = "root",
    .key = root_key,
    .issuer_key = root_key,
    .not_before = "20200101000000Z",
    .not_after = "20300101000000Z",
    .is_ca = true,
    .usage = CERTIFICATE_CERTIFIES};
static const struct certificate_plan middle_plan = {
    .subject = "middle",
    .issuer = "root",
    .key = middle_key,
    .issuer_key = root_key,
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
    plans[2] = root_plan;
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
    plans[0].issuer_key = root_key;
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
    struct certificate_plan stranger = root_plan;
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

/* ------------------------------------------------------------ made by OpenSSL */

/* openssl req -new -x509 -subj /CN=CA -days 36500 -sha256
 *   -addext keyUsage=critical,keyCertSign
 * openssl x509 -req -days 36500 -sha256: /CN=bob, keyUsage=digitalSignature,
 *   extendedKeyUsage=clientAuth, subjectAltName=DNS:bob.example */
static const char openssl_ca[] =
    "3082018130820127a003020102021460f2b62d9de12058840512823f6d080b25c653ad30"
    "0a06082a8648ce3d040302300d310b300906035504030c0243413020170d323631313238"
    "3033303630365a180f32313236313130343033303630365a300d310b300906035504030c"
    "0243413059301306072a8648ce3d020106082a8648ce3d030107034200044c1b58a9bc05"
    "3a1dbf3d071ba0109a1450650abca493bbd6f41f4f67d74a6e2f8b5f999be18239269280"
    "cbd31ebead108b7cf44e260cc5b1e10591c332ae57d3a3633061301d0603551d0e041604"
    "144df52f8630e3bffb0d2e3dfb72709536e46c0f5c301f0603551d230418301680144df5"
    "2f8630e3bffb0d2e3dfb72709536e46c0f5c300f0603551d130101ff040530030101ff30"
    "0e0603551d0f0101ff040403020204300a06082a8648ce3d040302034800304502210089"
    "82b54c6e05c2cfb23eff67af70ef54369def79ef9db9faff37e94d7351a5d9022025e46b"
    "9ad4cd959ed812427de7dccb67e62526866c48fdc7c33ca32b59fbc9d2";

static const char openssl_leaf[] =
    "3082019a30820141a00302010202140e22bb4c892bd42176807ed35e17f6ff2ec9fb0c30"
    "0a06082a8648ce3d040302300d310b300906035504030c0243413020170d323631313238"
    "3033303630365a180f32313236313130343033303630365a300e310c300a06035504030c"
    "03626f623059301306072a8648ce3d020106082a8648ce3d03010703420004ab9d3902a3"
    "5caf9155ccf080bfdbe85c1ff02bce5e73426c76eb31c1e365e83dd37b2d99a9ca04e98f"
    "b761c87827c25745c16f5f3ec27dfe326a1e207cf43777a37c307a300b0603551d0f0404"
    "0302078030130603551d25040c300a06082b0601050507030230160603551d11040f300d"
    "820b626f622e6578616d706c65301d0603551d0e0416041404e5570d625b60ddfb594589"
    "0eb960351f0a9a35301f0603551d230418301680144df52f8630e3bffb0d2e3dfb727095"
    "36e46c0f5c300a06082a8648ce3d04030203470030440220502fa29946bb2cc50b4cfd44"
    "4254b60e2bc3d50184fb2627772653d985f9bcfa02204162a4a3c55a00af15c14e408a27"
    "fb78a27d2e8abf335db1dfc6b1ef3b8948c9";

/* The same with a key of P-384: openssl ecparam -name secp384r1. */
static const char openssl_p384[] =
    "308201ad30820132a00302010202144b33a6088604a553d4f1a37d7646d87c937bd01930"
    "0a06082a8648ce3d040302300c310a300806035504030c01783020170d32363131323830"
    "33303630365a180f32313236313130343033303630365a300c310a300806035504030c01"
    "783076301006072a8648ce3d020106052b810400220362000414d706a2a33204b40b6490"
    "2273b21afb1d0c9aebee671a50e714a2c41bc1359c8edb79e4f043fa439060b0fbaf4dfb"
    "a58c84fe44598a45fd5c08b2ffd46c210b76bb3b8666da5f2dc811d28c508b20fcd28cb8"
    "2862c85fd2cbb1c324821feaa2a3533051301d0603551d0e041604148a2d2e7858c6618b"
    "a72695ca7d28600d8ab29806301f0603551d230418301680148a2d2e7858c6618ba72695"
    "ca7d28600d8ab29806300f0603551d130101ff040530030101ff300a06082a8648ce3d04"
    "03020369003066023100daf562b089cb90b6f9c50a7b3848fa414f412b0150985d0bf72c"
    "5fecdf9d0778d00df6e28d4d8b89ec947106de732675023100b4f33e45f61820b008f734"
    "619ad12aa60bf83734ea24009f2274157e7566a54f8bb75da6473100cb7f7f2b20e3b4be"
    "38";

static void test_x509_believes_what_openssl_makes(void **state)
{
    static const char public_key[] =
        "04ab9d3902a35caf9155ccf080bfdbe85c1ff02bce5e73426c76eb31c1e365e83d"
        "d37b2d99a9ca04e98fb761c87827c25745c16f5f3ec27dfe326a1e207cf43777";
    struct sotto_span subject;

    (void)state;
    chain[0] = (struct sotto_span){bytes[0], unhex(openssl_leaf, bytes[0],
                                                   CERTIFICATE_MAX)};
    anchor = (struct sotto_span){bytes[1],
                                 unhex(openssl_ca, bytes[1], CERTIFICATE_MAX)};
    trust.now = 2000000000;
    trust.name = "bob.example";
    assert_int_equal(verify(1), SOTTO_OK);
    assert_hex(key, sizeof key, public_key);
    assert_int_equal(sotto_x509_subject(chain[0], &subject), SOTTO_OK);
    assert_hex(subject.at, subject.len, "300e310c300a06035504030c03626f62");
}

/* The certificate of a server, by openssl; and its authority. For chat.example,
 * *.room.example and 192.0.2.7, from 2026 to 2126. */
static const char openssl_server[] =
    "308201cb30820170a00302010202140125db621c2627a8a6a257f18d84234c69b803e3300a"
    "06082a8648ce3d040302300f310d300b06035504030c04726f6f743020170d323631313237"
    "3037313530385a180f32313236313130343037313530385a3011310f300d06035504030c06"
    "7365727665723059301306072a8648ce3d020106082a8648ce3d03010703420004b40e28f0"
    "197268f3ea06fb78e2f04ad5e0b78394a02e0f05655a304a67774fd25dd82d88a86cd9ac42"
    "27bad39a0bd34bea1388b54b4d3989d98337d0628d1576a381a53081a2300c0603551d1301"
    "01ff04023000300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06"
    "010505070301302d0603551d1104263024820c636861742e6578616d706c65820e2a2e726f"
    "6f6d2e6578616d706c658704c0000207301d0603551d0e04160414280bab002770a71511ee"
    "adc4755fed3d3160350e301f0603551d23041830168014bf426ec3f09c3d8854740df858f5"
    "e69577e72578300a06082a8648ce3d04030203490030460221008488fcc2179b5d66c175fc"
    "c0c603a29930f659a970d9c9889c39dc0f979e6da802210093f4e847546d6bb5d85fce8014"
    "b729ce3580292bad438758949a88d00e5e82c6";
static const char openssl_root[] =
    "308201633082010aa0030201020214579eba153b821ef8881cbf094a023bc5a7ca4ae1300a"
    "06082a8648ce3d040302300f310d300b06035504030c04726f6f743020170d323631313237"
    "3037313530375a180f32313236313130343037313530375a300f310d300b06035504030c04"
    "726f6f743059301306072a8648ce3d020106082a8648ce3d03010703420004b4d04d2738cd"
    "b69209e4d1609dcbce2e0a8347a0e5305400cf27ae6b65fb282ead22188a6b91aeb8a4714c"
    "a69d012d42c66040663e110c69da91dd56b1c035dca3423040300f0603551d130101ff0405"
    "30030101ff300e0603551d0f0101ff040403020204301d0603551d0e04160414bf426ec3f0"
    "9c3d8854740df858f5e69577e72578300a06082a8648ce3d040302034700304402202e64a5"
    "724b22d4941e8617c24beb70b7349f99d7589f2702978c2b8d92ea120d022057a16cc3ef23"
    "2b26c5869c5ca5b66722c325c703ea30bef3fcc7508063ebdd40";

static void test_x509_compares_names_that_openssl_writes(void **state)
{
    static const struct {
        const char *name;
        enum sotto_err err;
    } table[] = {
        {"chat.example", SOTTO_OK},
        {"big.room.example", SOTTO_OK},
        {"BIG.Room.Example", SOTTO_OK},
        {"room.example", SOTTO_ERR_AUTH},
        {"a.b.room.example", SOTTO_ERR_AUTH},
        {".room.example", SOTTO_ERR_AUTH},
        {"a.chat.example", SOTTO_ERR_AUTH},
        {"192.0.2.7", SOTTO_OK},
        {"192.0.2.70", SOTTO_ERR_AUTH},
        {"::ffff:192.0.2.7", SOTTO_ERR_AUTH},
        {"server", SOTTO_ERR_AUTH},
    };

    (void)state;
    make();
    chain[0] = (struct sotto_span){bytes[0], unhex(openssl_server, bytes[0],
                                                   CERTIFICATE_MAX)};
    anchor = (struct sotto_span){bytes[1], unhex(openssl_root, bytes[1],
                                                 CERTIFICATE_MAX)};
    trust.now = 2000000000;
    trust.usage = SOTTO_X509_SERVER;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        trust.name = table[i].name;
        assert_int_equal(verify(1), table[i].err);
    }
}

static void test_x509_refuses_key_of_another_curve(void **state)
{
    (void)state;
    make();
    chain[0] = (struct sotto_span){bytes[0], unhex(openssl_p384, bytes[0],
                                                   CERTIFICATE_MAX)};
    anchor = chain[0];
    trust.now = 2000000000;
    assert_int_not_equal(verify(1), SOTTO_OK);
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
    chain[0] = (struct sotto_span){bytes[0], unhex(openssl_p384, bytes[0],
                                                   CERTIFICATE_MAX)};
    assert_int_equal(sotto_x509_read(chain[0], &facts), SOTTO_ERR_FORMAT);
}

int test_x509(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_x509_gives_key_of_good_chain, setup),
        cmocka_unit_test_setup(test_x509_needs_no_middle, setup),
        cmocka_unit_test_setup(test_x509_trusts_any_anchor, setup),
        cmocka_unit_test_setup(test_x509_looks_through_all_anchors, setup),
        cmocka_unit_test_setup(test_x509_is_valid_from_first_second_to_last,
                               setup),
        cmocka_unit_test_setup(test_x509_refuses_expired_middle_and_anchor,
                               setup),
        cmocka_unit_test_setup(test_x509_without_time_knows_what_is_over,
                               setup),
        cmocka_unit_test_setup(test_x509_knows_the_calendar, setup),
        cmocka_unit_test_setup(test_x509_refuses_wrong_authority, setup),
        cmocka_unit_test_setup(test_x509_refuses_wrong_signature, setup),
        cmocka_unit_test_setup(test_x509_refuses_broken_chain, setup),
        cmocka_unit_test_setup(test_x509_refuses_chain_without_anything, setup),
        cmocka_unit_test_setup(test_x509_refuses_chain_that_is_too_long, setup),
        cmocka_unit_test_setup(test_x509_refuses_middle_that_is_no_authority,
                               setup),
        cmocka_unit_test_setup(test_x509_refuses_more_levels_than_allowed,
                               setup),
        cmocka_unit_test_setup(test_x509_refuses_levels_of_who_is_no_authority,
                               setup),
        cmocka_unit_test_setup(test_x509_refuses_keys_of_one_direction, setup),
        cmocka_unit_test_setup(test_x509_refuses_wrong_usage, setup),
        cmocka_unit_test_setup(
            test_x509_refuses_critical_extension_that_it_does_not_know, setup),
        cmocka_unit_test_setup(test_x509_refuses_authorities_for_some_names,
                               setup),
        cmocka_unit_test_setup(test_x509_compares_names, setup),
        cmocka_unit_test_setup(test_x509_takes_star_for_one_label, setup),
        cmocka_unit_test_setup(test_x509_does_not_take_name_for_address, setup),
        cmocka_unit_test_setup(test_x509_does_not_take_uri_for_name, setup),
        cmocka_unit_test_setup(test_x509_does_not_take_subject_for_name, setup),
        cmocka_unit_test_setup(test_x509_refuses_every_truncation, setup),
        cmocka_unit_test_setup(test_x509_refuses_bytes_behind, setup),
        cmocka_unit_test_setup(test_x509_refuses_every_changed_byte, setup),
        cmocka_unit_test_setup(test_x509_believes_what_openssl_makes, setup),
        cmocka_unit_test_setup(test_x509_compares_names_that_openssl_writes,
                               setup),
        cmocka_unit_test_setup(test_x509_refuses_key_of_another_curve, setup),
        cmocka_unit_test_setup(test_x509_says_what_is_wrong, setup),
        cmocka_unit_test_setup(test_x509_says_how_long_a_chain_is_valid, setup),
        cmocka_unit_test_setup(test_x509_reads_one_certificate, setup),
    };

    return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
