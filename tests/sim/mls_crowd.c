/*
 * mls_crowd.c - the members of a random history, and how they read it.
 */
#include "mls_crowd.h"

#include "core/crypto/drbg.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX   65536U
#define LOSE_ONE  512U /* commits that a member reads */
#define STATE_MAX (4U * MESSAGE_MAX)

struct entry {
    uint8_t *bytes;
    size_t len;
    size_t sender; /* who has it already */
    enum message_kind kind;
};

struct member *members;
size_t member_count;
size_t in_count;
struct counts counts;

static struct sotto_mls_config config = {.leaf_len = 320,
                                         .context_len = 64,
                                         .proposals = 32,
                                         .proposal_bytes = 16384,
                                         .past_psks = 2,
                                         .past_epochs = 1,
                                         .message_len = MESSAGE_MAX,
                                         .kept = 32,
                                         .window = 32,
                                         .forward = 64};
static size_t group_size;
static struct sotto_drbg drbg;
static struct entry history[LOG_MAX];
static size_t history_len;
static uint8_t authenticators[LOG_MAX][HASH_LEN]; /* of each epoch */
static uint64_t newest;                           /* epoch */

static void *before;
static uint8_t saved[2][STATE_MAX];

/* The state of the last one who was removed, from just before. */
static void *ghost_memory;
static struct sotto_mls_group *ghost;
static size_t ghost_at; /* reads the log from there on */

void fail(const char *what, enum sotto_err err)
{
    fprintf(stderr, "mls_histories: %s: %s (epoch %llu)\n", what,
            sotto_err_name(err), (unsigned long long)newest);
    exit(1);
}

void must(enum sotto_err err, const char *what)
{
    if (err != SOTTO_OK) {
        fail(what, err);
    }
}

/* ------------------------------------------------------------------- chance */

void chance_fill(uint8_t *out, size_t len)
{
    while (len > 0) {
        size_t some = len < HASH_LEN ? len : HASH_LEN;

        sotto_drbg_next(&drbg, out, some);
        out += some;
        len -= some;
    }
}

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    chance_fill(out, len);
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};

size_t pick(size_t below)
{
    uint8_t bytes[3];

    chance_fill(bytes, sizeof bytes);
    return ((size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16) %
           below;
}

struct member *pick_member(bool is_in)
{
    size_t start = pick(member_count);

    for (size_t i = 0; i < member_count; i++) {
        struct member *member = &members[(start + i) % member_count];

        if (member->is_in == is_in && !member->is_stranded &&
            (!is_in || member->at == history_len)) {
            return member;
        }
    }
    return NULL;
}

struct member *pick_stranded(void)
{
    size_t start = pick(member_count);

    for (size_t i = 0; i < member_count; i++) {
        struct member *member = &members[(start + i) % member_count];

        if (member->is_stranded) {
            return member;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ members */

/* PSK 'a' + n is n + 1 bytes of that letter, and everybody has it. */
static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    static const uint8_t secrets[PSKS][PSKS] = {"a", "bb", "ccc"};

    (void)ctx;
    if (id->type != SOTTO_MLS_PSK_EXTERNAL || id->id.len != 1 ||
        id->id.at[0] < 'a' || id->id.at[0] >= 'a' + PSKS) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *psk = (struct sotto_span){secrets[id->id.at[0] - 'a'],
                               1U + id->id.at[0] - 'a'};
    return SOTTO_OK;
}

struct sotto_mls_client client = {.random = &random_bytes, .psk = find_psk};

void make_package(struct member *member)
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

struct sotto_mls_member_keys keys_of(const struct member *member)
{
    return (struct sotto_mls_member_keys){
        .key_package = {member->package, member->package_len},
        .init_private = member->keys.init_private,
        .encryption_private = member->keys.encryption_private,
        .signature_private = member->signature_private};
}

/* ------------------------------------------------------------------ the log */

void send_message(struct member *sender, const struct sotto_mls_buffer *out,
                  enum message_kind kind)
{
    struct entry *entry = &history[history_len];

    if (history_len == LOG_MAX) {
        fail("the log is full", SOTTO_ERR_LIMIT);
    }
    entry->bytes = malloc(out->len);
    if (entry->bytes == NULL) {
        fail("memory", SOTTO_ERR_SPACE);
    }
    memcpy(entry->bytes, out->at, out->len);
    entry->len = out->len;
    entry->sender = (size_t)(sender - members);
    entry->kind = kind;
    history_len++;
    sender->at = history_len;
}

static struct sotto_span bytes_of(const struct entry *entry)
{
    return (struct sotto_span){entry->bytes, entry->len};
}

/* ----------------------------------------------------------- what must hold */

static void check_epoch(const struct member *member)
{
    uint64_t epoch = sotto_mls_group_epoch(member->group);
    struct sotto_span got = sotto_mls_group_epoch_authenticator(member->group);

    if (memcmp(authenticators[epoch], got.at, HASH_LEN) != 0) {
        fail("members disagree", SOTTO_ERR_AUTH);
    }
}

void note_epoch(const struct member *member)
{
    newest = sotto_mls_group_epoch(member->group);
    memcpy(authenticators[newest],
           sotto_mls_group_epoch_authenticator(member->group).at, HASH_LEN);
    counts.commits++;
}

/* A message that is to fail, and to leave no trace. */
static enum sotto_err refuse(struct member *member, const struct entry *entry)
{
    struct sotto_mls_event event;
    enum sotto_err err;

    memcpy(before, member->memory, group_size);
    err = sotto_mls_receive(member->group, &client, bytes_of(entry), &event);
    if (err == SOTTO_OK) {
        fail("a message was taken that is none", SOTTO_ERR_FORMAT);
    }
    if (memcmp(before, member->memory, group_size) != 0) {
        fail("a failed message left a trace", err);
    }
    return err;
}

static void damage(struct member *member, const struct entry *entry)
{
    size_t at = pick(entry->len);
    uint8_t bit = (uint8_t)(1U << pick(8));

    entry->bytes[at] ^= bit;
    (void)refuse(member, entry);
    entry->bytes[at] ^= bit;
    counts.damaged++;
}

/* Saved and loaded, a group is what it was. */
static void reload(struct member *member)
{
    struct sotto_mls_buffer first = {saved[0], STATE_MAX, 0};
    struct sotto_mls_buffer second = {saved[1], STATE_MAX, 0};

    must(sotto_mls_group_save(member->group, &first), "save");
    sotto_mls_group_wipe(member->group);
    must(sotto_mls_group_load(member->group,
                              (struct sotto_span){first.at, first.len}),
         "load");
    must(sotto_mls_group_save(member->group, &second), "save again");
    if (first.len != second.len ||
        memcmp(first.at, second.at, first.len) != 0) {
        fail("a loaded group is another", SOTTO_ERR_FORMAT);
    }
    counts.reloads++;
}

/* ------------------------------------------------------------------- ghosts */

/* Keeps what a removed member was, which `before` has. */
static void make_ghost(struct member *member)
{
    struct sotto_mls_buffer state = {saved[0], STATE_MAX, 0};

    memcpy(member->memory, before, group_size);
    must(sotto_mls_group_save(member->group, &state), "save a ghost");
    sotto_mls_group_wipe(member->group);
    sotto_mls_group_wipe(ghost);
    must(sotto_mls_group_load(ghost, (struct sotto_span){state.at, state.len}),
         "load a ghost");
    ghost_at = member->at + 1;
}

/* What came after its removal is nothing to a ghost. */
static void haunt(void)
{
    struct sotto_mls_event event;

    for (; sotto_mls_group_is_active(ghost) && ghost_at < history_len;
         ghost_at++) {
        if (sotto_mls_receive(ghost, &client, bytes_of(&history[ghost_at]),
                              &event) == SOTTO_OK) {
            fail("who was removed can read", SOTTO_ERR_AUTH);
        }
        counts.ghosts++;
    }
}

/* ------------------------------------------------------------------ reading */

static void leave(struct member *member)
{
    member->is_in = false;
    member->late = NOTHING;
    in_count--;
}

static void take(struct member *member, const struct entry *entry)
{
    struct sotto_mls_event event;

    memcpy(before, member->memory, group_size);
    must(sotto_mls_receive(member->group, &client, bytes_of(entry), &event),
         "receive");
    if (event.type == SOTTO_MLS_EVENT_REMOVED) {
        make_ghost(member);
        leave(member);
        counts.removals++;
    } else if (event.type == SOTTO_MLS_EVENT_COMMIT) {
        check_epoch(member);
    }
}

/* A message that was late: of this epoch, or of the one before, otherwise it is
 * too late. */
static void take_late(struct member *member)
{
    const struct entry *entry = &history[member->late];
    struct sotto_mls_event event;
    enum sotto_err err =
        sotto_mls_receive(member->group, &client, bytes_of(entry), &event);

    if (err != SOTTO_OK && err != SOTTO_ERR_REPLAY) {
        fail("a late message", err);
    }
    counts.late += err == SOTTO_OK ? 1 : 0;
    member->late = NOTHING;
}

/* Whether an entry can be read now; application data may get lost, or come
 * late. */
static bool comes_now(struct member *member, const struct entry *entry)
{
    if (entry->sender == (size_t)(member - members)) {
        return false;
    }
    if (entry->kind != MESSAGE_APPLICATION) {
        return true;
    }
    switch (pick(8)) {
    case 0:
        counts.lost++;
        return false;
    case 1:
        if (member->late == NOTHING) {
            member->late = (size_t)(entry - history);
            return false;
        }
        return true;
    default:
        return true;
    }
}

/* A commit is lost, and nothing that follows can be read. Who sees that gives
 * up, and may come back from outside. */
static void lose(struct member *member)
{
    for (member->at++; member->at < history_len; member->at++) {
        (void)refuse(member, &history[member->at]);
    }
    member->is_stranded = true;
    member->leaf = sotto_mls_group_me(member->group);
    sotto_mls_group_wipe(member->group);
    leave(member);
    counts.stranded++;
}

static void read_one(struct member *member)
{
    const struct entry *entry = &history[member->at];

    if (entry->kind == MESSAGE_COMMIT && pick(LOSE_ONE) == 0 && in_count > 2 &&
        entry->sender != (size_t)(member - members)) {
        lose(member);
        return;
    }
    if (comes_now(member, entry)) {
        if (pick(16) == 0) {
            damage(member, entry);
        }
        take(member, entry);
    }
    member->at++;
}

void catch_up(struct member *member)
{
    while (member->is_in && member->at < history_len) {
        read_one(member);
        if (member->is_in && member->late != NOTHING && pick(4) == 0) {
            take_late(member);
        }
    }
    if (member->is_in && pick(32) == 0) {
        reload(member);
    }
    haunt();
}

void come_in(struct member *member)
{
    member->is_in = true;
    member->is_stranded = false;
    member->at = history_len;
    in_count++;
    check_epoch(member);
}

/* -------------------------------------------------------------------- start */

static void *must_alloc(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        fail("memory", SOTTO_ERR_SPACE);
    }
    return memory;
}

void crowd_start(const char *seed, size_t count)
{
    const struct sotto_span none = {NULL, 0};
    const struct sotto_span id = {(const uint8_t *)"sim", 3};
    const struct sotto_piece piece = {seed, strlen(seed)};
    const struct sotto_piece nothing = {NULL, 0};
    struct sotto_mls_member_keys keys;

    sotto_drbg_init(&drbg, piece, nothing);
    member_count = count;
    config.members = (uint32_t)count;
    group_size = sotto_mls_group_size(&config);
    client.scratch_len = sotto_mls_scratch_size(&config);
    client.scratch = must_alloc(client.scratch_len);
    before = must_alloc(group_size);
    ghost_memory = must_alloc(group_size);
    ghost = sotto_mls_group_init(ghost_memory, &config);
    members = must_alloc(count * sizeof *members);
    for (size_t i = 0; i < count; i++) {
        members[i].memory = must_alloc(group_size);
        members[i].group = sotto_mls_group_init(members[i].memory, &config);
        members[i].late = NOTHING;
        must(sotto_mls_signature_key_make(&client,
                                          SOTTO_MLS_SUITE_P256_AES128GCM,
                                          members[i].signature_private, NULL),
             "signature key");
    }
    make_package(&members[0]);
    keys = keys_of(&members[0]);
    must(sotto_mls_group_create(members[0].group, &client, &keys, id, none),
         "create");
    note_epoch(&members[0]);
    come_in(&members[0]);
}
