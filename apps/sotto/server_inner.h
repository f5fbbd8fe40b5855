/*
 * server_inner.h - the running server, shared by server*.c and worker.c.
 *
 *   server.c          what it opens, in which order; the end
 *   server_run.c      the hub's side: its loop, signals, the end in good order
 *   server_report.c   what is counted, for the log
 *   server_accept.c   listeners, places, who comes and who has to go
 *   server_threads.c  several workers: threads and mailboxes (hosts only)
 *   server_certificate.c  what vouches for the server's key (hosts only)
 *   worker.c          connections
 */
#ifndef SOTTO_APP_SERVER_INNER_H
#define SOTTO_APP_SERVER_INNER_H

#include "apps/sotto/capacity.h"
#include "apps/sotto/identity.h"
#include "apps/sotto/log.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/server.h"
#include "apps/sotto/worker.h"
#include "core/auth/accounts.h"
#include "core/base/pool.h"
#include "core/chat/hub.h"
#include "core/store/log.h"

/* --listen may be given so often, and mean both families. */
#ifndef SERVER_LISTENERS_MAX
#    define SERVER_LISTENERS_MAX ((size_t)OPTIONS_LIST_MAX * 2U)
#endif

/* Blocks of memory that are taken at the start: for accounts, log and hub, for
 * each worker's ring and three pools; and for threads, two mailboxes each. One
 * for reading ahead. */
#define SERVER_MEMORY_MAX                                                      \
    ((SERVER_WORKERS_MAX > 1 ? 4 + 6 * SERVER_WORKERS_MAX : 7) +               \
     (SERVER_READ_AHEAD > 0))

/* How long an ending server waits for what is on its way. */
#define SERVER_DRAIN_MS 5000U

/* How often deadlines are looked at. */
#define SERVER_TICK_MS 1000U

struct threads;
struct server_certificate;

/* The hub's side is the first thread's alone. Workers read what does not change
 * after the start: settings, log, port, identity. */
struct server {
    struct port *port;
    struct port_loop *loop;
    struct sotto_random random;
    struct sotto_files files;
    void *memory[SERVER_MEMORY_MAX]; /* of all that follows */
    size_t memory_count;
    size_t memory_bytes; /* all of them: what it can ever take for itself */
    struct sotto_accounts *accounts;
    struct sotto_log *lobby;
    struct sotto_hub *hub;
    size_t worker_count;
    struct threads *threads;                /* where there are several */
    struct server_certificate *certificate; /* NULL: there is none */
    size_t places;                          /* of each worker */
    uint32_t generation;
    size_t connections; /* places that are taken */
    struct port_listener *listeners[SERVER_LISTENERS_MAX];
    size_t listener_count;
    bool is_accepting; /* the listeners are wanted */
    bool is_stalled;   /* a worker's mailbox is full */
    bool wants_report; /* counters are to be logged */
    bool is_ending : 1;
    bool said_failed : 1; /* that nothing can be stored any more */
    uint64_t now_ms;
    uint64_t wall_s;
    uint64_t tick_ms; /* when what waits is looked at again */
    uint64_t accepted;
    uint64_t refused;
    uint64_t gave_way;

    /* Large, hence last: see core/chat/client.h. */
    struct worker workers[SERVER_WORKERS_MAX];
    struct server_settings settings;
    char folder[PATH_TEXT_MAX]; /* where `settings` name none */
    struct log log;
    struct identity identity;
};

/* True when the workers have threads of their own. On a board it is known to
 * be false, and nothing of server_threads.c is linked. */
static inline bool server_has_threads(const struct server *server)
{
    return SERVER_WORKERS_MAX > 1 && server->worker_count > 1;
}

/* Zeros, mapped when they are first touched, until the server is closed; NULL
 * when there is no memory. */
void *server_memory(struct server *server, size_t size);

/* ---- server_run.c ------------------------------------------------------- */

/* The loop; returns when the server has ended. */
void server_run(struct server *server);

/* Reads the invitation codes again. False, logged, when they cannot be. */
bool server_load_codes(struct server *server);

/* Hands out what the hub has ready, to the one worker there is. */
void server_take_replies(struct server *server);

/* ---- server_report.c ---------------------------------------------------- */

/* Counters are to be logged: now, or once the workers have told theirs. */
void server_want_report(struct server *server);
/* Looks whether they have. */
void server_report(struct server *server);

/* ---- server_certificate.c: hosts only ----------------------------------- */

/* Reads and signs the certificate that the settings name, before any worker
 * begins. False, said, when it cannot be used. */
bool server_certificate_open(struct server *server);
void server_certificate_close(struct server *server);

/* The same again, now or as soon as no worker uses the one before; when it cannot
 * be used, logged, the present one stays. */
void server_certificate_reload(struct server *server);

/* Once a second: a reload that has to wait; and says now and then that the
 * certificate will end, or has. */
void server_certificate_tick(struct server *server);

/* A worker's thread, at each turn before it writes: takes the present one. */
void server_certificate_take(struct worker *worker);

/* ---- server_accept.c ---------------------------------------------------- */

/* Takes every connection that waits at the listener. */
void server_accept(struct server *server, struct port_listener *listener);

/* Looks at the listeners again, where it was stopped for want of something that
 * may be there now; not while somebody waits for a place. */
void server_go_on_accepting(struct server *server);

/* Nobody comes in any more: whoever waits for a place is told so. */
void server_stop_accepting(struct server *server);

/* The connection is closed: its seat and its place are free. */
void server_left(struct server *server, struct sotto_seat_id seat);

struct worker *server_worker_of(struct server *server,
                                struct sotto_seat_id seat);

/* ---- server_threads.c: with threads only -------------------------------- */

/* Gives each worker a loop and mailboxes. SPACE, UNSUPPORTED. Closes the loops
 * that there are. */
enum sotto_err threads_open(struct server *server) SOTTO_MUST_CHECK;
void threads_close(struct server *server);

/* Starts the workers' threads. SPACE, UNSUPPORTED. Ends them. */
enum sotto_err threads_start(struct server *server) SOTTO_MUST_CHECK;
void threads_end(struct server *server);

/* The hub's side of a turn: waits for events and for what workers send; takes
 * it and answers; hands out what the hub has ready. `may_go_on` as
 * sotto_hub_run() says. */
void threads_wait(struct server *server, uint32_t timeout_ms,
                  struct port_event *events, size_t *count);
void threads_work(struct server *server);
void threads_hand_out(struct server *server, bool may_go_on);

/* True when every worker's mailbox has room for the longest there is to say;
 * false, and accepting begins again once they have. */
bool threads_have_room(struct server *server);

/* To a worker; there is room. */
void threads_welcome(struct worker *worker, struct sotto_seat_id seat,
                     struct port_stream *stream);
void threads_send_away(struct worker *worker, struct sotto_seat_id seat);

/* Who has come, and waits for the place of one who is sent away: one at most.
 * NULL when there is none. */
void threads_set_newcomer(struct server *server, struct port_stream *stream);
bool threads_have_newcomer(const struct server *server);
struct port_stream *threads_take_newcomer(struct server *server);

/* To all of them, as soon as there is room. */
void threads_close_all(struct server *server, enum sotto_close_reason reason);

/* From a worker's thread to the hub. AGAIN: there is no room, worker_unblock()
 * will tell when to try again. */
enum sotto_err threads_ask(struct worker *worker, struct sotto_seat_id seat,
                           const struct sotto_request *request)
    SOTTO_MUST_CHECK;
void threads_leave(struct worker *worker, struct sotto_seat_id seat);

/* Asks all workers for their reports; adds them up once all have told, until
 * then false. */
void threads_want_reports(struct server *server);
bool threads_reported(const struct server *server, struct worker_report *all);

#endif
