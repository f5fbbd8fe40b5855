#include "apps/sotto/server_inner.h"

#include "core/base/secret.h"
#include <string.h>

#define TICK_MS 1000U

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

static void log_counters(struct server *server)
{
    const struct sotto_hub_counters *c = sotto_hub_counters(server->hub);
    log_event(
        &server->log, LOG_INFO, "server", "counters",
        LOG_FIELDS(log_number("connections", server->conns.taken),
                   log_number("logged_in", sotto_hub_present(server->hub)),
                   log_number("accepted", server->accepted),
                   log_number("full", server->refused),
                   log_number("posts", c->posts), log_number("acked", c->acked),
                   log_number("logins", c->logins),
                   log_number("refused_logins", c->refused_logins),
                   log_number("throttled", c->throttled),
                   log_number("registrations", c->registrations),
                   log_number("storage_errors", c->storage_errors),
                   log_number("buffers", server->buffers.taken)));
}

static void start_ending(struct server *server)
{
    if (server->is_ending) {
        return;
    }
    log_event(&server->log, LOG_INFO, "server", "stopping",
              LOG_FIELDS(log_number("connections", server->conns.taken)));
    server->is_ending = true;
    for (size_t i = 0; i < server->listener_count; i++) {
        port_listener_close(server->listeners[i]);
    }
    server->listener_count = 0;
    sotto_hub_drain(server->hub);
}

static bool is_listener(const struct server *server, const void *tag)
{
    return tag >= (const void *)server->listeners &&
           tag < (const void *)(server->listeners + server->listener_count);
}

static void take_event(struct server *server, const struct port_event *event)
{
    switch (event->kind) {
    case PORT_EVENT_READY:
        if (is_listener(server, event->tag)) {
            conns_accept(server, *(struct port_listener **)event->tag);
        } else {
            conn_ready(server, event->tag, event->ready);
        }
        break;
    case PORT_EVENT_STOP:
        start_ending(server);
        break;
    case PORT_EVENT_RELOAD:
        (void)server_load_codes(server);
        break;
    case PORT_EVENT_STATUS:
        log_counters(server);
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
}

static void run_hub(struct server *server)
{
    if (sotto_hub_run(server->hub, server->wall_s)) {
        conns_unblock(server);
    }
    conns_take_replies(server);
}

static void turn(struct server *server)
{
    struct port_event events[SERVER_EVENTS];
    size_t count = 0;
    const uint64_t left =
        server->tick_ms > server->now_ms ? server->tick_ms - server->now_ms : 0;
    const bool is_busy = server->dirty != NULL || server->has_news;
    port_wait(server->loop, is_busy ? 0 : (uint32_t)left, events, SERVER_EVENTS,
              &count);
    set_time(server);
    for (size_t i = 0; i < count; i++) {
        take_event(server, &events[i]);
    }
    run_hub(server);
    if (server->now_ms >= server->tick_ms) {
        server->tick_ms = server->now_ms + TICK_MS;
        conns_tick(server);
    }
    conns_work(server);
    run_hub(server); /* what was just taken goes to the disk at once */
}

/* First what was taken is made durable and acknowledged, then everybody is
 * told, then the log is closed in good order. */
static void drain(struct server *server)
{
    const uint64_t give_up_ms = server->now_ms + SERVER_DRAIN_MS;
    bool told = false;
    while (server->now_ms < give_up_ms &&
           (server->conns.taken > 0 || !sotto_hub_is_idle(server->hub))) {
        if (!told && sotto_hub_is_idle(server->hub)) {
            told = true;
            conns_close_all(server, SOTTO_CLOSE_SHUTDOWN);
        }
        server->tick_ms = server->now_ms + 50;
        turn(server);
    }
    sotto_log_finish(server->lobby);
    const uint64_t last_ms = server->now_ms + SERVER_DRAIN_MS;
    while (server->now_ms < last_ms && !sotto_hub_is_idle(server->hub)) {
        server->tick_ms = server->now_ms + 50;
        turn(server);
    }
}

void server_run(struct server *server)
{
    set_time(server);
    server->tick_ms = server->now_ms + TICK_MS;
    if (server->identity.was_stopped) {
        start_ending(server); /* asked for while the key was being stored */
    }
    while (!server->is_ending) {
        turn(server);
    }
    drain(server);
    log_counters(server);
}
