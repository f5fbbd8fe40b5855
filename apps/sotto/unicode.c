/*
 * unicode.c - see unicode.h: what does not depend on a library.
 */
#include "apps/sotto/unicode.h"
#include "core/base/assert.h"
#include "core/base/text.h"
#include <string.h>

/* Marks on one character that are still shown; no script needs as many. */
#define MARKS_MAX 8

struct range {
    uint32_t first;
    uint32_t last;
};

/*
 * What unicode_is_control() says, by Unicode's general categories Cc, Zl and
 * Zp, its bidirectional controls (UAX 9), and of the default ignorable code
 * points (UAX 44) those that are not joiners or variation selectors.
 */
static const struct range controls[] = {
    {0x00000, 0x0001f}, /* C0 */
    {0x0007f, 0x0009f}, /* DEL, C1 */
    {0x000ad, 0x000ad}, /* soft hyphen */
    {0x0034f, 0x0034f}, /* combining grapheme joiner, which joins nothing */
    {0x0061c, 0x0061c}, /* Arabic letter mark */
    {0x0115f, 0x01160}, /* Hangul fillers */
    {0x017b4, 0x017b5}, /* invisible Khmer vowels */
    {0x0180e, 0x0180e}, /* Mongolian vowel separator */
    {0x0200b, 0x0200b}, /* zero width space */
    {0x0200e, 0x0200f}, /* marks of direction */
    {0x02028, 0x0202e}, /* line, paragraph; embeddings and overrides */
    {0x02060, 0x0206f}, /* word joiner, invisible operators, isolates */
    {0x03164, 0x03164}, /* Hangul filler */
    {0x0fdd0, 0x0fdef}, /* not characters */
    {0x0feff, 0x0feff}, /* byte order mark */
    {0x0ffa0, 0x0ffa0}, /* half-width Hangul filler */
    {0x0fff0, 0x0fffb}, /* interlinear annotations */
    {0x0fffe, 0x0ffff}, /* not characters; in the other planes: below */
    {0x1bca0, 0x1bca3}, /* shorthand controls */
    {0x1d173, 0x1d17a}, /* musical controls */
    {0xe0000, 0xe00ff}, /* tags */
    {0xe01f0, 0xe0fff}, /* reserved, ignorable */
};

bool unicode_is_control(uint32_t code)
{
    if (code > 0x10ffff || (code & 0xfffeU) == 0xfffeU) {
        return true;
    }
    for (size_t at = 0; at < sizeof controls / sizeof controls[0]; at++) {
        if (code <= controls[at].last) {
            return code >= controls[at].first;
        }
    }
    return false;
}

/* A mark belongs to the character before it. */
static bool is_mark(uint32_t code)
{
    return !unicode_is_control(code) && unicode_width(code) == 0;
}

/* Decodes text[at..len), and takes an invalid byte for U+FFFD. */
static size_t decode(const char *text, size_t len, uint32_t *code)
{
    size_t count = sotto_utf8_decode((const uint8_t *)text, len, code);
    if (count == 0) {
        *code = UNICODE_REPLACEMENT;
        count = 1;
    }
    return count;
}

/* ---- characters ------------------------------------------------------- */

size_t unicode_next(const char *text, size_t len, unsigned *columns)
{
    uint32_t code = 0;
    *columns = 0;
    if (len == 0) {
        return 0;
    }
    size_t end = decode(text, len, &code);
    *columns = unicode_width(code);
    while (end < len) {
        size_t count = decode(text + end, len - end, &code);
        if (!is_mark(code)) {
            break;
        }
        end += count;
    }
    return end;
}

/* Where the code point or invalid byte before `at` (> 0) starts. */
static size_t code_before(const char *text, size_t at, uint32_t *code)
{
    for (size_t count = 2; count <= 4 && count <= at; count++) {
        if (decode(text + at - count, count, code) == count) {
            return at - count;
        }
    }
    (void)decode(text + at - 1, 1, code);
    return at - 1;
}

size_t unicode_previous(const char *text, size_t at)
{
    uint32_t code = 0;
    if (at == 0) {
        return 0;
    }
    do {
        at = code_before(text, at, &code);
    } while (at > 0 && is_mark(code));
    return at;
}

size_t unicode_text_width(const char *text, size_t len)
{
    size_t width = 0;
    while (len > 0) {
        unsigned columns = 0;
        size_t count = unicode_next(text, len, &columns);
        width += columns;
        text += count;
        len -= count;
    }
    return width;
}

/* ---- others' text ----------------------------------------------------- */

struct output {
    struct unicode_neutral *neutral;
    char *at;
    size_t len;
};

/* There is room for it: see unicode_neutralise(). */
static void add(struct output *out, const char *bytes, size_t len)
{
    memcpy(out->at + out->len, bytes, len);
    out->len += len;
}

static void add_base(struct output *out, const char *bytes, size_t len)
{
    out->neutral->marks = 0;
    out->neutral->has_base = true;
    add(out, bytes, len);
}

/* A mark never lands on what the caller printed before. */
static void add_mark(struct output *out, const char *bytes, size_t len)
{
    if (!out->neutral->has_base) {
        add_base(out, UNICODE_REPLACEMENT_UTF8, 3);
    }
    if (out->neutral->marks < MARKS_MAX) {
        out->neutral->marks++;
        add(out, bytes, len);
    }
}

/* ^X, or what else stands for a control. */
static void add_control(struct output *out, uint32_t code)
{
    char caret[2] = {'^', (char)((unsigned char)code ^ 0x40U)};
    if (code == '\t') {
        add_base(out, " ", 1);
    } else if (code < 0x20 || code == 0x7f) {
        add_base(out, caret, 2);
    } else {
        add_base(out, UNICODE_REPLACEMENT_UTF8, 3);
    }
}

/* One code point, line end or invalid byte: its length. */
static size_t add_next(struct output *out, const char *in, size_t len,
                       const char *newline)
{
    uint32_t code = 0;
    size_t count = decode(in, len, &code);
    if (code == '\r' || code == '\n') {
        const bool is_pair = code == '\r' && len > 1 && in[1] == '\n';
        count += is_pair ? 1 : 0;
        add(out, newline, strlen(newline));
        out->neutral->has_base = false;
    } else if (unicode_is_control(code)) {
        add_control(out, code);
    } else if (unicode_width(code) == 0) {
        add_mark(out, in, count);
    } else if (code == UNICODE_REPLACEMENT) {
        add_base(out, UNICODE_REPLACEMENT_UTF8, 3);
    } else {
        add_base(out, in, count);
    }
    return count;
}

size_t unicode_neutralise(struct unicode_neutral *neutral, const char *in,
                          size_t len, const char *newline, char *out,
                          size_t cap, size_t *out_len)
{
    struct output output = {.neutral = neutral, .at = out};
    const size_t step = UNICODE_NEUTRAL_STEP(strlen(newline));
    size_t at = 0;
    SOTTO_ASSERT(cap >= step);
    while (at < len && cap - output.len >= step) {
        at += add_next(&output, in + at, len - at, newline);
    }
    out[output.len] = '\0';
    *out_len = output.len;
    return at;
}
