/*
 * send.c - application messages and proposals of our own (RFC 9420 6, 12.1,
 * 15).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/group.h"
#include "core/mls/tree_validate.h"
#include <string.h>

/* ------------------------------------------------------------------- framing */

void sotto_mls_frame(const struct sotto_mls_group *group,
                     const struct sotto_mls_sending *how, uint8_t content_type,
                     struct sotto_span content,
                     struct sotto_mls_authenticated_content *out)
{
    *out = (struct sotto_mls_authenticated_content){
        .wire_format = how->is_public ? SOTTO_MLS_WIRE_PUBLIC_MESSAGE
                                      : SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
        .content = {.group_id = group->context.group_id,
                    .epoch = group->context.epoch,
                    .sender = {SOTTO_MLS_SENDER_MEMBER, group->me},
                    .authenticated_data = how->authenticated_data,
                    .content_type = content_type,
                    .content = content}};
}

enum sotto_err sotto_mls_seal(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_authenticated_content *in,
                              size_t padding, struct sotto_mls_buffer *out)
{
    enum sotto_mls_ratchet_kind kind =
        sotto_mls_ratchet_of(in->content.content_type);
    struct sotto_writer w;
    enum sotto_err err;

    if (in->wire_format == SOTTO_MLS_WIRE_PRIVATE_MESSAGE && group->reserves &&
        sotto_mls_secret_tree_generation(&group->secret_tree, group->me,
                                         kind) >= group->reserved[kind]) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_writer_init(&w, out->at, out->cap);
    if (in->wire_format == SOTTO_MLS_WIRE_PUBLIC_MESSAGE) {
        err = sotto_mls_public_protect(group->suite,
                                       group->secrets.membership_key, in,
                                       sotto_mls_group_context_span(group), &w);
    } else {
        err = sotto_mls_private_protect(group->suite,
                                        group->secrets.sender_data_secret,
                                        &group->secret_tree, in, padding,
                                        client->random, &w);
    }
    return err == SOTTO_OK ? sotto_writer_finish(&w, &out->len) : err;
}

/* Signs a message that is no commit, into `signature`. */
static enum sotto_err sign(const struct sotto_mls_group *group,
                           struct sotto_mls_authenticated_content *message,
                           uint8_t *signature)
{
    size_t len = 0;
    enum sotto_err err =
        sotto_mls_content_sign(group->suite, group->signature_key, message,
                               sotto_mls_group_context_span(group), signature,
                               &len);

    message->auth.signature = (struct sotto_span){signature, len};
    return err;
}

/* Who is to be removed must not read what is said from then on (12.4). */
static bool is_anything_proposed(const struct sotto_mls_group *group)
{
    for (uint32_t i = 0; i < group->waiting_count; i++) {
        if (!group->waiting[i].is_ignored) {
            return true;
        }
    }
    return false;
}

enum sotto_err sotto_mls_protect(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 const struct sotto_mls_sending *how,
                                 struct sotto_span data,
                                 struct sotto_mls_buffer *out)
{
    struct sotto_mls_authenticated_content message;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    enum sotto_err err;

    if (group->state != SOTTO_MLS_GROUP_ACTIVE) {
        return SOTTO_ERR_DENIED;
    }
    if (is_anything_proposed(group)) {
        return SOTTO_ERR_BUSY;
    }
    sotto_mls_frame(group, how, SOTTO_MLS_CONTENT_APPLICATION, data, &message);
    err = sign(group, &message, signature);
    if (err == SOTTO_OK) {
        err = sotto_mls_seal(group, client, &message, how->padding, out);
    }
    return err;
}

/* ----------------------------------------------------------------- proposals */

/* Our leaf node with a fresh key, and what else is new. */
static enum sotto_err write_update(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   const struct sotto_mls_new_leaf *change,
                                   struct sotto_mls_leaf_keys *keys,
                                   struct sotto_writer *w, size_t *start)
{
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err;

    (void)sotto_mls_tree_leaf_node(&group->tree, group->me, &leaf);
    leaf.source = SOTTO_MLS_LEAF_UPDATE;
    err = sotto_mls_leaf_renew(group, client, change, &leaf, keys, w);
    if (err != SOTTO_OK) {
        return err;
    }
    *start = w->len;
    sotto_write_u16(w, SOTTO_MLS_PROPOSAL_UPDATE);
    return sotto_mls_leaf_make(group->suite, keys->signature, &leaf,
                               group->context.group_id, group->me, w);
}

static enum sotto_err write_psk(const struct sotto_mls_suite *suite,
                                const struct sotto_mls_client *client,
                                const struct sotto_mls_psk_id *id,
                                struct sotto_writer *w)
{
    struct sotto_mls_proposal proposal = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                          .psk = *id};
    uint8_t nonce[SOTTO_MLS_HASH_MAX];
    enum sotto_err err = SOTTO_OK;

    if (id->nonce.len == 0) {
        err = client->random->fill(client->random->ctx, nonce, suite->hash_len);
        proposal.psk.nonce = (struct sotto_span){nonce, suite->hash_len};
    }
    if (err == SOTTO_OK) {
        sotto_mls_write_proposal(w, &proposal);
    }
    return err;
}

enum sotto_err sotto_mls_proposal_write(const struct sotto_mls_suite *suite,
                                        const struct sotto_mls_client *client,
                                        const struct sotto_mls_change *change,
                                        struct sotto_writer *w)
{
    struct sotto_mls_proposal proposal = {.type = change->type};

    switch (change->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        sotto_write_u16(w, change->type);
        sotto_write_bytes(w, change->bytes.at, change->bytes.len);
        return SOTTO_OK;
    case SOTTO_MLS_PROPOSAL_PSK:
        return write_psk(suite, client, &change->psk, w);
    case SOTTO_MLS_PROPOSAL_REMOVE:
        proposal.remove = change->leaf;
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        proposal.reinit =
            (struct sotto_mls_reinit){.group_id = change->bytes,
                                      .version = SOTTO_MLS_VERSION_10,
                                      .cipher_suite = change->cipher_suite,
                                      .extensions = change->extensions};
        break;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        proposal.extensions = change->bytes;
        break;
    default:
        return SOTTO_ERR_FORMAT;
    }
    sotto_mls_write_proposal(w, &proposal);
    return SOTTO_OK;
}

/* Reads what was written. Our own leaf node needs no verification. */
static enum sotto_err check_written(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    struct sotto_span written,
                                    struct sotto_mls_sender sender)
{
    struct sotto_mls_proposal proposal;
    enum sotto_err err = sotto_mls_proposal_decode(written, &proposal);

    if (err == SOTTO_OK && proposal.type == SOTTO_MLS_PROPOSAL_UPDATE) {
        return sotto_mls_leaf_check(group->suite, &proposal.update,
                                    SOTTO_MLS_LEAF_UPDATE,
                                    group->context.extensions, client->now);
    }
    return err == SOTTO_OK
               ? sotto_mls_proposal_check(group, client, &proposal, sender)
               : err;
}

enum sotto_err sotto_mls_change_write(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_change *change,
                                      struct sotto_mls_sender sender,
                                      struct sotto_mls_leaf_keys *keys,
                                      struct sotto_writer *w,
                                      struct sotto_span *out)
{
    size_t start = w->len;
    enum sotto_err err;

    if (change->type != SOTTO_MLS_PROPOSAL_UPDATE) {
        err = sotto_mls_proposal_write(group->suite, client, change, w);
    } else if (keys == NULL) {
        err = SOTTO_ERR_FORMAT;
    } else {
        err = write_update(group, client, change->leaf_node, keys, w, &start);
    }
    if (err == SOTTO_OK && w->bad) {
        err = SOTTO_ERR_SPACE;
    }
    *out = (struct sotto_span){w->out + start, w->len - start};
    return err == SOTTO_OK ? check_written(group, client, *out, sender) : err;
}

static enum sotto_err propose(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_sending *how,
                              struct sotto_span proposal,
                              const struct sotto_mls_leaf_keys *keys,
                              struct sotto_mls_buffer *out)
{
    struct sotto_mls_authenticated_content message;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    const struct sotto_span ref = {reference, group->suite->hash_len};
    enum sotto_err err = sotto_mls_waiting_check(group, proposal);

    sotto_mls_frame(group, how, SOTTO_MLS_CONTENT_PROPOSAL, proposal, &message);
    if (err == SOTTO_OK) {
        err = sign(group, &message, signature);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_seal(group, client, &message, how->padding, out);
    }
    if (err == SOTTO_OK) {
        sotto_mls_proposal_ref(group->suite, &message, reference);
    }
    if (err == SOTTO_OK && sotto_mls_waiting_find(group, ref) == NULL) {
        sotto_mls_waiting_add(group, reference, message.content.sender,
                              proposal, keys);
    }
    return err;
}

enum sotto_err sotto_mls_propose(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 const struct sotto_mls_sending *how,
                                 const struct sotto_mls_change *change,
                                 struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_MEMBER, group->me};
    struct sotto_mls_leaf_keys keys = {{0}, {0}};
    struct sotto_mls_work *work;
    struct sotto_span proposal;
    struct sotto_writer w;
    enum sotto_err err;

    err = sotto_mls_work_begin(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_writer_init(&w, work->text, work->text_max);
    err =
        sotto_mls_change_write(group, client, change, me, &keys, &w, &proposal);
    if (err == SOTTO_OK) {
        err = propose(group, client, how, proposal, &keys, out);
    }
    sotto_wipe(&keys, sizeof keys);
    sotto_mls_work_wipe(work);
    return err;
}

void sotto_mls_ignore_proposals(struct sotto_mls_group *group)
{
    for (uint32_t i = 0; i < group->waiting_count; i++) {
        group->waiting[i].is_ignored = true;
    }
}
