/*
 * hash_inner.h - the hashes of single nodes (TreeHashInput, RFC 9420 7.8),
 * for tree hashes and parent hashes.
 */
#ifndef SOTTO_MLS_HASH_INNER_H
#define SOTTO_MLS_HASH_INNER_H

#include "core/mls/tree.h"

/* Of a leaf with this leaf node; empty: blank. */
void sotto_mls_hash_leaf(const struct sotto_mls_tree *tree, uint32_t leaf,
                         struct sotto_span leaf_node, uint8_t *out);

/* Of a parent, from the hashes of its children; without those of its unmerged
 * leaves that are unmerged at the node `but`, too (NONE: with all). */
void sotto_mls_hash_parent(const struct sotto_mls_tree *tree, uint32_t node,
                           uint32_t but, const uint8_t *left,
                           const uint8_t *right, uint8_t *out);

#endif
