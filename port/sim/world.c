/*
 * world.c - chance, the clock, and who runs next.
 */
#include "port/sim/inner.h"

#include <stdlib.h>

const struct sim_profile sim_quiet = {.latency_min_us = 100,
                                      .latency_max_us = 300,
                                      .pipe_bytes = 65536,
                                      .backlog = 64,
                                      .sync_min_us = 500,
                                      .sync_max_us = 2000};

const struct sim_profile sim_rough = {.latency_min_us = 200,
                                      .latency_max_us = 80000,
                                      .pipe_bytes = 3000,
                                      .backlog = 4,
                                      .short_ppm = 300000,
                                      .sync_min_us = 1000,
                                      .sync_max_us = 200000,
                                      .pause_ppm = 20000,
                                      .pause_max_us = 20000};

/* ---- chance ----------------------------------------------------------- */

/* After: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014. */
uint64_t sim_roll(struct sim_dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

uint64_t sim_below(struct sim_dice *dice, uint64_t count)
{
    return sim_roll(dice) % count;
}

uint64_t sim_between(struct sim_dice *dice, uint64_t min, uint64_t max)
{
    return min + sim_below(dice, max - min + 1);
}

bool sim_chance(struct sim_dice *dice, uint32_t ppm)
{
    return ppm > 0 && sim_below(dice, 1000000) < ppm;
}

/* ---- who runs next ---------------------------------------------------- */

static bool can_run(const struct sim *sim, const struct port_thread *thread)
{
    switch (thread->state) {
    case SIM_AWAKE:
        return true;
    case SIM_WAITING:
        return thread->until_ns <= sim->now_ns ||
               (thread->loop != NULL && sim_loop_is_ready(thread->loop));
    case SIM_JOINING:
        return thread->joined->state == SIM_ENDED;
    case SIM_LOCKING:
        return thread->mutex->owner == NULL;
    case SIM_ENDED:
        return false;
    }
    return false;
}

/* One that was killed, or NULL: these go first. */
static struct port_thread *killed(const struct sim *sim)
{
    struct port_thread *at = sim->threads;
    while (at != NULL && (!at->is_killed || at->state == SIM_ENDED)) {
        at = at->next;
    }
    return at;
}

/* One of all that can run; NULL when there is none. */
static struct port_thread *choose(struct sim *sim)
{
    struct port_thread *chosen = killed(sim);
    uint64_t count = 0;
    if (chosen != NULL) {
        return chosen;
    }
    for (struct port_thread *at = sim->threads; at != NULL; at = at->next) {
        if (can_run(sim, at) && sim_below(&sim->dice, ++count) == 0) {
            chosen = at;
        }
    }
    return chosen;
}

/* When something happens next. */
static uint64_t next_ns(const struct sim *sim)
{
    uint64_t next = sim_wire_next_ns(sim);
    for (struct port_thread *at = sim->threads; at != NULL; at = at->next) {
        if (at->state != SIM_WAITING) {
            continue;
        }
        uint64_t mine = at->until_ns;
        if (at->loop != NULL && sim_loop_next_ns(at->loop) < mine) {
            mine = sim_loop_next_ns(at->loop);
        }
        next = mine < next ? mine : next;
    }
    return next;
}

struct port_thread *sim_pick(struct sim *sim)
{
    for (;;) {
        sim_wire_deliver(sim);
        struct port_thread *thread = choose(sim);
        if (thread != NULL) {
            return thread;
        }
        const uint64_t next = next_ns(sim);
        if (next == SIM_NEVER) {
            SOTTO_PANIC("everybody waits, and nothing will ever happen");
        }
        if (next > sim->now_ns) {
            sim->now_ns = next;
        }
    }
}

/* ---- the world -------------------------------------------------------- */

struct sim *sim_open(uint64_t seed, const struct sim_profile *profile)
{
    struct sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL) {
        return NULL;
    }
    sim->dice.state = seed;
    sim->now_ns = SIM_MS; /* zero is "not yet" to many */
    sim->profile = *profile;
    sim_threads_open(sim);
    return sim;
}

void sim_close(struct sim *sim)
{
    for (size_t i = 0; i < sim->machine_count; i++) {
        sim_kill(sim->machines[i]);
    }
    sim_threads_reap(sim);
    sim_wire_free(sim);
    for (size_t i = 0; i < sim->machine_count; i++) {
        sim_machine_free(sim->machines[i]);
    }
    sim_threads_close(sim);
    free(sim);
}

void sim_set_profile(struct sim *sim, const struct sim_profile *profile)
{
    sim->profile = *profile;
}

uint64_t sim_now_ms(const struct sim *sim)
{
    return sim->now_ns / SIM_MS;
}

void sim_run(struct sim *sim, uint64_t ms)
{
    struct port_thread *driver = &sim->driver;
    SIM_ASSERT(sim_self() == driver);
    driver->state = SIM_WAITING;
    driver->loop = NULL;
    driver->until_ns = sim->now_ns + ms * SIM_MS;
    sim_block();
    sim_threads_reap(sim);
}

void sim_on_free(struct sim *sim, sim_look look, void *ctx)
{
    sim->look = look;
    sim->look_ctx = ctx;
}
