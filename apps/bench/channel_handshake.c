/*
 * channel_handshake.c - whole handshakes, both sides in this process.
 *
 * A clock that is read for each message would be a part of what it measures.
 * So many handshakes are made in step: all clients write message 1, then all
 * servers take it, and so on; the clock is read between steps.
 */
#include "apps/bench/channel.h"
#include "core/base/secret.h"
#include <string.h>

#define BATCH 32

static bool make_keys(struct channel_keys *keys,
                      const struct sotto_random *random)
{
    if (random->fill(random->ctx, keys->s_private, sizeof keys->s_private) !=
        SOTTO_OK) {
        return false;
    }
    sotto_x25519_public(keys->s_private, keys->s_public);
    return true;
}

bool channel_world_init(struct channel_world *world,
                        const struct sotto_random *random)
{
    world->random = *random;
    return make_keys(&world->client, random) &&
           make_keys(&world->server, random);
}

static void init_link(struct sotto_link *link, bool is_client,
                      enum sotto_suite suite, const struct channel_world *world)
{
    const struct channel_keys *keys =
        is_client ? &world->client : &world->server;
    const struct sotto_link_config config = {
        .is_client = is_client,
        .suite = suite,
        .receive_limit = CHANNEL_LIMIT,
        .random = world->random,
        .static_private = keys->s_private,
        .static_public = keys->s_public,
    };
    sotto_link_init(link, &config);
}

static bool put_out(struct channel_pair *pair, struct sotto_link *from)
{
    return sotto_link_out(from, pair->wire, sizeof pair->wire,
                          &pair->wire_len) == SOTTO_OK;
}

static bool take_in(struct channel_pair *pair, struct sotto_link *to)
{
    size_t at = 0;

    while (at < pair->wire_len) {
        size_t used = 0;
        if (sotto_link_feed(to, pair->wire + at, pair->wire_len - at, &used) !=
                SOTTO_OK ||
            used == 0) {
            return false;
        }
        at += used;
    }
    return true;
}

/* ---- the five steps ----------------------------------------------------- */

static bool client_starts(struct channel_pair *pair, enum sotto_suite suite,
                          const struct channel_world *world)
{
    init_link(&pair->client, true, suite, world);
    return put_out(pair, &pair->client);
}

static bool server_answers(struct channel_pair *pair, enum sotto_suite suite,
                           const struct channel_world *world)
{
    init_link(&pair->server, false, suite, world);
    return take_in(pair, &pair->server) && put_out(pair, &pair->server);
}

static bool client_ends(struct channel_pair *pair, enum sotto_suite suite,
                        const struct channel_world *world)
{
    (void)suite;
    (void)world;
    if (!take_in(pair, &pair->client)) {
        return false;
    }
    sotto_link_accept(&pair->client);
    return put_out(pair, &pair->client);
}

static bool server_ends(struct channel_pair *pair, enum sotto_suite suite,
                        const struct channel_world *world)
{
    (void)suite;
    (void)world;
    return take_in(pair, &pair->server);
}

const struct channel_step channel_steps[CHANNEL_STEPS] = {
    {CHANNEL_CLIENT, client_starts},
    {CHANNEL_SERVER, server_answers},
    {CHANNEL_CLIENT, client_ends},
    {CHANNEL_SERVER, server_ends},
};

bool channel_pair_is_open(const struct channel_pair *pair,
                          const struct channel_world *world)
{
    const struct sotto_link *client = &pair->client;
    const struct sotto_link *server = &pair->server;

    return client->state == SOTTO_LINK_OPEN &&
           server->state == SOTTO_LINK_OPEN &&
           sotto_equal(client->peer_static, world->server.s_public,
                       sizeof world->server.s_public) &&
           sotto_equal(server->peer_static, world->client.s_public,
                       sizeof world->client.s_public) &&
           sotto_equal(client->hash, server->hash, sizeof client->hash);
}

bool channel_pair_open(struct channel_pair *pair, enum sotto_suite suite,
                       const struct channel_world *world)
{
    for (size_t step = 0; step < CHANNEL_STEPS; step++) {
        if (!channel_steps[step].run(pair, suite, world)) {
            return false;
        }
    }
    return channel_pair_is_open(pair, world);
}

/* ---- measuring ---------------------------------------------------------- */

/* Makes one batch and adds what each side took. */
static bool run_batch(enum sotto_suite suite, const struct channel_world *world,
                      double ns[static CHANNEL_SIDES])
{
    static struct channel_pair pairs[BATCH];
    bool ok = true;

    for (size_t step = 0; step < CHANNEL_STEPS; step++) {
        double start = figure_now_ns();
        for (size_t at = 0; at < BATCH; at++) {
            ok &= channel_steps[step].run(&pairs[at], suite, world);
        }
        double took = figure_now_ns() - start;
        ns[CHANNEL_BOTH] += took;
        ns[channel_steps[step].side] += took;
    }
    for (size_t at = 0; at < BATCH; at++) {
        ok &= channel_pair_is_open(&pairs[at], world);
    }
    return ok;
}

bool channel_measure_handshakes(enum sotto_suite suite,
                                const struct channel_world *world,
                                double slice_ns,
                                struct figure figures[static CHANNEL_SIDES])
{
    double ns[CHANNEL_SIDES] = {0};
    uint64_t count = 0;

    do {
        if (!run_batch(suite, world, ns)) {
            return false;
        }
        count += BATCH;
    } while (ns[CHANNEL_BOTH] < slice_ns);
    for (size_t side = 0; side < CHANNEL_SIDES; side++) {
        figure_add(&figures[side], ns[side], count);
    }
    return true;
}
