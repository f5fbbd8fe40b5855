/*
 * proposal.c - one proposal (RFC 9420 12.1), and those that wait for a commit.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/tie.h"
#include "core/mls/tree_validate.h"
#include <string.h>

/* ------------------------------------------------- who may send what (12.1.8) */

static bool may_external_send(uint16_t type)
{
    return type == SOTTO_MLS_PROPOSAL_ADD ||
           type == SOTTO_MLS_PROPOSAL_REMOVE ||
           type == SOTTO_MLS_PROPOSAL_PSK ||
           type == SOTTO_MLS_PROPOSAL_REINIT ||
           type == SOTTO_MLS_PROPOSAL_EXTENSIONS;
}

static bool may_external_commit(uint16_t type)
{
    return type == SOTTO_MLS_PROPOSAL_EXTERNAL_INIT ||
           type == SOTTO_MLS_PROPOSAL_REMOVE || type == SOTTO_MLS_PROPOSAL_PSK;
}

bool sotto_mls_may_send(struct sotto_mls_sender sender, uint16_t type)
{
    switch ((enum sotto_mls_sender_type)sender.type) {
    case SOTTO_MLS_SENDER_MEMBER:
        return type != SOTTO_MLS_PROPOSAL_EXTERNAL_INIT;
    case SOTTO_MLS_SENDER_EXTERNAL:
        return may_external_send(type);
    case SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL:
        return type == SOTTO_MLS_PROPOSAL_ADD;
    case SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT:
        return may_external_commit(type);
    }
    return false;
}

/* --------------------------------------------------- each type (12.1.1 to 12.1.7) */

/* Whether a leaf node goes with the group's extensions shows when the commit is
 * known, which may have new ones (12.3; sotto_mls_list_check_tree). */
static const struct sotto_span no_extensions = {NULL, 0};

static enum sotto_err check_add(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                const struct sotto_mls_key_package *add)
{
    enum sotto_err err =
        sotto_mls_key_package_check(group->suite, add, no_extensions,
                                    client->now);

    return err == SOTTO_OK
               ? sotto_mls_check_client(client, &add->leaf_node, NULL)
               : err;
}

static enum sotto_err check_update(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   const struct sotto_mls_leaf_node *update,
                                   struct sotto_mls_sender sender)
{
    struct sotto_mls_leaf_node old;
    enum sotto_err err =
        sotto_mls_leaf_check(group->suite, update, SOTTO_MLS_LEAF_UPDATE,
                             no_extensions, client->now);

    if (err == SOTTO_OK &&
        (!sotto_mls_tree_leaf_node(&group->tree, sender.index, &old) ||
         sotto_mls_same(old.encryption_key, update->encryption_key))) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_public(group->suite, update->encryption_key);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_leaf_verify(group->suite, update,
                                    group->context.group_id, sender.index);
    }
    return err == SOTTO_OK ? sotto_mls_check_client(client, update, &old) : err;
}

/* Those with the usages of reinit and branch stand in the first commit of a new
 * group only, whose one member made it. */
static bool is_psk_good(const struct sotto_mls_group *group,
                        const struct sotto_mls_psk_id *id,
                        struct sotto_mls_sender sender)
{
    bool is_first = group->context.epoch == 0 &&
                    sender.type == SOTTO_MLS_SENDER_MEMBER &&
                    sender.index == group->me;

    return id->nonce.len == group->suite->hash_len &&
           (!sotto_mls_is_tie(id) || is_first);
}

enum sotto_err sotto_mls_proposal_check(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    const struct sotto_mls_proposal *proposal, struct sotto_mls_sender sender)
{
    bool good = true;

    if (!sotto_mls_may_send(sender, proposal->type)) {
        return SOTTO_ERR_FORMAT;
    }
    switch (proposal->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        return check_add(group, client, &proposal->add);
    case SOTTO_MLS_PROPOSAL_UPDATE:
        return check_update(group, client, &proposal->update, sender);
    case SOTTO_MLS_PROPOSAL_REMOVE:
        good = sotto_mls_tree_leaf(&group->tree, proposal->remove).len > 0;
        break;
    case SOTTO_MLS_PROPOSAL_PSK:
        good = is_psk_good(group, &proposal->psk, sender);
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        good = proposal->reinit.version >= group->context.version;
        break;
    case SOTTO_MLS_PROPOSAL_EXTERNAL_INIT:
        good = proposal->external_init.len == group->suite->kem_len;
        break;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        return sotto_mls_extensions_check(group->suite, client,
                                          proposal->extensions,
                                          group->context.extensions);
    default: /* not a type that can be read */
        good = false;
        break;
    }
    return good ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

/* ------------------------------------------------- the application's own rules */

enum sotto_err sotto_mls_change_read(struct sotto_span proposal,
                                     struct sotto_mls_change *out)
{
    struct sotto_mls_proposal in;
    enum sotto_err err = sotto_mls_proposal_decode(proposal, &in);

    if (err != SOTTO_OK) {
        return err;
    }
    *out = (struct sotto_mls_change){.type = in.type};
    switch (in.type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        out->bytes = in.add.raw;
        break;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        out->leaf = in.remove;
        break;
    case SOTTO_MLS_PROPOSAL_PSK:
        out->psk = in.psk;
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        if (in.reinit.version == SOTTO_MLS_VERSION_10) {
            out->bytes = in.reinit.group_id;
            out->cipher_suite = in.reinit.cipher_suite;
            out->extensions = in.reinit.extensions;
        }
        break;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        out->bytes = in.extensions;
        break;
    default:
        break;
    }
    return SOTTO_OK;
}

enum sotto_err sotto_mls_check_allowed(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_span proposal,
                                       struct sotto_mls_sender sender)
{
    struct sotto_mls_change change;
    enum sotto_err err = SOTTO_OK;

    if (client->allow != NULL) {
        err = sotto_mls_change_read(proposal, &change);
    }
    if (err == SOTTO_OK && client->allow != NULL) {
        err = client->allow(client->ctx, group, sender.type, sender.index,
                            &change);
    }
    return err;
}

/* ------------------------------------------------------------------- waiting */

enum sotto_err sotto_mls_waiting_check(const struct sotto_mls_group *group,
                                       struct sotto_span proposal)
{
    bool fits =
        group->waiting_count < group->config.proposals &&
        group->config.proposal_bytes - group->waiting_used >= proposal.len;

    return fits ? SOTTO_OK : SOTTO_ERR_SPACE;
}

void sotto_mls_waiting_add(struct sotto_mls_group *group,
                           const uint8_t *reference,
                           struct sotto_mls_sender sender,
                           struct sotto_span proposal,
                           const struct sotto_mls_leaf_keys *keys)
{
    struct sotto_mls_waiting *waiting = &group->waiting[group->waiting_count];
    uint8_t *copy = group->waiting_bytes + group->waiting_used;

    SOTTO_ASSERT(sotto_mls_waiting_check(group, proposal) == SOTTO_OK);
    memcpy(copy, proposal.at, proposal.len);
    memcpy(waiting->reference, reference, group->suite->hash_len);
    waiting->sender = sender;
    waiting->proposal = (struct sotto_span){copy, proposal.len};
    if (keys != NULL) {
        waiting->keys = *keys;
    }
    group->waiting_used += proposal.len;
    group->waiting_count++;
}

const struct sotto_mls_waiting *sotto_mls_waiting_find(
    const struct sotto_mls_group *group, struct sotto_span reference)
{
    size_t len = group->suite->hash_len;

    for (uint32_t i = 0; i < group->waiting_count; i++) {
        if (reference.len == len &&
            memcmp(group->waiting[i].reference, reference.at, len) == 0) {
            return &group->waiting[i];
        }
    }
    return NULL;
}
