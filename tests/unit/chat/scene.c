#include "tests/unit/chat/scene.h"

#include "tests/unit/test.h"
#include <stdlib.h>
#include <string.h>

struct world *world;

void scene_begin(const struct world_options *options)
{
    (void)scene_end(NULL);
    world = world_begin(options);
}

void scene_begin_two(const struct world_options *options)
{
    scene_begin(options);
    world_add_account(world, "ann", "password");
    world_add_account(world, "bob", "password");
}

int scene_setup(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1});
    return 0;
}

int scene_setup_two(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    return 0;
}

int scene_end(void **state)
{
    (void)state;
    if (world == NULL) {
        return 0;
    }
    if (world->is_up && world_open_count(world) == 0) {
        assert_int_equal(world->buffers.taken, 0);
        assert_int_equal(world->logins.taken, 0);
        assert_int_equal(world->turns.waiting, 0);
    }
    world_end(world);
    world = NULL;
    return 0;
}

struct sotto_hub *scene_open_hub(const struct sotto_hub_config *config,
                                 void **memory)
{
    struct sotto_hub *hub = NULL;
    *memory = calloc(1, sotto_hub_size(config));
    assert_non_null(*memory);
    assert_int_equal(sotto_hub_init(&hub, *memory, config, world->accounts,
                                    world->log),
                     SOTTO_OK);
    return hub;
}

struct world_client *scene_bring(const char *name)
{
    struct world_client *client = world_add_person(world, name);
    world_settle(world);
    assert_true(world_is_content(client));
    return client;
}

void scene_say(struct world_client *client, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(world_say(world, client, 20), 0);
    }
}

size_t scene_heard(const struct world_client *client, uint8_t type,
                   const char *sender)
{
    size_t count = 0;
    for (size_t i = 0; i < client->heard_count; i++) {
        const struct world_heard *one = &client->heard[i];
        count += one->type == type &&
                 (sender == NULL || strcmp(one->sender, sender) == 0);
    }
    return count;
}

void scene_expect_refused(const struct world_client *client,
                          enum sotto_problem problem)
{
    assert_int_equal(client->counts[SOTTO_EVENT_PROBLEM], 1);
    assert_int_equal(client->problem.problem, problem);
    assert_int_equal(client->problem.ref, 0);
    assert_int_equal(client->counts[SOTTO_EVENT_LOGGED_IN], 0);
}
