#include "apps/sotto/client_inner.h"

#include "apps/sotto/textbuf.h"

#define BACKOFF_MAX_MS 30000U
#define EARLY_TRIES    4U /* before the first login, after the first try */

static void say(struct client_app *app, const char *code, const char *text)
{
    view_error(&app->view, code, text);
}

static const char *network_text(enum sotto_err err)
{
    switch ((int)err) {
    case SOTTO_ERR_NAME:
        return "this host name is not known";
    case SOTTO_ERR_REFUSED:
        return "no server is running there";
    case SOTTO_ERR_UNREACHABLE:
        return "there is no way to it";
    case SOTTO_ERR_TIMEOUT:
        return "it does not answer";
    case SOTTO_ERR_CLOSED:
    case SOTTO_ERR_RESET:
        return "the connection was cut";
    case SOTTO_ERR_FORMAT:
    case SOTTO_ERR_LIMIT:
        return "it does not speak Sotto's protocol";
    case SOTTO_ERR_AUTH:
        return "something on the way changed what it sent";
    default:
        return NULL;
    }
}

/* A sentence about the server, such as "cannot reach host:port: …". */
static void about_server(const struct client_app *app, const char *what,
                         const char *why, char *out, size_t cap)
{
    struct textbuf text;
    textbuf_init(&text, out, cap);
    textbuf_add_all(&text, what, " ", app->server_text, ": ", why, NULL);
}

/* Half to one and a half times, so that not everybody comes back at once. */
static uint64_t with_jitter(const struct client_app *app, uint64_t ms)
{
    uint8_t byte = 128;
    if (app->random.fill(app->random.ctx, &byte, 1) != SOTTO_OK) {
        return ms;
    }
    return ms / 2 + ms * byte / 256;
}

static void try_again_later(struct client_app *app, const char *text)
{
    const uint64_t wait_ms = with_jitter(app, app->backoff_ms);
    app->redial_ms = app->now_ms + wait_ms;
    app->backoff_ms *= 2;
    if (app->backoff_ms > BACKOFF_MAX_MS) {
        app->backoff_ms = BACKOFF_MAX_MS;
    }
    /* A person is told once, a program each time. */
    if (!app->is_offline_told || app->view.is_json) {
        view_disconnected(&app->view, text, wait_ms, app->had_login);
    }
    app->is_offline_told = true;
}

/*
 * A server that many come to at once may have no room for a moment, or send
 * away who came just before: that may pass. Before the first login it is tried
 * a few times, and then whoever waits is told that it did not.
 */
static bool tried_again_later(struct client_app *app, const char *text)
{
    if (!app->had_login && app->early_tries == EARLY_TRIES) {
        return false;
    }
    app->early_tries += app->had_login ? 0 : 1;
    try_again_later(app, text);
    return true;
}

/* The network failed: at first that is the end, unless it was a cut; later one
 * tries again. */
void client_network_failed(struct client_app *app, const char *what,
                           enum sotto_err err)
{
    char line[512];
    char other[64];
    struct textbuf text;
    client_device_look_over(app);
    textbuf_init(&text, other, sizeof other);
    textbuf_add_all(&text, "the network failed (", sotto_err_name(err), ")",
                    NULL);
    const char *known = network_text(err);
    about_server(app, what, known != NULL ? known : other, line, sizeof line);
    const bool is_cut = err == SOTTO_ERR_CLOSED || err == SOTTO_ERR_RESET;
    if ((app->had_login || is_cut) && tried_again_later(app, line)) {
        return;
    }
    say(app, "network", line);
    client_finish(app, CLIENT_EXIT_NETWORK);
}

static void say_wrong_password(struct client_app *app)
{
    if (client_is_device(app)) {
        say(app, "login",
            "the server does not let this device in: it was revoked, or the "
            "account is disabled");
    } else if (app->trust == CLIENT_TRUST_FIRST ||
               app->trust == CLIENT_TRUST_NONE) {
        say(app, "login",
            "wrong password, or no such user; or somebody is in between you "
            "and the server: compare the fingerprint with what whoever runs "
            "the server says");
    } else {
        say(app, "login", view_problem_text(SOTTO_PROBLEM_LOGIN));
    }
}

static void say_throttled(struct client_app *app, uint32_t wait_ms)
{
    char line[128];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add(&text, "too many attempts; try again in ");
    textbuf_add_number(&text, (wait_ms + 999U) / 1000U);
    textbuf_add(&text, " s");
    say(app, "throttled", line);
}

/* Begins anew with other answers, or gives up. */
static void ask_again(struct client_app *app)
{
    client_drop_stream(app);
    sotto_client_wipe(&app->client);
    if (!console_is_interactive(app->console) || !client_ask_again(app) ||
        !client_start(app)) {
        client_finish(app, CLIENT_EXIT_REFUSED);
        return;
    }
    app->redial_ms = app->now_ms;
}

/* The server refused a login, a registration, or a message. */
void client_take_problem(struct client_app *app,
                         const struct sotto_error *problem)
{
    if (problem->ref != 0) {
        char line[256];
        struct textbuf text;
        textbuf_init(&text, line, sizeof line);
        textbuf_add_all(&text,
                        "not sent: ", view_problem_text(problem->problem),
                        NULL);
        say(app, view_problem_code(problem->problem), line);
        return;
    }
    if (SYSTEM_HAS_OPTIONS && client_owner_problem(app, problem->problem)) {
        return;
    }
    if (client_is_device(app)) {
        client_device_refused(app, problem->problem);
    }
    if (app->had_login && problem->problem == SOTTO_PROBLEM_THROTTLED) {
        client_drop_stream(app);
        sotto_client_disconnected(&app->client, SOTTO_ERR_TIMEOUT);
        return;
    }
    if (problem->problem == SOTTO_PROBLEM_LOGIN) {
        say_wrong_password(app);
    } else if (problem->problem == SOTTO_PROBLEM_THROTTLED) {
        say_throttled(app, problem->detail);
    } else {
        say(app, view_problem_code(problem->problem),
            view_problem_text(problem->problem));
    }
    if (app->had_login || client_is_device(app) ||
        problem->problem == SOTTO_PROBLEM_DISABLED ||
        problem->problem == SOTTO_PROBLEM_CLOSED ||
        problem->problem == SOTTO_PROBLEM_CODE) {
        client_finish(app, CLIENT_EXIT_REFUSED);
    } else {
        ask_again(app);
    }
}

static const char *refusal_text(enum sotto_refusal refusal)
{
    switch ((int)refusal) {
    case SOTTO_REFUSAL_BUSY:
        return "it is full";
    case SOTTO_REFUSAL_VERSION:
        return "it speaks another version of the protocol";
    case SOTTO_REFUSAL_SUITE:
        return SYSTEM_HAS_OPTIONS
                   ? "it does not have this cipher suite; try another --suite"
                   : "it does not have this cipher suite";
    default:
        return "it does not take this client's hello";
    }
}

/* Before the handshake, so nothing about it is certain. */
static void take_refusal(struct client_app *app, enum sotto_refusal refusal)
{
    char line[512];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add_all(&text, "refused by ", app->server_text, ": ",
                    refusal_text(refusal),
                    " (or so it seems: this answer could be forged)", NULL);
    if (refusal == SOTTO_REFUSAL_BUSY && tried_again_later(app, line)) {
        return;
    }
    say(app, "network", line);
    client_finish(app, CLIENT_EXIT_NETWORK);
}

/* The server said goodbye. */
static void take_goodbye(struct client_app *app, enum sotto_close_reason reason)
{
    char line[512];
    const char *why = "it ended the connection";
    switch (reason) {
    case SOTTO_CLOSE_BYE:
        break;
    case SOTTO_CLOSE_SHUTDOWN:
        why = "the server is stopping";
        break;
    case SOTTO_CLOSE_TIMEOUT:
        why = "it heard nothing for too long";
        break;
    case SOTTO_CLOSE_SLOW:
        why = "this client was too slow";
        break;
    case SOTTO_CLOSE_OVERLOAD:
        why = "the server is full";
        break;
    case SOTTO_CLOSE_STORAGE:
        why = "the server cannot store messages";
        break;
    case SOTTO_CLOSE_PROTOCOL:
        why = "it did not understand this client";
        break;
    case SOTTO_CLOSE_REPLACED:
        say(app, "replaced", "this client has connected anew elsewhere");
        client_finish(app, CLIENT_EXIT_OTHER);
        return;
    case SOTTO_CLOSE_REFUSED:
        say(app, "refused", "the server has ended this login");
        client_finish(app, CLIENT_EXIT_REFUSED);
        return;
    case SOTTO_CLOSE_REVOKED:
        say(app, "revoked",
            client_is_device(app)
                ? "this device was revoked; log in with the password "
                  "(--with-password)"
                : "the server has ended this login: the password was changed, "
                  "or the account disabled");
        client_finish(app, CLIENT_EXIT_REFUSED);
        return;
    }
    about_server(app, "disconnected from", why, line, sizeof line);
    const bool may_pass =
        reason == SOTTO_CLOSE_SLOW || reason == SOTTO_CLOSE_OVERLOAD;
    if ((app->had_login || may_pass) && tried_again_later(app, line)) {
        return;
    }
    say(app, "network", line);
    client_finish(app, CLIENT_EXIT_NETWORK);
}

/* Reasons that no new connection would mend. */
static bool is_refused_server(struct client_app *app,
                              const struct sotto_client_event *event)
{
    if (!event->before_login || app->had_login) {
        return false;
    }
    if (event->error == SOTTO_ERR_AUTH) {
        say(app, "identity",
            "the server could not prove that it knows your account: it is not "
            "the server it should be, or somebody is in between");
        client_finish(app, CLIENT_EXIT_IDENTITY);
        return true;
    }
    if (event->error == SOTTO_ERR_LIMIT) {
        say(app, "identity",
            "the server asks for a weaker protection of your password than is "
            "allowed, or than before: it is not to be trusted");
        client_finish(app, CLIENT_EXIT_IDENTITY);
        return true;
    }
    return false;
}

void client_take_end(struct client_app *app,
                     const struct sotto_client_event *event)
{
    client_drop_stream(app);
    if (SYSTEM_HAS_OPTIONS) {
        client_owner_ended(app);
    }
    if (app->is_done || app->is_leaving) {
        if (event->error == SOTTO_OK && event->reason == SOTTO_CLOSE_BYE) {
            app->is_done = true;
            return;
        }
    }
    if (app->is_done || client_device_ended(app, event) ||
        is_refused_server(app, event)) {
        return;
    }
    if (event->error == SOTTO_OK) {
        take_goodbye(app, event->reason);
    } else if (event->error == SOTTO_ERR_REFUSED) {
        take_refusal(app, event->refusal);
    } else {
        client_network_failed(app, "disconnected from", event->error);
    }
}
