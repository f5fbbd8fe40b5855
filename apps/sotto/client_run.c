#include "apps/sotto/client_inner.h"

#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include <string.h>

#define TICK_MS        1000U
#define BACKOFF_MIN_MS 500U
/* When leaving and without a server, how long what was said is kept. */
#define GIVE_UP_MS 60000U

static void say(struct client_app *app, const char *code, const char *text)
{
    view_error(&app->view, code, text);
}

void client_drop_stream(struct client_app *app)
{
    if (app->stream != NULL) {
        port_stream_close(app->stream);
        app->stream = NULL;
    }
    app->is_connecting = false;
    app->is_writing = false;
}

/* ---- the connection ---- */

static void dial(struct client_app *app)
{
    app->redial_ms = 0;
    enum sotto_err err =
        port_connect(app->loop, app->address.host, app->address.port,
                     &app->stream, &app->stream);
    if (err != SOTTO_OK) {
        app->stream = NULL;
        client_network_failed(app, "cannot reach", err);
        return;
    }
    app->is_connecting = true;
}

static void look_at_connect(struct client_app *app)
{
    enum sotto_err err = port_connect_status(app->stream);
    if (err == SOTTO_ERR_AGAIN) {
        return;
    }
    app->is_connecting = false;
    if (err != SOTTO_OK) {
        client_drop_stream(app);
        client_network_failed(app, "cannot reach", err);
        return;
    }
    sotto_client_connected(&app->client, app->now_ms);
}

/* ---- events ---- */

static void look_at_key(struct client_app *app, const uint8_t key[static 32])
{
    if (client_device_looks(app, key)) {
        return;
    }
    switch (client_pins_check(app, key)) {
    case CLIENT_ACCEPT:
        if (!client_device_accepts(app, key)) {
            client_drop_stream(app);
            client_finish(app, CLIENT_EXIT_OTHER);
            break;
        }
        sotto_client_accept(&app->client);
        if (SYSTEM_HAS_OPTIONS) {
            client_keylog_look(app); /* IK is open now */
        }
        break;
    case CLIENT_REFUSE:
        client_drop_stream(app);
        break;
    case CLIENT_ASK:
        /* Nothing is kept open while a person thinks. */
        client_drop_stream(app);
        sotto_client_disconnected(&app->client, SOTTO_ERR_CLOSED);
        app->is_asking_key = true;
        break;
    }
}

static void logged_in(struct client_app *app)
{
    client_pins_save(app, app->client.verifier.iterations);
    sotto_client_forget_password(&app->client);
    sotto_wipe(app->password, sizeof app->password);
    app->password_len = 0;
    app->backoff_ms = BACKOFF_MIN_MS;
    if (!app->had_login) {
        console_prompt(app->console, "> ", LINE_EDITOR_ERASE);
    }
    app->had_login = true;
}

static void take_event(struct client_app *app,
                       const struct sotto_client_event *event)
{
    switch (event->kind) {
    case SOTTO_EVENT_IDENTITY:
        look_at_key(app, event->key);
        break;
    case SOTTO_EVENT_DERIVE:
        break; /* the loop sees to it */
    case SOTTO_EVENT_PASSWORD:
        say(app, "login",
            "the password of this account was changed; start "
            "again with the new one");
        client_finish(app, CLIENT_EXIT_REFUSED);
        break;
    case SOTTO_EVENT_REGISTERED:
        view_remark(&app->view, "the account was made");
        app->registers = false;
        break;
    case SOTTO_EVENT_LOGGED_IN:
        logged_in(app);
        break;
    case SOTTO_EVENT_JOINED:
        view_ready(&app->view, event, app->was_ready);
        app->was_ready = true;
        app->is_offline_told = false;
        if (event->missed) {
            view_missed(&app->view);
        }
        break;
    case SOTTO_EVENT_CAUGHT_UP:
        break;
    case SOTTO_EVENT_ENROLLED:
        if (CLIENT_DEVICES) {
            client_device_enrolled(app, event);
        }
        break;
    case SOTTO_EVENT_DONE:
    case SOTTO_EVENT_DEVICES:
        if (SYSTEM_HAS_OPTIONS) {
            client_owner_event(app, event);
        }
        break;
    case SOTTO_EVENT_ENTRY:
        view_entry(&app->view, event);
        break;
    case SOTTO_EVENT_ACKED:
        view_acked(&app->view, event->id, event->number);
        break;
    case SOTTO_EVENT_PRESENT:
        view_present(&app->view, event);
        break;
    case SOTTO_EVENT_PROBLEM:
        client_take_problem(app, &event->problem);
        break;
    case SOTTO_EVENT_CLOSED:
        client_take_end(app, event);
        break;
    }
}

static void take_events(struct client_app *app)
{
    struct sotto_client_event event;
    while (!app->is_done && !app->is_asking_key &&
           console_has_room(app->console) &&
           sotto_client_next(&app->client, &event)) {
        take_event(app, &event);
    }
    app->is_held = !console_has_room(app->console);
    if (app->is_asking_key) {
        app->is_asking_key = false;
        bool has_event = true;
        while (has_event) { /* the end of the connection that was dropped */
            has_event = sotto_client_next(&app->client, &event);
        }
        if (client_pins_ask(app)) {
            app->redial_ms = app->now_ms;
        } else {
            client_finish(app, CLIENT_EXIT_IDENTITY);
        }
    }
}

/* ---- bytes ---- */

static void read_stream(struct client_app *app)
{
    uint8_t *at = NULL;
    size_t cap = 0;
    while (app->stream != NULL && console_has_room(app->console) &&
           sotto_client_input(&app->client, &at, &cap)) {
        size_t got = 0;
        enum sotto_err err = port_read(app->stream, at, cap, &got);
        if (err == SOTTO_ERR_AGAIN) {
            return;
        }
        if (err == SOTTO_OK) {
            sotto_client_input_done(&app->client, got, app->now_ms);
        } else {
            sotto_client_disconnected(&app->client, err);
        }
        take_events(app);
    }
}

/* A stream that is not to be read is only reported when it broke, and then
 * again and again. What it still holds comes after the next connection. */
static void end_if_broken(struct client_app *app)
{
    if (app->stream != NULL && !app->is_reading) {
        client_drop_stream(app);
        sotto_client_disconnected(&app->client, SOTTO_ERR_RESET);
    }
}

static void write_stream(struct client_app *app)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    app->is_writing = false;
    while (app->stream != NULL && !app->is_connecting &&
           sotto_client_output(&app->client, app->now_ms, &at, &len)) {
        size_t put = 0;
        if (SYSTEM_HAS_OPTIONS) {
            client_keylog_look(app); /* XX may have opened with it */
        }
        enum sotto_err err = port_write(app->stream, at, len, &put);
        if (err == SOTTO_ERR_AGAIN) {
            app->is_writing = true;
            return;
        }
        if (err != SOTTO_OK) {
            /* What was read before still counts: the reading side tells. */
            return;
        }
        sotto_client_output_done(&app->client, put);
    }
}

static void set_wants(struct client_app *app)
{
    if (app->stream == NULL || app->is_connecting) {
        return;
    }
    app->is_reading = console_has_room(app->console) &&
                      app->client.state != SOTTO_CLIENT_IDENTITY;
    port_want(app->stream, (app->is_reading ? PORT_READ : 0U) |
                               (app->is_writing ? PORT_WRITE : 0U));
}

/* ---- what is typed ---- */

static void leave(struct client_app *app, bool at_once)
{
    if (!app->is_leaving) {
        app->give_up_ms = app->now_ms + GIVE_UP_MS;
    }
    app->is_leaving = true;
    if (SYSTEM_HAS_OPTIONS && client_passwd_stop(app) &&
        !app->console->is_typed && app->has_input_ended) {
        app->exit_code = CLIENT_EXIT_USAGE; /* a question has no answer */
    }
    sotto_client_leave(&app->client, at_once);
}

static void help(struct client_app *app)
{
    view_remark(&app->view, "a line is a message to everybody in the room");
    view_remark(&app->view, "/who    who is here");
    view_remark(&app->view, "/quit   leave (so does: exit)");
    view_remark(&app->view, "/help   this");
    view_remark(&app->view, "//text  a message that begins with /");
    if (SYSTEM_HAS_OPTIONS) {
        client_owner_help(app);
    }
}

static void post(struct client_app *app, const char *text, size_t len)
{
    uint64_t id = 0;
    enum sotto_err err =
        sotto_client_post(&app->client, (const uint8_t *)text, len, &id);
    if (err == SOTTO_OK) {
        view_said(&app->view, text, len);
    } else if (err == SOTTO_ERR_SPACE) {
        say(app, "queue_full",
            "not sent: too much waits already for the server");
    } else {
        say(app, "text", "not sent: the text is too long, or not valid UTF-8");
    }
}

/* The line may hold zeros: those are said, or refused, like anything else. */
static bool is_line(const char *line, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(line, word, len) == 0;
}

static void take_line(struct client_app *app, const char *line, size_t len)
{
    if (SYSTEM_HAS_OPTIONS && client_passwd_line(app, line, len)) {
        return;
    }
    if (len == 0) {
        return;
    }
    if (is_line(line, len, "exit") || is_line(line, len, "/quit")) {
        leave(app, false);
    } else if (is_line(line, len, "/help")) {
        help(app);
    } else if (is_line(line, len, "/who")) {
        if (sotto_client_who(&app->client) != SOTTO_OK) {
            say(app, "offline", "not connected at the moment");
        }
    } else if (SYSTEM_HAS_OPTIONS && client_owner_line(app, line, len)) {
        return;
    } else if (line[0] == '/' && line[1] != '/') {
        say(app, "command", "there is no such command; /help lists them");
    } else {
        const size_t skip = line[0] == '/';
        post(app, line + skip, len - skip);
    }
}

/* True while typed lines may be taken: once in the room, while the server owes
 * no answer to one, and as long as there is room for what they say. */
static bool takes_lines(const struct client_app *app)
{
    const struct sotto_queue *queue = &app->client.queue;
    if (SYSTEM_HAS_OPTIONS && client_owner_waits(app)) {
        return false;
    }
    return app->was_ready && !app->is_leaving && !app->has_input_ended &&
           queue->cap - (queue->tail - queue->head) > CONSOLE_LINE_MAX + 64;
}

/* For the next line: a question, if there is one. */
static void prompt(struct client_app *app)
{
    const char *question = NULL;
    bool is_secret = false;
    if (!SYSTEM_HAS_OPTIONS ||
        !client_passwd_asks(app, &question, &is_secret)) {
        console_prompt(app->console, "> ", LINE_EDITOR_ERASE);
        return;
    }
    console_prompt(app->console, question,
                   is_secret ? LINE_EDITOR_SECRET | LINE_EDITOR_NO_HISTORY
                             : LINE_EDITOR_NO_HISTORY);
    view_question(&app->view, question, is_secret);
}

static void take_lines(struct client_app *app)
{
    while (!app->is_done && takes_lines(app)) {
        size_t len = 0;
        const char *line;
        switch (console_next(app->console)) {
        case CONSOLE_NOTHING:
            return;
        case CONSOLE_LINE:
            line = console_line(app->console, &len);
            take_line(app, line, len);
            prompt(app);
            break;
        case CONSOLE_TOO_LONG:
            say(app, "text", "not sent: the line is too long");
            break;
        case CONSOLE_END:
            app->has_input_ended = true;
            leave(app, false);
            break;
        case CONSOLE_INTERRUPT:
            leave(app, true);
            break;
        }
    }
}

/* ---- the loop ---- */

static void stop(struct client_app *app)
{
    if (app->is_leaving || !app->had_login) {
        client_finish(app, app->had_login ? CLIENT_EXIT_OK : CLIENT_EXIT_OTHER);
    }
    leave(app, true);
}

/* SIGHUP: the terminal is gone, and nothing is there to be read again. */
static bool is_stop(const struct port_event *event)
{
    return event->kind == PORT_EVENT_STOP || event->kind == PORT_EVENT_RELOAD;
}

static void take_port_event(struct client_app *app,
                            const struct port_event *event)
{
    if (event->kind == PORT_EVENT_RESIZE ||
        (event->kind == PORT_EVENT_READY && event->tag == app->console->tag)) {
        console_ready(app->console, event);
    } else if (event->kind == PORT_EVENT_READY && app->stream != NULL) {
        if (app->is_connecting) {
            look_at_connect(app);
        } else if ((event->ready & PORT_READ) != 0) {
            read_stream(app);
            end_if_broken(app);
        }
    }
}

/* To stop comes first: what the server has said may be to be asked about, and
 * a person who wants to leave is not waited for. */
static void take_port_events(struct client_app *app,
                             const struct port_event *events, size_t count)
{
    bool stops = false;
    for (size_t i = 0; i < count; i++) {
        stops |= is_stop(&events[i]);
    }
    if (stops) {
        stop(app);
    }
    for (size_t i = 0; i < count && !app->is_done; i++) {
        take_port_event(app, &events[i]);
    }
}

static void look_at_time(struct client_app *app)
{
    app->now_ms = port_now_ms(app->port);
    if (app->now_ms >= app->tick_ms) {
        app->tick_ms = app->now_ms + TICK_MS;
        sotto_client_tick(&app->client, app->now_ms);
    }
    if (app->redial_ms != 0 && app->now_ms >= app->redial_ms) {
        dial(app);
    }
    /* Not in the room: a connection that nobody answers takes minutes. */
    if (app->is_leaving && app->client.state != SOTTO_CLIENT_ROOM &&
        app->now_ms >= app->give_up_ms) {
        say(app, "network", "gave up: what was said last is not acknowledged");
        client_finish(app, CLIENT_EXIT_NETWORK);
    }
}

static uint32_t time_to_wait(const struct client_app *app)
{
    uint64_t until = app->tick_ms;
    if ((app->is_held && console_has_room(app->console)) ||
        sotto_client_is_deriving(&app->client) ||
        (SYSTEM_HAS_OPTIONS && client_passwd_is_deriving(app))) {
        return 0;
    }
    if (app->redial_ms != 0 && app->redial_ms < until) {
        until = app->redial_ms;
    }
    return until > app->now_ms ? (uint32_t)(until - app->now_ms) : 0;
}

static void turn(struct client_app *app)
{
    struct port_event events[8];
    size_t count = 0;
    console_hold(app->console, !takes_lines(app));
    console_flush(app->console);
    if (app->console->is_broken && !app->is_leaving) {
        leave(app, false); /* what was said is still delivered */
    }
    set_wants(app);
    port_wait(app->loop, time_to_wait(app), events, 8, &count);
    app->now_ms = port_now_ms(app->port);
    take_port_events(app, events, count);
    if (sotto_client_is_deriving(&app->client)) {
        (void)sotto_client_derive(&app->client, CLIENT_ROUNDS);
    }
    if (SYSTEM_HAS_OPTIONS && client_passwd_is_deriving(app)) {
        client_passwd_derive(app);
    }
    look_at_time(app);
    take_lines(app);
    take_events(app);
    write_stream(app);
    take_events(app);
}

void client_run(struct client_app *app)
{
    app->now_ms = port_now_ms(app->port);
    app->tick_ms = app->now_ms + TICK_MS;
    app->backoff_ms = BACKOFF_MIN_MS;
    /* An account that is to be made is derived before anything is dialled. */
    while (!app->is_done && sotto_client_is_deriving(&app->client)) {
        struct port_event event;
        size_t count = 0;
        (void)sotto_client_derive(&app->client, CLIENT_ROUNDS);
        console_hold(app->console, true);
        console_flush(app->console);
        port_wait(app->loop, 0, &event, 1, &count);
        take_port_events(app, &event, count);
    }
    if (!app->is_done) {
        dial(app);
    }
    while (!app->is_done) {
        turn(app);
    }
    client_drop_stream(app);
}
