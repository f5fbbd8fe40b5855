/*
 * device.c - the handshake of a device (IK), which logs it in without a password.
 */
#include "apps/bench/board/meter.h"
#include "apps/bench/channel.h"
#include <stdio.h>

#define NAME_MAX_LEN 64

struct pair {
    enum sotto_suite suite;
    const struct channel_world *world;
    struct sotto_link client;
    struct sotto_link server;
    uint8_t wire[CHANNEL_UNITS_MAX];
    size_t len;
};

static bool put_out(struct pair *pair, struct sotto_link *from)
{
    return sotto_link_out(from, pair->wire, sizeof pair->wire, &pair->len) ==
           SOTTO_OK;
}

static bool take_in(struct pair *pair, struct sotto_link *to)
{
    for (size_t at = 0; at < pair->len;) {
        size_t used = 0;
        if (sotto_link_feed(to, pair->wire + at, pair->len - at, &used) !=
                SOTTO_OK ||
            used == 0) {
            return false;
        }
        at += used;
    }
    return true;
}

static bool client_starts(void *ctx)
{
    struct pair *pair = ctx;
    const struct channel_world *world = pair->world;
    const struct sotto_link_config config = {
        .is_client = true,
        .suite = pair->suite,
        .receive_limit = CHANNEL_LIMIT,
        .random = world->random,
        .static_private = world->client.s_private,
        .static_public = world->client.s_public,
        .server_key = world->server.s_public};
    sotto_link_init(&pair->client, &config);
    return put_out(pair, &pair->client);
}

static bool server_answers(void *ctx)
{
    struct pair *pair = ctx;
    const struct channel_world *world = pair->world;
    const struct sotto_link_config config = {.takes_ik = true,
                                             .receive_limit = CHANNEL_LIMIT,
                                             .random = world->random,
                                             .static_private =
                                                 world->server.s_private,
                                             .static_public =
                                                 world->server.s_public};
    sotto_link_init(&pair->server, &config);
    if (!take_in(pair, &pair->server)) {
        return false;
    }
    sotto_link_accept(&pair->server);
    return put_out(pair, &pair->server);
}

static bool client_ends(void *ctx)
{
    struct pair *pair = ctx;
    if (!take_in(pair, &pair->client)) {
        return false;
    }
    sotto_link_accept(&pair->client);
    return true;
}

static void print(const char *side, enum sotto_suite suite,
                  const struct meter_cost *cost)
{
    char name[NAME_MAX_LEN];
    (void)snprintf(name, sizeof name, "handshake IK, %s, %s", side,
                   sotto_suite_name(suite));
    meter_print(name, cost);
}

bool meter_device(void)
{
    static struct channel_world world;
    static struct pair pair;
    const struct sotto_random random = meter_random();
    struct meter_cost client = {0};
    struct meter_cost server = {0};
    if (!channel_world_init(&world, &random)) {
        return false;
    }
    pair.suite = SOTTO_SUITE_CHACHAPOLY; /* what boards dial */
    pair.world = &world;
    if (!meter_measure(client_starts, &pair, &client) ||
        !meter_measure(server_answers, &pair, &server) ||
        !meter_measure(client_ends, &pair, &client) ||
        pair.client.state != SOTTO_LINK_OPEN ||
        pair.server.state != SOTTO_LINK_OPEN) {
        return false;
    }
    print("client", pair.suite, &client);
    print("server", pair.suite, &server);
    return true;
}
