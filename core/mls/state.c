/*
 * state.c - a group as bytes and back.
 *
 *     uint16 format; uint8 state; uint16 cipher_suite; uint32 our leaf
 *     GroupContext
 *     signature key; private keys of our path (treekem.h)
 *     eight secrets of the epoch; interim_transcript_hash; confirmation_tag;
 *     hash of the ReInit that ended the group, or zeros
 *     ratchet_tree (as in 12.4.3.3)
 *     secret tree (secret_tree_state.c); uint8 reserves, uint32 reserved[2]
 *     uint32 count; of each proposal that waits:
 *         reference, uint8 sender type, uint32 index, proposal<V>, private
 *         keys of an Update's leaf (encryption, signature), uint8 is_ignored
 *     uint32 count; of each past epoch: uint64 epoch, resumption PSK
 *     uint32 count; of each whose late messages can be opened:
 *         uint32 length of what follows, uint64 epoch, GroupContext<V>,
 *         sender_data_secret, secret tree, each leaf's signature key<V>
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec_inner.h"
#include "core/mls/group.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include <string.h>

#define FORMAT_1 1U

/* The secrets of an epoch, one after the other. */
static void list_secrets(struct sotto_mls_epoch_secrets *secrets,
                         uint8_t *out[8])
{
    out[0] = secrets->sender_data_secret;
    out[1] = secrets->exporter_secret;
    out[2] = secrets->external_secret;
    out[3] = secrets->confirmation_key;
    out[4] = secrets->membership_key;
    out[5] = secrets->resumption_psk;
    out[6] = secrets->epoch_authenticator;
    out[7] = secrets->init_secret;
}

/* ----------------------------------------------------------------- writing */

static void write_keys(struct sotto_writer *w,
                       const struct sotto_mls_group *group)
{
    sotto_write_bytes(w, group->signature_key,
                      group->suite->signature_private_len);
    sotto_mls_path_keys_write(w, group->suite, &group->keys);
}

static void write_secrets(struct sotto_writer *w,
                          const struct sotto_mls_group *group)
{
    size_t len = group->suite->hash_len;
    struct sotto_mls_epoch_secrets secrets = group->secrets;
    uint8_t *list[8];

    list_secrets(&secrets, list);
    for (size_t i = 0; i < 8; i++) {
        sotto_write_bytes(w, list[i], len);
    }
    sotto_write_bytes(w, group->interim_hash, len);
    sotto_write_bytes(w, group->confirmation_tag, len);
    sotto_write_bytes(w, group->ended_by, len);
    sotto_mls_epoch_secrets_wipe(&secrets);
}

static void write_reserved(struct sotto_writer *w,
                           const struct sotto_mls_group *group)
{
    sotto_write_u8(w, group->reserves ? 1 : 0);
    for (size_t kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
        sotto_write_u32(w, group->reserved[kind]);
    }
}

static void write_waiting(struct sotto_writer *w,
                          const struct sotto_mls_group *group)
{
    sotto_write_u32(w, group->waiting_count);
    for (uint32_t i = 0; i < group->waiting_count; i++) {
        const struct sotto_mls_waiting *waiting = &group->waiting[i];

        sotto_write_bytes(w, waiting->reference, group->suite->hash_len);
        sotto_write_u8(w, waiting->sender.type);
        sotto_write_u32(w, waiting->sender.index);
        sotto_mls_write_span(w, waiting->proposal);
        sotto_write_bytes(w, waiting->keys.encryption,
                          group->suite->private_len);
        sotto_write_bytes(w, waiting->keys.signature,
                          group->suite->signature_private_len);
        sotto_write_u8(w, waiting->is_ignored ? 1 : 0);
    }
}

enum sotto_err sotto_mls_group_save(const struct sotto_mls_group *group,
                                    struct sotto_mls_buffer *out)
{
    struct sotto_writer w;

    if (group->state == SOTTO_MLS_GROUP_EMPTY) {
        return SOTTO_ERR_DENIED;
    }
    sotto_writer_init(&w, out->at, out->cap);
    sotto_write_u16(&w, FORMAT_1);
    sotto_write_u8(&w, (uint8_t)group->state);
    sotto_write_u16(&w, group->suite->id);
    sotto_write_u32(&w, group->me);
    sotto_write_bytes(&w, group->context_bytes, group->context_len);
    write_keys(&w, group);
    write_secrets(&w, group);
    sotto_mls_tree_write(&w, &group->tree);
    sotto_mls_secret_tree_write(&w, &group->secret_tree);
    write_reserved(&w, group);
    write_waiting(&w, group);
    sotto_mls_past_write(&w, group);
    if (w.bad) {
        sotto_wipe(out->at, out->cap);
    }
    return sotto_writer_finish(&w, &out->len);
}

/* ----------------------------------------------------------------- reading */

static enum sotto_err read_head(struct sotto_reader *r,
                                struct sotto_mls_group *group)
{
    uint16_t format = sotto_read_u16(r);
    uint8_t state = sotto_read_u8(r);
    uint16_t suite = sotto_read_u16(r);
    const uint8_t *start;
    struct sotto_mls_group_context context;
    enum sotto_err err;
    size_t len;

    if (r->bad || format != FORMAT_1 ||
        (state != SOTTO_MLS_GROUP_ACTIVE && state != SOTTO_MLS_GROUP_ENDED)) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_group_set_suite(group, suite);
    if (err != SOTTO_OK) {
        return err;
    }
    group->state = (enum sotto_mls_group_state)state;
    group->me = sotto_read_u32(r);
    start = r->at;
    sotto_mls_read_group_context(r, &context);
    if (r->bad) {
        return SOTTO_ERR_FORMAT;
    }
    len = (size_t)(r->at - start);
    if (len > group->context_max) {
        return SOTTO_ERR_SPACE;
    }
    sotto_mls_group_set_context(group, (struct sotto_span){start, len});
    return SOTTO_OK;
}

static void read_keys(struct sotto_reader *r, struct sotto_mls_group *group)
{
    sotto_read_bytes(r, group->signature_key,
                     group->suite->signature_private_len);
    sotto_mls_path_keys_read(r, group->suite, &group->keys);
}

static void read_secrets(struct sotto_reader *r, struct sotto_mls_group *group)
{
    size_t len = group->suite->hash_len;
    uint8_t *list[8];

    list_secrets(&group->secrets, list);
    for (size_t i = 0; i < 8; i++) {
        sotto_read_bytes(r, list[i], len);
    }
    sotto_read_bytes(r, group->interim_hash, len);
    sotto_read_bytes(r, group->confirmation_tag, len);
    sotto_read_bytes(r, group->ended_by, len);
}

/* The tree that was decoded is the one that the GroupContext speaks of, and we
 * are in it. */
static bool is_tree_good(const struct sotto_mls_group *group)
{
    struct sotto_span hash = group->context.tree_hash;

    return hash.len == group->suite->hash_len && group->tree.leaf_count > 0 &&
           memcmp(hash.at, sotto_mls_tree_hash(&group->tree), hash.len) == 0 &&
           sotto_mls_tree_leaf(&group->tree, group->me).len > 0;
}

static enum sotto_err read_trees(struct sotto_reader *r,
                                 struct sotto_mls_group *group)
{
    const uint8_t *start = r->at;
    enum sotto_err err;

    (void)sotto_read_vector(r, 0, SOTTO_VARINT_MAX);
    if (r->bad) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_tree_decode(&group->tree,
                                (struct sotto_span){start,
                                                    (size_t)(r->at - start)});
    if (err == SOTTO_OK && !is_tree_good(group)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_secret_tree_read(r, &group->secret_tree);
    }
    if (err == SOTTO_OK &&
        group->secret_tree.leaf_count != group->tree.leaf_count) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

/* What a proposal is about is there: all that can be seen without verifying it
 * again. */
static bool is_waiting_good(const struct sotto_mls_group *group,
                            const struct sotto_mls_proposal *proposal,
                            struct sotto_mls_sender sender)
{
    bool is_member = sender.type == SOTTO_MLS_SENDER_MEMBER &&
                     sotto_mls_tree_leaf(&group->tree, sender.index).len > 0;
    const struct sotto_span none = {NULL, 0}; /* may be others at the commit */
    enum sotto_err err = SOTTO_OK;

    if (sender.type == SOTTO_MLS_SENDER_MEMBER && !is_member) {
        return false;
    }
    switch (proposal->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        err = sotto_mls_leaf_check(group->suite, &proposal->add.leaf_node,
                                   SOTTO_MLS_LEAF_KEY_PACKAGE, none,
                                   SOTTO_TIME_UNKNOWN);
        return err == SOTTO_OK &&
               proposal->add.init_key.len == group->suite->public_len;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        err = sotto_mls_leaf_check(group->suite, &proposal->update,
                                   SOTTO_MLS_LEAF_UPDATE, none,
                                   SOTTO_TIME_UNKNOWN);
        return err == SOTTO_OK && is_member;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        return sotto_mls_tree_leaf(&group->tree, proposal->remove).len > 0;
    default:
        return true;
    }
}

/* What was reserved may have been used since it was saved. */
static enum sotto_err read_reserved(struct sotto_reader *r,
                                    struct sotto_mls_group *group)
{
    group->reserves = sotto_mls_read_present(r);
    for (size_t kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
        group->reserved[kind] = sotto_read_u32(r);
    }
    return r->bad ? SOTTO_ERR_FORMAT : sotto_mls_group_skip_reserved(group);
}

static enum sotto_err read_one_waiting(struct sotto_reader *r,
                                       struct sotto_mls_group *group)
{
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_leaf_keys keys;
    bool is_ignored;
    struct sotto_mls_sender sender;
    struct sotto_mls_proposal proposal;
    struct sotto_reader items;
    struct sotto_span in;
    enum sotto_err err;

    sotto_read_bytes(r, reference, group->suite->hash_len);
    sender.type = sotto_read_u8(r);
    sender.index = sotto_read_u32(r);
    in = sotto_read_vector(r, 0, SOTTO_VARINT_MAX);
    sotto_read_bytes(r, keys.encryption, group->suite->private_len);
    sotto_read_bytes(r, keys.signature, group->suite->signature_private_len);
    is_ignored = sotto_mls_read_present(r);
    items = sotto_mls_items(in);
    sotto_mls_read_proposal(&items, &proposal);
    if (r->bad || sotto_reader_finish(&items) != SOTTO_OK ||
        !is_waiting_good(group, &proposal, sender)) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_waiting_check(group, in);
    if (err == SOTTO_OK) {
        sotto_mls_waiting_add(group, reference, sender, in, &keys);
        group->waiting[group->waiting_count - 1].is_ignored = is_ignored;
    }
    sotto_wipe(&keys, sizeof keys);
    return err;
}

static enum sotto_err read_waiting(struct sotto_reader *r,
                                   struct sotto_mls_group *group)
{
    uint32_t count = sotto_read_u32(r);
    enum sotto_err err = SOTTO_OK;

    for (uint32_t i = 0; i < count && err == SOTTO_OK; i++) {
        err = read_one_waiting(r, group);
    }
    return err;
}

static enum sotto_err load(struct sotto_reader *r,
                           struct sotto_mls_group *group)
{
    enum sotto_err err = read_head(r, group);

    if (err != SOTTO_OK) {
        return err;
    }
    read_keys(r, group);
    read_secrets(r, group);
    err = read_trees(r, group);
    if (err == SOTTO_OK) {
        err = read_reserved(r, group);
    }
    if (err == SOTTO_OK) {
        err = read_waiting(r, group);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_past_read(r, group);
    }
    return err == SOTTO_OK ? sotto_reader_finish(r) : err;
}

enum sotto_err sotto_mls_group_load(struct sotto_mls_group *group,
                                    struct sotto_span in)
{
    struct sotto_reader r = sotto_mls_items(in);
    enum sotto_err err;

    SOTTO_ASSERT(group->state == SOTTO_MLS_GROUP_EMPTY);
    err = load(&r, group);
    if (err != SOTTO_OK) {
        sotto_mls_group_wipe(group);
    }
    return err;
}
