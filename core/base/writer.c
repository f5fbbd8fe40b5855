/*
 * writer.c - the one encoder of wire bytes.
 */
#include "core/base/writer.h"

#include <string.h>

void sotto_writer_init(struct sotto_writer *w, uint8_t *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->len = 0;
    w->bad = false;
}

/* `w->len` never exceeds `cap`, so what is left is exact. */
uint8_t *sotto_write_room(struct sotto_writer *w, size_t len)
{
    if (w->bad || len > w->cap - w->len) {
        w->bad = true;
        return NULL;
    }
    if (len == 0) {
        return NULL;
    }
    uint8_t *start = w->out + w->len;
    w->len += len;
    return start;
}

/* A big-endian integer of `len` bytes, at most 8. */
static void write_integer(struct sotto_writer *w, uint64_t value, size_t len)
{
    uint8_t *out = sotto_write_room(w, len);
    if (out != NULL) {
        for (size_t i = len; i > 0; i--) {
            out[i - 1] = (uint8_t)(value & 0xffU);
            value >>= 8;
        }
    }
}

void sotto_write_u8(struct sotto_writer *w, uint8_t value)
{
    write_integer(w, value, 1);
}

void sotto_write_u16(struct sotto_writer *w, uint16_t value)
{
    write_integer(w, value, 2);
}

void sotto_write_u32(struct sotto_writer *w, uint32_t value)
{
    write_integer(w, value, 4);
}

void sotto_write_u64(struct sotto_writer *w, uint64_t value)
{
    write_integer(w, value, 8);
}

void sotto_write_bytes(struct sotto_writer *w, const void *in, size_t len)
{
    uint8_t *out = sotto_write_room(w, len);
    if (out != NULL) {
        memcpy(out, in, len);
    }
}

size_t sotto_varint_len(size_t value)
{
    if (value < (1U << 6)) {
        return 1;
    }
    return value < (1U << 14) ? 2 : 4;
}

size_t sotto_vector_len(size_t len)
{
    return sotto_varint_len(len) + len;
}

void sotto_write_varint(struct sotto_writer *w, size_t value)
{
    if (value > SOTTO_VARINT_MAX) {
        w->bad = true;
        return;
    }
    size_t len = sotto_varint_len(value);
    uint64_t prefix = len == 1 ? 0U : len == 2 ? 0x4000U : 0x80000000U;
    write_integer(w, prefix | value, len);
}

void sotto_write_vector(struct sotto_writer *w, const void *in, size_t len)
{
    sotto_write_varint(w, len);
    sotto_write_bytes(w, in, len);
}

enum sotto_err sotto_writer_finish(const struct sotto_writer *w, size_t *len)
{
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    *len = w->len;
    return SOTTO_OK;
}
