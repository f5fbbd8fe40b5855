/*
 * secret_tree.c - the secret tree and its ratchets (RFC 9420 9).
 */
#include "core/mls/secret_tree.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/label.h"
#include "core/mls/secret_tree_inner.h"
#include "core/mls/tree_math.h"
#include <string.h>

/* ------------------------------------------------------------------ memory */

static struct sotto_mls_secret_config complete(
    const struct sotto_mls_secret_config *config)
{
    struct sotto_mls_secret_config full = *config;

    full.members = 1;
    while (full.members < config->members) {
        full.members *= 2;
    }
    if (full.senders == 0 || full.senders > full.members) {
        full.senders = full.members;
    }
    return full;
}

size_t sotto_mls_secret_tree_size(const struct sotto_mls_secret_config *config)
{
    const struct sotto_mls_secret_config full = complete(config);
    const struct sotto_mls_secret_tree *tree = NULL;

    SOTTO_ASSERT(config->members <= SOTTO_MLS_MAX_MEMBERS);
    return full.senders * sizeof *tree->senders +
           full.kept * sizeof *tree->kept +
           full.members * (SOTTO_MLS_HASH_MAX + sizeof *tree->states);
}

void sotto_mls_secret_tree_init(struct sotto_mls_secret_tree *tree,
                                void *memory,
                                const struct sotto_mls_suite *suite,
                                const struct sotto_mls_secret_config *config)
{
    SOTTO_ASSERT(config->members <= SOTTO_MLS_MAX_MEMBERS);
    memset(tree, 0, sizeof *tree);
    tree->suite = suite;
    tree->config = complete(config);
    tree->senders = memory;
    tree->kept = (void *)(tree->senders + tree->config.senders);
    tree->secrets = (void *)(tree->kept + tree->config.kept);
    tree->states =
        tree->secrets + (size_t)tree->config.members * SOTTO_MLS_HASH_MAX;
    sotto_mls_secret_tree_wipe(tree);
}

void sotto_mls_secret_tree_wipe(struct sotto_mls_secret_tree *tree)
{
    const struct sotto_mls_secret_config *config = &tree->config;

    sotto_wipe(tree->senders, config->senders * sizeof *tree->senders);
    sotto_wipe(tree->kept, config->kept * sizeof *tree->kept);
    sotto_wipe(tree->secrets, (size_t)config->members * SOTTO_MLS_HASH_MAX);
    memset(tree->states, PLACE_EMPTY, config->members);
    tree->leaf_count = 0;
    tree->sender_count = 0;
    tree->kept_count = 0;
}

void sotto_mls_secret_tree_start(struct sotto_mls_secret_tree *tree,
                                 uint32_t leaf_count,
                                 const uint8_t *encryption_secret)
{
    SOTTO_ASSERT(leaf_count <= tree->config.members);
    sotto_mls_secret_tree_wipe(tree);
    tree->leaf_count = leaf_count;
    tree->states[0] = (uint8_t)sotto_mls_depth(leaf_count);
    memcpy(sotto_mls_place_secret(tree, 0), encryption_secret,
           tree->suite->hash_len);
}

void sotto_mls_message_key_wipe(struct sotto_mls_message_key *key)
{
    sotto_wipe(key, sizeof *key);
}

/* -------------------------------------------------- places, from the inside */

uint8_t *sotto_mls_place_secret(const struct sotto_mls_secret_tree *tree,
                                uint32_t place)
{
    return tree->secrets + (size_t)place * SOTTO_MLS_HASH_MAX;
}

uint32_t sotto_mls_place_sender(const struct sotto_mls_secret_tree *tree,
                                uint32_t place)
{
    uint32_t number;

    memcpy(&number, sotto_mls_place_secret(tree, place), sizeof number);
    SOTTO_ASSERT(number < tree->sender_count);
    return number;
}

struct sotto_mls_ratchet *sotto_mls_place_activate(
    struct sotto_mls_secret_tree *tree, uint32_t place)
{
    uint32_t number = tree->sender_count;

    SOTTO_ASSERT(number < tree->config.senders);
    sotto_wipe(sotto_mls_place_secret(tree, place), SOTTO_MLS_HASH_MAX);
    memcpy(sotto_mls_place_secret(tree, place), &number, sizeof number);
    tree->states[place] = PLACE_ACTIVE;
    tree->sender_count++;
    return tree->senders[number];
}

/* ----------------------------------------------------- down the tree (9) */

static const char *const side_names[] = {"left", "right"};
static const char *const kind_names[] = {"handshake", "application"};

static void derive_child(const struct sotto_mls_suite *suite,
                         const uint8_t *secret, unsigned side, uint8_t *out)
{
    const struct sotto_span context = {(const uint8_t *)side_names[side],
                                       strlen(side_names[side])};

    sotto_mls_expand_with_label(suite, secret, "tree", context, out,
                                suite->hash_len);
}

static void derive_ratchet(const struct sotto_mls_suite *suite,
                           const uint8_t *secret,
                           enum sotto_mls_ratchet_kind kind,
                           struct sotto_mls_ratchet *out)
{
    sotto_mls_derive_secret(suite, secret, kind_names[kind], out->secret);
    out->generation = 0;
}

/* The place of the secret that a leaf's comes from: that of its lowest
 * ancestor (itself included) which is kept. There is one until the leaf is
 * active. */
static uint32_t covering_place(const struct sotto_mls_secret_tree *tree,
                               uint32_t leaf, uint32_t *level)
{
    uint32_t place = leaf;

    *level = 0;
    while (tree->states[place] != *level) {
        ++*level;
        SOTTO_ASSERT(*level < SOTTO_MLS_LEVELS);
        place = leaf & ~((1U << *level) - 1);
    }
    return place;
}

/* A leaf's ratchet as it is, or as it will begin; a copy. */
static enum sotto_err peek(const struct sotto_mls_secret_tree *tree,
                           uint32_t leaf, enum sotto_mls_ratchet_kind kind,
                           struct sotto_mls_ratchet *out)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint32_t level;
    uint32_t place;

    if (tree->states[leaf] == PLACE_ACTIVE) {
        *out = tree->senders[sotto_mls_place_sender(tree, leaf)][kind];
        return SOTTO_OK;
    }
    if (tree->sender_count == tree->config.senders) {
        return SOTTO_ERR_SPACE;
    }
    place = covering_place(tree, leaf, &level);
    memcpy(secret, sotto_mls_place_secret(tree, place), sizeof secret);
    while (level > 0) {
        level--;
        derive_child(tree->suite, secret, (leaf >> level) & 1U, secret);
    }
    derive_ratchet(tree->suite, secret, kind, out);
    sotto_wipe(secret, sizeof secret);
    return SOTTO_OK;
}

/* A leaf's ratchets, made if need be: all secrets above the leaf are deleted
 * and those of the subtrees beside its path are kept. */
static struct sotto_mls_ratchet *activate(struct sotto_mls_secret_tree *tree,
                                          uint32_t leaf)
{
    const struct sotto_mls_suite *suite = tree->suite;
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_ratchet *ratchets;
    uint32_t level;
    uint32_t place;

    if (tree->states[leaf] == PLACE_ACTIVE) {
        return tree->senders[sotto_mls_place_sender(tree, leaf)];
    }
    place = covering_place(tree, leaf, &level);
    while (level > 0) {
        level--;
        uint32_t right = place + (1U << level);
        uint8_t *own = sotto_mls_place_secret(tree, place);

        derive_child(suite, own, 1, sotto_mls_place_secret(tree, right));
        derive_child(suite, own, 0, own); /* overwrites the parent */
        tree->states[right] = (uint8_t)level;
        tree->states[place] = (uint8_t)level;
        if (leaf >= right) {
            place = right;
        }
    }
    memcpy(secret, sotto_mls_place_secret(tree, leaf), sizeof secret);
    ratchets = sotto_mls_place_activate(tree, leaf);
    derive_ratchet(suite, secret, SOTTO_MLS_RATCHET_HANDSHAKE, &ratchets[0]);
    derive_ratchet(suite, secret, SOTTO_MLS_RATCHET_APPLICATION, &ratchets[1]);
    sotto_wipe(secret, sizeof secret);
    return ratchets;
}

/* ---------------------------------------------- along the ratchet (9.1) */

static void derive_key(const struct sotto_mls_suite *suite,
                       const struct sotto_mls_ratchet *ratchet,
                       struct sotto_mls_message_key *out)
{
    out->generation = ratchet->generation;
    sotto_mls_derive_tree_secret(suite, ratchet->secret, "key",
                                 ratchet->generation, out->key,
                                 suite->aead_key_len);
    sotto_mls_derive_tree_secret(suite, ratchet->secret, "nonce",
                                 ratchet->generation, out->nonce,
                                 suite->aead_nonce_len);
}

static void step(const struct sotto_mls_suite *suite,
                 struct sotto_mls_ratchet *ratchet)
{
    sotto_mls_derive_tree_secret(suite, ratchet->secret, "secret",
                                 ratchet->generation, ratchet->secret,
                                 suite->hash_len);
    ratchet->generation++;
}

/* ------------------------------------------------- keys for late messages */

/* Which of the kept keys it is, or kept_count. */
static uint32_t find_kept(const struct sotto_mls_secret_tree *tree,
                          uint32_t leaf, enum sotto_mls_ratchet_kind kind,
                          uint32_t generation)
{
    uint32_t i = 0;

    while (i < tree->kept_count &&
           (tree->kept[i].leaf != leaf || tree->kept[i].kind != kind ||
            tree->kept[i].generation != generation)) {
        i++;
    }
    return i;
}

static void drop_kept(struct sotto_mls_secret_tree *tree, uint32_t at)
{
    uint32_t last = tree->kept_count - 1;

    memmove(&tree->kept[at], &tree->kept[at + 1],
            (last - at) * sizeof *tree->kept);
    sotto_mls_message_key_wipe(&tree->kept[last]);
    tree->kept_count = last;
}

/* Drops what has fallen out of a ratchet's window: there was room for
 * generations from `oldest` on. */
static void drop_older(struct sotto_mls_secret_tree *tree, uint32_t leaf,
                       enum sotto_mls_ratchet_kind kind, uint32_t oldest)
{
    uint32_t i = 0;

    while (i < tree->kept_count) {
        const struct sotto_mls_message_key *key = &tree->kept[i];

        if (key->leaf == leaf && key->kind == kind &&
            key->generation < oldest) {
            drop_kept(tree, i);
        } else {
            i++;
        }
    }
}

/* Keeps the key that a ratchet gives next. */
static void keep(struct sotto_mls_secret_tree *tree, uint32_t leaf,
                 enum sotto_mls_ratchet_kind kind,
                 const struct sotto_mls_ratchet *ratchet)
{
    struct sotto_mls_message_key *key;

    if (tree->config.kept == 0) {
        return;
    }
    if (tree->kept_count == tree->config.kept) {
        drop_kept(tree, 0);
    }
    key = &tree->kept[tree->kept_count++];
    key->leaf = leaf;
    key->kind = kind;
    derive_key(tree->suite, ratchet, key);
}

/* --------------------------------------------------------- find and consume */

enum sotto_err sotto_mls_secret_tree_find(
    const struct sotto_mls_secret_tree *tree, uint32_t leaf,
    enum sotto_mls_ratchet_kind kind, uint32_t generation,
    struct sotto_mls_message_key *out)
{
    struct sotto_mls_ratchet ratchet;
    enum sotto_err err;
    uint32_t at;

    if (leaf >= tree->leaf_count) {
        return SOTTO_ERR_FORMAT;
    }
    at = find_kept(tree, leaf, kind, generation);
    if (at < tree->kept_count) {
        *out = tree->kept[at];
        return SOTTO_OK;
    }
    err = peek(tree, leaf, kind, &ratchet);
    if (err != SOTTO_OK) {
        return err;
    }
    if (generation < ratchet.generation) {
        err = SOTTO_ERR_REPLAY;
    } else if (generation - ratchet.generation > tree->config.forward ||
               generation == UINT32_MAX) {
        err = SOTTO_ERR_LIMIT;
    } else {
        while (ratchet.generation < generation) { /* at most `forward` times */
            step(tree->suite, &ratchet);
        }
        out->leaf = leaf;
        out->kind = kind;
        derive_key(tree->suite, &ratchet, out);
    }
    sotto_wipe(&ratchet, sizeof ratchet);
    return err;
}

void sotto_mls_secret_tree_consume(struct sotto_mls_secret_tree *tree,
                                   const struct sotto_mls_message_key *key)
{
    uint32_t at = find_kept(tree, key->leaf, key->kind, key->generation);
    struct sotto_mls_ratchet *ratchet;
    uint32_t window = tree->config.window;

    if (at < tree->kept_count) {
        drop_kept(tree, at);
        return;
    }
    ratchet = &activate(tree, key->leaf)[key->kind];
    SOTTO_ASSERT(key->generation >= ratchet->generation);
    if (key->generation >= window) {
        drop_older(tree, key->leaf, key->kind, key->generation - window);
    }
    while (ratchet->generation < key->generation) {
        if (key->generation - ratchet->generation <= window) {
            keep(tree, key->leaf, key->kind, ratchet);
        }
        step(tree->suite, ratchet);
    }
    step(tree->suite, ratchet); /* past the key itself */
}

/* ------------------------------------------------------------- our own */

enum sotto_err sotto_mls_secret_tree_next(struct sotto_mls_secret_tree *tree,
                                          uint32_t leaf,
                                          enum sotto_mls_ratchet_kind kind,
                                          struct sotto_mls_message_key *out)
{
    enum sotto_err err =
        sotto_mls_secret_tree_find(tree, leaf, kind,
                                   sotto_mls_secret_tree_generation(tree, leaf,
                                                                    kind),
                                   out);

    if (err == SOTTO_OK) {
        sotto_mls_secret_tree_consume(tree, out);
    }
    return err;
}

uint32_t sotto_mls_secret_tree_generation(
    const struct sotto_mls_secret_tree *tree, uint32_t leaf,
    enum sotto_mls_ratchet_kind kind)
{
    if (leaf >= tree->leaf_count || tree->states[leaf] != PLACE_ACTIVE) {
        return 0;
    }
    return tree->senders[sotto_mls_place_sender(tree, leaf)][kind].generation;
}

enum sotto_err sotto_mls_secret_tree_forward(struct sotto_mls_secret_tree *tree,
                                             uint32_t leaf,
                                             enum sotto_mls_ratchet_kind kind,
                                             uint32_t generation)
{
    struct sotto_mls_ratchet *ratchet;

    SOTTO_ASSERT(leaf < tree->leaf_count);
    if (tree->states[leaf] != PLACE_ACTIVE &&
        tree->sender_count == tree->config.senders) {
        return SOTTO_ERR_SPACE;
    }
    ratchet = &activate(tree, leaf)[kind];
    while (ratchet->generation < generation) {
        step(tree->suite, ratchet);
    }
    return SOTTO_OK;
}
