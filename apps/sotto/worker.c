#include "apps/sotto/worker.h"

#include "apps/sotto/server_inner.h"
#include "core/base/text.h"

static bool shakes_hands(const struct conn *conn)
{
    return conn->session.state == SOTTO_SESSION_HANDSHAKE;
}

static void queue_new(struct worker *worker, struct conn *conn)
{
    if (conn->is_new) {
        return;
    }
    conn->is_new = true;
    conn->next_new = NULL;
    if (worker->first_new == NULL) {
        worker->first_new = conn;
    } else {
        worker->last_new->next_new = conn;
    }
    worker->last_new = conn;
}

static void mark_dirty(struct worker *worker, struct conn *conn)
{
    if (shakes_hands(conn)) {
        queue_new(worker, conn);
    } else if (!conn->is_dirty) {
        conn->is_dirty = true;
        conn->next_dirty = worker->dirty;
        worker->dirty = conn;
    }
}

static void mark_if_busy(struct worker *worker, struct conn *conn)
{
    if (sotto_session_is_busy(&conn->session, &worker->feed)) {
        mark_dirty(worker, conn);
    }
}

static struct conn *conn_at(const struct worker *worker, size_t at)
{
    return sotto_pool_at(&worker->conns, at);
}

/* Places are counted over all workers. */
static size_t index_of(const struct worker *worker, struct sotto_seat_id seat)
{
    return seat.place - (SERVER_WORKERS_MAX > 1 ? worker->first : 0);
}

static struct conn *conn_of(const struct worker *worker,
                            struct sotto_seat_id seat)
{
    return conn_at(worker, index_of(worker, seat));
}

/* The open connection that has this seat, or NULL when it has gone. */
static struct conn *find_conn(const struct worker *worker,
                              struct sotto_seat_id seat)
{
    struct conn *conn = conn_of(worker, seat);
    return conn->is_open && conn->seat.generation == seat.generation ? conn
                                                                     : NULL;
}

/* ---- to the hub --------------------------------------------------------- */

static enum sotto_err ask(struct worker *worker, const struct conn *conn,
                          const struct sotto_request *request,
                          struct sotto_reply *reply)
{
    struct server *server = worker->server;
    if (server_has_threads(server)) {
        reply->kind = SOTTO_REPLY_NONE;
        return threads_ask(worker, conn->seat, request);
    }
    return sotto_hub_request(server->hub, conn->seat, request, server->now_ms,
                             server->wall_s, reply);
}

static void leave(struct worker *worker, struct sotto_seat_id seat)
{
    if (server_has_threads(worker->server)) {
        threads_leave(worker, seat);
    } else {
        server_left(worker->server, seat);
    }
}

/* ---- coming and going --------------------------------------------------- */

static void want(struct conn *conn)
{
    port_want(conn->stream, (conn->is_reading ? PORT_READ : 0U) |
                                (conn->is_writing ? PORT_WRITE : 0U));
}

void *worker_tag(struct worker *worker, struct sotto_seat_id seat)
{
    return conn_of(worker, seat);
}

void worker_welcome(struct worker *worker, struct sotto_seat_id seat,
                    struct port_stream *stream)
{
    struct conn *conn = conn_of(worker, seat);
    /* It may still stand in lists, from its last user's time. */
    *conn = (struct conn){.stream = stream,
                          .next_dirty = conn->next_dirty,
                          .next_new = conn->next_new,
                          .next_paced = conn->next_paced,
                          .is_open = true,
                          .is_dirty = conn->is_dirty,
                          .is_new = conn->is_new,
                          .is_paced = conn->is_paced,
                          .is_reading = true,
                          .seat = seat};
    const size_t at = index_of(worker, seat);
    if (at >= worker->conn_high) {
        worker->conn_high = at + 1;
    }
    sotto_session_init(&conn->session, &worker->session, worker->now_ms);
    want(conn);
    worker_log_conn(worker, LOG_DEBUG, conn, "accepted");
}

static void close_conn(struct worker *worker, struct conn *conn)
{
    worker_log_conn(worker, LOG_DEBUG, conn, "closed");
    port_stream_close(conn->stream);
    conn->stream = NULL;
    conn->is_open = false;
    worker->blocked -= conn->is_blocked;
    sotto_session_wipe(&conn->session);
    while (worker->conn_high > 0 &&
           !conn_at(worker, worker->conn_high - 1)->is_open) {
        worker->conn_high--;
    }
    leave(worker, conn->seat);
}

void worker_send_away(struct worker *worker, struct sotto_seat_id seat)
{
    struct conn *conn = find_conn(worker, seat);
    if (conn != NULL) {
        worker_log_conn(worker, LOG_WARN, conn, "gave_way");
        close_conn(worker, conn);
    }
}

void worker_close_all(struct worker *worker, enum sotto_close_reason reason)
{
    for (size_t i = 0; i < worker->conn_high; i++) {
        struct conn *conn = conn_at(worker, i);
        if (conn->is_open) {
            sotto_session_close(&conn->session, reason);
            mark_dirty(worker, conn);
        }
    }
}

/* ---- requests and replies ----------------------------------------------- */

static void hand_over(struct worker *worker, struct conn *conn,
                      const struct sotto_reply *reply)
{
    worker_log_reply(worker, conn, reply);
    sotto_session_reply(&conn->session, reply, worker->now_ms);
    mark_dirty(worker, conn);
}

void worker_take(struct worker *worker, const struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_ENTRY) {
        sotto_feed_put(&worker->feed, &reply->item);
        worker->has_news = true;
        return;
    }
    struct conn *conn = find_conn(worker, reply->seat);
    if (conn != NULL) {
        hand_over(worker, conn, reply);
    }
}

static void set_blocked(struct worker *worker, struct conn *conn,
                        bool is_blocked)
{
    worker->blocked += is_blocked;
    worker->blocked -= conn->is_blocked;
    conn->is_blocked = is_blocked;
}

/* Carries a session's requests to the hub, as many as it makes. */
static void pump(struct worker *worker, struct conn *conn)
{
    const struct sotto_request *request;
    const bool was_new = conn->session.state == SOTTO_SESSION_HANDSHAKE;
    while ((request = sotto_session_next(&conn->session, worker->now_ms)) !=
           NULL) {
        struct sotto_reply reply;
        if (ask(worker, conn, request, &reply) != SOTTO_OK) {
            set_blocked(worker, conn, true);
            return;
        }
        sotto_session_asked(&conn->session);
        if (reply.kind != SOTTO_REPLY_NONE) {
            hand_over(worker, conn, &reply);
        }
        if (!server_has_threads(worker->server)) {
            server_take_replies(worker->server);
        }
    }
    set_blocked(worker, conn, false);
    worker_count(worker, COUNT_HANDSHAKES,
                 was_new && conn->session.link.state == SOTTO_LINK_OPEN);
}

void worker_unblock(struct worker *worker)
{
    for (size_t i = 0; worker->blocked > 0 && i < worker->conn_high; i++) {
        struct conn *conn = conn_at(worker, i);
        if (conn->is_open && conn->is_blocked) {
            mark_dirty(worker, conn);
        }
    }
}

/* ---- bytes -------------------------------------------------------------- */

/* Once in a turn: a buffer at most, so that nobody holds up the others. */
static void read_some(struct worker *worker, struct conn *conn)
{
    uint8_t *at = NULL;
    size_t cap = 0;
    size_t got = 0;
    if (!sotto_session_input(&conn->session, &at, &cap)) {
        conn->is_reading = false; /* until it takes something again */
        return;
    }
    const enum sotto_err err = port_read(conn->stream, at, cap, &got);
    sotto_session_input_done(&conn->session, err == SOTTO_OK ? got : 0,
                             worker->now_ms);
    worker_count(worker, COUNT_READS, 1);
    if (err == SOTTO_OK) {
        worker_count(worker, COUNT_BYTES_IN, got);
        if (!shakes_hands(conn)) { /* these have their turn later */
            pump(worker, conn);
        }
    } else if (err != SOTTO_ERR_AGAIN) {
        sotto_session_input_ended(&conn->session);
    }
}

/* Seals what there is for it, where more than one is sealed ahead. */
static void seal_next(struct worker *worker, struct conn *conn)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    if (SERVER_SEALED_AHEAD > 1) {
        (void)sotto_session_output(&conn->session, &worker->feed,
                                   worker->now_ms, &at, &len);
    }
}

/* One record at most, so that all get their turn. */
static void write_some(struct worker *worker, struct conn *conn)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    size_t put = 0;
    conn->is_writing = false;
    if (!sotto_session_output(&conn->session, &worker->feed, worker->now_ms,
                              &at, &len)) {
        return;
    }
    enum sotto_err err = port_write(conn->stream, at, len, &put);
    if (err == SOTTO_OK) {
        sotto_session_output_done(&conn->session, put, worker->now_ms);
        conn->is_writing = put < len;
        mark_if_busy(worker, conn);
        worker_count(worker, COUNT_WRITES, 1);
        worker_count(worker, COUNT_BYTES_OUT, put);
        worker_count(worker, COUNT_SHORT, put < len);
    } else if (err == SOTTO_ERR_AGAIN) {
        conn->is_writing = true;
        worker_count(worker, COUNT_SHORT, 1);
    } else {
        sotto_session_input_ended(&conn->session);
    }
}

/* A session that took nothing may do so again. What came meanwhile is read at
 * once: a buffer that it has waited for is not to be given back before. */
static void resume_reading(struct worker *worker, struct conn *conn)
{
    if (!conn->is_reading) {
        conn->is_reading = true;
        read_some(worker, conn);
        mark_if_busy(worker, conn);
    }
}

void worker_ready(struct worker *worker, void *tag, unsigned ready)
{
    struct conn *conn = tag;
    if (!conn->is_open) {
        return; /* closed earlier in this turn */
    }
    if ((ready & PORT_READ) != 0) {
        read_some(worker, conn);
        want(conn);
    }
    if ((ready & PORT_WRITE) != 0) {
        conn->is_writing = false;
    }
    mark_dirty(worker, conn);
}

/* ---- pauses ------------------------------------------------------------- */

/* Its session has to be looked at again when its pause is over. */
static void note_pause(struct worker *worker, struct conn *conn)
{
    const uint64_t pause_ms =
        sotto_session_pause_ms(&conn->session, worker->now_ms);
    if (!SOTTO_PACED || pause_ms == 0) {
        return;
    }
    const uint64_t until_ms = worker->now_ms + pause_ms;
    if (worker->paced == NULL || until_ms < worker->paced_ms) {
        worker->paced_ms = until_ms;
    }
    if (!conn->is_paced) {
        conn->is_paced = true;
        conn->next_paced = worker->paced;
        worker->paced = conn;
    }
}

/* All of them are looked at: those who have to wait on are noted again. */
static void end_pauses(struct worker *worker)
{
    struct conn *conn = worker->paced;
    worker->paced = NULL;
    while (conn != NULL) {
        struct conn *next = conn->next_paced;
        conn->is_paced = false;
        if (conn->is_open) {
            mark_dirty(worker, conn);
        }
        conn = next;
    }
}

/* ---- turns -------------------------------------------------------------- */

/* Those who found no buffer try again when one was given back. */
static void feed_starved(struct worker *worker)
{
    if (!worker->has_starved || worker->given == worker->buffers.given) {
        return;
    }
    worker->has_starved = false;
    for (size_t i = 0; i < worker->conn_high; i++) {
        struct conn *conn = conn_at(worker, i);
        if (conn->is_open && conn->session.is_starved) {
            mark_dirty(worker, conn);
        }
    }
}

static void note_starved(struct worker *worker, const struct conn *conn)
{
    if (conn->session.is_starved && !worker->has_starved) {
        worker->has_starved = true;
        worker->given = worker->buffers.given;
    }
}

/* Why; where it was we who ended it. Who was refused has no other reason. */
static void count_end(struct worker *worker,
                      const struct sotto_session *session)
{
    const unsigned refusal = session->link.refusal;
    const unsigned reason = session->reason;
    worker_count(worker,
                 refusal != SOTTO_REFUSAL_NONE ? COUNT_REFUSED + refusal
                                               : COUNT_CLOSED + reason,
                 1);
}

static void work_on(struct worker *worker, struct conn *conn)
{
    pump(worker, conn);
    if (!conn->is_writing) {
        write_some(worker, conn);
    }
    if (sotto_session_is_finished(&conn->session)) {
        count_end(worker, &conn->session);
        close_conn(worker, conn);
        return;
    }
    resume_reading(worker, conn);
    want(conn);
    note_pause(worker, conn);
    note_starved(worker, conn);
}

static bool waits_for_news(const struct conn *conn)
{
    return conn->is_open && !conn->is_dirty && !conn->is_writing &&
           conn->session.source == SOTTO_SOURCE_LIVE;
}

static void send_news(struct worker *worker, struct conn *const *ready,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        write_some(worker, ready[i]);
        if (ready[i]->is_writing ||
            sotto_session_is_finished(&ready[i]->session)) {
            mark_dirty(worker, ready[i]);
        }
        note_starved(worker, ready[i]);
    }
}

/*
 * To all who have heard everything that was said before, and are ready to hear
 * more; others come when they are. Some records are sealed before they are
 * written: ciphers and the system's network are each so much code that by turns
 * neither finds its own in the processor's cache.
 */
static void spread_news(struct worker *worker)
{
    struct conn *ready[SERVER_SEALED_AHEAD];
    size_t count = 0;
    worker->has_news = false;
    for (size_t i = 0; i < worker->conn_high; i++) {
        struct conn *conn = conn_at(worker, i);
        if (waits_for_news(conn)) {
            seal_next(worker, conn);
            ready[count++] = conn;
        }
        if (count == SERVER_SEALED_AHEAD || i + 1 == worker->conn_high) {
            send_news(worker, ready, count);
            count = 0;
        }
    }
}

void worker_tick(struct worker *worker)
{
    worker->refusals = 0;
    for (size_t i = 0; i < worker->conn_high; i++) {
        struct conn *conn = conn_at(worker, i);
        if (!conn->is_open) {
            continue;
        }
        sotto_session_tick(&conn->session, worker->now_ms);
        if (!shakes_hands(conn)) {
            mark_if_busy(worker, conn);
        }
    }
}

void worker_add_report(const struct worker *worker,
                       struct worker_report *report)
{
    for (size_t i = 0; SERVER_COUNTERS && i < COUNT_KINDS; i++) {
        report->counts[i] += worker->counts[i];
    }
    report->buffers += worker->buffers.taken;
    report->blocked += worker->blocked;
}

uint32_t worker_wait_ms(const struct worker *worker, uint64_t tick_ms)
{
    const bool is_busy =
        worker->dirty != NULL || worker->first_new != NULL || worker->has_news;
    uint64_t until_ms = is_busy ? 0 : tick_ms;
    if (SOTTO_PACED && worker->paced != NULL && worker->paced_ms < until_ms) {
        until_ms = worker->paced_ms;
    }
    return until_ms > worker->now_ms ? (uint32_t)(until_ms - worker->now_ms)
                                     : 0;
}

/* One step of the handshake that has waited for longest. */
static void serve_new(struct worker *worker)
{
    struct conn *conn = worker->first_new;
    if (conn != NULL) {
        worker->first_new = conn->next_new;
        conn->is_new = false;
        if (conn->is_open) {
            work_on(worker, conn);
        }
    }
}

/* Works on the connections of a list, to which something happened. */
static void serve_dirty(struct worker *worker, struct conn *conn)
{
    while (conn != NULL) {
        struct conn *next = conn->next_dirty;
        conn->is_dirty = false;
        if (conn->is_open) {
            work_on(worker, conn);
        }
        conn = next;
    }
}

void worker_work(struct worker *worker)
{
    if (SYSTEM_HAS_OPTIONS) {
        server_certificate_take(worker);
    }
    if (SOTTO_PACED && worker->paced != NULL &&
        worker->paced_ms <= worker->now_ms) {
        end_pauses(worker);
    }
    struct conn *dirty = worker->dirty;
    worker->dirty = NULL; /* who has more to get than one record: next turn */
    if (worker->has_news) {
        spread_news(worker);
    }
    serve_dirty(worker, dirty);
    serve_new(worker);
    feed_starved(worker);
}
