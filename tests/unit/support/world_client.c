/* world_client.c - the clients of a world, and what they are judged by. */
#include "tests/unit/support/world.h"

#include "core/chat/entry.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the book ---- */

static uint32_t mix(uint32_t hash, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ in[i]) * 16777619U;
    }
    return hash;
}

/* A number always stands for the same thing, whoever hears it and when. */
void world_note(struct world *world, uint64_t number, uint8_t type,
                struct sotto_span sender, struct sotto_span text)
{
    uint32_t hash = mix(2166136261U, &type, 1);
    hash = mix(hash, sender.at, sender.len);
    hash = mix(hash, text.at, text.len) | 1U;
    assert_true(number > 0);
    assert_true(number < WORLD_NUMBERS);
    assert_true(world->book[number] == 0 || world->book[number] == hash);
    world->book[number] = hash;
}

/* ---- people ---- */

static struct world_client *free_client(struct world *world)
{
    struct world_client *client = world->clients;
    while (client->is_there) {
        client++;
        assert_true(client < world->clients + WORLD_CLIENTS);
    }
    return client;
}

struct world_client *world_add_stranger(struct world *world, const char *name)
{
    struct world_client *client = free_client(world);
    const struct world_options *o = &world->options;
    free(client->memory);
    memset(client, 0, sizeof *client);
    client->is_there = true;
    client->wire = -1;
    memset(client->private_key, 1 + (int)(client - world->clients), 32);
    sotto_x25519_public(client->private_key, client->public_key);
    struct sotto_client_config config = {
        .link = {.is_client = true,
                 .suite = SOTTO_SUITE_A128CBCHS256,
                 .receive_limit = o->client_limit,
                 .random = seed_random(&world->seed),
                 .static_private = client->private_key,
                 .static_public = client->public_key},
        .iterations_min = 1,
        .iterations_new = WORLD_ITERATIONS,
        .history = o->history,
        .ping_ms = SOTTO_CLIENT_PING_MS,
        .memory_len = sotto_client_size(o->client_limit, o->queue)};
    client->memory = malloc(config.memory_len);
    assert_non_null(client->memory);
    config.memory = client->memory;
    strcpy(config.name, name);
    assert_int_equal(sotto_client_init(&client->client, &config), SOTTO_OK);
    return client;
}

struct world_client *world_add_client(struct world *world, const char *name,
                                      const char *password)
{
    struct world_client *client = world_add_stranger(world, name);
    enum sotto_err err =
        sotto_client_set_password(&client->client, (const uint8_t *)password,
                                  strlen(password), false);
    assert_int_equal(err, SOTTO_OK);
    return client;
}

struct world_client *world_add_person(struct world *world, const char *name)
{
    world_add_account(world, name, "password");
    return world_add_client(world, name, "password");
}

static void hang_up(struct world *world, struct world_client *client)
{
    if (client->wire >= 0) {
        struct world_wire *wire = &world->wires[client->wire];
        wire->client = -1;
        wire->up.is_ended = true;
        client->wire = -1;
        world_wire_release(wire);
    }
}

void world_remove_client(struct world *world, struct world_client *client)
{
    hang_up(world, client);
    sotto_client_wipe(&client->client);
    client->is_there = false;
}

uint64_t world_say(struct world *world, struct world_client *client, size_t len)
{
    static uint8_t text[SOTTO_MAX_TEXT];
    char head[SOTTO_NAME_MAX + 16];
    uint64_t id = 0;
    assert_true(len >= 16);
    memset(text, '.', len);
    snprintf(head, sizeof head, "%s %u ", client->client.config.name,
             (unsigned)client->post_count);
    memcpy(text, head, strlen(head));
    (void)world;
    if (client->post_count == WORLD_POSTS ||
        sotto_client_post(&client->client, text, len, &id) != SOTTO_OK) {
        return 0;
    }
    struct world_post *post = &client->posts[client->post_count++];
    assert_int_equal(id, client->post_count);
    *post = (struct world_post){.text_len = len};
    memcpy(post->text, text, len < WORLD_TEXT ? len : WORLD_TEXT);
    return id;
}

/* ---- events ---- */

static void hear(struct world *world, struct world_client *client,
                 const struct sotto_client_event *event)
{
    const struct sotto_entry *entry = &event->entry;
    struct world_heard *heard = &client->heard[client->heard_count++];
    assert_true(client->heard_count < WORLD_HEARD);
    assert_true(entry->number > client->heard_last || client->missed);
    client->heard_last = entry->number;
    *heard = (struct world_heard){.number = entry->number,
                                  .type = event->type,
                                  .text_len = entry->text.len};
    memcpy(heard->sender, entry->sender.at, entry->sender.len);
    if (entry->text.len > 0) {
        memcpy(heard->text, entry->text.at,
               entry->text.len < WORLD_TEXT ? entry->text.len : WORLD_TEXT);
    }
    world_note(world, entry->number, event->type, entry->sender, entry->text);
}

/* The text of a post, again. */
static struct sotto_span text_of(const struct world_post *post)
{
    static uint8_t text[SOTTO_MAX_TEXT];
    memset(text, '.', post->text_len);
    memcpy(text, post->text,
           post->text_len < WORLD_TEXT ? post->text_len : WORLD_TEXT);
    return (struct sotto_span){text, post->text_len};
}

static void note_ack(struct world *world, struct world_client *client,
                     const struct sotto_client_event *event)
{
    assert_in_range(event->id, 1, client->post_count);
    struct world_post *post = &client->posts[event->id - 1];
    const char *name = client->client.config.name;
    assert_int_equal(post->number, 0);
    assert_int_equal(post->problem, 0);
    post->number = event->number;
    world_note(world, event->number, SOTTO_MSG_MESSAGE,
               (struct sotto_span){(const uint8_t *)name, strlen(name)},
               text_of(post));
}

static void note_problem(struct world_client *client,
                         const struct sotto_error *problem)
{
    client->problem = *problem;
    if (problem->ref != 0) {
        assert_in_range(problem->ref, 1, client->post_count);
        struct world_post *post = &client->posts[problem->ref - 1];
        assert_int_equal(post->number, 0);
        assert_int_equal(post->problem, 0);
        post->problem = problem->problem;
    }
}

static void note_joined(struct world_client *client,
                        const struct sotto_client_event *event)
{
    client->joined = event->joined;
    client->missed |= event->missed;
    if (client->first == 0 || event->missed) {
        client->first = event->joined.first;
    }
}

static void note_present(struct world_client *client,
                         struct sotto_present present)
{
    struct sotto_span name;
    if (client->present_is_whole) {
        client->present[0] = 0;
    }
    while (sotto_present_next(&present, &name)) {
        const size_t at = strlen(client->present);
        assert_true(at + name.len + 2 < sizeof client->present);
        memcpy(client->present + at, name.at, name.len);
        memcpy(client->present + at + name.len, " ", 2);
    }
    client->present_is_whole = present.is_last;
}

static void note_devices(struct world_client *client, struct sotto_span list)
{
    struct sotto_device_item item;
    client->device_count = 0;
    while (sotto_device_list_next(&list, &item)) {
        struct world_device *device = &client->devices[client->device_count++];
        assert_true(client->device_count <= WORLD_DEVICES);
        memset(device, 0, sizeof *device);
        memcpy(device->name, item.name.at, item.name.len);
        device->flags = item.flags;
        device->time_s = item.time_s;
    }
}

static void take_event(struct world *world, struct world_client *client,
                       const struct sotto_client_event *event)
{
    world->is_moving = true;
    client->counts[event->kind]++;
    switch (event->kind) {
    case SOTTO_EVENT_IDENTITY:
        assert_memory_equal(event->key, world->server_public, 32);
        if (client->distrusts) {
            hang_up(world, client);
            sotto_client_disconnected(&client->client, SOTTO_ERR_AUTH);
        } else {
            sotto_client_accept(&client->client);
        }
        break;
    case SOTTO_EVENT_DERIVE:
        while (!sotto_client_derive(&client->client, 1)) {
        }
        break;
    case SOTTO_EVENT_JOINED:
        note_joined(client, event);
        break;
    case SOTTO_EVENT_ENTRY:
        hear(world, client, event);
        break;
    case SOTTO_EVENT_ACKED:
        note_ack(world, client, event);
        break;
    case SOTTO_EVENT_PRESENT:
        note_present(client, event->present);
        break;
    case SOTTO_EVENT_PROBLEM:
        note_problem(client, &event->problem);
        break;
    case SOTTO_EVENT_CLOSED:
        client->closed = *event;
        hang_up(world, client);
        break;
    case SOTTO_EVENT_DEVICES:
        note_devices(client, event->devices);
        break;
    case SOTTO_EVENT_DONE:
    case SOTTO_EVENT_ENROLLED:
    case SOTTO_EVENT_PASSWORD:
    case SOTTO_EVENT_REGISTERED:
    case SOTTO_EVENT_LOGGED_IN:
    case SOTTO_EVENT_CAUGHT_UP:
        break;
    }
}

static void take_events(struct world *world, struct world_client *client)
{
    struct sotto_client_event event;
    while (sotto_client_next(&client->client, &event)) {
        take_event(world, client, &event);
    }
}

/* ---- bytes ---- */

static void read_down(struct world *world, struct world_client *client)
{
    struct world_pipe *down = &world->wires[client->wire].down;
    uint8_t *at = NULL;
    size_t cap = 0;
    if (!sotto_client_input(&client->client, &at, &cap)) {
        return;
    }
    size_t len = cap < down->len ? cap : down->len;
    len = world_portion(world, len);
    memcpy(at, down->bytes, len);
    world_pipe_drop(down, len);
    sotto_client_input_done(&client->client, len, world->now_ms);
    world->is_moving |= len > 0;
    if (len == 0 && down->is_ended) {
        sotto_client_disconnected(&client->client, SOTTO_ERR_CLOSED);
    }
}

static void write_up(struct world *world, struct world_client *client)
{
    struct world_pipe *up = &world->wires[client->wire].up;
    const uint8_t *at = NULL;
    size_t len = 0;
    if (!sotto_client_output(&client->client, world->now_ms, &at, &len)) {
        return;
    }
    const size_t room = sizeof up->bytes - up->len;
    size_t put = len < room ? len : room;
    put = up->is_ended ? 0 : world_portion(world, put);
    if (put > 0) {
        world->is_moving = true;
        world_pipe_put(up, at, put);
        sotto_client_output_done(&client->client, put);
    }
}

static void dial(struct world *world, struct world_client *client)
{
    struct world_wire *wire =
        world_wire_dial(world, (int)(client - world->clients));
    if (wire != NULL) {
        client->wire = (int)(wire - world->wires);
        sotto_client_connected(&client->client, world->now_ms);
    }
}

void world_client_turn(struct world *world, struct world_client *client)
{
    if (!client->is_there) {
        return;
    }
    if (client->wire < 0 && !client->stays_away &&
        client->client.state == SOTTO_CLIENT_OFFLINE) {
        dial(world, client);
    }
    if (client->wire >= 0) {
        read_down(world, client);
    }
    take_events(world, client);
    if (client->wire >= 0) {
        write_up(world, client);
    }
    take_events(world, client);
}

/* ---- judgement ---- */

bool world_is_content(const struct world_client *client)
{
    return client->client.is_caught_up &&
           sotto_client_unsettled(&client->client) == 0;
}

size_t world_acked(const struct world *world, const struct world_client *client)
{
    size_t count = 0;
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        const struct world_client *one = &world->clients[i];
        if (!one->is_there || (client != NULL && client != one)) {
            continue;
        }
        for (size_t k = 0; k < one->post_count; k++) {
            count += one->posts[k].number != 0;
        }
    }
    return count;
}

/* What one client has to do with one entry of the log. */
struct judged {
    const struct sotto_stored *entry;
    uint64_t number;
};

static size_t times_heard(const struct world_client *client, uint64_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < client->heard_count; i++) {
        count += client->heard[i].number == number;
    }
    return count;
}

/* The author's own post: it was acknowledged with this number. */
static bool is_acked_as(const struct world_client *client, uint64_t id,
                        uint64_t number)
{
    return id >= 1 && id <= client->post_count &&
           client->posts[id - 1].number == number;
}

static void judge_entry(const struct world_client *client,
                        const struct judged *judged)
{
    const struct sotto_stored *entry = judged->entry;
    const bool is_own = entry->instance == client->client.instance;
    const size_t times = times_heard(client, judged->number);
    if (is_own) {
        assert_int_equal(times, 0);
        assert_true(entry->type != SOTTO_MSG_MESSAGE ||
                    is_acked_as(client, entry->id, judged->number) ||
                    client->posts[entry->id - 1].problem != 0);
    } else if (client->first != 0 && judged->number >= client->first &&
               judged->number <= client->client.seen) {
        assert_int_equal(times, 1);
    } else if (client->first != 0 && judged->number >= client->first) {
        assert_false(client->client.is_caught_up); /* it is not here now */
    }
}

/* Reads the next entry of the log; false at its end. */
static bool read_entry(struct world *world, uint64_t *from,
                       struct judged *judged, struct sotto_stored *entry)
{
    static uint8_t bytes[SOTTO_ENTRY_MAX];
    size_t len = 0;
    enum sotto_err err = sotto_log_read(world->log, *from, bytes, sizeof bytes,
                                        &len, &judged->number);
    if (err == SOTTO_ERR_NOT_FOUND) {
        return false;
    }
    assert_int_equal(err, SOTTO_OK);
    assert_int_equal(sotto_stored_decode(entry, bytes, len), SOTTO_OK);
    judged->entry = entry;
    *from = judged->number + 1;
    return true;
}

/* How often a client's post is in the log. */
static size_t times_stored(struct world *world, uint64_t instance, uint64_t id,
                           uint64_t *number)
{
    struct judged judged;
    struct sotto_stored entry;
    uint64_t from = 1;
    size_t count = 0;
    while (read_entry(world, &from, &judged, &entry)) {
        if (entry.type == SOTTO_MSG_MESSAGE && entry.instance == instance &&
            entry.id == id) {
            *number = judged.number;
            count++;
        }
    }
    return count;
}

static void judge_posts(struct world *world, const struct world_client *client)
{
    for (size_t k = 0; k < client->post_count; k++) {
        const struct world_post *post = &client->posts[k];
        uint64_t number = 0;
        const size_t times = times_stored(world, client->client.instance,
                                          (uint64_t)k + 1, &number);
        assert_in_range(times, 0, 1);
        if (post->number != 0 && post->number >= sotto_log_first(world->log)) {
            assert_int_equal(times, 1);
            assert_int_equal(number, post->number);
        }
    }
}

void world_check(struct world *world)
{
    struct judged judged;
    struct sotto_stored entry;
    uint64_t from = 1;
    while (read_entry(world, &from, &judged, &entry)) {
        world_note(world, judged.number, entry.type, entry.sender, entry.text);
        for (size_t i = 0; i < WORLD_CLIENTS; i++) {
            if (world->clients[i].is_there) {
                judge_entry(&world->clients[i], &judged);
            }
        }
    }
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        if (world->clients[i].is_there) {
            judge_posts(world, &world->clients[i]);
        }
    }
}
