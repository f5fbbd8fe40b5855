/*
 * reader.h - the one decoder of wire bytes.
 *
 * Big-endian integers and the variable-length vectors of RFC 9420 2.1.2. The
 * first miss sets `bad`; later reads do nothing and give zeros, so that a
 * decoder reads straight down and asks once, with sotto_reader_finish().
 * Every check is made by what is left, never by adding to a position.
 */
#ifndef SOTTO_BASE_READER_H
#define SOTTO_BASE_READER_H

#include <sotto/err.h>
#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_reader {
    const uint8_t *at; /* the next byte; borrowed */
    size_t left;       /* bytes from there to the end */
    bool bad;          /* something was missing or not allowed */
};

void sotto_reader_init(struct sotto_reader *r, const uint8_t *in, size_t len);

uint8_t sotto_read_u8(struct sotto_reader *r);
uint16_t sotto_read_u16(struct sotto_reader *r);
uint32_t sotto_read_u32(struct sotto_reader *r);
uint64_t sotto_read_u64(struct sotto_reader *r);

/* Copies `len` bytes to `out`; zero-fills it when there are fewer. */
void sotto_read_bytes(struct sotto_reader *r, uint8_t *out, size_t len);

/* Borrows the next `len` bytes; an empty span when there are fewer. */
struct sotto_span sotto_read_span(struct sotto_reader *r, size_t len);

/* A length prefix of 1, 2 or 4 bytes (RFC 9420 2.1.2: the shortest that holds
 * the value, prefix 11 not allowed). */
uint32_t sotto_read_varint(struct sotto_reader *r);

/* A vector `opaque x<V>` of `min` to `max` bytes; outside is `bad`. */
struct sotto_span sotto_read_vector(struct sotto_reader *r, size_t min,
                                    size_t max);

/* Everything that is left. */
struct sotto_span sotto_read_rest(struct sotto_reader *r);

/* Marks the input as not allowed: for a decoder's own checks. */
void sotto_reader_fail(struct sotto_reader *r);

/* OK when nothing was missing and nothing is left; otherwise FORMAT. */
enum sotto_err sotto_reader_finish(const struct sotto_reader *r)
    SOTTO_MUST_CHECK;

#endif
