/*
 * tree_inner.h - what the parts of the ratchet tree share: bits, and access to
 * the nodes of a draft.
 */
#ifndef SOTTO_MLS_TREE_INNER_H
#define SOTTO_MLS_TREE_INNER_H

#include "core/mls/tree.h"

static inline bool sotto_mls_bit(const uint8_t *bits, uint32_t at)
{
    return ((uint32_t)bits[at / 8] >> at % 8 & 1U) != 0;
}

static inline void sotto_mls_set_bit(uint8_t *bits, uint32_t at, bool on)
{
    uint8_t mask = (uint8_t)(1U << at % 8);

    if (on) {
        bits[at / 8] |= mask;
    } else {
        bits[at / 8] &= (uint8_t)~mask;
    }
}

static inline uint32_t sotto_mls_bit_bytes(uint32_t bits)
{
    return (bits + 7) / 8;
}

/* The tree that holds a node: the draft itself or its base. */
const struct sotto_mls_tree *sotto_mls_tree_holder(
    const struct sotto_mls_tree *tree, uint32_t node);

/* The row of `unmerged` for a level from 1 up: a bit for each leaf. */
uint8_t *sotto_mls_tree_row(const struct sotto_mls_tree *tree, uint32_t level);
/* Bytes of all rows. */
size_t sotto_mls_tree_rows_size(uint32_t leaf_max);

/* Where the hash of a node stands in the tree that holds it. */
uint8_t *sotto_mls_tree_hash_at(const struct sotto_mls_tree *tree,
                                uint32_t node);

/* Makes a node the draft's own, with what it was, and its hash stale. */
void sotto_mls_tree_touch(struct sotto_mls_tree *draft, uint32_t node);

/* Blanks a leaf of a draft, and nothing else. */
void sotto_mls_tree_blank_leaf(struct sotto_mls_tree *draft, uint32_t leaf);

/* Sets the leaf node of a tree without base, copying it. SPACE. */
enum sotto_err sotto_mls_tree_store_leaf(struct sotto_mls_tree *tree,
                                         uint32_t leaf,
                                         struct sotto_span leaf_node)
    SOTTO_MUST_CHECK;

#endif
