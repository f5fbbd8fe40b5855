/*
 * vectors_mls_passive.c - passive-client-*.json: somebody who joins by a
 * Welcome and then only listens.
 */
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "tests/vectors/vectors_mls.h"
#include <string.h>

static const struct sotto_mls_config config = {.members = 64,
                                               .leaf_len = 1024,
                                               .context_len = 4096,
                                               .proposals = 64,
                                               .proposal_bytes = 65536,
                                               .past_psks = 8,
                                               .message_len = 262144,
                                               .kept = 64,
                                               .window = 64,
                                               .forward = 64};

/* A case, as the client's callbacks see it. */
struct passive {
    struct vectors *v;
    const cJSON *test;
    struct sotto_mls_client client;
    struct sotto_mls_group *group;
    struct vectors_bytes memory;
    struct vectors_bytes before; /* the same, before a message */
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

static void start(struct passive *passive)
{
    size_t size = sotto_mls_group_size(&config);
    size_t scratch_len = sotto_mls_scratch_size(&config);

    passive->memory = vectors_buffer(passive->v, size);
    passive->before = vectors_buffer(passive->v, size);
    passive->client = (struct sotto_mls_client){
        .scratch = vectors_buffer(passive->v, scratch_len).at,
        .scratch_len = scratch_len,
        .now = SOTTO_TIME_UNKNOWN,
        .ctx = passive,
        .psk = find_psk};
    passive->group = sotto_mls_group_init(passive->memory.at, &config);
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

static bool join(struct passive *passive)
{
    struct vectors *v = passive->v;
    const cJSON *test = passive->test;
    const cJSON *tree_field = cJSON_GetObjectItem(test, "ratchet_tree");
    struct sotto_span tree = {NULL, 0};
    struct sotto_mls_member_keys keys = {
        .init_private = vectors_hex(v, test, "init_priv").at,
        .encryption_private = vectors_hex(v, test, "encryption_priv").at,
        .signature_private = vectors_hex(v, test, "signature_priv").at};
    enum sotto_err err;

    if (!read_key_package(passive, &keys.key_package)) {
        return false;
    }
    if (cJSON_IsString(tree_field)) {
        tree = vectors_mls_span(v, test, "ratchet_tree");
    }
    err = sotto_mls_join(passive->group, &passive->client, &keys,
                         vectors_mls_span(v, test, "welcome"), tree, NULL);
    if (err != SOTTO_OK) {
        vectors_note(v, "join: %s", sotto_err_name(err));
        return false;
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
        vectors_note(passive->v, "%s: %s", what, sotto_err_name(err));
        return false;
    }
    if (event.type != type) {
        vectors_note(passive->v, "%s: event %d", what, (int)event.type);
        return false;
    }
    return true;
}

/* A proposal of the list, whose items are strings. */
static struct sotto_span item_span(struct vectors *v, const cJSON *item)
{
    cJSON *object = cJSON_CreateObject();
    struct vectors_bytes bytes;

    cJSON_AddItemToObject(object, "item", cJSON_Duplicate(item, true));
    bytes = vectors_hex(v, object, "item");
    cJSON_Delete(object);
    return (struct sotto_span){bytes.at, bytes.len};
}

static bool run_epoch(struct passive *passive, const cJSON *epoch)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItem(epoch, "proposals"))
    {
        if (!receive(passive, item_span(passive->v, item),
                     SOTTO_MLS_EVENT_PROPOSAL, "proposal")) {
            return false;
        }
    }
    return receive(passive, vectors_mls_span(passive->v, epoch, "commit"),
                   SOTTO_MLS_EVENT_COMMIT, "commit") &&
           check_authenticator(passive, epoch, "epoch_authenticator");
}

bool vectors_mls_passive(struct vectors *v, const cJSON *test)
{
    struct passive passive = {.v = v, .test = test};
    const cJSON *epoch;
    size_t number = 0;

    start(&passive);
    if (!join(&passive)) {
        return false;
    }
    cJSON_ArrayForEach(epoch, cJSON_GetObjectItem(test, "epochs"))
    {
        if (!run_epoch(&passive, epoch)) {
            vectors_note(v, "in epoch %zu", number);
            return false;
        }
        number++;
    }
    return true;
}
