#include "apps/sotto/client_inner.h"

#include "apps/sotto/certificate.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/textbuf.h"
#include <string.h>

/* How long another client of this person may hold the folder, when to tell what
 * is waited for, and how often to look. */
#define LOCK_PATIENCE_MS 30000U /* others may be many, and their disk slow */
#define LOCK_QUIET_MS    1000U
#define LOCK_WAIT_MS     50U

void client_files_complain(struct client_app *app, const char *code,
                           const char *what, enum sotto_err err)
{
    char line[512];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    const char *why = err == SOTTO_ERR_LIMIT   ? "the file is too long"
                      : err == SOTTO_ERR_SPACE ? "there is no room for more"
                                               : port_last_error(app->port);
    textbuf_add_all(&text, what, " in ", app->folder, ": ", why, " (",
                    sotto_err_name(err), ")", NULL);
    view_error(&app->view, code, line);
}

static void tell_that_it_waits(struct client_app *app)
{
    char line[512];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add_all(&text, "waiting for another client that uses ", app->folder,
                    NULL);
    view_remark(&app->view, line);
    console_flush(app->console);
}

/* Several clients may share the folder: each holds it for moments only. */
bool client_files_open(struct client_app *app, struct sotto_files *files)
{
    const uint64_t start_ms = port_now_ms(app->port);
    uint64_t waited_ms = 0;
    bool is_told = !SYSTEM_HAS_OPTIONS; /* nobody else is on a board */
    enum sotto_err err = path_open(app->files_loop, app->folder, true, files);
    while (err == SOTTO_ERR_BUSY && waited_ms < LOCK_PATIENCE_MS) {
        struct port_event event;
        size_t count = 0; /* it does not wait if this is the only loop, and
                             something is ready in it */
        if (!is_told && waited_ms >= LOCK_QUIET_MS) {
            tell_that_it_waits(app);
            is_told = true;
        }
        port_wait(app->files_loop, LOCK_WAIT_MS, &event, 1, &count);
        err = path_open(app->files_loop, app->folder, true, files);
        waited_ms = port_now_ms(app->port) - start_ms;
    }
    if (err != SOTTO_OK) {
        client_files_complain(
            app, "files",
            SYSTEM_HAS_OPTIONS
                ? "choose a folder for this client's files with --data "
                  "DIR; cannot use those"
                : "cannot use this client's files",
            err);
    }
    return err == SOTTO_OK;
}

/* ---- reading ---- */

bool client_files_complain_of_line(struct client_app *app,
                                   const struct known_file *known)
{
    char line[512];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add_all(&text, app->folder, "/", known->name, " line ", NULL);
    textbuf_add_number(&text, known->line);
    textbuf_add_all(&text, ": ", known->reason != NULL ? known->reason : "",
                    "; mend or remove this line", NULL);
    view_error(&app->view, "files", line);
    return false;
}

/* What a certificate has said is forgotten when it ends. */
static bool has_ended(const struct client_app *app, uint64_t until_s)
{
    return CLIENT_CERTIFICATES && until_s != 0 &&
           certificate_has_ended(until_s, port_wall_s(app->port));
}

bool client_wants_certificate(const struct client_app *app)
{
    return CLIENT_CERTIFICATES && app->settings.ca != NULL;
}

static bool read_pin(struct client_app *app, const struct sotto_files *files)
{
    struct known_file known;
    struct known_server found;
    enum sotto_err err = known_file_open(&known, KNOWN_SERVERS_FILE, files,
                                         app->known, sizeof app->known);
    if (err == SOTTO_OK) {
        err = known_servers_find(&known, app->server_text, &found);
    }
    if (err == SOTTO_ERR_NOT_FOUND) {
        return true;
    }
    if (err == SOTTO_ERR_FORMAT) {
        return client_files_complain_of_line(app, &known);
    }
    if (err != SOTTO_OK) {
        client_files_complain(app, "files", "cannot read " KNOWN_SERVERS_FILE,
                              err);
        return false;
    }
    if (!app->has_pin && !has_ended(app, found.until_s) &&
        (found.until_s == 0 || !client_wants_certificate(app) ||
         client_device_is_for(app, found.fingerprint))) {
        app->has_pin = true;
        app->trust = CLIENT_TRUST_KNOWN;
        app->certified_until_s = found.until_s;
        memcpy(app->pin, found.fingerprint, sizeof app->pin);
    }
    return true;
}

static bool read_iterations(struct client_app *app,
                            const struct sotto_files *files,
                            uint32_t *iterations)
{
    struct known_file known;
    *iterations = 0;
    enum sotto_err err = known_file_open(&known, KNOWN_ACCOUNTS_FILE, files,
                                         app->known, sizeof app->known);
    if (err == SOTTO_OK) {
        err = known_accounts_find(&known, app->server_text, app->user,
                                  iterations);
    }
    if (err == SOTTO_ERR_FORMAT) {
        return client_files_complain_of_line(app, &known);
    }
    if (err != SOTTO_OK && err != SOTTO_ERR_NOT_FOUND) {
        client_files_complain(app, "files", "cannot read " KNOWN_ACCOUNTS_FILE,
                              err);
        return false;
    }
    return true;
}

bool client_pins_read(struct client_app *app, uint32_t *iterations)
{
    struct sotto_files files;
    if (!client_files_open(app, &files)) {
        return false;
    }
    const bool is_read =
        read_pin(app, &files) && read_iterations(app, &files, iterations);
    port_files_close(&files);
    return is_read;
}

/* ---- looking ---- */

static void show_change(struct client_app *app)
{
    char expected[SOTTO_FINGERPRINT_TEXT];
    char seen[SOTTO_FINGERPRINT_TEXT];
    char *line = app->known; /* on the stack it would be too much */
    struct textbuf text;
    sotto_fingerprint_text(app->pin, expected);
    sotto_fingerprint_text(app->seen, seen);
    textbuf_init(&text, line, sizeof app->known);
    textbuf_add_all(&text, "THE SERVER ", app->server_text,
                    " SHOWS ANOTHER KEY than ",
                    app->trust == CLIENT_TRUST_PINNED ? "the one you named"
                    : SYSTEM_HAS_OPTIONS && app->certified_until_s != 0
                        ? "the one that a certificate vouched for (--ca FILE "
                          "looks whether a new one does)"
                        : "at your earlier logins",
                    ". Somebody may be in between. Nothing was sent.\n"
                    "   expected ",
                    expected, "\n   seen     ", seen, NULL);
    if (app->trust == CLIENT_TRUST_KNOWN) {
        textbuf_add_all(&text,
                        "\n   If whoever runs the server says that the key was "
                        "changed: remove its line from ",
                        app->folder, "/" KNOWN_SERVERS_FILE, NULL);
    }
    view_error(&app->view, "identity", line);
}

static void show_unknown(struct client_app *app)
{
    char seen[SOTTO_FINGERPRINT_TEXT];
    char *line = app->known;
    struct textbuf text;
    sotto_fingerprint_text(app->seen, seen);
    textbuf_init(&text, line, sizeof app->known);
    textbuf_add_all(&text, "the server ", app->server_text,
                    " is not known here. Its fingerprint is ", seen,
                    ". Compare it with what whoever runs the server says, then "
                    "use --pin FINGERPRINT, or --trust-first to take it "
                    "unseen",
                    NULL);
    view_error(&app->view, "identity", line);
}

enum client_verdict client_pins_check(struct client_app *app,
                                      const uint8_t key[static 32])
{
    sotto_fingerprint_of_key(key, app->seen);
    if (app->has_pin && has_ended(app, app->certified_until_s)) {
        app->has_pin = false;
        app->trust = CLIENT_TRUST_NONE;
        app->certified_until_s = 0;
    }
    if (app->has_pin) {
        if (memcmp(app->pin, app->seen, sizeof app->pin) == 0) {
            return CLIENT_ACCEPT;
        }
        show_change(app);
        client_finish(app, CLIENT_EXIT_IDENTITY);
        return CLIENT_REFUSE;
    }
    if (client_wants_certificate(app)) {
        return client_certificate_check(app, key);
    }
    if (SYSTEM_HAS_OPTIONS && app->settings.trust_first) {
        memcpy(app->pin, app->seen, sizeof app->pin);
        app->has_pin = true;
        app->trust = CLIENT_TRUST_FIRST;
        if (app->registers) {
            view_remark(&app->view,
                        "this server's key was taken unseen: somebody in "
                        "between could register in your place");
        }
        return CLIENT_ACCEPT;
    }
    if (console_is_interactive(app->console)) {
        return CLIENT_ASK;
    }
    show_unknown(app);
    client_finish(app, CLIENT_EXIT_IDENTITY);
    return CLIENT_REFUSE;
}

bool client_pins_ask(struct client_app *app)
{
    char seen[SOTTO_FINGERPRINT_TEXT];
    char *line = app->known;
    char answer[16];
    size_t len = 0;
    struct textbuf text;
    sotto_fingerprint_text(app->seen, seen);
    textbuf_init(&text, line, sizeof app->known);
    textbuf_add_all(&text, "The server ", app->server_text,
                    " is new to you. Its fingerprint is\n\n   ", seen,
                    "\n\nCompare it with what whoever runs the server says (it "
                    "is in the server's log).\n",
                    NULL);
    if (app->registers) {
        textbuf_add(&text, "Until you have, somebody in between could "
                           "register in your place.\n");
    }
    console_print(app->console, line, text.len);
    for (;;) {
        enum sotto_err err =
            console_ask(app->console, "Is it the right one (yes, no)? ", false,
                        answer, sizeof answer, &len);
        if (err == SOTTO_ERR_SPACE) {
            continue; /* longer than any answer: asked again */
        }
        if (err != SOTTO_OK || strcmp(answer, "no") == 0 ||
            strcmp(answer, "n") == 0) {
            return false;
        }
        if (strcmp(answer, "yes") == 0) {
            memcpy(app->pin, app->seen, sizeof app->pin);
            app->has_pin = true;
            app->trust = CLIENT_TRUST_FIRST;
            return true;
        }
    }
}

/* ---- remembering ---- */

enum sotto_err client_files_save(struct client_app *app,
                                 struct known_file *known)
{
    enum sotto_err err = known_file_save(known);
    return err == SOTTO_OK ? path_wait(app->files_loop, &known->io, NULL) : err;
}

static enum sotto_err save_pin(struct client_app *app,
                               const struct sotto_files *files)
{
    struct known_file known;
    struct known_server pin = {.since_s = port_wall_s(app->port),
                               .until_s = app->certified_until_s};
    struct known_server old;
    memcpy(pin.fingerprint, app->seen, sizeof pin.fingerprint);
    enum sotto_err err = known_file_open(&known, KNOWN_SERVERS_FILE, files,
                                         app->known, sizeof app->known);
    if (err != SOTTO_OK) {
        return err;
    }
    if (known_servers_find(&known, app->server_text, &old) == SOTTO_OK &&
        memcmp(old.fingerprint, pin.fingerprint, sizeof pin.fingerprint) == 0 &&
        old.until_s == pin.until_s) {
        return SOTTO_OK;
    }
    err = known_servers_set(&known, app->server_text, &pin);
    return err == SOTTO_OK ? client_files_save(app, &known) : err;
}

static enum sotto_err save_iterations(struct client_app *app,
                                      const struct sotto_files *files,
                                      uint32_t iterations)
{
    struct known_file known;
    uint32_t old = 0;
    enum sotto_err err = known_file_open(&known, KNOWN_ACCOUNTS_FILE, files,
                                         app->known, sizeof app->known);
    if (err != SOTTO_OK) {
        return err;
    }
    if (known_accounts_find(&known, app->server_text, app->user, &old) ==
            SOTTO_OK &&
        old == iterations) {
        return SOTTO_OK;
    }
    err = known_accounts_set(&known, app->server_text, app->user, iterations);
    return err == SOTTO_OK ? client_files_save(app, &known) : err;
}

void client_pins_save(struct client_app *app, uint32_t iterations)
{
    struct sotto_files files;
    if (!client_files_open(app, &files)) {
        return;
    }
    enum sotto_err err = save_pin(app, &files);
    if (err == SOTTO_OK && iterations > 0) {
        err = save_iterations(app, &files, iterations);
    }
    port_files_close(&files);
    if (err != SOTTO_OK) {
        client_files_complain(app, "files", "cannot remember this server's key",
                              err);
    }
    if (app->trust == CLIENT_TRUST_FIRST) {
        app->trust = CLIENT_TRUST_KNOWN;
    }
}
