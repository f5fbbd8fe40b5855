/*
 * tree.h - the ratchet tree (RFC 9420 4, 7): what a group knows in common.
 *
 * A leaf node is kept as its encoded bytes, packed in an arena; a parent node
 * as its key and parent hash; a tree hash for every node, always up to date.
 * That leaf i is unmerged at its ancestor on level k (the ancestor knows its
 * key, the leaf does not know the ancestor's) is one bit: row k, column i.
 *
 * A *draft* is the same struct with a base: it holds only what differs from a
 * tree that it does not touch, and reads through to it for the rest. A commit
 * is made or checked on a draft; sotto_mls_tree_apply() then makes the base
 * what the draft is, and cannot fail. A draft's memory serves any group of the
 * same capacity or less.
 *
 *     sotto_mls_tree_draft(&draft, scratch, &group_tree);
 *     err = sotto_mls_tree_remove(&draft, leaf);        ...and so on
 *     sotto_mls_tree_rehash(&draft);
 *     sotto_mls_tree_apply(&group_tree, &draft);
 */
#ifndef SOTTO_MLS_TREE_H
#define SOTTO_MLS_TREE_H

#include "core/base/writer.h"
#include "core/mls/suite.h"
#include "core/mls/tree_math.h"

struct sotto_mls_parent {
    uint8_t key_len;                   /* 0: the node is blank */
    uint8_t parent_hash_len;           /* 0 at the top of a path */
    uint8_t key[SOTTO_MLS_PUBLIC_MAX]; /* encryption_key */
    uint8_t parent_hash[SOTTO_MLS_HASH_MAX];
};

struct sotto_mls_tree {
    const struct sotto_mls_suite *suite;
    const struct sotto_mls_tree *base; /* of a draft; otherwise NULL */
    uint32_t leaf_count; /* the width: 0 (nothing yet) or a power of two */
    uint32_t leaf_max;   /* the capacity: a power of two */

    /* The rest is in memory handed in. Of a draft, a node's entries count
     * only where its bit in `changed` is set. */
    struct sotto_span *leaves;        /* encoded LeafNode; empty: blank */
    struct sotto_mls_parent *parents; /* node 2i + 1 at i */
    uint8_t *hashes;                  /* SOTTO_MLS_HASH_MAX for each node */
    uint8_t *unmerged;                /* rows for the levels 1, 2, ... */

    uint8_t *arena;    /* the leaves' bytes; NULL in a draft */
    size_t arena_max;  /* its size */
    size_t arena_used; /* with what was given up since the last packing */
    size_t leaf_bytes; /* what all leaves together take, of arena_max */

    uint8_t *changed; /* a bit for each node: here, not in the base */
    uint8_t *stale;   /* a bit for each node: hash to be computed */
    uint8_t *added;   /* a bit for each leaf: added in this draft */
};

/* ------------------------------------------------------- memory: tree.c */

/* Bytes for a tree of `members` (rounded up to a power of two) with `leaf_len`
 * bytes for an encoded leaf node on average; and for a draft of it. */
size_t sotto_mls_tree_size(uint32_t members, size_t leaf_len);
size_t sotto_mls_draft_size(uint32_t members);

/* An empty tree in `memory`, which is aligned as malloc() would and the
 * tree's from now on. */
void sotto_mls_tree_init(struct sotto_mls_tree *tree, void *memory,
                         const struct sotto_mls_suite *suite, uint32_t members,
                         size_t leaf_len);

/* Makes an empty tree the tree of one member, who creates the group. */
enum sotto_err sotto_mls_tree_start(struct sotto_mls_tree *tree,
                                    struct sotto_span leaf_node)
    SOTTO_MUST_CHECK;

/* Empties a tree. */
void sotto_mls_tree_clear(struct sotto_mls_tree *tree);

/* A draft that says what `base` says. `base` must stay as it is, as must all
 * leaf nodes handed to the draft, until it is applied or no longer used. */
void sotto_mls_tree_draft(struct sotto_mls_tree *draft, void *memory,
                          const struct sotto_mls_tree *base);

/* Makes `tree`, the draft's base, what the draft is. Hashes are up to date
 * before (sotto_mls_tree_rehash). Leaf nodes are copied from where they are,
 * which must not be the tree itself. */
void sotto_mls_tree_apply(struct sotto_mls_tree *tree,
                          const struct sotto_mls_tree *draft);

/* ------------------------------------------------------- reading: tree.c */

/* The encoded leaf node; empty when the leaf is blank or outside the tree. */
struct sotto_span sotto_mls_tree_leaf(const struct sotto_mls_tree *tree,
                                      uint32_t leaf);
/* The same, decoded; false when blank. */
bool sotto_mls_tree_leaf_node(const struct sotto_mls_tree *tree, uint32_t leaf,
                              struct sotto_mls_leaf_node *out);
/* NULL when blank. */
const struct sotto_mls_parent *sotto_mls_tree_parent(
    const struct sotto_mls_tree *tree, uint32_t node);
bool sotto_mls_tree_is_blank(const struct sotto_mls_tree *tree, uint32_t node);
/* The encryption key of a leaf or parent; empty when blank. */
struct sotto_span sotto_mls_tree_key(const struct sotto_mls_tree *tree,
                                     uint32_t node);
/* The signature key of a leaf; empty when blank. */
struct sotto_span sotto_mls_tree_signature_key(
    const struct sotto_mls_tree *tree, uint32_t leaf);

/* Whether `leaf` is unmerged at its ancestor `node`. */
bool sotto_mls_tree_is_unmerged(const struct sotto_mls_tree *tree,
                                uint32_t node, uint32_t leaf);
/* The first unmerged leaf of `node` from `from` on, or NONE. */
uint32_t sotto_mls_tree_next_unmerged(const struct sotto_mls_tree *tree,
                                      uint32_t node, uint32_t from);

/* Whether the leaf nodes may become longer by `len` bytes in all. */
bool sotto_mls_tree_has_room(const struct sotto_mls_tree *tree, size_t len);

/* Whether the draft added the leaf; false of a tree. */
bool sotto_mls_tree_is_added(const struct sotto_mls_tree *tree, uint32_t leaf);

/* The first leaf that is not blank from `from` on, or NONE: all members by
 * for (i = next(t, 0); i != NONE; i = next(t, i + 1)). */
uint32_t sotto_mls_tree_next_leaf(const struct sotto_mls_tree *tree,
                                  uint32_t from);

/* ----------------------------------------- resolutions (4.1.1): tree.c */

/* The nodes that together cover all leaves below a node, in order. */
struct sotto_mls_resolution {
    const struct sotto_mls_tree *tree;
    uint32_t top;  /* the node that is resolved */
    uint32_t node; /* the next to look at, or NONE */
    uint32_t leaf; /* the next unmerged leaf of `over`, or NONE */
    uint32_t over; /* the parent whose unmerged leaves come now */
};

void sotto_mls_resolution_init(struct sotto_mls_resolution *resolution,
                               const struct sotto_mls_tree *tree,
                               uint32_t node);
/* The next node, or NONE. */
uint32_t sotto_mls_resolution_next(struct sotto_mls_resolution *resolution);
/* Whether there is nobody below `node`. */
bool sotto_mls_resolution_is_empty(const struct sotto_mls_tree *tree,
                                   uint32_t node);

/* ------------------------- changing (7.7, 12.1.1 to 12.1.3): tree_edit.c */

/* All of these work on drafts. After an error a draft is good for nothing. */

/*
 * Adds a member at the leftmost blank leaf, extending the tree where there is
 * none, and marks it as unmerged above. `leaf_node` is the encoded LeafNode,
 * decodable and borrowed. SPACE when the group or its arena is full.
 */
enum sotto_err sotto_mls_tree_add(struct sotto_mls_tree *draft,
                                  struct sotto_span leaf_node, uint32_t *leaf)
    SOTTO_MUST_CHECK;

/* Replaces a member's leaf node and blanks its direct path. SPACE. */
enum sotto_err sotto_mls_tree_update(struct sotto_mls_tree *draft,
                                     uint32_t leaf, struct sotto_span leaf_node)
    SOTTO_MUST_CHECK;

/* Blanks a member's leaf and direct path and truncates the tree. */
void sotto_mls_tree_remove(struct sotto_mls_tree *draft, uint32_t leaf);

/* Replaces a leaf node and nothing else. SPACE. */
enum sotto_err sotto_mls_tree_set_leaf(struct sotto_mls_tree *draft,
                                       uint32_t leaf,
                                       struct sotto_span leaf_node)
    SOTTO_MUST_CHECK;

/* Blanks all of a leaf's direct path. */
void sotto_mls_tree_blank_path(struct sotto_mls_tree *draft, uint32_t leaf);

/* The parent of a draft, to be written; its unmerged leaves are cleared. */
struct sotto_mls_parent *sotto_mls_tree_new_parent(struct sotto_mls_tree *draft,
                                                   uint32_t node);
/* The same, but only to set its parent hash. */
struct sotto_mls_parent *sotto_mls_tree_edit_parent(
    struct sotto_mls_tree *draft, uint32_t node);

/* ------------------------- the extension ratchet_tree (12.4.3.3): tree_codec.c */

/*
 * Reads `optional<Node> ratchet_tree<V>` (its length prefix first) into an
 * empty tree, and computes all tree hashes. FORMAT; LIMIT when it is wider
 * than this tree can be; SPACE when the arena is too small. On failure the
 * tree is empty again. Only the form is checked; see tree_validate.h.
 */
enum sotto_err sotto_mls_tree_decode(struct sotto_mls_tree *tree,
                                     struct sotto_span in) SOTTO_MUST_CHECK;

/* Bytes of the encoding, and the encoding. */
size_t sotto_mls_tree_encoded_len(const struct sotto_mls_tree *tree);
void sotto_mls_tree_write(struct sotto_writer *w,
                          const struct sotto_mls_tree *tree);

#endif
