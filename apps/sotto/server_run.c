#include "apps/sotto/server_inner.h"

#include "core/base/secret.h"
#include <string.h>

static const char *why_no_codes(const struct server *server, enum sotto_err err)
{
    return err == SOTTO_ERR_LIMIT || err == SOTTO_ERR_FORMAT
               ? "the file is too large, has too many codes, or one too long"
               : port_last_error(server->port);
}

bool server_load_codes(struct server *server)
{
    static char text[SERVER_CODES_BYTES + 1];
    struct sotto_span codes[SOTTO_CODES_MAX];
    size_t count = 0;
    size_t len = 0;
    if (SERVER_CODES_BYTES == 0 || server->settings.invite_file == NULL) {
        return true;
    }
    enum sotto_err err =
        port_read_file(server->port, server->settings.invite_file,
                       (uint8_t *)text, SERVER_CODES_BYTES, &len);
    for (size_t at = 0; err == SOTTO_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line = end == NULL ? len - at : (size_t)(end - (text + at));
        const size_t next = at + line + 1;
        line -= line > 0 && text[at + line - 1] == '\r';
        if (line > SOTTO_CODE_MAX || count == SOTTO_CODES_MAX) {
            err = SOTTO_ERR_LIMIT;
        } else if (line > 0 && text[at] != '#') {
            codes[count].at = (const uint8_t *)text + at;
            codes[count].len = line;
            count++;
        }
        at = next;
    }
    if (err == SOTTO_OK) {
        err = sotto_hub_set_codes(server->hub, codes, count);
    }
    sotto_wipe(text, sizeof text);
    if (err != SOTTO_OK) {
        log_event(&server->log, LOG_ERROR, "server", "invitations_unusable",
                  LOG_FIELDS(log_text("file", server->settings.invite_file),
                             log_text("reason", why_no_codes(server, err))));
        return false;
    }
    log_event(&server->log, LOG_INFO, "server", "invitations",
              LOG_FIELDS(log_text("file", server->settings.invite_file),
                         log_number("codes", count)));
    return true;
}

/* ---- a turn ------------------------------------------------------------- */

static void start_ending(struct server *server)
{
    if (server->is_ending) {
        return;
    }
    log_event(&server->log, LOG_INFO, "server", "stopping",
              LOG_FIELDS(log_number("connections", server->connections)));
    server->is_ending = true;
    server_stop_accepting(server);
    sotto_hub_drain(server->hub);
}

/* Or was one: it may have been closed earlier in this turn. */
static bool is_listener(const struct server *server, const void *tag)
{
    return tag >= (const void *)server->listeners &&
           tag < (const void *)(server->listeners + SERVER_LISTENERS_MAX);
}

static void take_event(struct server *server, const struct port_event *event)
{
    switch (event->kind) {
    case PORT_EVENT_READY:
        if (is_listener(server, event->tag)) {
            server_accept(server, *(struct port_listener **)event->tag);
        } else {
            worker_ready(&server->workers[0], event->tag, event->ready);
        }
        break;
    case PORT_EVENT_STOP:
        start_ending(server);
        break;
    case PORT_EVENT_RELOAD:
        (void)server_load_codes(server);
        if (SYSTEM_HAS_OPTIONS) {
            server_certificate_reload(server);
        }
        break;
    case PORT_EVENT_STATUS:
        server_want_report(server);
        break;
    case PORT_EVENT_WAKE:
    case PORT_EVENT_RESIZE:
        break;
    }
}

static void set_time(struct server *server)
{
    server->now_ms = port_now_ms(server->port);
    server->wall_s = port_wall_s(server->port);
    if (!server_has_threads(server)) {
        server->workers[0].now_ms = server->now_ms;
    }
}

void server_take_replies(struct server *server)
{
    struct sotto_reply reply;
    while (sotto_hub_next(server->hub, &reply)) {
        worker_take(&server->workers[0], &reply);
    }
}

static void run_hub(struct server *server)
{
    const bool may_go_on = sotto_hub_run(server->hub, server->wall_s);
    if (server_has_threads(server)) {
        threads_hand_out(server, may_go_on);
        return;
    }
    if (may_go_on) {
        worker_unblock(&server->workers[0]);
    }
    server_take_replies(server);
}

static void wait(struct server *server, struct port_event *events,
                 size_t *count)
{
    const uint64_t left_ms =
        server->tick_ms > server->now_ms ? server->tick_ms - server->now_ms : 0;
    if (server_has_threads(server)) {
        threads_wait(server, (uint32_t)left_ms, events, count);
        return;
    }
    port_wait(server->loop,
              worker_wait_ms(&server->workers[0], server->tick_ms), events,
              SERVER_EVENTS, count);
    worker_count(&server->workers[0], COUNT_WAITS, 1);
}

/* What nothing can be written to before the next start, or NULL: after a failed
 * write or sync nobody knows what is on the disk. */
static const char *what_failed(const struct server *server)
{
    enum sotto_err room = SOTTO_OK;
    enum sotto_err accounts = SOTTO_OK;
    (void)sotto_log_durable(server->lobby, &room);
    (void)sotto_accounts_durable(server->accounts, &accounts);
    return room != SOTTO_OK ? "room" : accounts != SOTTO_OK ? "accounts" : NULL;
}

static void look_at_disk(struct server *server)
{
    const char *what = server->said_failed ? NULL : what_failed(server);
    if (what != NULL) {
        server->said_failed = true;
        log_event(&server->log, LOG_ERROR, "server", "stores_nothing",
                  LOG_FIELDS(log_text("of", what),
                             log_text("todo", "look at the disk, then start "
                                              "the server again")));
    }
}

static void tick(struct server *server)
{
    server->tick_ms = server->now_ms + SERVER_TICK_MS;
    /* Descriptors may be free again though none of ours was closed. */
    server_go_on_accepting(server);
    if (!server_has_threads(server)) {
        worker_tick(&server->workers[0]);
    }
    if (SYSTEM_HAS_OPTIONS) {
        server_certificate_tick(server);
        look_at_disk(server);
    }
}

static void turn(struct server *server)
{
    struct port_event events[SERVER_EVENTS];
    size_t count = 0;
    wait(server, events, &count);
    set_time(server);
    for (size_t i = 0; i < count; i++) {
        take_event(server, &events[i]);
    }
    run_hub(server);
    if (server->now_ms >= server->tick_ms) {
        tick(server);
    }
    if (server_has_threads(server)) {
        threads_work(server);
    } else {
        worker_work(&server->workers[0]);
    }
    run_hub(server); /* what was just taken goes to the disk at once */
    if (SERVER_COUNTERS && server->wants_report) {
        server_report(server);
    }
}

/* ---- from start to end -------------------------------------------------- */

static void close_all(struct server *server)
{
    if (server_has_threads(server)) {
        threads_close_all(server, SOTTO_CLOSE_SHUTDOWN);
    } else {
        worker_close_all(&server->workers[0], SOTTO_CLOSE_SHUTDOWN);
    }
}

/* Goes on until all that was taken is on the disk and answered; with
 * `says_goodbye` everybody is then told, and has gone at the end. */
static void finish(struct server *server, bool says_goodbye)
{
    const uint64_t give_up_ms = server->now_ms + SERVER_DRAIN_MS;
    bool is_to_say = says_goodbye;
    while (server->now_ms < give_up_ms &&
           ((says_goodbye && server->connections > 0) ||
            !sotto_hub_is_idle(server->hub))) {
        if (is_to_say && sotto_hub_is_idle(server->hub)) {
            is_to_say = false;
            close_all(server);
        }
        server->tick_ms = server->now_ms + 50;
        turn(server);
    }
}

void server_run(struct server *server)
{
    set_time(server);
    server->tick_ms = server->now_ms + SERVER_TICK_MS;
    if (server->identity.was_stopped) {
        start_ending(server); /* asked for while the key was being stored */
    }
    while (!server->is_ending) {
        turn(server);
    }
    finish(server, true);
    sotto_log_finish(server->lobby);
    finish(server, false);
    if (server_has_threads(server)) {
        threads_end(server);
    }
    server_want_report(server);
}
