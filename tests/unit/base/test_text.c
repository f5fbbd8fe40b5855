/*
 * test_text.c - UTF-8, hex, base64, decimal numbers, account names.
 */
#include "core/base/text.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

/* Whether all of `text` is one valid code point; `*code` gets it. */
static bool is_one_code(const char *text, size_t len, uint32_t *code)
{
    return sotto_utf8_decode((const uint8_t *)text, len, code) == len;
}

/* ---- UTF-8 ---- */

static void test_utf8_decodes_both_ends_of_each_length(void **state)
{
    static const struct {
        const char *text;
        uint32_t code;
    } cases[] = {
        {"\x01", 0x1},
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xee\x80\x80", 0xe000},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
        {"A", 'A'}, /* RFC 3629 7 */
        {"\xe2\x89\xa2", 0x2262},
        {"\xce\x91", 0x391},
        {"\xf0\xa3\x8e\xb4", 0x233b4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        size_t len = strlen(cases[i].text);
        assert_true(is_one_code(cases[i].text, len, &code));
        assert_int_equal(code, cases[i].code);
    }
}

static void test_utf8_decode_leaves_the_rest(void **state)
{
    uint32_t code = 0;
    (void)state;
    assert_int_equal(sotto_utf8_decode((const uint8_t *)"\xc3\xa9!", 3, &code),
                     2);
    assert_int_equal(code, 0xe9);
    assert_int_equal(sotto_utf8_decode((const uint8_t *)"\0x", 2, &code), 1);
    assert_int_equal(code, 0);
}

static void test_utf8_decode_refuses_what_is_not_allowed(void **state)
{
    static const char *const cases[] = {
        "\x80", /* starts with a later byte */
        "\xbf",
        "\xc0\x80", /* overlong forms */
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80", /* surrogates */
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3(", /* a later byte that is none */
        "\xe2\x82(",
        "\xe2(\xac",
        "\xf0\x90\x80(",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 99;
        const uint8_t *in = (const uint8_t *)cases[i];
        assert_int_equal(sotto_utf8_decode(in, strlen(cases[i]), &code), 0);
        assert_int_equal(code, 99);
    }
}

static void test_utf8_every_code_survives_and_no_prefix_does(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        uint8_t bytes[4];
        uint32_t back = 0;
        size_t len = sotto_utf8_encode(code, bytes);
        bool allowed = code < 0xd800 || (code > 0xdfff && code < 0x110000);
        if (!allowed) {
            assert_int_equal(len, 0);
            continue;
        }
        if (sotto_utf8_decode(bytes, len, &back) != len || back != code) {
            fail_msg("U+%04X does not survive", (unsigned)code);
        }
        for (size_t cut = 0; cut < len; cut++) {
            if (sotto_utf8_decode(bytes, cut, &back) != 0) {
                fail_msg("a part of U+%04X is taken", (unsigned)code);
            }
        }
    }
    uint8_t bytes[4];
    assert_int_equal(sotto_utf8_encode(UINT32_MAX, bytes), 0);
}

static void test_utf8_valid_looks_at_all_bytes(void **state)
{
    const uint8_t *text = (const uint8_t *)"caf\xc3\xa9 \xe2\x82\xac";
    (void)state;
    assert_true(sotto_utf8_valid(NULL, 0));
    assert_true(sotto_utf8_valid(text, 9));
    assert_true(sotto_utf8_valid(text, 6));
    assert_false(sotto_utf8_valid(text, 4));
    assert_false(sotto_utf8_valid(text, 8));
    assert_false(sotto_utf8_valid(text + 4, 5));
}

/* What the word means: one code point after the other. */
static bool is_valid_by_definition(const uint8_t *in, size_t len)
{
    uint32_t code = 0;
    size_t count = 1;
    for (size_t at = 0; at < len && count > 0; at += count) {
        count = sotto_utf8_decode(in + at, len - at, &code);
    }
    return count > 0;
}

/* Mostly ASCII, with code points of all lengths, and here and there a byte that
 * is broken. Returns the length. */
static size_t make_text(struct seed *seed, uint8_t *out, size_t max)
{
    const size_t ascii = 1 + seed_below(seed, 20);
    size_t len = 0;
    while (max - len >= 4) {
        const size_t bits = 7 + (size_t)seed_below(seed, 15);
        const uint32_t code =
            seed_once_in(seed, ascii)
                ? (uint32_t)seed_below(seed, (size_t)1 << bits)
                : (uint32_t)seed_below(seed, 0x80);
        len += sotto_utf8_encode(code, out + len);
    }
    if (seed_once_in(seed, 2)) {
        out[seed_below(seed, len)] = (uint8_t)seed_next(seed);
    }
    return len;
}

static void test_utf8_valid_says_what_decoding_says(void **state)
{
    uint8_t text[64];
    size_t valid = 0;
    struct seed seed;
    (void)state;
    seed_init(&seed, seed_of_run(1));
    for (size_t run = 0; run < 2000; run++) {
        const size_t len = make_text(&seed, text, sizeof text);
        const size_t from = seed_below(&seed, 9);
        for (size_t end = from; end <= len; end++) {
            const bool is_valid = sotto_utf8_valid(text + from, end - from);
            assert_int_equal(is_valid,
                             is_valid_by_definition(text + from, end - from));
            valid += is_valid;
        }
    }
    assert_true(valid > 10000); /* of some 100,000 */
}

/* ---- Hex ---- */

static void test_hex_encodes_every_byte(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        static const char digits[] = "0123456789abcdef";
        uint8_t in = (uint8_t)byte;
        char out[4] = "xyz";
        sotto_hex_encode(&in, 1, out);
        assert_int_equal(out[0], digits[byte / 16]);
        assert_int_equal(out[1], digits[byte % 16]);
        assert_int_equal(out[2], '\0');
    }
    char empty[1] = "";
    empty[0] = 'x';
    sotto_hex_encode(NULL, 0, empty);
    assert_int_equal(empty[0], '\0');
}

static void test_hex_decodes_both_cases(void **state)
{
    uint8_t out[8];
    (void)state;
    assert_int_equal(sotto_hex_decode("0123456789aBcDeF", 16, out, 8),
                     SOTTO_OK);
    assert_memory_equal(out, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    assert_int_equal(sotto_hex_decode("", 0, out, 0), SOTTO_OK);
}

static void test_hex_decode_refuses_a_wrong_length(void **state)
{
    uint8_t out[2] = {7, 7};
    (void)state;
    assert_int_equal(sotto_hex_decode("012", 3, out, 2), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_hex_decode("012", 3, out, 1), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_hex_decode("01", 2, out, 2), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_hex_decode("012345", 6, out, 2), SOTTO_ERR_FORMAT);
    assert_memory_equal(out, "\7\7", 2);
}

static bool is_hex(unsigned c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

static void test_hex_decode_refuses_every_other_character(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 4; at++) {
            uint8_t out[2] = {7, 7};
            char in[4] = {'0', '0', '0', '0'};
            in[at] = (char)(uint8_t)c;
            enum sotto_err err = sotto_hex_decode(in, 4, out, 2);
            assert_int_equal(err, is_hex(c) ? SOTTO_OK : SOTTO_ERR_FORMAT);
            assert_true(is_hex(c) || (out[0] == 7 && out[1] == 7));
        }
    }
}

/* ---- Base64 ---- */

/* RFC 4648 10, and both characters beyond the alphanumeric ones */
static const struct {
    const char *bytes;
    const char *text;
} base64_vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+"},
};

static void test_base64_encodes_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_vectors / sizeof *base64_vectors;
         i++) {
        const char *bytes = base64_vectors[i].bytes;
        char out[9];
        size_t len = 99;
        size_t need = strlen(base64_vectors[i].text);
        assert_int_equal(sotto_base64_encode((const uint8_t *)bytes,
                                             strlen(bytes), out, need + 1,
                                             &len),
                         SOTTO_OK);
        assert_int_equal(len, need);
        assert_string_equal(out, base64_vectors[i].text);
    }
}

static void test_base64_decodes_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_vectors / sizeof *base64_vectors;
         i++) {
        const char *text = base64_vectors[i].text;
        uint8_t out[6];
        size_t len = 99;
        size_t need = strlen(base64_vectors[i].bytes);
        assert_int_equal(sotto_base64_decode(text, strlen(text), out, need,
                                             &len),
                         SOTTO_OK);
        assert_int_equal(len, need);
        assert_memory_equal(out, base64_vectors[i].bytes, need);
    }
}

static void test_base64_says_when_there_is_no_room(void **state)
{
    char text[9] = "????????";
    uint8_t bytes[6] = {7, 7, 7, 7, 7, 7};
    size_t len = 99;
    (void)state;
    for (size_t cap = 0; cap < 9; cap++) {
        assert_int_equal(sotto_base64_encode((const uint8_t *)"foob", 4, text,
                                             cap, &len),
                         SOTTO_ERR_SPACE);
    }
    assert_int_equal(sotto_base64_encode(bytes, SIZE_MAX, text, sizeof text,
                                         &len),
                     SOTTO_ERR_SPACE);
    for (size_t cap = 0; cap < 4; cap++) {
        assert_int_equal(sotto_base64_decode("Zm9vYg==", 8, bytes, cap, &len),
                         SOTTO_ERR_SPACE);
    }
    assert_string_equal(text, "????????");
    assert_memory_equal(bytes, "\7\7\7\7\7\7", 6);
    assert_int_equal(len, 99);
}

static void test_base64_decode_refuses_what_is_not_canonical(void **state)
{
    static const char *const cases[] = {
        "Z",    "Zg",     "Zg=",      "Zm9vY",    "====", "Z===",  "=Zg=",
        "Zg=A", "Z=g=",   "Zg==Zg==", "Zm8=Zm9v", "Zh==", /* spare bits */
        "Zm9=", "Zm9v\n", "Zm 9v===", "Zm9v====", "Zm-_", "Zm9v=", "\xc3\xa9zz",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[16] = {7};
        size_t len = 99;
        assert_int_equal(sotto_base64_decode(cases[i], strlen(cases[i]), out,
                                             sizeof out, &len),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(len, 99);
        assert_int_equal(out[0], 7);
    }
}

/* Decodes and, when that works, expects the same text from the encoder. */
static void check_base64_refused_or_same(const char *text, size_t text_len)
{
    uint8_t bytes[64];
    char back[64];
    size_t len = 0;
    if (sotto_base64_decode(text, text_len, bytes, sizeof bytes, &len) !=
        SOTTO_OK) {
        return;
    }
    assert_int_equal(sotto_base64_encode(bytes, len, back, sizeof back, &len),
                     SOTTO_OK);
    assert_int_equal(len, text_len);
    assert_memory_equal(back, text, len);
}

static void test_base64_decode_refuses_or_repeats_each_change(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof base64_vectors / sizeof *base64_vectors;
         i++) {
        char text[9] = "";
        size_t len = strlen(base64_vectors[i].text);
        memcpy(text, base64_vectors[i].text, len);
        for (size_t at = 0; at < len; at++) {
            char was = text[at];
            check_base64_refused_or_same(text, at); /* truncated */
            for (unsigned c = 0; c < 256; c++) {
                text[at] = (char)(uint8_t)c;
                check_base64_refused_or_same(text, len);
            }
            text[at] = was;
        }
    }
}

/* ---- Decimal numbers ---- */

static void test_decimal_decodes_up_to_its_maximum(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"7", 7, 7},
        {"10", UINT64_MAX, 10},
        {"65535", 65535, 65535},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 99;
        assert_int_equal(sotto_decimal_decode(cases[i].text,
                                              strlen(cases[i].text),
                                              cases[i].max, &value),
                         SOTTO_OK);
        assert_true(value == cases[i].value);
    }
}

static void test_decimal_refuses_everything_else(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
    } cases[] = {
        {"", 9},
        {"00", 9},
        {"01", 9},
        {"+1", 9},
        {"-1", 9},
        {" 1", 9},
        {"1 ", 9},
        {"1.", 9},
        {"0x1", 9},
        {"1/", 99},
        {"1:", 99},
        {"8", 7},
        {"1", 0},
        {"10", 9},
        {"65536", 65535},
        {"655350", 65535},
        {"999999999999999999999", UINT64_MAX},
        {"18446744073709551616", UINT64_MAX},
        {"18446744073709551620", UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 99;
        assert_int_equal(sotto_decimal_decode(cases[i].text,
                                              strlen(cases[i].text),
                                              cases[i].max, &value),
                         SOTTO_ERR_FORMAT);
        assert_true(value == 99);
    }
}

static void test_decimal_encode_is_the_inverse(void **state)
{
    static const uint64_t cases[] = {0,  1,     9,          10,
                                     99, 65535, 4294967296, UINT64_MAX};
    char out[21];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        size_t len = sotto_decimal_encode(cases[i], out);
        assert_int_equal(len, strlen(out));
        assert_int_equal(sotto_decimal_decode(out, len, UINT64_MAX, &value),
                         SOTTO_OK);
        assert_true(value == cases[i]);
    }
    assert_int_equal(sotto_decimal_encode(UINT64_MAX, out), 20);
    assert_string_equal(out, "18446744073709551615");
}

/* ---- Names ---- */

static void test_name_has_its_length_and_alphabet(void **state)
{
    static const char long_name[] = "abcdefghijklmnopqrstuvwxyz0123456";
    (void)state;
    assert_true(sotto_name_valid("a", 1));
    assert_true(sotto_name_valid("az09._-", 7));
    assert_true(sotto_name_valid(long_name, 32));
    assert_false(sotto_name_valid(long_name, 33));
    assert_false(sotto_name_valid("", 0));
}

static void test_name_refuses_every_other_character(void **state)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char name[2] = {'a', (char)(uint8_t)c};
        bool is_allowed = memchr(allowed, (int)c, sizeof allowed - 1) != NULL;
        assert_int_equal(sotto_name_valid(name, 2), is_allowed);
    }
}

int test_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_decodes_both_ends_of_each_length),
        cmocka_unit_test(test_utf8_decode_leaves_the_rest),
        cmocka_unit_test(test_utf8_decode_refuses_what_is_not_allowed),
        cmocka_unit_test(test_utf8_every_code_survives_and_no_prefix_does),
        cmocka_unit_test(test_utf8_valid_looks_at_all_bytes),
        cmocka_unit_test(test_utf8_valid_says_what_decoding_says),
        cmocka_unit_test(test_hex_encodes_every_byte),
        cmocka_unit_test(test_hex_decodes_both_cases),
        cmocka_unit_test(test_hex_decode_refuses_a_wrong_length),
        cmocka_unit_test(test_hex_decode_refuses_every_other_character),
        cmocka_unit_test(test_base64_encodes_published_vectors),
        cmocka_unit_test(test_base64_decodes_published_vectors),
        cmocka_unit_test(test_base64_says_when_there_is_no_room),
        cmocka_unit_test(test_base64_decode_refuses_what_is_not_canonical),
        cmocka_unit_test(test_base64_decode_refuses_or_repeats_each_change),
        cmocka_unit_test(test_decimal_decodes_up_to_its_maximum),
        cmocka_unit_test(test_decimal_refuses_everything_else),
        cmocka_unit_test(test_decimal_encode_is_the_inverse),
        cmocka_unit_test(test_name_has_its_length_and_alphabet),
        cmocka_unit_test(test_name_refuses_every_other_character),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
