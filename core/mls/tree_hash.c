/*
 * tree_hash.c - tree hashes (RFC 9420 7.8).
 */
#include "core/mls/tree_hash.h"
#include "core/base/assert.h"
#include "core/base/writer.h"
#include "core/mls/hash_inner.h"
#include "core/mls/tree_inner.h"
#include <string.h>

enum node_type {
    NODE_LEAF = 1,
    NODE_PARENT = 2
};

/* A parent node's key and parent hash with their prefixes, and the rest that
 * has a fixed size. */
#define FIXED_MAX (SOTTO_MLS_PUBLIC_MAX + SOTTO_MLS_HASH_MAX + 16)

/* ------------------------------------------------------------ TreeHashInput */

void sotto_mls_hash_leaf(const struct sotto_mls_tree *tree, uint32_t leaf,
                         struct sotto_span leaf_node, uint8_t *out)
{
    uint8_t head[8];
    struct sotto_writer w;
    struct sotto_mls_hash hash;

    sotto_writer_init(&w, head, sizeof head);
    sotto_write_u8(&w, NODE_LEAF);
    sotto_write_u32(&w, leaf);
    sotto_write_u8(&w, leaf_node.len > 0 ? 1 : 0);
    sotto_mls_hash_init(&hash, tree->suite);
    sotto_mls_hash_add(&hash, head, w.len);
    if (leaf_node.len > 0) {
        sotto_mls_hash_add(&hash, leaf_node.at, leaf_node.len);
    }
    sotto_mls_hash_end(&hash, out);
}

/* The next leaf from `from` on that is unmerged at `node` but not at `but`
 * (NONE: at no node at all). */
static uint32_t next_unmerged(const struct sotto_mls_tree *tree, uint32_t node,
                              uint32_t from, uint32_t but)
{
    uint32_t leaf = sotto_mls_tree_next_unmerged(tree, node, from);

    while (leaf != SOTTO_MLS_NONE && but != SOTTO_MLS_NONE &&
           sotto_mls_tree_is_unmerged(tree, but, leaf)) {
        leaf = sotto_mls_tree_next_unmerged(tree, node, leaf + 1);
    }
    return leaf;
}

static void add_unmerged(struct sotto_mls_hash *hash,
                         const struct sotto_mls_tree *tree, uint32_t node,
                         uint32_t but)
{
    uint8_t bytes[4];
    struct sotto_writer w;
    size_t count = 0;
    uint32_t leaf = next_unmerged(tree, node, 0, but);

    for (; leaf != SOTTO_MLS_NONE; count++) {
        leaf = next_unmerged(tree, node, leaf + 1, but);
    }
    sotto_writer_init(&w, bytes, sizeof bytes);
    sotto_write_varint(&w, 4 * count);
    sotto_mls_hash_add(hash, bytes, w.len);
    leaf = next_unmerged(tree, node, 0, but);
    while (leaf != SOTTO_MLS_NONE) {
        sotto_writer_init(&w, bytes, sizeof bytes);
        sotto_write_u32(&w, leaf);
        sotto_mls_hash_add(hash, bytes, w.len);
        leaf = next_unmerged(tree, node, leaf + 1, but);
    }
}

void sotto_mls_hash_parent(const struct sotto_mls_tree *tree, uint32_t node,
                           uint32_t but, const uint8_t *left,
                           const uint8_t *right, uint8_t *out)
{
    const struct sotto_mls_parent *parent = sotto_mls_tree_parent(tree, node);
    size_t hash_len = tree->suite->hash_len;
    uint8_t fixed[FIXED_MAX];
    struct sotto_writer w;
    struct sotto_mls_hash hash;

    sotto_mls_hash_init(&hash, tree->suite);
    sotto_writer_init(&w, fixed, sizeof fixed);
    sotto_write_u8(&w, NODE_PARENT);
    sotto_write_u8(&w, parent != NULL ? 1 : 0);
    if (parent != NULL) {
        sotto_write_vector(&w, parent->key, parent->key_len);
        sotto_write_vector(&w, parent->parent_hash, parent->parent_hash_len);
    }
    sotto_mls_hash_add(&hash, fixed, w.len);
    if (parent != NULL) {
        add_unmerged(&hash, tree, node, but);
    }
    sotto_writer_init(&w, fixed, sizeof fixed);
    sotto_write_vector(&w, left, hash_len);
    sotto_write_vector(&w, right, hash_len);
    sotto_mls_hash_add(&hash, fixed, w.len);
    sotto_mls_hash_end(&hash, out);
}

/* ---------------------------------------------------------------- rehashing */

const uint8_t *sotto_mls_tree_node_hash(const struct sotto_mls_tree *tree,
                                        uint32_t node)
{
    SOTTO_ASSERT(tree->base == NULL || !sotto_mls_bit(tree->stale, node));
    return sotto_mls_tree_hash_at(sotto_mls_tree_holder(tree, node), node);
}

const uint8_t *sotto_mls_tree_hash(const struct sotto_mls_tree *tree)
{
    return sotto_mls_tree_node_hash(tree, sotto_mls_root(tree->leaf_count));
}

/* Hashes a node whose children's hashes are right. */
static void hash_node(struct sotto_mls_tree *tree, uint32_t node)
{
    uint8_t *out = sotto_mls_tree_hash_at(tree, node);

    if (sotto_mls_is_leaf(node)) {
        uint32_t leaf = sotto_mls_leaf_of_node(node);

        sotto_mls_hash_leaf(tree, leaf, sotto_mls_tree_leaf(tree, leaf), out);
    } else {
        uint32_t left = sotto_mls_left(node);
        uint32_t right = sotto_mls_right(node);

        sotto_mls_hash_parent(
            tree, node, SOTTO_MLS_NONE,
            sotto_mls_tree_hash_at(sotto_mls_tree_holder(tree, left), left),
            sotto_mls_tree_hash_at(sotto_mls_tree_holder(tree, right), right),
            out);
    }
}

/* Whether a node on this level is stale, or a child of it. */
static bool is_stale(const struct sotto_mls_tree *tree, uint32_t node,
                     uint32_t level)
{
    uint32_t half = level == 0 ? 0 : 1U << (level - 1);

    return tree->base == NULL || sotto_mls_bit(tree->stale, node) ||
           sotto_mls_bit(tree->stale, node - half) ||
           sotto_mls_bit(tree->stale, node + half);
}

/* Every stale node of one level, but for what is above the leaf `around`. */
static void rehash_level(struct sotto_mls_tree *tree, uint32_t level,
                         uint32_t around)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);

    for (uint32_t node = (1U << level) - 1; node < nodes; node += 2U << level) {
        if (!is_stale(tree, node, level) || sotto_mls_is_below(around, node)) {
            continue;
        }
        if (tree->base != NULL) {
            sotto_mls_tree_touch(tree, node);
        }
        hash_node(tree, node);
    }
}

/* From the leaves up; `around` is a leaf to leave out with all that is above
 * it, or NONE. */
static void rehash(struct sotto_mls_tree *tree, uint32_t around)
{
    for (uint32_t level = 0; level <= sotto_mls_depth(tree->leaf_count);
         level++) {
        rehash_level(tree, level, around);
    }
}

static void forget_stale(struct sotto_mls_tree *draft)
{
    memset(draft->stale, 0,
           sotto_mls_bit_bytes(sotto_mls_node_count(draft->leaf_max)));
}

void sotto_mls_tree_rehash(struct sotto_mls_tree *tree)
{
    rehash(tree, SOTTO_MLS_NONE);
    if (tree->base != NULL) {
        forget_stale(tree);
    }
}

void sotto_mls_tree_rehash_around(struct sotto_mls_tree *draft, uint32_t leaf)
{
    rehash(draft, leaf);
    forget_stale(draft);
    for (uint32_t level = 0; level <= sotto_mls_depth(draft->leaf_count);
         level++) {
        sotto_mls_tree_touch(draft, sotto_mls_ancestor(leaf, level));
    }
}
