/*
 * text.c - UTF-8, hex, base64, decimal numbers and account names.
 *
 * Hex and base64 carry keys, too: no branch and no index there depends on
 * what is encoded or decoded, only on how much of it there is. (That a text
 * is malformed may show; which text it is may not.)
 */
#include "core/base/text.h"
#include "core/base/secret.h"
#include <string.h>

/* ---- UTF-8 (RFC 3629) ---- */

/* The number of bytes that a first byte announces; 0 for one that never
 * starts a code point. */
static size_t utf8_announced(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2) { /* a later byte, or the start of an overlong form */
        return 0;
    }
    if (lead < 0xe0) {
        return 2;
    }
    if (lead < 0xf0) {
        return 3;
    }
    return lead < 0xf5 ? 4 : 0;
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

size_t sotto_utf8_decode(const uint8_t *in, size_t len, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};

    size_t count = len > 0 ? utf8_announced(in[0]) : 0;
    if (count == 0 || count > len) {
        return 0;
    }
    uint32_t value = count == 1 ? in[0] : in[0] & (0x7fU >> count);
    for (size_t i = 1; i < count; i++) {
        if ((in[i] & 0xc0U) != 0x80U) {
            return 0;
        }
        value = (value << 6) | (in[i] & 0x3fU);
    }
    if (value < least[count] || value > 0x10ffff || is_surrogate(value)) {
        return 0;
    }
    *code = value;
    return count;
}

size_t sotto_utf8_encode(uint32_t code, uint8_t out[static 4])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code > 0x10ffff || is_surrogate(code)) {
        return 0;
    }
    size_t count = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80U | (code & 0x3fU));
        code >>= 6;
    }
    /* As many leading ones as there are bytes, then what is left. */
    out[0] = (uint8_t)(((0xf00U >> count) & 0xffU) | code);
    return count;
}

/* How many of `len` bytes, looked at a word at a time, are ASCII for sure. Most
 * text is nothing else. */
static size_t ascii_words(const uint8_t *in, size_t len)
{
    const size_t high_bits = SIZE_MAX / 0xff * 0x80; /* of each byte */
    size_t at = 0;
    size_t word;

    while (len - at >= sizeof word) {
        memcpy(&word, in + at, sizeof word);
        if ((word & high_bits) != 0) {
            break;
        }
        at += sizeof word;
    }
    return at;
}

bool sotto_utf8_valid(const uint8_t *in, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t code;
        at += ascii_words(in + at, len - at);
        if (at == len) {
            break;
        }
        size_t count = sotto_utf8_decode(in + at, len - at, &code);
        if (count == 0) {
            return false;
        }
        at += count;
    }
    return true;
}

/* ---- Hex and base64 ---- */

/* All ones when `low` <= c <= `high`, else 0, without a branch. All three are
 * far below 2^31, so a difference below zero shows in the highest bit. */
static uint32_t in_range(uint32_t c, uint32_t low, uint32_t high)
{
    return (((c - low) | (high - c)) >> 31) - 1;
}

/* Whether all that was put together in `seen` is below a power of two: of what
 * is, nothing else shows. */
static bool is_below(uint32_t seen, uint32_t power)
{
    const uint32_t none = 0;
    const uint32_t above = seen & ~(power - 1);
    return sotto_equal(&above, &none, sizeof none);
}

/* What a character stands for in its alphabet, or this. */
#define NO_DIGIT 0xffU

static uint32_t hex_digit(char character)
{
    uint32_t c = (uint8_t)character;
    uint32_t decimal = in_range(c, '0', '9');
    uint32_t lower = in_range(c, 'a', 'f');
    uint32_t upper = in_range(c, 'A', 'F');
    return (decimal & (c - '0')) | (lower & (c - 'a' + 10)) |
           (upper & (c - 'A' + 10)) | (~(decimal | lower | upper) & NO_DIGIT);
}

static char hex_character(uint32_t digit)
{
    uint32_t letter = in_range(digit, 10, 15);
    return (char)('0' + digit + (letter & ('a' - '0' - 10)));
}

void sotto_hex_encode(const uint8_t *in, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_character((uint32_t)in[i] >> 4);
        out[2 * i + 1] = hex_character(in[i] & 15U);
    }
    out[2 * len] = '\0';
}

enum sotto_err sotto_hex_decode(const char *in, size_t in_len, uint8_t *out,
                                size_t out_len)
{
    if (in_len % 2 != 0 || in_len / 2 != out_len) {
        return SOTTO_ERR_FORMAT;
    }
    uint32_t seen = 0;
    for (size_t i = 0; i < in_len; i++) {
        seen |= hex_digit(in[i]);
    }
    if (!is_below(seen, 16)) {
        return SOTTO_ERR_FORMAT;
    }
    for (size_t i = 0; i < out_len; i++) {
        uint32_t high = hex_digit(in[2 * i]);
        out[i] = (uint8_t)(high << 4 | hex_digit(in[2 * i + 1]));
    }
    return SOTTO_OK;
}

static uint32_t base64_digit(char character)
{
    uint32_t c = (uint8_t)character;
    uint32_t upper = in_range(c, 'A', 'Z');
    uint32_t lower = in_range(c, 'a', 'z');
    uint32_t decimal = in_range(c, '0', '9');
    uint32_t plus = in_range(c, '+', '+');
    uint32_t slash = in_range(c, '/', '/');
    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
           (decimal & (c - '0' + 52)) | (plus & 62U) | (slash & 63U) |
           (~(upper | lower | decimal | plus | slash) & NO_DIGIT);
}

static char base64_character(uint32_t digit)
{
    uint32_t c = (in_range(digit, 0, 25) & (digit + 'A')) |
                 (in_range(digit, 26, 51) & (digit - 26 + 'a')) |
                 (in_range(digit, 52, 61) & (digit - 52 + '0')) |
                 (in_range(digit, 62, 62) & '+') |
                 (in_range(digit, 63, 63) & '/');
    return (char)c;
}

/* Four characters for 1 to 3 bytes. */
static void base64_encode_group(const uint8_t *in, size_t len, char *out)
{
    uint32_t bits = (uint32_t)in[0] << 16;
    if (len > 1) {
        bits |= (uint32_t)in[1] << 8;
    }
    if (len > 2) {
        bits |= in[2];
    }
    out[0] = base64_character(bits >> 18);
    out[1] = base64_character(bits >> 12 & 63U);
    out[2] = len > 1 ? base64_character(bits >> 6 & 63U) : '=';
    out[3] = len > 2 ? base64_character(bits & 63U) : '=';
}

enum sotto_err sotto_base64_encode(const uint8_t *in, size_t len, char *out,
                                   size_t cap, size_t *out_len)
{
    size_t groups = len / 3 + (len % 3 != 0 ? 1 : 0);
    if (cap == 0 || groups > (cap - 1) / 4) {
        return SOTTO_ERR_SPACE;
    }
    for (size_t i = 0; i < groups; i++) {
        size_t left = len - 3 * i;
        base64_encode_group(in + 3 * i, left < 3 ? left : 3, out + 4 * i);
    }
    out[4 * groups] = '\0';
    *out_len = 4 * groups;
    return SOTTO_OK;
}

/* How many of the last two characters are padding. `len` is at least 4. */
static size_t base64_padding(const char *in, size_t len)
{
    if (!sotto_equal(&in[len - 1], "=", 1)) {
        return 0;
    }
    return sotto_equal(&in[len - 2], "=", 1) ? 2 : 1;
}

/* Whether these `digits` characters are what the encoder would have written
 * before `padding` characters of padding. */
static bool base64_digits_valid(const char *in, size_t digits, size_t padding)
{
    static const uint32_t spare_bits[3] = {0, 3, 15};

    uint32_t seen = 0;
    for (size_t i = 0; i < digits; i++) {
        seen |= base64_digit(in[i]);
    }
    uint32_t spare = base64_digit(in[digits - 1]) & spare_bits[padding];
    return is_below(seen | spare << 6, 64);
}

enum sotto_err sotto_base64_decode(const char *in, size_t in_len, uint8_t *out,
                                   size_t cap, size_t *out_len)
{
    if (in_len == 0) {
        *out_len = 0;
        return SOTTO_OK;
    }
    if (in_len % 4 != 0) {
        return SOTTO_ERR_FORMAT;
    }
    size_t padding = base64_padding(in, in_len);
    size_t digits = in_len - padding;
    if (!base64_digits_valid(in, digits, padding)) {
        return SOTTO_ERR_FORMAT;
    }
    size_t len = in_len / 4 * 3 - padding;
    if (len > cap) {
        return SOTTO_ERR_SPACE;
    }
    uint32_t bits = 0; /* six more with each digit; the oldest fall out */
    size_t written = 0;
    for (size_t i = 0; i < digits; i++) {
        bits = bits << 6 | base64_digit(in[i]);
        if (i % 4 != 0) { /* digits 2, 3 and 4 of a group complete a byte */
            out[written] = (uint8_t)(bits >> (6 - 2 * (i % 4)) & 0xffU);
            written++;
        }
    }
    *out_len = written;
    return SOTTO_OK;
}

/* ---- Decimal numbers and names ---- */

enum sotto_err sotto_decimal_decode(const char *in, size_t len, uint64_t max,
                                    uint64_t *value)
{
    if (len == 0 || (len > 1 && in[0] == '0')) {
        return SOTTO_ERR_FORMAT;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        if (in[i] < '0' || in[i] > '9') {
            return SOTTO_ERR_FORMAT;
        }
        uint64_t next = 10 * sum + (uint64_t)(in[i] - '0');
        if (sum > UINT64_MAX / 10 || next < sum || next > max) {
            return SOTTO_ERR_FORMAT;
        }
        sum = next;
    }
    *value = sum;
    return SOTTO_OK;
}

/* Divides by ten, in four steps: for small processors a division of 64 bits is
 * a subroutine, larger than all that is here. Returns what is left. */
static unsigned divide_by_ten(uint64_t *value)
{
    uint64_t quotient = 0;
    uint32_t left = 0;
    for (unsigned shift = 64; shift > 0;) {
        shift -= 16;
        left = left << 16 | (uint32_t)(*value >> shift & 0xffffU);
        quotient = quotient << 16 | left / 10;
        left %= 10;
    }
    *value = quotient;
    return left;
}

size_t sotto_decimal_encode(uint64_t value, char out[static 21])
{
    char reversed[20]; /* 2^64 - 1 has 20 digits */
    size_t len = 0;
    do {
        reversed[len] = (char)('0' + divide_by_ten(&value));
        len++;
    } while (value > 0);
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    out[len] = '\0';
    return len;
}

bool sotto_name_valid(const char *name, size_t len)
{
    if (len == 0 || len > SOTTO_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool letter = c >= 'a' && c <= 'z';
        bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}
