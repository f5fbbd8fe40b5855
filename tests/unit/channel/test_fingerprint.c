#include "core/crypto/hash.h"
#include "tests/unit/test.h"
#include <sotto/fingerprint.h>
#include <string.h>

static const char all_ones[] = "7777-7777-7777-7777-7777-7777-7777-7777-"
                               "7777-7777-7777-7777-777q";
static const char all_zeros[] = "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-"
                                "aaaa-aaaa-aaaa-aaaa-aaaa";
/* Of the bytes 00 01 02 ... 1f, by Python's base64.b32encode(). */
static const char counted[] =
    "aaaq-eaye-auda-ocaj-bifq-ydio-b4ib-ceqt-cqkr-mfyy-denb-wha5-dypq";

static void test_fingerprint_is_written(void **state)
{
    (void)state;
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    char text[SOTTO_FINGERPRINT_TEXT];
    memset(fingerprint, 0xff, sizeof fingerprint);
    sotto_fingerprint_text(fingerprint, text);
    assert_string_equal(text, all_ones);
    memset(fingerprint, 0, sizeof fingerprint);
    sotto_fingerprint_text(fingerprint, text);
    assert_string_equal(text, all_zeros);
    for (size_t at = 0; at < sizeof fingerprint; at++) {
        fingerprint[at] = (uint8_t)at;
    }
    sotto_fingerprint_text(fingerprint, text);
    assert_string_equal(text, counted);
}

static void test_fingerprint_is_read(void **state)
{
    (void)state;
    uint8_t out[SOTTO_FINGERPRINT_LEN];
    char bare[SOTTO_FINGERPRINT_TEXT];
    size_t len = 0;
    for (const char *at = counted; *at != '\0'; at++) {
        if (*at != '-') { /* in capitals, without dashes */
            bool is_letter = *at >= 'a';
            bare[len++] = (char)(is_letter ? *at - 'a' + 'A' : *at);
        }
    }
    assert_int_equal(len, 52);
    assert_int_equal(sotto_fingerprint_parse(bare, len, out), SOTTO_OK);
    for (size_t at = 0; at < sizeof out; at++) {
        assert_int_equal(out[at], at);
    }
    memset(out, 0, sizeof out);
    assert_int_equal(sotto_fingerprint_parse(counted, strlen(counted), out),
                     SOTTO_OK);
    assert_int_equal(out[31], 31);
}

static void test_fingerprint_refuses_bad_text(void **state)
{
    (void)state;
    uint8_t out[SOTTO_FINGERPRINT_LEN] = {7};
    char text[SOTTO_FINGERPRINT_TEXT + 2];
    size_t len = strlen(counted);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(sotto_fingerprint_parse(counted, cut, out),
                         SOTTO_ERR_FORMAT);
    }
    strcpy(text, counted);
    strcat(text, "a");
    assert_int_equal(sotto_fingerprint_parse(text, len + 1, out),
                     SOTTO_ERR_FORMAT);
    strcpy(text, counted);
    strcat(text, "-");
    assert_int_equal(sotto_fingerprint_parse(text, len + 1, out),
                     SOTTO_ERR_FORMAT);
    strcpy(text, counted);
    text[len - 1] = 'r'; /* an unused bit is set */
    assert_int_equal(sotto_fingerprint_parse(text, len, out), SOTTO_ERR_FORMAT);
    strcpy(text, counted);
    text[0] = '-';
    assert_int_equal(sotto_fingerprint_parse(text, len, out), SOTTO_ERR_FORMAT);
    for (const char *bad = "0189!_ =\xff"; *bad != '\0'; bad++) {
        strcpy(text, counted);
        text[10] = *bad;
        assert_int_equal(sotto_fingerprint_parse(text, len, out),
                         SOTTO_ERR_FORMAT);
    }
    assert_int_equal(out[0], 7);
}

static void test_fingerprint_is_the_hash_of_the_key(void **state)
{
    (void)state;
    uint8_t key[32] = {1, 2, 3};
    uint8_t expected[SOTTO_HASH_LEN];
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    sotto_sha256(key, sizeof key, expected);
    sotto_fingerprint_of_key(key, fingerprint);
    assert_memory_equal(fingerprint, expected, sizeof expected);
}

int test_fingerprint(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fingerprint_is_written),
        cmocka_unit_test(test_fingerprint_is_read),
        cmocka_unit_test(test_fingerprint_refuses_bad_text),
        cmocka_unit_test(test_fingerprint_is_the_hash_of_the_key),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
