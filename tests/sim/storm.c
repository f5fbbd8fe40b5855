#include "tests/sim/storm.h"

#define PATIENCE_MS 300000U

/* Days of different kinds; each lasts for a while. */
static const struct sim_profile days[] = {
    {.latency_min_us = 200,
     .latency_max_us = 2000,
     .pipe_bytes = 65536,
     .backlog = 64,
     .sync_min_us = 500,
     .sync_max_us = 8000},
    {.latency_min_us = 5000,
     .latency_max_us = 400000,
     .pipe_bytes = 3000,
     .backlog = 2,
     .short_ppm = 400000,
     .reset_ppm = 3000,
     .sync_min_us = 2000,
     .sync_max_us = 300000},
    {.latency_min_us = 500,
     .latency_max_us = 5000,
     .pipe_bytes = 20000,
     .backlog = 16,
     .short_ppm = 100000,
     .reset_ppm = 20000,
     .sync_min_us = 500,
     .sync_max_us = 20000},
    {.latency_min_us = 500,
     .latency_max_us = 20000,
     .pipe_bytes = 65536,
     .backlog = 64,
     .sync_min_us = 10000,
     .sync_max_us = 2000000,
     .disk_error_ppm = 2000,
     .pause_ppm = 2000,
     .pause_max_us = 100000},
};

static struct chat_person *anybody(struct chat *chat)
{
    return &chat->people[seed_below(&chat->dice, chat->people_count)];
}

static struct sim_machine *any_machine(struct chat *chat)
{
    return seed_once_in(&chat->dice, 4) ? chat->server : anybody(chat)->machine;
}

static void set_day(struct chat *chat)
{
    const size_t count = sizeof days / sizeof *days;
    sim_set_profile(chat->sim, &days[seed_below(&chat->dice, count)]);
}

/* Ends it one way or another; it starts again some time later. */
static void end_program(struct chat *chat, struct sim_machine *machine)
{
    const uint64_t back_ms =
        sim_now_ms(chat->sim) + seed_below(&chat->dice, 15000);
    if (machine == chat->server) {
        chat->server_ms = back_ms;
    }
    switch (seed_below(&chat->dice, 3)) {
    case 0:
        sim_cut_power(machine);
        break;
    case 1:
        sim_kill(machine);
        break;
    default:
        if (sim_is_running(machine)) {
            sim_signal(machine, PORT_EVENT_STOP);
        }
        break;
    }
}

static void cut_off(struct chat *chat)
{
    static const unsigned ways[] = {SIM_CUT_IN, SIM_CUT_OUT,
                                    SIM_CUT_IN | SIM_CUT_OUT, 0};
    sim_cut_off(any_machine(chat), ways[seed_below(&chat->dice, 4)]);
}

/* Room for a little more than there is, or for everything again. */
static void fill_disk(struct chat *chat)
{
    sim_disk_room(chat->server, seed_once_in(&chat->dice, 2)
                                    ? seed_below(&chat->dice, 100000)
                                    : UINT64_MAX);
}

static void heal_network(struct chat *chat)
{
    sim_cut_off(chat->server, 0);
    for (unsigned i = 0; i < chat->people_count; i++) {
        sim_cut_off(chat->people[i].machine, 0);
    }
}

static void something_happens(struct chat *chat)
{
    switch (seed_below(&chat->dice, 40)) {
    case 0:
        end_program(chat, chat->server);
        break;
    case 1:
    case 2:
        end_program(chat, anybody(chat)->machine);
        break;
    case 3:
    case 4:
        cut_off(chat);
        break;
    case 5:
    case 6:
        heal_network(chat);
        break;
    case 7:
        fill_disk(chat);
        break;
    case 8:
        set_day(chat);
        break;
    case 9: /* an operator sees to a server that cannot store */
        if (chat->server_is_ill) {
            sim_disk_room(chat->server, UINT64_MAX);
            end_program(chat, chat->server);
        }
        break;
    default:
        chat_say(chat, anybody(chat));
        break;
    }
}

/* Nothing goes wrong any more; the server starts anew if it is ill. */
static void calm_down(struct chat *chat)
{
    sim_set_profile(chat->sim, &days[0]);
    sim_disk_room(chat->server, UINT64_MAX);
    heal_network(chat);
    if (sim_is_running(chat->server)) {
        sim_signal(chat->server, PORT_EVENT_STOP);
    }
    chat_run(chat, 15000); /* posts refused until now are told */
}

void storm_live(struct chat *chat, uint64_t minutes)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + minutes * 60000U;
    sim_set_profile(chat->sim, &days[0]);
    while (sim_now_ms(chat->sim) < end_ms && chat->ledger.wrong[0] == '\0') {
        something_happens(chat);
        chat_mind_devices(chat);
        chat_run(chat, 1 + seed_below(&chat->dice, 2000));
        chat_start_due(chat);
    }
    calm_down(chat);
    chat_settle(chat, PATIENCE_MS);
    for (unsigned i = 0; i < chat->people_count; i++) {
        chat_say(chat, &chat->people[i]); /* and it still works */
    }
    chat_settle(chat, PATIENCE_MS);
    if (chat->ledger.wrong[0] == '\0') {
        chat_audit(chat);
    }
}
