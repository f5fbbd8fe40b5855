#include "apps/sotto/client.h"

#include "apps/sotto/client_inner.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include "core/crypto/x25519.h"
#include <string.h>

/* ---- settings ---- */

#define AT(member) offsetof(struct client_settings, member)

static const char *const suite_names[] = {"a128cbchs256", "aesgcm",
                                          "chachapoly", NULL};

/* By their numbers, from 1 on. */
static const enum sotto_suite suites[] = {SOTTO_SUITE_A128CBCHS256,
                                          SOTTO_SUITE_AESGCM,
                                          SOTTO_SUITE_CHACHAPOLY};

static const char *check_user(const char *value)
{
    return sotto_name_valid(value, strlen(value))
               ? NULL
               : "is not a name: 1 to 32 of a-z 0-9 . _ -";
}

static const struct option client_options[] = {
    {.name = "user",
     .value = "NAME",
     .help = "Who you are: 1 to 32 of a-z 0-9 . _ -",
     .kind = OPTION_TEXT,
     .offset = AT(user),
     .check = check_user},
    {.name = "register",
     .help = "Make the account first. An invitation code comes with the "
             "address: sotto://.../CODE.",
     .kind = OPTION_FLAG,
     .offset = AT(registers)},
    {.name = "password-file",
     .value = "FILE",
     .help = "Read the password from the first line of a file instead of "
             "asking.",
     .kind = OPTION_TEXT,
     .offset = AT(password_file)},
    {.name = "with-password",
     .help = "Log in with the password where this machine has a key of its own "
             "(/device add NAME): to look after devices, or after it was "
             "revoked. --password-file does the same.",
     .kind = OPTION_FLAG,
     .offset = AT(with_password)},
    {.name = "pin",
     .value = "FINGERPRINT",
     .help = "The only server key to accept, as the server's log shows it. "
             "Also as sotto://FINGERPRINT@HOST:PORT.",
     .kind = OPTION_TEXT,
     .offset = AT(pin),
     .check = fingerprint_check},
    {.name = "ca",
     .value = "FILE",
     .help =
         "Trust servers with a certificate of an authority in this file "
         "(PEM), or of one that this system trusts (system), and no others. "
         "A pin, and a key that you took earlier, go first.",
     .kind = OPTION_TEXT,
     .offset = AT(ca)},
    {.name = "trust-first",
     .help = "Take the key of a server that was never seen before without "
             "asking, and remember it.",
     .kind = OPTION_FLAG,
     .offset = AT(trust_first)},
    {.name = "suite",
     .value = "NAME",
     .help = "The ciphers to use. Default: a128cbchs256.",
     .kind = OPTION_CHOICE,
     .offset = AT(suite),
     .choices = suite_names},
    {.name = "history",
     .value = "N",
     .help = "How many earlier messages to show at first. Default: 20.",
     .kind = OPTION_NUMBER,
     .offset = AT(history),
     .min = 0,
     .max = 128},
    {.name = "data",
     .value = "DIR",
     .help = "The folder for this client's key and what it knows of servers. "
             "Default: $XDG_DATA_HOME/sotto/client.",
     .kind = OPTION_TEXT,
     .offset = AT(data)},
    {.name = "keylog",
     .value = "FILE",
     .help = "Add the keys of each connection to a file, for reading a "
             "recording of it in Wireshark. Whoever has that file can do "
             "the same: for learning and looking for faults only.",
     .kind = OPTION_TEXT,
     .offset = AT(keylog)},
    {.name = "json",
     .help = "For programs: events as JSON, one a line, on standard output; "
             "messages and /commands as lines on standard input.",
     .kind = OPTION_FLAG,
     .offset = AT(json)},
    {.name = "iterations",
     .value = "N",
     .help = "Rounds of key derivation for a new account.",
     .kind = OPTION_NUMBER,
     .offset = AT(iterations_new),
     .flags = OPTION_HIDDEN,
     .min = 1,
     .max = SOTTO_SCRAM_ITERATIONS_MAX},
    {.name = "min-iterations",
     .value = "N",
     .help = "The weakest key derivation to accept from a server.",
     .kind = OPTION_NUMBER,
     .offset = AT(iterations_min),
     .flags = OPTION_HIDDEN,
     .min = 1,
     .max = SOTTO_SCRAM_ITERATIONS_MAX},
};

static const char *const client_examples[] = {
    "sotto client",
    "sotto client chat.example.org --user alice --register",
    "sotto client sotto://FINGERPRINT@192.0.2.1:7688 --user alice",
    "sotto client chat.example.org --ca ca.pem --user alice",
    "sotto client sotto://FINGERPRINT@192.0.2.1:7688/device-CODE",
    "echo hello | sotto client localhost --user bot --password-file pw --json",
    NULL};

const struct command client_command = {
    .name = "client",
    .summary = "chat on a server",
    .arguments = "[HOST[:PORT] | sotto://...]",
    .description =
        "Connects to a server, logs in or registers, and chats in #lobby. What "
        "is not given is asked for. Typed lines are messages; /help lists the "
        "commands. The client reconnects by itself and sends what was typed "
        "meanwhile.\n"
        "A machine that became a device (/device add NAME, or an address with "
        "a code that /enroll NAME made) logs in without a password.\n"
        "Exit codes: 0 ok, 1 other errors, 2 wrong usage or a question that "
        "nobody answered, 3 login or registration refused, 4 the server is not "
        "who it should be, 5 network.",
    .options = client_options,
    .option_count = sizeof client_options / sizeof *client_options,
    .positional_max = 1,
    .examples = client_examples,
};

void client_defaults(struct client_settings *settings)
{
    *settings =
        (struct client_settings){.suite = SOTTO_SUITE_DEFAULT - 1,
                                 .history = 20,
                                 .iterations_min = SOTTO_SCRAM_ITERATIONS_MIN,
                                 .iterations_new = CLIENT_ITERATIONS};
}

/* ---- questions ---- */

/* There is no answer. A person who gives none leaves; a program did not know
 * that it would be asked. */
static enum menu_result leave_menu(const struct console *console,
                                   const struct menu *menu, enum sotto_err err)
{
    char question[MENU_PROMPT_MAX];
    struct textbuf text;
    if (!SYSTEM_HAS_OPTIONS || err != SOTTO_ERR_CLOSED || console->is_typed) {
        return MENU_QUIT;
    }
    textbuf_init(&text, question, sizeof question);
    textbuf_add_bytes(&text, menu_prompt(menu), strlen(menu_prompt(menu)) - 1);
    say("sotto: the input ended, and nobody answered \"", question,
        "\"; what is to be done can be said on the command line instead: "
        "'sotto --help' lists the commands, 'sotto client --help' the options "
        "of a client\n",
        NULL);
    return MENU_UNANSWERED;
}

/* Until the menu is done, or a server was named. */
static enum menu_result ask(struct console *console, struct menu *menu,
                            bool only_server)
{
    char line[MENU_SERVER_MAX + MENU_PASSWORD_MAX];
    enum menu_result result = MENU_MORE;
    while (result == MENU_MORE && !(only_server && menu->choice.has_server)) {
        size_t len = 0;
        const char *say = menu_say(menu);
        if (console_is_interactive(console)) {
            console_print(console, say, strlen(say));
        }
        enum sotto_err err =
            console_ask(console, menu_prompt(menu), menu_is_secret(menu), line,
                        sizeof line, &len);
        if (err == SOTTO_ERR_SPACE) {
            continue; /* longer than any answer: asked again */
        }
        result = err == SOTTO_OK ? menu_feed(menu, line, len)
                                 : leave_menu(console, menu, err);
    }
    sotto_wipe(line, sizeof line);
    return result;
}

enum menu_result client_ask(struct console *console, struct menu *menu)
{
    return ask(console, menu, false);
}

void client_finish(struct client_app *app, enum client_exit exit_code)
{
    app->is_done = true;
    app->exit_code = exit_code;
}

static bool usage(const struct client_app *app, const char *text)
{
    view_error(&app->view, "usage", text);
    return false;
}

bool client_set_address(struct client_app *app, const char *text)
{
    const char *why = NULL;
    if (server_address_parse(text, &app->address, &why) != SOTTO_OK) {
        struct textbuf out;
        textbuf_init(&out, app->known, sizeof app->known);
        textbuf_add_all(&out, "the server's address '", text, "' ", why, NULL);
        return usage(app, app->known);
    }
    server_address_text(&app->address, app->server_text);
    if (app->address.has_fingerprint) {
        memcpy(app->pin, app->address.fingerprint, sizeof app->pin);
        app->has_pin = true;
        app->trust = CLIENT_TRUST_PINNED;
    }
    if (SYSTEM_HAS_OPTIONS && app->settings.pin != NULL) {
        uint8_t pin[SOTTO_FINGERPRINT_LEN];
        if (sotto_fingerprint_parse(app->settings.pin,
                                    strlen(app->settings.pin),
                                    pin) != SOTTO_OK ||
            (app->has_pin && memcmp(pin, app->pin, sizeof pin) != 0)) {
            return usage(app, "--pin is not the fingerprint in the address");
        }
        memcpy(app->pin, pin, sizeof pin);
        app->has_pin = true;
        app->trust = CLIENT_TRUST_PINNED;
    }
    return true;
}

/* The password in normal form, as it is hashed. */
static bool set_password(struct client_app *app, const uint8_t *password,
                         size_t len)
{
    enum sotto_err err = unicode_nfc(password, len, app->password,
                                     sizeof app->password, &app->password_len);
    if (err != SOTTO_OK || app->password_len == 0) {
        return usage(app, "the password is empty, too long, or has characters "
                          "that do not exist");
    }
    return true;
}

static bool read_password_file(struct client_app *app)
{
    uint8_t text[4096];
    size_t len = 0;
    enum sotto_err err = port_read_file(app->port, app->settings.password_file,
                                        text, sizeof text, &len);
    bool is_set = false;
    if (err != SOTTO_OK) {
        char line[512];
        struct textbuf out;
        textbuf_init(&out, line, sizeof line);
        textbuf_add_all(&out, "cannot read the password file ",
                        app->settings.password_file, ": ",
                        port_last_error(app->port), NULL);
        view_error(&app->view, "usage", line);
    } else {
        const uint8_t *end = memchr(text, '\n', len);
        len = end == NULL ? len : (size_t)(end - text);
        len -= len > 0 && text[len - 1] == '\r';
        is_set = set_password(app, text, len);
    }
    sotto_wipe(text, sizeof text);
    return is_set;
}

/* What the menu need not ask. */
static void fill_menu(const struct client_app *app, const char *server,
                      struct menu_choice *known)
{
    struct textbuf text;
    const char *user = app->settings.user;
    *known = (struct menu_choice){0};
    if (server != NULL) {
        textbuf_init(&text, known->server, sizeof known->server);
        textbuf_add(&text, server);
        known->has_server = true;
    }
    known->wants_register = app->settings.registers;
    /* A name given on the command line without --register wants to log in. */
    known->has_register = app->settings.registers || user != NULL;
    if (user != NULL) {
        textbuf_init(&text, known->user, sizeof known->user);
        textbuf_add(&text, user);
    }
}

static bool take_answers(struct client_app *app)
{
    struct menu_choice *choice = &app->menu->choice;
    memcpy(app->user, choice->user, sizeof app->user);
    app->registers = choice->wants_register;
    const bool is_set =
        set_password(app, choice->password, choice->password_len);
    sotto_wipe(choice->password, sizeof choice->password);
    choice->password_len = 0;
    return is_set;
}

/* A program, which cannot be asked. */
static bool is_program(const struct client_app *app)
{
    return SYSTEM_HAS_OPTIONS &&
           (app->settings.json || app->settings.password_file != NULL);
}

/* Who a program is. */
static bool take_settings(struct client_app *app)
{
    const struct client_settings *settings = &app->settings;
    if (settings->user != NULL && settings->password_file != NULL) {
        memcpy(app->user, settings->user, strlen(settings->user) + 1);
        app->registers = settings->registers;
        return read_password_file(app);
    }
    return usage(app, settings->json
                          ? "--json needs --user NAME and --password-file "
                            "FILE, or an account that this machine is a device "
                            "of"
                          : "--password-file needs --user NAME");
}

static bool is_left(struct client_app *app, enum menu_result result)
{
    if (result == MENU_QUIT) {
        client_finish(app, CLIENT_EXIT_OK);
    }
    return result == MENU_QUIT || result == MENU_UNANSWERED;
}

/* Begins to ask: for the server, where it is NULL. */
static bool begin_asking(struct client_app *app, const char *server)
{
    if (console_shows_secrets(app->console)) {
        return usage(app, CLIENT_NO_QUESTIONS);
    }
    fill_menu(app, server, &app->menu->choice);
    menu_init_client(app->menu);
    return !is_left(app, ask(app->console, app->menu, true));
}

/* Everything that must be known before dialling. False: said why, or the
 * person left (`is_done`). */
static bool get_answers(struct client_app *app, const char *server)
{
    struct menu *menu = app->menu;
    const bool is_asked = server == NULL && !is_program(app);
    bool needs_nothing = false;
    if (is_asked && !begin_asking(app, NULL)) {
        return false;
    }
    const char *address = server != NULL ? server
                          : is_asked     ? menu->choice.server
                                         : "localhost";
    if (!client_device_begin(app, address, &needs_nothing)) {
        return false;
    }
    if (needs_nothing && (!is_asked || app->device.enrols)) {
        return true;
    }
    if (is_program(app)) {
        return take_settings(app);
    }
    if (needs_nothing) {
        menu_offer_device(menu);
    } else if (!is_asked && !begin_asking(app, server)) {
        return false;
    }
    if (is_left(app, client_ask(app->console, menu))) {
        return false;
    }
    app->device.logs_in = menu->choice.is_device;
    return menu->choice.is_device || take_answers(app);
}

bool client_ask_again(struct client_app *app)
{
    menu_ask_again(app->menu);
    return client_ask(app->console, app->menu) == MENU_DONE &&
           take_answers(app);
}

/* ---- starting ---- */

static bool set_folder(struct client_app *app)
{
    app->folder = app->settings.data;
    if (!SYSTEM_HAS_OPTIONS || app->folder != NULL) {
        return true;
    }
    app->folder = app->default_folder;
    return path_of_data("client", app->default_folder) == SOTTO_OK ||
           usage(app, "no home folder; say where this client's files are with "
                      "--data DIR");
}

static uint32_t larger(uint64_t a, uint32_t b)
{
    return a > b ? (uint32_t)a : b;
}

/* The static key: the one that the server knows this machine by, or one for
 * this run, so that nobody can tell by it who is the same. */
static bool make_identity(struct client_app *app)
{
    struct identity *identity = &app->identity;
    enum sotto_err err = SOTTO_OK;
    if (!client_device_find(app)) {
        return false;
    }
    if (app->device.is_kept) {
        memcpy(identity->private_key, app->device.key.private_key,
               sizeof identity->private_key);
    } else {
        err = app->random.fill(app->random.ctx, identity->private_key,
                               sizeof identity->private_key);
    }
    if (err != SOTTO_OK) {
        view_error(&app->view, "start", "no random bytes to be had");
        return false;
    }
    sotto_x25519_public(identity->private_key, identity->public_key);
    return true;
}

bool client_start(struct client_app *app)
{
    const size_t size =
        sotto_client_size(CLIENT_RECORD_LIMIT, CLIENT_QUEUE_BYTES);
    uint32_t iterations = 0;
    if (app->memory == NULL) {
        app->memory = system_memory(size);
    }
    if (app->memory == NULL || !client_pins_read(app, &iterations) ||
        !make_identity(app)) {
        return false;
    }
    const bool is_device = client_is_device(app);
    struct sotto_client_config config = {
        .link = {.is_client = true,
                 .suite = suites[app->settings.suite],
                 .receive_limit = CLIENT_RECORD_LIMIT,
                 .random = app->random,
                 .static_private = app->identity.private_key,
                 .static_public = app->identity.public_key},
        .code_len = (uint8_t)strlen(app->address.code),
        .iterations_min = larger(app->settings.iterations_min, iterations),
        .iterations_new = (uint32_t)app->settings.iterations_new,
        .history = (uint16_t)app->settings.history,
        .ping_ms = SOTTO_CLIENT_PING_MS,
        .memory = app->memory,
        .memory_len = size};
    memcpy(config.name, app->user, sizeof config.name);
    memcpy(config.code, app->address.code, config.code_len);
    if (is_device) {
        client_device_config(app, &config);
    }
    enum sotto_err err = sotto_client_init(&app->client, &config);
    if (err == SOTTO_OK && !is_device) {
        err = sotto_client_set_password(&app->client, app->password,
                                        app->password_len, app->registers);
    }
    if (err != SOTTO_OK) {
        view_error(&app->view, "start",
                   err == SOTTO_ERR_LIMIT
                       ? view_problem_text(SOTTO_PROBLEM_NAME_BAD)
                       : "no random bytes to be had");
    }
    return err == SOTTO_OK;
}

/* A run is not a success when something that was said got lost. */
static void look_back(struct client_app *app)
{
    if (app->exit_code == CLIENT_EXIT_OK &&
        sotto_client_unsettled(&app->client) > 0) {
        view_error(&app->view, "unsettled",
                   "what was said last is not acknowledged: it may be lost");
        app->exit_code = CLIENT_EXIT_NETWORK;
    }
}

/* Nor when nobody could read what came. */
static void say_if_unheard(struct client_app *app)
{
    if (app->console->is_broken) {
        say("sotto: the output could not be written: ",
            app->console->broken_why, "\n", NULL);
        if (app->exit_code == CLIENT_EXIT_OK) {
            app->exit_code = CLIENT_EXIT_OTHER;
        }
    }
}

/* From the first question to the last word. */
static void live(struct client_app *app, const char *server)
{
    const bool logs_keys = SYSTEM_HAS_OPTIONS && app->settings.keylog != NULL;
    if ((logs_keys && !client_keylog_open(app)) || !set_folder(app) ||
        !get_answers(app, server)) {
        if (!app->is_done) {
            client_finish(app, CLIENT_EXIT_USAGE);
        }
    } else if (CLIENT_CERTIFICATES && client_wants_certificate(app) &&
               !client_certificate_open(app)) {
        client_finish(app, CLIENT_EXIT_USAGE);
    } else if (!client_start(app)) {
        client_finish(app, CLIENT_EXIT_OTHER);
    } else {
        client_run(app);
        look_back(app);
        sotto_client_wipe(&app->client);
    }
    console_drain(app->console);
    say_if_unheard(app);
}

static void free_app(struct client_app *app)
{
    system_memory_free(app->memory);
    system_memory_free(app->certificate);
    system_memory_free(app->keylog);
    if (SYSTEM_HAS_OPTIONS && app->owner != NULL) {
        sotto_wipe(app->owner, sizeof *app->owner);
        system_memory_free(app->owner);
    }
    sotto_wipe(app, sizeof *app);
    system_memory_free(app);
}

static struct client_app *new_app(void)
{
    struct client_app *app = system_memory(sizeof *app);
    if (SYSTEM_HAS_OPTIONS && app != NULL) {
        app->owner = system_memory(sizeof *app->owner);
        if (app->owner == NULL) {
            free_app(app);
            return NULL;
        }
    }
    return app;
}

int client_main(struct port *port, struct port_loop *loop,
                struct console *console, const char *server,
                const struct client_settings *settings, struct menu *menu)
{
    struct client_app *app = new_app();
    if (app == NULL) {
        say("sotto: no memory\n", NULL);
        return CLIENT_EXIT_OTHER;
    }
    app->settings = *settings;
    app->port = port;
    app->loop = loop;
    app->console = console;
    app->menu = menu;
    app->random = port_random(port);
    if (port_loop_open(port, 1, &app->files_loop) != SOTTO_OK) {
        app->files_loop = loop; /* a machine with one loop */
    }
    app->view = (struct view){.console = console,
                              .is_json = settings->json,
                              .user = app->user};
    live(app, server);
    const int exit_code = (int)app->exit_code;
    if (app->files_loop != loop) {
        port_loop_close(app->files_loop);
    }
    menu_wipe(menu);
    free_app(app);
    return exit_code;
}
