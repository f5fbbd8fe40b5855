/*
 * fuzz_unicode.c - others' text on one's own terminal, and the form of a
 * password, by libFuzzer. Whatever was said, what is printed is valid UTF-8
 * without a control character, in however many parts it comes; the tables for
 * boards and the library for hosts agree.
 */
#include "apps/sotto/unicode.h"
#include "choices.h"
#include "core/base/text.h"
#include "tests/unit/apps/plain_unicode.h"
#include <string.h>

#define TEXT_MAX 600
#define MARK     "//" /* stands for a newline */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t len)
{
    must(strlen(text) == len);
    must(sotto_utf8_valid((const uint8_t *)text, len));
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        at += sotto_utf8_decode((const uint8_t *)text + at, len - at, &code);
        must(!unicode_is_control(code));
    }
}

/* At once, and in parts. */
static void try_neutralise(struct sotto_span in, size_t part)
{
    static char whole[UNICODE_NEUTRAL_MAX(TEXT_MAX, sizeof MARK)];
    static char parts[UNICODE_NEUTRAL_MAX(TEXT_MAX, sizeof MARK)];
    struct unicode_neutral neutral = {0};
    size_t whole_len = 0;
    size_t len = 0;
    const char *text = (const char *)in.at;
    must(unicode_neutralise(&neutral, text, in.len, MARK, whole, sizeof whole,
                            &whole_len) == in.len);
    check_printable(whole, whole_len);
    neutral = (struct unicode_neutral){0};
    for (size_t at = 0; at < in.len;) {
        size_t some = 0;
        const size_t taken =
            unicode_neutralise(&neutral, text + at, in.len - at, MARK,
                               parts + len,
                               UNICODE_NEUTRAL_STEP(sizeof MARK) + part, &some);
        must(taken > 0 && taken <= in.len - at);
        at += taken;
        len += some;
    }
    must(len == whole_len && memcmp(parts, whole, len) == 0);
}

/* Forwards and backwards there are the same characters. */
static void try_characters(struct sotto_span in)
{
    static size_t starts[TEXT_MAX + 1];
    const char *text = (const char *)in.at;
    size_t count = 0;
    size_t width = 0;
    for (size_t at = 0; at < in.len; count++) {
        unsigned columns = 0;
        starts[count] = at;
        const size_t len = unicode_next(text + at, in.len - at, &columns);
        must(len > 0 && len <= in.len - at && columns <= 2);
        at += len;
        width += columns;
    }
    if (sotto_utf8_valid(in.at, in.len)) {
        must(unicode_text_width(text, in.len) == width);
        for (size_t at = in.len; count > 0; at = starts[count]) {
            must(unicode_previous(text, at) == starts[--count]);
        }
    }
}

/* Normal once is normal. */
static void try_nfc(struct sotto_span in)
{
    static uint8_t first[3 * UNICODE_NFC_MAX];
    static uint8_t second[sizeof first];
    size_t first_len = 0;
    size_t second_len = 0;
    enum sotto_err err =
        unicode_nfc(in.at, in.len, first, sizeof first, &first_len);
    const enum sotto_err plain =
        plain_nfc(in.at, in.len, second, sizeof second, &second_len);
    if (plain == SOTTO_OK) {
        must(err == SOTTO_OK && first_len == second_len &&
             memcmp(first, second, first_len) == 0);
    }
    must(plain != SOTTO_ERR_FORMAT || err == SOTTO_ERR_FORMAT);
    if (err == SOTTO_OK && first_len <= UNICODE_NFC_MAX) {
        must(unicode_nfc(first, first_len, second, sizeof second,
                         &second_len) == SOTTO_OK);
        must(first_len == second_len && memcmp(first, second, first_len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_MAX) {
        return 0;
    }
    const struct sotto_span in = {data + 1, size - 1};
    try_neutralise(in, data[0] % 32);
    try_characters(in);
    try_nfc(in);
    return 0;
}
