/*
 * past.c - what is kept of epochs that are over: their resumption PSKs (RFC
 * 9420 8.6), and what late application messages are opened with (15.3).
 *
 * Both stand in rings, by the number of the epoch: what comes in pushes the
 * oldest out. A secret tree moves into its ring without being copied: the
 * memory of the one that goes is the next epoch's.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include <string.h>

/* ------------------------------------------------------- resumption PSKs (8.6) */

void sotto_mls_past_keep_psk(struct sotto_mls_group *group)
{
    uint32_t count = group->config.past_psks;

    if (count > 0) {
        struct sotto_mls_past_psk *past =
            &group->past[group->context.epoch % count];

        past->is_used = true;
        past->epoch = group->context.epoch;
        memcpy(past->psk, group->secrets.resumption_psk, sizeof past->psk);
    }
}

static uint32_t count_psks(const struct sotto_mls_group *group)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < group->config.past_psks; i++) {
        count += group->past[i].is_used ? 1 : 0;
    }
    return count;
}

static void write_psks(struct sotto_writer *w,
                       const struct sotto_mls_group *group)
{
    sotto_write_u32(w, count_psks(group));
    for (uint32_t i = 0; i < group->config.past_psks; i++) {
        if (group->past[i].is_used) {
            sotto_write_u64(w, group->past[i].epoch);
            sotto_write_bytes(w, group->past[i].psk, group->suite->hash_len);
        }
    }
}

/* Those that there is no room for are the ones to forget. */
static void read_psks(struct sotto_reader *r, struct sotto_mls_group *group)
{
    uint32_t count = sotto_read_u32(r);
    uint32_t room = group->config.past_psks;

    for (uint32_t i = 0; i < count && !r->bad; i++) {
        struct sotto_mls_past_psk one = {.is_used = true,
                                         .epoch = sotto_read_u64(r)};
        struct sotto_mls_past_psk *slot =
            room == 0 ? NULL : &group->past[one.epoch % room];

        sotto_read_bytes(r, one.psk, group->suite->hash_len);
        if (slot != NULL && (!slot->is_used || slot->epoch < one.epoch)) {
            *slot = one;
        }
        sotto_wipe(&one, sizeof one);
    }
}

/* --------------------------------------------------------- past epochs (15.3) */

static void forget(struct sotto_mls_past_epoch *past)
{
    if (past->is_kept) {
        sotto_mls_secret_tree_wipe(&past->secret_tree);
        sotto_wipe(past->sender_data_secret, sizeof past->sender_data_secret);
        past->is_kept = false;
    }
}

static void swap_trees(struct sotto_mls_secret_tree *a,
                       struct sotto_mls_secret_tree *b)
{
    struct sotto_mls_secret_tree other = *a;

    *a = *b;
    *b = other;
}

/* The signature keys of all members: the ratchet tree that they stand in now
 * goes on to the next epoch. */
static void keep_signers(struct sotto_mls_past_epoch *past,
                         const struct sotto_mls_tree *tree)
{
    for (uint32_t leaf = 0; leaf < tree->leaf_count; leaf++) {
        struct sotto_span key = sotto_mls_tree_signature_key(tree, leaf);

        past->signers[leaf].len = (uint8_t)key.len;
        if (key.len > 0) {
            memcpy(past->signers[leaf].key, key.at, key.len);
        }
    }
}

void sotto_mls_past_keep_epoch(struct sotto_mls_group *group)
{
    uint32_t count = group->config.past_epochs;
    struct sotto_mls_past_epoch *past;

    if (count == 0) {
        return;
    }
    past = &group->past_epochs[group->context.epoch % count];
    forget(past);
    past->is_kept = true;
    past->epoch = group->context.epoch;
    memcpy(past->context, group->context_bytes, group->context_len);
    past->context_len = group->context_len;
    memcpy(past->sender_data_secret, group->secrets.sender_data_secret,
           sizeof past->sender_data_secret);
    keep_signers(past, &group->tree);
    swap_trees(&past->secret_tree, &group->secret_tree);
}

struct sotto_mls_past_epoch *sotto_mls_past_find(struct sotto_mls_group *group,
                                                 uint64_t epoch)
{
    uint32_t count = group->config.past_epochs;
    struct sotto_mls_past_epoch *past;

    if (count == 0) {
        return NULL;
    }
    past = &group->past_epochs[epoch % count];
    return past->is_kept && past->epoch == epoch ? past : NULL;
}

struct sotto_span sotto_mls_past_signer(const struct sotto_mls_past_epoch *past,
                                        uint32_t leaf)
{
    const struct sotto_mls_signer *signer = &past->signers[leaf];

    SOTTO_ASSERT(leaf < past->secret_tree.leaf_count);
    return (struct sotto_span){signer->key, signer->len};
}

void sotto_mls_forget_past(struct sotto_mls_group *group, uint64_t before)
{
    for (uint32_t i = 0; i < group->config.past_epochs; i++) {
        if (group->past_epochs[i].epoch < before) {
            forget(&group->past_epochs[i]);
        }
    }
}

/* ---------------------------------------------------------------- as bytes */

static void write_signers(struct sotto_writer *w,
                          const struct sotto_mls_past_epoch *past)
{
    for (uint32_t leaf = 0; leaf < past->secret_tree.leaf_count; leaf++) {
        sotto_write_vector(w, past->signers[leaf].key, past->signers[leaf].len);
    }
}

/* uint32 length of what follows, so that it can be left out. */
static void write_epoch(struct sotto_writer *w,
                        const struct sotto_mls_group *group,
                        const struct sotto_mls_past_epoch *past)
{
    uint8_t *prefix = sotto_write_room(w, 4);
    size_t start = w->len;
    struct sotto_writer head;

    sotto_write_u64(w, past->epoch);
    sotto_write_vector(w, past->context, past->context_len);
    sotto_write_bytes(w, past->sender_data_secret, group->suite->hash_len);
    sotto_mls_secret_tree_write(w, &past->secret_tree);
    write_signers(w, past);
    if (!w->bad) {
        sotto_writer_init(&head, prefix, 4);
        sotto_write_u32(&head, (uint32_t)(w->len - start));
    }
}

static void write_epochs(struct sotto_writer *w,
                         const struct sotto_mls_group *group)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < group->config.past_epochs; i++) {
        count += group->past_epochs[i].is_kept ? 1 : 0;
    }
    sotto_write_u32(w, count);
    for (uint32_t i = 0; i < group->config.past_epochs; i++) {
        if (group->past_epochs[i].is_kept) {
            write_epoch(w, group, &group->past_epochs[i]);
        }
    }
}

static void read_signers(struct sotto_reader *r,
                         struct sotto_mls_past_epoch *past)
{
    for (uint32_t leaf = 0; leaf < past->secret_tree.leaf_count; leaf++) {
        struct sotto_mls_signer *signer = &past->signers[leaf];
        struct sotto_span key = sotto_read_vector(r, 0, sizeof signer->key);

        signer->len = (uint8_t)key.len;
        if (key.len > 0) {
            memcpy(signer->key, key.at, key.len);
        }
    }
}

/* All after the epoch's number. */
static enum sotto_err read_epoch(struct sotto_reader *r,
                                 const struct sotto_mls_group *group,
                                 struct sotto_mls_past_epoch *past)
{
    struct sotto_span context = sotto_read_vector(r, 0, SOTTO_VARINT_MAX);
    enum sotto_err err;

    if (context.len > group->context_max) {
        return SOTTO_ERR_SPACE;
    }
    if (context.len > 0) {
        memcpy(past->context, context.at, context.len);
    }
    past->context_len = context.len;
    sotto_read_bytes(r, past->sender_data_secret, group->suite->hash_len);
    err = sotto_mls_secret_tree_read(r, &past->secret_tree);
    if (err == SOTTO_OK) {
        read_signers(r, past);
        err = sotto_reader_finish(r);
    }
    return err;
}

/* Where an epoch goes, if it is one to keep. */
static struct sotto_mls_past_epoch *slot_for(struct sotto_mls_group *group,
                                             uint64_t epoch)
{
    uint32_t room = group->config.past_epochs;

    return group->context.epoch - epoch <= room
               ? &group->past_epochs[epoch % room]
               : NULL;
}

static enum sotto_err read_epochs(struct sotto_reader *r,
                                  struct sotto_mls_group *group)
{
    uint32_t count = sotto_read_u32(r);
    enum sotto_err err = SOTTO_OK;

    for (uint32_t i = 0; i < count && err == SOTTO_OK; i++) {
        uint32_t len = sotto_read_u32(r);
        struct sotto_reader items = sotto_mls_items(sotto_read_span(r, len));
        uint64_t epoch = sotto_read_u64(&items);
        struct sotto_mls_past_epoch *past;

        if (r->bad || items.bad || epoch >= group->context.epoch) {
            return SOTTO_ERR_FORMAT;
        }
        past = slot_for(group, epoch);
        if (past != NULL) {
            past->is_kept = true;
            past->epoch = epoch;
            err = read_epoch(&items, group, past);
        }
    }
    return err;
}

void sotto_mls_past_write(struct sotto_writer *w,
                          const struct sotto_mls_group *group)
{
    write_psks(w, group);
    write_epochs(w, group);
}

enum sotto_err sotto_mls_past_read(struct sotto_reader *r,
                                   struct sotto_mls_group *group)
{
    read_psks(r, group);
    return read_epochs(r, group);
}
