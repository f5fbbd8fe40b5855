/*
 * server_report.c - what SIGUSR1 and the end of a server log: SERVER.md explains
 * each number.
 */
#include "apps/sotto/server_inner.h"
#include "apps/sotto/view.h"

static void log_traffic(const struct server *server,
                        const struct worker_report *all)
{
    const uint64_t *sessions = all->counts + COUNT_SESSIONS;
    log_event(
        &server->log, LOG_INFO, "server", "traffic",
        LOG_FIELDS(log_number("handshakes", all->counts[COUNT_HANDSHAKES]),
                   log_number("bytes_in", all->counts[COUNT_BYTES_IN]),
                   log_number("bytes_out", all->counts[COUNT_BYTES_OUT]),
                   log_number("records_in", sessions[SOTTO_COUNT_RECORDS]),
                   log_number("records_out", all->counts[COUNT_WRITES]),
                   log_number("deliveries", sessions[SOTTO_COUNT_DELIVERIES]),
                   log_number("reads", all->counts[COUNT_READS]),
                   log_number("cut_short", all->counts[COUNT_SHORT]),
                   log_number("waits", all->counts[COUNT_WAITS])));
}

static void log_queues(const struct server *server,
                       const struct worker_report *all)
{
    log_event(&server->log, LOG_INFO, "server", "queues",
              LOG_FIELDS(log_number("strangers",
                                    sotto_hub_strangers(server->hub)),
                         log_number("for_disk", sotto_hub_pending(server->hub)),
                         log_number("blocked", all->blocked),
                         log_number("buffers", all->buffers),
                         log_number("mailbox_most", all->mailbox_most)));
}

/* In the order of enum sotto_close_reason. */
static const char *const close_names[] = {"ended",    "protocol", "shutdown",
                                          "timeout",  "too_slow", "replaced",
                                          "overload", "refused",  "revoked",
                                          "storage"};

/* In the order of enum sotto_refusal. */
static const char *const refusal_names[] = {"",      "magic", "version",
                                            "suite", "limit", "busy",
                                            "key"};

#define CLOSE_KINDS   (sizeof close_names / sizeof *close_names)
#define REFUSAL_KINDS (sizeof refusal_names / sizeof *refusal_names)

_Static_assert(CLOSE_KINDS == COUNT_REFUSED - COUNT_CLOSED &&
                   REFUSAL_KINDS == COUNT_SESSIONS - COUNT_REFUSED,
               "each has a name");

static void log_closed(const struct server *server,
                       const struct worker_report *all)
{
    struct log_field fields[CLOSE_KINDS + 1];
    for (size_t i = 0; i < CLOSE_KINDS; i++) {
        fields[i] = log_number(close_names[i], all->counts[COUNT_CLOSED + i]);
    }
    fields[CLOSE_KINDS] = log_number("gave_way", server->gave_way);
    log_event(&server->log, LOG_INFO, "server", "closed", fields,
              CLOSE_KINDS + 1);
}

/* Who was told no: before his first byte, in his handshake, and with an ERROR. */
static void log_refused(const struct server *server,
                        const struct worker_report *all)
{
    const struct sotto_hub_counters *c = sotto_hub_counters(server->hub);
    const uint64_t *problems =
        all->counts + COUNT_SESSIONS + SOTTO_COUNT_PROBLEMS;
    struct log_field fields[2 + REFUSAL_KINDS + SOTTO_PROBLEM_PASSWORD];
    size_t count = 0;
    fields[count++] = log_number("no_place", server->refused);
    fields[count++] = log_number("too_often", c->turned_away);
    for (size_t i = 1; i < REFUSAL_KINDS; i++) {
        fields[count++] =
            log_number(refusal_names[i], all->counts[COUNT_REFUSED + i]);
    }
    for (size_t i = 1; i <= SOTTO_PROBLEM_PASSWORD; i++) {
        fields[count++] =
            log_number(view_problem_code((uint16_t)i), problems[i]);
    }
    log_event(&server->log, LOG_INFO, "server", "refused", fields, count);
}

static void log_counters(const struct server *server,
                         const struct worker_report *all)
{
    const struct sotto_hub_counters *c = sotto_hub_counters(server->hub);
    if (!SERVER_COUNTERS) { /* at the end: what should be zero */
        log_event(&server->log, LOG_INFO, "server", "counters",
                  LOG_FIELDS(log_number("storage_errors", c->storage_errors),
                             log_number("buffers", all->buffers)));
        return;
    }
    log_traffic(server, all);
    log_queues(server, all);
    log_closed(server, all);
    log_refused(server, all);
    log_event(
        &server->log, LOG_INFO, "server", "counters",
        LOG_FIELDS(log_number("connections", server->connections),
                   log_number("logged_in", sotto_hub_present(server->hub)),
                   log_number("accepted", server->accepted),
                   log_number("full", server->refused),
                   log_number("turned_away", c->turned_away),
                   log_number("posts", c->posts), log_number("acked", c->acked),
                   log_number("logins", c->logins),
                   log_number("refused_logins", c->refused_logins),
                   log_number("throttled", c->throttled),
                   log_number("registrations", c->registrations),
                   log_number("storage_errors", c->storage_errors),
                   log_number("left_out", c->left_out),
                   log_number("buffers", all->buffers)));
}

void server_report(struct server *server)
{
    struct worker_report all = {0};
    if (server_has_threads(server)) {
        if (!threads_reported(server, &all)) {
            return;
        }
    } else {
        worker_add_report(&server->workers[0], &all);
    }
    server->wants_report = false;
    log_counters(server, &all);
}

void server_want_report(struct server *server)
{
    server->wants_report = true;
    if (server_has_threads(server)) {
        threads_want_reports(server);
    }
    server_report(server);
}
