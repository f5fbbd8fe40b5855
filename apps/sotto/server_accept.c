#include "apps/sotto/server_inner.h"

/* New connections in one turn, so that nobody holds up the others. */
#define ACCEPTS_A_TURN 4

static void set_accepting(struct server *server, bool wanted)
{
    if (server->is_accepting != wanted) {
        server->is_accepting = wanted;
        for (size_t i = 0; i < server->listener_count; i++) {
            port_listener_want(server->listeners[i], wanted);
        }
    }
}

void server_go_on_accepting(struct server *server)
{
    if (!server->is_ending &&
        !(server_has_threads(server) && threads_have_newcomer(server))) {
        set_accepting(server, true);
    }
}

/* ---- places ------------------------------------------------------------- */

struct worker *server_worker_of(struct server *server,
                                struct sotto_seat_id seat)
{
    return &server->workers[server_has_threads(server)
                                ? seat.place / server->places
                                : 0];
}

/* The one with the fewest connections. */
static struct worker *least_busy(struct server *server)
{
    struct worker *least = &server->workers[0];
    for (size_t i = 1; server_has_threads(server) && i < server->worker_count;
         i++) {
        if (server->workers[i].conns.taken < least->conns.taken) {
            least = &server->workers[i];
        }
    }
    return least;
}

static bool is_full(const struct server *server)
{
    return server->connections >= (size_t)server->settings.max_connections;
}

/* With the one who is about to enter. */
static bool has_too_many_strangers(const struct server *server)
{
    const size_t told = (size_t)server->settings.max_half_open;
    const size_t all = (size_t)server->settings.max_connections;
    return sotto_hub_strangers(server->hub) + 1 >
           (told != 0 ? told : SERVER_HALF_OPEN(all));
}

/* Somebody who has not logged in loses his place to one who comes from `ip`.
 * True when somebody does: with threads it takes a while. */
static bool dismiss_stranger(struct server *server, const uint8_t ip[static 16])
{
    struct sotto_seat_id stranger;
    if (!sotto_hub_dismiss_stranger(server->hub, ip, &stranger)) {
        return false;
    }
    server->gave_way += SERVER_COUNTERS;
    if (server_has_threads(server)) {
        threads_send_away(server_worker_of(server, stranger), stranger);
    } else {
        worker_send_away(&server->workers[0], stranger);
    }
    return true;
}

/* ---- accepting ---------------------------------------------------------- */

/* Tells somebody to come later, before anything else is said. With threads it
 * comes into this thread's loop first, so that it ends in good order there. */
static void refuse(struct server *server, struct port_stream *stream)
{
    const uint8_t busy[] = {0, 0, SOTTO_REFUSAL_BUSY};
    size_t put = 0;
    if (port_write(stream, busy, sizeof busy, &put) != SOTTO_OK) {
        put = 0; /* then it just sees the end */
    }
    if (server_has_threads(server) &&
        port_move(stream, server->loop, NULL) == SOTTO_OK) {
        port_want(stream, 0);
    }
    port_stream_close(stream);
}

static void refuse_for_want_of_room(struct server *server,
                                    struct port_stream *stream)
{
    refuse(server, stream);
    server->refused++;
    log_event(&server->log, LOG_WARN, "server", "full",
              LOG_FIELDS(log_number("connections", server->connections)));
}

/* There is a place for it. */
static void welcome(struct server *server, struct worker *worker,
                    struct conn *conn, struct port_stream *stream)
{
    struct port_address peer;
    const struct sotto_seat_id seat = {
        .place =
            (uint32_t)(worker->first + sotto_pool_index(&worker->conns, conn)),
        .generation = ++server->generation};
    port_stream_peer(stream, &peer);
    if (has_too_many_strangers(server)) {
        (void)dismiss_stranger(server, peer.ip);
    }
    sotto_hub_enter(server->hub, seat, peer.ip);
    server->connections++;
    server->accepted++;
    if (server_has_threads(server)) {
        threads_welcome(worker, seat, stream);
    } else {
        worker_welcome(worker, seat, stream);
    }
}

/* A place has become free for one who has waited for it. */
static void take_place(struct server *server, struct port_stream *stream)
{
    struct worker *worker = least_busy(server);
    struct conn *conn = sotto_pool_take(&worker->conns);
    if (port_move(stream, worker->loop, conn) == SOTTO_OK) {
        welcome(server, worker, conn, stream);
    } else {
        sotto_pool_give(&worker->conns, conn);
        refuse_for_want_of_room(server, stream);
    }
}

/* All places are taken: somebody may lose his. With threads the newcomer waits
 * until it is free, and nobody else is taken meanwhile. */
static void make_room(struct server *server, struct port_stream *stream,
                      const struct port_address *peer)
{
    if (!dismiss_stranger(server, peer->ip)) {
        refuse_for_want_of_room(server, stream);
    } else if (server_has_threads(server)) {
        threads_set_newcomer(server, stream);
        set_accepting(server, false);
    } else {
        take_place(server, stream);
    }
}

void server_left(struct server *server, struct sotto_seat_id seat)
{
    struct worker *worker = server_worker_of(server, seat);
    sotto_hub_leave(server->hub, seat);
    sotto_pool_give(&worker->conns, worker_tag(worker, seat));
    server->connections--;
    struct port_stream *newcomer =
        server_has_threads(server) ? threads_take_newcomer(server) : NULL;
    if (newcomer != NULL) {
        take_place(server, newcomer);
    }
    server_go_on_accepting(server);
    if (!server_has_threads(server)) {
        server_take_replies(server);
    }
}

/* Takes one connection; false when there is none, or no way to take it. */
static bool accept_one(struct server *server, struct port_listener *listener)
{
    struct port_address peer;
    struct port_stream *stream = NULL;
    struct worker *worker = least_busy(server);
    struct conn *conn =
        is_full(server) ? NULL : sotto_pool_take(&worker->conns);
    enum sotto_err err =
        port_accept(listener, worker->loop, conn, &stream, &peer);
    if (err == SOTTO_ERR_SPACE) {
        log_event(&server->log, LOG_WARN, "server", "accept_paused",
                  LOG_FIELDS(
                      log_text("reason", port_last_error(server->port))));
        set_accepting(server, false);
    }
    const bool is_admitted =
        err == SOTTO_OK &&
        sotto_hub_admits(server->hub, peer.ip, server->now_ms);
    if (!is_admitted && conn != NULL) {
        sotto_pool_give(&worker->conns, conn);
    }
    if (err != SOTTO_OK) {
        return false;
    }
    if (!is_admitted) {
        refuse(server, stream); /* no log, which anybody could fill with it */
    } else if (conn == NULL) {
        make_room(server, stream, &peer);
    } else {
        welcome(server, worker, conn, stream);
    }
    return true;
}

void server_accept(struct server *server, struct port_listener *listener)
{
    /* Another listener's event may have stopped it in this turn. */
    for (int i = 0; i < ACCEPTS_A_TURN && server->is_accepting; i++) {
        if (server_has_threads(server) && !threads_have_room(server)) {
            set_accepting(server, false);
            return;
        }
        if (!accept_one(server, listener)) {
            return;
        }
    }
}

void server_stop_accepting(struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        port_listener_close(server->listeners[i]);
    }
    server->listener_count = 0;
    server->is_accepting = false;
    struct port_stream *newcomer =
        server_has_threads(server) ? threads_take_newcomer(server) : NULL;
    if (newcomer != NULL) {
        refuse(server, newcomer);
    }
}
