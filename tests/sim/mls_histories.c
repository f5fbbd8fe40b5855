/*
 * mls_histories.c - bin/mls_histories SEED MEMBERS ROUNDS: a random history of
 * one MLS group, with members who are late, commits that lose against others
 * of the same epoch, application messages that are lost or out of order, and
 * damaged messages.
 *
 * All messages go into one log, as a server would keep it; a member reads on
 * from where it is when it is its turn. What must hold: everybody who comes to
 * an epoch has the epoch authenticator of the one who committed it; who was
 * removed is out; and a message that fails leaves its reader's memory as it
 * was, byte for byte.
 */
#include "core/crypto/drbg.h"
#include <sotto/mls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX  262144U
#define LOG_MAX      65536U
#define HASH_LEN     32
#define PACKAGE_MAX  512
#define COMMITTERS   3
#define CATCH_UP_ONE 3 /* in so many, a member reads the log in a round */

struct entry {
    uint8_t *bytes;
    size_t len;
    size_t sender;    /* who has it already */
    bool is_optional; /* application data: may be lost */
};

struct member {
    void *memory;
    struct sotto_mls_group *group;
    uint8_t signature_private[32];
    uint8_t package[PACKAGE_MAX];
    size_t package_len;
    struct sotto_mls_package_keys keys;
    size_t at; /* the next entry of the log to read */
    bool is_in;
};

static struct sotto_mls_config config = {.leaf_len = 320,
                                         .context_len = 64,
                                         .proposals = 32,
                                         .proposal_bytes = 16384,
                                         .past_psks = 2,
                                         .message_len = MESSAGE_MAX,
                                         .kept = 32,
                                         .window = 32,
                                         .forward = 64};

static struct member *members;
static size_t member_count;
static size_t group_size;
static void *before;
static struct entry history[LOG_MAX];
static size_t history_len;
static uint8_t authenticators[LOG_MAX][HASH_LEN]; /* of each epoch */
static uint64_t newest;                           /* epoch */
static struct sotto_drbg drbg;
static struct sotto_mls_client client;
static uint8_t messages[COMMITTERS][MESSAGE_MAX];
static uint8_t welcomes[COMMITTERS][MESSAGE_MAX];
static uint8_t pendings[COMMITTERS][MESSAGE_MAX];
static unsigned long counts[6];
enum {
    COMMITS,
    LOST_RACES,
    JOINS,
    EXTERNAL_JOINS,
    REMOVALS,
    DAMAGED
};

static void fail(const char *what, enum sotto_err err)
{
    fprintf(stderr, "mls_histories: %s: %s (epoch %llu)\n", what,
            sotto_err_name(err), (unsigned long long)newest);
    exit(1);
}

static void must(enum sotto_err err, const char *what)
{
    if (err != SOTTO_OK) {
        fail(what, err);
    }
}

/* ------------------------------------------------------------------- chance */

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        size_t some = len < HASH_LEN ? len : HASH_LEN;

        sotto_drbg_next(&drbg, out, some);
        out += some;
        len -= some;
    }
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};

static size_t pick(size_t below)
{
    uint8_t bytes[4];

    (void)fill(NULL, bytes, sizeof bytes);
    return ((size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16) %
           below;
}

/* A member who is in and has read everything, or who is out; NULL if none. */
static struct member *pick_member(bool is_in)
{
    size_t start = pick(member_count);

    for (size_t i = 0; i < member_count; i++) {
        struct member *member = &members[(start + i) % member_count];

        if (member->is_in == is_in && (!is_in || member->at == history_len)) {
            return member;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------- the log */

static void append(const struct member *sender, const uint8_t *bytes,
                   size_t len, bool is_optional)
{
    struct entry *entry = &history[history_len];

    if (history_len == LOG_MAX) {
        fail("the log is full", SOTTO_ERR_LIMIT);
    }
    entry->bytes = malloc(len);
    if (entry->bytes == NULL) {
        fail("memory", SOTTO_ERR_SPACE);
    }
    memcpy(entry->bytes, bytes, len);
    entry->len = len;
    entry->sender = (size_t)(sender - members);
    entry->is_optional = is_optional;
    history_len++;
}

static void check_epoch(const struct member *member)
{
    uint64_t epoch = sotto_mls_group_epoch(member->group);
    struct sotto_span got = sotto_mls_group_epoch_authenticator(member->group);

    if (memcmp(authenticators[epoch], got.at, HASH_LEN) != 0) {
        fail("members disagree", SOTTO_ERR_AUTH);
    }
}

static void damage(struct member *member, const struct entry *entry)
{
    size_t at = pick(entry->len);
    struct sotto_mls_event event;

    memcpy(before, member->memory, group_size);
    entry->bytes[at] ^= 0x20;
    if (sotto_mls_receive(member->group, &client,
                          (struct sotto_span){entry->bytes, entry->len},
                          &event) == SOTTO_OK) {
        fail("a damaged message was taken", SOTTO_ERR_FORMAT);
    }
    entry->bytes[at] ^= 0x20;
    if (memcmp(before, member->memory, group_size) != 0) {
        fail("a failed message left a trace", SOTTO_ERR_FORMAT);
    }
    counts[DAMAGED]++;
}

static void read_one(struct member *member, const struct entry *entry)
{
    struct sotto_mls_event event;

    if (entry->sender == (size_t)(member - members) ||
        (entry->is_optional && pick(8) == 0)) {
        return;
    }
    if (pick(16) == 0) {
        damage(member, entry);
    }
    must(sotto_mls_receive(member->group, &client,
                           (struct sotto_span){entry->bytes, entry->len},
                           &event),
         "receive");
    if (event.type == SOTTO_MLS_EVENT_REMOVED) {
        member->is_in = false;
        counts[REMOVALS]++;
    } else if (event.type == SOTTO_MLS_EVENT_COMMIT) {
        check_epoch(member);
    }
}

static void catch_up(struct member *member)
{
    while (member->is_in && member->at < history_len) {
        const struct entry *entry = &history[member->at];
        const struct entry *next = entry + 1;

        /* Two application messages may change places. */
        if (entry->is_optional && member->at + 1 < history_len &&
            next->is_optional && pick(2) == 0) {
            read_one(member, next);
            read_one(member, entry);
            member->at += 2;
        } else {
            read_one(member, entry);
            member->at++;
        }
    }
}

/* ------------------------------------------------------------------- members */

static void make_package(struct member *member)
{
    size_t number = (size_t)(member - members);
    uint8_t name[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {name, sizeof name}},
        .signature_private = member->signature_private,
        .lifetime = {0, UINT64_MAX}};
    struct sotto_mls_buffer out = {member->package, PACKAGE_MAX, 0};

    must(sotto_mls_key_package_make(&client, SOTTO_MLS_SUITE_P256_AES128GCM,
                                    &identity, &member->keys, &out),
         "key package");
    member->package_len = out.len;
}

static struct sotto_mls_member_keys keys_of(const struct member *member)
{
    return (struct sotto_mls_member_keys){
        .key_package = {member->package, member->package_len},
        .init_private = member->keys.init_private,
        .encryption_private = member->keys.encryption_private,
        .signature_private = member->signature_private};
}

static void come_in(struct member *member)
{
    member->is_in = true;
    member->at = history_len;
    check_epoch(member);
}

/* The epoch that `member` has come to by a commit of its own. */
static void note_epoch(const struct member *member)
{
    newest = sotto_mls_group_epoch(member->group);
    memcpy(authenticators[newest],
           sotto_mls_group_epoch_authenticator(member->group).at, HASH_LEN);
    counts[COMMITS]++;
}

/* -------------------------------------------------------------------- rounds */

struct
try {
    struct member *sender;
    struct member *added;
    struct sotto_mls_made made;
};

/* Somebody's commit, of what waits and perhaps an Add or a Remove. */
static void make_try(struct try *try, size_t number, struct member *added)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct sotto_mls_plan plan = {.changes = &change,
                                  .with_path = pick(2) == 0,
                                  .with_tree = true,
                                  .how = {.is_public = pick(2) == 0,
                                          .padding = pick(64)}};
    const struct member *victim = pick_member(true);

    try->added = NULL;
    if (added != NULL && pick(3) != 0) {
        try->added = added;
        change.bytes = (struct sotto_span){added->package, added->package_len};
        plan.count = 1;
    } else if (victim != try->sender && pick(3) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_REMOVE;
        change.leaf = sotto_mls_group_me(victim->group);
        plan.count = 1;
    }
    try->made = (struct sotto_mls_made){{messages[number], MESSAGE_MAX, 0},
                                        {welcomes[number], MESSAGE_MAX, 0},
                                        {pendings[number], MESSAGE_MAX, 0}};
    must(sotto_mls_commit_make(try->sender->group, &client, &plan, &try->made),
         "commit");
}

static void accept_try(struct try *try)
{
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_event event;
    struct sotto_mls_member_keys keys;

    append(try->sender, try->made.message.at, try->made.message.len, false);
    must(sotto_mls_commit_accept(try->sender->group, &client,
                                 (struct sotto_span){try->made.pending.at,
                                                     try->made.pending.len},
                                 &event),
         "accept");
    try->sender->at = history_len;
    note_epoch(try->sender);
    if (try->added != NULL) {
        keys = keys_of(try->added);
        must(sotto_mls_join(try->added->group, &client, &keys,
                            (struct sotto_span){try->made.welcome.at,
                                                try->made.welcome.len},
                            none, NULL),
             "join");
        come_in(try->added);
        counts[JOINS]++;
    }
}

/* Several commits for one epoch, of which one is taken. */
static void race(void)
{
    struct member *added = pick_member(false);
    struct try tries[COMMITTERS];
    size_t count = 0;

    if (added != NULL) {
        make_package(added);
    }
    for (size_t i = 0; i <= pick(COMMITTERS); i++) {
        bool is_new = true;

        tries[count].sender = pick_member(true);
        for (size_t j = 0; j < count; j++) {
            is_new = is_new && tries[j].sender != tries[count].sender;
        }
        if (is_new && count < COMMITTERS) {
            make_try(&tries[count], count, added);
            count++;
        }
    }
    accept_try(&tries[pick(count)]);
    counts[LOST_RACES] += count - 1;
}

static void join_from_outside(void)
{
    const struct sotto_span none = {NULL, 0};
    const struct sotto_mls_plan plan = {.count = 0};
    const struct member *inside = pick_member(true);
    struct member *outside = pick_member(false);
    struct sotto_mls_buffer info = {welcomes[0], MESSAGE_MAX, 0};
    struct sotto_mls_buffer out = {messages[0], MESSAGE_MAX, 0};
    struct sotto_mls_member_keys keys;

    if (outside == NULL) {
        return;
    }
    make_package(outside);
    keys = keys_of(outside);
    must(sotto_mls_group_info_make(inside->group, &client, true, &info),
         "group info");
    must(sotto_mls_join_external(outside->group, &client, &keys,
                                 (struct sotto_span){info.at, info.len}, none,
                                 &plan, &out),
         "external join");
    append(outside, out.at, out.len, false);
    note_epoch(outside);
    come_in(outside);
    counts[EXTERNAL_JOINS]++;
}

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
    append(sender, out.at, out.len, false);
    sender->at = history_len;
}

static void say(void)
{
    const struct sotto_mls_sending how = {.padding = pick(64)};
    struct sotto_mls_buffer out = {messages[0], MESSAGE_MAX, 0};
    struct member *sender = pick_member(true);
    uint8_t words[64];
    enum sotto_err err;

    (void)fill(NULL, words, sizeof words);
    err = sotto_mls_protect(sender->group, &client, &how,
                            (struct sotto_span){words, sizeof words}, &out);
    if (err == SOTTO_ERR_BUSY) {
        return; /* proposals wait to be committed */
    }
    must(err, "protect");
    append(sender, out.at, out.len, true);
    sender->at = history_len;
}

static void run_round(void)
{
    switch (pick(8)) {
    case 0:
        join_from_outside();
        break;
    case 1:
        propose_update();
        break;
    case 2:
    case 3:
        say();
        say();
        break;
    default:
        race();
        break;
    }
    for (size_t i = 0; i < member_count; i++) {
        if (pick(CATCH_UP_ONE) == 0) {
            catch_up(&members[i]);
        }
    }
    if (pick_member(true) == NULL) {
        fail("nobody is left", SOTTO_ERR_NOT_FOUND);
    }
}

/* --------------------------------------------------------------------- start */

static void *must_alloc(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        fail("memory", SOTTO_ERR_SPACE);
    }
    return memory;
}

static void start(const char *seed)
{
    const struct sotto_span none = {NULL, 0};
    const struct sotto_piece piece = {seed, strlen(seed)};
    const struct sotto_piece nothing = {NULL, 0};
    struct sotto_mls_member_keys keys;

    sotto_drbg_init(&drbg, piece, nothing);
    config.members = (uint32_t)member_count;
    group_size = sotto_mls_group_size(&config);
    client.scratch_len = sotto_mls_scratch_size(&config);
    client.scratch = must_alloc(client.scratch_len);
    client.random = &random_bytes;
    before = must_alloc(group_size);
    members = must_alloc(member_count * sizeof *members);
    for (size_t i = 0; i < member_count; i++) {
        members[i].memory = must_alloc(group_size);
        members[i].group = sotto_mls_group_init(members[i].memory, &config);
        (void)fill(NULL, members[i].signature_private, 32);
        members[i].signature_private[0] &= 0x7f; /* below the order */
    }
    make_package(&members[0]);
    keys = keys_of(&members[0]);
    must(sotto_mls_group_create(members[0].group, &client, &keys,
                                (struct sotto_span){(const uint8_t *)"sim", 3},
                                none),
         "create");
    memcpy(authenticators[0],
           sotto_mls_group_epoch_authenticator(members[0].group).at, HASH_LEN);
    members[0].is_in = true;
}

int main(int argc, char **argv)
{
    unsigned long rounds;

    if (argc != 4) {
        fprintf(stderr, "usage: mls_histories SEED MEMBERS ROUNDS\n");
        return 2;
    }
    printf("seed %s, %s members, %s rounds\n", argv[1], argv[2], argv[3]);
    member_count = strtoul(argv[2], NULL, 10);
    rounds = strtoul(argv[3], NULL, 10);
    if (member_count < 2 || member_count > 4096 || rounds > LOG_MAX / 4) {
        fprintf(stderr, "usage: 2 to 4096 members, at most %u rounds\n",
                LOG_MAX / 4);
        return 2;
    }
    start(argv[1]);
    for (unsigned long i = 0; i < rounds; i++) {
        run_round();
    }
    for (size_t i = 0; i < member_count; i++) {
        catch_up(&members[i]);
    }
    printf("%lu commits, %lu lost races, %lu joins, %lu from outside, "
           "%lu removals, %lu damaged messages\n",
           counts[COMMITS], counts[LOST_RACES], counts[JOINS],
           counts[EXTERNAL_JOINS], counts[REMOVALS], counts[DAMAGED]);
    return 0;
}
