/*
 * server_inner.h - the running server, shared by server.c, server_run.c and
 * server_conns.c.
 */
#ifndef SOTTO_APP_SERVER_INNER_H
#define SOTTO_APP_SERVER_INNER_H

#include "apps/sotto/capacity.h"
#include "apps/sotto/identity.h"
#include "apps/sotto/log.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/server.h"
#include "core/auth/accounts.h"
#include "core/base/pool.h"
#include "core/chat/feed.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/store/log.h"

/* --listen may be given so often, and mean both families. */
#ifndef SERVER_LISTENERS_MAX
#    define SERVER_LISTENERS_MAX ((size_t)OPTIONS_LIST_MAX * 2U)
#endif

/* Blocks of memory that are taken at the start. */
#define SERVER_MEMORY_MAX 8

/* How long an ending server waits for what is on its way. */
#define SERVER_DRAIN_MS 5000U

/* One connection: a stream, its session, its seat at the hub. */
struct conn {
    struct port_stream *stream;
    struct sotto_session session;
    struct sotto_seat_id seat;
    struct port_address peer;
    bool is_open;
    bool is_dirty;   /* in the list of those to be looked at */
    bool is_blocked; /* its request waits for a disk */
    bool is_reading; /* PORT_READ is wanted */
    bool is_writing; /* PORT_WRITE is wanted: a write was cut short */
    struct conn *next_dirty;
};

struct server {
    struct server_settings settings;
    char folder[PATH_TEXT_MAX]; /* where `settings` name none */
    struct log log;
    struct port *port;
    struct port_loop *loop;
    struct sotto_random random;
    struct sotto_files files;
    struct identity identity;
    void *memory[SERVER_MEMORY_MAX]; /* of all that follows */
    size_t memory_count;
    struct sotto_accounts *accounts;
    struct sotto_log *lobby;
    struct sotto_hub *hub;
    uint8_t *ring; /* of the feed; at first, what the log is read through */
    struct sotto_feed feed;
    struct sotto_session_config session;
    struct sotto_pool conns;
    struct sotto_pool buffers;
    struct sotto_turns turns; /* for the buffers */
    struct sotto_pool logins;
    size_t conn_high; /* no open connection has this place or a higher one */
    uint32_t generation;
    struct port_listener *listeners[SERVER_LISTENERS_MAX];
    size_t listener_count;
    bool is_accepting;  /* the listeners are wanted */
    struct conn *dirty; /* a list by next_dirty */
    size_t blocked;
    bool has_news;    /* the feed has grown since all were looked at */
    bool has_starved; /* somebody found no buffer, and ... */
    size_t given;     /* ... as many had been given back until then */
    bool is_ending;
    uint64_t now_ms;
    uint64_t wall_s;
    uint64_t tick_ms; /* when the deadlines are looked at again */
    uint64_t accepted;
    uint64_t refused;
};

/* server_run.c: the loop; returns when the server has ended. */
void server_run(struct server *server);

/* Reads the invitation codes again. False, logged, when they cannot be. */
bool server_load_codes(struct server *server);

/* server_conns.c */

/* Takes every connection that waits at the listener. */
void conns_accept(struct server *server, struct port_listener *listener);

/* Readiness of a connection. */
void conn_ready(struct server *server, struct conn *conn, unsigned ready);

/* Works on all that have something to do; call after events and hub_run(). */
void conns_work(struct server *server);

/* Hands out what the hub has ready. */
void conns_take_replies(struct server *server);

/* Those whose request the hub could not take try again. */
void conns_unblock(struct server *server);

/* Deadlines, once a second. */
void conns_tick(struct server *server);

/* Says goodbye to everybody. */
void conns_close_all(struct server *server, enum sotto_close_reason reason);

#endif
