/*
 * commit_make.c - commits of our own (RFC 9420 12.4.1).
 *
 * The next epoch is made in the work and thrown away again: the group stays
 * where it is until the commit is known to be the one that everybody takes.
 * `pending` has what is needed to come there without another curve operation:
 *
 *     private keys of our path (treekem.h); signature key; commit_secret;
 *     AuthenticatedContent
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/content.h"
#include "core/mls/group.h"
#include "core/mls/tie.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_hash.h"
#include <string.h>

/* ------------------------------------------------------------- the proposals */

enum sotto_err sotto_mls_make_list(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work,
                                   struct sotto_mls_sender sender,
                                   const struct sotto_mls_plan *plan)
{
    struct sotto_writer *w = &work->writer;
    enum sotto_err err = SOTTO_OK;

    for (size_t i = 0; i < plan->count && err == SOTTO_OK; i++) {
        struct sotto_span proposal;

        err = sotto_mls_change_write(group, client, &plan->changes[i], sender,
                                     NULL, w, &proposal);
        if (err == SOTTO_OK) {
            err = sotto_mls_list_add(group, work, proposal, sender);
        }
    }
    return err;
}

static size_t item_len(const struct sotto_mls_group *group,
                       const struct sotto_mls_listed *item)
{
    return 1 + (item->waiting != NULL ? sotto_vector_len(group->suite->hash_len)
                                      : item->proposal.len);
}

/* `ProposalOrRef proposals<V>`. */
static void write_list(const struct sotto_mls_group *group,
                       struct sotto_mls_work *work)
{
    struct sotto_writer *w = &work->writer;
    size_t len = 0;

    for (uint32_t i = 0; i < work->list_count; i++) {
        len += item_len(group, &work->list[i]);
    }
    sotto_write_varint(w, len);
    for (uint32_t i = 0; i < work->list_count; i++) {
        const struct sotto_mls_listed *item = &work->list[i];

        if (item->waiting != NULL) {
            sotto_write_u8(w, SOTTO_MLS_BY_REFERENCE);
            sotto_write_vector(w, item->waiting->reference,
                               group->suite->hash_len);
        } else {
            sotto_write_u8(w, SOTTO_MLS_BY_VALUE);
            sotto_write_bytes(w, item->proposal.at, item->proposal.len);
        }
    }
}

/* ------------------------------------------------------------------ the path */

/* Our leaf node with its new key and parent hash. */
static enum sotto_err make_leaf(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                struct sotto_mls_work *work,
                                const struct sotto_mls_new_leaf *change,
                                struct sotto_span *out)
{
    struct sotto_writer *w = &work->writer;
    struct sotto_mls_leaf_node leaf;
    struct sotto_mls_leaf_keys keys;
    enum sotto_err err;
    size_t start;

    (void)sotto_mls_tree_leaf_node(&work->draft, group->me, &leaf);
    leaf.source = SOTTO_MLS_LEAF_COMMIT;
    leaf.parent_hash =
        (struct sotto_span){work->path.parent_hash, work->path.parent_hash_len};
    err = sotto_mls_leaf_renew(group, client, change, &leaf, &keys, w);
    start = w->len;
    if (err == SOTTO_OK) {
        err = sotto_mls_leaf_make(group->suite, keys.signature, &leaf,
                                  group->context.group_id, group->me, w);
    }
    *out = (struct sotto_span){w->out + start, w->len - start};
    if (err == SOTTO_OK) {
        memcpy(work->keys.keys[0], keys.encryption, sizeof keys.encryption);
        memcpy(work->signature_key, keys.signature, sizeof keys.signature);
        work->keys.held |= 1U;
    }
    sotto_wipe(&keys, sizeof keys);
    return err;
}

static enum sotto_err make_path(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                struct sotto_mls_work *work,
                                const struct sotto_mls_new_leaf *change,
                                struct sotto_span *leaf)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    enum sotto_err err = client->random->fill(client->random->ctx, secret,
                                              group->suite->hash_len);

    if (err == SOTTO_OK) {
        err = sotto_mls_path_generate(&work->draft, group->me, secret,
                                      &work->path);
    }
    sotto_wipe(secret, sizeof secret);
    if (err != SOTTO_OK) {
        return err;
    }
    work->keys = work->path.keys;
    memcpy(work->commit_secret, work->path.commit_secret,
           sizeof work->commit_secret);
    err = make_leaf(group, client, work, change, leaf);
    return err == SOTTO_OK
               ? sotto_mls_tree_set_leaf(&work->draft, group->me, *leaf)
               : err;
}

enum sotto_err sotto_mls_make_tree(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work, bool with_path,
                                   const struct sotto_mls_new_leaf *change,
                                   struct sotto_span *leaf)
{
    enum sotto_err err = SOTTO_OK;

    *leaf = (struct sotto_span){NULL, 0};
    work->keys = group->keys;
    if (with_path) {
        err = make_path(group, client, work, change, leaf);
    }
    if (err == SOTTO_OK && (change != NULL || work->is_joining)) {
        err = sotto_mls_list_check_tree(group, client,
                                        work); /* our leaf is news */
    }
    if (err == SOTTO_OK) {
        sotto_mls_tree_rehash(&work->draft);
        sotto_mls_path_keys_prune(&work->keys, &work->draft, group->me);
    }
    return err;
}

/* ---------------------------------------------------------------- the message */

enum sotto_err sotto_mls_make_commit(const struct sotto_mls_group *group,
                                     const struct sotto_mls_client *client,
                                     struct sotto_mls_work *work,
                                     struct sotto_span leaf,
                                     struct sotto_span *out)
{
    struct sotto_writer *w = &work->writer;
    size_t start = w->len;
    enum sotto_err err = SOTTO_OK;

    write_list(group, work);
    sotto_write_u8(w, leaf.len > 0 ? 1 : 0);
    if (leaf.len > 0) {
        sotto_write_bytes(w, leaf.at, leaf.len);
        err = sotto_mls_next_context(group, work,
                                     group->context.confirmed_transcript_hash);
        if (err == SOTTO_OK) {
            err = sotto_mls_path_encrypt(&work->draft, group->me,
                                         &work->path.secrets,
                                         (struct sotto_span){work->context,
                                                             work->context_len},
                                         client->random, w);
        }
    }
    if (err == SOTTO_OK && w->bad) {
        err = SOTTO_ERR_SPACE;
    }
    *out = (struct sotto_span){w->out + start, w->len - start};
    return err;
}

enum sotto_err sotto_mls_make_epoch(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    struct sotto_mls_work *work,
    struct sotto_mls_authenticated_content *message)
{
    const struct sotto_mls_suite *suite = group->suite;
    struct sotto_span interim = {group->interim_hash, suite->hash_len};
    struct sotto_span confirmed = {work->confirmed_hash, suite->hash_len};
    size_t len = 0;
    enum sotto_err err =
        sotto_mls_content_sign(suite, group->signature_key, message,
                               sotto_mls_group_context_span(group),
                               work->signature, &len);

    if (err != SOTTO_OK) {
        return err;
    }
    message->auth.signature = (struct sotto_span){work->signature, len};
    sotto_mls_confirmed_hash(suite, interim, message, work->confirmed_hash);
    err = sotto_mls_list_psk_secret(group, client, work);
    if (err == SOTTO_OK && !work->is_joining) {
        err = sotto_mls_next_init(group, work);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_next_context(group, work, confirmed);
    }
    if (err == SOTTO_OK) {
        sotto_mls_next_secrets(group, work);
        sotto_mls_confirmation_tag(suite, work->secrets.confirmation_key,
                                   confirmed, work->confirmation_tag);
        message->auth.confirmation_tag =
            (struct sotto_span){work->confirmation_tag, suite->hash_len};
        sotto_mls_interim_hash(suite, confirmed, message->auth.confirmation_tag,
                               work->interim_hash);
    }
    return err;
}

/* ------------------------------------------------------------------ pending */

static enum sotto_err write_pending(
    const struct sotto_mls_group *group, const struct sotto_mls_work *work,
    const struct sotto_mls_authenticated_content *message,
    struct sotto_mls_buffer *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out->at, out->cap);
    sotto_mls_path_keys_write(&w, group->suite, &work->keys);
    sotto_write_bytes(&w, work->signature_key,
                      group->suite->signature_private_len);
    sotto_write_bytes(&w, work->commit_secret, group->suite->hash_len);
    sotto_mls_write_authenticated_content(&w, message);
    return sotto_writer_finish(&w, &out->len);
}

static enum sotto_err read_pending(
    const struct sotto_mls_group *group, struct sotto_span pending,
    struct sotto_mls_own_commit *own,
    struct sotto_mls_authenticated_content *message)
{
    struct sotto_reader r = sotto_mls_items(pending);

    memset(own, 0, sizeof *own);
    sotto_mls_path_keys_read(&r, group->suite, &own->keys);
    sotto_read_bytes(&r, own->signature_key,
                     group->suite->signature_private_len);
    sotto_read_bytes(&r, own->commit_secret, group->suite->hash_len);
    sotto_mls_read_authenticated_content(&r, message);
    return sotto_reader_finish(&r);
}

static bool is_of_now(const struct sotto_mls_group *group,
                      const struct sotto_mls_framed_content *content)
{
    return content->content_type == SOTTO_MLS_CONTENT_COMMIT &&
           content->sender.type == SOTTO_MLS_SENDER_MEMBER &&
           content->sender.index == group->me &&
           content->epoch == group->context.epoch &&
           sotto_mls_same(content->group_id, group->context.group_id);
}

enum sotto_err sotto_mls_commit_accept(struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_span pending,
                                       struct sotto_mls_event *event)
{
    struct sotto_mls_authenticated_content message;
    struct sotto_mls_own_commit own;
    struct sotto_mls_work *work;
    uint32_t sender = group->me;
    enum sotto_err err;

    err = sotto_mls_work_begin(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    err = read_pending(group, pending, &own, &message);
    if (err == SOTTO_OK && !is_of_now(group, &message.content)) {
        err = SOTTO_ERR_REPLAY;
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_commit_process(group, client, work, &message, &own,
                                       &sender);
    }
    if (err == SOTTO_OK) {
        *event =
            (struct sotto_mls_event){.type = work->reinit.len > 0
                                                 ? SOTTO_MLS_EVENT_REINIT
                                                 : SOTTO_MLS_EVENT_COMMIT,
                                     .data = work->reinit,
                                     .is_member = true,
                                     .sender_type = SOTTO_MLS_SENDER_MEMBER,
                                     .sender = sender,
                                     .epoch = message.content.epoch,
                                     .authenticated_data =
                                         message.content.authenticated_data};
        sotto_mls_commit_apply(group, work);
        event->signature_key =
            sotto_mls_tree_signature_key(&group->tree, sender);
    }
    sotto_wipe(&own, sizeof own);
    sotto_mls_work_wipe(work);
    return err;
}

/* ------------------------------------------------------------------- making */

/* A group that comes from another one is seen to be what that makes of it. */
static enum sotto_err check_origin(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   const struct sotto_mls_work *work)
{
    struct sotto_mls_group_context context = group->context;
    struct sotto_mls_proposal proposal;

    context.epoch++;
    context.extensions = work->extensions;
    for (uint32_t i = 0; i < work->list_count; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_PSK &&
            sotto_mls_is_tie(&proposal.psk) && client->find_group != NULL) {
            return sotto_mls_tie_check(client, &proposal.psk, &context,
                                       &work->draft);
        }
    }
    return SOTTO_OK;
}

/* All of the commit, whose list is applied already; its protection comes last
 * because it changes the group: it takes a key. */
static enum sotto_err make(struct sotto_mls_group *group,
                           const struct sotto_mls_client *client,
                           struct sotto_mls_work *work,
                           const struct sotto_mls_plan *plan,
                           struct sotto_mls_made *made)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_MEMBER, group->me};
    bool with_path = plan->with_path || plan->leaf_node != NULL ||
                     sotto_mls_list_needs_path(work);
    struct sotto_mls_authenticated_content message;
    struct sotto_span leaf;
    struct sotto_span commit;
    enum sotto_err err = sotto_mls_list_check(work, me, with_path);

    if (err == SOTTO_OK) {
        err = sotto_mls_make_tree(group, client, work, with_path,
                                  plan->leaf_node, &leaf);
    }
    if (err == SOTTO_OK) {
        err = check_origin(group, client, work);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_make_commit(group, client, work, leaf, &commit);
    }
    if (err == SOTTO_OK) {
        sotto_mls_frame(group, &plan->how, SOTTO_MLS_CONTENT_COMMIT, commit,
                        &message);
        err = sotto_mls_make_epoch(group, client, work, &message);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_welcome_write(group, client, work, plan->with_tree,
                                      &made->welcome);
    }
    if (err == SOTTO_OK) {
        err = write_pending(group, work, &message, &made->pending);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_seal(group, client, &message, plan->how.padding,
                             &made->message);
    }
    return err;
}

enum sotto_err sotto_mls_commit_make(struct sotto_mls_group *group,
                                     const struct sotto_mls_client *client,
                                     const struct sotto_mls_plan *plan,
                                     struct sotto_mls_made *made)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_MEMBER, group->me};
    struct sotto_mls_work *work;
    enum sotto_err err;

    err = sotto_mls_work_begin(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_writer_init(&work->writer, work->text, work->text_max);
    err = sotto_mls_make_list(group, client, work, me, plan);
    if (err == SOTTO_OK) {
        err = sotto_mls_list_waiting(group, client, work);
    }
    if (err == SOTTO_OK) {
        err = make(group, client, work, plan, made);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(made->pending.at, made->pending.cap);
    }
    sotto_mls_work_wipe(work);
    return err;
}
