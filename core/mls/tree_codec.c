/*
 * tree_codec.c - the extension ratchet_tree (RFC 9420 12.4.3.3): every node in
 * order, blank nodes at the end left out.
 */
#include "core/mls/codec.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include <string.h>

enum node_type {
    NODE_LEAF = 1,
    NODE_PARENT = 2
};

/* ----------------------------------------------------------------- reading */

static enum sotto_err read_leaf(struct sotto_mls_tree *tree, uint32_t node,
                                struct sotto_reader *r)
{
    struct sotto_mls_leaf_node leaf;

    sotto_mls_read_leaf_node(r, &leaf);
    if (r->bad) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_mls_tree_store_leaf(tree, sotto_mls_leaf_of_node(node),
                                     leaf.raw);
}

static void read_unmerged(struct sotto_mls_tree *tree, uint32_t node,
                          struct sotto_reader *r, struct sotto_span list)
{
    uint8_t *row = sotto_mls_tree_row(tree, sotto_mls_level(node));
    struct sotto_reader items = sotto_mls_items(list);

    while (items.left > 0) {
        uint32_t leaf = sotto_read_u32(&items);

        if (!sotto_mls_is_below(leaf, node)) {
            sotto_reader_fail(r);
            return;
        }
        sotto_mls_set_bit(row, leaf, true);
    }
}

static enum sotto_err read_parent(struct sotto_mls_tree *tree, uint32_t node,
                                  struct sotto_reader *r)
{
    struct sotto_mls_parent *out = &tree->parents[node / 2];
    struct sotto_mls_parent_node parent;

    sotto_mls_read_parent_node(r, &parent);
    if (r->bad || parent.encryption_key.len != tree->suite->public_len ||
        (parent.parent_hash.len != 0 &&
         parent.parent_hash.len != tree->suite->hash_len)) {
        return SOTTO_ERR_FORMAT;
    }
    out->key_len = (uint8_t)parent.encryption_key.len;
    memcpy(out->key, parent.encryption_key.at, out->key_len);
    out->parent_hash_len = (uint8_t)parent.parent_hash.len;
    if (out->parent_hash_len > 0) {
        memcpy(out->parent_hash, parent.parent_hash.at, out->parent_hash_len);
    }
    read_unmerged(tree, node, r, parent.unmerged_leaves);
    return r->bad ? SOTTO_ERR_FORMAT : SOTTO_OK;
}

/* One `optional<Node>`. */
static enum sotto_err read_node(struct sotto_mls_tree *tree, uint32_t node,
                                struct sotto_reader *r, bool *present)
{
    uint8_t type = sotto_mls_is_leaf(node) ? NODE_LEAF : NODE_PARENT;
    uint8_t presence = sotto_read_u8(r);

    *present = presence == 1;
    if (presence == 0) {
        return SOTTO_OK;
    }
    if (presence > 1 || sotto_read_u8(r) != type) {
        return SOTTO_ERR_FORMAT;
    }
    return type == NODE_LEAF ? read_leaf(tree, node, r)
                             : read_parent(tree, node, r);
}

static enum sotto_err read_nodes(struct sotto_mls_tree *tree,
                                 struct sotto_reader *r)
{
    uint32_t max = sotto_mls_node_count(tree->leaf_max);
    bool present = false; /* of the last node: it may not be blank */
    uint32_t node = 0;

    for (; r->left > 0; node++) {
        enum sotto_err err =
            node == max ? SOTTO_ERR_LIMIT : read_node(tree, node, r, &present);

        if (err != SOTTO_OK) {
            return err;
        }
    }
    if (!present) {
        return SOTTO_ERR_FORMAT;
    }
    tree->leaf_count = 1;
    while (sotto_mls_node_count(tree->leaf_count) < node) {
        tree->leaf_count *= 2;
    }
    return SOTTO_OK;
}

enum sotto_err sotto_mls_tree_decode(struct sotto_mls_tree *tree,
                                     struct sotto_span in)
{
    struct sotto_reader r = sotto_mls_items(in);
    struct sotto_span nodes = sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
    enum sotto_err err = sotto_reader_finish(&r);

    if (err == SOTTO_OK) {
        r = sotto_mls_items(nodes);
        err = read_nodes(tree, &r);
    }
    if (err == SOTTO_OK) {
        sotto_mls_tree_rehash(tree);
    } else {
        sotto_mls_tree_clear(tree);
    }
    return err;
}

/* ----------------------------------------------------------------- writing */

static uint32_t count_unmerged(const struct sotto_mls_tree *tree, uint32_t node)
{
    uint32_t count = 0;
    uint32_t leaf = sotto_mls_tree_next_unmerged(tree, node, 0);

    while (leaf != SOTTO_MLS_NONE) {
        count++;
        leaf = sotto_mls_tree_next_unmerged(tree, node, leaf + 1);
    }
    return count;
}

/* Nodes that are written: up to the last that is not blank. */
static uint32_t count_nodes(const struct sotto_mls_tree *tree)
{
    uint32_t count =
        tree->leaf_count == 0 ? 0 : sotto_mls_node_count(tree->leaf_count);

    while (count > 0 && sotto_mls_tree_is_blank(tree, count - 1)) {
        count--;
    }
    return count;
}

static size_t node_len(const struct sotto_mls_tree *tree, uint32_t node)
{
    const struct sotto_mls_parent *parent;

    if (sotto_mls_tree_is_blank(tree, node)) {
        return 1;
    }
    if (sotto_mls_is_leaf(node)) {
        return 2 + sotto_mls_tree_leaf(tree, node / 2).len;
    }
    parent = sotto_mls_tree_parent(tree, node);
    return 2 + sotto_vector_len(parent->key_len) +
           sotto_vector_len(parent->parent_hash_len) +
           sotto_vector_len(4 * (size_t)count_unmerged(tree, node));
}

static size_t nodes_len(const struct sotto_mls_tree *tree)
{
    uint32_t count = count_nodes(tree);
    size_t len = 0;

    for (uint32_t node = 0; node < count; node++) {
        len += node_len(tree, node);
    }
    return len;
}

size_t sotto_mls_tree_encoded_len(const struct sotto_mls_tree *tree)
{
    return sotto_vector_len(nodes_len(tree));
}

static void write_parent(struct sotto_writer *w,
                         const struct sotto_mls_tree *tree, uint32_t node)
{
    const struct sotto_mls_parent *parent = sotto_mls_tree_parent(tree, node);
    uint32_t leaf = sotto_mls_tree_next_unmerged(tree, node, 0);

    sotto_write_vector(w, parent->key, parent->key_len);
    sotto_write_vector(w, parent->parent_hash, parent->parent_hash_len);
    sotto_write_varint(w, 4 * (size_t)count_unmerged(tree, node));
    while (leaf != SOTTO_MLS_NONE) {
        sotto_write_u32(w, leaf);
        leaf = sotto_mls_tree_next_unmerged(tree, node, leaf + 1);
    }
}

static void write_node(struct sotto_writer *w,
                       const struct sotto_mls_tree *tree, uint32_t node)
{
    if (sotto_mls_tree_is_blank(tree, node)) {
        sotto_write_u8(w, 0);
        return;
    }
    sotto_write_u8(w, 1);
    if (sotto_mls_is_leaf(node)) {
        struct sotto_span leaf = sotto_mls_tree_leaf(tree, node / 2);

        sotto_write_u8(w, NODE_LEAF);
        sotto_write_bytes(w, leaf.at, leaf.len);
    } else {
        sotto_write_u8(w, NODE_PARENT);
        write_parent(w, tree, node);
    }
}

void sotto_mls_tree_write(struct sotto_writer *w,
                          const struct sotto_mls_tree *tree)
{
    uint32_t count = count_nodes(tree);

    sotto_write_varint(w, nodes_len(tree));
    for (uint32_t node = 0; node < count; node++) {
        write_node(w, tree, node);
    }
}
