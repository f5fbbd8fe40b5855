/*
 * treekem.c - update paths (RFC 9420 7.4 to 7.6).
 */
#include "core/mls/treekem.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include <string.h>

static const char path_label[] = "path";
static const char node_label[] = "node";
static const char encrypt_label[] = "UpdatePathNode";

/* ----------------------------------------------------------------- secrets */

void sotto_mls_path_keys_wipe(struct sotto_mls_path_keys *keys)
{
    sotto_wipe(keys, sizeof *keys);
}

void sotto_mls_new_path_wipe(struct sotto_mls_new_path *path)
{
    sotto_wipe(path, sizeof *path);
}

static bool holds(uint32_t held, uint32_t level)
{
    return (held >> level & 1U) != 0;
}

static void forget_key(struct sotto_mls_path_keys *keys, uint32_t level)
{
    keys->held &= ~(1U << level);
    sotto_wipe(keys->keys[level], sizeof keys->keys[level]);
}

void sotto_mls_path_keys_prune(struct sotto_mls_path_keys *keys,
                               const struct sotto_mls_tree *tree, uint32_t leaf)
{
    uint32_t depth = sotto_mls_depth(tree->leaf_count);

    for (uint32_t level = 1; level < SOTTO_MLS_LEVELS; level++) {
        if (holds(keys->held, level) &&
            (level > depth ||
             sotto_mls_tree_is_blank(tree, sotto_mls_ancestor(leaf, level)))) {
            forget_key(keys, level);
        }
    }
}

void sotto_mls_path_keys_write(struct sotto_writer *w,
                               const struct sotto_mls_suite *suite,
                               const struct sotto_mls_path_keys *keys)
{
    sotto_write_u32(w, keys->held);
    for (uint32_t level = 0; level < SOTTO_MLS_LEVELS; level++) {
        if (holds(keys->held, level)) {
            sotto_write_bytes(w, keys->keys[level], suite->private_len);
        }
    }
}

void sotto_mls_path_keys_read(struct sotto_reader *r,
                              const struct sotto_mls_suite *suite,
                              struct sotto_mls_path_keys *keys)
{
    keys->held = sotto_read_u32(r);
    if (!holds(keys->held, 0) || keys->held >> SOTTO_MLS_LEVELS != 0) {
        sotto_reader_fail(r);
    }
    for (uint32_t level = 0; level < SOTTO_MLS_LEVELS; level++) {
        if (holds(keys->held, level)) {
            sotto_read_bytes(r, keys->keys[level], suite->private_len);
        }
    }
}

/* A node's key pair: node_secret = DeriveSecret(path_secret, "node"). */
static enum sotto_err derive_node(const struct sotto_mls_suite *suite,
                                  const uint8_t *path_secret,
                                  uint8_t *private_key, uint8_t *public_key)
{
    uint8_t node_secret[SOTTO_MLS_HASH_MAX];
    enum sotto_err err;

    sotto_mls_derive_secret(suite, path_secret, node_label, node_secret);
    err = sotto_mls_derive_key_pair(suite,
                                    (struct sotto_span){node_secret,
                                                        suite->hash_len},
                                    private_key, public_key);
    sotto_wipe(node_secret, sizeof node_secret);
    return err;
}

enum sotto_err sotto_mls_path_derive(const struct sotto_mls_tree *tree,
                                     uint32_t me, uint32_t level,
                                     const uint8_t *path_secret,
                                     struct sotto_mls_path_keys *keys,
                                     uint8_t *commit_secret)
{
    const struct sotto_mls_suite *suite = tree->suite;
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    enum sotto_err err = SOTTO_OK;

    memcpy(secret, path_secret, suite->hash_len);
    for (; level <= sotto_mls_depth(tree->leaf_count) && err == SOTTO_OK;
         level++) {
        struct sotto_span expected =
            sotto_mls_tree_key(tree, sotto_mls_ancestor(me, level));

        if (expected.len == 0) { /* not on the filtered direct path */
            forget_key(keys, level);
            continue;
        }
        err = derive_node(suite, secret, keys->keys[level], public_key);
        keys->held |= 1U << level;
        if (err == SOTTO_OK &&
            memcmp(public_key, expected.at, expected.len) != 0) {
            err = SOTTO_ERR_AUTH;
        }
        sotto_mls_derive_secret(suite, secret, path_label, secret);
    }
    if (err == SOTTO_OK && commit_secret != NULL) {
        memcpy(commit_secret, secret, suite->hash_len);
    }
    sotto_wipe(secret, sizeof secret);
    return err;
}

/* ------------------------------------------------- the filtered direct path */

/* The child of a leaf's ancestor at `level` that is not above the leaf. */
static uint32_t copath_child(uint32_t leaf, uint32_t level)
{
    return sotto_mls_sibling(sotto_mls_ancestor(leaf, level - 1));
}

/* Whether the ancestor at `level` is on the filtered direct path (4.1.2): not
 * when there is nobody on its other side. */
static bool is_on_path(const struct sotto_mls_tree *tree, uint32_t leaf,
                       uint32_t level)
{
    return !sotto_mls_resolution_is_empty(tree, copath_child(leaf, level));
}

/* The next node of a resolution that the draft did not add. */
static uint32_t next_recipient(struct sotto_mls_resolution *resolution)
{
    uint32_t node = sotto_mls_resolution_next(resolution);

    while (node != SOTTO_MLS_NONE && sotto_mls_is_leaf(node) &&
           sotto_mls_tree_is_added(resolution->tree, node / 2)) {
        node = sotto_mls_resolution_next(resolution);
    }
    return node;
}

static size_t count_recipients(const struct sotto_mls_tree *tree, uint32_t leaf,
                               uint32_t level)
{
    struct sotto_mls_resolution resolution;
    size_t count = 0;

    sotto_mls_resolution_init(&resolution, tree, copath_child(leaf, level));
    while (next_recipient(&resolution) != SOTTO_MLS_NONE) {
        count++;
    }
    return count;
}

/*
 * Parent hashes from the root down (7.9), for the parents whose levels are in
 * `path`; the last, of the first parent above the leaf, is for the leaf node.
 * Hashes of the tree's other nodes are up to date.
 */
static void set_parent_hashes(struct sotto_mls_tree *draft, uint32_t leaf,
                              uint32_t path, uint8_t *parent_hash,
                              size_t *parent_hash_len)
{
    size_t hash_len = draft->suite->hash_len;

    *parent_hash_len = 0;
    for (uint32_t level = sotto_mls_depth(draft->leaf_count); level > 0;
         level--) {
        uint32_t node = sotto_mls_ancestor(leaf, level);
        struct sotto_mls_parent *parent = &draft->parents[node / 2];

        if (!holds(path, level)) {
            continue;
        }
        parent->parent_hash_len = (uint8_t)*parent_hash_len;
        memcpy(parent->parent_hash, parent_hash, *parent_hash_len);
        sotto_mls_parent_hash(draft, node, copath_child(leaf, level),
                              parent_hash);
        *parent_hash_len = hash_len;
    }
}

/* ---------------------------------------------------------------- generating */

/* Sets the parent at `level` and steps to the next path secret. */
static enum sotto_err generate_node(struct sotto_mls_tree *draft, uint32_t leaf,
                                    uint32_t level, uint8_t *secret,
                                    struct sotto_mls_new_path *path)
{
    const struct sotto_mls_suite *suite = draft->suite;
    struct sotto_mls_parent *parent =
        sotto_mls_tree_new_parent(draft, sotto_mls_ancestor(leaf, level));

    parent->key_len = suite->public_len;
    memcpy(path->secrets.secrets[level], secret, suite->hash_len);
    path->secrets.held |= 1U << level;
    path->keys.held |= 1U << level;
    sotto_mls_derive_secret(suite, secret, path_label, secret);
    return derive_node(suite, path->secrets.secrets[level],
                       path->keys.keys[level], parent->key);
}

enum sotto_err sotto_mls_path_generate(struct sotto_mls_tree *draft,
                                       uint32_t leaf,
                                       const uint8_t *first_secret,
                                       struct sotto_mls_new_path *path)
{
    enum sotto_err err = SOTTO_OK;

    memset(path, 0, sizeof *path);
    /* Stepped along; after the last node it is the commit secret. */
    memcpy(path->commit_secret, first_secret, draft->suite->hash_len);
    sotto_mls_tree_blank_path(draft, leaf);
    for (uint32_t level = 1;
         level <= sotto_mls_depth(draft->leaf_count) && err == SOTTO_OK;
         level++) {
        if (is_on_path(draft, leaf, level)) {
            err = generate_node(draft, leaf, level, path->commit_secret, path);
        }
    }
    if (err != SOTTO_OK) {
        sotto_mls_new_path_wipe(path);
        return err;
    }
    sotto_mls_tree_rehash_around(draft, leaf);
    set_parent_hashes(draft, leaf, path->secrets.held, path->parent_hash,
                      &path->parent_hash_len);
    return SOTTO_OK;
}

/* ---------------------------------------------------------------- encrypting */

/* Bytes of one HPKECiphertext of a path secret. */
static size_t ciphertext_len(const struct sotto_mls_suite *suite)
{
    return sotto_vector_len(suite->kem_len) +
           sotto_vector_len((size_t)suite->hash_len + SOTTO_MLS_AEAD_TAG_LEN);
}

static size_t node_len(const struct sotto_mls_tree *draft, uint32_t leaf,
                       uint32_t level)
{
    return sotto_vector_len(draft->suite->public_len) +
           sotto_vector_len(count_recipients(draft, leaf, level) *
                            ciphertext_len(draft->suite));
}

static size_t nodes_len(const struct sotto_mls_tree *draft, uint32_t leaf)
{
    size_t len = 0;

    for (uint32_t level = 1; level <= sotto_mls_depth(draft->leaf_count);
         level++) {
        if (is_on_path(draft, leaf, level)) {
            len += node_len(draft, leaf, level);
        }
    }
    return len;
}

size_t sotto_mls_path_encrypted_len(const struct sotto_mls_tree *draft,
                                    uint32_t leaf)
{
    return sotto_vector_len(nodes_len(draft, leaf));
}

static enum sotto_err encrypt_one(const struct sotto_mls_suite *suite,
                                  struct sotto_span public_key,
                                  struct sotto_span secret,
                                  struct sotto_span context,
                                  const struct sotto_random *random,
                                  struct sotto_writer *w)
{
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t ciphertext[SOTTO_MLS_HASH_MAX + SOTTO_MLS_AEAD_TAG_LEN];
    enum sotto_err err =
        sotto_mls_encrypt_with_label(suite, public_key, encrypt_label, context,
                                     secret, random, kem_output, ciphertext);

    if (err == SOTTO_OK) {
        sotto_write_vector(w, kem_output, suite->kem_len);
        sotto_write_vector(w, ciphertext, secret.len + SOTTO_MLS_AEAD_TAG_LEN);
    }
    return err;
}

/* One UpdatePathNode. */
static enum sotto_err encrypt_node(const struct sotto_mls_tree *draft,
                                   uint32_t leaf, uint32_t level,
                                   struct sotto_span secret,
                                   struct sotto_span context,
                                   const struct sotto_random *random,
                                   struct sotto_writer *w)
{
    struct sotto_mls_resolution resolution;
    enum sotto_err err = SOTTO_OK;
    uint32_t node;

    sotto_mls_write_span(w,
                         sotto_mls_tree_key(draft,
                                            sotto_mls_ancestor(leaf, level)));
    sotto_write_varint(w, count_recipients(draft, leaf, level) *
                              ciphertext_len(draft->suite));
    sotto_mls_resolution_init(&resolution, draft, copath_child(leaf, level));
    while (err == SOTTO_OK &&
           (node = next_recipient(&resolution)) != SOTTO_MLS_NONE) {
        err = encrypt_one(draft->suite, sotto_mls_tree_key(draft, node), secret,
                          context, random, w);
    }
    return err;
}

enum sotto_err sotto_mls_path_encrypt(
    const struct sotto_mls_tree *draft, uint32_t leaf,
    const struct sotto_mls_path_secrets *secrets, struct sotto_span context,
    const struct sotto_random *random, struct sotto_writer *w)
{
    enum sotto_err err = SOTTO_OK;

    sotto_write_varint(w, nodes_len(draft, leaf));
    for (uint32_t level = 1;
         level <= sotto_mls_depth(draft->leaf_count) && err == SOTTO_OK;
         level++) {
        struct sotto_span secret = {secrets->secrets[level],
                                    draft->suite->hash_len};

        if (holds(secrets->held, level)) {
            err = encrypt_node(draft, leaf, level, secret, context, random, w);
        }
    }
    if (err == SOTTO_OK && w->bad) {
        err = SOTTO_ERR_SPACE;
    }
    return err;
}

/* -------------------------------------------------------------------- merging */

static size_t count_ciphertexts(struct sotto_span vector)
{
    struct sotto_reader items = sotto_mls_items(vector);
    struct sotto_mls_hpke_ciphertext one;
    size_t count = 0;

    while (items.left > 0) {
        sotto_mls_read_hpke_ciphertext(&items, &one);
        count++;
    }
    return count;
}

/* Takes one parent's key from the next UpdatePathNode. */
static enum sotto_err merge_node(struct sotto_mls_tree *draft, uint32_t leaf,
                                 uint32_t level, struct sotto_reader *nodes)
{
    struct sotto_mls_update_path_node node;
    struct sotto_mls_parent *parent;

    sotto_mls_read_update_path_node(nodes, &node);
    if (nodes->bad || count_ciphertexts(node.encrypted_path_secret) !=
                          count_recipients(draft, leaf, level)) {
        return SOTTO_ERR_FORMAT;
    }
    parent = sotto_mls_tree_new_parent(draft, sotto_mls_ancestor(leaf, level));
    parent->key_len = draft->suite->public_len;
    memcpy(parent->key, node.encryption_key.at, parent->key_len);
    return SOTTO_OK;
}

/* Takes all keys; gives the levels of the filtered direct path. */
static enum sotto_err merge_nodes(struct sotto_mls_tree *draft, uint32_t leaf,
                                  struct sotto_span vector, uint32_t *path)
{
    struct sotto_reader nodes = sotto_mls_items(vector);
    enum sotto_err err = SOTTO_OK;

    *path = 0;
    for (uint32_t level = 1;
         level <= sotto_mls_depth(draft->leaf_count) && err == SOTTO_OK;
         level++) {
        if (is_on_path(draft, leaf, level)) {
            err = merge_node(draft, leaf, level, &nodes);
            *path |= 1U << level;
        }
    }
    return err == SOTTO_OK ? sotto_reader_finish(&nodes) : err;
}

/* The keys of a new path, the leaf's first, and which last bytes they have:
 * most other keys differ from all of them in that. */
struct new_keys {
    struct sotto_span keys[SOTTO_MLS_LEVELS];
    size_t count;
    uint8_t last_bytes[256 / 8];
};

/* Whether `key` is one of these; not when it is the same bytes in memory, as
 * that of a leaf that is in the tree already (an external commit's). */
static bool is_new_key(const struct new_keys *keys, struct sotto_span key)
{
    if (key.len == 0 || !sotto_mls_bit(keys->last_bytes, key.at[key.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        const struct sotto_span *other = &keys->keys[i];

        if (other->len == key.len && other->at != key.at &&
            memcmp(other->at, key.at, key.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes one more; false when it is there already or has no key's length. */
static bool note_key(struct new_keys *keys, struct sotto_span key, size_t len)
{
    if (key.len != len || keys->count == SOTTO_MLS_LEVELS ||
        is_new_key(keys, key)) {
        return false;
    }
    keys->keys[keys->count++] = key;
    sotto_mls_set_bit(keys->last_bytes, key.at[len - 1], true);
    return true;
}

/* The path's keys differ from each other and from all in the tree, which is
 * still without the path (12.4.2). */
static enum sotto_err check_new_keys(const struct sotto_mls_tree *draft,
                                     const struct sotto_mls_update_path *path)
{
    uint32_t count = sotto_mls_node_count(draft->leaf_count);
    struct sotto_reader nodes = sotto_mls_items(path->nodes);
    struct sotto_mls_update_path_node one;
    struct new_keys keys = {.count = 0};
    size_t len = draft->suite->public_len;
    bool valid = note_key(&keys, path->leaf_node.encryption_key, len);

    while (valid && nodes.left > 0) {
        sotto_mls_read_update_path_node(&nodes, &one);
        valid = !nodes.bad && note_key(&keys, one.encryption_key, len);
    }
    for (uint32_t node = 0; valid && node < count; node++) {
        valid = !is_new_key(&keys, sotto_mls_tree_key(draft, node));
    }
    return valid ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_mls_path_check(const struct sotto_mls_suite *suite,
                                    const struct sotto_mls_update_path *path)
{
    struct sotto_reader nodes = sotto_mls_items(path->nodes);
    struct sotto_mls_update_path_node one;
    enum sotto_err err =
        sotto_mls_check_public(suite, path->leaf_node.encryption_key);

    while (nodes.left > 0 && err == SOTTO_OK) {
        sotto_mls_read_update_path_node(&nodes, &one);
        err = sotto_mls_check_public(suite, one.encryption_key);
    }
    return err;
}

enum sotto_err sotto_mls_path_merge(struct sotto_mls_tree *draft, uint32_t leaf,
                                    const struct sotto_mls_update_path *path)
{
    struct sotto_span claimed = path->leaf_node.parent_hash;
    uint8_t parent_hash[SOTTO_MLS_HASH_MAX];
    size_t parent_hash_len;
    uint32_t levels = 0;
    enum sotto_err err = check_new_keys(draft, path);

    if (err == SOTTO_OK) {
        sotto_mls_tree_blank_path(draft, leaf);
        err = merge_nodes(draft, leaf, path->nodes, &levels);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_tree_set_leaf(draft, leaf, path->leaf_node.raw);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_mls_tree_rehash_around(draft, leaf);
    set_parent_hashes(draft, leaf, levels, parent_hash, &parent_hash_len);
    if (claimed.len != parent_hash_len ||
        (claimed.len > 0 &&
         memcmp(claimed.at, parent_hash, parent_hash_len) != 0)) {
        return SOTTO_ERR_AUTH;
    }
    return SOTTO_OK;
}

/* ----------------------------------------------------------------- decrypting */

/* The UpdatePathNode of the ancestor at `level`. */
static void find_path_node(const struct sotto_mls_tree *draft, uint32_t leaf,
                           const struct sotto_mls_update_path *path,
                           uint32_t level,
                           struct sotto_mls_update_path_node *out)
{
    struct sotto_reader nodes = sotto_mls_items(path->nodes);

    *out = (struct sotto_mls_update_path_node){0};
    for (uint32_t below = 1; below <= level; below++) {
        if (is_on_path(draft, leaf, below)) {
            sotto_mls_read_update_path_node(&nodes, out);
        }
    }
    SOTTO_ASSERT(!nodes.bad);
}

/* The node of the resolution for which `me` holds the key, and the ciphertext
 * for it; NONE if there is no such node. */
static uint32_t find_ciphertext(const struct sotto_mls_tree *draft,
                                uint32_t child, uint32_t me, uint32_t held,
                                struct sotto_span ciphertexts,
                                struct sotto_mls_hpke_ciphertext *out)
{
    struct sotto_reader items = sotto_mls_items(ciphertexts);
    struct sotto_mls_resolution resolution;
    uint32_t node;

    sotto_mls_resolution_init(&resolution, draft, child);
    while ((node = next_recipient(&resolution)) != SOTTO_MLS_NONE) {
        sotto_mls_read_hpke_ciphertext(&items, out);
        if (items.bad) {
            return SOTTO_MLS_NONE;
        }
        /* Below an unmerged leaf's ancestor its own key comes later. */
        if (sotto_mls_is_below(me, node) &&
            holds(held, sotto_mls_level(node))) {
            return node;
        }
    }
    return SOTTO_MLS_NONE;
}

enum sotto_err sotto_mls_path_decrypt(const struct sotto_mls_tree *draft,
                                      uint32_t leaf,
                                      const struct sotto_mls_update_path *path,
                                      uint32_t me, struct sotto_span context,
                                      struct sotto_mls_path_keys *keys,
                                      uint8_t *commit_secret)
{
    uint32_t level = sotto_mls_common_level(leaf, me);
    struct sotto_mls_update_path_node path_node;
    struct sotto_mls_hpke_ciphertext ciphertext;
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    size_t secret_len = 0;
    enum sotto_err err;
    uint32_t node;

    SOTTO_ASSERT(leaf != me);
    sotto_mls_path_keys_prune(keys, draft, me);
    find_path_node(draft, leaf, path, level, &path_node);
    node = find_ciphertext(draft, copath_child(leaf, level), me, keys->held,
                           path_node.encrypted_path_secret, &ciphertext);
    if (node == SOTTO_MLS_NONE) {
        return SOTTO_ERR_AUTH;
    }
    err = sotto_mls_decrypt_with_label(draft->suite,
                                       keys->keys[sotto_mls_level(node)],
                                       sotto_mls_tree_key(draft, node),
                                       encrypt_label, context, &ciphertext,
                                       secret, sizeof secret, &secret_len);
    if (err == SOTTO_ERR_SPACE && ciphertext.ciphertext.len > sizeof secret) {
        err = SOTTO_ERR_AUTH; /* a path secret was never that long */
    }
    if (err == SOTTO_OK && secret_len != draft->suite->hash_len) {
        err = SOTTO_ERR_AUTH;
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_path_derive(draft, me, level, secret, keys,
                                    commit_secret);
    }
    sotto_wipe(secret, sizeof secret);
    return err;
}
