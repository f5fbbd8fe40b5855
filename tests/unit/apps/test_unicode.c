#include "apps/sotto/unicode.h"
#include "core/base/text.h"
#include "tests/unit/apps/plain_unicode.h"
#include "tests/unit/test.h"
#include <string.h>

#define FFFD UNICODE_REPLACEMENT_UTF8

/* ---- widths and controls ---------------------------------------------- */

static void test_unicode_knows_widths(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        unsigned width;
    } cases[] = {
        {'a', 1},    {'~', 1},     {0xe4, 1},    {0x301, 0},  {0x416, 1},
        {0x4e2d, 2}, {0xac00, 2},  {0x3042, 2},  {0xff21, 2}, {0x1f600, 2},
        {0x200d, 0}, {0xfe0f, 0},  {0x1b, 0},    {0x85, 0},   {0x202e, 0},
        {0xfffd, 1}, {0x20ac, 1},  {0x2026, 1},  {0, 0},      {0x10ffff, 0},
        {0xe000, 1}, {0x1f1e9, 1}, {0x20000, 2},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        assert_int_equal(unicode_width(cases[at].code), cases[at].width);
        assert_int_equal(plain_width(cases[at].code), cases[at].width);
    }
}

/* Where the plain tables claim to be right, both agree. */
static void test_unicode_plain_widths_match_the_library(void **state)
{
    (void)state;
    static const uint32_t claimed[][2] = {
        {0x0000, 0x02ff}, /* ASCII, Latin */
        {0x0300, 0x036f}, /* marks */
        {0x0370, 0x052f}, /* Greek, Cyrillic */
        {0x0591, 0x05ff}, /* Hebrew */
        {0x0620, 0x06d5}, /* Arabic */
        {0x0e00, 0x0e7f}, /* Thai */
        {0x2010, 0x20cf}, /* punctuation, currency */
        {0x2190, 0x2bff}, /* arrows, mathematics, boxes, symbols */
        {0x3041, 0x3096}, /* kana */
        {0x30a0, 0x30ff},   {0x4e00, 0x9ffc}, /* CJK */
        {0xac00, 0xd7a3},                     /* Hangul */
        {0xff01, 0xff60},                     /* full width */
        {0x1f300, 0x1f64f},                   /* emoji */
        {0x20000, 0x2a6d6},
    };
    for (size_t at = 0; at < sizeof claimed / sizeof claimed[0]; at++) {
        for (uint32_t code = claimed[at][0]; code <= claimed[at][1]; code++) {
            if (plain_width(code) != unicode_width(code)) {
                print_error("U+%04X: %u, %u\n", (unsigned)code,
                            plain_width(code), unicode_width(code));
            }
            assert_int_equal(plain_width(code), unicode_width(code));
        }
    }
}

static void test_unicode_knows_controls(void **state)
{
    (void)state;
    static const uint32_t yes[] = {0x00,   0x1b,   0x1f,    0x7f,    0x80,
                                   0x9b,   0x9f,   0xad,    0x61c,   0x200b,
                                   0x200e, 0x200f, 0x2028,  0x2029,  0x202a,
                                   0x202e, 0x2060, 0x2066,  0x2069,  0xfeff,
                                   0xfff9, 0xffff, 0xe0041, 0x1fffe, 0x110000,
                                   0x3164, 0x115f, 0x1160};
    static const uint32_t no[] = {0x20,   0x7e,   0xa0,   0xe9,    0x300,
                                  0x5d0,  0x200c, 0x200d, 0x2010,  0x202f,
                                  0x3000, 0xfe0f, 0xfffc, 0x1f600, 0xe0100};
    for (size_t at = 0; at < sizeof yes / sizeof yes[0]; at++) {
        assert_true(unicode_is_control(yes[at]));
    }
    for (size_t at = 0; at < sizeof no / sizeof no[0]; at++) {
        assert_false(unicode_is_control(no[at]));
    }
}

/* ---- characters ------------------------------------------------------- */

static void test_unicode_steps_by_characters(void **state)
{
    (void)state;
    /* a, e with two marks, a wide one, an invalid byte, an emoji */
    static const char text[] = "a"
                               "e\xcc\x81\xcc\xa7"
                               "\xe4\xb8\xad"
                               "\xff"
                               "\xf0\x9f\x98\x80";
    static const size_t starts[] = {0, 1, 6, 9, 10, 14};
    static const unsigned widths[] = {1, 1, 2, 1, 2};
    for (size_t at = 0; at < 5; at++) {
        unsigned columns = 9;
        size_t len = unicode_next(text + starts[at], 14 - starts[at], &columns);
        assert_int_equal(starts[at] + len, starts[at + 1]);
        assert_int_equal(columns, widths[at]);
        assert_int_equal(unicode_previous(text, starts[at + 1]), starts[at]);
    }
    assert_int_equal(unicode_previous(text, 0), 0);
    assert_int_equal(unicode_text_width(text, 14), 7);
}

static void test_unicode_takes_leading_marks_as_one_character(void **state)
{
    (void)state;
    unsigned columns = 9;
    assert_int_equal(unicode_next("\xcc\x81\xcc\xa7"
                                  "a",
                                  5, &columns),
                     4);
    assert_int_equal(columns, 0);
    assert_int_equal(unicode_previous("\xcc\x81\xcc\xa7", 4), 0);
    assert_int_equal(unicode_next("", 0, &columns), 0);
}

/* ---- others' text ----------------------------------------------------- */

static void assert_neutral(const char *in, size_t len, const char *expected)
{
    char out[256];
    size_t out_len = 0;
    struct unicode_neutral neutral = {0};
    assert_true(UNICODE_NEUTRAL_MAX(len, 5) <= sizeof out);
    assert_int_equal(unicode_neutralise(&neutral, in, len, "\r\n | ", out,
                                        sizeof out, &out_len),
                     len);
    assert_string_equal(out, expected);
    assert_int_equal(out_len, strlen(expected));
}

#define ASSERT_NEUTRAL(in, expected)                                           \
    assert_neutral(in, sizeof(in) - 1, expected)

static void test_unicode_neutralises(void **state)
{
    (void)state;
    ASSERT_NEUTRAL("", "");
    ASSERT_NEUTRAL("plain text", "plain text");
    ASSERT_NEUTRAL("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80",
                   "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80");
    ASSERT_NEUTRAL("\x1b[31mred\x1b]0;title\x07", "^[[31mred^[]0;title^G");
    ASSERT_NEUTRAL("a\0b\x7f", "a^@b^?");
    ASSERT_NEUTRAL("\xc2\x9b"
                   "2J",
                   FFFD "2J");
    ASSERT_NEUTRAL("\x9b\x31\x6d", FFFD "1m"); /* a raw C1 byte */
    ASSERT_NEUTRAL("a\tb", "a b");
    ASSERT_NEUTRAL("ab\xe2\x80\xae"
                   "dc",
                   "ab" FFFD "dc");
    ASSERT_NEUTRAL("\xe2\x81\xa6x\xe2\x81\xa9", FFFD "x" FFFD);
    ASSERT_NEUTRAL("in\xe2\x80\x8bvisible", "in" FFFD "visible");
}

static void test_unicode_marks_new_lines(void **state)
{
    (void)state;
    ASSERT_NEUTRAL("one\ntwo", "one\r\n | two");
    ASSERT_NEUTRAL("one\r\ntwo\rthree\n", "one\r\n | two\r\n | three\r\n | ");
    ASSERT_NEUTRAL("\n\r", "\r\n | \r\n | ");
    ASSERT_NEUTRAL("a\xe2\x80\xa8"
                   "b",
                   "a" FFFD "b");
}

static void test_unicode_replaces_invalid_bytes(void **state)
{
    (void)state;
    ASSERT_NEUTRAL("\xff", FFFD);
    ASSERT_NEUTRAL("a\xc3", "a" FFFD);
    ASSERT_NEUTRAL("\xe4\xb8x", FFFD FFFD "x");
    ASSERT_NEUTRAL("\xc0\xaf", FFFD FFFD);          /* overlong */
    ASSERT_NEUTRAL("\xed\xa0\x80", FFFD FFFD FFFD); /* surrogate */
    ASSERT_NEUTRAL("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD);
    ASSERT_NEUTRAL(FFFD, FFFD);
}

static void test_unicode_bounds_marks(void **state)
{
    (void)state;
#define MARK "\xcc\x81"
    ASSERT_NEUTRAL("a" MARK MARK MARK MARK MARK MARK MARK MARK MARK MARK "b",
                   "a" MARK MARK MARK MARK MARK MARK MARK MARK "b");
    ASSERT_NEUTRAL(MARK "a", FFFD MARK "a");
    ASSERT_NEUTRAL("a\n" MARK, "a\r\n | " FFFD MARK);
}

/* Through buffers of every size, down to the least. */
static void test_unicode_neutralises_in_parts(void **state)
{
    (void)state;
    static const char text[] =
        MARK MARK "\x1b[1m a" MARK MARK MARK MARK MARK MARK MARK MARK MARK
                  "\r\n\r\xff\n" MARK "\xe2\x80\xae\xf0\x9f\x98\x80 end";
    const size_t len = sizeof text - 1;
    char whole[UNICODE_NEUTRAL_MAX(sizeof text, 5)];
    size_t whole_len = 0;
    struct unicode_neutral neutral = {0};
    assert_int_equal(unicode_neutralise(&neutral, text, len, "\r\n | ", whole,
                                        sizeof whole, &whole_len),
                     len);
    for (size_t cap = UNICODE_NEUTRAL_STEP(5); cap <= whole_len; cap++) {
        char parts[2 * sizeof whole];
        size_t parts_len = 0;
        neutral = (struct unicode_neutral){0};
        for (size_t at = 0; at < len;) {
            size_t part = 0;
            const size_t taken =
                unicode_neutralise(&neutral, text + at, len - at, "\r\n | ",
                                   parts + parts_len, cap, &part);
            assert_true(taken > 0 && part < cap);
            at += taken;
            parts_len += part;
        }
        assert_string_equal(parts, whole);
    }
}

/* Whatever comes in, what goes out is valid and without controls. */
static void test_unicode_neutralises_random_bytes(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        char in[64];
        char out[UNICODE_NEUTRAL_MAX(sizeof in, 1)];
        size_t len = 0;
        for (size_t at = 0; at < sizeof in; at++) {
            seed = seed * 1664525U + 1013904223U;
            in[at] = (char)(seed >> 24);
        }
        struct unicode_neutral neutral = {0};
        assert_int_equal(unicode_neutralise(&neutral, in, sizeof in, "|", out,
                                            sizeof out, &len),
                         sizeof in);
        for (size_t at = 0; at < len;) {
            uint32_t code = 0;
            size_t count =
                sotto_utf8_decode((const uint8_t *)out + at, len - at, &code);
            assert_true(count > 0);
            assert_false(unicode_is_control(code));
            at += count;
        }
    }
}

/* ---- passwords -------------------------------------------------------- */

static void assert_nfc(const char *in, const char *expected)
{
    uint8_t out[64];
    size_t len = 0;
    assert_int_equal(unicode_nfc((const uint8_t *)in, strlen(in), out,
                                 sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
}

static void test_unicode_composes_passwords(void **state)
{
    (void)state;
    assert_nfc("", "");
    assert_nfc("correct horse", "correct horse");
    assert_nfc("cafe\xcc\x81", "caf\xc3\xa9");
    assert_nfc("caf\xc3\xa9", "caf\xc3\xa9");
    assert_nfc("\xe2\x84\xab", "\xc3\x85"); /* the angstrom sign */
    assert_nfc("a\xcc\xa7\xcc\x81", "\xc3\xa1\xcc\xa7");
    assert_nfc("a\xcc\x81\xcc\xa7", "\xc3\xa1\xcc\xa7");
    assert_nfc("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c");
    assert_nfc("\xef\xac\x81", "\xef\xac\x81"); /* compatibility: untouched */
}

static void test_unicode_refuses_bad_passwords(void **state)
{
    (void)state;
    uint8_t in[UNICODE_NFC_MAX + 1];
    uint8_t out[UNICODE_NFC_MAX + 1];
    size_t len = 77;
    memset(in, 'x', sizeof in);
    assert_int_equal(unicode_nfc(in, sizeof in, out, sizeof out, &len),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(unicode_nfc(in, 10, out, 9, &len), SOTTO_ERR_SPACE);
    in[3] = 0xff;
    assert_int_equal(unicode_nfc(in, 10, out, sizeof out, &len),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(plain_nfc(in, 10, out, sizeof out, &len),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(unicode_nfc((const uint8_t *)"\xcd\xb8", 2, out,
                                 sizeof out, &len), /* U+0378: not assigned */
                     SOTTO_ERR_FORMAT);
    assert_int_equal(len, 77);
}

/* The most that normalisation can add: U+0390 becomes three code points on
 * the way, U+1D160 grows for good. */
static void test_unicode_normalises_the_longest_password(void **state)
{
    (void)state;
    uint8_t in[UNICODE_NFC_MAX];
    uint8_t out[4 * UNICODE_NFC_MAX];
    size_t len = 0;
    for (size_t at = 0; at < sizeof in; at += 2) {
        memcpy(in + at, "\xce\x90", 2);
    }
    assert_int_equal(unicode_nfc(in, sizeof in, out, sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, sizeof in);
    assert_memory_equal(in, out, len);
    for (size_t at = 0; at < sizeof in; at += 4) {
        memcpy(in + at, "\xf0\x9d\x85\xa0", 4);
    }
    assert_int_equal(unicode_nfc(in, sizeof in, out, sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, 3 * sizeof in);
}

/* The plain version passes on only what the library leaves as it is: alone,
 * and between two others that it passes. */
static void test_unicode_plain_passwords_match_the_library(void **state)
{
    (void)state;
    size_t passed = 0;
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        uint8_t in[6] = {'e'};
        uint8_t out[64];
        size_t out_len = 0;
        size_t len = 1 + sotto_utf8_encode(code, in + 1);
        in[len++] = 'a';
        if (plain_nfc(in, len, out, sizeof out, &out_len) != SOTTO_OK) {
            continue;
        }
        passed++;
        assert_int_equal(out_len, len);
        assert_int_equal(unicode_nfc(in, len, out, sizeof out, &out_len),
                         SOTTO_OK);
        assert_int_equal(out_len, len);
        assert_memory_equal(out, in, len);
    }
    assert_true(passed > 30000);
    uint8_t out[8];
    size_t len = 0;
    assert_int_equal(plain_nfc((const uint8_t *)"e\xcc\x81", 3, out, sizeof out,
                               &len),
                     SOTTO_ERR_UNSUPPORTED);
}

int test_unicode(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unicode_knows_widths),
        cmocka_unit_test(test_unicode_plain_widths_match_the_library),
        cmocka_unit_test(test_unicode_knows_controls),
        cmocka_unit_test(test_unicode_steps_by_characters),
        cmocka_unit_test(test_unicode_takes_leading_marks_as_one_character),
        cmocka_unit_test(test_unicode_neutralises),
        cmocka_unit_test(test_unicode_marks_new_lines),
        cmocka_unit_test(test_unicode_replaces_invalid_bytes),
        cmocka_unit_test(test_unicode_bounds_marks),
        cmocka_unit_test(test_unicode_neutralises_in_parts),
        cmocka_unit_test(test_unicode_neutralises_random_bytes),
        cmocka_unit_test(test_unicode_composes_passwords),
        cmocka_unit_test(test_unicode_refuses_bad_passwords),
        cmocka_unit_test(test_unicode_normalises_the_longest_password),
        cmocka_unit_test(test_unicode_plain_passwords_match_the_library),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
