/*
 * tree_edit.c - what proposals do to a tree (RFC 9420 7.7, 12.1.1 to 12.1.3).
 */
#include "core/base/assert.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include <string.h>

/* ------------------------------------------------------------------- nodes */

static void clear_unmerged(struct sotto_mls_tree *draft, uint32_t node)
{
    uint8_t *row = sotto_mls_tree_row(draft, sotto_mls_level(node));
    uint32_t leaf = sotto_mls_tree_next_unmerged(draft, node, 0);

    while (leaf != SOTTO_MLS_NONE) {
        sotto_mls_set_bit(row, leaf, false);
        leaf = sotto_mls_tree_next_unmerged(draft, node, leaf);
    }
}

struct sotto_mls_parent *sotto_mls_tree_new_parent(struct sotto_mls_tree *draft,
                                                   uint32_t node)
{
    struct sotto_mls_parent *parent;

    sotto_mls_tree_touch(draft, node);
    clear_unmerged(draft, node);
    parent = &draft->parents[node / 2];
    memset(parent, 0, sizeof *parent);
    return parent;
}

static void blank_parent(struct sotto_mls_tree *draft, uint32_t node)
{
    if (sotto_mls_tree_parent(draft, node) != NULL) {
        (void)sotto_mls_tree_new_parent(draft, node);
    }
}

void sotto_mls_tree_blank_path(struct sotto_mls_tree *draft, uint32_t leaf)
{
    uint32_t depth = sotto_mls_depth(draft->leaf_count);

    for (uint32_t level = 1; level <= depth; level++) {
        blank_parent(draft, sotto_mls_ancestor(leaf, level));
    }
}

/* ------------------------------------------------------- growing, shrinking */

/* A new blank root, with the old tree on its left and blank nodes on its
 * right. */
static enum sotto_err extend(struct sotto_mls_tree *draft)
{
    uint32_t old_nodes = sotto_mls_node_count(draft->leaf_count);

    if (draft->leaf_count >= draft->leaf_max) {
        return SOTTO_ERR_SPACE;
    }
    draft->leaf_count *= 2;
    for (uint32_t node = old_nodes;
         node < sotto_mls_node_count(draft->leaf_count); node++) {
        sotto_mls_tree_touch(draft, node);
    }
    return SOTTO_OK;
}

/* Takes the right half away as long as there is nobody in it. Every node
 * outside the tree is blank. */
static void truncate(struct sotto_mls_tree *draft)
{
    while (draft->leaf_count > 1 &&
           sotto_mls_tree_next_leaf(draft, draft->leaf_count / 2) ==
               SOTTO_MLS_NONE) {
        uint32_t nodes = sotto_mls_node_count(draft->leaf_count);

        draft->leaf_count /= 2;
        for (uint32_t node = sotto_mls_node_count(draft->leaf_count);
             node < nodes; node += 2) {
            blank_parent(draft, node); /* parents have odd indices */
        }
    }
}

/* --------------------------------------------------------------- proposals */

static uint32_t find_blank(const struct sotto_mls_tree *draft)
{
    uint32_t leaf = 0;

    while (leaf < draft->leaf_count &&
           sotto_mls_tree_leaf(draft, leaf).len > 0) {
        leaf++;
    }
    return leaf;
}

enum sotto_err sotto_mls_tree_add(struct sotto_mls_tree *draft,
                                  struct sotto_span leaf_node, uint32_t *leaf)
{
    uint32_t at = find_blank(draft);
    enum sotto_err err = SOTTO_OK;

    if (at == draft->leaf_count) {
        err = extend(draft);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_tree_set_leaf(draft, at, leaf_node);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    for (uint32_t level = 1; level <= sotto_mls_depth(draft->leaf_count);
         level++) {
        uint32_t node = sotto_mls_ancestor(at, level);

        if (sotto_mls_tree_parent(draft, node) != NULL) {
            sotto_mls_tree_touch(draft, node);
            sotto_mls_set_bit(sotto_mls_tree_row(draft, level), at, true);
        }
    }
    sotto_mls_set_bit(draft->added, at, true);
    *leaf = at;
    return SOTTO_OK;
}

enum sotto_err sotto_mls_tree_update(struct sotto_mls_tree *draft,
                                     uint32_t leaf, struct sotto_span leaf_node)
{
    enum sotto_err err = sotto_mls_tree_set_leaf(draft, leaf, leaf_node);

    if (err == SOTTO_OK) {
        sotto_mls_tree_blank_path(draft, leaf);
    }
    return err;
}

void sotto_mls_tree_remove(struct sotto_mls_tree *draft, uint32_t leaf)
{
    SOTTO_ASSERT(sotto_mls_tree_leaf(draft, leaf).len > 0);
    sotto_mls_tree_blank_leaf(draft, leaf);
    sotto_mls_tree_blank_path(draft, leaf);
    sotto_mls_set_bit(draft->added, leaf, false);
    truncate(draft);
}

enum sotto_err sotto_mls_tree_start(struct sotto_mls_tree *tree,
                                    struct sotto_span leaf_node)
{
    enum sotto_err err;

    SOTTO_ASSERT(tree->base == NULL && tree->leaf_count == 0);
    err = sotto_mls_tree_store_leaf(tree, 0, leaf_node);
    if (err == SOTTO_OK) {
        tree->leaf_count = 1;
        sotto_mls_tree_rehash(tree);
    }
    return err;
}
