/*
 * group.c - a group's memory, and what everybody may ask.
 */
#include "core/mls/group.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/share.h"
#include "core/mls/tie.h"
#include <stdalign.h>
#include <string.h>

/* The fields of a GroupContext (8.1) beside its two variable ones: numbers,
 * two hashes, and every length prefix at its longest. */
#define CONTEXT_FIXED (12U + 2U * SOTTO_MLS_HASH_MAX + 16U)

/* ------------------------------------------------------------------ memory */

static struct sotto_mls_secret_config secret_config(
    const struct sotto_mls_config *config)
{
    return (struct sotto_mls_secret_config){.members = config->members,
                                            .senders = config->senders,
                                            .kept = config->kept,
                                            .window = config->window,
                                            .forward = config->forward};
}

/* Where the parts of a group stand. */
struct parts {
    void *tree;
    void *secret_tree;
    struct sotto_mls_waiting *waiting;
    struct sotto_mls_past_psk *past;
    struct sotto_mls_past_epoch *past_epochs;
    uint8_t *past_memory;
    uint8_t *waiting_bytes;
    uint8_t *context;
};

static size_t context_size(const struct sotto_mls_config *config)
{
    return config->context_len + CONTEXT_FIXED;
}

/* Where the parts of a past epoch stand. */
struct past_parts {
    void *secret_tree;
    struct sotto_mls_signer *signers;
    uint8_t *context;
};

/* Gives the size of one. */
static size_t take_past(void *memory, const struct sotto_mls_config *config,
                        struct past_parts *parts)
{
    struct sotto_mls_secret_config secrets = secret_config(config);
    struct share share = {memory, 0};
    size_t leaves = 1;

    while (leaves < config->members) {
        leaves *= 2;
    }
    parts->secret_tree =
        share_take(&share, sotto_mls_secret_tree_size(&secrets));
    parts->signers = share_take(&share, leaves * sizeof *parts->signers);
    parts->context = share_take(&share, context_size(config));
    return share.used;
}

/* Gives the size of all. */
static size_t take_parts(void *memory, const struct sotto_mls_config *config,
                         struct parts *parts)
{
    struct sotto_mls_secret_config secrets = secret_config(config);
    struct share share = {memory, 0};
    struct past_parts past;

    (void)share_take(&share, sizeof(struct sotto_mls_group));
    parts->tree = share_take(&share, sotto_mls_tree_size(config->members,
                                                         config->leaf_len));
    parts->secret_tree =
        share_take(&share, sotto_mls_secret_tree_size(&secrets));
    parts->waiting =
        share_take(&share, config->proposals * sizeof *parts->waiting);
    parts->past = share_take(&share, config->past_psks * sizeof *parts->past);
    parts->waiting_bytes = share_take(&share, config->proposal_bytes);
    parts->context = share_take(&share, context_size(config));
    parts->past_epochs =
        share_take(&share, config->past_epochs * sizeof *parts->past_epochs);
    parts->past_memory = share_take(&share, config->past_epochs *
                                                take_past(NULL, config, &past));
    return share.used;
}

size_t sotto_mls_group_size(const struct sotto_mls_config *config)
{
    struct parts parts;

    return take_parts(NULL, config, &parts);
}

struct sotto_mls_group *sotto_mls_group_init(
    void *memory, const struct sotto_mls_config *config)
{
    struct sotto_mls_group *group = memory;
    struct parts parts;

    SOTTO_ASSERT((uintptr_t)memory % alignof(struct sotto_mls_group) == 0);
    memset(memory, 0, take_parts(memory, config, &parts));
    group->config = *config;
    group->waiting = parts.waiting;
    group->waiting_bytes = parts.waiting_bytes;
    group->past = parts.past;
    group->past_epochs = parts.past_epochs;
    group->context_bytes = parts.context;
    group->context_max = context_size(config);
    return group;
}

void sotto_mls_group_wipe(struct sotto_mls_group *group)
{
    struct sotto_mls_config config = group->config;

    sotto_wipe(group, sotto_mls_group_size(&config));
    (void)sotto_mls_group_init(group, &config);
}

static void init_past(struct sotto_mls_group *group, uint8_t *memory)
{
    struct sotto_mls_secret_config secrets = secret_config(&group->config);
    struct past_parts parts;

    for (uint32_t i = 0; i < group->config.past_epochs; i++) {
        struct sotto_mls_past_epoch *past = &group->past_epochs[i];

        memory += take_past(memory, &group->config, &parts);
        past->signers = parts.signers;
        past->context = parts.context;
        sotto_mls_secret_tree_init(&past->secret_tree, parts.secret_tree,
                                   group->suite, &secrets);
    }
}

enum sotto_err sotto_mls_group_set_suite(struct sotto_mls_group *group,
                                         uint16_t cipher_suite)
{
    const struct sotto_mls_suite *suite = sotto_mls_suite_find(cipher_suite);
    struct sotto_mls_secret_config secrets = secret_config(&group->config);
    struct parts parts;

    if (suite == NULL) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    (void)take_parts(group, &group->config, &parts);
    group->suite = suite;
    sotto_mls_tree_init(&group->tree, parts.tree, suite, group->config.members,
                        group->config.leaf_len);
    sotto_mls_secret_tree_init(&group->secret_tree, parts.secret_tree, suite,
                               &secrets);
    init_past(group, parts.past_memory);
    return SOTTO_OK;
}

/* Gives the size of all; `work` may be NULL to only count. */
static size_t take_work(void *memory, const struct sotto_mls_config *config,
                        struct sotto_mls_work *out)
{
    struct share share = {memory, 0};

    (void)share_take(&share, sizeof *out);
    out->list = share_take(&share, config->proposals * sizeof *out->list);
    out->draft_memory =
        share_take(&share, sotto_mls_draft_size(config->members));
    out->context = share_take(&share, context_size(config));
    out->context_max = context_size(config);
    out->text = share_take(&share, config->message_len);
    out->text_max = config->message_len;
    return share.used;
}

size_t sotto_mls_scratch_size(const struct sotto_mls_config *config)
{
    struct sotto_mls_work work;

    return take_work(NULL, config, &work);
}

enum sotto_err sotto_mls_work_init(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work **out)
{
    struct sotto_mls_work *work = client->scratch;

    if (client->scratch_len < sotto_mls_scratch_size(&group->config)) {
        return SOTTO_ERR_SPACE;
    }
    SOTTO_ASSERT((uintptr_t)work % alignof(struct sotto_mls_work) == 0);
    memset(work, 0, sizeof *work);
    (void)take_work(client->scratch, &group->config, work);
    work->extensions = group->context.extensions;
    memcpy(work->signature_key, group->signature_key,
           sizeof work->signature_key);
    *out = work;
    return SOTTO_OK;
}

enum sotto_err sotto_mls_work_begin(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    struct sotto_mls_work **out)
{
    return group->state == SOTTO_MLS_GROUP_ACTIVE
               ? sotto_mls_work_init(group, client, out)
               : SOTTO_ERR_DENIED;
}

void sotto_mls_work_wipe(struct sotto_mls_work *work)
{
    sotto_wipe(work, sizeof *work);
}

/* ------------------------------------------------------------------- epochs */

void sotto_mls_group_set_context(struct sotto_mls_group *group,
                                 struct sotto_span encoded)
{
    struct sotto_reader r;

    SOTTO_ASSERT(encoded.len <= group->context_max);
    memmove(group->context_bytes, encoded.at, encoded.len);
    group->context_len = encoded.len;
    sotto_reader_init(&r, group->context_bytes, encoded.len);
    sotto_mls_read_group_context(&r, &group->context);
    SOTTO_ASSERT(!r.bad && r.left == 0);
}

struct sotto_span sotto_mls_group_context_span(
    const struct sotto_mls_group *group)
{
    return (struct sotto_span){group->context_bytes, group->context_len};
}

enum sotto_err sotto_mls_reserve(struct sotto_mls_group *group, uint32_t count)
{
    enum sotto_err err;

    if (group->state != SOTTO_MLS_GROUP_ACTIVE) {
        return SOTTO_ERR_DENIED;
    }
    if (count > SOTTO_MLS_RESERVE_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    err = sotto_mls_secret_tree_forward(&group->secret_tree, group->me,
                                        SOTTO_MLS_RATCHET_APPLICATION, 0);
    if (err != SOTTO_OK) {
        return err; /* no room for our ratchets, now or when it is loaded */
    }
    group->reserves = true;
    for (int kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
        uint32_t next =
            sotto_mls_secret_tree_generation(&group->secret_tree, group->me,
                                             (enum sotto_mls_ratchet_kind)kind);

        group->reserved[kind] =
            count < UINT32_MAX - next ? next + count : UINT32_MAX;
    }
    return SOTTO_OK;
}

enum sotto_err sotto_mls_group_skip_reserved(struct sotto_mls_group *group)
{
    struct sotto_mls_secret_tree *tree = &group->secret_tree;
    enum sotto_err err = SOTTO_OK;

    for (int i = 0; i < SOTTO_MLS_RATCHETS && err == SOTTO_OK; i++) {
        enum sotto_mls_ratchet_kind kind = (enum sotto_mls_ratchet_kind)i;
        uint32_t to = group->reserved[kind];
        uint32_t from = sotto_mls_secret_tree_generation(tree, group->me, kind);

        if (to > from) {
            err =
                to - from > SOTTO_MLS_RESERVE_MAX
                    ? SOTTO_ERR_FORMAT
                    : sotto_mls_secret_tree_forward(tree, group->me, kind, to);
        }
    }
    return err;
}

/* By a ReInit, of which a hash is kept. */
static void end(struct sotto_mls_group *group, struct sotto_span reinit)
{
    struct sotto_mls_proposal proposal;
    enum sotto_err err = sotto_mls_proposal_decode(reinit, &proposal);

    SOTTO_ASSERT(err == SOTTO_OK);
    sotto_mls_reinit_hash(group->suite, &proposal.reinit, group->ended_by);
    group->state = SOTTO_MLS_GROUP_ENDED;
}

void sotto_mls_group_start_epoch(struct sotto_mls_group *group,
                                 struct sotto_mls_work *work)
{
    sotto_mls_group_set_context(group, (struct sotto_span){work->context,
                                                           work->context_len});
    group->secrets = work->secrets;
    group->keys = work->keys;
    memcpy(group->signature_key, work->signature_key,
           sizeof group->signature_key);
    memcpy(group->interim_hash, work->interim_hash, sizeof work->interim_hash);
    memcpy(group->confirmation_tag, work->confirmation_tag,
           sizeof work->confirmation_tag);
    sotto_mls_secret_tree_start(&group->secret_tree, group->tree.leaf_count,
                                work->encryption_secret);
    memset(group->reserved, 0, sizeof group->reserved);
    sotto_mls_past_keep_psk(group);
    sotto_mls_group_forget_waiting(group);
    group->state = SOTTO_MLS_GROUP_ACTIVE;
    if (work->reinit.len > 0) {
        end(group, work->reinit);
    }
}

void sotto_mls_group_forget_waiting(struct sotto_mls_group *group)
{
    sotto_wipe(group->waiting,
               group->config.proposals * sizeof *group->waiting);
    group->waiting_count = 0;
    group->waiting_used = 0;
}

/* -------------------------------------------------------------- the client */

enum sotto_err sotto_mls_check_client(const struct sotto_mls_client *client,
                                      const struct sotto_mls_leaf_node *leaf,
                                      const struct sotto_mls_leaf_node *old)
{
    const struct sotto_mls_lifetime *lifetime = &leaf->lifetime;

    if (leaf->source == SOTTO_MLS_LEAF_KEY_PACKAGE &&
        client->max_lifetime != 0 &&
        (lifetime->not_after < lifetime->not_before ||
         lifetime->not_after - lifetime->not_before > client->max_lifetime)) {
        return SOTTO_ERR_FORMAT;
    }
    if (client->credential == NULL) {
        return SOTTO_OK;
    }
    return client->credential(client->ctx, &leaf->credential,
                              leaf->signature_key,
                              old == NULL ? NULL : &old->credential);
}

enum sotto_err sotto_mls_check_new(const struct sotto_mls_client *client,
                                   struct sotto_span group_id)
{
    const struct sotto_mls_group *group = NULL;

    if (client->find_group != NULL) {
        group = client->find_group(client->ctx, group_id);
    }
    return group == NULL || group->state != SOTTO_MLS_GROUP_ACTIVE
               ? SOTTO_OK
               : SOTTO_ERR_EXISTS;
}

/* The resumption PSK of an epoch of a group; empty if it is not kept. */
static struct sotto_span find_resumption(const struct sotto_mls_group *group,
                                         uint64_t epoch)
{
    uint32_t count = group->config.past_psks;
    const struct sotto_mls_past_psk *past;

    if (group->state == SOTTO_MLS_GROUP_EMPTY) {
        return (struct sotto_span){NULL, 0};
    }
    if (epoch == group->context.epoch) {
        return sotto_mls_group_resumption_psk(group);
    }
    past = count == 0 ? NULL : &group->past[epoch % count];
    if (past == NULL || !past->is_used || past->epoch != epoch) {
        return (struct sotto_span){NULL, 0};
    }
    return (struct sotto_span){past->psk, group->suite->hash_len};
}

enum sotto_err sotto_mls_find_psk(const struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  const struct sotto_mls_psk_id *id,
                                  struct sotto_span *psk)
{
    struct sotto_span found = {NULL, 0};

    if (id->type == SOTTO_MLS_PSK_RESUMPTION) {
        if (group == NULL ||
            !sotto_mls_same(id->group, group->context.group_id)) {
            group = client->find_group == NULL
                        ? NULL
                        : client->find_group(client->ctx, id->group);
        }
        if (group != NULL) {
            found = find_resumption(group, id->epoch);
        }
    }
    if (found.len > 0) {
        *psk = found;
        return SOTTO_OK;
    }
    return client->psk == NULL ? SOTTO_ERR_NOT_FOUND
                               : client->psk(client->ctx, id, psk);
}

/* ------------------------------------------------------------------ reading */

bool sotto_mls_group_is_active(const struct sotto_mls_group *group)
{
    return group->state == SOTTO_MLS_GROUP_ACTIVE;
}

struct sotto_span sotto_mls_group_id(const struct sotto_mls_group *group)
{
    return group->context.group_id;
}

uint64_t sotto_mls_group_epoch(const struct sotto_mls_group *group)
{
    return group->context.epoch;
}

uint32_t sotto_mls_group_me(const struct sotto_mls_group *group)
{
    return group->me;
}

struct sotto_span sotto_mls_group_extensions(
    const struct sotto_mls_group *group)
{
    return group->context.extensions;
}

struct sotto_span sotto_mls_group_epoch_authenticator(
    const struct sotto_mls_group *group)
{
    return (struct sotto_span){group->secrets.epoch_authenticator,
                               group->suite->hash_len};
}

struct sotto_span sotto_mls_group_resumption_psk(
    const struct sotto_mls_group *group)
{
    return (struct sotto_span){group->secrets.resumption_psk,
                               group->suite->hash_len};
}

bool sotto_mls_group_next_member(const struct sotto_mls_group *group,
                                 uint32_t from, struct sotto_mls_member *out)
{
    struct sotto_mls_leaf_node leaf;
    uint32_t at = sotto_mls_tree_next_leaf(&group->tree, from);

    if (at == SOTTO_MLS_NONE) {
        return false;
    }
    (void)sotto_mls_tree_leaf_node(&group->tree, at, &leaf);
    *out = (struct sotto_mls_member){at, leaf.credential, leaf.signature_key};
    return true;
}

enum sotto_err sotto_mls_group_export(const struct sotto_mls_group *group,
                                      const char *label,
                                      struct sotto_span context, uint8_t *out,
                                      size_t len)
{
    if (group->state == SOTTO_MLS_GROUP_EMPTY) {
        return SOTTO_ERR_DENIED;
    }
    return sotto_mls_exporter(group->suite, group->secrets.exporter_secret,
                              label, context, out, len);
}
