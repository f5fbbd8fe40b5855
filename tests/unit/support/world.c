#include "tests/unit/support/world.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#define WORLD_ITERATIONS            2
#define CLIENT_WORLD_ITERATIONS_MIN 1

/* ---- pipes and wires ---- */

size_t world_portion(struct world *world, size_t most)
{
    if (most <= 1 || world->options.cut == WORLD_WHOLE) {
        return most;
    }
    if (world->options.cut == WORLD_BYTES) {
        return 1;
    }
    return 1 + seed_below(&world->seed, most);
}

void world_pipe_put(struct world_pipe *pipe, const uint8_t *in, size_t len)
{
    assert_true(len <= sizeof pipe->bytes - pipe->len);
    memcpy(pipe->bytes + pipe->len, in, len);
    pipe->len += len;
}

void world_pipe_drop(struct world_pipe *pipe, size_t len)
{
    pipe->len -= len;
    memmove(pipe->bytes, pipe->bytes + len, pipe->len);
}

void world_wire_release(struct world_wire *wire)
{
    if (wire->conn < 0 && wire->client < 0) {
        wire->is_used = false;
    }
}

/* ---- connections ---- */

static struct world_wire *free_wire(struct world *world)
{
    for (size_t i = 0; i < WORLD_WIRES; i++) {
        if (!world->wires[i].is_used) {
            return &world->wires[i];
        }
    }
    return NULL;
}

static struct world_conn *free_conn(struct world *world)
{
    for (size_t i = 0; i < world->options.sessions; i++) {
        if (!world->conns[i].is_open) {
            return &world->conns[i];
        }
    }
    return NULL;
}

static void accept(struct world *world, struct world_wire *wire)
{
    static const uint8_t busy[] = {0, 0, SOTTO_REFUSAL_BUSY};
    struct world_conn *conn = free_conn(world);
    if (conn == NULL) {
        world_pipe_put(&wire->down, busy, sizeof busy);
        wire->down.is_ended = true;
        return;
    }
    const uint8_t ip[16] = {[10] = 0xff,
                            [11] = 0xff,
                            [12] = 10,
                            [15] = (uint8_t)(wire->client + 1)};
    const size_t place = (size_t)(conn - world->conns);
    wire->conn = (int)place;
    conn->is_open = true;
    conn->wire = (int)(wire - world->wires);
    conn->seat.place = (uint32_t)place;
    conn->seat.generation = ++world->generation;
    sotto_session_init(&conn->session, &world->session, world->now_ms);
    sotto_hub_enter(world->hub, conn->seat, ip);
}

struct world_wire *world_wire_dial(struct world *world, int client)
{
    struct world_wire *wire = free_wire(world);
    if (!world->is_up || world->is_ending || wire == NULL) {
        return NULL;
    }
    memset(wire, 0, sizeof *wire);
    wire->is_used = true;
    wire->conn = -1;
    wire->client = client;
    accept(world, wire);
    world->is_moving = true;
    return wire;
}

/* ---- a world ---- */

static void set_default(size_t *value, size_t otherwise)
{
    *value = *value != 0 ? *value : otherwise;
}

static void set_default_16(uint16_t *value, uint16_t otherwise)
{
    *value = *value != 0 ? *value : otherwise;
}

static void complete_options(struct world_options *o)
{
    set_default_16(&o->server_limit, 1024);
    set_default_16(&o->client_limit, 1024);
    set_default_16(&o->max_text, 400);
    set_default_16(&o->window, 8);
    set_default(&o->sessions, 8);
    set_default(&o->buffers, 4 * o->sessions);
    set_default(&o->feed, 32768);
    set_default(&o->pending, 32);
    set_default(&o->queue, 8192);
    set_default(&o->accounts, 16);
    o->burst = o->burst != 0 ? o->burst : 1000;
    o->segment = o->segment != 0 ? o->segment : 4096;
    o->segments = o->segments != 0 ? o->segments : 60;
}

struct world *world_begin(const struct world_options *options)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->options = *options;
    complete_options(&world->options);
    seed_init(&world->seed, options->seed);
    world->now_ms = 1000;
    world->wall_s = 1700000000;
    memset(world->server_private, 0x22, sizeof world->server_private);
    sotto_x25519_public(world->server_private, world->server_public);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        world->clients[i].wire = -1;
    }
    faulty_files_init(&world->disk);
    world_start(world);
    return world;
}

void world_end(struct world *world)
{
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        free(world->clients[i].memory);
    }
    world_free_server(world);
    faulty_files_free(&world->disk);
    free(world);
}

void world_add_account(struct world *world, const char *name,
                       const char *password)
{
    struct sotto_verifier verifier = {.salt_len = SOTTO_SCRAM_SALT_MIN,
                                      .iterations = WORLD_ITERATIONS};
    struct sotto_scram_keys keys;
    struct sotto_pbkdf2 kdf;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    uint64_t ticket = 0;
    memset(verifier.salt, name[0], verifier.salt_len);
    sotto_pbkdf2_init(&kdf, (const uint8_t *)password, strlen(password),
                      verifier.salt, verifier.salt_len, verifier.iterations);
    while (!sotto_pbkdf2_run(&kdf, WORLD_ITERATIONS)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, verifier.stored_key);
    memcpy(verifier.server_key, keys.server_key, sizeof keys.server_key);
    assert_int_equal(sotto_accounts_add(world->accounts, name, strlen(name),
                                        &verifier, world->wall_s, &ticket),
                     SOTTO_OK);
    while (sotto_accounts_durable(world->accounts, NULL) < ticket) {
        world_hub_turn(world);
        (void)faulty_files_complete(&world->disk);
    }
}

struct sotto_session *world_session(struct world *world,
                                    const struct world_client *client)
{
    if (client->wire < 0 || world->wires[client->wire].conn < 0) {
        return NULL;
    }
    return &world->conns[world->wires[client->wire].conn].session;
}

size_t world_open_count(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->options.sessions; i++) {
        count += world->conns[i].is_open;
    }
    return count;
}

/* ---- time ---- */

void world_tick(struct world *world, uint64_t ms)
{
    world->now_ms += ms;
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        if (world->clients[i].is_there) {
            sotto_client_tick(&world->clients[i].client, world->now_ms);
        }
    }
    for (size_t i = 0; world->is_up && i < world->options.sessions; i++) {
        if (world->conns[i].is_open) {
            sotto_session_tick(&world->conns[i].session, world->now_ms);
        }
    }
}

void world_step(struct world *world)
{
    struct seed *seed = &world->seed;
    struct world_client *client =
        &world->clients[seed_below(seed, WORLD_CLIENTS)];
    switch (seed_below(seed, 8)) {
    case 0:
    case 1:
    case 2:
        world_client_turn(world, client);
        break;
    case 3:
    case 4:
    case 5:
        if (world->is_up) {
            world_server_turn(
                world,
                &world->conns[seed_below(seed, world->options.sessions)]);
        }
        break;
    case 6:
        if (world->is_up) {
            world_hub_turn(world);
        }
        break;
    default:
        if (!world->options.slow_disk || seed_once_in(seed, 20)) {
            (void)faulty_files_complete_one(&world->disk);
        }
        world->now_ms += seed_below(seed, 3);
        break;
    }
}

void world_steps(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        world_step(world);
    }
}

/* Everybody has a turn. */
static void round_of_all(struct world *world)
{
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        world_client_turn(world, &world->clients[i]);
    }
    for (size_t i = 0; world->is_up && i < world->options.sessions; i++) {
        world_server_turn(world, &world->conns[i]);
    }
    if (world->is_up) {
        world_hub_turn(world);
    }
    if (faulty_files_complete(&world->disk)) {
        world->is_moving = true;
    }
}

void world_settle(struct world *world)
{
    size_t rounds = 0;
    do {
        world->is_moving = false;
        round_of_all(world);
        round_of_all(world);
        assert_true(++rounds < 1000000); /* or it never comes to rest */
    } while (world->is_moving);
}

void world_settle_without_disk(struct world *world)
{
    for (int i = 0; i < 1000; i++) {
        for (size_t k = 0; k < world->options.sessions; k++) {
            world_server_turn(world, &world->conns[k]);
        }
        for (size_t k = 0; k < WORLD_CLIENTS; k++) {
            world_client_turn(world, &world->clients[k]);
        }
        world_hub_turn(world);
    }
}

void world_wait(struct world *world, uint64_t ms)
{
    const uint64_t until = world->now_ms + ms;
    world_settle(world);
    while (world->now_ms < until) {
        const uint64_t left = until - world->now_ms;
        world->wall_s++;
        world_tick(world, left < 1000 ? left : 1000);
        world_settle(world);
    }
}

/* ---- trouble ---- */

void world_cut(struct world *world, struct world_client *client)
{
    if (client->wire < 0) {
        return;
    }
    struct world_wire *wire = &world->wires[client->wire];
    /* Some of the last bytes never arrive. */
    wire->up.len = seed_below(&world->seed, wire->up.len + 1);
    wire->down.len = seed_below(&world->seed, wire->down.len + 1);
    wire->up.is_ended = true;
    wire->down.is_ended = true;
}

void world_half_cut(struct world *world, struct world_client *client)
{
    if (client->wire < 0) {
        return;
    }
    struct world_wire *wire = &world->wires[client->wire];
    wire->client = -1;
    wire->is_stuck = true;
    client->wire = -1;
    world_wire_release(wire);
    sotto_client_disconnected(&client->client, SOTTO_ERR_RESET);
}

/* The process is no more. */
static void end_server(struct world *world)
{
    for (size_t i = 0; i < WORLD_WIRES; i++) {
        struct world_wire *wire = &world->wires[i];
        if (wire->is_used) {
            wire->conn = -1;
            wire->down.is_ended = true;
            world_wire_release(wire);
        }
    }
    world_free_server(world);
}

void world_crash(struct world *world, const struct faulty_cut *cut)
{
    assert_true(world->is_up);
    for (size_t i = 0; i < WORLD_WIRES; i++) {
        struct world_pipe *down = &world->wires[i].down;
        down->len = seed_below(&world->seed, down->len + 1);
    }
    faulty_files_power_on(&world->disk, cut);
    end_server(world);
}

void world_stop(struct world *world)
{
    world->is_ending = true;
    sotto_hub_drain(world->hub);
    while (!sotto_hub_is_idle(world->hub)) {
        round_of_all(world);
    }
    for (size_t i = 0; i < world->options.sessions; i++) {
        if (world->conns[i].is_open) {
            sotto_session_close(&world->conns[i].session, SOTTO_CLOSE_SHUTDOWN);
        }
    }
    while (world_open_count(world) > 0) {
        round_of_all(world);
        world_tick(world, 100);
    }
    sotto_log_finish(world->log);
    while (!sotto_hub_is_idle(world->hub)) {
        world_hub_turn(world);
        (void)faulty_files_complete(&world->disk);
    }
    sotto_log_close(world->log);
    sotto_accounts_close(world->accounts);
    end_server(world);
    world->is_ending = false;
}
