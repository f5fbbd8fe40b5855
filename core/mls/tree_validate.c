/*
 * tree_validate.c - the validity of leaf nodes (RFC 9420 7.3), key packages
 * (10.1) and trees (12.4.3.1).
 */
#include "core/mls/tree_validate.h"
#include "core/base/assert.h"
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include <string.h>

static const char leaf_label[] = "LeafNodeTBS";
static const char key_package_label[] = "KeyPackageTBS";

/* ------------------------------------------------------------ capabilities */

/* RFC 9420 defines the types up to these; every client knows them (7.2). */
static bool knows_extension(const struct sotto_mls_capabilities *can,
                            uint16_t type)
{
    return (type >= SOTTO_MLS_EXTENSION_APPLICATION_ID &&
            type <= SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS) ||
           sotto_mls_list_has(can->extensions, type);
}

static bool knows_proposal(const struct sotto_mls_capabilities *can,
                           uint16_t type)
{
    return (type >= SOTTO_MLS_PROPOSAL_ADD &&
            type <= SOTTO_MLS_PROPOSAL_EXTENSIONS) ||
           sotto_mls_list_has(can->proposals, type);
}

static bool knows_credential(const struct sotto_mls_capabilities *can,
                             uint16_t type)
{
    return sotto_mls_list_has(can->credentials, type);
}

/* Whether `knows` holds for each number of a list. */
static bool knows_all(const struct sotto_mls_capabilities *can,
                      struct sotto_span list,
                      bool (*knows)(const struct sotto_mls_capabilities *can,
                                    uint16_t type))
{
    struct sotto_reader items = sotto_mls_items(list);

    while (items.left > 0) {
        if (!knows(can, sotto_read_u16(&items))) {
            return false;
        }
    }
    return true;
}

/* Whether the types of a list of extensions are known, and it can be read. */
static bool knows_extensions(const struct sotto_mls_capabilities *can,
                             struct sotto_span extensions)
{
    struct sotto_reader items = sotto_mls_items(extensions);
    struct sotto_mls_extension extension;

    while (items.left > 0) {
        sotto_mls_read_extension(&items, &extension);
        if (items.bad || !knows_extension(can, extension.type)) {
            return false;
        }
    }
    return true;
}

/* The group's extension required_capabilities (11.1), if it has one. */
static bool meets_required(const struct sotto_mls_capabilities *can,
                           struct sotto_span group_extensions)
{
    struct sotto_span data;
    struct sotto_reader r;
    struct sotto_mls_required_capabilities required;

    if (!sotto_mls_find_extension(group_extensions,
                                  SOTTO_MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                  &data)) {
        return true;
    }
    r = sotto_mls_items(data);
    sotto_mls_read_required_capabilities(&r, &required);
    return sotto_reader_finish(&r) == SOTTO_OK &&
           knows_all(can, required.extensions, knows_extension) &&
           knows_all(can, required.proposals, knows_proposal) &&
           knows_all(can, required.credentials, knows_credential);
}

/* --------------------------------------------------------------- leaf nodes */

static bool is_in_time(const struct sotto_mls_leaf_node *leaf, uint64_t now)
{
    return now == SOTTO_TIME_UNKNOWN ||
           leaf->source != SOTTO_MLS_LEAF_KEY_PACKAGE ||
           (leaf->lifetime.not_before <= now &&
            now <= leaf->lifetime.not_after);
}

enum sotto_err sotto_mls_leaf_check(const struct sotto_mls_suite *suite,
                                    const struct sotto_mls_leaf_node *leaf,
                                    uint8_t source,
                                    struct sotto_span group_extensions,
                                    uint64_t now)
{
    const struct sotto_mls_capabilities *can = &leaf->capabilities;
    bool valid = (source == 0 || leaf->source == source) &&
                 leaf->encryption_key.len == suite->public_len &&
                 leaf->signature_key.len == suite->signature_public_len &&
                 sotto_mls_list_has(can->versions, SOTTO_MLS_VERSION_10) &&
                 sotto_mls_list_has(can->cipher_suites, suite->id) &&
                 knows_credential(can, leaf->credential.type) &&
                 knows_extensions(can, leaf->extensions) &&
                 knows_extensions(can, group_extensions) &&
                 meets_required(can, group_extensions) && is_in_time(leaf, now);

    return valid ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

/* What is signed: the leaf node up to its signature, and for a leaf that was
 * made for a group, the group and the place in it. */
struct leaf_tbs {
    struct sotto_piece pieces[4];
    size_t count;
    uint8_t prefix[4]; /* of the group's identifier */
    uint8_t index[4];
};

static void make_tbs(struct leaf_tbs *tbs, struct sotto_span leaf,
                     uint8_t source, struct sotto_span group_id, uint32_t index)
{
    struct sotto_writer w;

    tbs->pieces[0] = (struct sotto_piece){leaf.at, leaf.len};
    tbs->count = 1;
    if (source == SOTTO_MLS_LEAF_KEY_PACKAGE) {
        return;
    }
    sotto_writer_init(&w, tbs->prefix, sizeof tbs->prefix);
    sotto_write_varint(&w, group_id.len);
    tbs->pieces[1] = (struct sotto_piece){tbs->prefix, w.len};
    tbs->pieces[2] = (struct sotto_piece){group_id.at, group_id.len};
    sotto_writer_init(&w, tbs->index, sizeof tbs->index);
    sotto_write_u32(&w, index);
    tbs->pieces[3] = (struct sotto_piece){tbs->index, sizeof tbs->index};
    tbs->count = 4;
}

enum sotto_err sotto_mls_leaf_verify(const struct sotto_mls_suite *suite,
                                     const struct sotto_mls_leaf_node *leaf,
                                     struct sotto_span group_id, uint32_t index)
{
    struct leaf_tbs tbs;

    make_tbs(&tbs, leaf->tbs, leaf->source, group_id, index);
    return sotto_mls_verify_with_label(suite, leaf->signature_key, leaf_label,
                                       tbs.pieces, tbs.count, leaf->signature);
}

enum sotto_err sotto_mls_leaf_sign(const struct sotto_mls_suite *suite,
                                   const uint8_t *private_key,
                                   struct sotto_span tbs, uint8_t source,
                                   struct sotto_span group_id, uint32_t index,
                                   uint8_t *signature, size_t *signature_len)
{
    struct leaf_tbs all;

    make_tbs(&all, tbs, source, group_id, index);
    return sotto_mls_sign_with_label(suite, private_key, leaf_label, all.pieces,
                                     all.count, signature, signature_len);
}

/* ------------------------------------------------------------ key packages */

enum sotto_err sotto_mls_key_package_check(
    const struct sotto_mls_suite *suite,
    const struct sotto_mls_key_package *key_package,
    struct sotto_span group_extensions, uint64_t now)
{
    const struct sotto_mls_leaf_node *leaf = &key_package->leaf_node;
    struct sotto_piece tbs = {key_package->tbs.at, key_package->tbs.len};
    enum sotto_err err;

    if (key_package->version != SOTTO_MLS_VERSION_10 ||
        key_package->cipher_suite != suite->id ||
        sotto_mls_same(key_package->init_key, leaf->encryption_key)) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_leaf_check(suite, leaf, SOTTO_MLS_LEAF_KEY_PACKAGE,
                               group_extensions, now);
    if (err == SOTTO_OK) {
        err = sotto_mls_check_public(suite, leaf->encryption_key);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_public(suite, key_package->init_key);
    }
    if (err == SOTTO_OK) {
        err =
            sotto_mls_leaf_verify(suite, leaf, (struct sotto_span){NULL, 0}, 0);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_verify_with_label(suite, leaf->signature_key,
                                          key_package_label, &tbs, 1,
                                          key_package->signature);
    }
    return err;
}

/* ------------------------------------------------- a leaf and the others */

static bool is_key_of_parent(const struct sotto_mls_tree *tree,
                             struct sotto_span key)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);

    for (uint32_t node = 1; node < nodes; node += 2) {
        if (sotto_mls_same(sotto_mls_tree_key(tree, node), key)) {
            return true;
        }
    }
    return false;
}

/* The keys are a leaf node's first two fields and have one length, so they are
 * compared where they stand. */
enum sotto_err sotto_mls_tree_check_unique(const struct sotto_mls_tree *tree,
                                           uint32_t leaf)
{
    struct sotto_span mine = sotto_mls_tree_leaf(tree, leaf);
    struct sotto_span key =
        sotto_mls_tree_key(tree, sotto_mls_node_of_leaf(leaf));
    size_t first = sotto_vector_len(tree->suite->public_len);
    size_t second = sotto_vector_len(tree->suite->signature_public_len);

    SOTTO_ASSERT(mine.len > first + second);
    for (uint32_t i = 0; i < tree->leaf_count; i++) {
        struct sotto_span other = sotto_mls_tree_leaf(tree, i);

        if (other.len > 0 && i != leaf &&
            (memcmp(mine.at, other.at, first) == 0 ||
             memcmp(mine.at + first, other.at + first, second) == 0)) {
            return SOTTO_ERR_FORMAT;
        }
    }
    return is_key_of_parent(tree, key) ? SOTTO_ERR_FORMAT : SOTTO_OK;
}

/* The types of credential that are in use. */
struct types {
    uint16_t types[SOTTO_MLS_CREDENTIAL_TYPES];
    size_t count;
};

static enum sotto_err note_type(struct types *used, uint16_t type)
{
    for (size_t i = 0; i < used->count; i++) {
        if (used->types[i] == type) {
            return SOTTO_OK;
        }
    }
    if (used->count == SOTTO_MLS_CREDENTIAL_TYPES) {
        return SOTTO_ERR_LIMIT;
    }
    used->types[used->count++] = type;
    return SOTTO_OK;
}

static bool knows_types(const struct sotto_mls_capabilities *can,
                        const struct types *used)
{
    for (size_t i = 0; i < used->count; i++) {
        if (!knows_credential(can, used->types[i])) {
            return false;
        }
    }
    return true;
}

enum sotto_err sotto_mls_tree_check_credentials(
    const struct sotto_mls_tree *tree)
{
    struct types used = {.count = 0};
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = SOTTO_OK;
    uint32_t i = sotto_mls_tree_next_leaf(tree, 0);

    for (; i != SOTTO_MLS_NONE && err == SOTTO_OK;
         i = sotto_mls_tree_next_leaf(tree, i + 1)) {
        (void)sotto_mls_tree_leaf_node(tree, i, &leaf);
        err = note_type(&used, leaf.credential.type);
    }
    i = sotto_mls_tree_next_leaf(tree, 0);
    for (; i != SOTTO_MLS_NONE && err == SOTTO_OK;
         i = sotto_mls_tree_next_leaf(tree, i + 1)) {
        (void)sotto_mls_tree_leaf_node(tree, i, &leaf);
        err = knows_types(&leaf.capabilities, &used) ? SOTTO_OK
                                                     : SOTTO_ERR_FORMAT;
    }
    return err;
}

/* -------------------------------------------------------------- whole trees */

/* An unmerged leaf is there, and unmerged in every node between (7.9.2 needs
 * it: such nodes are not older than the one above). */
static bool is_unmerged_well(const struct sotto_mls_tree *tree, uint32_t node,
                             uint32_t leaf)
{
    if (sotto_mls_tree_leaf(tree, leaf).len == 0) {
        return false;
    }
    for (uint32_t level = sotto_mls_level(node) - 1; level > 0; level--) {
        uint32_t between = sotto_mls_ancestor(leaf, level);

        if (sotto_mls_tree_parent(tree, between) != NULL &&
            !sotto_mls_tree_is_unmerged(tree, between, leaf)) {
            return false;
        }
    }
    return true;
}

static bool are_unmerged_well(const struct sotto_mls_tree *tree, uint32_t node)
{
    uint32_t leaf = sotto_mls_tree_next_unmerged(tree, node, 0);

    while (leaf != SOTTO_MLS_NONE && is_unmerged_well(tree, node, leaf)) {
        leaf = sotto_mls_tree_next_unmerged(tree, node, leaf + 1);
    }
    return leaf == SOTTO_MLS_NONE;
}

static enum sotto_err check_parents(const struct sotto_mls_tree *tree)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);

    for (uint32_t node = 1; node < nodes; node += 2) {
        if (!are_unmerged_well(tree, node)) {
            return SOTTO_ERR_FORMAT;
        }
    }
    return sotto_mls_tree_check_parent_hashes(tree);
}

/* Of leaves and parents: one can encrypt to them. */
static enum sotto_err check_keys(const struct sotto_mls_tree *tree)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);
    enum sotto_err err = SOTTO_OK;

    for (uint32_t node = 0; node < nodes && err == SOTTO_OK; node++) {
        if (!sotto_mls_tree_is_blank(tree, node)) {
            err = sotto_mls_check_public(tree->suite,
                                         sotto_mls_tree_key(tree, node));
        }
    }
    return err;
}

/*
 * Which keys were met, by 13 of their bits: a key whose bits are new is new,
 * and only the others are compared with those before. Without it a joiner
 * would compare every key with every other.
 */
#define FILTER_BITS 8192U

struct filter {
    uint8_t bits[FILTER_BITS / 8];
};

/* True when the key may have been met before. */
static bool filter_meets(struct filter *filter, struct sotto_span key)
{
    uint32_t at = ((uint32_t)key.at[key.len - 1] << 8 | key.at[key.len - 2]) %
                  FILTER_BITS;
    bool met = sotto_mls_bit(filter->bits, at);

    sotto_mls_set_bit(filter->bits, at, true);
    return met;
}

typedef struct sotto_span get_key(const struct sotto_mls_tree *tree,
                                  uint32_t at);

static bool has_before(const struct sotto_mls_tree *tree, get_key *get,
                       uint32_t end, struct sotto_span key)
{
    uint32_t at = 0;

    while (at < end && !sotto_mls_same(get(tree, at), key)) {
        at++;
    }
    return at < end;
}

/* Whether the keys of 0 to count - 1 that are not empty all differ. */
static bool all_differ(const struct sotto_mls_tree *tree, get_key *get,
                       uint32_t count)
{
    struct filter filter = {{0}};

    for (uint32_t i = 0; i < count; i++) {
        struct sotto_span key = get(tree, i);

        if (key.len > 0 && filter_meets(&filter, key) &&
            has_before(tree, get, i, key)) {
            return false;
        }
    }
    return true;
}

/* All leaves by themselves, then the keys of all. */
static enum sotto_err check_leaves(const struct sotto_mls_tree *tree,
                                   struct sotto_span group_extensions)
{
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = SOTTO_OK;
    uint32_t i = sotto_mls_tree_next_leaf(tree, 0);

    for (; i != SOTTO_MLS_NONE && err == SOTTO_OK;
         i = sotto_mls_tree_next_leaf(tree, i + 1)) {
        (void)sotto_mls_tree_leaf_node(tree, i, &leaf);
        err = sotto_mls_leaf_check(tree->suite, &leaf, 0, group_extensions,
                                   SOTTO_TIME_UNKNOWN);
    }
    if (err == SOTTO_OK &&
        (!all_differ(tree, sotto_mls_tree_key,
                     sotto_mls_node_count(tree->leaf_count)) ||
         !all_differ(tree, sotto_mls_tree_signature_key, tree->leaf_count))) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

static enum sotto_err verify_leaves(const struct sotto_mls_tree *tree,
                                    struct sotto_span group_id, uint32_t mine)
{
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = SOTTO_OK;
    uint32_t i = sotto_mls_tree_next_leaf(tree, 0);

    for (; i != SOTTO_MLS_NONE && err == SOTTO_OK;
         i = sotto_mls_tree_next_leaf(tree, i + 1)) {
        if (i != mine) {
            (void)sotto_mls_tree_leaf_node(tree, i, &leaf);
            err = sotto_mls_leaf_verify(tree->suite, &leaf, group_id, i);
        }
    }
    return err;
}

enum sotto_err sotto_mls_tree_check(const struct sotto_mls_tree *tree,
                                    struct sotto_span group_id,
                                    struct sotto_span group_extensions,
                                    uint32_t mine)
{
    enum sotto_err err = check_parents(tree);

    if (err == SOTTO_OK) {
        err = sotto_mls_tree_check_credentials(tree);
    }
    if (err == SOTTO_OK) {
        err = check_leaves(tree, group_extensions);
    }
    if (err == SOTTO_OK) {
        err = check_keys(tree);
    }
    if (err == SOTTO_OK) {
        err = verify_leaves(tree, group_id, mine);
    }
    return err;
}
