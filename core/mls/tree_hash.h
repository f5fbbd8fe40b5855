/*
 * tree_hash.h - tree hashes (RFC 9420 7.8) and parent hashes (7.9).
 *
 * A tree's hashes are always up to date; a draft's are after
 * sotto_mls_tree_rehash(), which hashes what changed and what stands above.
 */
#ifndef SOTTO_MLS_TREE_HASH_H
#define SOTTO_MLS_TREE_HASH_H

#include "core/mls/tree.h"

/* Computes what is stale in a draft; everything in a tree without base. */
void sotto_mls_tree_rehash(struct sotto_mls_tree *tree);

/* The same for a draft, but not for a leaf and its direct path, which are
 * about to be replaced by an update path and are marked as stale. */
void sotto_mls_tree_rehash_around(struct sotto_mls_tree *draft, uint32_t leaf);

/* The tree hash of a node (hash_len bytes), and of the root. */
const uint8_t *sotto_mls_tree_node_hash(const struct sotto_mls_tree *tree,
                                        uint32_t node);
const uint8_t *sotto_mls_tree_hash(const struct sotto_mls_tree *tree);

/*
 * The parent hash of `node` for a child whose sibling is `sibling`: over the
 * node's key, its own parent hash, and the tree hash of the sibling as it was
 * when the node was last set (without what is unmerged at the node since).
 * Cached hashes serve wherever nothing is unmerged.
 */
void sotto_mls_parent_hash(const struct sotto_mls_tree *tree, uint32_t node,
                           uint32_t sibling, uint8_t *out);

/* Every parent node that is not blank is "parent-hash valid" with regard to
 * one of its children (7.9.2); otherwise AUTH. */
enum sotto_err sotto_mls_tree_check_parent_hashes(
    const struct sotto_mls_tree *tree) SOTTO_MUST_CHECK;

#endif
