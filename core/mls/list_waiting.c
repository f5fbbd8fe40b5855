/*
 * list_waiting.c - which of the proposals that wait go into a commit of ours
 * (RFC 9420 12.2, 12.4): all that can, since one that cannot must not keep the
 * others, or us, from ever coming to an end.
 */
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/tree_validate.h"

/* Removes first, since who is out needs no update and may leave room; then what
 * the others are judged by; of several Updates of one member the last. */
enum pass {
    REMOVES,
    EXTENSIONS,
    UPDATES,
    OTHERS,
    PASSES
};

static enum pass pass_of(uint16_t type)
{
    switch (type) {
    case SOTTO_MLS_PROPOSAL_REMOVE:
        return REMOVES;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        return EXTENSIONS;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        return UPDATES;
    default:
        return OTHERS;
    }
}

/* What an Add brings may have come to its end since it came (7.3). */
static bool has_not_expired(const struct sotto_mls_group *group,
                            const struct sotto_mls_client *client,
                            const struct sotto_mls_key_package *add)
{
    const struct sotto_span none = {NULL, 0};

    return sotto_mls_leaf_check(group->suite, &add->leaf_node,
                                SOTTO_MLS_LEAF_KEY_PACKAGE, none,
                                client->now) == SOTTO_OK;
}

/* The GroupContext has room for them. */
static bool have_room(const struct sotto_mls_group *group,
                      struct sotto_span extensions)
{
    size_t room = group->config.context_len;
    size_t id_len = group->context.group_id.len;

    return id_len <= room && extensions.len <= room - id_len;
}

/* Not what is about ourselves, nor a PSK that we do not have, nor what there is
 * no room for; a ReInit that would not be alone has to wait. */
static bool may_commit(const struct sotto_mls_group *group,
                       const struct sotto_mls_client *client,
                       const struct sotto_mls_work *work,
                       const struct sotto_mls_listed *item)
{
    struct sotto_mls_proposal proposal;
    struct sotto_span psk;

    sotto_mls_listed_read(item, &proposal);
    switch (proposal.type) {
    case SOTTO_MLS_PROPOSAL_REINIT:
        return group->waiting_count == 1 && work->list_count == 0;
    case SOTTO_MLS_PROPOSAL_PSK:
        return sotto_mls_find_psk(group, client, &proposal.psk, &psk) ==
               SOTTO_OK;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        return have_room(group, proposal.extensions);
    case SOTTO_MLS_PROPOSAL_ADD:
        return has_not_expired(group, client, &proposal.add);
    default:
        return sotto_mls_listed_leaf(item) != group->me;
    }
}

/* True when it was listed. */
static bool list_one(const struct sotto_mls_group *group,
                     const struct sotto_mls_client *client,
                     struct sotto_mls_work *work, uint32_t number,
                     enum pass pass)
{
    const struct sotto_mls_waiting *waiting = &group->waiting[number];
    struct sotto_mls_listed item = {.proposal = waiting->proposal,
                                    .sender = waiting->sender,
                                    .waiting = waiting};

    if (waiting->is_ignored || pass_of(sotto_mls_listed_type(&item)) != pass ||
        work->list_count == group->config.proposals ||
        !may_commit(group, client, work, &item) ||
        !sotto_mls_list_goes_with(work, work->list_count, &item)) {
        return false;
    }
    work->list[work->list_count++] = item;
    return true;
}

/* Applies the list to a fresh draft. */
static enum sotto_err try_list(const struct sotto_mls_group *group,
                               const struct sotto_mls_client *client,
                               struct sotto_mls_work *work)
{
    enum sotto_err err;

    work->reinit = (struct sotto_span){NULL, 0};
    work->extensions = group->context.extensions;
    sotto_mls_tree_draft(&work->draft, work->draft_memory, &group->tree);
    err = sotto_mls_list_apply(group, work);
    return err == SOTTO_OK ? sotto_mls_list_check_tree(group, client, work)
                           : err;
}

/* How much longer our own leaf node may become when a commit is made: by its
 * parent hash, and by how much signatures differ. */
#define LEAF_GROWTH (1U + SOTTO_MLS_HASH_MAX + 8U)

/* Whether somebody is added, by the list's items from `from` on, for whom the
 * tree has no room beside us. */
static bool is_crowded(const struct sotto_mls_work *work, uint32_t from)
{
    bool adds = false;

    for (uint32_t i = from; i < work->list_count; i++) {
        adds = adds ||
               sotto_mls_listed_type(&work->list[i]) == SOTTO_MLS_PROPOSAL_ADD;
    }
    return adds && !sotto_mls_tree_has_room(&work->draft, LEAF_GROWTH);
}

/* Lists one and sees whether all still go together; if not, it is left out. */
static void list_if_good(const struct sotto_mls_group *group,
                         const struct sotto_mls_client *client,
                         struct sotto_mls_work *work, uint32_t number,
                         enum pass pass)
{
    if (list_one(group, client, work, number, pass) &&
        (try_list(group, client, work) != SOTTO_OK ||
         is_crowded(work, work->list_count - 1))) {
        work->list_count--;
    }
}

static void list_pass(const struct sotto_mls_group *group,
                      const struct sotto_mls_client *client,
                      struct sotto_mls_work *work, enum pass pass,
                      bool one_by_one)
{
    uint32_t count = group->waiting_count;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = pass == UPDATES ? count - 1 - i : i;

        if (one_by_one) {
            list_if_good(group, client, work, number, pass);
        } else {
            (void)list_one(group, client, work, number, pass);
        }
    }
}

static void list_all(const struct sotto_mls_group *group,
                     const struct sotto_mls_client *client,
                     struct sotto_mls_work *work, bool one_by_one)
{
    for (int pass = 0; pass < PASSES; pass++) {
        list_pass(group, client, work, (enum pass)pass, one_by_one);
    }
}

enum sotto_err sotto_mls_list_waiting(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      struct sotto_mls_work *work)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_MEMBER, group->me};
    uint32_t by_value = work->list_count;
    enum sotto_err err = sotto_mls_list_check(work, me, true);

    if (err != SOTTO_OK) {
        return err;
    }
    list_all(group, client, work, false);
    err = try_list(group, client, work);
    if (work->list_count == by_value ||
        (err == SOTTO_OK && !is_crowded(work, by_value))) {
        return err;
    }
    work->list_count = by_value;
    err = try_list(group, client, work);
    if (err == SOTTO_OK) {
        list_all(group, client, work, true);
        err = try_list(group, client, work);
    }
    return err;
}
