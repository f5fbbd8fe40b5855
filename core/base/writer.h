/*
 * writer.h - the one encoder of wire bytes; the twin of reader.h.
 *
 * Writes into the caller's buffer. What does not fit sets `bad` and nothing
 * more is written; the caller asks once, with sotto_writer_finish().
 */
#ifndef SOTTO_BASE_WRITER_H
#define SOTTO_BASE_WRITER_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest value of a variable-length prefix (30 bits). */
#define SOTTO_VARINT_MAX 0x3fffffffU

struct sotto_writer {
    uint8_t *out; /* borrowed */
    size_t cap;   /* bytes that fit in all */
    size_t len;   /* bytes written */
    bool bad;     /* something did not fit, or a length was too large */
};

void sotto_writer_init(struct sotto_writer *w, uint8_t *out, size_t cap);

void sotto_write_u8(struct sotto_writer *w, uint8_t value);
void sotto_write_u16(struct sotto_writer *w, uint16_t value);
void sotto_write_u32(struct sotto_writer *w, uint32_t value);
void sotto_write_u64(struct sotto_writer *w, uint64_t value);
void sotto_write_bytes(struct sotto_writer *w, const void *in, size_t len);

/* Leaves room for `len` bytes that the caller writes, and gives where: for what
 * is computed in place. NULL when they do not fit, or are none. */
uint8_t *sotto_write_room(struct sotto_writer *w, size_t len);

/* The shortest prefix for `value`, at most SOTTO_VARINT_MAX. */
void sotto_write_varint(struct sotto_writer *w, size_t value);

/* A vector `opaque x<V>`: prefix and bytes. */
void sotto_write_vector(struct sotto_writer *w, const void *in, size_t len);

/* How many bytes the prefix for `value` takes: 1, 2 or 4. */
size_t sotto_varint_len(size_t value);

/* How many bytes a vector of `len` bytes takes, with its prefix. */
size_t sotto_vector_len(size_t len);

/* OK and the length, or SPACE. */
enum sotto_err sotto_writer_finish(const struct sotto_writer *w, size_t *len)
    SOTTO_MUST_CHECK;

#endif
