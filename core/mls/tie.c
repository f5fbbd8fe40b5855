/*
 * tie.c - groups that come from another group: by a ReInit (RFC 9420 11.2), or
 * branched off (11.3). A resumption PSK with that usage ties them, and who
 * joins sees that the new group is what the old one makes of it (12.4.3.1).
 */
#include "core/mls/tie.h"
#include "core/mls/codec.h"
#include "core/mls/pieces.h"
#include <string.h>

bool sotto_mls_is_tie(const struct sotto_mls_psk_id *id)
{
    return id->type == SOTTO_MLS_PSK_RESUMPTION &&
           id->usage != SOTTO_MLS_USAGE_APPLICATION;
}

/* ------------------------------------------------------------- the ReInit */

void sotto_mls_reinit_hash(const struct sotto_mls_suite *suite,
                           const struct sotto_mls_reinit *reinit, uint8_t *out)
{
    struct sotto_mls_pieces p;
    struct sotto_mls_hash hash;

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_vector(&p, reinit->group_id);
    sotto_mls_pieces_u16(&p, reinit->version);
    sotto_mls_pieces_u16(&p, reinit->cipher_suite);
    sotto_mls_pieces_vector(&p, reinit->extensions);
    sotto_mls_hash_init(&hash, suite);
    for (size_t i = 0; i < p.count; i++) {
        sotto_mls_hash_add(&hash, p.at[i].at, p.at[i].len);
    }
    sotto_mls_hash_end(&hash, out);
}

/* Whether the old group has ended by a ReInit to a group like this. */
static bool is_announced(const struct sotto_mls_group *old,
                         const struct sotto_mls_psk_id *tie,
                         const struct sotto_mls_group_context *context)
{
    const struct sotto_mls_reinit reinit = {.group_id = context->group_id,
                                            .version = context->version,
                                            .cipher_suite =
                                                context->cipher_suite,
                                            .extensions = context->extensions};
    uint8_t hash[SOTTO_MLS_HASH_MAX];

    if (old->state != SOTTO_MLS_GROUP_ENDED ||
        tie->epoch != old->context.epoch) {
        return false;
    }
    sotto_mls_reinit_hash(old->suite, &reinit, hash);
    return memcmp(hash, old->ended_by, old->suite->hash_len) == 0;
}

/* -------------------------------------------------------------- the members */

static bool is_same_client(const struct sotto_mls_client *client,
                           const struct sotto_mls_credential *a,
                           const struct sotto_mls_credential *b)
{
    return client->is_same_client != NULL
               ? client->is_same_client(client->ctx, a, b)
               : a->type == b->type && sotto_mls_same(a->body, b->body);
}

static bool has_member(const struct sotto_mls_client *client,
                       const struct sotto_mls_tree *tree,
                       const struct sotto_mls_credential *credential)
{
    struct sotto_mls_leaf_node leaf;
    uint32_t i = sotto_mls_tree_next_leaf(tree, 0);

    for (; i != SOTTO_MLS_NONE; i = sotto_mls_tree_next_leaf(tree, i + 1)) {
        (void)sotto_mls_tree_leaf_node(tree, i, &leaf);
        if (is_same_client(client, credential, &leaf.credential)) {
            return true;
        }
    }
    return false;
}

/* Whether all members of one tree are in the other. */
static bool are_members_of(const struct sotto_mls_client *client,
                           const struct sotto_mls_tree *some,
                           const struct sotto_mls_tree *all)
{
    struct sotto_mls_leaf_node leaf;
    uint32_t i = sotto_mls_tree_next_leaf(some, 0);

    for (; i != SOTTO_MLS_NONE; i = sotto_mls_tree_next_leaf(some, i + 1)) {
        (void)sotto_mls_tree_leaf_node(some, i, &leaf);
        if (!has_member(client, all, &leaf.credential)) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------- the tie */

enum sotto_err sotto_mls_tie_check(
    const struct sotto_mls_client *client, const struct sotto_mls_psk_id *tie,
    const struct sotto_mls_group_context *context,
    const struct sotto_mls_tree *tree)
{
    const struct sotto_mls_group *old =
        client->find_group(client->ctx, tie->group);
    bool good = context->epoch == 1;

    if (old == NULL || old->state == SOTTO_MLS_GROUP_EMPTY) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (tie->usage == SOTTO_MLS_USAGE_REINIT) {
        good = good && is_announced(old, tie, context) &&
               are_members_of(client, &old->tree, tree);
    } else {
        good = good && context->version == old->context.version &&
               context->cipher_suite == old->context.cipher_suite &&
               are_members_of(client, tree, &old->tree);
    }
    return good ? SOTTO_OK : SOTTO_ERR_FORMAT;
}
