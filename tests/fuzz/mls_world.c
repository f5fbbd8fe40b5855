/*
 * mls_world.c - a few clients of MLS (mls_world.h).
 */
#include "mls_world.h"

#include "core/crypto/drbg.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include "toy_curves.h"
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX   65536U
#define SCRATCH_MAX 65536U
#define EPOCHS_MAX  128U

struct world world;

const struct sotto_mls_config world_config = {.members = 8,
                                              .leaf_len = 256,
                                              .context_len = 256,
                                              .proposals = 6,
                                              .proposal_bytes = 2048,
                                              .past_psks = 2,
                                              .past_epochs = 2,
                                              .message_len = WORLD_MESSAGE_MAX,
                                              .kept = 4,
                                              .window = 4,
                                              .forward = 8};

static uint64_t memory[WORLD_CLIENTS][GROUP_MAX / 8];
static uint64_t scratch[SCRATCH_MAX / 8];
static struct sotto_drbg drbg;

/* The start, made once. */
static struct world first_world;
static uint64_t first_memory[WORLD_CLIENTS][GROUP_MAX / 8];
static struct sotto_drbg first_drbg;
static bool has_first;

const struct sotto_mls_suite *world_suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

/* --------------------------------------------------------------- the client */

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (toy_fails()) {
        return SOTTO_ERR_RANDOM;
    }
    while (len > 0) {
        size_t some = len < SOTTO_HASH_LEN ? len : SOTTO_HASH_LEN;

        sotto_drbg_next(&drbg, out, some);
        out += some;
        len -= some;
    }
    return SOTTO_OK;
}

static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    static const uint8_t secret[] = "secret";

    (void)ctx;
    if (id->type != SOTTO_MLS_PSK_EXTERNAL || id->id.len != 1 ||
        id->id.at[0] != 'p') {
        return SOTTO_ERR_NOT_FOUND;
    }
    *psk = (struct sotto_span){secret, sizeof secret};
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};

struct sotto_mls_client world_client = {.scratch = scratch,
                                        .scratch_len = sizeof scratch,
                                        .now = 1000,
                                        .random = &random_bytes,
                                        .psk = find_psk};

void world_make_package(struct world_client *client)
{
    uint8_t name = (uint8_t)(client - world.clients);
    struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {&name, 1}},
        .signature_private = client->signature_private,
        .lifetime = {500, 2000}};
    struct sotto_mls_buffer out = {client->package, WORLD_PACKAGE_MAX, 0};

    must(sotto_mls_key_package_make(&world_client,
                                    SOTTO_MLS_SUITE_P256_AES128GCM, &identity,
                                    &client->keys, &out) == SOTTO_OK);
    client->package_len = out.len;
}

struct sotto_mls_member_keys world_keys(const struct world_client *client)
{
    return (struct sotto_mls_member_keys){
        .key_package = {client->package, client->package_len},
        .init_private = client->keys.init_private,
        .encryption_private = client->keys.encryption_private,
        .signature_private = client->signature_private};
}

struct world_client *world_pick_client(void)
{
    return &world.clients[choose_byte() % WORLD_CLIENTS];
}

struct world_client *world_pick_in(bool is_in)
{
    size_t start = choose_byte();

    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        struct world_client *client =
            &world.clients[(start + i) % WORLD_CLIENTS];

        if (sotto_mls_group_is_active(client->group) == is_in) {
            return client;
        }
    }
    return NULL;
}

/* ----------------------------------------------------------------- messages */

struct sotto_mls_buffer world_new_message(void)
{
    return (struct sotto_mls_buffer){world.pool[world.sent % WORLD_POOL].bytes,
                                     WORLD_MESSAGE_MAX, 0};
}

struct world_message *world_send(const struct sotto_mls_buffer *out,
                                 enum sotto_err err)
{
    struct world_message *message = &world.pool[world.sent % WORLD_POOL];

    must(out->at == message->bytes);
    message->len = err == SOTTO_OK ? out->len : 0;
    message->serial = world.sent;
    world.sent++;
    return message;
}

struct world_message *world_pick_message(void)
{
    uint32_t back = choose_byte() % WORLD_POOL;

    return back < world.sent ? &world.pool[(world.sent - 1 - back) % WORLD_POOL]
                             : NULL;
}

/* ----------------------------------------------------------- what must hold */

static uint8_t before[GROUP_MAX];
static uint8_t before_context[SOTTO_HASH_LEN];

struct epoch {
    uint8_t from[SOTTO_HASH_LEN]; /* hash of the GroupContext before */
    uint32_t serial;              /* of the commit */
    uint8_t context[SOTTO_HASH_LEN];
    uint8_t authenticator[SOTTO_HASH_LEN];
};

static struct epoch epochs[EPOCHS_MAX];
static size_t epoch_count;

static void hash_context(const struct sotto_mls_group *group,
                         uint8_t out[static SOTTO_HASH_LEN])
{
    struct sotto_span context = sotto_mls_group_context_span(group);

    sotto_sha256(context.at, context.len, out);
}

static unsigned next_fails_at;

void world_fail_next(unsigned nth)
{
    next_fails_at = nth;
}

void world_begin(const struct world_client *client)
{
    memcpy(before, client->group, sotto_mls_group_size(&world_config));
    hash_context(client->group, before_context);
    toy_fail_at(next_fails_at);
    next_fails_at = 0;
}

void world_end(const struct world_client *client, enum sotto_err err)
{
    toy_fail_at(0);
    /* Where sealing fails, its key is given up (sotto_mls_protect). */
    must(err == SOTTO_OK || err == SOTTO_ERR_CRYPTO ||
         memcmp(before, client->group, sotto_mls_group_size(&world_config)) ==
             0);
}

static void compare_epochs(const struct epoch *now, uint32_t serial)
{
    for (size_t i = 0; i < epoch_count; i++) {
        const struct epoch *other = &epochs[i];

        if (memcmp(other->context, now->context, SOTTO_HASH_LEN) == 0) {
            must(memcmp(other->authenticator, now->authenticator,
                        SOTTO_HASH_LEN) == 0);
        } else {
            must(serial == SOTTO_MLS_NONE || serial != other->serial ||
                 memcmp(other->from, now->from, SOTTO_HASH_LEN) != 0);
        }
    }
}

void world_check_tree(const struct world_client *client)
{
    struct sotto_mls_group *group = client->group;

    must(sotto_mls_tree_check(&group->tree, group->context.group_id,
                              group->context.extensions,
                              SOTTO_MLS_NONE) == SOTTO_OK);
    must(memcmp(group->context.tree_hash.at, sotto_mls_tree_hash(&group->tree),
                group->suite->hash_len) == 0);
}

void world_check_epoch(const struct world_client *client, uint32_t serial)
{
    const struct sotto_mls_group *group = client->group;
    struct epoch now = {.serial = serial};

    world_check_tree(client);
    memcpy(now.from, before_context, SOTTO_HASH_LEN);
    hash_context(group, now.context);
    memcpy(now.authenticator, sotto_mls_group_epoch_authenticator(group).at,
           SOTTO_HASH_LEN);
    compare_epochs(&now, serial);
    if (epoch_count < EPOCHS_MAX) {
        epochs[epoch_count++] = now;
    }
}

/* ---------------------------------------------------------------- the start */

/* A commit that everybody who is in takes, and whom it adds. */
static void commit_first(struct world_client *sender,
                         struct world_client *added)
{
    static uint8_t bytes[2][WORLD_MESSAGE_MAX];
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct sotto_mls_plan plan = {.changes = &change,
                                  .with_path = true,
                                  .with_tree = true};
    struct sotto_mls_made made = {{bytes[0], WORLD_MESSAGE_MAX, 0},
                                  {bytes[1], WORLD_MESSAGE_MAX, 0},
                                  {sender->pending, WORLD_MESSAGE_MAX, 0}};
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_event event;

    if (added != NULL) {
        change.bytes = (struct sotto_span){added->package, added->package_len};
        plan.count = 1;
    }
    must(sotto_mls_commit_make(sender->group, &world_client, &plan, &made) ==
         SOTTO_OK);
    for (size_t i = 0; i < WORLD_FOUNDERS; i++) {
        struct world_client *other = &world.clients[i];
        struct sotto_span message = {made.message.at, made.message.len};
        struct sotto_span pending = {made.pending.at, made.pending.len};
        struct sotto_mls_member_keys keys = world_keys(other);

        if (other == added) {
            must(sotto_mls_join(other->group, &world_client, &keys,
                                (struct sotto_span){made.welcome.at,
                                                    made.welcome.len},
                                none, NULL) == SOTTO_OK);
        } else if (other == sender) {
            must(sotto_mls_commit_accept(other->group, &world_client, pending,
                                         &event) == SOTTO_OK);
        } else if (sotto_mls_group_is_active(other->group)) {
            must(sotto_mls_receive(other->group, &world_client, message,
                                   &event) == SOTTO_OK);
        }
    }
}

/* The last client may propose from outside. */
static struct sotto_span make_extensions(void)
{
    static uint8_t bytes[128];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    const struct world_client *last = &world.clients[WORLD_CLIENTS - 1];
    const struct sotto_mls_suite *suite = world_suite();
    const struct sotto_mls_external_sender sender = {
        .signature_key = {public_key, suite->signature_public_len},
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {public_key, 1}}};
    struct sotto_mls_buffer out = {bytes, sizeof bytes, 0};

    must(suite->signature_public_of(last->signature_private, public_key) ==
         SOTTO_OK);
    must(sotto_mls_write_external_senders(&sender, 1, &out) == SOTTO_OK);
    return (struct sotto_span){bytes, out.len};
}

static void make_first(void)
{
    const struct sotto_piece seed = {"mls_world", 9};
    const struct sotto_piece nothing = {NULL, 0};
    const struct sotto_span id = {(const uint8_t *)"g", 1};
    struct sotto_mls_member_keys keys;

    must(sotto_mls_group_size(&world_config) <= GROUP_MAX &&
         sotto_mls_scratch_size(&world_config) <= SCRATCH_MAX);
    sotto_drbg_init(&drbg, seed, nothing);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        world.clients[i].group = sotto_mls_group_init(memory[i], &world_config);
        (void)fill(NULL, world.clients[i].signature_private, 32);
        world_make_package(&world.clients[i]);
    }
    keys = world_keys(&world.clients[0]);
    must(sotto_mls_group_create(world.clients[0].group, &world_client, &keys,
                                id, make_extensions()) == SOTTO_OK);
    for (size_t i = 1; i < WORLD_FOUNDERS; i++) {
        commit_first(&world.clients[0], &world.clients[i]);
    }
    for (size_t i = 1; i < WORLD_FOUNDERS; i++) {
        commit_first(&world.clients[i], NULL);
    }
}

void world_start(const uint8_t *in, size_t len)
{
    choices_start(in, len);
    next_fails_at = 0;
    epoch_count = 0;
    if (!has_first) {
        make_first();
        first_world = world;
        memcpy(first_memory, memory, sizeof memory);
        first_drbg = drbg;
        has_first = true;
    }
    world = first_world;
    memcpy(memory, first_memory, sizeof memory);
    drbg = first_drbg;
}
