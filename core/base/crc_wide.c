/*
 * crc_wide.c - CRC-32C, eight bytes at a time: tables of a kilobyte, for hosts.
 */
#include "core/base/crc.h"

#define BLOCK   8U           /* bytes */
#define NIBBLES (2U * BLOCK) /* from the lowest of the first byte */

/* What a nibble of any value does, from what each of its bits does. */
#define ROW(a, b, c, d)                                                        \
    {                                                                          \
        0, (a), (b), (a) ^ (b), (c), (a) ^ (c), (b) ^ (c), (a) ^ (b) ^ (c),    \
            (d), (a) ^ (d), (b) ^ (d), (a) ^ (b) ^ (d), (c) ^ (d),             \
            (a) ^ (c) ^ (d), (b) ^ (c) ^ (d), (a) ^ (b) ^ (c) ^ (d)            \
    }

/* What each nibble of a block does to the remainder behind the block. The last
 * bit's is the reflected polynomial, each one's the next one's times x. */
static const uint32_t table[NIBBLES][16] = {
    ROW(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da),
    ROW(0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664),
    ROW(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53),
    ROW(0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
    ROW(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f),
    ROW(0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6),
    ROW(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91),
    ROW(0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c),
    ROW(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6),
    ROW(0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f),
    ROW(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5),
    ROW(0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743),
    ROW(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8),
    ROW(0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9),
    ROW(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf),
    ROW(0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78),
};

static uint32_t word_at(const uint8_t in[static 4])
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
           (uint32_t)in[3] << 24;
}

static uint32_t take_block(uint32_t crc, const uint8_t in[static BLOCK])
{
    const uint32_t low = crc ^ word_at(in);
    const uint32_t high = word_at(in + BLOCK / 2);
    crc = 0;
    for (unsigned i = 0; i < NIBBLES / 2; i++) {
        crc ^= table[i][low >> 4 * i & 15U] ^
               table[NIBBLES / 2 + i][high >> 4 * i & 15U];
    }
    return crc;
}

/* A byte is the last one of a block. */
static uint32_t take_byte(uint32_t crc, uint8_t in)
{
    const uint32_t bits = (crc ^ in) & 0xffU;
    return crc >> 8 ^ table[NIBBLES - 2][bits & 15U] ^
           table[NIBBLES - 1][bits >> 4];
}

uint32_t sotto_crc32c(uint32_t crc, const void *in, size_t len)
{
    const uint8_t *bytes = in;
    size_t at = 0;
    crc = ~crc;
    for (; len - at >= BLOCK; at += BLOCK) {
        crc = take_block(crc, bytes + at);
    }
    for (; at < len; at++) {
        crc = take_byte(crc, bytes[at]);
    }
    return ~crc;
}
