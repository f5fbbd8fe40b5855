/*
 * commit.c - from one epoch to the next (RFC 9420 12.4.2).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include <string.h>

/* ---------------------------------------------------------- the path's leaf */

/* The leaf that a joiner takes the place of, otherwise NONE. */
static uint32_t find_replaced(const struct sotto_mls_work *work)
{
    struct sotto_mls_proposal proposal;

    for (uint32_t i = 0; i < work->list_count; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_REMOVE) {
            return proposal.remove;
        }
    }
    return SOTTO_MLS_NONE;
}

/* Checks the leaf node of a path; `old` is the leaf that it replaces. */
static enum sotto_err check_path_leaf(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_work *work,
                                      const struct sotto_mls_leaf_node *leaf,
                                      uint32_t at, uint32_t old)
{
    struct sotto_mls_leaf_node replaced;
    bool replaces = old != SOTTO_MLS_NONE &&
                    sotto_mls_tree_leaf_node(&group->tree, old, &replaced);
    enum sotto_err err =
        sotto_mls_leaf_check(group->suite, leaf, SOTTO_MLS_LEAF_COMMIT,
                             work->extensions, client->now);

    if (err == SOTTO_OK && replaces &&
        sotto_mls_same(leaf->encryption_key, replaced.encryption_key)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_leaf_verify(group->suite, leaf, group->context.group_id,
                                    at);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_client(client, leaf, replaces ? &replaced : NULL);
    }
    return err;
}

/* Checks the path's leaf, and its keys, and finds where the leaf goes: a joiner
 * takes the leftmost blank one (12.4.3.2). */
static enum sotto_err place_committer(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      struct sotto_mls_work *work,
                                      const struct sotto_mls_commit *commit,
                                      bool is_joining, uint32_t *leaf)
{
    uint32_t old = *leaf;
    enum sotto_err err = SOTTO_OK;

    if (is_joining) {
        old = find_replaced(work);
        err =
            sotto_mls_tree_add(&work->draft, commit->path.leaf_node.raw, leaf);
    }
    if (err == SOTTO_OK) {
        err = check_path_leaf(group, client, work, &commit->path.leaf_node,
                              *leaf, old);
    }
    return err == SOTTO_OK ? sotto_mls_path_check(group->suite, &commit->path)
                           : err;
}

/* ------------------------------------------------------ context and secrets */

enum sotto_err sotto_mls_next_context(const struct sotto_mls_group *group,
                                      struct sotto_mls_work *work,
                                      struct sotto_span confirmed_hash)
{
    struct sotto_mls_group_context context = group->context;
    struct sotto_writer w;

    if (context.epoch == UINT64_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    context.epoch++;
    context.tree_hash = (struct sotto_span){sotto_mls_tree_hash(&work->draft),
                                            group->suite->hash_len};
    context.confirmed_transcript_hash = confirmed_hash;
    context.extensions = work->extensions;
    sotto_writer_init(&w, work->context, work->context_max);
    sotto_mls_write_group_context(&w, &context);
    return sotto_writer_finish(&w, &work->context_len);
}

void sotto_mls_next_secrets(const struct sotto_mls_group *group,
                            struct sotto_mls_work *work)
{
    const struct sotto_mls_suite *suite = group->suite;
    struct sotto_span context = {work->context, work->context_len};
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];

    sotto_mls_joiner_secret(suite, work->init_secret, work->commit_secret,
                            context, work->joiner_secret);
    sotto_mls_member_secret(suite, work->joiner_secret, work->psk_secret,
                            work->member_secret);
    sotto_mls_epoch_secret(suite, work->member_secret, context, epoch_secret);
    sotto_mls_epoch_derive(suite, epoch_secret, &work->secrets,
                           work->encryption_secret);
    sotto_wipe(epoch_secret, sizeof epoch_secret);
}

enum sotto_err sotto_mls_next_confirm(const struct sotto_mls_group *group,
                                      struct sotto_mls_work *work,
                                      struct sotto_span confirmed_hash,
                                      struct sotto_span tag)
{
    const struct sotto_mls_suite *suite = group->suite;
    enum sotto_err err =
        sotto_mls_confirmation_check(suite, work->secrets.confirmation_key,
                                     confirmed_hash, tag);

    if (err == SOTTO_OK) {
        memcpy(work->confirmation_tag, tag.at, suite->hash_len);
        sotto_mls_interim_hash(suite, confirmed_hash, tag, work->interim_hash);
    }
    return err;
}

enum sotto_err sotto_mls_next_init(const struct sotto_mls_group *group,
                                   struct sotto_mls_work *work)
{
    struct sotto_mls_proposal proposal;

    for (uint32_t i = 0; i < work->list_count; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_EXTERNAL_INIT) {
            return sotto_mls_external_init_receive(
                group->suite, group->secrets.external_secret,
                proposal.external_init, work->init_secret);
        }
    }
    memcpy(work->init_secret, group->secrets.init_secret,
           sizeof work->init_secret);
    return SOTTO_OK;
}

/* commit_secret, and our private keys in the new tree. The path is encrypted
 * under the new GroupContext with the old confirmed hash (12.4.2). */
static enum sotto_err take_path(const struct sotto_mls_group *group,
                                struct sotto_mls_work *work,
                                const struct sotto_mls_commit *commit,
                                uint32_t committer,
                                const struct sotto_mls_own_commit *own)
{
    enum sotto_err err;

    if (own != NULL) {
        work->keys = own->keys;
        memcpy(work->signature_key, own->signature_key,
               sizeof own->signature_key);
        memcpy(work->commit_secret, own->commit_secret,
               sizeof work->commit_secret);
        sotto_mls_path_keys_prune(&work->keys, &work->draft, group->me);
        return SOTTO_OK;
    }
    if (!commit->has_path) { /* commit_secret is all zeros */
        sotto_mls_path_keys_prune(&work->keys, &work->draft, group->me);
        return SOTTO_OK;
    }
    err = sotto_mls_next_context(group, work,
                                 group->context.confirmed_transcript_hash);
    if (err != SOTTO_OK) {
        return err;
    }
    return sotto_mls_path_decrypt(&work->draft, committer, &commit->path,
                                  group->me,
                                  (struct sotto_span){work->context,
                                                      work->context_len},
                                  &work->keys, work->commit_secret);
}

/* ----------------------------------------------------------------- processing */

/* The tree: proposals, then the public half of the path. */
static enum sotto_err change_tree(const struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  struct sotto_mls_work *work,
                                  const struct sotto_mls_commit *commit,
                                  struct sotto_mls_sender sender,
                                  const struct sotto_mls_own_commit *own,
                                  uint32_t *leaf)
{
    bool is_joining = sender.type == SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT;
    enum sotto_err err;

    sotto_mls_tree_draft(&work->draft, work->draft_memory, &group->tree);
    err = sotto_mls_list_apply(group, work);
    if (err == SOTTO_OK && commit->has_path && own == NULL) {
        err = place_committer(group, client, work, commit, is_joining, leaf);
    }
    if (err != SOTTO_OK || work->is_removed) {
        return err;
    }
    if (commit->has_path) {
        err = sotto_mls_path_merge(&work->draft, *leaf, &commit->path);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_list_check_tree(group, client, work);
    }
    if (err == SOTTO_OK) {
        sotto_mls_tree_rehash(&work->draft);
    }
    return err;
}

/* Transcript hashes, secrets, and whether the committer has the same. */
static enum sotto_err confirm(const struct sotto_mls_group *group,
                              struct sotto_mls_work *work,
                              const struct sotto_mls_authenticated_content *in)
{
    const struct sotto_mls_suite *suite = group->suite;
    struct sotto_span interim = {group->interim_hash, suite->hash_len};
    struct sotto_span confirmed = {work->confirmed_hash, suite->hash_len};
    enum sotto_err err;

    sotto_mls_confirmed_hash(suite, interim, in, work->confirmed_hash);
    err = sotto_mls_next_context(group, work, confirmed);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_mls_next_secrets(group, work);
    return sotto_mls_next_confirm(group, work, confirmed,
                                  in->auth.confirmation_tag);
}

enum sotto_err sotto_mls_commit_process(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    struct sotto_mls_work *work,
    const struct sotto_mls_authenticated_content *in,
    const struct sotto_mls_own_commit *own, uint32_t *committer)
{
    struct sotto_mls_sender sender = in->content.sender;
    struct sotto_reader r = sotto_mls_items(in->content.content);
    struct sotto_mls_commit commit;
    uint32_t leaf = sender.index;
    enum sotto_err err;

    sotto_mls_read_commit(&r, &commit);
    err = sotto_reader_finish(&r);
    work->keys = group->keys;
    if (err == SOTTO_OK) {
        err = sotto_mls_list_collect(group, client, work, &commit, sender,
                                     own != NULL);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_list_check(work, sender, commit.has_path);
    }
    if (err == SOTTO_OK) {
        err = change_tree(group, client, work, &commit, sender, own, &leaf);
    }
    if (err == SOTTO_OK) {
        *committer = leaf;
    }
    if (err != SOTTO_OK || work->is_removed) {
        return err;
    }
    err = sotto_mls_list_psk_secret(group, client, work);
    if (err == SOTTO_OK) {
        err = sotto_mls_next_init(group, work);
    }
    if (err == SOTTO_OK) {
        err = take_path(group, work, &commit, leaf, own);
    }
    return err == SOTTO_OK ? confirm(group, work, in) : err;
}

void sotto_mls_commit_apply(struct sotto_mls_group *group,
                            struct sotto_mls_work *work)
{
    if (work->is_removed) {
        sotto_mls_group_wipe(group);
        return;
    }
    if (group->state == SOTTO_MLS_GROUP_ACTIVE) { /* not while we join */
        sotto_mls_past_keep_epoch(group);
    }
    sotto_mls_tree_apply(&group->tree, &work->draft);
    sotto_mls_group_start_epoch(group, work);
}
