/*
 * channel.c - handshakes by side, records by suite.
 */
#include "apps/bench/channel.h"
#include "apps/bench/board/meter.h"
#include <stdio.h>

#define NAME_MAX_LEN 64

/* ---- handshakes --------------------------------------------------------- */

struct step {
    const struct channel_step *step;
    struct channel_pair *pair;
    enum sotto_suite suite;
    const struct channel_world *world;
};

static bool run_step(void *ctx)
{
    const struct step *s = ctx;
    return s->step->run(s->pair, s->suite, s->world);
}

static bool handshake(enum sotto_suite suite, const struct channel_world *world)
{
    static struct channel_pair pair;
    struct meter_cost costs[CHANNEL_SIDES] = {{0}};
    char name[NAME_MAX_LEN];
    bool ok = true;
    for (size_t i = 0; ok && i < CHANNEL_STEPS; i++) {
        struct step step = {&channel_steps[i], &pair, suite, world};
        ok = meter_measure(run_step, &step, &costs[channel_steps[i].side]);
    }
    if (!ok || !channel_pair_is_open(&pair, world)) {
        return false;
    }
    (void)snprintf(name, sizeof name, "handshake XX, client, %s",
                   sotto_suite_name(suite));
    meter_print(name, &costs[CHANNEL_CLIENT]);
    (void)snprintf(name, sizeof name, "handshake XX, server, %s",
                   sotto_suite_name(suite));
    meter_print(name, &costs[CHANNEL_SERVER]);
    return true;
}

/* ---- records ------------------------------------------------------------ */

static bool seal(void *ctx)
{
    return channel_layer_link.seal(ctx);
}

static bool open(void *ctx)
{
    return channel_layer_link.open(ctx);
}

static bool record(enum sotto_suite suite, const struct channel_world *world,
                   size_t len)
{
    static struct channel_work work;
    char name[NAME_MAX_LEN];
    channel_work_init(&work, suite, world, len);
    if (!channel_check_layer(&work, &channel_layer_link) ||
        !channel_layer_link.start(&work)) {
        return false;
    }
    work.count = 1;
    (void)snprintf(name, sizeof name, "message of %lu bytes, sealed, %s",
                   (unsigned long)len, sotto_suite_name(suite));
    if (!meter_row(name, seal, &work)) {
        return false;
    }
    (void)snprintf(name, sizeof name, "message of %lu bytes, opened, %s",
                   (unsigned long)len, sotto_suite_name(suite));
    return meter_row(name, open, &work);
}

bool meter_channel(void)
{
    static const enum sotto_suite suites[] = {SOTTO_SUITE_A128CBCHS256,
                                              SOTTO_SUITE_AESGCM,
                                              SOTTO_SUITE_CHACHAPOLY};
    struct channel_world world;
    const struct sotto_random random = meter_random();
    bool ok = channel_world_init(&world, &random);
    for (size_t i = 0; ok && i < sizeof suites / sizeof suites[0]; i++) {
        ok = handshake(suites[i], &world) && record(suites[i], &world, 64) &&
             record(suites[i], &world, 1024);
    }
    return ok;
}
