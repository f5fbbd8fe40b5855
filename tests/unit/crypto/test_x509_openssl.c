/*
 * test_x509_openssl.c - certificates that were made by OpenSSL.
 */
#include "core/crypto/x509.h"
#include "tests/unit/crypto/certificate.h"
#include "tests/unit/crypto/hex.h"

#define NOW 2000000000U /* 2033-05-18 */

/* A certificate, and the one authority that is trusted. */
static uint8_t bytes[2][CERTIFICATE_MAX];
static struct sotto_span leaf;
static struct sotto_span anchor;
static struct sotto_x509_trust trust;
static uint8_t key[SOTTO_P256_PUBLIC_LEN];

static int setup(void **state)
{
    (void)state;
    trust = (struct sotto_x509_trust){.anchors = &anchor,
                                      .anchor_count = 1,
                                      .now = NOW};
    return 0;
}

static void read_in(const char *leaf_hex, const char *anchor_hex)
{
    leaf.at = bytes[0];
    leaf.len = unhex(leaf_hex, bytes[0], sizeof bytes[0]);
    anchor.at = bytes[1];
    anchor.len = unhex(anchor_hex, bytes[1], sizeof bytes[1]);
}

static enum sotto_err verify(const char *name)
{
    trust.name = name;
    return sotto_x509_verify(&leaf, 1, &trust, key);
}

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
    read_in(openssl_leaf, openssl_ca);
    assert_int_equal(verify("bob.example"), SOTTO_OK);
    assert_hex(key, sizeof key, public_key);
    assert_int_equal(sotto_x509_subject(leaf, &subject), SOTTO_OK);
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
    read_in(openssl_server, openssl_root);
    trust.usage = SOTTO_X509_SERVER;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(verify(table[i].name), table[i].err);
    }
}

static void test_x509_refuses_key_of_another_curve(void **state)
{
    struct sotto_x509_facts facts;

    (void)state;
    read_in(openssl_p384, openssl_p384);
    assert_int_not_equal(verify(NULL), SOTTO_OK);
    assert_int_equal(sotto_x509_read(leaf, &facts), SOTTO_ERR_FORMAT);
}

int test_x509_openssl(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_x509_believes_what_openssl_makes),
        TEST(test_x509_compares_names_that_openssl_writes),
        TEST(test_x509_refuses_key_of_another_curve),
    };
#undef TEST
    return cmocka_run_group_tests_name("x509_openssl", tests, NULL, NULL);
}
