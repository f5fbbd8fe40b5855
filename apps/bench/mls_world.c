/*
 * mls_world.c - a group of any size in which everybody has committed.
 *
 * To get there by messages alone would take a million of them among 1,024
 * members. Two members are real, and go all the way; what the others would have
 * done is done to the tree of one of them, by the functions that a commit is
 * made of, with everybody's keys and signatures. One commit later the tree is
 * like any other: whoever joins then checks all of it.
 */
#include "apps/bench/mls.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/tree_hash.h"
#include <stdlib.h>
#include <string.h>

#define SUITE           SOTTO_MLS_SUITE_P256_AES128GCM
#define LEAF_LEN        280U /* of an encoded leaf node, about */
#define NAME_LEN        8U
#define MESSAGE_FIXED   4096U
#define MESSAGE_EACH    512U /* of a Welcome, for each member */
#define FIRST_SYNTHETIC 2U   /* leaf */

static const struct sotto_span none = {NULL, 0};

/* ---- small things ------------------------------------------------------- */

struct sotto_span mls_span(const struct sotto_mls_buffer *buffer)
{
    return (struct sotto_span){buffer->at, buffer->len};
}

static bool make_signature_key(struct mls_world *world,
                               struct mls_client *client)
{
    struct sotto_mls_buffer out = {client->signature_public, MLS_PUBLIC_MAX, 0};

    return sotto_mls_signature_key_make(&world->client, SUITE,
                                        client->signature_private,
                                        &out) == SOTTO_OK;
}

bool mls_make_package(struct mls_world *world, struct mls_client *client)
{
    const struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC,
                       {client->signature_public + 1, NAME_LEN}},
        .signature_private = client->signature_private,
        .signature_public = client->signature_public,
        .lifetime = {0, UINT64_MAX}};
    struct sotto_mls_buffer out = {client->package, MLS_PACKAGE_MAX, 0};
    enum sotto_err err =
        sotto_mls_key_package_make(&world->client, SUITE, &identity,
                                   &client->keys, &out);

    client->package_len = out.len;
    return err == SOTTO_OK;
}

struct sotto_mls_member_keys mls_keys(const struct mls_client *client)
{
    return (struct sotto_mls_member_keys){
        .key_package = {client->package, client->package_len},
        .init_private = client->keys.init_private,
        .encryption_private = client->keys.encryption_private,
        .signature_private = client->signature_private};
}

void mls_keep(const struct mls_world *world, struct mls_client *client)
{
    memcpy(client->copy, client->memory, world->group_size);
}

void mls_go_back(const struct mls_world *world, struct mls_client *client)
{
    memcpy(client->memory, client->copy, world->group_size);
}

/* ---- commits ------------------------------------------------------------ */

bool mls_commit(struct mls_world *world, struct mls_client *by, bool adds)
{
    const struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                         .bytes = {world->last.package,
                                                   world->last.package_len}};
    const struct sotto_mls_plan plan = {.changes = &add,
                                        .count = adds ? 1 : 0,
                                        .with_path = true,
                                        .with_tree = true};

    return sotto_mls_commit_make(by->group, &world->client, &plan,
                                 &world->made) == SOTTO_OK;
}

bool mls_accept(struct mls_world *world, struct mls_client *by)
{
    struct sotto_mls_event event;

    return sotto_mls_commit_accept(by->group, &world->client,
                                   mls_span(&world->made.pending),
                                   &event) == SOTTO_OK &&
           event.type == SOTTO_MLS_EVENT_COMMIT;
}

bool mls_process(struct mls_world *world, struct mls_client *by)
{
    struct sotto_mls_event event;

    return sotto_mls_receive(by->group, &world->client,
                             mls_span(&world->made.message),
                             &event) == SOTTO_OK &&
           event.type == SOTTO_MLS_EVENT_COMMIT;
}

/* ---- those who are not real --------------------------------------------- */

static bool add_leaf(struct mls_world *world, struct sotto_mls_work *work,
                     const struct mls_client *client)
{
    struct sotto_mls_tree *tree = &world->first.group->tree;
    struct sotto_mls_key_package package;
    struct sotto_reader r;
    uint32_t leaf;

    sotto_reader_init(&r, client->package, client->package_len);
    sotto_mls_read_key_package(&r, &package);
    if (sotto_reader_finish(&r) != SOTTO_OK) {
        return false;
    }
    sotto_mls_tree_draft(&work->draft, work->draft_memory, tree);
    if (sotto_mls_tree_add(&work->draft, package.leaf_node.raw, &leaf) !=
        SOTTO_OK) {
        return false;
    }
    sotto_mls_tree_rehash(&work->draft);
    sotto_mls_tree_apply(tree, &work->draft);
    return true;
}

/* A path and a leaf node, as a commit would bring them. */
static bool add_path(struct mls_world *world, struct sotto_mls_work *work,
                     uint32_t leaf, const uint8_t *signature_private)
{
    struct sotto_mls_group *group = world->first.group;
    const struct sotto_random *random = world->client.random;
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t bytes[MLS_PACKAGE_MAX];
    struct sotto_mls_leaf_node node;
    struct sotto_writer w;

    sotto_mls_tree_draft(&work->draft, work->draft_memory, &group->tree);
    if (random->fill(random->ctx, secret, group->suite->hash_len) != SOTTO_OK ||
        sotto_mls_path_generate(&work->draft, leaf, secret, &work->path) !=
            SOTTO_OK ||
        sotto_mls_fresh_key(group->suite, random, private_key, public_key) !=
            SOTTO_OK) {
        return false;
    }
    (void)sotto_mls_tree_leaf_node(&work->draft, leaf, &node);
    node.encryption_key =
        (struct sotto_span){public_key, group->suite->public_len};
    node.source = SOTTO_MLS_LEAF_COMMIT;
    node.parent_hash =
        (struct sotto_span){work->path.parent_hash, work->path.parent_hash_len};
    sotto_writer_init(&w, bytes, sizeof bytes);
    if (sotto_mls_leaf_make(group->suite, signature_private, &node,
                            group->context.group_id, leaf, &w) != SOTTO_OK ||
        sotto_mls_tree_set_leaf(&work->draft, leaf,
                                (struct sotto_span){bytes, w.len}) !=
            SOTTO_OK) {
        return false;
    }
    sotto_mls_tree_rehash(&work->draft);
    sotto_mls_tree_apply(&group->tree, &work->draft);
    return true;
}

/* All leaves between the two real ones and the last; every second commits,
 * which is enough for all parents to be there. */
static bool fill_tree(struct mls_world *world)
{
    uint32_t end = world->members - 1;
    uint8_t(*keys)[SOTTO_MLS_PRIVATE_MAX] =
        calloc(world->members, sizeof *keys);
    struct mls_client one = {.package_len = 0};
    struct sotto_mls_work *work;
    bool ok = keys != NULL &&
              sotto_mls_work_init(world->first.group, &world->client, &work) ==
                  SOTTO_OK;

    for (uint32_t i = FIRST_SYNTHETIC; ok && i < end; i++) {
        ok = make_signature_key(world, &one) && mls_make_package(world, &one) &&
             sotto_mls_work_init(world->first.group, &world->client, &work) ==
                 SOTTO_OK &&
             add_leaf(world, work, &one);
        memcpy(keys[i], one.signature_private, sizeof keys[i]);
    }
    for (uint32_t i = FIRST_SYNTHETIC; ok && i < end; i += 2) {
        ok = add_path(world, work, i, keys[i]);
    }
    free(keys);
    return ok;
}

/* Gives the second member the tree of the first. */
static bool copy_tree(struct mls_world *world)
{
    struct sotto_mls_tree *tree = &world->second.group->tree;
    struct sotto_writer w;

    sotto_writer_init(&w, world->message.at, world->message.cap);
    sotto_mls_tree_write(&w, &world->first.group->tree);
    sotto_mls_tree_clear(tree);
    return !w.bad &&
           sotto_mls_tree_decode(tree, (struct sotto_span){w.out, w.len}) ==
               SOTTO_OK;
}

/* ---- the start ---------------------------------------------------------- */

static bool init_client(struct mls_world *world, struct mls_client *client)
{
    client->memory = malloc(world->group_size);
    client->copy = malloc(world->group_size);
    if (client->memory == NULL || client->copy == NULL ||
        !make_signature_key(world, client)) {
        return false;
    }
    client->group = sotto_mls_group_init(client->memory, &world->config);
    return mls_make_package(world, client);
}

static bool init_buffer(struct sotto_mls_buffer *buffer, size_t cap)
{
    *buffer = (struct sotto_mls_buffer){malloc(cap), cap, 0};
    return buffer->at != NULL;
}

static bool init_memory(struct mls_world *world)
{
    size_t cap = world->config.message_len;

    world->client.scratch = malloc(world->client.scratch_len);
    return world->client.scratch != NULL &&
           init_buffer(&world->made.message, cap) &&
           init_buffer(&world->made.welcome, cap) &&
           init_buffer(&world->made.pending, cap) &&
           init_buffer(&world->message, cap) &&
           init_buffer(&world->saved, cap) &&
           init_client(world, &world->first) &&
           init_client(world, &world->second) &&
           init_client(world, &world->last) &&
           init_client(world, &world->other);
}

/* The first creates the group and adds the second. */
static bool start(struct mls_world *world)
{
    const struct sotto_span id = {(const uint8_t *)"sotto-bench", 11};
    const struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                         .bytes = {world->second.package,
                                                   world->second.package_len}};
    const struct sotto_mls_plan plan = {.changes = &add,
                                        .count = 1,
                                        .with_path = true,
                                        .with_tree = true};
    struct sotto_mls_member_keys keys = mls_keys(&world->first);

    if (sotto_mls_group_create(world->first.group, &world->client, &keys, id,
                               none) != SOTTO_OK) {
        return false;
    }
    if (world->members == 2) {
        return true;
    }
    keys = mls_keys(&world->second);
    return sotto_mls_commit_make(world->first.group, &world->client, &plan,
                                 &world->made) == SOTTO_OK &&
           mls_accept(world, &world->first) &&
           sotto_mls_join(world->second.group, &world->client, &keys,
                          mls_span(&world->made.welcome), none,
                          NULL) == SOTTO_OK &&
           fill_tree(world) && copy_tree(world) &&
           mls_commit(world, &world->first, false) &&
           mls_accept(world, &world->first) &&
           mls_process(world, &world->second);
}

bool mls_world_init_with(struct mls_world *world,
                         const struct sotto_random *random,
                         const struct sotto_mls_config *config)
{
    *world = (struct mls_world){.members = config->members,
                                .config = *config,
                                .client = {.now = SOTTO_TIME_UNKNOWN,
                                           .random = random}};
    world->group_size = sotto_mls_group_size(&world->config);
    world->client.scratch_len = sotto_mls_scratch_size(&world->config);
    return init_memory(world) && start(world);
}

bool mls_world_init(struct mls_world *world, const struct sotto_random *random,
                    uint32_t members)
{
    const struct sotto_mls_config config = {.members = members,
                                            .leaf_len = LEAF_LEN,
                                            .context_len = 32,
                                            .proposals = 8,
                                            .proposal_bytes = 2048,
                                            .past_psks = 1,
                                            .message_len =
                                                MESSAGE_FIXED +
                                                (size_t)members * MESSAGE_EACH,
                                            .kept = 32,
                                            .window = 32,
                                            .forward = UINT32_MAX};
    return mls_world_init_with(world, random, &config);
}

static void free_client(struct mls_client *client)
{
    free(client->memory);
    free(client->copy);
}

void mls_world_free(struct mls_world *world)
{
    free_client(&world->first);
    free_client(&world->second);
    free_client(&world->last);
    free_client(&world->other);
    free(world->made.message.at);
    free(world->made.welcome.at);
    free(world->made.pending.at);
    free(world->message.at);
    free(world->saved.at);
    free(world->client.scratch);
}
