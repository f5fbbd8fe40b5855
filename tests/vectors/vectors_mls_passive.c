/*
 * vectors_mls_passive.c - passive-client-*.json: somebody who joins by a
 * Welcome and then only listens.
 */
#include "core/crypto/p256.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "tests/vectors/vectors_mls.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_FIRST 64 /* room for so many, and for more where it is short */
#define MEMBERS_MORE  8

/* A case, as the client's callbacks see it. */
struct passive {
    struct vectors *v;
    const cJSON *test;
    struct sotto_mls_config config;
    struct sotto_mls_client client;
    struct sotto_mls_group *group;
    struct vectors_bytes memory;
    struct vectors_bytes before; /* the same, before a message */
    bool is_short;               /* the group was too small for the case */
};

static bool same(struct sotto_span a, struct sotto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    struct passive *passive = ctx;
    const cJSON *item;

    if (id->type != SOTTO_MLS_PSK_EXTERNAL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    cJSON_ArrayForEach(item,
                       cJSON_GetObjectItem(passive->test, "external_psks"))
    {
        if (same(vectors_mls_span(passive->v, item, "psk_id"), id->id)) {
            *psk = vectors_mls_span(passive->v, item, "psk");
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* Bytes of all the hex in a value, and of the longest piece. */
static void measure(const cJSON *value, size_t *all, size_t *longest)
{
    const cJSON *item;

    if (cJSON_IsString(value)) {
        size_t len = strlen(value->valuestring) / 2;

        *all += len;
        *longest = len > *longest ? len : *longest;
    }
    cJSON_ArrayForEach(item, value)
    {
        measure(item, all, longest);
    }
}

/* What depends on the case; a commit may list several changes of each leaf. */
static struct sotto_mls_config config_for(const cJSON *test, uint32_t members)
{
    int epochs = cJSON_GetArraySize(cJSON_GetObjectItem(test, "epochs"));
    size_t all = 0;
    size_t longest = 0;

    measure(test, &all, &longest);
    return (struct sotto_mls_config){.members = members,
                                     .leaf_len = 1024,
                                     .context_len = longest + 64,
                                     .proposals = 2 * members + 256,
                                     .proposal_bytes = all + 64,
                                     .past_psks = (uint32_t)epochs + 1,
                                     .message_len = longest + 64,
                                     .kept = 64,
                                     .window = 64,
                                     .forward = 1024};
}

static void *must_alloc(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

/* Not the memory of a file, which may have many cases. */
static void start(struct passive *passive, uint32_t members)
{
    passive->config = config_for(passive->test, members);
    size_t size = sotto_mls_group_size(&passive->config);
    size_t scratch_len = sotto_mls_scratch_size(&passive->config);

    passive->is_short = false;
    passive->memory = (struct vectors_bytes){must_alloc(size), size};
    passive->before = (struct vectors_bytes){must_alloc(size), size};
    passive->client =
        (struct sotto_mls_client){.scratch = must_alloc(scratch_len),
                                  .scratch_len = scratch_len,
                                  .now = SOTTO_TIME_UNKNOWN,
                                  .ctx = passive,
                                  .psk = find_psk};
    passive->group = sotto_mls_group_init(passive->memory.at, &passive->config);
}

/* A step that failed: a note, unless a larger group can do it. */
static bool fail(struct passive *passive, const char *what, enum sotto_err err)
{
    if ((err == SOTTO_ERR_LIMIT || err == SOTTO_ERR_SPACE) &&
        passive->config.members < SOTTO_MLS_MAX_MEMBERS) {
        passive->is_short = true;
    } else {
        vectors_note(passive->v, "%s: %s", what, sotto_err_name(err));
    }
    return false;
}

/* ------------------------------------------------------------------- joining */

/* The KeyPackage in an MLSMessage. */
static bool read_key_package(struct passive *passive, struct sotto_span *out)
{
    struct sotto_span in =
        vectors_mls_span(passive->v, passive->test, "key_package");
    struct sotto_mls_message message;
    struct sotto_reader r;

    sotto_reader_init(&r, in.at, in.len);
    sotto_mls_read_message(&r, &message);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        message.wire_format != SOTTO_MLS_WIRE_KEY_PACKAGE) {
        return vectors_mls_fail(passive->v, "not a key package");
    }
    *out = message.key_package.raw;
    return true;
}

static bool check_authenticator(struct passive *passive, const cJSON *object,
                                const char *field)
{
    struct sotto_span got = sotto_mls_group_epoch_authenticator(passive->group);

    return vectors_same(passive->v, field, got.at, got.len,
                        vectors_hex(passive->v, object, field));
}

/* A private key of the case; NULL with a note. */
static const uint8_t *private_key(struct passive *passive, const char *field)
{
    struct vectors_bytes key = vectors_hex(passive->v, passive->test, field);

    if (key.len != SOTTO_P256_PRIVATE_LEN) {
        vectors_note(passive->v, "%s has %lu bytes", field,
                     (unsigned long)key.len);
        return NULL;
    }
    return key.at;
}

static bool join(struct passive *passive)
{
    struct vectors *v = passive->v;
    const cJSON *test = passive->test;
    const cJSON *tree_field = cJSON_GetObjectItem(test, "ratchet_tree");
    struct sotto_span tree = {NULL, 0};
    struct sotto_mls_member_keys keys = {
        .init_private = private_key(passive, "init_priv"),
        .encryption_private = private_key(passive, "encryption_priv"),
        .signature_private = private_key(passive, "signature_priv")};
    enum sotto_err err;

    if (keys.init_private == NULL || keys.encryption_private == NULL ||
        keys.signature_private == NULL ||
        !read_key_package(passive, &keys.key_package)) {
        return false;
    }
    if (cJSON_IsString(tree_field)) {
        tree = vectors_mls_span(v, test, "ratchet_tree");
    }
    err = sotto_mls_join(passive->group, &passive->client, &keys,
                         vectors_mls_span(v, test, "welcome"), tree, NULL);
    if (err != SOTTO_OK) {
        return fail(passive, "join", err);
    }
    return check_authenticator(passive, test, "initial_epoch_authenticator");
}

/* -------------------------------------------------------------------- epochs */

/* A message with one bit changed is refused, and leaves no trace. */
static bool refuse_damaged(struct passive *passive, struct sotto_span message)
{
    struct vectors_bytes copy = vectors_buffer(passive->v, message.len);
    struct sotto_mls_event event;

    memcpy(copy.at, message.at, message.len);
    if (message.len == 0) {
        return vectors_mls_fail(passive->v, "an empty message");
    }
    copy.at[message.len - 1 - message.len / 3] ^= 0x10;
    memcpy(passive->before.at, passive->memory.at, passive->memory.len);
    if (sotto_mls_receive(passive->group, &passive->client,
                          (struct sotto_span){copy.at, copy.len},
                          &event) == SOTTO_OK) {
        return vectors_mls_fail(passive->v, "a damaged message was taken");
    }
    return memcmp(passive->before.at, passive->memory.at,
                  passive->memory.len) == 0 ||
           vectors_mls_fail(passive->v, "a failed message left a trace");
}

static bool receive(struct passive *passive, struct sotto_span message,
                    enum sotto_mls_event_type type, const char *what)
{
    struct sotto_mls_event event;
    enum sotto_err err;

    if (!refuse_damaged(passive, message)) {
        return false;
    }
    err = sotto_mls_receive(passive->group, &passive->client, message, &event);
    if (err != SOTTO_OK) {
        return fail(passive, what, err);
    }
    if (event.type != type && !(type == SOTTO_MLS_EVENT_COMMIT &&
                                event.type == SOTTO_MLS_EVENT_REINIT)) {
        vectors_note(passive->v, "%s: event %d", what, (int)event.type);
        return false;
    }
    return true;
}

static bool run_epoch(struct passive *passive, const cJSON *epoch)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItem(epoch, "proposals"))
    {
        struct vectors_bytes proposal =
            vectors_hex_of(passive->v, item, "proposal");

        if (!receive(passive, (struct sotto_span){proposal.at, proposal.len},
                     SOTTO_MLS_EVENT_PROPOSAL, "proposal")) {
            return false;
        }
    }
    return receive(passive, vectors_mls_span(passive->v, epoch, "commit"),
                   SOTTO_MLS_EVENT_COMMIT, "commit") &&
           check_authenticator(passive, epoch, "epoch_authenticator");
}

static bool run_case(struct passive *passive)
{
    const cJSON *epoch;
    size_t number = 0;

    if (!join(passive)) {
        return false;
    }
    cJSON_ArrayForEach(epoch, cJSON_GetObjectItem(passive->test, "epochs"))
    {
        if (!run_epoch(passive, epoch)) {
            if (!passive->is_short) {
                vectors_note(passive->v, "in epoch %lu", (unsigned long)number);
            }
            return false;
        }
        number++;
    }
    return true;
}

static bool run(struct passive *passive, uint32_t members)
{
    bool passed;

    start(passive, members);
    passed = run_case(passive);
    free(passive->memory.at);
    free(passive->before.at);
    free(passive->client.scratch);
    return passed;
}

bool vectors_mls_passive(struct vectors *v, const cJSON *test)
{
    struct passive passive = {.v = v, .test = test};
    uint32_t members = MEMBERS_FIRST;
    bool passed = run(&passive, members);

    while (passive.is_short) {
        members = members > SOTTO_MLS_MAX_MEMBERS / MEMBERS_MORE
                      ? SOTTO_MLS_MAX_MEMBERS
                      : members * MEMBERS_MORE;
        passed = run(&passive, members);
    }
    return passed;
}
