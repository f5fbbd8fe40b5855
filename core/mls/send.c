/*
 * send.c - application messages and proposals of our own (RFC 9420 6, 12.1,
 * 15).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/group.h"
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
    struct sotto_writer w;
    enum sotto_err err;

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
    sotto_mls_frame(group, how, SOTTO_MLS_CONTENT_APPLICATION, data, &message);
    err = sign(group, &message, signature);
    if (err == SOTTO_OK) {
        err = sotto_mls_seal(group, client, &message, how->padding, out);
    }
    return err;
}

/* ----------------------------------------------------------------- proposals */

/* Our leaf node with a fresh key. */
static enum sotto_err write_update(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   uint8_t *private_key, struct sotto_writer *w)
{
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = sotto_mls_fresh_key(group->suite, client->random,
                                             private_key, public_key);

    if (err != SOTTO_OK) {
        return err;
    }
    (void)sotto_mls_tree_leaf_node(&group->tree, group->me, &leaf);
    leaf.encryption_key =
        (struct sotto_span){public_key, group->suite->public_len};
    leaf.source = SOTTO_MLS_LEAF_UPDATE;
    sotto_write_u16(w, SOTTO_MLS_PROPOSAL_UPDATE);
    return sotto_mls_leaf_make(group->suite, group->signature_key, &leaf,
                               group->context.group_id, group->me, w);
}

static enum sotto_err write_psk(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                const struct sotto_mls_psk_id *id,
                                struct sotto_writer *w)
{
    struct sotto_mls_proposal proposal = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                          .psk = *id};
    uint8_t nonce[SOTTO_MLS_HASH_MAX];
    enum sotto_err err = SOTTO_OK;

    if (id->nonce.len == 0) {
        err = client->random->fill(client->random->ctx, nonce,
                                   group->suite->hash_len);
        proposal.psk.nonce = (struct sotto_span){nonce, group->suite->hash_len};
    }
    if (err == SOTTO_OK) {
        sotto_mls_write_proposal(w, &proposal);
    }
    return err;
}

static enum sotto_err write_proposal(const struct sotto_mls_group *group,
                                     const struct sotto_mls_client *client,
                                     const struct sotto_mls_change *change,
                                     uint8_t *private_key,
                                     struct sotto_writer *w)
{
    struct sotto_mls_proposal proposal = {.type = change->type};

    switch (change->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        sotto_write_u16(w, change->type);
        sotto_write_bytes(w, change->bytes.at, change->bytes.len);
        return SOTTO_OK;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        return private_key == NULL
                   ? SOTTO_ERR_FORMAT
                   : write_update(group, client, private_key, w);
    case SOTTO_MLS_PROPOSAL_PSK:
        return write_psk(group, client, &change->psk, w);
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

enum sotto_err sotto_mls_change_write(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_change *change,
                                      struct sotto_mls_sender sender,
                                      uint8_t *private_key,
                                      struct sotto_writer *w)
{
    size_t start = w->len;
    struct sotto_mls_proposal proposal;
    struct sotto_reader r;
    enum sotto_err err = write_proposal(group, client, change, private_key, w);

    if (err == SOTTO_OK && w->bad) {
        err = SOTTO_ERR_SPACE;
    }
    if (err != SOTTO_OK || change->type == SOTTO_MLS_PROPOSAL_UPDATE) {
        return err; /* what we signed just now needs no check */
    }
    sotto_reader_init(&r, w->out + start, w->len - start);
    sotto_mls_read_proposal(&r, &proposal);
    err = sotto_reader_finish(&r);
    return err == SOTTO_OK
               ? sotto_mls_proposal_check(group, client, &proposal, sender)
               : err;
}

static enum sotto_err propose(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_sending *how,
                              struct sotto_span proposal,
                              const uint8_t *private_key,
                              struct sotto_mls_buffer *out)
{
    struct sotto_mls_authenticated_content message;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    uint8_t reference[SOTTO_MLS_HASH_MAX];
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
        sotto_mls_waiting_add(group, reference, message.content.sender,
                              proposal, private_key);
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
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX] = {0};
    struct sotto_mls_work *work;
    struct sotto_writer w;
    enum sotto_err err;

    if (group->state != SOTTO_MLS_GROUP_ACTIVE) {
        return SOTTO_ERR_DENIED;
    }
    err = sotto_mls_work_init(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_writer_init(&w, work->text, work->text_max);
    err = sotto_mls_change_write(group, client, change, me, private_key, &w);
    if (err == SOTTO_OK) {
        err = propose(group, client, how, (struct sotto_span){w.out, w.len},
                      private_key, out);
    }
    sotto_wipe(private_key, sizeof private_key);
    sotto_mls_work_wipe(work);
    return err;
}

void sotto_mls_forget_proposals(struct sotto_mls_group *group)
{
    sotto_mls_group_forget_waiting(group);
}
