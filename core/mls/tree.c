/*
 * tree.c - the ratchet tree (RFC 9420 4, 7): memory, reading, resolutions.
 *
 * In the arena a leaf node stands behind a header of four bytes, its leaf and
 * its length. One that no leaf points to any more was given up; packing slides
 * the others over it, in place.
 */
#include "core/mls/tree.h"
#include "core/base/assert.h"
#include "core/mls/codec.h"
#include "core/mls/share.h"
#include "core/mls/tree_inner.h"
#include <string.h>

#define RECORD_HEADER 4U
#define LEAF_LEN_MAX  UINT16_MAX

_Static_assert(SOTTO_MLS_MAX_MEMBERS <= 1U << (SOTTO_MLS_LEVELS - 1),
               "a path is longer than SOTTO_MLS_LEVELS");
_Static_assert(SOTTO_MLS_MAX_MEMBERS <= (uint32_t)UINT16_MAX + 1,
               "a leaf index does not fit a record's header");

/* ------------------------------------------------------------------ memory */

static uint32_t round_up(uint32_t members)
{
    uint32_t leaves = 1;

    SOTTO_ASSERT(members > 0 && members <= SOTTO_MLS_MAX_MEMBERS);
    while (leaves < members) {
        leaves *= 2;
    }
    return leaves;
}

/* What trees and drafts have in common. */
static void take_nodes(struct share *share, struct sotto_mls_tree *tree)
{
    uint32_t leaves = tree->leaf_max;
    uint32_t nodes = sotto_mls_node_count(leaves);

    tree->leaves = share_take(share, leaves * sizeof *tree->leaves);
    tree->parents = share_take(share, leaves * sizeof *tree->parents);
    tree->hashes = share_take(share, (size_t)nodes * SOTTO_MLS_HASH_MAX);
    tree->unmerged = share_take(share, sotto_mls_tree_rows_size(leaves));
}

static void take_bits(struct share *share, struct sotto_mls_tree *draft)
{
    uint32_t nodes = sotto_mls_node_count(draft->leaf_max);

    draft->changed = share_take(share, sotto_mls_bit_bytes(nodes));
    draft->stale = share_take(share, sotto_mls_bit_bytes(nodes));
    draft->added = share_take(share, sotto_mls_bit_bytes(draft->leaf_max));
}

static size_t arena_size(uint32_t members, size_t leaf_len)
{
    return members * (leaf_len + RECORD_HEADER);
}

size_t sotto_mls_tree_size(uint32_t members, size_t leaf_len)
{
    struct sotto_mls_tree tree = {.leaf_max = round_up(members)};
    struct share share = {NULL, 0};

    take_nodes(&share, &tree);
    (void)share_take(&share, arena_size(members, leaf_len));
    return share.used;
}

size_t sotto_mls_draft_size(uint32_t members)
{
    struct sotto_mls_tree draft = {.leaf_max = round_up(members)};
    struct share share = {NULL, 0};

    take_nodes(&share, &draft);
    take_bits(&share, &draft);
    return share.used;
}

void sotto_mls_tree_init(struct sotto_mls_tree *tree, void *memory,
                         const struct sotto_mls_suite *suite, uint32_t members,
                         size_t leaf_len)
{
    struct share share = {memory, 0};

    *tree = (struct sotto_mls_tree){.suite = suite,
                                    .leaf_max = round_up(members),
                                    .arena_max = arena_size(members, leaf_len)};
    take_nodes(&share, tree);
    tree->arena = share_take(&share, tree->arena_max);
    memset(memory, 0, share.used);
}

void sotto_mls_tree_clear(struct sotto_mls_tree *tree)
{
    uint32_t leaves = tree->leaf_max;

    memset(tree->leaves, 0, leaves * sizeof *tree->leaves);
    memset(tree->parents, 0, leaves * sizeof *tree->parents);
    memset(tree->unmerged, 0, sotto_mls_tree_rows_size(leaves));
    tree->leaf_count = 0;
    tree->leaf_bytes = 0;
    tree->arena_used = 0;
}

void sotto_mls_tree_draft(struct sotto_mls_tree *draft, void *memory,
                          const struct sotto_mls_tree *base)
{
    struct share share = {memory, 0};
    uint32_t nodes = sotto_mls_node_count(base->leaf_max);

    *draft = (struct sotto_mls_tree){.suite = base->suite,
                                     .base = base,
                                     .leaf_count = base->leaf_count,
                                     .leaf_max = base->leaf_max,
                                     .arena_max = base->arena_max,
                                     .leaf_bytes = base->leaf_bytes};
    take_nodes(&share, draft);
    take_bits(&share, draft);
    memcpy(draft->unmerged, base->unmerged,
           sotto_mls_tree_rows_size(base->leaf_max));
    memset(draft->changed, 0, sotto_mls_bit_bytes(nodes));
    memset(draft->stale, 0, sotto_mls_bit_bytes(nodes));
    memset(draft->added, 0, sotto_mls_bit_bytes(base->leaf_max));
}

/* --------------------------------------------------------------- the arena */

/* Slides the records that are in use to the front. */
static void pack(struct sotto_mls_tree *tree)
{
    size_t from = 0;
    size_t to = 0;

    while (from < tree->arena_used) {
        uint16_t header[2]; /* leaf, length */

        memcpy(header, tree->arena + from, RECORD_HEADER);
        size_t len = RECORD_HEADER + header[1];
        if (tree->leaves[header[0]].at == tree->arena + from + RECORD_HEADER) {
            memmove(tree->arena + to, tree->arena + from, len);
            tree->leaves[header[0]].at = tree->arena + to + RECORD_HEADER;
            to += len;
        }
        from += len;
    }
    tree->arena_used = to;
}

static void forget_leaf(struct sotto_mls_tree *tree, uint32_t leaf)
{
    struct sotto_span *slot = &tree->leaves[leaf];

    if (slot->len > 0) {
        tree->leaf_bytes -= slot->len + RECORD_HEADER;
    }
    *slot = (struct sotto_span){NULL, 0};
}

/* Room was asked for before. */
static void append_leaf(struct sotto_mls_tree *tree, uint32_t leaf,
                        struct sotto_span in)
{
    size_t len = in.len + RECORD_HEADER;
    uint16_t header[2] = {(uint16_t)leaf, (uint16_t)in.len};

    if (tree->arena_max - tree->arena_used < len) {
        pack(tree);
    }
    SOTTO_ASSERT(tree->arena_max - tree->arena_used >= len);
    memcpy(tree->arena + tree->arena_used, header, RECORD_HEADER);
    memcpy(tree->arena + tree->arena_used + RECORD_HEADER, in.at, in.len);
    tree->leaves[leaf].at = tree->arena + tree->arena_used + RECORD_HEADER;
    tree->leaves[leaf].len = in.len;
    tree->arena_used += len;
    tree->leaf_bytes += len;
}

static enum sotto_err check_room(const struct sotto_mls_tree *tree,
                                 size_t old_len, size_t new_len)
{
    size_t used =
        tree->leaf_bytes - (old_len > 0 ? old_len + RECORD_HEADER : 0);

    if (new_len > LEAF_LEN_MAX ||
        tree->arena_max - used < new_len + RECORD_HEADER) {
        return SOTTO_ERR_SPACE;
    }
    return SOTTO_OK;
}

enum sotto_err sotto_mls_tree_store_leaf(struct sotto_mls_tree *tree,
                                         uint32_t leaf,
                                         struct sotto_span leaf_node)
{
    enum sotto_err err =
        check_room(tree, tree->leaves[leaf].len, leaf_node.len);

    if (err == SOTTO_OK) {
        forget_leaf(tree, leaf);
        append_leaf(tree, leaf, leaf_node);
    }
    return err;
}

enum sotto_err sotto_mls_tree_set_leaf(struct sotto_mls_tree *draft,
                                       uint32_t leaf,
                                       struct sotto_span leaf_node)
{
    struct sotto_span old = sotto_mls_tree_leaf(draft, leaf);
    enum sotto_err err = check_room(draft, old.len, leaf_node.len);

    SOTTO_ASSERT(leaf < draft->leaf_count && leaf_node.len > 0);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_mls_tree_touch(draft, sotto_mls_node_of_leaf(leaf));
    draft->leaves[leaf] = leaf_node;
    draft->leaf_bytes += leaf_node.len + RECORD_HEADER;
    if (old.len > 0) {
        draft->leaf_bytes -= old.len + RECORD_HEADER;
    }
    return SOTTO_OK;
}

void sotto_mls_tree_blank_leaf(struct sotto_mls_tree *draft, uint32_t leaf)
{
    struct sotto_span old = sotto_mls_tree_leaf(draft, leaf);

    if (old.len > 0) {
        draft->leaf_bytes -= old.len + RECORD_HEADER;
    }
    sotto_mls_tree_touch(draft, sotto_mls_node_of_leaf(leaf));
    draft->leaves[leaf] = (struct sotto_span){NULL, 0};
}

/* ---------------------------------------------------------------- applying */

/* First everything that goes, then what comes: so there is always room. */
static void apply_leaves(struct sotto_mls_tree *tree,
                         const struct sotto_mls_tree *draft)
{
    for (uint32_t i = 0; i < draft->leaf_max; i++) {
        if (sotto_mls_bit(draft->changed, sotto_mls_node_of_leaf(i))) {
            forget_leaf(tree, i);
        }
    }
    for (uint32_t i = 0; i < draft->leaf_max; i++) {
        if (sotto_mls_bit(draft->changed, sotto_mls_node_of_leaf(i)) &&
            draft->leaves[i].len > 0) {
            append_leaf(tree, i, draft->leaves[i]);
        }
    }
}

void sotto_mls_tree_apply(struct sotto_mls_tree *tree,
                          const struct sotto_mls_tree *draft)
{
    uint32_t nodes = sotto_mls_node_count(draft->leaf_max);

    SOTTO_ASSERT(draft->base == tree);
    apply_leaves(tree, draft);
    for (uint32_t node = 0; node < nodes; node++) {
        if (!sotto_mls_bit(draft->changed, node)) {
            continue;
        }
        SOTTO_ASSERT(!sotto_mls_bit(draft->stale, node));
        if (!sotto_mls_is_leaf(node)) {
            tree->parents[node / 2] = draft->parents[node / 2];
        }
        memcpy(sotto_mls_tree_hash_at(tree, node),
               sotto_mls_tree_hash_at(draft, node), SOTTO_MLS_HASH_MAX);
    }
    memcpy(tree->unmerged, draft->unmerged,
           sotto_mls_tree_rows_size(draft->leaf_max));
    tree->leaf_count = draft->leaf_count;
}

/* ----------------------------------------------------------------- reading */

const struct sotto_mls_tree *sotto_mls_tree_holder(
    const struct sotto_mls_tree *tree, uint32_t node)
{
    bool own = tree->base == NULL || sotto_mls_bit(tree->changed, node);

    return own ? tree : tree->base;
}

size_t sotto_mls_tree_rows_size(uint32_t leaf_max)
{
    return (size_t)sotto_mls_bit_bytes(leaf_max) * sotto_mls_depth(leaf_max);
}

uint8_t *sotto_mls_tree_row(const struct sotto_mls_tree *tree, uint32_t level)
{
    return tree->unmerged +
           (size_t)sotto_mls_bit_bytes(tree->leaf_max) * (level - 1);
}

uint8_t *sotto_mls_tree_hash_at(const struct sotto_mls_tree *tree,
                                uint32_t node)
{
    return tree->hashes + (size_t)node * SOTTO_MLS_HASH_MAX;
}

void sotto_mls_tree_touch(struct sotto_mls_tree *draft, uint32_t node)
{
    SOTTO_ASSERT(draft->base != NULL);
    if (!sotto_mls_bit(draft->changed, node)) {
        if (sotto_mls_is_leaf(node)) {
            draft->leaves[node / 2] = draft->base->leaves[node / 2];
        } else {
            draft->parents[node / 2] = draft->base->parents[node / 2];
        }
        sotto_mls_set_bit(draft->changed, node, true);
    }
    sotto_mls_set_bit(draft->stale, node, true);
}

struct sotto_span sotto_mls_tree_leaf(const struct sotto_mls_tree *tree,
                                      uint32_t leaf)
{
    if (leaf >= tree->leaf_count) {
        return (struct sotto_span){NULL, 0};
    }
    return sotto_mls_tree_holder(tree, sotto_mls_node_of_leaf(leaf))
        ->leaves[leaf];
}

bool sotto_mls_tree_leaf_node(const struct sotto_mls_tree *tree, uint32_t leaf,
                              struct sotto_mls_leaf_node *out)
{
    struct sotto_span bytes = sotto_mls_tree_leaf(tree, leaf);
    struct sotto_reader r = sotto_mls_items(bytes);

    if (bytes.len == 0) {
        return false;
    }
    sotto_mls_read_leaf_node(&r, out);
    SOTTO_ASSERT(!r.bad && r.left == 0);
    return true;
}

const struct sotto_mls_parent *sotto_mls_tree_parent(
    const struct sotto_mls_tree *tree, uint32_t node)
{
    const struct sotto_mls_parent *parent =
        &sotto_mls_tree_holder(tree, node)->parents[node / 2];

    return parent->key_len > 0 ? parent : NULL;
}

bool sotto_mls_tree_is_blank(const struct sotto_mls_tree *tree, uint32_t node)
{
    return sotto_mls_is_leaf(node)
               ? sotto_mls_tree_leaf(tree, node / 2).len == 0
               : sotto_mls_tree_parent(tree, node) == NULL;
}

struct sotto_span sotto_mls_tree_key(const struct sotto_mls_tree *tree,
                                     uint32_t node)
{
    const struct sotto_mls_parent *parent;
    struct sotto_reader r;

    if (sotto_mls_is_leaf(node)) {
        /* encryption_key is a leaf node's first field. */
        r = sotto_mls_items(sotto_mls_tree_leaf(tree, node / 2));
        return sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
    }
    parent = sotto_mls_tree_parent(tree, node);
    return parent == NULL ? (struct sotto_span){NULL, 0}
                          : (struct sotto_span){parent->key, parent->key_len};
}

struct sotto_span sotto_mls_tree_signature_key(
    const struct sotto_mls_tree *tree, uint32_t leaf)
{
    struct sotto_reader r = sotto_mls_items(sotto_mls_tree_leaf(tree, leaf));

    (void)sotto_read_vector(&r, 0, SOTTO_VARINT_MAX); /* encryption_key */
    return sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
}

bool sotto_mls_tree_is_unmerged(const struct sotto_mls_tree *tree,
                                uint32_t node, uint32_t leaf)
{
    return sotto_mls_is_below(leaf, node) && !sotto_mls_is_leaf(node) &&
           sotto_mls_bit(sotto_mls_tree_row(tree, sotto_mls_level(node)), leaf);
}

uint32_t sotto_mls_tree_next_unmerged(const struct sotto_mls_tree *tree,
                                      uint32_t node, uint32_t from)
{
    const uint8_t *row = sotto_mls_tree_row(tree, sotto_mls_level(node));
    uint32_t first = sotto_mls_first_leaf(node);
    uint32_t end = first + sotto_mls_leaves_below(node);

    for (uint32_t i = from < first ? first : from; i < end; i++) {
        if (row[i / 8] == 0) {
            i |= 7U; /* nothing in these eight */
        } else if (sotto_mls_bit(row, i)) {
            return i;
        }
    }
    return SOTTO_MLS_NONE;
}

bool sotto_mls_tree_has_room(const struct sotto_mls_tree *tree, size_t len)
{
    return tree->arena_max - tree->leaf_bytes >= len;
}

bool sotto_mls_tree_is_added(const struct sotto_mls_tree *tree, uint32_t leaf)
{
    return tree->base != NULL && sotto_mls_bit(tree->added, leaf);
}

uint32_t sotto_mls_tree_next_leaf(const struct sotto_mls_tree *tree,
                                  uint32_t from)
{
    for (uint32_t i = from; i < tree->leaf_count; i++) {
        if (sotto_mls_tree_leaf(tree, i).len > 0) {
            return i;
        }
    }
    return SOTTO_MLS_NONE;
}

/* ------------------------------------------------------------- resolutions */

void sotto_mls_resolution_init(struct sotto_mls_resolution *resolution,
                               const struct sotto_mls_tree *tree, uint32_t node)
{
    *resolution = (struct sotto_mls_resolution){.tree = tree,
                                                .top = node,
                                                .node = node,
                                                .leaf = SOTTO_MLS_NONE};
}

/* The node right of all that is below `node`, or NONE. */
static uint32_t step_over(uint32_t node, uint32_t top)
{
    while (node != top) {
        uint32_t parent = sotto_mls_parent_of(node);

        if (node < parent) {
            return sotto_mls_right(parent);
        }
        node = parent;
    }
    return SOTTO_MLS_NONE;
}

/* Walks the tree from the left, a parent before its children; what is below a
 * node that is not blank is covered by it and stepped over. */
uint32_t sotto_mls_resolution_next(struct sotto_mls_resolution *resolution)
{
    const struct sotto_mls_tree *tree = resolution->tree;

    if (resolution->leaf != SOTTO_MLS_NONE) {
        uint32_t leaf = resolution->leaf;

        resolution->leaf =
            sotto_mls_tree_next_unmerged(tree, resolution->over, leaf + 1);
        return sotto_mls_node_of_leaf(leaf);
    }
    while (resolution->node != SOTTO_MLS_NONE) {
        uint32_t node = resolution->node;
        bool blank = sotto_mls_tree_is_blank(tree, node);

        if (blank && !sotto_mls_is_leaf(node)) {
            resolution->node = sotto_mls_left(node);
            continue;
        }
        resolution->node = step_over(node, resolution->top);
        if (blank) {
            continue;
        }
        if (!sotto_mls_is_leaf(node)) {
            resolution->over = node;
            resolution->leaf = sotto_mls_tree_next_unmerged(tree, node, 0);
        }
        return node;
    }
    return SOTTO_MLS_NONE;
}

bool sotto_mls_resolution_is_empty(const struct sotto_mls_tree *tree,
                                   uint32_t node)
{
    struct sotto_mls_resolution resolution;

    sotto_mls_resolution_init(&resolution, tree, node);
    return sotto_mls_resolution_next(&resolution) == SOTTO_MLS_NONE;
}
