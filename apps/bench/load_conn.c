#include "apps/bench/load.h"

#include "apps/sotto/view.h"
#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/chat/message.h"
#include "core/crypto/x25519.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT  SOTTO_RECORD_LIMIT_HOST
#define EVENTS 256

bool load_fail(struct load *load, const char *what, const char *detail)
{
    struct textbuf text;

    if (load->error[0] == 0) {
        textbuf_init(&text, load->error, sizeof load->error);
        textbuf_add_all(&text, what, detail[0] == 0 ? "" : ": ", detail, NULL);
    }
    return false;
}

bool load_fail_conn(struct load_conn *conn, const char *what,
                    const char *detail)
{
    char place[LOAD_ERROR_MAX];
    struct textbuf text;

    textbuf_init(&text, place, sizeof place);
    textbuf_add(&text, "connection ");
    textbuf_add_number(&text, conn->at);
    textbuf_add_all(&text, ": ", what, NULL);
    return load_fail(conn->load, place, detail);
}

/* ---- memory ------------------------------------------------------------- */

static bool make_key(struct load *load, struct load_conn *conn)
{
    if (load->random.fill(load->random.ctx, conn->private_key,
                          sizeof conn->private_key) != SOTTO_OK) {
        return false;
    }
    sotto_x25519_public(conn->private_key, conn->public_key);
    return true;
}

bool load_conns_open(struct load *load, size_t count)
{
    load->conns = calloc(count, sizeof *load->conns);
    load->input = malloc(LOAD_INPUT_MAX);
    if (load->conns == NULL || load->input == NULL) {
        return load_fail(load, "no memory for connections", "");
    }
    load->conn_count = count;
    for (size_t at = 0; at < count; at++) {
        load->conns[at].load = load;
        load->conns[at].at = (uint32_t)at;
        load->conns[at].is_strict = true;
        if (!make_key(load, &load->conns[at])) {
            return load_fail(load, "no random bytes", "");
        }
    }
    return true;
}

static void drop_client(struct load_conn *conn)
{
    if (conn->client != NULL) {
        uint8_t *memory = conn->client->config.memory;
        sotto_client_wipe(conn->client);
        free(memory);
        free(conn->client);
        conn->client = NULL;
    }
}

void load_cut(struct load *load, struct load_conn *conn)
{
    load->ready -= conn->state >= LOAD_WELCOME;
    drop_client(conn);
    if (conn->stream != NULL) {
        port_stream_abort(conn->stream);
        conn->stream = NULL;
    }
    sotto_link_wipe(&conn->link);
    free(conn->rest);
    free(conn->out);
    conn->rest = NULL;
    conn->out = NULL;
    conn->rest_len = conn->out_at = conn->out_len = 0;
    conn->state = LOAD_IDLE;
}

void load_conns_close(struct load *load)
{
    for (size_t at = 0; at < load->conn_count; at++) {
        load_cut(load, &load->conns[at]);
    }
    free(load->conns);
    free(load->input);
    load->conns = NULL;
    load->input = NULL;
    load->conn_count = 0;
}

/* ---- from dialling to the room ------------------------------------------ */

static void derive(struct sotto_client *client)
{
    bool is_done = false;

    while (!is_done) {
        is_done = sotto_client_derive(client, UINT32_MAX);
    }
}

static bool make_client(struct load *load, struct load_conn *conn)
{
    const size_t len = sotto_client_size(LIMIT, 64);
    struct sotto_client *client = calloc(1, sizeof *client);
    uint8_t *memory = calloc(1, len);
    struct sotto_client_config config = {
        .link = {.suite = load->suite,
                 .receive_limit = LIMIT,
                 .random = load->random,
                 .static_private = conn->private_key,
                 .static_public = conn->public_key,
                 .server_key = load->as_devices ? load->server_key : NULL},
        .iterations_min = 1,
        .iterations_new = (uint32_t)load->settings.iterations,
        .ping_ms = 3600000,
        .memory = memory,
        .memory_len = len};
    (void)snprintf(config.name, sizeof config.name, "%s%u",
                   load->settings.prefix, (unsigned)conn->at);
    enum sotto_err err = client == NULL || memory == NULL
                             ? SOTTO_ERR_SPACE
                             : sotto_client_init(client, &config);
    if (err != SOTTO_OK) {
        free(client);
        free(memory);
        return load_fail_conn(conn, "cannot make a client",
                              sotto_err_name(err));
    }
    conn->client = client;
    if (load->as_devices) {
        return true;
    }
    if (conn->verifier.salt_len > 0) {
        sotto_client_set_keys(client, &conn->verifier, &conn->keys);
    } else {
        err =
            sotto_client_set_password(client, load->password,
                                      load->password_len, !conn->is_registered);
    }
    derive(client); /* of an account that is to be made */
    return err == SOTTO_OK ||
           load_fail_conn(conn, "cannot log in", sotto_err_name(err));
}

bool load_dial(struct load *load, struct load_conn *conn)
{
    SOTTO_ASSERT(conn->state == LOAD_IDLE);
    if (!make_client(load, conn)) {
        return false;
    }
    if (conn->last > 0) {
        sotto_client_resume(conn->client, conn->last);
    }
    conn->acked = conn->posted = 0;
    conn->began_ns = port_now_ns(load->port);
    enum sotto_err err = port_connect(load->loop, load->host, load->tcp_port,
                                      conn, &conn->stream);
    if (err != SOTTO_OK) {
        return load_fail_conn(conn, "cannot connect",
                              port_last_error(load->port));
    }
    conn->state = LOAD_DIALING;
    return true;
}

/* The client has nothing in hand that the link alone could not go on with. */
static bool can_take_over(const struct sotto_client *client)
{
    return client->state == SOTTO_CLIENT_ROOM && client->is_caught_up &&
           client->in_at == client->in_len &&
           client->out_at == client->out_len &&
           client->control_at == client->control_len &&
           client->link.plain_left == 0 &&
           !sotto_link_is_assembling(&client->link);
}

static void arrive(struct load *load, struct load_conn *conn)
{
    conn->keys = conn->client->keys;
    conn->verifier = conn->client->verifier;
    conn->is_registered = true;
    drop_client(conn);
    conn->state = load->goal;
    conn->ready_ns = load->now_ns;
    load->ready++;
}

static void take_over(struct load *load, struct load_conn *conn)
{
    struct sotto_client *client = conn->client;

    (void)sotto_link_take_back(&client->link);
    conn->link = client->link;
    conn->last = client->seen;
    arrive(load, conn);
}

/* Under a name of its own, whoever else has enrolled. */
static bool enrol(struct load_conn *conn)
{
    char name[2 * 8 + 1];

    sotto_hex_encode(conn->public_key, 8, name);
    enum sotto_err err = sotto_client_add_device(conn->client, name);
    return err == SOTTO_OK ||
           load_fail_conn(conn, "cannot enrol", sotto_err_name(err));
}

/* Whether the connection goes no further than what this event tells. */
static bool is_goal(const struct load *load,
                    const struct sotto_client_event *event)
{
    return (load->goal == LOAD_WELCOME &&
            event->kind == SOTTO_EVENT_LOGGED_IN) || /* JOIN is not sent */
           (load->goal == LOAD_ENROLLED && event->kind == SOTTO_EVENT_DONE);
}

/* Behind a sentence: what is to be told to the server, or to us. */
static const char *advice(uint16_t problem)
{
    switch (problem) {
    case SOTTO_PROBLEM_WEAK:
        return " (its option --min-iterations 1)";
    case SOTTO_PROBLEM_THROTTLED:
        return " (its options --register-tries, --login-tries)";
    case SOTTO_PROBLEM_FULL:
        return " (its option --max-accounts)";
    case SOTTO_PROBLEM_NAME_TAKEN:
        return " (--no-register, or another --prefix)";
    default:
        return "";
    }
}

static bool refused(struct load_conn *conn, uint16_t problem)
{
    char line[LOAD_ERROR_MAX];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add_all(&text, view_problem_text(problem), advice(problem), NULL);
    return load_fail_conn(conn, "the server refused", line);
}

static bool closed(struct load_conn *conn,
                   const struct sotto_client_event *event)
{
    char text[64];
    if (event->refusal == SOTTO_REFUSAL_BUSY) {
        return load_fail_conn(conn, "the server has no room",
                              "its options --max-connections, --connect-rate");
    }
    (void)snprintf(text, sizeof text, "%s, reason %u, refusal %u",
                   sotto_err_name(event->error), (unsigned)event->reason,
                   (unsigned)event->refusal);
    return load_fail_conn(conn, "the connection ended", text);
}

/* The stream of a connection that is not logged in has failed. A server that
 * wants the place for somebody else says nothing. */
static bool lost(struct load_conn *conn, enum sotto_err err)
{
    char text[LOAD_ERROR_MAX];

    (void)snprintf(text, sizeof text,
                   "%s (or it had no room for all who log in at once: its "
                   "options --max-half-open, --max-connections)",
                   sotto_err_name(err));
    return load_fail_conn(conn, "the server is gone", text);
}

static bool take_client_event(struct load *load, struct load_conn *conn,
                              const struct sotto_client_event *event)
{
    switch (event->kind) {
    case SOTTO_EVENT_IDENTITY:
        memcpy(load->server_key, event->key, sizeof load->server_key);
        sotto_client_accept(conn->client); /* nothing here is secret */
        return true;
    case SOTTO_EVENT_DERIVE:
        derive(conn->client);
        return true;
    case SOTTO_EVENT_PROBLEM:
        return refused(conn, event->problem.problem);
    case SOTTO_EVENT_CLOSED:
        return closed(conn, event);
    case SOTTO_EVENT_PASSWORD:
        return load_fail_conn(conn, "the password is not that of the account",
                              "");
    case SOTTO_EVENT_ENTRY:
        return event->type != SOTTO_MSG_MESSAGE ||
               load_tell(load, conn, &event->entry);
    case SOTTO_EVENT_CAUGHT_UP:
        return load->goal != LOAD_ENROLLED || enrol(conn);
    case SOTTO_EVENT_REGISTERED:
    case SOTTO_EVENT_LOGGED_IN:
    case SOTTO_EVENT_JOINED:
    case SOTTO_EVENT_ACKED:
    case SOTTO_EVENT_PRESENT:
    case SOTTO_EVENT_ENROLLED:
    case SOTTO_EVENT_DONE:
    case SOTTO_EVENT_DEVICES:
        break;
    }
    return true;
}

static bool write_client(struct load *load, struct load_conn *conn)
{
    const uint8_t *at = NULL;
    size_t len = 0;

    while (sotto_client_output(conn->client, load->now_ms, &at, &len)) {
        size_t put = 0;
        enum sotto_err err = port_write(conn->stream, at, len, &put);
        if (err == SOTTO_ERR_AGAIN) {
            port_want(conn->stream, PORT_READ | PORT_WRITE);
            return true;
        }
        if (err != SOTTO_OK) {
            return lost(conn, err);
        }
        sotto_client_output_done(conn->client, put);
    }
    port_want(conn->stream, PORT_READ);
    return true;
}

/* Goes on until the client wants more of the server. */
static bool run_client(struct load *load, struct load_conn *conn)
{
    struct sotto_client_event event;
    bool has_event = true;

    while (has_event) {
        has_event = sotto_client_next(conn->client, &event);
        if (has_event && is_goal(load, &event)) {
            arrive(load, conn);
            return true;
        }
        if (has_event && !take_client_event(load, conn, &event)) {
            return false;
        }
    }
    if (!write_client(load, conn)) {
        return false;
    }
    if (load->goal == LOAD_ROOM && can_take_over(conn->client)) {
        take_over(load, conn);
    }
    return true;
}

static bool dialled(struct load *load, struct load_conn *conn)
{
    enum sotto_err err = port_connect_status(conn->stream);

    if (err == SOTTO_ERR_AGAIN) {
        return true;
    }
    if (err != SOTTO_OK) {
        return load_fail_conn(conn, "cannot connect",
                              port_last_error(load->port));
    }
    conn->state = LOAD_LOGIN;
    sotto_client_connected(conn->client, load->now_ms);
    return run_client(load, conn);
}

static bool read_client(struct load *load, struct load_conn *conn)
{
    uint8_t *at = NULL;
    size_t cap = 0;
    size_t got = 0;

    if (!sotto_client_input(conn->client, &at, &cap)) {
        return run_client(load, conn);
    }
    enum sotto_err err = port_read(conn->stream, at, cap, &got);
    if (err == SOTTO_ERR_AGAIN) {
        return run_client(load, conn);
    }
    if (err != SOTTO_OK) {
        return lost(conn, err);
    }
    sotto_client_input_done(conn->client, got, load->now_ms);
    return run_client(load, conn);
}

/* ---- turns -------------------------------------------------------------- */

static bool take_ready(struct load *load, struct load_conn *conn,
                       unsigned ready)
{
    switch (conn->state) {
    case LOAD_DIALING:
        return dialled(load, conn);
    case LOAD_LOGIN:
        return read_client(load, conn);
    case LOAD_ROOM:
        return ((ready & PORT_WRITE) == 0 || load_flush(conn)) &&
               load_read(load, conn);
    case LOAD_IDLE:
    case LOAD_WELCOME:
    case LOAD_ENROLLED:
        break;
    }
    return true;
}

void load_set_deadline(struct load *load, uint64_t ms)
{
    load->deadline_ms = port_now_ms(load->port) + ms;
}

bool load_turn(struct load *load, uint32_t timeout_ms)
{
    struct port_event events[EVENTS];
    size_t count = 0;

    port_wait(load->loop, timeout_ms, events, EVENTS, &count);
    load->now_ms = port_now_ms(load->port);
    load->now_ns = port_now_ns(load->port);
    for (size_t at = 0; at < count; at++) {
        if (events[at].kind == PORT_EVENT_STOP) {
            return load_fail(load, "stopped", "");
        }
        if (events[at].kind == PORT_EVENT_READY &&
            !take_ready(load, events[at].tag, events[at].ready)) {
            return false;
        }
    }
    if (load->now_ms > load->deadline_ms) {
        return load_fail(load, "it took too long", "");
    }
    return true;
}

bool load_join(struct load *load, size_t first, size_t end, size_t parallel)
{
    const size_t base = load->ready;
    const size_t wanted = end - first;
    size_t next = first;

    while (load->ready - base < wanted) {
        const size_t dialling = next - first - (load->ready - base);
        const bool goes_on = next < end && dialling < parallel
                                 ? load_dial(load, &load->conns[next++])
                                 : load_turn(load, 1000);
        if (!goes_on) {
            return false;
        }
    }
    return true;
}
