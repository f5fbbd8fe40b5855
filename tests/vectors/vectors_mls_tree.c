/*
 * vectors_mls_tree.c - tree-math.json, tree-operations.json and
 * tree-validation.json.
 */
#include "core/mls/codec.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include "tests/vectors/vectors_mls.h"

#define LEAF_LEN      1024 /* room for an encoded leaf node */
#define MEMBERS_FIRST 64   /* more where a tree is larger */

/* --------------------------------------------------------------- all trees */

bool vectors_mls_load_tree(struct vectors *v, struct sotto_mls_tree *tree,
                           const struct sotto_mls_suite *suite,
                           struct sotto_span in)
{
    uint32_t members = MEMBERS_FIRST / 4;
    bool is_short = true;
    enum sotto_err err = SOTTO_ERR_LIMIT;

    while (is_short && members < SOTTO_MLS_MAX_MEMBERS) {
        members *= 4;
        struct vectors_bytes memory =
            vectors_buffer(v, sotto_mls_tree_size(members, LEAF_LEN));

        sotto_mls_tree_init(tree, memory.at, suite, members, LEAF_LEN);
        err = sotto_mls_tree_decode(tree, in);
        is_short = err == SOTTO_ERR_LIMIT || err == SOTTO_ERR_SPACE ||
                   (err == SOTTO_OK && 2 * tree->leaf_count > members);
    }
    if (err != SOTTO_OK) {
        vectors_note(v, "the tree is not read: %s", sotto_err_name(err));
    }
    return err == SOTTO_OK;
}

void vectors_mls_draft(struct vectors *v, struct sotto_mls_tree *draft,
                       const struct sotto_mls_tree *tree)
{
    struct vectors_bytes memory =
        vectors_buffer(v, sotto_mls_draft_size(tree->leaf_max));

    sotto_mls_tree_draft(draft, memory.at, tree);
}

/* Enough of another suite for what does not depend on it but for the length of
 * its keys: trees and their hashes, with SHA-256. */
static struct sotto_mls_suite shape_of(uint64_t id)
{
    struct sotto_mls_suite suite =
        *sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);

    if (id != suite.id) {
        suite.public_len = 32;
    }
    return suite;
}

static bool same_tree(struct vectors *v, const char *what,
                      const struct sotto_mls_tree *tree,
                      struct vectors_bytes expected)
{
    struct vectors_bytes out =
        vectors_buffer(v, sotto_mls_tree_encoded_len(tree));
    struct sotto_writer w;

    sotto_writer_init(&w, out.at, out.len);
    sotto_mls_tree_write(&w, tree);
    if (w.bad || w.len != out.len) {
        return vectors_mls_fail(v, "the tree's length is wrong");
    }
    return vectors_same(v, what, out.at, out.len, expected);
}

bool vectors_mls_recode_tree(struct vectors *v, struct vectors_bytes in)
{
    /* The suite is not said; it shows in the first leaf's key. */
    struct sotto_mls_suite suite = shape_of(SOTTO_MLS_SUITE_P256_AES128GCM);
    struct sotto_span span = {in.at, in.len};
    struct sotto_reader r = sotto_mls_items(span);
    struct sotto_mls_tree tree;

    (void)sotto_read_varint(&r); /* the tree's length */
    (void)sotto_read_u16(&r);    /* present, a leaf */
    suite.public_len =
        (uint8_t)sotto_read_vector(&r, 0, SOTTO_MLS_PUBLIC_MAX).len;
    return vectors_mls_load_tree(v, &tree, &suite, span) &&
           same_tree(v, "ratchet_tree", &tree, in);
}

/* --------------------------------------------------------------- tree math */

/* The nodes that are asked for. */
static uint32_t left_of(uint32_t node, uint32_t root)
{
    (void)root;
    return sotto_mls_is_leaf(node) ? SOTTO_MLS_NONE : sotto_mls_left(node);
}

static uint32_t right_of(uint32_t node, uint32_t root)
{
    (void)root;
    return sotto_mls_is_leaf(node) ? SOTTO_MLS_NONE : sotto_mls_right(node);
}

static uint32_t parent_of(uint32_t node, uint32_t root)
{
    return node == root ? SOTTO_MLS_NONE : sotto_mls_parent_of(node);
}

static uint32_t sibling_of(uint32_t node, uint32_t root)
{
    return node == root ? SOTTO_MLS_NONE : sotto_mls_sibling(node);
}

static const struct relation {
    const char *field;
    uint32_t (*of)(uint32_t node, uint32_t root);
} relations[] = {{"left", left_of},
                 {"right", right_of},
                 {"parent", parent_of},
                 {"sibling", sibling_of}};

/* Whether a list says of every node what we say; null stands for NONE. */
static bool same_nodes(struct vectors *v, const cJSON *test,
                       const struct relation *relation, uint32_t leaves)
{
    const cJSON *list = cJSON_GetObjectItem(test, relation->field);
    uint32_t root = sotto_mls_root(leaves);
    uint32_t count = 0;
    const cJSON *node;

    cJSON_ArrayForEach(node, list)
    {
        uint32_t got = count < sotto_mls_node_count(leaves)
                           ? relation->of(count, root)
                           : SOTTO_MLS_NONE;
        bool same = got == SOTTO_MLS_NONE
                        ? cJSON_IsNull(node)
                        : cJSON_IsNumber(node) && node->valueint == (int)got;

        if (!same) {
            vectors_note(v, "%s of %u is %d", relation->field, (unsigned)count,
                         (int)got);
            return false;
        }
        count++;
    }
    return count == sotto_mls_node_count(leaves) ||
           vectors_mls_fail(v, "a list has another length");
}

bool vectors_mls_tree_math(struct vectors *v, const cJSON *test)
{
    uint64_t number = vectors_number(v, test, "n_leaves");
    uint32_t leaves = (uint32_t)number;
    bool ok;

    /* A tree is always full (RFC 9420 4.1). */
    if (number == 0 || number > SOTTO_MLS_MAX_MEMBERS ||
        (leaves & (leaves - 1)) != 0) {
        return vectors_mls_fail(v, "no number of leaves that a tree can have");
    }
    ok = sotto_mls_node_count(leaves) == vectors_number(v, test, "n_nodes") &&
         sotto_mls_root(leaves) == vectors_number(v, test, "root");
    for (size_t i = 0; ok && i < sizeof relations / sizeof relations[0]; i++) {
        ok = same_nodes(v, test, &relations[i], leaves);
    }
    return ok || vectors_mls_fail(v, "the indices differ");
}

/* --------------------------------------------------------- tree operations */

static bool apply_proposal(struct vectors *v, struct sotto_mls_tree *draft,
                           const struct sotto_mls_proposal *proposal,
                           uint32_t sender)
{
    enum sotto_err err = SOTTO_OK;
    uint32_t leaf;

    switch (proposal->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        err = sotto_mls_tree_add(draft, proposal->add.leaf_node.raw, &leaf);
        break;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        if (sotto_mls_tree_leaf(draft, sender).len == 0) {
            return vectors_mls_fail(v, "the sender is not there");
        }
        err = sotto_mls_tree_update(draft, sender, proposal->update.raw);
        break;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        if (sotto_mls_tree_leaf(draft, proposal->remove).len == 0) {
            return vectors_mls_fail(v, "who is removed is not there");
        }
        sotto_mls_tree_remove(draft, proposal->remove);
        break;
    default:
        return vectors_mls_fail(v, "not a proposal that changes the tree");
    }
    return err == SOTTO_OK || vectors_mls_fail(v, "the proposal fails");
}

/* The draft, and then the tree it was applied to, must be as expected. */
static bool check_after(struct vectors *v, const cJSON *test,
                        struct sotto_mls_tree *tree,
                        struct sotto_mls_tree *draft)
{
    struct vectors_bytes after = vectors_hex(v, test, "tree_after");
    struct vectors_bytes hash = vectors_hex(v, test, "tree_hash_after");

    sotto_mls_tree_rehash(draft);
    if (!same_tree(v, "tree_after", draft, after) ||
        !vectors_same(v, "tree_hash_after", sotto_mls_tree_hash(draft),
                      draft->suite->hash_len, hash)) {
        return false;
    }
    sotto_mls_tree_apply(tree, draft);
    return same_tree(v, "tree_after, applied", tree, after) &&
           vectors_same(v, "tree_hash_after, applied",
                        sotto_mls_tree_hash(tree), tree->suite->hash_len, hash);
}

bool vectors_mls_tree_operations(struct vectors *v, const cJSON *test)
{
    struct sotto_mls_suite suite =
        shape_of(vectors_number(v, test, "cipher_suite"));
    uint32_t sender = vectors_mls_leaf(v, test, "proposal_sender");
    struct sotto_span in = vectors_mls_span(v, test, "proposal");
    struct sotto_reader r = sotto_mls_items(in);
    struct sotto_mls_tree tree;
    struct sotto_mls_tree draft;
    struct sotto_mls_proposal proposal;

    sotto_mls_read_proposal(&r, &proposal);
    if (sotto_reader_finish(&r) != SOTTO_OK) {
        return vectors_mls_fail(v, "the proposal is not read");
    }
    if (!vectors_mls_load_tree(v, &tree, &suite,
                               vectors_mls_span(v, test, "tree_before")) ||
        !vectors_same(v, "tree_hash_before", sotto_mls_tree_hash(&tree),
                      suite.hash_len,
                      vectors_hex(v, test, "tree_hash_before"))) {
        return false;
    }
    vectors_mls_draft(v, &draft, &tree);
    return apply_proposal(v, &draft, &proposal, sender) &&
           check_after(v, test, &tree, &draft);
}

/* --------------------------------------------------------- tree validation */

static bool same_resolution(struct vectors *v,
                            const struct sotto_mls_tree *tree, uint32_t node,
                            const cJSON *expected)
{
    struct sotto_mls_resolution resolution;
    const cJSON *item;
    bool same = true;

    sotto_mls_resolution_init(&resolution, tree, node);
    cJSON_ArrayForEach(item, expected)
    {
        uint32_t got = sotto_mls_resolution_next(&resolution);

        same = same && cJSON_IsNumber(item) && item->valueint == (int)got;
    }
    same = same && sotto_mls_resolution_next(&resolution) == SOTTO_MLS_NONE;
    if (!same) {
        vectors_note(v, "the resolution of %u differs", (unsigned)node);
    }
    return same;
}

static bool same_hash(struct vectors *v, const struct sotto_mls_tree *tree,
                      uint32_t node, const cJSON *expected)
{
    return vectors_same(v, "tree hash", sotto_mls_tree_node_hash(tree, node),
                        tree->suite->hash_len,
                        vectors_hex_of(v, expected, "tree_hashes"));
}

bool vectors_mls_tree_validation(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    const cJSON *resolutions = cJSON_GetObjectItem(test, "resolutions");
    const cJSON *hashes = cJSON_GetObjectItem(test, "tree_hashes");
    const cJSON *resolution;
    const cJSON *hash;
    struct sotto_mls_tree tree;
    bool passed = true;
    enum sotto_err err;

    if (!vectors_mls_load_tree(v, &tree, suite,
                               vectors_mls_span(v, test, "tree"))) {
        return false;
    }
    uint32_t count = sotto_mls_node_count(tree.leaf_count);
    if (cJSON_GetArraySize(resolutions) != (int)count ||
        cJSON_GetArraySize(hashes) != (int)count) {
        return vectors_mls_fail(v, "the tree has another width");
    }
    resolution = resolutions->child;
    hash = hashes->child;
    for (uint32_t i = 0; i < count; i++) {
        passed = same_resolution(v, &tree, i, resolution) &&
                 same_hash(v, &tree, i, hash) && passed;
        resolution = resolution->next;
        hash = hash->next;
    }
    err = sotto_mls_tree_check(&tree, vectors_mls_span(v, test, "group_id"),
                               (struct sotto_span){NULL, 0}, SOTTO_MLS_NONE);
    if (err != SOTTO_OK) {
        vectors_note(v, "the tree is not valid: %s", sotto_err_name(err));
    }
    return passed && err == SOTTO_OK;
}
