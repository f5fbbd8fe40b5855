/*
 * mls_histories.c - bin/mls_histories SEED MEMBERS ROUNDS: a random history of
 * one MLS group (mls_crowd.h): several commit at once and one of them is the
 * first; clients are added, removed, come from outside, lose commits and come
 * back; keys are updated, pre-shared keys mixed in, groups saved and loaded;
 * messages are damaged, lost, late or out of order.
 *
 * SOTTO_SEED in the environment takes the place of SEED.
 */
#include "mls_crowd.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMITTERS  3U
#define CHANGES_MAX 6U
#define CATCH_UP    3U /* one in so many reads the log in a round */
#define ROUNDS_MAX  16384U

static const struct sotto_span none = {NULL, 0};

static uint8_t messages[COMMITTERS][MESSAGE_MAX];
static uint8_t welcomes[COMMITTERS][MESSAGE_MAX];
static uint8_t pendings[COMMITTERS][MESSAGE_MAX];

static struct sotto_span span_of(const struct sotto_mls_buffer *buffer)
{
    return (struct sotto_span){buffer->at, buffer->len};
}

/* ------------------------------------------------------------------ commits */

/* A commit that may be the first of its epoch. */
struct trial {
    struct member *sender;
    struct member *added[CHANGES_MAX];
    size_t added_count;
    struct sotto_mls_change changes[CHANGES_MAX];
    size_t change_count;
    struct sotto_mls_made made;
};

static bool is_added(const struct trial *trial, const struct member *member)
{
    for (size_t i = 0; i < trial->added_count; i++) {
        if (trial->added[i] == member) {
            return true;
        }
    }
    return false;
}

static void plan_add(struct trial *trial)
{
    struct member *added = pick_member(false);

    if (added == NULL || is_added(trial, added)) {
        return;
    }
    if (added->package_len == 0) {
        make_package(added);
    }
    trial->added[trial->added_count++] = added;
    trial->changes[trial->change_count++] =
        (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_ADD,
                                  .bytes = {added->package,
                                            added->package_len}};
}

static void plan_remove(struct trial *trial)
{
    const struct member *removed = pick_member(true);

    if (removed != trial->sender) {
        trial->changes[trial->change_count++] =
            (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                      .leaf =
                                          sotto_mls_group_me(removed->group)};
    }
}

static void plan_psk(struct trial *trial)
{
    static const uint8_t names[PSKS] = {'a', 'b', 'c'};

    trial->changes[trial->change_count++] =
        (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_PSK,
                                  .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                          .id = {&names[pick(PSKS)], 1}}};
    counts.psks++;
}

/* While the group is small it rather grows. */
static void plan_changes(struct trial *trial)
{
    size_t adds = in_count * 2 < member_count ? pick(CHANGES_MAX - 1) : pick(3);

    for (size_t i = 0; i < adds; i++) {
        plan_add(trial);
    }
    if (trial->change_count < CHANGES_MAX && pick(3) == 0) {
        plan_remove(trial);
    }
    if (trial->change_count < CHANGES_MAX && pick(4) == 0) {
        plan_psk(trial);
    }
}

static void make_trial(struct trial *trial, size_t number)
{
    struct sotto_mls_plan plan = {.changes = trial->changes,
                                  .with_path = pick(2) == 0,
                                  .with_tree = true,
                                  .how = {.is_public = pick(2) == 0,
                                          .padding = pick(64)}};

    plan_changes(trial);
    plan.count = trial->change_count;
    trial->made = (struct sotto_mls_made){{messages[number], MESSAGE_MAX, 0},
                                          {welcomes[number], MESSAGE_MAX, 0},
                                          {pendings[number], MESSAGE_MAX, 0}};
    must(sotto_mls_commit_make(trial->sender->group, &client, &plan,
                               &trial->made),
         "commit");
}

static void accept_trial(struct trial *trial)
{
    struct sotto_mls_event event;

    must(sotto_mls_commit_accept(trial->sender->group, &client,
                                 span_of(&trial->made.pending), &event),
         "accept");
    send_message(trial->sender, &trial->made.message, MESSAGE_COMMIT);
    note_epoch(trial->sender);
    for (size_t i = 0; i < trial->added_count; i++) {
        struct member *added = trial->added[i];
        struct sotto_mls_member_keys keys = keys_of(added);

        must(sotto_mls_join(added->group, &client, &keys,
                            span_of(&trial->made.welcome), none, NULL),
             "join");
        added->package_len = 0; /* each serves once */
        come_in(added);
        counts.joins++;
    }
}

static bool has_sender(const struct trial *trials, size_t count,
                       const struct member *sender)
{
    for (size_t i = 0; i < count; i++) {
        if (trials[i].sender == sender) {
            return true;
        }
    }
    return false;
}

/* Several commits for one epoch, of which one is taken. */
static void race(void)
{
    static struct trial trials[COMMITTERS];
    size_t wanted = 1 + pick(COMMITTERS);
    size_t count = 0;

    memset(trials, 0, sizeof trials);
    for (size_t i = 0; i < wanted; i++) {
        struct member *sender = pick_member(true);

        if (!has_sender(trials, count, sender)) {
            trials[count].sender = sender;
            make_trial(&trials[count], count);
            count++;
        }
    }
    accept_trial(&trials[pick(count)]);
    counts.lost_races += count - 1;
}

/* ------------------------------------------------------------- from outside */

/* Whether the leaf that a stranded client had is still its own. */
static bool has_leaf(const struct member *inside, const struct member *stranded)
{
    size_t number = (size_t)(stranded - members);
    const uint8_t name[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    struct sotto_mls_member at;

    return sotto_mls_group_next_member(inside->group, stranded->leaf, &at) &&
           at.leaf == stranded->leaf && at.credential.body.len == 2 &&
           memcmp(at.credential.body.at, name, 2) == 0;
}

static void join_from_outside(struct member *outside)
{
    const struct member *inside = pick_member(true);
    struct sotto_mls_buffer info = {welcomes[0], MESSAGE_MAX, 0};
    struct sotto_mls_buffer out = {messages[0], MESSAGE_MAX, 0};
    struct sotto_mls_change remove = {.type = SOTTO_MLS_PROPOSAL_REMOVE};
    struct sotto_mls_plan plan = {.changes = &remove};
    struct sotto_mls_member_keys keys;

    if (outside == NULL) {
        return;
    }
    if (outside->is_stranded && has_leaf(inside, outside)) {
        remove.leaf = outside->leaf;
        plan.count = 1;
    }
    make_package(outside);
    keys = keys_of(outside);
    must(sotto_mls_group_info_make(inside->group, &client, true, &info),
         "group info");
    must(sotto_mls_join_external(outside->group, &client, &keys, span_of(&info),
                                 none, &plan, &out),
         "external join");
    outside->package_len = 0;
    send_message(outside, &out, MESSAGE_COMMIT);
    note_epoch(outside);
    come_in(outside);
    counts.external_joins++;
}

/* ----------------------------------------------------------- other messages */

static void propose_update(void)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_sending how = {.is_public = pick(2) == 0};
    struct sotto_mls_buffer out = {messages[0], MESSAGE_MAX, 0};
    struct member *sender = pick_member(true);
    enum sotto_err err =
        sotto_mls_propose(sender->group, &client, &how, &update, &out);

    if (err == SOTTO_ERR_SPACE) {
        return; /* enough wait already */
    }
    must(err, "propose");
    send_message(sender, &out, MESSAGE_PROPOSAL);
}

static void say(void)
{
    const struct sotto_mls_sending how = {.padding = pick(64)};
    struct sotto_mls_buffer out = {messages[0], MESSAGE_MAX, 0};
    struct member *sender = pick_member(true);
    uint8_t words[64];
    enum sotto_err err;

    chance_fill(words, sizeof words);
    err = sotto_mls_protect(sender->group, &client, &how,
                            (struct sotto_span){words, sizeof words}, &out);
    if (err == SOTTO_ERR_BUSY) {
        return; /* proposals wait to be committed */
    }
    must(err, "protect");
    send_message(sender, &out, MESSAGE_APPLICATION);
}

static void run_round(void)
{
    switch (pick(9)) {
    case 0:
        join_from_outside(pick_member(false));
        break;
    case 1:
        join_from_outside(pick_stranded());
        break;
    case 2:
        propose_update();
        break;
    case 3:
    case 4:
        say();
        say();
        break;
    default:
        race();
        break;
    }
    for (size_t i = 0; i < member_count; i++) {
        if (pick(CATCH_UP) == 0) {
            catch_up(&members[i]);
        }
    }
    if (pick_member(true) == NULL) {
        fail("nobody is left", SOTTO_ERR_NOT_FOUND);
    }
}

/* ---------------------------------------------------------------- the story */

static void print_counts(void)
{
    printf("%lu commits, %lu lost races, %lu joins, %lu from outside, "
           "%lu removals, %lu stranded,\n%lu pre-shared keys, %lu late "
           "messages, %lu lost, %lu damaged, %lu of ghosts, %lu reloads;\n"
           "%zu members in the end\n",
           counts.commits, counts.lost_races, counts.joins,
           counts.external_joins, counts.removals, counts.stranded, counts.psks,
           counts.late, counts.lost, counts.damaged, counts.ghosts,
           counts.reloads, in_count);
}

int main(int argc, char **argv)
{
    const char *seed = getenv("SOTTO_SEED");
    unsigned long count;
    unsigned long rounds;

    if (argc != 4) {
        fprintf(stderr, "usage: mls_histories SEED MEMBERS ROUNDS\n");
        return 2;
    }
    seed = seed != NULL ? seed : argv[1];
    printf("seed %s, %s members, %s rounds\n", seed, argv[2], argv[3]);
    (void)fflush(stdout);
    count = strtoul(argv[2], NULL, 10);
    rounds = strtoul(argv[3], NULL, 10);
    if (count < 2 || count > 4096 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: 2 to 4096 members, at most %u rounds\n",
                ROUNDS_MAX);
        return 2;
    }
    crowd_start(seed, count);
    for (unsigned long i = 0; i < rounds; i++) {
        run_round();
    }
    for (size_t i = 0; i < member_count; i++) {
        catch_up(&members[i]);
    }
    print_counts();
    return 0;
}
