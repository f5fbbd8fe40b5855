/*
 * receive.c - messages to a group (RFC 9420 6, 12.1.8, 15).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/group.h"

/* One message on its way. */
struct incoming {
    struct sotto_mls_message message;
    struct sotto_mls_authenticated_content content;
    struct sotto_mls_message_key key; /* of a PrivateMessage */
    bool is_private;
    struct sotto_mls_past_epoch *past; /* that it is of; NULL: of this one */
    struct sotto_span signature_key;   /* the sender's */
};

/* ------------------------------------------------------------ unprotecting */

static enum sotto_err check_epoch(const struct sotto_mls_group *group,
                                  struct sotto_span group_id, uint64_t epoch)
{
    if (!sotto_mls_same(group_id, group->context.group_id)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (epoch != group->context.epoch) {
        return epoch < group->context.epoch ? SOTTO_ERR_REPLAY
                                            : SOTTO_ERR_AGAIN;
    }
    return group->state == SOTTO_MLS_GROUP_ACTIVE ? SOTTO_OK : SOTTO_ERR_DENIED;
}

static enum sotto_err unprotect_public(const struct sotto_mls_group *group,
                                       struct incoming *in)
{
    const struct sotto_mls_public_message *message =
        &in->message.public_message;
    enum sotto_err err =
        check_epoch(group, message->content.group_id, message->content.epoch);

    if (err != SOTTO_OK) {
        return err;
    }
    return sotto_mls_public_unprotect(group->suite,
                                      group->secrets.membership_key, message,
                                      sotto_mls_group_context_span(group),
                                      &in->content);
}

/* Application data may be of an epoch that is over (15.3). */
static enum sotto_err unprotect_private(struct sotto_mls_group *group,
                                        struct sotto_mls_work *work,
                                        struct incoming *in)
{
    const struct sotto_mls_private_message *message =
        &in->message.private_message;
    const uint8_t *sender_data_secret = group->secrets.sender_data_secret;
    const struct sotto_mls_secret_tree *tree = &group->secret_tree;
    enum sotto_err err = check_epoch(group, message->group_id, message->epoch);

    if (err == SOTTO_ERR_REPLAY &&
        message->content_type == SOTTO_MLS_CONTENT_APPLICATION) {
        in->past = sotto_mls_past_find(group, message->epoch);
    }
    if (in->past != NULL) {
        sender_data_secret = in->past->sender_data_secret;
        tree = &in->past->secret_tree;
    } else if (err != SOTTO_OK) {
        return err;
    }
    in->is_private = true;
    return sotto_mls_private_unprotect(group->suite, sender_data_secret, tree,
                                       message, work->text, work->text_max,
                                       &in->content, &in->key);
}

static enum sotto_err unprotect(struct sotto_mls_group *group,
                                struct sotto_mls_work *work,
                                struct sotto_span message, struct incoming *in)
{
    struct sotto_reader r = sotto_mls_items(message);
    enum sotto_err err;

    if (message.len > group->config.message_len) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_mls_read_message(&r, &in->message);
    err = sotto_reader_finish(&r);
    if (err != SOTTO_OK) {
        return err;
    }
    switch (in->message.wire_format) {
    case SOTTO_MLS_WIRE_PUBLIC_MESSAGE:
        return unprotect_public(group, in);
    case SOTTO_MLS_WIRE_PRIVATE_MESSAGE:
        return unprotect_private(group, work, in);
    default: /* not for a group */
        return SOTTO_ERR_FORMAT;
    }
}

/* ------------------------------------------------------- whose signature (6.1) */

/* Empty when there is no such sender. */
static struct sotto_span sender_key(const struct sotto_mls_group *group,
                                    const struct incoming *in)
{
    const struct sotto_mls_framed_content *content = &in->content.content;
    const struct sotto_span none = {NULL, 0};
    struct sotto_reader r = sotto_mls_items(content->content);
    struct sotto_mls_proposal proposal;
    struct sotto_mls_commit commit;

    if (in->past != NULL) {
        return sotto_mls_past_signer(in->past, content->sender.index);
    }
    switch ((enum sotto_mls_sender_type)content->sender.type) {
    case SOTTO_MLS_SENDER_MEMBER:
        return sotto_mls_tree_signature_key(&group->tree,
                                            content->sender.index);
    case SOTTO_MLS_SENDER_EXTERNAL:
        return sotto_mls_external_key(group->context.extensions,
                                      content->sender.index);
    case SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL:
        return sotto_mls_proposal_decode(content->content, &proposal) ==
                           SOTTO_OK &&
                       proposal.type == SOTTO_MLS_PROPOSAL_ADD
                   ? proposal.add.leaf_node.signature_key
                   : none;
    case SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT:
        sotto_mls_read_commit(&r, &commit);
        return !r.bad && commit.has_path ? commit.path.leaf_node.signature_key
                                         : none;
    }
    return none;
}

static enum sotto_err verify(const struct sotto_mls_group *group,
                             struct incoming *in)
{
    struct sotto_span context = sotto_mls_group_context_span(group);

    in->signature_key = sender_key(group, in);
    if (in->signature_key.len == 0) {
        return SOTTO_ERR_FORMAT;
    }
    if (in->past != NULL) {
        context = (struct sotto_span){in->past->context, in->past->context_len};
    }
    return sotto_mls_content_verify(group->suite, in->signature_key,
                                    &in->content, context);
}

/* ------------------------------------------------------------------- contents */

static void take_application(const struct incoming *in,
                             struct sotto_mls_event *event)
{
    event->type = SOTTO_MLS_EVENT_APPLICATION;
    event->data = in->content.content.content;
}

static enum sotto_err take_proposal(struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    const struct incoming *in,
                                    struct sotto_mls_event *event)
{
    const struct sotto_mls_framed_content *content = &in->content.content;
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    struct sotto_span ref = {reference, group->suite->hash_len};
    struct sotto_mls_proposal proposal;
    enum sotto_err err = SOTTO_ERR_FORMAT;

    sotto_mls_proposal_ref(group->suite, &in->content, reference);
    if (sotto_mls_waiting_find(group, ref) != NULL) {
        return SOTTO_ERR_REPLAY;
    }
    if (sotto_mls_proposal_decode(content->content, &proposal) == SOTTO_OK) {
        if (proposal.type == SOTTO_MLS_PROPOSAL_UPDATE &&
            content->sender.index == group->me) {
            return SOTTO_ERR_REPLAY; /* ours, whose key was given up */
        }
        err =
            sotto_mls_proposal_check(group, client, &proposal, content->sender);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_allowed(group, client, content->content,
                                      content->sender);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_waiting_check(group, content->content);
    }
    if (err == SOTTO_OK) {
        sotto_mls_waiting_add(group, reference, content->sender,
                              content->content, NULL);
        event->type = SOTTO_MLS_EVENT_PROPOSAL;
        event->data = content->content;
    }
    return err;
}

/* Deletes the key that a message was opened with (9.2). */
static void consume_key(struct sotto_mls_group *group,
                        const struct incoming *in)
{
    if (in->is_private) {
        sotto_mls_secret_tree_consume(in->past != NULL ? &in->past->secret_tree
                                                       : &group->secret_tree,
                                      &in->key);
    }
}

static enum sotto_err take_commit(struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  struct sotto_mls_work *work,
                                  const struct incoming *in,
                                  struct sotto_mls_event *event)
{
    struct sotto_mls_sender sender = in->content.content.sender;
    enum sotto_err err;

    if (sender.type == SOTTO_MLS_SENDER_MEMBER && sender.index == group->me) {
        return SOTTO_ERR_REPLAY; /* ours is taken over when it was accepted */
    }
    err = sotto_mls_commit_process(group, client, work, &in->content, NULL,
                                   &event->sender);
    if (err != SOTTO_OK) {
        return err;
    }
    event->type =
        work->is_removed ? SOTTO_MLS_EVENT_REMOVED : SOTTO_MLS_EVENT_COMMIT;
    if (work->reinit.len > 0) {
        event->type = SOTTO_MLS_EVENT_REINIT;
        event->data = work->reinit;
    }
    if (group->config.past_epochs > 0) {
        consume_key(group, in); /* otherwise all keys of the epoch go */
    }
    sotto_mls_commit_apply(group, work);
    event->signature_key = /* that of before is gone */
        sotto_mls_tree_signature_key(&group->tree, event->sender);
    return SOTTO_OK;
}

static enum sotto_err take_content(struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work,
                                   const struct incoming *in,
                                   struct sotto_mls_event *event)
{
    const struct sotto_mls_framed_content *content = &in->content.content;
    enum sotto_err err;

    *event = (struct sotto_mls_event){.is_member = content->sender.type ==
                                                   SOTTO_MLS_SENDER_MEMBER,
                                      .sender_type = content->sender.type,
                                      .sender = content->sender.index,
                                      .epoch = content->epoch,
                                      .signature_key = in->signature_key,
                                      .authenticated_data =
                                          content->authenticated_data};
    switch ((enum sotto_mls_content_type)content->content_type) {
    case SOTTO_MLS_CONTENT_APPLICATION:
        take_application(in, event);
        consume_key(group, in);
        return SOTTO_OK;
    case SOTTO_MLS_CONTENT_PROPOSAL:
        err = take_proposal(group, client, in, event);
        if (err == SOTTO_OK) {
            consume_key(group, in);
        }
        return err;
    case SOTTO_MLS_CONTENT_COMMIT:
        return take_commit(group, client, work, in, event);
    }
    return SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_mls_receive(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 struct sotto_span message,
                                 struct sotto_mls_event *event)
{
    struct incoming in = {.is_private = false};
    struct sotto_mls_event taken;
    struct sotto_mls_work *work;
    enum sotto_err err;

    if (group->state == SOTTO_MLS_GROUP_EMPTY) {
        return SOTTO_ERR_DENIED;
    }
    err = sotto_mls_work_init(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    err = unprotect(group, work, message, &in);
    if (err == SOTTO_OK) {
        err = verify(group, &in);
    }
    if (err == SOTTO_OK) {
        err = take_content(group, client, work, &in, &taken);
    }
    if (err == SOTTO_OK) {
        *event = taken;
    } else {
        sotto_wipe(work->text, in.is_private ? message.len : 0);
    }
    sotto_mls_message_key_wipe(&in.key);
    sotto_mls_work_wipe(work);
    return err;
}
