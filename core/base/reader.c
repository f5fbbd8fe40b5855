/*
 * reader.c - the one decoder of wire bytes.
 */
#include "core/base/reader.h"

#include <string.h>

void sotto_reader_init(struct sotto_reader *r, const uint8_t *in, size_t len)
{
    r->at = in;
    r->left = len;
    r->bad = false;
}

/* Steps over `len` bytes and gives where they start; on a miss NULL. */
static const uint8_t *take(struct sotto_reader *r, size_t len)
{
    if (r->bad || len > r->left) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *start = r->at;
    if (len > 0) { /* adding even 0 to a null pointer is undefined */
        r->at += len;
        r->left -= len;
    }
    return start;
}

/* A big-endian integer of `len` bytes, at most 8. */
static uint64_t read_integer(struct sotto_reader *r, size_t len)
{
    const uint8_t *in = take(r, len);
    uint64_t value = 0;
    if (in != NULL) {
        for (size_t i = 0; i < len; i++) {
            value = (value << 8) | in[i];
        }
    }
    return value;
}

uint8_t sotto_read_u8(struct sotto_reader *r)
{
    return (uint8_t)read_integer(r, 1);
}

uint16_t sotto_read_u16(struct sotto_reader *r)
{
    return (uint16_t)read_integer(r, 2);
}

uint32_t sotto_read_u32(struct sotto_reader *r)
{
    return (uint32_t)read_integer(r, 4);
}

uint64_t sotto_read_u64(struct sotto_reader *r)
{
    return read_integer(r, 8);
}

void sotto_read_bytes(struct sotto_reader *r, uint8_t *out, size_t len)
{
    const uint8_t *in = take(r, len);
    if (len == 0) {
        return;
    }
    if (in != NULL) {
        memcpy(out, in, len);
    } else {
        memset(out, 0, len);
    }
}

struct sotto_span sotto_read_span(struct sotto_reader *r, size_t len)
{
    struct sotto_span span = {r->at, 0};
    if (take(r, len) != NULL) {
        span.len = len;
    }
    return span;
}

uint32_t sotto_read_varint(struct sotto_reader *r)
{
    if (r->bad || r->left == 0) {
        r->bad = true;
        return 0;
    }
    /* The two highest bits say how many bytes; `least` is the smallest value
     * that does not fit a shorter form. */
    uint32_t value = 0;
    uint32_t least = 0;
    switch (*r->at >> 6) {
    case 0:
        value = sotto_read_u8(r);
        break;
    case 1:
        value = sotto_read_u16(r) & 0x3fffU;
        least = 1U << 6;
        break;
    case 2:
        value = sotto_read_u32(r) & 0x3fffffffU;
        least = 1U << 14;
        break;
    default:
        r->bad = true;
        break;
    }
    if (value < least) {
        r->bad = true;
    }
    return r->bad ? 0 : value;
}

struct sotto_span sotto_read_vector(struct sotto_reader *r, size_t min,
                                    size_t max)
{
    size_t len = sotto_read_varint(r);
    if (len < min || len > max) {
        r->bad = true;
    }
    return sotto_read_span(r, len);
}

struct sotto_span sotto_read_rest(struct sotto_reader *r)
{
    return sotto_read_span(r, r->left);
}

void sotto_reader_fail(struct sotto_reader *r)
{
    r->bad = true;
}

enum sotto_err sotto_reader_finish(const struct sotto_reader *r)
{
    return r->bad || r->left > 0 ? SOTTO_ERR_FORMAT : SOTTO_OK;
}
