/*
 * list.c - the proposals of one commit (RFC 9420 12.2, 12.3).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/psk.h"
#include "core/mls/tie.h"
#include "core/mls/tree_validate.h"
#include <string.h>

void sotto_mls_listed_read(const struct sotto_mls_listed *item,
                           struct sotto_mls_proposal *out)
{
    enum sotto_err err = sotto_mls_proposal_decode(item->proposal, out);

    SOTTO_ASSERT(err == SOTTO_OK);
}

/* It is the first field. */
uint16_t sotto_mls_listed_type(const struct sotto_mls_listed *item)
{
    struct sotto_reader r = sotto_mls_items(item->proposal);

    return sotto_read_u16(&r);
}

/* --------------------------------------------------------------- collecting */

/* One by value that is not ours. */
static enum sotto_err check_one(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                const struct sotto_mls_proposal *proposal,
                                struct sotto_mls_sender committer)
{
    enum sotto_err err =
        sotto_mls_proposal_check(group, client, proposal, committer);

    return err == SOTTO_OK ? sotto_mls_check_allowed(group, client,
                                                     proposal->raw, committer)
                           : err;
}

static enum sotto_err collect_one(const struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  const struct sotto_mls_proposal_or_ref *one,
                                  struct sotto_mls_sender committer,
                                  bool is_own, struct sotto_mls_listed *out)
{
    const struct sotto_mls_waiting *waiting;

    if (one->by == SOTTO_MLS_BY_VALUE) {
        *out = (struct sotto_mls_listed){.proposal = one->proposal.raw,
                                         .sender = committer};
        return is_own ? SOTTO_OK
                      : check_one(group, client, &one->proposal, committer);
    }
    if (committer.type != SOTTO_MLS_SENDER_MEMBER) {
        return SOTTO_ERR_FORMAT; /* who joins commits by value only */
    }
    waiting = sotto_mls_waiting_find(group, one->reference);
    if (waiting == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *out = (struct sotto_mls_listed){.proposal = waiting->proposal,
                                     .sender = waiting->sender,
                                     .waiting = waiting};
    return SOTTO_OK;
}

enum sotto_err sotto_mls_list_collect(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      struct sotto_mls_work *work,
                                      const struct sotto_mls_commit *commit,
                                      struct sotto_mls_sender committer,
                                      bool is_own)
{
    struct sotto_reader items = sotto_mls_items(commit->proposals);
    struct sotto_mls_proposal_or_ref one;
    enum sotto_err err = SOTTO_OK;

    work->list_count = 0;
    while (items.left > 0 && err == SOTTO_OK) {
        if (work->list_count == group->config.proposals) {
            return SOTTO_ERR_LIMIT;
        }
        sotto_mls_read_proposal_or_ref(&items, &one);
        SOTTO_ASSERT(!items.bad);
        err = collect_one(group, client, &one, committer, is_own,
                          &work->list[work->list_count]);
        work->list_count++;
    }
    return err;
}

/* ----------------------------------------------------------- the rules (12.2) */

uint32_t sotto_mls_listed_leaf(const struct sotto_mls_listed *item)
{
    struct sotto_mls_proposal proposal;

    switch (sotto_mls_listed_type(item)) {
    case SOTTO_MLS_PROPOSAL_UPDATE:
        return item->sender.index;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        sotto_mls_listed_read(item, &proposal);
        return proposal.remove;
    default:
        return SOTTO_MLS_NONE;
    }
}

static bool is_same_psk(const struct sotto_mls_psk_id *a,
                        const struct sotto_mls_psk_id *b)
{
    if (a->type != b->type || !sotto_mls_same(a->nonce, b->nonce)) {
        return false;
    }
    return a->type == SOTTO_MLS_PSK_EXTERNAL
               ? sotto_mls_same(a->id, b->id)
               : a->usage == b->usage && a->epoch == b->epoch &&
                     sotto_mls_same(a->group, b->group);
}

/* Whether two items of a list exclude each other. That two Adds are for one
 * client shows in the tree (sotto_mls_list_check_tree). */
static bool are_at_odds(const struct sotto_mls_listed *a,
                        const struct sotto_mls_listed *b)
{
    struct sotto_mls_proposal first;
    struct sotto_mls_proposal second;
    uint16_t type = sotto_mls_listed_type(a);

    if (type == SOTTO_MLS_PROPOSAL_REINIT ||
        sotto_mls_listed_type(b) == SOTTO_MLS_PROPOSAL_REINIT) {
        return true; /* it stands alone */
    }
    if (sotto_mls_listed_leaf(a) != SOTTO_MLS_NONE &&
        sotto_mls_listed_leaf(a) == sotto_mls_listed_leaf(b)) {
        return true;
    }
    if (type != sotto_mls_listed_type(b)) {
        return false;
    }
    if (type == SOTTO_MLS_PROPOSAL_PSK) {
        sotto_mls_listed_read(a, &first);
        sotto_mls_listed_read(b, &second);
        return is_same_psk(&first.psk, &second.psk) ||
               (sotto_mls_is_tie(&first.psk) && sotto_mls_is_tie(&second.psk));
    }
    return type == SOTTO_MLS_PROPOSAL_EXTENSIONS ||
           type == SOTTO_MLS_PROPOSAL_EXTERNAL_INIT;
}

static uint32_t count_type(const struct sotto_mls_work *work, uint16_t type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < work->list_count; i++) {
        count += sotto_mls_listed_type(&work->list[i]) == type ? 1 : 0;
    }
    return count;
}

/* A committer does not update or remove itself. */
static bool is_item_good(const struct sotto_mls_listed *item,
                         struct sotto_mls_sender committer)
{
    return committer.type != SOTTO_MLS_SENDER_MEMBER ||
           (sotto_mls_listed_type(item) != SOTTO_MLS_PROPOSAL_EXTERNAL_INIT &&
            sotto_mls_listed_leaf(item) != committer.index);
}

bool sotto_mls_list_needs_path(const struct sotto_mls_work *work)
{
    for (uint32_t i = 0; i < work->list_count; i++) {
        uint16_t type = sotto_mls_listed_type(&work->list[i]);

        if (type != SOTTO_MLS_PROPOSAL_ADD && type != SOTTO_MLS_PROPOSAL_PSK &&
            type != SOTTO_MLS_PROPOSAL_REINIT) {
            return true;
        }
    }
    return work->list_count == 0;
}

/* What a joiner may commit: its types were looked at one by one. */
static bool is_external_good(const struct sotto_mls_work *work)
{
    return count_type(work, SOTTO_MLS_PROPOSAL_EXTERNAL_INIT) == 1 &&
           count_type(work, SOTTO_MLS_PROPOSAL_REMOVE) <= 1;
}

bool sotto_mls_list_goes_with(const struct sotto_mls_work *work, uint32_t count,
                              const struct sotto_mls_listed *item)
{
    for (uint32_t i = 0; i < count; i++) {
        if (are_at_odds(&work->list[i], item)) {
            return false;
        }
    }
    return true;
}

enum sotto_err sotto_mls_list_check(const struct sotto_mls_work *work,
                                    struct sotto_mls_sender committer,
                                    bool has_path)
{
    bool good =
        committer.type == SOTTO_MLS_SENDER_MEMBER || is_external_good(work);

    good = good && (has_path || !sotto_mls_list_needs_path(work));
    for (uint32_t i = 0; i < work->list_count && good; i++) {
        good = is_item_good(&work->list[i], committer) &&
               sotto_mls_list_goes_with(work, i, &work->list[i]);
    }
    return good ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_mls_list_add(const struct sotto_mls_group *group,
                                  struct sotto_mls_work *work,
                                  struct sotto_span proposal,
                                  struct sotto_mls_sender sender)
{
    if (work->list_count == group->config.proposals) {
        return SOTTO_ERR_LIMIT;
    }
    work->list[work->list_count++] =
        (struct sotto_mls_listed){.proposal = proposal, .sender = sender};
    return SOTTO_OK;
}

/* ---------------------------------------------------------- applying (12.3) */

static void apply_remove(const struct sotto_mls_group *group,
                         struct sotto_mls_work *work, uint32_t leaf)
{
    sotto_mls_tree_remove(&work->draft, leaf);
    work->is_removed = work->is_removed || leaf == group->me;
}

static enum sotto_err apply_update(const struct sotto_mls_group *group,
                                   struct sotto_mls_work *work,
                                   const struct sotto_mls_listed *item,
                                   const struct sotto_mls_leaf_node *update)
{
    if (item->sender.index == group->me) {
        memcpy(work->keys.keys[0], item->waiting->keys.encryption,
               sizeof work->keys.keys[0]);
        memcpy(work->signature_key, item->waiting->keys.signature,
               sizeof work->signature_key);
    }
    return sotto_mls_tree_update(&work->draft, item->sender.index, update->raw);
}

static enum sotto_err apply_one(const struct sotto_mls_group *group,
                                struct sotto_mls_work *work,
                                const struct sotto_mls_listed *item)
{
    struct sotto_mls_proposal proposal;
    uint32_t leaf;

    sotto_mls_listed_read(item, &proposal);
    switch (proposal.type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        return sotto_mls_tree_add(&work->draft, proposal.add.leaf_node.raw,
                                  &leaf);
    case SOTTO_MLS_PROPOSAL_UPDATE:
        return apply_update(group, work, item, &proposal.update);
    case SOTTO_MLS_PROPOSAL_REMOVE:
        apply_remove(group, work, proposal.remove);
        return SOTTO_OK;
    case SOTTO_MLS_PROPOSAL_REINIT:
        work->reinit = item->proposal;
        return SOTTO_OK;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        work->extensions = proposal.extensions;
        return SOTTO_OK;
    default: /* PSK and ExternalInit go into the key schedule */
        return SOTTO_OK;
    }
}

static enum sotto_err apply_type(const struct sotto_mls_group *group,
                                 struct sotto_mls_work *work, uint16_t type)
{
    enum sotto_err err = SOTTO_OK;

    for (uint32_t i = 0; i < work->list_count && err == SOTTO_OK; i++) {
        if (sotto_mls_listed_type(&work->list[i]) == type) {
            err = apply_one(group, work, &work->list[i]);
        }
    }
    return err;
}

enum sotto_err sotto_mls_list_apply(const struct sotto_mls_group *group,
                                    struct sotto_mls_work *work)
{
    static const uint16_t order[] = {SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                     SOTTO_MLS_PROPOSAL_UPDATE,
                                     SOTTO_MLS_PROPOSAL_REMOVE,
                                     SOTTO_MLS_PROPOSAL_ADD,
                                     SOTTO_MLS_PROPOSAL_REINIT};
    enum sotto_err err = SOTTO_OK;

    for (size_t i = 0; i < sizeof order / sizeof *order && err == SOTTO_OK;
         i++) {
        err = apply_type(group, work, order[i]);
    }
    return err;
}

/* --------------------------------------------------------- the tree (7.3) */

static bool is_changed(const struct sotto_mls_work *work, uint32_t leaf)
{
    const struct sotto_mls_tree *draft = &work->draft;

    return sotto_mls_tree_leaf(draft, leaf).at !=
           sotto_mls_tree_leaf(draft->base, leaf).at;
}

/* Whether a leaf that changed has the type of credential that its place had,
 * and knows the same types. Then all still know those of all. */
static bool knows_as_before(const struct sotto_mls_work *work, uint32_t leaf)
{
    struct sotto_mls_leaf_node old;
    struct sotto_mls_leaf_node now;

    return sotto_mls_tree_leaf_node(work->draft.base, leaf, &old) &&
           sotto_mls_tree_leaf_node(&work->draft, leaf, &now) &&
           old.credential.type == now.credential.type &&
           sotto_mls_same(old.capabilities.credentials,
                          now.capabilities.credentials);
}

/* What others know of was checked when it came in, but against the extensions
 * of then. */
static enum sotto_err check_leaf(const struct sotto_mls_group *group,
                                 const struct sotto_mls_work *work, uint32_t at)
{
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = SOTTO_OK;

    if (is_changed(work, at) ||
        !sotto_mls_same(work->extensions, group->context.extensions)) {
        (void)sotto_mls_tree_leaf_node(&work->draft, at, &leaf);
        err = sotto_mls_leaf_check(group->suite, &leaf, 0, work->extensions,
                                   SOTTO_TIME_UNKNOWN);
    }
    if (err == SOTTO_OK && is_changed(work, at)) {
        err = sotto_mls_tree_check_unique(&work->draft, at);
    }
    return err;
}

/* Whether somebody who was added stands for a client that has another leaf
 * (12.2). Who was removed is out of the draft already. */
static bool is_client_twice(const struct sotto_mls_client *client,
                            const struct sotto_mls_tree *draft, uint32_t added)
{
    struct sotto_mls_leaf_node leaf;
    struct sotto_mls_leaf_node other;
    uint32_t i = sotto_mls_tree_next_leaf(draft, 0);

    (void)sotto_mls_tree_leaf_node(draft, added, &leaf);
    for (; i != SOTTO_MLS_NONE; i = sotto_mls_tree_next_leaf(draft, i + 1)) {
        (void)sotto_mls_tree_leaf_node(draft, i, &other);
        if (i != added && client->is_same_client(client->ctx, &leaf.credential,
                                                 &other.credential)) {
            return true;
        }
    }
    return false;
}

static enum sotto_err check_clients(const struct sotto_mls_client *client,
                                    const struct sotto_mls_work *work)
{
    const struct sotto_mls_tree *draft = &work->draft;
    uint32_t leaf = sotto_mls_tree_next_leaf(draft, 0);

    if (client->is_same_client == NULL ||
        count_type(work, SOTTO_MLS_PROPOSAL_ADD) == 0) {
        return SOTTO_OK; /* signature keys differ, as of all leaves */
    }
    for (; leaf != SOTTO_MLS_NONE;
         leaf = sotto_mls_tree_next_leaf(draft, leaf + 1)) {
        if (sotto_mls_tree_is_added(draft, leaf) &&
            is_client_twice(client, draft, leaf)) {
            return SOTTO_ERR_FORMAT;
        }
    }
    return SOTTO_OK;
}

enum sotto_err sotto_mls_list_check_tree(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         const struct sotto_mls_work *work)
{
    const struct sotto_mls_tree *draft = &work->draft;
    uint32_t leaf = sotto_mls_tree_next_leaf(draft, 0);
    enum sotto_err err = SOTTO_OK;
    bool is_new = false;

    for (; leaf != SOTTO_MLS_NONE && err == SOTTO_OK;
         leaf = sotto_mls_tree_next_leaf(draft, leaf + 1)) {
        is_new =
            is_new || (is_changed(work, leaf) && !knows_as_before(work, leaf));
        err = check_leaf(group, work, leaf);
    }
    if (err == SOTTO_OK && is_new) {
        err = sotto_mls_tree_check_credentials(draft);
    }
    return err == SOTTO_OK ? check_clients(client, work) : err;
}

/* ---------------------------------------------------- pre-shared keys (8.4) */

static enum sotto_err add_psk(const struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_listed *item,
                              struct sotto_mls_psk_chain *chain)
{
    struct sotto_mls_proposal proposal;
    struct sotto_span psk;
    enum sotto_err err;

    if (sotto_mls_listed_type(item) != SOTTO_MLS_PROPOSAL_PSK) {
        return SOTTO_OK;
    }
    sotto_mls_listed_read(item, &proposal);
    err = sotto_mls_find_psk(group, client, &proposal.psk, &psk);
    if (err == SOTTO_OK) {
        sotto_mls_psk_add(chain, &proposal.psk, psk);
    }
    return err;
}

enum sotto_err sotto_mls_list_psk_secret(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         struct sotto_mls_work *work)
{
    uint32_t count = count_type(work, SOTTO_MLS_PROPOSAL_PSK);
    struct sotto_mls_psk_chain chain;
    enum sotto_err err = SOTTO_OK;

    if (count > UINT16_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_mls_psk_begin(&chain, group->suite, (uint16_t)count);
    for (uint32_t i = 0; i < work->list_count && err == SOTTO_OK; i++) {
        err = add_psk(group, client, &work->list[i], &chain);
    }
    if (err == SOTTO_OK) {
        sotto_mls_psk_end(&chain, work->psk_secret);
    }
    sotto_mls_psk_wipe(&chain);
    return err;
}
