/*
 * vectors_mls_treekem.c - treekem.json: update paths, those of the vectors and
 * some of our own.
 */
#include "core/crypto/drbg.h"
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include "core/mls/treekem.h"
#include "tests/vectors/vectors_mls.h"
#include <string.h>

#define CONTEXT_MAX 4096
#define LEAF_MAX    65536

/* What a member knows. */
struct member {
    struct sotto_mls_path_keys keys;
    uint8_t signature_key[SOTTO_MLS_PRIVATE_MAX];
    bool is_known; /* it is in leaves_private */
};

/* A case: the tree, and its leaf_count members. */
struct group {
    const cJSON *test;
    const struct sotto_mls_suite *suite;
    struct sotto_mls_tree tree;
    struct member *members;
};

/* ----------------------------------------------------------- private state */

static bool same_key(struct sotto_span a, const uint8_t *b)
{
    return a.len > 0 && memcmp(a.at, b, a.len) == 0;
}

/* The key pair of a path secret; its public half is the node's in the tree. */
static bool load_path_secret(struct vectors *v, struct group *group,
                             uint32_t leaf, const cJSON *item)
{
    const struct sotto_mls_suite *suite = group->suite;
    struct sotto_mls_path_keys *keys = &group->members[leaf].keys;
    uint64_t number = vectors_number(v, item, "node");
    struct vectors_bytes secret = vectors_hex(v, item, "path_secret");
    bool is_there = number < sotto_mls_node_count(group->tree.leaf_count);
    uint32_t node = is_there ? (uint32_t)number : 0;
    uint32_t level = sotto_mls_level(node);
    uint8_t node_secret[SOTTO_MLS_HASH_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];

    if (secret.len != suite->hash_len || !is_there ||
        !sotto_mls_is_below(leaf, node)) {
        return vectors_mls_fail(v, "a path secret is not the leaf's");
    }
    sotto_mls_derive_secret(suite, secret.at, "node", node_secret);
    if (sotto_mls_derive_key_pair(suite,
                                  (struct sotto_span){node_secret,
                                                      suite->hash_len},
                                  keys->keys[level], public_key) != SOTTO_OK ||
        !same_key(sotto_mls_tree_key(&group->tree, node), public_key)) {
        return vectors_mls_fail(v, "a path secret does not fit the tree");
    }
    keys->held |= 1U << level;
    return true;
}

static bool load_leaf(struct vectors *v, struct group *group, const cJSON *item)
{
    const struct sotto_mls_suite *suite = group->suite;
    uint32_t leaf = vectors_mls_leaf(v, item, "index");
    struct vectors_bytes key = vectors_hex(v, item, "encryption_priv");
    struct vectors_bytes signer = vectors_hex(v, item, "signature_priv");
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct member *member;
    const cJSON *secret;

    if (leaf >= group->tree.leaf_count || key.len != suite->private_len ||
        signer.len != suite->signature_private_len) {
        return vectors_mls_fail(v, "a leaf's private state is odd");
    }
    if (suite->public_of(key.at, public_key) != SOTTO_OK ||
        !same_key(sotto_mls_tree_key(&group->tree, 2 * leaf), public_key) ||
        suite->signature_public_of(signer.at, public_key) != SOTTO_OK ||
        !same_key(sotto_mls_tree_signature_key(&group->tree, leaf),
                  public_key)) {
        return vectors_mls_fail(v, "a leaf's private keys do not fit");
    }
    member = &group->members[leaf];
    member->is_known = true;
    member->keys.held = 1;
    memcpy(member->keys.keys[0], key.at, key.len);
    memcpy(member->signature_key, signer.at, signer.len);
    cJSON_ArrayForEach(secret, cJSON_GetObjectItem(item, "path_secrets"))
    {
        if (!load_path_secret(v, group, leaf, secret)) {
            return false;
        }
    }
    return true;
}

static bool load_group(struct vectors *v, struct group *group,
                       const cJSON *test)
{
    const cJSON *item;
    size_t size;

    memset(group, 0, sizeof *group);
    group->test = test;
    group->suite = sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    if (!vectors_mls_load_tree(v, &group->tree, group->suite,
                               vectors_mls_span(v, test, "ratchet_tree"))) {
        return false;
    }
    size = group->tree.leaf_count * sizeof *group->members;
    group->members = (void *)vectors_buffer(v, size).at;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "leaves_private"))
    {
        if (!load_leaf(v, group, item)) {
            return false;
        }
    }
    return true;
}

/* The provisional GroupContext: the new tree hash, no extensions. */
static struct sotto_span make_context(struct vectors *v, struct group *group,
                                      const struct sotto_mls_tree *draft,
                                      uint8_t out[static CONTEXT_MAX])
{
    struct sotto_mls_group_context context = {
        .version = SOTTO_MLS_VERSION_10,
        .cipher_suite = group->suite->id,
        .group_id = vectors_mls_span(v, group->test, "group_id"),
        .epoch = vectors_number(v, group->test, "epoch"),
        .tree_hash = {sotto_mls_tree_hash(draft), group->suite->hash_len},
        .confirmed_transcript_hash =
            vectors_mls_span(v, group->test, "confirmed_transcript_hash"),
    };
    struct sotto_writer w;

    sotto_writer_init(&w, out, CONTEXT_MAX);
    sotto_mls_write_group_context(&w, &context);
    if (w.bad) {
        vectors_unreadable(v, "group_id or confirmed_transcript_hash");
    }
    return (struct sotto_span){out, w.len};
}

/* --------------------------------------------------------------- receiving */

/* Everybody else decrypts `path`; `commit_secret` must come out, and the
 * listed path secrets where there is a list. */
static bool all_decrypt(struct vectors *v, struct group *group,
                        const struct sotto_mls_tree *draft, uint32_t sender,
                        const struct sotto_mls_update_path *path,
                        const uint8_t *commit_secret)
{
    uint8_t buffer[CONTEXT_MAX];
    struct sotto_span context = make_context(v, group, draft, buffer);

    for (uint32_t leaf = 0; leaf < group->tree.leaf_count; leaf++) {
        struct sotto_mls_path_keys keys = group->members[leaf].keys;
        uint8_t got[SOTTO_MLS_HASH_MAX];
        enum sotto_err err;

        if (!group->members[leaf].is_known || leaf == sender) {
            continue;
        }
        err = sotto_mls_path_decrypt(draft, sender, path, leaf, context, &keys,
                                     got);
        if (err != SOTTO_OK ||
            memcmp(got, commit_secret, group->suite->hash_len) != 0) {
            vectors_note(v, "leaf %u does not get the path of %u: %s",
                         (unsigned)leaf, (unsigned)sender, sotto_err_name(err));
            return false;
        }
    }
    return true;
}

/* path_secrets[i] is the secret of the node where leaf i and the sender meet:
 * its key pair is the new one of that node. */
static bool check_path_secrets(struct vectors *v, struct group *group,
                               const struct sotto_mls_tree *draft,
                               uint32_t sender, const cJSON *secrets)
{
    uint32_t leaf = 0;
    const cJSON *secret;

    cJSON_ArrayForEach(secret, secrets)
    {
        uint32_t level = sotto_mls_common_level(sender, leaf);
        struct sotto_mls_path_keys keys = {0};
        struct vectors_bytes bytes = vectors_hex_of(v, secret, "path_secrets");

        leaf++;
        if (cJSON_IsNull(secret)) {
            continue;
        }
        if (leaf > group->tree.leaf_count ||
            bytes.len != group->suite->hash_len ||
            sotto_mls_path_derive(draft, leaf - 1, level, bytes.at, &keys,
                                  NULL) != SOTTO_OK) {
            vectors_note(v, "path_secrets[%u] does not fit",
                         (unsigned)leaf - 1);
            return false;
        }
    }
    return true;
}

static bool run_path(struct vectors *v, struct group *group, const cJSON *item,
                     uint32_t sender)
{
    const uint8_t *commit_secret =
        vectors_mls_secret(v, item, "commit_secret", group->suite);
    struct sotto_span in = vectors_mls_span(v, item, "update_path");
    struct sotto_reader r = sotto_mls_items(in);
    struct sotto_span group_id = vectors_mls_span(v, group->test, "group_id");
    struct sotto_mls_update_path path;
    struct sotto_mls_tree draft;
    enum sotto_err err;

    sotto_mls_read_update_path(&r, &path);
    if (sotto_reader_finish(&r) != SOTTO_OK || commit_secret == NULL) {
        return vectors_mls_fail(v, "the update path is not read");
    }
    vectors_mls_draft(v, &draft, &group->tree);
    err = sotto_mls_path_merge(&draft, sender, &path);
    if (err == SOTTO_OK) {
        sotto_mls_tree_rehash(&draft);
        err =
            sotto_mls_tree_check(&draft, group_id, (struct sotto_span){NULL, 0},
                                 SOTTO_MLS_NONE);
    }
    if (err != SOTTO_OK) {
        vectors_note(v, "the path of %u does not merge: %s", (unsigned)sender,
                     sotto_err_name(err));
        return false;
    }
    return vectors_same(v, "tree_hash_after", sotto_mls_tree_hash(&draft),
                        group->suite->hash_len,
                        vectors_hex(v, item, "tree_hash_after")) &&
           check_path_secrets(v, group, &draft, sender,
                              cJSON_GetObjectItem(item, "path_secrets")) &&
           all_decrypt(v, group, &draft, sender, &path, commit_secret);
}

/* ------------------------------------------------------------- one of ours */

/* The member's leaf node with a new key and the parent hash, signed again. */
static bool renew_leaf(struct vectors *v, struct group *group, uint32_t sender,
                       struct sotto_span key, struct sotto_span parent_hash,
                       struct sotto_writer *w)
{
    struct sotto_span group_id = vectors_mls_span(v, group->test, "group_id");
    struct sotto_mls_leaf_node leaf;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    size_t signature_len;

    if (!sotto_mls_tree_leaf_node(&group->tree, sender, &leaf)) {
        return vectors_mls_fail(v, "the sender is not there");
    }
    leaf.encryption_key = key;
    leaf.source = SOTTO_MLS_LEAF_COMMIT;
    leaf.parent_hash = parent_hash;
    sotto_mls_write_leaf_node_tbs(w, &leaf);
    if (sotto_mls_leaf_sign(group->suite, group->members[sender].signature_key,
                            (struct sotto_span){w->out, w->len}, leaf.source,
                            group_id, sender, signature,
                            &signature_len) != SOTTO_OK) {
        return vectors_mls_fail(v, "the leaf is not signed");
    }
    sotto_write_vector(w, signature, signature_len);
    return !w->bad;
}

/* Generates and encrypts a path of `sender` in the draft. */
static bool make_path(struct vectors *v, struct group *group,
                      const struct sotto_random *random,
                      struct sotto_mls_tree *draft, uint32_t sender,
                      struct vectors_bytes *out, uint8_t *commit_secret)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct vectors_bytes leaf = vectors_buffer(v, LEAF_MAX);
    struct sotto_mls_new_path path;
    uint8_t buffer[CONTEXT_MAX];
    struct sotto_writer w;
    size_t len;

    if (random->fill(random->ctx, secret, sizeof secret) != SOTTO_OK ||
        sotto_mls_derive_key_pair(group->suite,
                                  (struct sotto_span){secret, sizeof secret},
                                  private_key, public_key) != SOTTO_OK ||
        random->fill(random->ctx, secret, sizeof secret) != SOTTO_OK ||
        sotto_mls_path_generate(draft, sender, secret, &path) != SOTTO_OK) {
        return vectors_mls_fail(v, "no path is generated");
    }
    sotto_writer_init(&w, leaf.at, leaf.len);
    if (!renew_leaf(v, group, sender,
                    (struct sotto_span){public_key, group->suite->public_len},
                    (struct sotto_span){path.parent_hash, path.parent_hash_len},
                    &w) ||
        sotto_mls_tree_set_leaf(draft, sender,
                                (struct sotto_span){leaf.at, w.len}) !=
            SOTTO_OK) {
        return vectors_mls_fail(v, "the leaf is not renewed");
    }
    len = w.len;
    memcpy(commit_secret, path.commit_secret, sizeof path.commit_secret);
    sotto_mls_tree_rehash(draft);
    *out = vectors_buffer(v, len + sotto_mls_path_encrypted_len(draft, sender));
    sotto_writer_init(&w, out->at, out->len);
    sotto_write_bytes(&w, leaf.at, len);
    return (sotto_mls_path_encrypt(draft, sender, &path.secrets,
                                   make_context(v, group, draft, buffer),
                                   random, &w) == SOTTO_OK &&
            w.len == out->len) ||
           vectors_mls_fail(v, "the path is not encrypted");
}

/* A path of our own from `sender`: what it makes of the tree, merging its
 * encoding makes, too, and everybody else gets its secret. */
static bool run_own(struct vectors *v, struct group *group,
                    const struct sotto_random *random, uint32_t sender)
{
    struct sotto_mls_tree sent;
    struct sotto_mls_tree received;
    struct vectors_bytes bytes = {NULL, 0};
    uint8_t commit_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_update_path path;
    struct sotto_reader r;

    vectors_mls_draft(v, &sent, &group->tree);
    vectors_mls_draft(v, &received, &group->tree);
    if (!make_path(v, group, random, &sent, sender, &bytes, commit_secret)) {
        return false;
    }
    sotto_reader_init(&r, bytes.at, bytes.len);
    sotto_mls_read_update_path(&r, &path);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        sotto_mls_path_merge(&received, sender, &path) != SOTTO_OK) {
        return vectors_mls_fail(v, "our own path does not merge");
    }
    sotto_mls_tree_rehash(&received);
    if (memcmp(sotto_mls_tree_hash(&received), sotto_mls_tree_hash(&sent),
               group->suite->hash_len) != 0) {
        return vectors_mls_fail(v, "our own path gives another tree");
    }
    return all_decrypt(v, group, &received, sender, &path, commit_secret);
}

/* The same bytes in every run. */
static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    sotto_drbg_next(ctx, out, len);
    return SOTTO_OK;
}

bool vectors_mls_treekem(struct vectors *v, const cJSON *test)
{
    static struct group group; /* large, and only one at a time */
    static const char seed[] = "treekem";
    struct sotto_drbg drbg;
    struct sotto_random random = {&drbg, fill};
    const cJSON *item;
    bool passed = true;

    sotto_drbg_init(&drbg, (struct sotto_piece){seed, sizeof seed},
                    (struct sotto_piece){NULL, 0});
    if (!load_group(v, &group, test)) {
        return false;
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "update_paths"))
    {
        uint32_t sender = vectors_mls_leaf(v, item, "sender");

        if (sender >= group.tree.leaf_count ||
            !group.members[sender].is_known) {
            return vectors_mls_fail(v, "the sender has no private state");
        }
        passed = run_path(v, &group, item, sender) && passed;
        passed = run_own(v, &group, &random, sender) && passed;
    }
    return passed;
}
