/*
 * secret_tree_state.c - a secret tree as bytes and back.
 *
 *     u32 leaf_count
 *     from the left, for each subtree until all leaves are covered:
 *         u8 state: a level, and the secret of that node;
 *                   or PLACE_ACTIVE, and the leaf's two ratchets
 *     u32 count of keys for late messages, the oldest first:
 *         u32 leaf, u8 kind, u32 generation, key, nonce
 *
 * The subtrees that are kept never overlap and leave no leaf out, so where one
 * ends says where the next one starts.
 */
#include "core/mls/secret_tree_inner.h"
#include "core/mls/tree_math.h"

/* How many leaves a place's state stands for. */
static uint32_t width(uint8_t state)
{
    return state == PLACE_ACTIVE ? 1 : 1U << state;
}

/* ----------------------------------------------------------------- writing */

size_t sotto_mls_secret_tree_encoded_max(
    const struct sotto_mls_secret_config *config)
{
    size_t place = 1 + 2 * (SOTTO_MLS_HASH_MAX + 4);
    size_t key = 9 + SOTTO_MLS_AEAD_KEY_MAX + SOTTO_MLS_AEAD_NONCE_MAX;

    return 8 + config->members * place + config->kept * key;
}

static void write_ratchets(struct sotto_writer *w,
                           const struct sotto_mls_secret_tree *tree,
                           const struct sotto_mls_ratchet *ratchets)
{
    for (size_t kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
        sotto_write_u32(w, ratchets[kind].generation);
        sotto_write_bytes(w, ratchets[kind].secret, tree->suite->hash_len);
    }
}

void sotto_mls_secret_tree_write(struct sotto_writer *w,
                                 const struct sotto_mls_secret_tree *tree)
{
    const struct sotto_mls_suite *suite = tree->suite;

    sotto_write_u32(w, tree->leaf_count);
    for (uint32_t i = 0; i < tree->leaf_count; i += width(tree->states[i])) {
        sotto_write_u8(w, tree->states[i]);
        if (tree->states[i] == PLACE_ACTIVE) {
            write_ratchets(w, tree,
                           tree->senders[sotto_mls_place_sender(tree, i)]);
        } else {
            sotto_write_bytes(w, sotto_mls_place_secret(tree, i),
                              suite->hash_len);
        }
    }
    sotto_write_u32(w, tree->kept_count);
    for (uint32_t i = 0; i < tree->kept_count; i++) {
        const struct sotto_mls_message_key *key = &tree->kept[i];

        sotto_write_u32(w, key->leaf);
        sotto_write_u8(w, (uint8_t)key->kind);
        sotto_write_u32(w, key->generation);
        sotto_write_bytes(w, key->key, suite->aead_key_len);
        sotto_write_bytes(w, key->nonce, suite->aead_nonce_len);
    }
}

/* ----------------------------------------------------------------- reading */

static void read_ratchets(struct sotto_reader *r,
                          const struct sotto_mls_secret_tree *tree,
                          struct sotto_mls_ratchet *ratchets)
{
    for (size_t kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
        ratchets[kind].generation = sotto_read_u32(r);
        sotto_read_bytes(r, ratchets[kind].secret, tree->suite->hash_len);
    }
}

/* A subtree, whose state is checked to be one that can stand there. */
static enum sotto_err read_place(struct sotto_reader *r,
                                 struct sotto_mls_secret_tree *tree,
                                 uint32_t place)
{
    uint8_t state = sotto_read_u8(r);

    if (state == PLACE_ACTIVE) {
        if (tree->sender_count == tree->config.senders) {
            return SOTTO_ERR_SPACE;
        }
        read_ratchets(r, tree, sotto_mls_place_activate(tree, place));
        return SOTTO_OK;
    }
    if (state > sotto_mls_depth(tree->leaf_count) ||
        place % width(state) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    tree->states[place] = state;
    sotto_read_bytes(r, sotto_mls_place_secret(tree, place),
                     tree->suite->hash_len);
    return SOTTO_OK;
}

/* All subtrees. A reader that has run dry gives zeros: leaves, to the end. */
static enum sotto_err read_places(struct sotto_reader *r,
                                  struct sotto_mls_secret_tree *tree)
{
    enum sotto_err err = SOTTO_OK;
    uint32_t place = 0;

    while (place < tree->leaf_count && err == SOTTO_OK) {
        err = read_place(r, tree, place);
        if (err == SOTTO_OK) {
            place += width(tree->states[place]);
        }
    }
    return err;
}

/* One key: its ratchet is past it. */
static enum sotto_err read_kept(struct sotto_reader *r,
                                struct sotto_mls_secret_tree *tree)
{
    struct sotto_mls_message_key *key = &tree->kept[tree->kept_count];
    uint8_t kind;

    key->leaf = sotto_read_u32(r);
    kind = sotto_read_u8(r);
    key->generation = sotto_read_u32(r);
    sotto_read_bytes(r, key->key, tree->suite->aead_key_len);
    sotto_read_bytes(r, key->nonce, tree->suite->aead_nonce_len);
    if (kind >= SOTTO_MLS_RATCHETS) {
        return SOTTO_ERR_FORMAT;
    }
    key->kind = (enum sotto_mls_ratchet_kind)kind;
    if (key->generation >=
        sotto_mls_secret_tree_generation(tree, key->leaf, key->kind)) {
        return SOTTO_ERR_FORMAT;
    }
    tree->kept_count++;
    return SOTTO_OK;
}

static enum sotto_err read_all(struct sotto_reader *r,
                               struct sotto_mls_secret_tree *tree)
{
    uint32_t leaf_count = sotto_read_u32(r);
    enum sotto_err err;
    uint32_t kept;

    if ((leaf_count & (leaf_count - 1)) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    if (leaf_count > tree->config.members) {
        return SOTTO_ERR_SPACE;
    }
    tree->leaf_count = leaf_count;
    err = read_places(r, tree);
    if (err != SOTTO_OK) {
        return err;
    }
    kept = sotto_read_u32(r);
    if (kept > tree->config.kept) {
        return SOTTO_ERR_SPACE;
    }
    while (tree->kept_count < kept && err == SOTTO_OK) {
        err = read_kept(r, tree);
    }
    return err;
}

enum sotto_err sotto_mls_secret_tree_read(struct sotto_reader *r,
                                          struct sotto_mls_secret_tree *tree)
{
    enum sotto_err err;

    sotto_mls_secret_tree_wipe(tree);
    err = read_all(r, tree);
    if (r->bad) { /* cut short: the zeros that were read mean nothing */
        err = SOTTO_ERR_FORMAT;
    }
    if (err != SOTTO_OK) {
        sotto_mls_secret_tree_wipe(tree);
    }
    return err;
}
