/*
 * keyed_index.h - finds entries of a table by a key of bytes.
 *
 * Open addressing over a keyed hash, so that nobody can choose names or keys
 * that fall together. The index knows places only; what stands at a place is
 * the table's owner's to say.
 */
#ifndef SOTTO_AUTH_KEYED_INDEX_H
#define SOTTO_AUTH_KEYED_INDEX_H

#include "core/crypto/hash.h"
#include <stddef.h>
#include <stdint.h>

#define SOTTO_INDEX_SECRET_LEN 32
#define SOTTO_INDEX_NONE       SIZE_MAX

struct sotto_keyed_index {
    uint32_t *slots;       /* borrowed; 0 is empty, else place + 1 */
    size_t size;           /* a power of two, or 0: it is never put into */
    const uint8_t *secret; /* SOTTO_INDEX_SECRET_LEN bytes, borrowed */
    const void *table;     /* borrowed, for key_at() */
    struct sotto_piece (*key_at)(const void *table, size_t place);
};

/* Slots for that many entries. */
size_t sotto_keyed_index_slots(size_t capacity);

/* Anew, for the table's first `count` places: at first and after another
 * secret. */
void sotto_keyed_index_fill(struct sotto_keyed_index *index, size_t count);

/* The place of that key, or NONE. */
size_t sotto_keyed_index_find(const struct sotto_keyed_index *index,
                              const void *key, size_t len);

/* The key at that place is new in the table. */
void sotto_keyed_index_put(struct sotto_keyed_index *index, size_t place);

/* The key at that place, which still stands there, leaves the table. */
void sotto_keyed_index_take(struct sotto_keyed_index *index, size_t place);

/* What stands at `from` is about to stand at `to`. */
void sotto_keyed_index_move(struct sotto_keyed_index *index, size_t from,
                            size_t to);

#endif
