/*
 * pieces.h - an encoding in pieces: for what is hashed and never sent.
 *
 * RFC 9420 hashes, signs and authenticates structures that exist nowhere as one
 * run of bytes (FramedContentTBS, KDFLabel, SignContent, ...). Here they are
 * written down as a list of pieces: long parts are borrowed where they are,
 * numbers and length prefixes between them are kept inside. Nothing is copied
 * and no buffer is needed, however long a message is.
 *
 * A list points into itself: it is used where it was made and never copied.
 * How many pieces a structure has is known when the code is written, so a list
 * that is full is a mistake of ours.
 */
#ifndef SOTTO_MLS_PIECES_H
#define SOTTO_MLS_PIECES_H

#include "core/crypto/hash.h"
#include <sotto/span.h>

/* The longest list is a SignContent around a FramedContentTBS: 12. */
#define SOTTO_MLS_PIECES_MAX  16
#define SOTTO_MLS_NUMBERS_MAX 64

struct sotto_mls_pieces {
    struct sotto_piece at[SOTTO_MLS_PIECES_MAX];
    size_t count;                           /* pieces so far */
    uint8_t numbers[SOTTO_MLS_NUMBERS_MAX]; /* numbers and prefixes */
    size_t numbers_len;
};

void sotto_mls_pieces_init(struct sotto_mls_pieces *p);

void sotto_mls_pieces_u8(struct sotto_mls_pieces *p, uint8_t value);
void sotto_mls_pieces_u16(struct sotto_mls_pieces *p, uint16_t value);
void sotto_mls_pieces_u32(struct sotto_mls_pieces *p, uint32_t value);
void sotto_mls_pieces_u64(struct sotto_mls_pieces *p, uint64_t value);

/* Borrows `len` bytes. */
void sotto_mls_pieces_add(struct sotto_mls_pieces *p, const void *in,
                          size_t len);
/* The length prefix of a vector whose bytes are added next. At most
 * SOTTO_VARINT_MAX; messages are refused long before. */
void sotto_mls_pieces_prefix(struct sotto_mls_pieces *p, size_t len);
/* A vector `opaque x<V>`: its prefix, and its bytes borrowed. */
void sotto_mls_pieces_vector(struct sotto_mls_pieces *p, struct sotto_span in);
/* The vector `label` of the labelled functions: "MLS 1.0 " and the label. */
void sotto_mls_pieces_label(struct sotto_mls_pieces *p, const char *label);

/* All bytes together. */
size_t sotto_mls_pieces_len(const struct sotto_piece *pieces, size_t count);

#endif
