/*
 * mls_peer.c - bin/mls_peer SEED: members of groups by this library, one
 * command a line on stdin, one answer a line on stdout; README.md lists the
 * commands. The same seed and the same commands give the same answers.
 */
#include "core/mls/group.h"
#include "tests/interop/call.h"
#include "tests/interop/people.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT_LEN 40U

static uint8_t out_bytes[2][PEOPLE_MESSAGE_MAX];

static void print_buffer(const struct sotto_mls_buffer *buffer)
{
    call_print((struct sotto_span){buffer->at, buffer->len});
}

static struct sotto_mls_buffer buffer(size_t which)
{
    return (struct sotto_mls_buffer){out_bytes[which], PEOPLE_MESSAGE_MAX, 0};
}

/* ------------------------------------------------------------------ changes */

static struct sotto_mls_change add_change(struct call *call, const char *hex)
{
    struct sotto_span in = call_decode(call, hex);

    /* The KeyPackage without the header of the MLSMessage. */
    return (struct sotto_mls_change){
        .type = SOTTO_MLS_PROPOSAL_ADD,
        .bytes = {in.at + PEOPLE_HEADER_LEN,
                  in.len < PEOPLE_HEADER_LEN ? 0 : in.len - PEOPLE_HEADER_LEN}};
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

/* One's own leaf node with a new signature key; until the next one is made. */
static const struct sotto_mls_new_leaf *new_leaf(struct person *person)
{
    static struct sotto_mls_new_leaf leaf;

    people_renew_key(person);
    leaf.signature_private = person->signature_private;
    return &leaf;
}

/* A change as a word: KIND:VALUE. */
static struct sotto_mls_change read_change(struct call *call,
                                           struct person *person,
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
    } else if (strncmp(text, "rekey", 5) == 0) {
        change.type = SOTTO_MLS_PROPOSAL_UPDATE;
        change.leaf_node = new_leaf(person);
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

    call_keep(call);
    (void)call_answer(people_add_psk(id, psk));
}

static void do_package(struct call *call, struct person *person)
{
    static const uint8_t both[] = {0, SOTTO_MLS_CREDENTIAL_BASIC, 0,
                                   SOTTO_MLS_CREDENTIAL_X509};
    const uint8_t header[PEOPLE_HEADER_LEN] = {0, SOTTO_MLS_VERSION_10, 0, 5};
    struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC,
                       {(const uint8_t *)person->name,
                        strcspn(person->name, "+")}},
        .capabilities = {.credentials = {both, sizeof both}},
        .signature_private = person->signature_private,
        .lifetime = {0, UINT64_MAX}};
    struct sotto_mls_buffer out = {person->package + PEOPLE_HEADER_LEN,
                                   PEOPLE_PACKAGE_MAX - PEOPLE_HEADER_LEN, 0};

    if (call->count > 2) {
        identity.credential =
            (struct sotto_mls_credential){SOTTO_MLS_CREDENTIAL_X509,
                                          call_bytes(call, 2)};
    }
    if (call_answer(sotto_mls_key_package_make(&people_client,
                                               SOTTO_MLS_SUITE_P256_AES128GCM,
                                               &identity, &person->keys,
                                               &out)) == SOTTO_OK) {
        memcpy(person->package, header, PEOPLE_HEADER_LEN);
        person->package_len = out.len;
        call_print(
            (struct sotto_span){person->package, out.len + PEOPLE_HEADER_LEN});
    }
}

static void do_create(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = people_keys(person);

    sotto_mls_group_wipe(person->group);
    (void)call_answer(sotto_mls_group_create(person->group, &people_client,
                                             &keys, call_bytes(call, 2),
                                             call_bytes(call, 3)));
}

static void do_join(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = people_keys(person);
    struct sotto_mls_psk_id tie;

    sotto_mls_group_wipe(person->group);
    people_former = strcmp(call_word(call, 4), "-") == 0
                        ? NULL
                        : people_find(call_word(call, 4));
    (void)call_answer(sotto_mls_join(person->group, &people_client, &keys,
                                     call_bytes(call, 2), call_bytes(call, 3),
                                     &tie));
}

static void do_info(struct call *call, struct person *person)
{
    struct sotto_mls_buffer out = buffer(0);

    if (call_answer(sotto_mls_group_info_make(person->group, &people_client,
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
    const struct sotto_mls_member_keys keys = people_keys(person);
    struct sotto_mls_change changes[CALL_WORDS];
    struct sotto_mls_plan plan = {.changes = changes};
    struct sotto_mls_buffer out = buffer(0);

    if (strcmp(call_word(call, 4), "-") != 0) {
        changes[plan.count++] =
            (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                      .leaf = call_number(call, 4)};
    }
    for (size_t i = 5; i < call->count; i++) {
        changes[plan.count++] = read_change(call, person, call->words[i]);
    }
    sotto_mls_group_wipe(person->group);
    if (call_answer(sotto_mls_join_external(person->group, &people_client,
                                            &keys, call_bytes(call, 2),
                                            call_bytes(call, 3), &plan,
                                            &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_propose_join(struct call *call, struct person *person)
{
    const struct sotto_mls_member_keys keys = people_keys(person);
    struct sotto_mls_buffer out = buffer(0);
    struct sotto_mls_outside group;
    enum sotto_err err = sotto_mls_group_info_read(call_bytes(call, 2), &group);

    if (err == SOTTO_OK) {
        err = sotto_mls_propose_self(&people_client, &group, &keys, &out);
    }
    if (call_answer(err) == SOTTO_OK) {
        print_buffer(&out);
    }
}

/* Somebody who is no member, but an external sender. */
static void do_propose_as(struct call *call, struct person *person)
{
    struct sotto_mls_change change =
        read_change(call, person, call_word(call, 4));
    struct sotto_mls_buffer out = buffer(0);
    struct sotto_mls_outside group;
    enum sotto_err err = sotto_mls_group_info_read(call_bytes(call, 2), &group);

    if (err == SOTTO_OK) {
        err = sotto_mls_propose_external(&people_client, &group,
                                         call_number(call, 3),
                                         person->signature_private, &change,
                                         &out);
    }
    if (call_answer(err) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_sender(struct call *call, struct person *person)
{
    struct sotto_mls_buffer out = buffer(0);

    (void)call;
    if (call_answer(sotto_mls_signature_key_make(&people_client,
                                                 SOTTO_MLS_SUITE_P256_AES128GCM,
                                                 person->signature_private,
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

    if (call_answer(sotto_mls_propose(person->group, &people_client, &how,
                                      &change, &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

/* Makes a commit that waits for `accept`. */
static void commit(struct person *person, const struct sotto_mls_plan *plan)
{
    struct sotto_mls_made made = {buffer(0),
                                  buffer(1),
                                  {person->pending, PEOPLE_MESSAGE_MAX, 0}};

    if (call_answer(sotto_mls_commit_make(person->group, &people_client, plan,
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
        } else if (strcmp(call->words[i], "rekey") == 0) {
            plan.with_path = true;
            plan.leaf_node = new_leaf(person);
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
    struct person *next = people_find(call_word(call, 2));
    const struct sotto_mls_member_keys keys = people_keys(next);
    struct sotto_mls_change changes[CALL_WORDS];
    struct sotto_mls_plan plan = {.changes = changes, .with_tree = true};
    enum sotto_err err;

    sotto_mls_group_wipe(next->group);
    people_former = person;
    err = sotto_mls_group_create(next->group, &people_client, &keys, group_id,
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
        person->group, &people_client,
        (struct sotto_span){person->pending, person->pending_len}, &event));
}

/* As over a restart: all of the group as bytes and back. */
static void do_reload(struct call *call, struct person *person)
{
    struct sotto_mls_buffer out = buffer(0);
    enum sotto_err err = sotto_mls_group_save(person->group, &out);

    (void)call;
    if (err == SOTTO_OK) {
        sotto_mls_group_wipe(person->group);
        err = sotto_mls_group_load(person->group,
                                   (struct sotto_span){out.at, out.len});
    }
    (void)call_answer(err);
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

    if (call_answer(sotto_mls_protect(person->group, &people_client, &how,
                                      call_bytes(call, 4), &out)) == SOTTO_OK) {
        print_buffer(&out);
    }
}

static void do_receive(struct call *call, struct person *person)
{
    struct sotto_mls_event event;

    if (call_answer(sotto_mls_receive(person->group, &people_client,
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
    {"package", do_package},
    {"create", do_create},
    {"join", do_join},
    {"info", do_info},
    {"tree", do_tree},
    {"join_external", do_join_external},
    {"propose", do_propose},
    {"propose_join", do_propose_join},
    {"propose_as", do_propose_as},
    {"sender", do_sender},
    {"commit", do_commit},
    {"branch", do_branch},
    {"continue", do_continue},
    {"accept", do_accept},
    {"forget", do_forget},
    {"say", do_say},
    {"receive", do_receive},
    {"state", do_state},
    {"keys", do_keys},
    {"reload", do_reload},
};

static void run(struct call *call)
{
    if (strcmp(call_word(call, 0), "psk") == 0) {
        do_psk(call);
        return;
    }
    if (strcmp(call_word(call, 0), "grease") == 0) {
        people_client.grease = call_number(call, 1) != 0;
        (void)call_answer(SOTTO_OK);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(call_word(call, 0), commands[i].name) == 0) {
            commands[i].run(call, people_find(call_word(call, 1)));
            return;
        }
    }
    printf("error unknown command");
}

int main(int argc, char **argv)
{
    people_init(argc > 1 ? argv[1] : "1");
    call_serve(run);
    return 0;
}
