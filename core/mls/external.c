/*
 * external.c - joining from outside (RFC 9420 8.3, 12.4.3.2).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/group.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_validate.h"
#include <string.h>

/* ----------------------------------------------------------- for the outside */

enum sotto_err sotto_mls_group_info_make(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         bool with_tree,
                                         struct sotto_mls_buffer *out)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_mls_group_info_parts parts = {
        .tree = &group->tree,
        .with_tree = with_tree,
        .context = sotto_mls_group_context_span(group),
        .confirmation_tag = group->confirmation_tag,
        .signature_key = group->signature_key};
    struct sotto_writer w;
    enum sotto_err err;

    if (group->state != SOTTO_MLS_GROUP_ACTIVE) {
        return SOTTO_ERR_DENIED;
    }
    err = sotto_mls_external_key_pair(group->suite,
                                      group->secrets.external_secret,
                                      private_key, public_key);
    sotto_wipe(private_key, sizeof private_key);
    if (err == SOTTO_OK) {
        err = sotto_mls_grease(client, &parts.grease);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    parts.external_pub =
        (struct sotto_span){public_key, group->suite->public_len};
    sotto_writer_init(&w, out->at, out->cap);
    sotto_write_u16(&w, SOTTO_MLS_VERSION_10);
    sotto_write_u16(&w, SOTTO_MLS_WIRE_GROUP_INFO);
    err = sotto_mls_group_info_write(group, &parts, &w);
    return err == SOTTO_OK ? sotto_writer_finish(&w, &out->len) : err;
}

enum sotto_err sotto_mls_group_tree(const struct sotto_mls_group *group,
                                    struct sotto_mls_buffer *out)
{
    struct sotto_writer w;

    if (group->state != SOTTO_MLS_GROUP_ACTIVE) {
        return SOTTO_ERR_DENIED;
    }
    sotto_writer_init(&w, out->at, out->cap);
    sotto_mls_tree_write(&w, &group->tree);
    return sotto_writer_finish(&w, &out->len);
}

/* -------------------------------------------------------- what we are told */

/* What a joiner has in hand. */
struct outside {
    const struct sotto_mls_member_keys *keys;
    struct sotto_mls_key_package key_package;
    struct sotto_mls_group_info info;
    struct sotto_span external_pub;
};

static enum sotto_err read_info(struct outside *outside, struct sotto_span in)
{
    struct sotto_reader r = sotto_mls_items(in);
    struct sotto_mls_message message;
    struct sotto_span data;
    enum sotto_err err;

    sotto_mls_read_message(&r, &message);
    err = sotto_reader_finish(&r);
    if (err != SOTTO_OK || message.wire_format != SOTTO_MLS_WIRE_GROUP_INFO) {
        return SOTTO_ERR_FORMAT;
    }
    outside->info = message.group_info;
    if (!sotto_mls_find_extension(outside->info.extensions,
                                  SOTTO_MLS_EXTENSION_EXTERNAL_PUB, &data)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    r = sotto_mls_items(data);
    outside->external_pub = sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
    return sotto_reader_finish(&r);
}

static enum sotto_err read_key_package(struct outside *outside)
{
    struct sotto_reader r = sotto_mls_items(outside->keys->key_package);
    enum sotto_err err;

    sotto_mls_read_key_package(&r, &outside->key_package);
    err = sotto_reader_finish(&r);
    if (err == SOTTO_OK &&
        (outside->key_package.cipher_suite !=
             outside->info.context.cipher_suite ||
         outside->key_package.version != outside->info.context.version)) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

/* The epoch that the group is in now, as far as one sees it from outside. */
static enum sotto_err look_in(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              struct sotto_mls_work *work,
                              const struct outside *outside,
                              struct sotto_span tree)
{
    const struct sotto_mls_group_info *info = &outside->info;
    struct sotto_writer w;
    enum sotto_err err =
        sotto_mls_group_set_suite(group, info->context.cipher_suite);

    if (err != SOTTO_OK) {
        return err;
    }
    if (info->confirmation_tag.len != group->suite->hash_len) {
        return SOTTO_ERR_FORMAT;
    }
    sotto_writer_init(&w, work->context, work->context_max);
    sotto_mls_write_group_context(&w, &info->context);
    err = sotto_writer_finish(&w, &work->context_len);
    if (err == SOTTO_OK) {
        err = sotto_mls_join_tree(group, client, info, tree,
                                  (struct sotto_span){NULL, 0});
    }
    if (err == SOTTO_OK) {
        sotto_mls_group_set_context(group,
                                    (struct sotto_span){work->context,
                                                        work->context_len});
        work->extensions = group->context.extensions;
        sotto_mls_interim_hash(group->suite,
                               info->context.confirmed_transcript_hash,
                               info->confirmation_tag, group->interim_hash);
        memcpy(group->signature_key, outside->keys->signature_private,
               group->suite->signature_private_len);
        memcpy(work->signature_key, group->signature_key,
               sizeof work->signature_key);
    }
    return err;
}

/* ---------------------------------------------------------------- the commit */

static const struct sotto_mls_sender joiner = {
    SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT, 0};

/* ExternalInit, which tells the group our init_secret. */
static enum sotto_err list_init(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                struct sotto_mls_work *work,
                                const struct outside *outside)
{
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_mls_proposal proposal = {
        .type = SOTTO_MLS_PROPOSAL_EXTERNAL_INIT,
        .external_init = {kem_output, group->suite->kem_len}};
    struct sotto_writer *w = &work->writer;
    size_t start = w->len;
    enum sotto_err err =
        sotto_mls_external_init_send(group->suite, outside->external_pub,
                                     client->random, kem_output,
                                     work->init_secret);

    if (err != SOTTO_OK) {
        return err;
    }
    sotto_mls_write_proposal(w, &proposal);
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    return sotto_mls_list_add(group, work,
                              (struct sotto_span){w->out + start,
                                                  w->len - start},
                              joiner);
}

/* The draft, with us in it. */
static enum sotto_err step_in(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              struct sotto_mls_work *work,
                              const struct outside *outside,
                              struct sotto_span *leaf)
{
    enum sotto_err err =
        sotto_mls_leaf_check(group->suite, &outside->key_package.leaf_node, 0,
                             work->extensions, SOTTO_TIME_UNKNOWN);

    sotto_mls_tree_draft(&work->draft, work->draft_memory, &group->tree);
    if (err == SOTTO_OK) {
        err = sotto_mls_list_apply(group, work);
    }
    if (err == SOTTO_OK) {
        err =
            sotto_mls_tree_add(&work->draft, outside->key_package.leaf_node.raw,
                               &group->me);
    }
    return err == SOTTO_OK
               ? sotto_mls_make_tree(group, client, work, true, NULL, leaf)
               : err;
}

static enum sotto_err send(struct sotto_mls_group *group,
                           const struct sotto_mls_client *client,
                           struct sotto_mls_work *work,
                           const struct sotto_mls_plan *plan,
                           struct sotto_span leaf, struct sotto_mls_buffer *out)
{
    struct sotto_mls_sending how = plan->how;
    struct sotto_mls_authenticated_content message;
    struct sotto_span commit;
    enum sotto_err err =
        sotto_mls_make_commit(group, client, work, leaf, &commit);

    if (err != SOTTO_OK) {
        return err;
    }
    how.is_public = true;
    sotto_mls_frame(group, &how, SOTTO_MLS_CONTENT_COMMIT, commit, &message);
    message.content.sender = joiner;
    err = sotto_mls_make_epoch(group, client, work, &message);
    return err == SOTTO_OK ? sotto_mls_seal(group, client, &message, 0, out)
                           : err;
}

static enum sotto_err join(struct sotto_mls_group *group,
                           const struct sotto_mls_client *client,
                           struct sotto_mls_work *work,
                           const struct outside *outside,
                           const struct sotto_mls_plan *plan,
                           struct sotto_mls_buffer *message)
{
    struct sotto_span leaf;
    enum sotto_err err;

    work->is_joining = true;
    sotto_writer_init(&work->writer, work->text, work->text_max);
    err = list_init(group, client, work, outside);
    if (err == SOTTO_OK) {
        err = sotto_mls_make_list(group, client, work, joiner, plan);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_list_check(work, joiner, true);
    }
    if (err == SOTTO_OK) {
        err = step_in(group, client, work, outside, &leaf);
    }
    if (err == SOTTO_OK) {
        err = send(group, client, work, plan, leaf, message);
    }
    if (err == SOTTO_OK) {
        sotto_mls_commit_apply(group, work);
    }
    return err;
}

enum sotto_err sotto_mls_join_external(struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       const struct sotto_mls_member_keys *keys,
                                       struct sotto_span group_info,
                                       struct sotto_span tree,
                                       const struct sotto_mls_plan *plan,
                                       struct sotto_mls_buffer *message)
{
    struct outside outside = {.keys = keys};
    struct sotto_mls_work *work;
    enum sotto_err err;

    SOTTO_ASSERT(group->state == SOTTO_MLS_GROUP_EMPTY);
    err = sotto_mls_work_init(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    err = read_info(&outside, group_info);
    if (err == SOTTO_OK) {
        err = read_key_package(&outside);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_new(client, outside.info.context.group_id);
    }
    if (err == SOTTO_OK) {
        err = look_in(group, client, work, &outside, tree);
    }
    if (err == SOTTO_OK) {
        err = join(group, client, work, &outside, plan, message);
    }
    if (err != SOTTO_OK) {
        sotto_mls_group_wipe(group);
    }
    sotto_mls_work_wipe(work);
    return err;
}
