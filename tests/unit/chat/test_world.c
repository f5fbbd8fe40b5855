/*
 * Anything may happen to a chat: a seed decides. Afterwards everything that was
 * acknowledged is there once, and everybody knows it.
 */
#include "tests/unit/support/world.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

/* What may happen, each once in so many steps; 0: never. */
struct trouble {
    size_t say;
    size_t cut;
    size_t half_cut;
    size_t crash;
    size_t stop;
    size_t leave;
    size_t full;
    size_t tick;
};

static bool happens(struct world *world, size_t odds)
{
    return odds != 0 && seed_once_in(&world->seed, odds);
}

static struct world_client *somebody(struct world *world)
{
    struct world_client *client;
    do {
        client = &world->clients[seed_below(&world->seed, WORLD_CLIENTS)];
    } while (!client->is_there);
    return client;
}

static void say_something(struct world *world)
{
    const size_t most = world->options.max_text;
    const size_t len = seed_once_in(&world->seed, 4)
                           ? 16 + seed_below(&world->seed, most - 16 + 1)
                           : 16 + seed_below(&world->seed, 30);
    (void)world_say(world, somebody(world), len);
}

static void crash(struct world *world)
{
    const size_t unsynced = faulty_files_unsynced(&world->disk);
    const struct faulty_cut cut = {.keep =
                                       seed_below(&world->seed, unsynced + 1),
                                   .damaged = seed_below(&world->seed, 4),
                                   .new_names = seed_once_in(&world->seed, 2)};
    world_crash(world, &cut);
    world_steps(world, seed_below(&world->seed, 100));
    world_start(world);
}

static void stop(struct world *world)
{
    world_stop(world);
    world_steps(world, seed_below(&world->seed, 100));
    world_start(world);
}

static void come_or_go(struct world *world)
{
    struct world_client *client = somebody(world);
    client->stays_away = !client->stays_away;
    if (client->stays_away) {
        world_cut(world, client);
    }
}

static void cause(struct world *world, const struct trouble *trouble)
{
    if (happens(world, trouble->say)) {
        say_something(world);
    }
    if (happens(world, trouble->cut)) {
        world_cut(world, somebody(world));
    }
    if (happens(world, trouble->half_cut)) {
        world_half_cut(world, somebody(world));
    }
    if (happens(world, trouble->leave)) {
        come_or_go(world);
    }
    if (happens(world, trouble->full)) {
        world->disk.capacity =
            world->disk.capacity != 0 ? 0 : 1 + seed_below(&world->seed, 30000);
    }
    if (happens(world, trouble->crash)) {
        crash(world);
    } else if (happens(world, trouble->stop)) {
        stop(world);
    }
    if (happens(world, trouble->tick)) {
        world_tick(world, 1000);
    }
}

static void end_in_peace(struct world *world)
{
    world->disk.capacity = 0;
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        world->clients[i].stays_away = false;
    }
    world_wait(world, 300000); /* what is half dead dies */
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        if (world->clients[i].is_there) {
            assert_true(world_is_content(&world->clients[i]));
            assert_false(world->clients[i].missed);
        }
    }
    world_check(world);
}

static void run(const struct world_options *options,
                const struct trouble *trouble, size_t steps)
{
    static const char *const names[] = {"ann", "bob", "carl", "dora"};
    print_message("    seed %u\n", (unsigned)options->seed);
    struct world *world = world_begin(options);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)world_add_person(world, names[i]);
    }
    for (size_t i = 0; i < steps; i++) {
        cause(world, trouble);
        world_step(world);
    }
    end_in_peace(world);
    world_end(world);
}

static void test_world_whole_network(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20, .tick = 500};
    for (uint64_t i = 1; i <= 4; i++) {
        struct world_options options = {.seed = seed_of_run(i)};
        run(&options, &trouble, 4000);
    }
}

/* Runs a row of seeds, with a disk that is slow in every other one. */
static void run_row(const struct world_options *options,
                    const struct trouble *trouble, uint64_t count, size_t steps)
{
    for (uint64_t i = 1; i <= count; i++) {
        struct world_options one = *options;
        one.seed = seed_of_run(i);
        one.slow_disk = one.seed % 2 == 0;
        run(&one, trouble, steps);
    }
}

static void test_world_cuts_bytes_anywhere(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20, .cut = 700, .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_passes_one_byte_at_a_time(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 300, .cut = 20000, .tick = 5000};
    const struct world_options options = {.cut = WORLD_BYTES};
    run_row(&options, &trouble, 4, 60000);
}

static void test_world_replaces_half_dead_connections(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20, .half_cut = 500, .tick = 400};
    const struct world_options options = {.cut = WORLD_RANDOM, .sessions = 20};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_survives_power_cuts(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20,
                                    .cut = 1000,
                                    .crash = 1500,
                                    .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM};
    run_row(&options, &trouble, 16, 8000);
}

static void test_world_survives_restarts(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20, .stop = 1500, .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_people_come_and_go(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 15, .leave = 200, .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_with_small_records(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 60,
                                    .cut = 2000,
                                    .half_cut = 4000,
                                    .tick = 1000};
    const struct world_options options = {.cut = WORLD_RANDOM,
                                          .server_limit = 256,
                                          .client_limit = 256,
                                          .sessions = 12};
    run_row(&options, &trouble, 8, 10000);
}

static void test_world_with_few_buffers(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 60,
                                    .cut = 3000,
                                    .half_cut = 5000,
                                    .tick = 100};
    for (size_t more = 0; more < 6; more++) {
        const struct world_options options = {.cut = WORLD_RANDOM,
                                              .server_limit = 256,
                                              .client_limit = 256,
                                              .buffers =
                                                  SOTTO_SESSION_BUFFERS_MIN +
                                                  more,
                                              .sessions = 12};
        run_row(&options, &trouble, 4, 8000);
    }
}

/* They say more than they may; all of it comes, later. */
static void test_world_with_rates(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 15,
                                    .cut = 2000,
                                    .half_cut = 4000,
                                    .tick = 50};
    const struct world_options options = {.cut = WORLD_RANDOM,
                                          .rate = {.messages = 6,
                                                   .bytes = 4000},
                                          .post_rate = {.messages = 4,
                                                        .bytes = 1000},
                                          .sessions = 12};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_with_a_short_feed(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 15,
                                    .cut = 2000,
                                    .leave = 2000,
                                    .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM,
                                          .feed = 1024,
                                          .window = 2,
                                          .pending = 4};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_goes_on_after_a_full_disk(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 20,
                                    .cut = 1500,
                                    .full = 800,
                                    .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM};
    run_row(&options, &trouble, 8, 8000);
}

static void test_world_with_all_of_it(void **state)
{
    (void)state;
    const struct trouble trouble = {.say = 30,
                                    .cut = 1500,
                                    .half_cut = 3000,
                                    .crash = 4000,
                                    .stop = 4000,
                                    .leave = 1000,
                                    .full = 5000,
                                    .tick = 500};
    const struct world_options options = {.cut = WORLD_RANDOM,
                                          .server_limit = 300,
                                          .client_limit = 500,
                                          .feed = 2048,
                                          .buffers = 9,
                                          .pending = 6,
                                          .sessions = 16};
    run_row(&options, &trouble, 16, 15000);
}

int test_world(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_world_whole_network),
        cmocka_unit_test(test_world_cuts_bytes_anywhere),
        cmocka_unit_test(test_world_passes_one_byte_at_a_time),
        cmocka_unit_test(test_world_replaces_half_dead_connections),
        cmocka_unit_test(test_world_survives_power_cuts),
        cmocka_unit_test(test_world_survives_restarts),
        cmocka_unit_test(test_world_people_come_and_go),
        cmocka_unit_test(test_world_with_small_records),
        cmocka_unit_test(test_world_with_few_buffers),
        cmocka_unit_test(test_world_with_rates),
        cmocka_unit_test(test_world_with_a_short_feed),
        cmocka_unit_test(test_world_goes_on_after_a_full_disk),
        cmocka_unit_test(test_world_with_all_of_it),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
