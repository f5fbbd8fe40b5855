/*
 * unicode_plain.c - widths and passwords without a library, for boards.
 *
 * Widths: right for Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, kana, CJK,
 * Hangul and emoji; marks of other scripts count one column, which may shift a
 * cursor but does no other harm. Normalisation: what is in form C by itself is
 * passed on; anything else is refused, because a guess would lock people out.
 */
#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

/* Of one plane: the code points' lower 16 bits. */
struct range {
    uint16_t first;
    uint16_t last;
};

/* Planes 0 and 1; of the others little is known. */
struct table {
    const struct range *at;
    size_t count;
};

#define TABLE(ranges)                                                          \
    {                                                                          \
        ranges, sizeof(ranges) / sizeof(ranges)[0]                             \
    }

/* Marks and joiners: no column of their own. */
static const struct range narrow_none_0[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf},
    {0x05c1, 0x05c2}, {0x05c4, 0x05c5}, {0x05c7, 0x05c7}, {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x0670, 0x0670}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1ace}, {0x1dc0, 0x1dff}, {0x200c, 0x200d},
    {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
};

/* Wide and full-width characters (UAX 11), unassigned ones in between
 * included. */
static const struct range wide_0[] = {
    {0x1100, 0x115e}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec},
    {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},
    {0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1},
    {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce},
    {0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3}, {0x26f5, 0x26f5},
    {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b},
    {0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755},
    {0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e},
    {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4c6}, {0xa960, 0xa97c},
    {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6b},
    {0xff01, 0xff60}, {0xffe0, 0xffe6},
};

static const struct range wide_1[] = {
    {0x6fe0, 0x8cd5}, {0xaff0, 0xb2fb}, {0xf004, 0xf004}, {0xf0cf, 0xf0cf},
    {0xf18e, 0xf18e}, {0xf191, 0xf19a}, {0xf200, 0xf265}, {0xf300, 0xf320},
    {0xf32d, 0xf335}, {0xf337, 0xf37c}, {0xf37e, 0xf393}, {0xf3a0, 0xf3ca},
    {0xf3cf, 0xf3d3}, {0xf3e0, 0xf3f0}, {0xf3f4, 0xf3f4}, {0xf3f8, 0xf43e},
    {0xf440, 0xf440}, {0xf442, 0xf4fc}, {0xf4ff, 0xf53d}, {0xf54b, 0xf54e},
    {0xf550, 0xf567}, {0xf57a, 0xf57a}, {0xf595, 0xf596}, {0xf5a4, 0xf5a4},
    {0xf5fb, 0xf64f}, {0xf680, 0xf6c5}, {0xf6cc, 0xf6cc}, {0xf6d0, 0xf6d2},
    {0xf6d5, 0xf6d7}, {0xf6dc, 0xf6df}, {0xf6eb, 0xf6ec}, {0xf6f4, 0xf6fc},
    {0xf7e0, 0xf7eb}, {0xf7f0, 0xf7f0}, {0xf90c, 0xf93a}, {0xf93c, 0xf945},
    {0xf947, 0xf9ff}, {0xfa70, 0xfaff},
};

/*
 * Code points that no normalisation to form C changes, wherever they stand:
 * starters with the quick-check value Yes (UAX 15, 9).
 */
static const struct range stable_0[] = {
    {0x0000, 0x02ff}, {0x0370, 0x0373}, {0x0375, 0x0377}, {0x037a, 0x037d},
    {0x037f, 0x037f}, {0x0384, 0x0386}, {0x0388, 0x038a}, {0x038c, 0x038c},
    {0x038e, 0x03a1}, {0x03a3, 0x0482}, {0x048a, 0x052f}, {0x05d0, 0x05ea},
    {0x0620, 0x064a}, {0x0660, 0x066f}, {0x0e01, 0x0e30}, {0x2010, 0x2027},
    {0x20a0, 0x20bf}, {0x3041, 0x3096}, {0x309b, 0x30ff}, {0x3400, 0x4dbf},
    {0x4e00, 0x9ffc}, {0xac00, 0xd7a3}, {0xff01, 0xff60},
};

static const struct range stable_1[] = {
    {0xf300, 0xf64f},
    {0xf680, 0xf6c5},
    {0xf90c, 0xf93a},
};

static const struct table narrow_none[] = {TABLE(narrow_none_0)};
static const struct table wide[] = {TABLE(wide_0), TABLE(wide_1)};
static const struct table stable[] = {TABLE(stable_0), TABLE(stable_1)};

#define PLANES(tables) (sizeof(tables) / sizeof(tables)[0])

/* The ranges of a table are in order. */
static bool contains(const struct table *tables, size_t planes, uint32_t code)
{
    const uint32_t plane = code >> 16;
    if (plane >= planes) {
        return false;
    }
    const struct range *table = tables[plane].at;
    const size_t count = tables[plane].count;
    const uint16_t low_bits = (uint16_t)code;
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (low_bits > table[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && low_bits >= table[low].first;
}

/* Variation selectors, which take no column either. */
static bool is_selector(uint32_t code)
{
    return code >= 0xe0100 && code <= 0xe01ef;
}

/* Ideographs fill planes 2 and 3 but for the last two code points. */
static bool is_rare_ideograph(uint32_t code)
{
    return code >= 0x20000 && code <= 0x3ffff && (code & 0xffffU) <= 0xfffd;
}

unsigned unicode_width(uint32_t code)
{
    if (unicode_is_control(code)) {
        return 0;
    }
    if (code < 0x300) {
        return 1;
    }
    if (is_selector(code) || contains(narrow_none, PLANES(narrow_none), code)) {
        return 0;
    }
    return is_rare_ideograph(code) || contains(wide, PLANES(wide), code) ? 2
                                                                         : 1;
}

enum sotto_err unicode_nfc(const uint8_t *in, size_t len, uint8_t *out,
                           size_t cap, size_t *out_len)
{
    enum sotto_err err = SOTTO_OK;
    if (len > UNICODE_NFC_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    if (!sotto_utf8_valid(in, len)) {
        return SOTTO_ERR_FORMAT;
    }
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        at += sotto_utf8_decode(in + at, len - at, &code);
        if (!contains(stable, PLANES(stable), code)) {
            err = SOTTO_ERR_UNSUPPORTED;
        }
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (len > cap) {
        return SOTTO_ERR_SPACE;
    }
    memcpy(out, in, len);
    *out_len = len;
    return SOTTO_OK;
}
