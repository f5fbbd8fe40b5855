/*
 * fuzz_mls_state.c - an MLS group's saved state and pending commit that were
 * damaged, by libFuzzer. What is kept is encrypted by the caller and therefore
 * not an attacker's; but a bit may be wrong, and then it is refused, or a group
 * that can be used and says the same when it is saved again.
 */
#include "mls_world.h"
#include <string.h>

#define STATE_MAX   65536U
#define CAPACITY    65536U
#define PATCHES_MAX 4U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t memory[CAPACITY / 8];
static uint8_t saved[STATE_MAX];
static uint8_t again[STATE_MAX];

/* Sends and receives a message, and makes a commit. */
static void use(struct sotto_mls_group *group)
{
    static uint8_t bytes[3][WORLD_MESSAGE_MAX];
    const struct sotto_mls_sending how = {.padding = 3};
    const struct sotto_mls_plan plan = {.with_path = true};
    const struct sotto_span word = {(const uint8_t *)"word", 4};
    struct sotto_mls_buffer out = {bytes[0], WORLD_MESSAGE_MAX, 0};
    struct sotto_mls_made made = {{bytes[0], WORLD_MESSAGE_MAX, 0},
                                  {bytes[1], WORLD_MESSAGE_MAX, 0},
                                  {bytes[2], WORLD_MESSAGE_MAX, 0}};
    struct sotto_mls_event event;

    if (sotto_mls_protect(group, &world_client, &how, word, &out) == SOTTO_OK) {
        must(out.len > word.len);
    }
    must(sotto_mls_protect(world.clients[1].group, &world_client, &how, word,
                           &out) == SOTTO_OK);
    if (sotto_mls_receive(group, &world_client,
                          (struct sotto_span){out.at, out.len},
                          &event) == SOTTO_OK) {
        must(event.type == SOTTO_MLS_EVENT_APPLICATION);
    }
    if (sotto_mls_commit_make(group, &world_client, &plan, &made) == SOTTO_OK &&
        sotto_mls_commit_accept(group, &world_client,
                                (struct sotto_span){made.pending.at,
                                                    made.pending.len},
                                &event) == SOTTO_OK) {
        must(event.type == SOTTO_MLS_EVENT_COMMIT ||
             event.type == SOTTO_MLS_EVENT_REINIT);
    }
}

/* Sends something, lets a message be late, and a proposal wait. */
static void live(void)
{
    static uint8_t bytes[2][WORLD_MESSAGE_MAX];
    const struct sotto_mls_sending how = {.padding = 1};
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_span word = {(const uint8_t *)"word", 4};
    struct sotto_mls_buffer out = {bytes[0], WORLD_MESSAGE_MAX, 0};
    struct sotto_mls_event event;

    for (size_t i = 0; i < 3; i++) {
        must(sotto_mls_protect(world.clients[1].group, &world_client, &how,
                               word, &out) == SOTTO_OK);
    }
    must(sotto_mls_receive(world.clients[0].group, &world_client,
                           (struct sotto_span){out.at, out.len},
                           &event) == SOTTO_OK);
    must(sotto_mls_propose(world.clients[0].group, &world_client, &how, &change,
                           &out) == SOTTO_OK);
}

/* What was loaded can be saved, and then that is what it is: of past epochs
 * the newest are kept, so it need not be all that was loaded. */
static void save_again(struct sotto_mls_group *group)
{
    struct sotto_mls_buffer first = {saved, sizeof saved, 0};
    struct sotto_mls_buffer second = {again, sizeof again, 0};

    must(sotto_mls_group_save(group, &first) == SOTTO_OK);
    sotto_mls_group_wipe(group);
    must(sotto_mls_group_load(group, (struct sotto_span){saved, first.len}) ==
         SOTTO_OK);
    must(sotto_mls_group_save(group, &second) == SOTTO_OK);
    must(first.len == second.len && memcmp(saved, again, first.len) == 0);
}

static void try_state(void)
{
    static uint8_t empty[sizeof memory];
    size_t size = sotto_mls_group_size(&world_config);
    struct sotto_mls_buffer out = {saved, sizeof saved, 0};
    struct sotto_mls_group *group = sotto_mls_group_init(memory, &world_config);
    size_t patches = 1 + choose_byte() % PATCHES_MAX;

    memcpy(empty, memory, size);
    must(sotto_mls_group_save(world.clients[0].group, &out) == SOTTO_OK);
    for (; patches > 0; patches--) {
        out.len = choose_patch(saved, out.len, sizeof saved);
    }
    if (sotto_mls_group_load(group, (struct sotto_span){saved, out.len}) !=
        SOTTO_OK) {
        must(memcmp(memory, empty, size) == 0);
        return;
    }
    save_again(group);
    if (sotto_mls_group_is_active(group)) {
        use(group);
    }
}

static void try_pending(void)
{
    static uint8_t bytes[2][WORLD_MESSAGE_MAX];
    struct world_client *client = &world.clients[0];
    const struct sotto_mls_plan plan = {.with_path = choose_byte() % 2 == 0};
    struct sotto_mls_made made = {{bytes[0], WORLD_MESSAGE_MAX, 0},
                                  {bytes[1], WORLD_MESSAGE_MAX, 0},
                                  {client->pending, WORLD_MESSAGE_MAX, 0}};
    struct sotto_mls_event event;
    enum sotto_err err;

    must(sotto_mls_commit_make(client->group, &world_client, &plan, &made) ==
         SOTTO_OK);
    made.pending.len =
        choose_patch(client->pending, made.pending.len, WORLD_MESSAGE_MAX);
    world_begin(client);
    err = sotto_mls_commit_accept(client->group, &world_client,
                                  (struct sotto_span){made.pending.at,
                                                      made.pending.len},
                                  &event);
    world_end(client, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_start(data, size);
    must(sotto_mls_group_size(&world_config) <= CAPACITY);
    live();
    if (choose_byte() % 4 == 0) {
        try_pending();
    } else {
        try_state();
    }
    return 0;
}
