/*
 * mls.c - a group of 16, and one of two in as little memory as it can be.
 */
#include "apps/bench/mls.h"
#include "apps/bench/board/meter.h"
#include <stdio.h>
#include <string.h>

static const uint8_t text[64] = "The kettle is on.";

static bool make_package(void *ctx)
{
    struct mls_world *world = ctx;
    return mls_make_package(world, &world->last);
}

static bool add(void *ctx)
{
    struct mls_world *world = ctx;
    return mls_commit(world, &world->first, true);
}

static bool update(void *ctx)
{
    struct mls_world *world = ctx;
    return mls_commit(world, &world->first, false);
}

static bool accept(void *ctx)
{
    struct mls_world *world = ctx;
    return mls_accept(world, &world->first);
}

static bool join(void *ctx)
{
    struct mls_world *world = ctx;
    const struct sotto_mls_member_keys keys = mls_keys(&world->last);
    return sotto_mls_join(world->last.group, &world->client, &keys,
                          mls_span(&world->made.welcome),
                          (struct sotto_span){NULL, 0}, NULL) == SOTTO_OK;
}

static bool process(void *ctx)
{
    struct mls_world *world = ctx;
    return mls_process(world, &world->last);
}

static bool protect(void *ctx)
{
    struct mls_world *world = ctx;
    const struct sotto_mls_sending how = {.padding = 0};
    return sotto_mls_protect(world->first.group, &world->client, &how,
                             (struct sotto_span){text, sizeof text},
                             &world->message) == SOTTO_OK;
}

static bool unprotect(void *ctx)
{
    struct mls_world *world = ctx;
    struct sotto_mls_event event;
    return sotto_mls_receive(world->last.group, &world->client,
                             mls_span(&world->message), &event) == SOTTO_OK &&
           event.type == SOTTO_MLS_EVENT_APPLICATION &&
           event.data.len == sizeof text &&
           memcmp(event.data.at, text, sizeof text) == 0;
}

static bool row(struct mls_world *world, const char *what,
                meter_operation *operation)
{
    char name[64];
    (void)snprintf(name, sizeof name, "MLS, %lu members: %s",
                   (unsigned long)world->members, what);
    return meter_row(name, operation, world);
}

/* Everybody but the last is in; the last comes in, hears a commit, and a
 * message. */
static bool history(struct mls_world *world)
{
    return row(world, "key package", make_package) &&
           row(world, "commit that adds one", add) &&
           row(world, "take over one's own commit", accept) &&
           row(world, "join by Welcome", join) &&
           row(world, "commit with fresh keys", update) &&
           row(world, "process that", process) &&
           meter_measure(accept, world, &(struct meter_cost){0}) &&
           row(world, "send 64 bytes", protect) &&
           row(world, "receive them", unprotect);
}

/* What a member keeps, what all its groups share, and one message: the longest
 * that it takes is one buffer more. */
struct memory {
    size_t group;
    size_t scratch;
    size_t message;
};

static bool measure(const struct sotto_random *random,
                    const struct sotto_mls_config *config,
                    struct memory *memory)
{
    static struct mls_world world;
    const bool ok =
        mls_world_init_with(&world, random, config) && history(&world);
    *memory = (struct memory){world.group_size, world.client.scratch_len,
                              world.config.message_len};
    mls_world_free(&world);
    return ok;
}

static void print_memory(const char *what, const struct memory *memory)
{
    (void)printf("| %s | %lu | %lu | %lu | %lu |\n", what,
                 (unsigned long)memory->group, (unsigned long)memory->scratch,
                 (unsigned long)memory->message,
                 (unsigned long)(memory->group + memory->scratch +
                                 2 * memory->message));
}

bool meter_mls(void)
{
    static const struct sotto_mls_config two = {.members = 2,
                                                .leaf_len = 256,
                                                .context_len = 64,
                                                .proposals = 2,
                                                .proposal_bytes = 512,
                                                .past_psks = 1,
                                                .message_len = 2048,
                                                .kept = 8,
                                                .window = 8,
                                                .forward = 64};
    static const struct sotto_mls_config sixteen = {.members = 16,
                                                    .leaf_len = 256,
                                                    .context_len = 64,
                                                    .proposals = 4,
                                                    .proposal_bytes = 1024,
                                                    .past_psks = 1,
                                                    .message_len = 8192,
                                                    .kept = 16,
                                                    .window = 16,
                                                    .forward = 64};
    const struct sotto_random random = meter_random();
    struct memory memory[2];
    if (!measure(&random, &two, &memory[0]) ||
        !measure(&random, &sixteen, &memory[1])) {
        return false;
    }
    (void)printf("\n| RAM of a member | group | scratch | a message | with one "
                 "in and one out |\n|---|---:|---:|---:|---:|\n");
    print_memory("MLS, 2 members", &memory[0]);
    print_memory("MLS, 16 members", &memory[1]);
    return true;
}
