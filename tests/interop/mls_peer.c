/*
 * mls_peer.c - bin/mls_peer SEED: members of groups by this library, one
 * command a line on stdin, one answer a line on stdout; README.md lists the
 * commands. The same seed and the same commands give the same answers.
 */
#define _POSIX_C_SOURCE 200809L /* getline */

#include "core/crypto/drbg.h"
#include "core/mls/group.h"
#include "tests/interop/call.h"
#include <sotto/mls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE      256
#define PSKS        64
#define MESSAGE_MAX 1048576U
#define PACKAGE_MAX 1024U
#define NAME_MAX    64U
#define EXPORT_LEN  40U
#define HEADER_LEN  4U /* of an MLSMessage: version and wire format */

struct person {
    char name[NAME_MAX];
    struct sotto_mls_group *group;
    uint8_t signature_private[SOTTO_MLS_PRIVATE_MAX];
    uint8_t package[PACKAGE_MAX];
    size_t package_len;
    struct sotto_mls_package_keys keys;
    uint8_t *pending; /* MESSAGE_MAX of it */
    size_t pending_len;
};

struct psk {
    struct sotto_span id;
    struct sotto_span psk;
};

static const struct sotto_mls_config config = {.members = 256,
                                               .leaf_len = 1024,
                                               .context_len = 4096,
                                               .proposals = 64,
                                               .proposal_bytes = 65536,
                                               .past_psks = 8,
                                               .message_len = MESSAGE_MAX,
                                               .kept = 64,
                                               .window = 64,
                                               .forward = 64};

static struct person people[PEOPLE];
static size_t people_count;
static struct psk psks[PSKS];
static size_t psk_count;
static struct sotto_drbg drbg;
static struct sotto_mls_client client;
static uint8_t out_bytes[3][MESSAGE_MAX];

static void print_buffer(const struct sotto_mls_buffer *buffer)
{
    call_print((struct sotto_span){buffer->at, buffer->len});
}

static struct sotto_mls_buffer buffer(size_t which)
{
    return (struct sotto_mls_buffer){out_bytes[which], MESSAGE_MAX, 0};
}

/* ------------------------------------------------------------------- people */

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    sotto_drbg_next(&drbg, out, len);
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};

static struct person *find_person(const char *name)
{
    struct person *person = people;

    while (person < people + people_count && strcmp(person->name, name) != 0) {
        person++;
    }
    if (person == people + people_count) {
        if (people_count == PEOPLE || strlen(name) >= NAME_MAX) {
            fprintf(stderr, "mls_peer: too many people, or too long a name\n");
            exit(1);
        }
        people_count++;
        strcpy(person->name, name);
        person->group =
            sotto_mls_group_init(call_must_alloc(sotto_mls_group_size(&config)),
                                 &config);
        person->pending = call_must_alloc(MESSAGE_MAX);
        (void)fill(NULL, person->signature_private, SOTTO_MLS_PRIVATE_MAX);
        person->signature_private[0] &= 0x7f; /* below the group's order */
    }
    return person;
}

static bool same(struct sotto_span a, struct sotto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* External PSKs that were named, and the resumption PSKs of all groups. */
static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    (void)ctx;
    for (size_t i = 0; i < psk_count; i++) {
        if (id->type == SOTTO_MLS_PSK_EXTERNAL && same(psks[i].id, id->id)) {
            *psk = psks[i].psk;
            return SOTTO_OK;
        }
    }
    for (size_t i = 0; i < people_count; i++) {
        const struct sotto_mls_group *group = people[i].group;

        if (id->type == SOTTO_MLS_PSK_RESUMPTION &&
            group->state != SOTTO_MLS_GROUP_EMPTY &&
            same(sotto_mls_group_id(group), id->group) &&
            sotto_mls_group_epoch(group) == id->epoch) {
            *psk = sotto_mls_group_resumption_psk(group);
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

static struct sotto_mls_member_keys keys_of(const struct person *person)
{
    return (struct sotto_mls_member_keys){
        .key_package = {person->package + HEADER_LEN, person->package_len},
        .init_private = person->keys.init_private,
        .encryption_private = person->keys.encryption_private,
        .signature_private = person->signature_private};
}

/* ------------------------------------------------------------------ changes */

static struct sotto_mls_change add_change(struct call *call, const char *hex)
{
    struct sotto_span in = call_decode(call, hex);

    /* The KeyPackage without the header of the MLSMessage. */
    return (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_ADD,
                                     .bytes = {in.at + HEADER_LEN,
                                               in.len < HEADER_LEN
                                                   ? 0
                                                   : in.len - HEADER_LEN}};
}

/* The resumption PSK of a group's present epoch, or of epoch `epoch`. */
static struct sotto_mls_change resumption(const struct sotto_mls_group *group,
                                          uint8_t usage, uint64_t epoch)
{
    return (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_PSK,
                                     .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                                             .usage = usage,
                                             .group = sotto_mls_group_id(group),
                                             .epoch = epoch}};
}

/* A change as a word: KIND:VALUE. */
static struct sotto_mls_change read_change(struct call *call,
                                           const struct person *person,
                                           const char *text)
{
    const char *colon = strchr(text, ':');
    const char *value = colon != NULL ? colon + 1 : "-";
    struct sotto_mls_change change = {.type = 0};

    if (strncmp(text, "add", 3) == 0) {
        change = add_change(call, value);
    } else if (strncmp(text, "remove", 6) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_REMOVE;
        change.leaf = (uint32_t)strtoul(value, NULL, 10);
    } else if (strncmp(text, "update", 6) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_UPDATE;
    } else if (strncmp(text, "psk", 3) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_PSK;
        change.psk.type = SOTTO_MLS_PSK_EXTERNAL;
        change.psk.id = call_decode(call, value);
    } else if (strncmp(text, "resumption", 10) == 0) {
        change = resumption(person->group, SOTTO_MLS_USAGE_APPLICATION,
                            strtoull(value, NULL, 10));
    } else if (strncmp(text, "extensions", 10) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_EXTENSIONS;
        change.bytes = call_decode(call, value);
    } else if (strncmp(text, "reinit", 6) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_REINIT;
        change.bytes = call_decode(call, value);
        change.cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM;
        change.extensions = sotto_mls_group_extensions(person->group);
    }
    return change;
}

/* ---------------------------------------------------------------- commands */

static void do_psk(struct call *call)
{
    struct sotto_span id = call_bytes(call, 1);
    struct sotto_span psk = call_bytes(call, 2);

    if (psk_count == PSKS) {
        (void)call_answer(SOTTO_ERR_SPACE);
        return;
    }
    call_keep(call);
    psks[psk_count++] = (struct psk){id, psk};
    (void)call_answer(SOTTO_OK);
}

static void do_package(struct call *call, struct person *person)
{
    const uint8_t header[HEADER_LEN] = {0, SOTTO_MLS_VERSION_10, 0, 5};
    const struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC,
                       {(const uint8_t *)person->name, strlen(person->name)}},
        .signature_private = person->signature_private,
        .lifetime = {0, UINT64_MAX}};
    struct sotto_mls_buffer out = {person->package + HEADER_LEN,
                                   PACKAGE_MAX - HEADER_LEN, 0};

    (void)call;
    if (call_answer(
            sotto_mls_key_package_make(&client, SOTTO_MLS_SUITE_P256_AES128GCM,
                                       &identity, &person->keys, &out)) ==
        SOTTO_OK) {
        memcpy(person->package, header, HEADER_LEN);
        person->package_len = out.len;
        call_print((struct sotto_span){person->package, out.len + HEADER_LEN});
    }
}

static void do_create(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = keys_of(person);

    sotto_mls_group_wipe(person->group);
    (void)call_answer(sotto_mls_group_create(person->group, &client, &keys,
                                             call_bytes(call, 2),
                                             call_bytes(call, 3)));
}

static void do_join(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = keys_of(person);
    struct sotto_mls_psk_id tie;

    sotto_mls_group_wipe(person->group);
    (void)call_answer(sotto_mls_join(person->group, &client, &keys,
                                     call_bytes(call, 2), call_bytes(call, 3),
                                     &tie));
}

static void do_info(struct call *call, struct person *person)
{
    struct sotto_mls_buffer out = buffer(0);

    if (call_answer(sotto_mls_group_info_make(person->group, &client,
                                              call_number(call, 2) != 0,
                                              &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_tree(struct call *call, struct person *person)
{
    struct sotto_mls_buffer out = buffer(0);

    (void)call;
    if (call_answer(sotto_mls_group_tree(person->group, &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_join_external(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = keys_of(person);
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = call_number(call, 4)};
    const struct sotto_mls_plan plan = {
        .changes = &change,
        .count = strcmp(call_word(call, 4), "-") == 0 ? 0 : 1};
    struct sotto_mls_buffer out = buffer(0);

    sotto_mls_group_wipe(person->group);
    if (call_answer(sotto_mls_join_external(person->group, &client, &keys,
                                            call_bytes(call, 2),
                                            call_bytes(call, 3), &plan,
                                            &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_propose(struct call *call, struct person *person)
{
    const struct sotto_mls_sending how = {.is_public =
                                              call_number(call, 2) != 0,
                                          .padding = call_number(call, 3)};
    struct sotto_mls_change change =
        read_change(call, person, call_word(call, 4));
    struct sotto_mls_buffer out = buffer(0);

    if (call_answer(sotto_mls_propose(person->group, &client, &how, &change,
                                      &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

/* Makes a commit that waits for `accept`. */
static void commit(struct person *person, const struct sotto_mls_plan *plan)
{
    struct sotto_mls_made made = {buffer(0),
                                  buffer(1),
                                  {person->pending, MESSAGE_MAX, 0}};

    if (call_answer(sotto_mls_commit_make(person->group, &client, plan,
                                          &made)) == SOTTO_OK) {
        person->pending_len = made.pending.len;
        print_buffer(&made.message);
        print_buffer(&made.welcome);
    }
}

static void do_commit(struct call *call, struct person *person)
{
    struct sotto_mls_change changes[CALL_WORDS];
    struct sotto_mls_plan plan = {.changes = changes,
                                  .with_tree = call_number(call, 3) != 0,
                                  .how = {.is_public =
                                              call_number(call, 2) != 0,
                                          .padding = call_number(call, 4)}};

    for (size_t i = 5; i < call->count; i++) {
        if (strcmp(call->words[i], "path") == 0) {
            plan.with_path = true;
        } else {
            changes[plan.count++] = read_change(call, person, call->words[i]);
        }
    }
    commit(person, &plan);
}

/* A new group of `next`'s, tied to the one of `person` by its last PSK. */
static void start_tied(struct call *call, const struct person *person,
                       struct sotto_span group_id, uint8_t usage, size_t from)
{
    struct person *next = find_person(call_word(call, 2));
    const struct sotto_mls_member_keys keys = keys_of(next);
    struct sotto_mls_change changes[CALL_WORDS];
    struct sotto_mls_plan plan = {.changes = changes, .with_tree = true};
    enum sotto_err err;

    sotto_mls_group_wipe(next->group);
    err = sotto_mls_group_create(next->group, &client, &keys, group_id,
                                 sotto_mls_group_extensions(person->group));
    if (err != SOTTO_OK) {
        (void)call_answer(err);
        return;
    }
    for (size_t i = from; i < call->count; i++) {
        changes[plan.count++] = add_change(call, call->words[i]);
    }
    changes[plan.count++] =
        resumption(person->group, usage, sotto_mls_group_epoch(person->group));
    commit(next, &plan);
}

static void do_branch(struct call *call, struct person *person)
{
    start_tied(call, person, call_bytes(call, 3), SOTTO_MLS_USAGE_BRANCH, 4);
}

static void do_continue(struct call *call, struct person *person)
{
    start_tied(call, person, call_bytes(call, 3), SOTTO_MLS_USAGE_REINIT, 4);
}

static void do_accept(struct call *call, struct person *person)
{
    struct sotto_mls_event event;

    (void)call;
    (void)call_answer(sotto_mls_commit_accept(
        person->group, &client,
        (struct sotto_span){person->pending, person->pending_len}, &event));
}

static void do_forget(struct call *call, struct person *person)
{
    (void)call;
    sotto_mls_ignore_proposals(person->group);
    (void)call_answer(SOTTO_OK);
}

static void do_say(struct call *call, struct person *person)
{
    const struct sotto_mls_sending how = {.padding = call_number(call, 2),
                                          .authenticated_data =
                                              call_bytes(call, 3)};
    struct sotto_mls_buffer out = buffer(0);

    if (call_answer(sotto_mls_protect(person->group, &client, &how,
                                      call_bytes(call, 4), &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_receive(struct call *call, struct person *person)
{
    struct sotto_mls_event event;

    if (call_answer(sotto_mls_receive(person->group, &client,
                                      call_bytes(call, 2), &event)) !=
        SOTTO_OK) {
        return;
    }
    switch (event.type) {
    case SOTTO_MLS_EVENT_APPLICATION:
        printf(" application");
        call_print(event.data);
        call_print(event.authenticated_data);
        printf(" %u", (unsigned)event.sender);
        break;
    case SOTTO_MLS_EVENT_PROPOSAL:
        printf(" proposal");
        break;
    case SOTTO_MLS_EVENT_COMMIT:
        printf(" commit");
        break;
    case SOTTO_MLS_EVENT_REMOVED:
        printf(" removed");
        break;
    case SOTTO_MLS_EVENT_REINIT:
        printf(" reinit");
        break;
    }
}

static void do_state(struct call *call, struct person *person)
{
    const struct sotto_mls_group *group = person->group;
    struct sotto_mls_member member;
    uint8_t exported[EXPORT_LEN];
    const char *separator = " ";

    (void)call;
    if (call_answer(sotto_mls_group_export(
            group, "interop",
            (struct sotto_span){(const uint8_t *)"context", 7}, exported,
            sizeof exported)) != SOTTO_OK) {
        return;
    }
    printf(" %llu", (unsigned long long)sotto_mls_group_epoch(group));
    call_print(sotto_mls_group_epoch_authenticator(group));
    call_print((struct sotto_span){exported, sizeof exported});
    call_print(group->context.tree_hash);
    printf(" %u", (unsigned)sotto_mls_group_me(group));
    for (uint32_t leaf = 0; sotto_mls_group_next_member(group, leaf, &member);
         leaf = member.leaf + 1) {
        printf("%s%u", separator, (unsigned)member.leaf);
        separator = ",";
    }
}

static void do_keys(struct call *call, struct person *person)
{
    (void)call;
    (void)call_answer(SOTTO_OK);
    call_print((struct sotto_span){person->keys.init_private, 32});
    call_print((struct sotto_span){person->keys.encryption_private, 32});
    call_print((struct sotto_span){person->signature_private, 32});
}

/* --------------------------------------------------------------------- main */

static const struct command {
    const char *name;
    void (*run)(struct call *call, struct person *person);
} commands[] = {
    {"package", do_package}, {"create", do_create},
    {"join", do_join},       {"info", do_info},
    {"tree", do_tree},       {"join_external", do_join_external},
    {"propose", do_propose}, {"commit", do_commit},
    {"branch", do_branch},   {"continue", do_continue},
    {"accept", do_accept},   {"forget", do_forget},
    {"say", do_say},         {"receive", do_receive},
    {"state", do_state},     {"keys", do_keys},
};

static void run(struct call *call)
{
    if (strcmp(call_word(call, 0), "psk") == 0) {
        do_psk(call);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(call_word(call, 0), commands[i].name) == 0) {
            commands[i].run(call, find_person(call_word(call, 1)));
            return;
        }
    }
    printf("error unknown command");
}

static void run_line(char *line)
{
    struct call call;

    call_start(&call, line);
    run(&call);
    printf("\n");
    (void)fflush(stdout);
    call_finish(&call);
}

int main(int argc, char **argv)
{
    const char *seed = argc > 1 ? argv[1] : "1";
    char *line = NULL;
    size_t size = 0;

    sotto_drbg_init(&drbg, (struct sotto_piece){seed, strlen(seed)},
                    (struct sotto_piece){NULL, 0});
    client.scratch_len = sotto_mls_scratch_size(&config);
    client.scratch = call_must_alloc(client.scratch_len);
    client.now = SOTTO_TIME_UNKNOWN;
    client.random = &random_bytes;
    client.psk = find_psk;
    while (getline(&line, &size, stdin) >= 0) {
        run_line(line);
    }
    free(line);
    return 0;
}
