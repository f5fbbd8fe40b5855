/*
 * codec_inner.h - what the parts of the codec share.
 */
#ifndef SOTTO_MLS_CODEC_INNER_H
#define SOTTO_MLS_CODEC_INNER_H

#include "core/mls/codec.h"

/* `opaque x<V>` of any length. */
struct sotto_span sotto_mls_read_opaque(struct sotto_reader *r);

/* The presence byte of an optional: 0 or 1. */
bool sotto_mls_read_present(struct sotto_reader *r);

/* What was read since the reader stood at `start`. */
struct sotto_span sotto_mls_read_since(const struct sotto_reader *r,
                                       const uint8_t *start);

/* Marks `r` bad when `items`, the reader over a vector of it, is. */
void sotto_mls_read_items_done(struct sotto_reader *r,
                               const struct sotto_reader *items);

/* A list of 16-bit numbers. */
struct sotto_span sotto_mls_read_list(struct sotto_reader *r);

#endif
