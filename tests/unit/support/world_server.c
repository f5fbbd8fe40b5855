/* world_server.c - the server of a world, driven as the program drives it. */
#include "tests/unit/support/world.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static void *take_memory(struct world *world, size_t size)
{
    void *memory = calloc(1, size);
    assert_non_null(memory);
    assert_true(world->memory_count <
                sizeof world->memory / sizeof *world->memory);
    world->memory[world->memory_count++] = memory;
    return memory;
}

static enum sotto_err fill_random(void *ctx, uint8_t *out, size_t len)
{
    struct world *world = ctx;
    const struct sotto_random random = seed_random(&world->seed);
    return world->random_fails ? SOTTO_ERR_RANDOM
                               : random.fill(random.ctx, out, len);
}

static void open_files(struct world *world)
{
    static uint8_t buffer[SOTTO_LOG_BUFFER_MIN];
    const struct world_options *o = &world->options;
    const struct sotto_files *files = faulty_files_table(&world->disk);
    const struct sotto_random random = {world, fill_random};
    struct sotto_accounts_report accounts_report;
    struct sotto_log_report log_report;
    const struct sotto_log_config log = {.name = "lobby",
                                         .segment_bytes = o->segment,
                                         .segments = o->segments,
                                         .reserve = 16,
                                         .salt = 7};
    const struct sotto_accounts_capacity capacity = {o->accounts, o->accounts};
    enum sotto_err err =
        sotto_accounts_open(&world->accounts,
                            take_memory(world, sotto_accounts_size(capacity)),
                            capacity, files, &random, &accounts_report);
    assert_int_equal(err, SOTTO_OK);
    err = sotto_log_open(&world->log, take_memory(world, sotto_log_size()),
                         &log, files, buffer, sizeof buffer, &log_report);
    assert_int_equal(err, SOTTO_OK);
    assert_int_equal(log_report.damaged_segments, 0);
}

static void open_hub(struct world *world)
{
    const struct world_options *o = &world->options;
    const struct sotto_throttle_rate rate = {o->burst, 60000};
    const struct sotto_hub_config config = {.sessions = o->sessions,
                                            .pending = o->pending,
                                            .throttle_entries = 64,
                                            .registration = o->registration,
                                            .iterations_min = WORLD_ITERATIONS,
                                            .iterations_fake = WORLD_ITERATIONS,
                                            .login_rate = rate,
                                            .account_rate = rate,
                                            .address_rate = rate,
                                            .register_rate = rate,
                                            .post_rate = o->post_rate};
    enum sotto_err err =
        sotto_hub_init(&world->hub, take_memory(world, sotto_hub_size(&config)),
                       &config, world->accounts, world->log);
    assert_int_equal(err, SOTTO_OK);
}

static void open_sessions(struct world *world)
{
    const struct world_options *o = &world->options;
    const size_t login = sizeof(struct sotto_scram_server);
    world->turns = (struct sotto_turns){0};
    world->session = (struct sotto_session_config){
        .link = {.takes_ik = true,
                 .receive_limit = o->server_limit,
                 .random = {world, fill_random},
                 .static_private = world->server_private,
                 .static_public = world->server_public},
        .buffers = &world->buffers,
        .turns = &world->turns,
        .logins = &world->logins,
        .login_ms = 10000,
        .idle_ms = 120000,
        .stall_ms = 20000,
        .hold_ms = 5000,
        .rate = o->rate,
        .window = o->window,
        .max_text = o->max_text};
    const size_t buffer = sotto_session_buffer_min(&world->session);
    sotto_pool_init(&world->buffers,
                    take_memory(world, sotto_pool_size(o->buffers, buffer)),
                    o->buffers, buffer);
    sotto_pool_init(&world->logins,
                    take_memory(world, sotto_pool_size(o->sessions, login)),
                    o->sessions, login);
    world->conns = take_memory(world, o->sessions * sizeof(struct world_conn));
    sotto_feed_init(&world->feed, take_memory(world, o->feed), o->feed,
                    sotto_hub_next_number(world->hub));
}

void world_start(struct world *world)
{
    assert_false(world->is_up);
    open_files(world);
    open_hub(world);
    open_sessions(world);
    world->is_up = true;
}

void world_free_server(struct world *world)
{
    for (size_t i = 0; i < world->memory_count; i++) {
        free(world->memory[i]);
    }
    world->memory_count = 0;
    world->is_up = false;
}

static void take_entry(struct world *world, const struct sotto_feed_item *item)
{
    assert_true(item->number > world->last_number);
    world->last_number = item->number;
    sotto_feed_put(&world->feed, item);
}

static void hand_over(struct world *world, struct world_conn *conn,
                      const struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_PROBLEM) {
        world->why = reply->why;
    }
    sotto_session_reply(&conn->session, reply, world->now_ms);
}

static void take_replies(struct world *world)
{
    struct sotto_reply reply;
    while (sotto_hub_next(world->hub, &reply)) {
        world->is_moving = true;
        if (reply.kind == SOTTO_REPLY_ENTRY) {
            take_entry(world, &reply.item);
            continue;
        }
        struct world_conn *conn = &world->conns[reply.seat.place];
        if (conn->is_open && conn->seat.generation == reply.seat.generation) {
            hand_over(world, conn, &reply);
        }
    }
}

/* Carries requests to the hub. */
static void pump(struct world *world, struct world_conn *conn)
{
    const struct sotto_request *request;
    while ((request = sotto_session_next(&conn->session, world->now_ms)) !=
           NULL) {
        struct sotto_reply reply;
        enum sotto_err err =
            sotto_hub_request(world->hub, conn->seat, request, world->now_ms,
                              world->wall_s, &reply);
        if (err != SOTTO_OK) {
            assert_int_equal(err, SOTTO_ERR_AGAIN);
            break;
        }
        world->is_moving = true;
        sotto_session_asked(&conn->session);
        if (reply.kind != SOTTO_REPLY_NONE) {
            assert_int_equal(reply.seat.generation, conn->seat.generation);
            hand_over(world, conn, &reply);
        }
        take_replies(world);
    }
}

static void read_up(struct world *world, struct world_conn *conn)
{
    struct world_wire *wire = &world->wires[conn->wire];
    uint8_t *at = NULL;
    size_t cap = 0;
    if (!sotto_session_input(&conn->session, &at, &cap)) {
        return;
    }
    assert_true(cap > 0);
    size_t len = cap < wire->up.len ? cap : wire->up.len;
    len = world_portion(world, len);
    memcpy(at, wire->up.bytes, len);
    world_pipe_drop(&wire->up, len);
    sotto_session_input_done(&conn->session, len, world->now_ms);
    if (len > 0) {
        world->is_moving = true;
    } else if (wire->up.is_ended) {
        sotto_session_input_ended(&conn->session);
    }
}

static void write_down(struct world *world, struct world_conn *conn)
{
    struct world_wire *wire = &world->wires[conn->wire];
    const uint8_t *at = NULL;
    size_t len = 0;
    if (!sotto_session_output(&conn->session, &world->feed, world->now_ms, &at,
                              &len)) {
        return;
    }
    assert_true(len > 0);
    const size_t room = sizeof wire->down.bytes - wire->down.len;
    size_t put = len < room ? len : room;
    put = world_portion(world, put);
    if (put > 0) {
        world->is_moving = true;
        world_pipe_put(&wire->down, at, put);
        sotto_session_output_done(&conn->session, put, world->now_ms);
    } else if (wire->client < 0 && !wire->is_stuck) {
        sotto_session_input_ended(&conn->session); /* reset by the peer */
    }
}

static void close_conn(struct world *world, struct world_conn *conn)
{
    struct world_wire *wire = &world->wires[conn->wire];
    sotto_session_wipe(&conn->session);
    sotto_hub_leave(world->hub, conn->seat);
    conn->is_open = false;
    wire->conn = -1;
    wire->down.is_ended = true;
    world_wire_release(wire);
    world->is_moving = true;
    take_replies(world);
}

void world_server_turn(struct world *world, struct world_conn *conn)
{
    if (!conn->is_open) {
        return;
    }
    read_up(world, conn);
    pump(world, conn);
    write_down(world, conn);
    pump(world, conn);
    if (sotto_session_is_finished(&conn->session)) {
        close_conn(world, conn);
    }
}

void world_hub_turn(struct world *world)
{
    if (sotto_hub_run(world->hub, world->wall_s)) {
        world->is_moving = true;
    }
    take_replies(world);
}
