#include "apps/sotto/server_inner.h"

#include "apps/sotto/view.h"
#include "core/base/text.h"

/* Reads of one connection in one turn, so that nobody holds up the others. */
#define READS_A_TURN 4
/* And new connections, likewise. */
#define ACCEPTS_A_TURN 64

static void mark_dirty(struct server *server, struct conn *conn)
{
    if (!conn->is_dirty) {
        conn->is_dirty = true;
        conn->next_dirty = server->dirty;
        server->dirty = conn;
    }
}

static void log_conn(struct server *server, enum log_level level,
                     const struct conn *conn, const char *event)
{
    char peer[PORT_ADDRESS_TEXT];
    if (!log_wants(&server->log, level)) {
        return;
    }
    port_address_text(&conn->peer, peer);
    log_event(&server->log, level, "conn", event,
              LOG_FIELDS(log_text("peer", peer)));
}

static void log_person(struct server *server, const struct conn *conn,
                       const char *event, struct sotto_span name)
{
    char peer[PORT_ADDRESS_TEXT];
    port_address_text(&conn->peer, peer);
    log_event(&server->log, LOG_INFO, "account", event,
              LOG_FIELDS(log_span("user", (const char *)name.at, name.len),
                         log_text("peer", peer)));
}

/* ---- coming and going ---- */

static void want(struct conn *conn)
{
    port_want(conn->stream, (conn->is_reading ? PORT_READ : 0U) |
                                (conn->is_writing ? PORT_WRITE : 0U));
}

static void set_accepting(struct server *server, bool wanted)
{
    if (server->is_accepting != wanted) {
        server->is_accepting = wanted;
        for (size_t i = 0; i < server->listener_count; i++) {
            port_listener_want(server->listeners[i], wanted);
        }
    }
}

static struct conn *conn_at(const struct server *server, size_t place)
{
    return sotto_pool_at(&server->conns, place);
}

static void free_conn(struct server *server, struct conn *conn)
{
    conn->is_open = false;
    if (conn->is_blocked) {
        server->blocked--;
    }
    sotto_session_wipe(&conn->session);
    sotto_hub_leave(server->hub, conn->seat);
    sotto_pool_give(&server->conns, conn);
    while (server->conn_high > 0 &&
           !conn_at(server, server->conn_high - 1)->is_open) {
        server->conn_high--;
    }
    if (!server->is_ending) {
        set_accepting(server, true);
    }
    conns_take_replies(server);
}

static void close_conn(struct server *server, struct conn *conn)
{
    log_conn(server, LOG_DEBUG, conn, "closed");
    port_stream_close(conn->stream);
    conn->stream = NULL;
    free_conn(server, conn);
}

/* The connection that has been trying to log in for longest, or NULL. */
static struct conn *oldest_stranger(const struct server *server)
{
    struct conn *oldest = NULL;
    for (size_t i = 0; i < server->conn_high; i++) {
        struct conn *conn = conn_at(server, i);
        if (conn->is_open && conn->session.state < SOTTO_SESSION_ACTIVE &&
            (oldest == NULL ||
             conn->session.opened_ms < oldest->session.opened_ms)) {
            oldest = conn;
        }
    }
    return oldest;
}

/* A place for somebody who has come; when all are taken, at the expense of
 * somebody who has not logged in. NULL: there is none. */
static struct conn *make_place(struct server *server)
{
    struct conn *stranger;
    if (server->conns.taken == server->conns.count &&
        (stranger = oldest_stranger(server)) != NULL) {
        log_conn(server, LOG_WARN, stranger, "gave_way");
        close_conn(server, stranger);
    }
    return sotto_pool_take(&server->conns);
}

/* Tells somebody for whom there is no place, before anything else is said. */
static void refuse(struct server *server, struct port_stream *stream)
{
    const uint8_t busy[] = {0, 0, SOTTO_REFUSAL_BUSY};
    size_t put = 0;
    if (port_write(stream, busy, sizeof busy, &put) != SOTTO_OK) {
        put = 0; /* then it just sees the end */
    }
    port_stream_close(stream);
    server->refused++;
    log_event(&server->log, LOG_WARN, "server", "full",
              LOG_FIELDS(log_number("connections", server->conns.taken)));
}

static void open_conn(struct server *server, struct conn *conn,
                      const struct port_address *peer)
{
    const bool was_dirty = conn->is_dirty;
    struct conn *next_dirty = conn->next_dirty;
    struct port_stream *stream = conn->stream;
    *conn = (struct conn){.stream = stream,
                          .peer = *peer,
                          .is_open = true,
                          .is_reading = true,
                          .is_dirty = was_dirty,
                          .next_dirty = next_dirty};
    const size_t place = sotto_pool_index(&server->conns, conn);
    if (place >= server->conn_high) {
        server->conn_high = place + 1;
    }
    conn->seat.place = (uint32_t)place;
    conn->seat.generation = ++server->generation;
    sotto_session_init(&conn->session, &server->session, server->now_ms);
    sotto_hub_enter(server->hub, conn->seat, peer->ip);
    server->accepted++;
    log_conn(server, LOG_DEBUG, conn, "accepted");
}

/* Takes one connection; false when there is none, or no way to take it. When
 * all places are taken, somebody may lose his even if nobody comes. */
static bool accept_one(struct server *server, struct port_listener *listener)
{
    struct port_address peer;
    struct port_stream *stream = NULL;
    struct conn *conn = make_place(server);
    enum sotto_err err =
        port_accept(listener, server->loop, conn, &stream, &peer);
    if (err == SOTTO_ERR_SPACE) {
        log_event(&server->log, LOG_WARN, "server", "accept_paused",
                  LOG_FIELDS(
                      log_text("reason", port_last_error(server->port))));
        set_accepting(server, false);
    }
    if (err != SOTTO_OK) {
        if (conn != NULL) {
            sotto_pool_give(&server->conns, conn);
        }
        return false;
    }
    if (conn == NULL) {
        refuse(server, stream);
        return true;
    }
    conn->stream = stream;
    open_conn(server, conn, &peer);
    return true;
}

void conns_accept(struct server *server, struct port_listener *listener)
{
    bool may_come = true; /* so far the listener has said so */
    for (int i = 0; may_come && i < ACCEPTS_A_TURN; i++) {
        may_come = accept_one(server, listener) &&
                   server->conns.taken < server->conns.count;
    }
}

/* ---- requests and replies ---- */

static void log_reply(struct server *server, const struct conn *conn,
                      const struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_LOGGED_IN) {
        log_person(server, conn, "login", reply->name);
    } else if (reply->kind == SOTTO_REPLY_REGISTERED) {
        log_person(server, conn, "registered", reply->name);
    } else if (reply->kind == SOTTO_REPLY_PROBLEM) {
        /* What a client may cause at will, post after post, is for
         * developers. */
        const bool is_post = reply->problem.ref != 0;
        const bool is_loud =
            !is_post || reply->problem.problem == SOTTO_PROBLEM_STORAGE;
        char peer[PORT_ADDRESS_TEXT];
        port_address_text(&conn->peer, peer);
        log_event(&server->log, is_loud ? LOG_WARN : LOG_DEBUG,
                  is_post ? "lobby" : "account",
                  is_post ? "post_refused" : "refused",
                  LOG_FIELDS(log_text("problem", view_problem_code(
                                                     reply->problem.problem)),
                             log_text("peer", peer)));
    }
}

static void hand_over(struct server *server, struct conn *conn,
                      const struct sotto_reply *reply)
{
    log_reply(server, conn, reply);
    sotto_session_reply(&conn->session, reply, server->now_ms);
    mark_dirty(server, conn);
}

void conns_take_replies(struct server *server)
{
    struct sotto_reply reply;
    while (sotto_hub_next(server->hub, &reply)) {
        if (reply.kind == SOTTO_REPLY_ENTRY) {
            sotto_feed_put(&server->feed, &reply.item);
            server->has_news = true;
            continue;
        }
        struct conn *conn = conn_at(server, reply.seat.place);
        if (conn->is_open && conn->seat.generation == reply.seat.generation) {
            hand_over(server, conn, &reply);
        }
    }
}

/* Carries a session's requests to the hub, as many as it makes. */
static void pump(struct server *server, struct conn *conn)
{
    const struct sotto_request *request;
    while ((request = sotto_session_next(&conn->session, server->now_ms)) !=
           NULL) {
        struct sotto_reply reply;
        enum sotto_err err =
            sotto_hub_request(server->hub, conn->seat, request, server->now_ms,
                              server->wall_s, &reply);
        if (err != SOTTO_OK) {
            if (!conn->is_blocked) {
                conn->is_blocked = true;
                server->blocked++;
            }
            return;
        }
        sotto_session_asked(&conn->session);
        if (reply.kind != SOTTO_REPLY_NONE) {
            hand_over(server, conn, &reply);
        }
        conns_take_replies(server);
    }
    if (conn->is_blocked) {
        conn->is_blocked = false;
        server->blocked--;
    }
}

void conns_unblock(struct server *server)
{
    for (size_t i = 0; server->blocked > 0 && i < server->conn_high; i++) {
        struct conn *conn = conn_at(server, i);
        if (conn->is_open && conn->is_blocked) {
            mark_dirty(server, conn);
        }
    }
}

/* ---- bytes ---- */

static void read_some(struct server *server, struct conn *conn)
{
    for (int i = 0; i < READS_A_TURN; i++) {
        uint8_t *at = NULL;
        size_t cap = 0;
        size_t got = 0;
        if (!sotto_session_input(&conn->session, &at, &cap)) {
            conn->is_reading = false; /* until it takes something again */
            return;
        }
        enum sotto_err err = port_read(conn->stream, at, cap, &got);
        sotto_session_input_done(&conn->session, err == SOTTO_OK ? got : 0,
                                 server->now_ms);
        if (err == SOTTO_OK) {
            pump(server, conn);
            if (got < cap) {
                return;
            }
        } else if (err == SOTTO_ERR_AGAIN) {
            return;
        } else {
            sotto_session_input_ended(&conn->session);
            return;
        }
    }
    mark_dirty(server, conn);
}

/* One record at most, so that all get their turn. */
static void write_some(struct server *server, struct conn *conn)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    size_t put = 0;
    conn->is_writing = false;
    if (!sotto_session_output(&conn->session, &server->feed, server->now_ms,
                              &at, &len)) {
        return;
    }
    enum sotto_err err = port_write(conn->stream, at, len, &put);
    if (err == SOTTO_OK) {
        sotto_session_output_done(&conn->session, put, server->now_ms);
        conn->is_writing = put < len;
        mark_dirty(server, conn);
    } else if (err == SOTTO_ERR_AGAIN) {
        conn->is_writing = true;
    } else {
        sotto_session_input_ended(&conn->session);
    }
}

/* A session that took nothing may do so again. What came meanwhile is read at
 * once: a buffer that it has waited for is not to be given back before. */
static void resume_reading(struct server *server, struct conn *conn)
{
    if (!conn->is_reading) {
        conn->is_reading = true;
        read_some(server, conn);
        if (conn->is_reading) {
            mark_dirty(server, conn);
        }
    }
}

void conn_ready(struct server *server, struct conn *conn, unsigned ready)
{
    if (!conn->is_open) {
        return; /* closed earlier in this turn */
    }
    if ((ready & PORT_READ) != 0) {
        read_some(server, conn);
    }
    if ((ready & PORT_WRITE) != 0) {
        conn->is_writing = false;
    }
    mark_dirty(server, conn);
}

/* Those who found no buffer try again when one was given back. */
static void feed_starved(struct server *server)
{
    if (!server->has_starved || server->given == server->buffers.given) {
        return;
    }
    server->has_starved = false;
    for (size_t i = 0; i < server->conn_high; i++) {
        struct conn *conn = conn_at(server, i);
        if (conn->is_open && conn->session.is_starved) {
            mark_dirty(server, conn);
        }
    }
}

static void work_on(struct server *server, struct conn *conn)
{
    pump(server, conn);
    if (!conn->is_writing) {
        write_some(server, conn);
    }
    if (sotto_session_is_finished(&conn->session)) {
        close_conn(server, conn);
        return;
    }
    resume_reading(server, conn);
    want(conn);
    if (conn->session.is_starved && !server->has_starved) {
        server->has_starved = true;
        server->given = server->buffers.given;
    }
}

void conns_work(struct server *server)
{
    if (server->has_news) {
        server->has_news = false;
        for (size_t i = 0; i < server->conn_high; i++) {
            struct conn *conn = conn_at(server, i);
            if (conn->is_open && conn->session.source == SOTTO_SOURCE_LIVE) {
                mark_dirty(server, conn);
            }
        }
    }
    struct conn *conn = server->dirty;
    server->dirty = NULL;
    while (conn != NULL) {
        struct conn *next = conn->next_dirty;
        conn->is_dirty = false;
        if (conn->is_open) {
            work_on(server, conn);
        }
        conn = next;
    }
    feed_starved(server);
}

void conns_tick(struct server *server)
{
    if (!server->is_ending) {
        /* Descriptors may be free again though none of ours was closed. */
        set_accepting(server, true);
    }
    for (size_t i = 0; i < server->conn_high; i++) {
        struct conn *conn = conn_at(server, i);
        if (conn->is_open) {
            sotto_session_tick(&conn->session, server->now_ms);
            mark_dirty(server, conn);
        }
    }
}

void conns_close_all(struct server *server, enum sotto_close_reason reason)
{
    for (size_t i = 0; i < server->conn_high; i++) {
        struct conn *conn = conn_at(server, i);
        if (conn->is_open) {
            sotto_session_close(&conn->session, reason);
            mark_dirty(server, conn);
        }
    }
}
