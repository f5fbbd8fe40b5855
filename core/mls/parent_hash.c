/*
 * parent_hash.c - parent hashes (RFC 9420 7.9).
 */
#include "core/base/assert.h"
#include "core/base/writer.h"
#include "core/mls/hash_inner.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include <string.h>

/* ------------------------------------------- original_sibling_tree_hash */

/* Whether a leaf below `node` is unmerged at `at`, a node above it. */
static bool has_unmerged(const struct sotto_mls_tree *tree, uint32_t at,
                         uint32_t node)
{
    uint32_t first = sotto_mls_first_leaf(node);
    uint32_t leaf = sotto_mls_tree_next_unmerged(tree, at, first);

    return leaf != SOTTO_MLS_NONE && sotto_mls_is_below(leaf, node);
}

/* The largest subtree of `top` that starts with `leaf` and of which nothing is
 * unmerged at `at`; the leaf itself if there is none. */
static uint32_t widest(const struct sotto_mls_tree *tree, uint32_t at,
                       uint32_t top, uint32_t leaf)
{
    uint32_t node = sotto_mls_node_of_leaf(leaf);

    while (node != top && !has_unmerged(tree, at, node)) {
        uint32_t parent = sotto_mls_parent_of(node);

        if (parent < node || has_unmerged(tree, at, parent)) {
            break;
        }
        node = parent;
    }
    return node;
}

/*
 * The tree hash of `top` as if everything unmerged at `at` were not there.
 * Goes over the leaves from the left in the largest steps that need no work;
 * what waits for its right half is on a stack, one entry for each level.
 */
static void original_hash(const struct sotto_mls_tree *tree, uint32_t at,
                          uint32_t top, uint8_t *out)
{
    uint8_t stack[SOTTO_MLS_LEVELS + 1][SOTTO_MLS_HASH_MAX];
    uint32_t height = 0;
    uint32_t leaf = sotto_mls_first_leaf(top);
    uint32_t end = leaf + sotto_mls_leaves_below(top);
    size_t hash_len = tree->suite->hash_len;

    if (!has_unmerged(tree, at, top)) {
        memcpy(out, sotto_mls_tree_node_hash(tree, top), hash_len);
        return;
    }
    while (leaf < end) {
        uint32_t node = widest(tree, at, top, leaf);

        leaf += sotto_mls_leaves_below(node);
        SOTTO_ASSERT(height <= SOTTO_MLS_LEVELS);
        if (has_unmerged(tree, at, node)) { /* a leaf */
            sotto_mls_hash_leaf(tree, node / 2, (struct sotto_span){NULL, 0},
                                stack[height]);
        } else {
            memcpy(stack[height], sotto_mls_tree_node_hash(tree, node),
                   hash_len);
        }
        height++;
        while (node != top && sotto_mls_parent_of(node) < node) {
            node = sotto_mls_parent_of(node);
            sotto_mls_hash_parent(tree, node, at, stack[height - 2],
                                  stack[height - 1], stack[height - 2]);
            height--;
        }
    }
    memcpy(out, stack[0], hash_len);
}

/* --------------------------------------------------------- ParentHashInput */

void sotto_mls_parent_hash(const struct sotto_mls_tree *tree, uint32_t node,
                           uint32_t sibling, uint8_t *out)
{
    const struct sotto_mls_parent *parent = sotto_mls_tree_parent(tree, node);
    uint8_t in[SOTTO_MLS_PUBLIC_MAX + 2 * SOTTO_MLS_HASH_MAX + 8];
    uint8_t original[SOTTO_MLS_HASH_MAX];
    struct sotto_writer w;
    struct sotto_mls_hash hash;

    SOTTO_ASSERT(parent != NULL);
    original_hash(tree, node, sibling, original);
    sotto_writer_init(&w, in, sizeof in);
    sotto_write_vector(&w, parent->key, parent->key_len);
    sotto_write_vector(&w, parent->parent_hash, parent->parent_hash_len);
    sotto_write_vector(&w, original, tree->suite->hash_len);
    SOTTO_ASSERT(!w.bad);
    sotto_mls_hash_init(&hash, tree->suite);
    sotto_mls_hash_add(&hash, in, w.len);
    sotto_mls_hash_end(&hash, out);
}

/* ---------------------------------------------------------- verifying (7.9.2) */

/* The parent_hash field of a node that is not blank; empty when it has none. */
static struct sotto_span parent_hash_of(const struct sotto_mls_tree *tree,
                                        uint32_t node)
{
    struct sotto_mls_leaf_node leaf;
    const struct sotto_mls_parent *parent;

    if (sotto_mls_is_leaf(node)) {
        (void)sotto_mls_tree_leaf_node(tree, node / 2, &leaf);
        return leaf.parent_hash;
    }
    parent = sotto_mls_tree_parent(tree, node);
    return (struct sotto_span){parent->parent_hash, parent->parent_hash_len};
}

/*
 * The one node in the resolution of `child` besides the leaves that are
 * unmerged at `parent`, if these are all such leaves below the child;
 * otherwise NONE.
 */
static uint32_t find_descendant(const struct sotto_mls_tree *tree,
                                uint32_t parent, uint32_t child)
{
    struct sotto_mls_resolution resolution;
    uint32_t found = SOTTO_MLS_NONE;
    uint32_t node;
    uint32_t leaf = sotto_mls_first_leaf(child);
    uint32_t end = leaf + sotto_mls_leaves_below(child);
    uint32_t covered = 0;
    uint32_t unmerged = 0;

    sotto_mls_resolution_init(&resolution, tree, child);
    while ((node = sotto_mls_resolution_next(&resolution)) != SOTTO_MLS_NONE) {
        if (sotto_mls_is_leaf(node) &&
            sotto_mls_tree_is_unmerged(tree, parent, node / 2)) {
            covered++;
        } else if (found == SOTTO_MLS_NONE) {
            found = node;
        } else {
            return SOTTO_MLS_NONE;
        }
    }
    while ((leaf = sotto_mls_tree_next_unmerged(tree, parent, leaf)) < end) {
        unmerged++;
        leaf++;
    }
    return covered == unmerged ? found : SOTTO_MLS_NONE;
}

/* Whether `parent` is valid by what is below `child`. */
static bool is_valid_by(const struct sotto_mls_tree *tree, uint32_t parent,
                        uint32_t child)
{
    uint32_t node = find_descendant(tree, parent, child);
    uint8_t expected[SOTTO_MLS_HASH_MAX];
    struct sotto_span got;

    if (node == SOTTO_MLS_NONE) {
        return false;
    }
    got = parent_hash_of(tree, node);
    if (got.len != tree->suite->hash_len) {
        return false;
    }
    sotto_mls_parent_hash(tree, parent, sotto_mls_sibling(child), expected);
    return memcmp(got.at, expected, got.len) == 0;
}

enum sotto_err sotto_mls_tree_check_parent_hashes(
    const struct sotto_mls_tree *tree)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);

    for (uint32_t node = 1; node < nodes; node += 2) {
        if (sotto_mls_tree_parent(tree, node) == NULL) {
            continue;
        }
        /* By one child, not by both: one update path set it. */
        if (is_valid_by(tree, node, sotto_mls_left(node)) ==
            is_valid_by(tree, node, sotto_mls_right(node))) {
            return SOTTO_ERR_AUTH;
        }
    }
    return SOTTO_OK;
}
