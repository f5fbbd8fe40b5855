#include "apps/sotto/server.h"

#include "apps/sotto/address.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/server_inner.h"
#include "apps/sotto/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings ---- */

static const char *const registration_names[] = {"open", "invite", "closed",
                                                 NULL};

#define AT(member) offsetof(struct server_settings, member)

static const struct option server_options[] = {
    {.name = "listen",
     .value = "ADDR:PORT",
     .help = "Where to listen; may be given several times. Default: port 7688 "
             "on all addresses, IPv6 and IPv4.",
     .kind = OPTION_LIST,
     .offset = AT(listen),
     .check = listen_address_check},
    {.name = "data",
     .value = "DIR",
     .help = "The folder for accounts, messages and the server's key. Default: "
             "$XDG_DATA_HOME/sotto/server.",
     .kind = OPTION_TEXT,
     .offset = AT(data)},
    {.name = "registration",
     .value = "open|invite|closed",
     .help = "Who may make an account: everybody, those with an invitation "
             "code, nobody. Default: open.",
     .kind = OPTION_CHOICE,
     .offset = AT(registration),
     .choices = registration_names},
    {.name = "invite-file",
     .value = "FILE",
     .help = "Invitation codes, one a line; read again at SIGHUP.",
     .kind = OPTION_TEXT,
     .offset = AT(invite_file)},
    {.name = "max-connections",
     .value = "N",
     .help = "Connections at a time; one more is refused. Default: 1024.",
     .kind = OPTION_NUMBER,
     .offset = AT(max_connections),
     .min = 1,
     .max = 100000},
    {.name = "max-accounts",
     .value = "N",
     .help = "Accounts that may exist. Default: 10000.",
     .kind = OPTION_NUMBER,
     .offset = AT(max_accounts),
     .min = 1,
     .max = 1000000},
    {.name = "history",
     .value = "SIZE",
     .help = "How much of the room's log is kept; beyond that the oldest part "
             "is removed. Default: 256M.",
     .kind = OPTION_SIZE,
     .offset = AT(history_bytes),
     .min = 1U << 20,
     .max = 1ULL << 36},
    {.name = "login-timeout",
     .value = "TIME",
     .help = "From connecting to being logged in. Default: 60s.",
     .kind = OPTION_DURATION,
     .offset = AT(login_ms),
     .min = 100,
     .max = 3600000},
    {.name = "idle-timeout",
     .value = "TIME",
     .help = "Without a sign of life of a client (clients make one every half "
             "minute). Default: 3m.",
     .kind = OPTION_DURATION,
     .offset = AT(idle_ms),
     .min = 100,
     .max = 86400000},
    {.name = "stall-timeout",
     .value = "TIME",
     .help = "For a client that does not read what is sent to it. Default: "
             "30s.",
     .kind = OPTION_DURATION,
     .offset = AT(stall_ms),
     .min = 100,
     .max = 3600000},
    {.name = "login-tries",
     .value = "N",
     .help = "Wrong passwords a minute for one account from one address. "
             "Default: 10.",
     .kind = OPTION_NUMBER,
     .offset = AT(login_tries),
     .min = 1,
     .max = 60000},
    {.name = "register-tries",
     .value = "N",
     .help = "Registrations an hour from one address. Default: 100.",
     .kind = OPTION_NUMBER,
     .offset = AT(register_tries),
     .min = 1,
     .max = 3600000},
    {.name = "log-level",
     .value = "error|warn|info|debug",
     .help = "What is logged on standard error. Default: info.",
     .kind = OPTION_CHOICE,
     .offset = AT(log_level),
     .choices = log_level_names},
    {.name = "log-no-time",
     .help = "No time in the log, where the system adds its own.",
     .kind = OPTION_FLAG,
     .offset = AT(no_time)},
    {.name = "config",
     .value = "FILE",
     .help = "Read settings from an INI file: a section [server] with these "
             "options' names as keys. The command line wins.",
     .kind = OPTION_TEXT,
     .offset = AT(config),
     .flags = OPTION_NOT_IN_FILE},
    {.name = "check-config",
     .help = "Look at the settings, say what is wrong with them, and end.",
     .kind = OPTION_FLAG,
     .offset = AT(check_config),
     .flags = OPTION_NOT_IN_FILE},
    {.name = "min-iterations",
     .value = "N",
     .help = "The weakest key derivation that a registration may use.",
     .kind = OPTION_NUMBER,
     .offset = AT(iterations_min),
     .flags = OPTION_HIDDEN,
     .min = 1,
     .max = SOTTO_SCRAM_ITERATIONS_MAX},
};

static const char *const server_examples[] = {
    "sotto server", "sotto server --listen 127.0.0.1:7688 --data ./chat",
    "sotto server --registration invite --invite-file codes.txt", NULL};

const struct command server_command = {
    .name = "server",
    .summary = "run a chat server",
    .description =
        "Runs a chat server until it is told to stop (SIGTERM or Control-C). "
        "Its key is made on the first start; its fingerprint, which clients "
        "are to be given, is in the first lines of the log. SIGUSR1 logs "
        "counters.",
    .options = server_options,
    .option_count = sizeof server_options / sizeof *server_options,
    .examples = server_examples,
};

void server_defaults(struct server_settings *settings)
{
    *settings = (struct server_settings){
        .log_level = LOG_INFO,
        .max_connections = 1024,
        .max_accounts = 10000,
        .history_bytes = 256U << 20,
        .login_ms = 60000,
        .idle_ms = 180000,
        .stall_ms = 30000,
        .login_tries = 10,
        .register_tries = 100,
        .iterations_min = SOTTO_SCRAM_ITERATIONS_MIN,
    };
}

/* Reads the settings file into `settings`; false when it said what is wrong. */
static bool read_settings(struct port *port, struct options *options,
                          struct server_settings *settings)
{
    static char text[SETTINGS_FILE_MAX + 1];
    static char errors[SETTINGS_FILE_MAX];
    size_t len = 0;
    if (settings->config == NULL) {
        return true;
    }
    enum sotto_err err = port_read_file(port, settings->config, (uint8_t *)text,
                                        SETTINGS_FILE_MAX, &len);
    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "sotto server: cannot read %s: %s\n",
                      settings->config, port_last_error(port));
        return false;
    }
    struct textbuf out;
    textbuf_init(&out, errors, sizeof errors);
    const size_t count =
        settings_read(options, settings->config, text, len, settings, &out);
    (void)fputs(errors, stderr);
    return count == 0;
}

/* What no single option can say. */
static bool check_settings(const struct server_settings *settings)
{
    if (settings->registration == SOTTO_REGISTRATION_INVITE &&
        settings->invite_file == NULL) {
        (void)fputs("sotto server: --registration invite needs --invite-file "
                    "FILE with the codes\n",
                    stderr);
        return false;
    }
    return true;
}

/* ---- opening ---- */

static void sink(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    (void)fwrite(line, 1, len, stderr);
}

static void log_now(void *ctx, uint64_t *wall_s, uint64_t *uptime_ms)
{
    *wall_s = port_wall_s(ctx);
    *uptime_ms = port_now_ms(ctx);
}

static bool fail(const struct server *server, const char *what,
                 enum sotto_err err, const char *advice)
{
    (void)fprintf(stderr, "sotto server: %s: %s (%s)%s%s\n", what,
                  port_last_error(server->port), sotto_err_name(err),
                  advice[0] != 0 ? "; " : "", advice);
    return false;
}

static bool open_files(struct server *server)
{
    static char folder[PATH_TEXT_MAX];
    if (server->settings.data == NULL) {
        if (path_of_data("server", folder) != SOTTO_OK) {
            (void)fputs("sotto server: no home folder; say where to keep the "
                        "data with --data DIR\n",
                        stderr);
            return false;
        }
        server->settings.data = folder;
    }
    enum sotto_err err =
        path_open(server->loop, server->settings.data, true, &server->files);
    if (err == SOTTO_ERR_BUSY) {
        (void)fprintf(stderr,
                      "sotto server: another server or 'sotto account' is "
                      "using %s; stop it, or choose another folder with "
                      "--data DIR\n",
                      server->settings.data);
        return false;
    }
    if (err != SOTTO_OK) {
        (void)fprintf(stderr,
                      "sotto server: cannot use the data folder %s: %s (%s); "
                      "choose another with --data DIR\n",
                      server->settings.data, port_last_error(server->port),
                      sotto_err_name(err));
        return false;
    }
    return true;
}

static bool open_identity(struct server *server)
{
    enum sotto_err err = identity_open(server->loop, &server->files,
                                       &server->random, &server->identity);
    if (err == SOTTO_ERR_FORMAT) {
        (void)fprintf(stderr,
                      "sotto server: %s/%s is damaged; put a copy back, or "
                      "remove it: then the server gets a new key, and every "
                      "client will warn\n",
                      server->settings.data, IDENTITY_FILE);
        return false;
    }
    return err == SOTTO_OK ||
           fail(server, "cannot read or make the server's key", err, "");
}

static bool open_accounts(struct server *server)
{
    struct sotto_accounts_report report = {0};
    const size_t capacity = (size_t)server->settings.max_accounts;
    void *memory = calloc(1, sotto_accounts_size(capacity));
    if (memory == NULL) {
        return fail(server, "no memory for accounts", SOTTO_ERR_SPACE, "");
    }
    enum sotto_err err =
        sotto_accounts_open(&server->accounts, memory, capacity, &server->files,
                            &server->random, &report);
    if (err == SOTTO_ERR_FORMAT) {
        (void)fprintf(stderr,
                      "sotto server: %s/%s is damaged at line %llu (offset "
                      "%llu): %s; a disabled account or an old password could "
                      "come back to life. Look at it with 'sotto account "
                      "repair --data %s'\n",
                      server->settings.data, SOTTO_ACCOUNTS_FILE,
                      (unsigned long long)report.line,
                      (unsigned long long)report.offset, report.reason,
                      server->settings.data);
        return false;
    }
    if (err == SOTTO_ERR_LIMIT) {
        return fail(server, "there are more accounts than --max-accounts", err,
                    "raise it");
    }
    if (report.torn_tail) {
        log_event(&server->log, LOG_WARN, "accounts", "torn_tail_dropped",
                  LOG_NO_FIELDS);
    }
    return err == SOTTO_OK || fail(server, "cannot read the accounts", err, "");
}

static bool open_lobby(struct server *server)
{
    static uint8_t buffer[SOTTO_LOG_ENTRY_MAX + 64];
    struct sotto_log_report report = {0};
    struct sotto_log_config config = {
        .name = "lobby",
        .segment_bytes = (uint32_t)(server->settings.history_bytes / 16),
        .segments = 16,
        .reserve = 1024};
    if (server->random.fill(server->random.ctx, (uint8_t *)&config.salt,
                            sizeof config.salt) != SOTTO_OK) {
        return fail(server, "no random bytes", SOTTO_ERR_RANDOM, "");
    }
    void *memory = calloc(1, sotto_log_size());
    if (memory == NULL) {
        return fail(server, "no memory for the log", SOTTO_ERR_SPACE, "");
    }
    enum sotto_err err =
        sotto_log_open(&server->lobby, memory, &config, &server->files, buffer,
                       sizeof buffer, &report);
    if (err != SOTTO_OK) {
        return fail(server, "cannot open the room's log", err, "");
    }
    log_event(&server->log, LOG_INFO, "lobby", "open",
              LOG_FIELDS(log_number("entries", report.entries),
                         log_number("torn_bytes", report.torn_bytes)));
    if (report.damaged[0] != 0) {
        log_event(&server->log, LOG_ERROR, "lobby", "damaged",
                  LOG_FIELDS(log_text("file", report.damaged),
                             log_number("offset", report.damaged_offset),
                             log_number("segments", report.damaged_segments)));
    }
    return true;
}

static bool open_hub(struct server *server)
{
    const struct server_settings *s = &server->settings;
    const uint32_t login_refill = (uint32_t)(60000 / s->login_tries);
    const uint32_t register_refill = (uint32_t)(3600000 / s->register_tries);
    const struct sotto_hub_config config = {
        .sessions = (size_t)s->max_connections + 1,
        .pending = 8192,
        .throttle_entries = 4096,
        .registration = (enum sotto_registration)s->registration,
        .iterations_min = (uint32_t)s->iterations_min,
        .iterations_fake = SOTTO_SCRAM_ITERATIONS_HOST,
        .login_rate = {(uint32_t)s->login_tries, login_refill},
        .account_rate = {(uint32_t)s->login_tries * 6, login_refill / 6 + 1},
        .address_rate = {(uint32_t)s->login_tries * 12, login_refill / 12 + 1},
        .register_rate = {(uint32_t)s->register_tries, register_refill}};
    void *memory = calloc(1, sotto_hub_size(&config));
    if (memory == NULL) {
        return fail(server, "no memory for the hub", SOTTO_ERR_SPACE, "");
    }
    enum sotto_err err = sotto_hub_init(&server->hub, memory, &config,
                                        server->accounts, server->lobby);
    return err == SOTTO_OK || fail(server, "cannot read the log", err, "");
}

/* Large pools: the system maps their pages when they are first touched. */
static bool open_pool(struct server *server, struct sotto_pool *pool,
                      size_t count, size_t size)
{
    void *memory = calloc(1, sotto_pool_size(count, size));
    if (memory == NULL) {
        return fail(server, "no memory for connections", SOTTO_ERR_SPACE,
                    "choose a smaller --max-connections");
    }
    sotto_pool_init(pool, memory, count, size);
    return true;
}

static bool open_feed(struct server *server)
{
    uint8_t *ring = calloc(1, SERVER_FEED_BYTES);
    if (ring == NULL) {
        return fail(server, "no memory for the room", SOTTO_ERR_SPACE, "");
    }
    sotto_feed_init(&server->feed, ring, SERVER_FEED_BYTES,
                    sotto_hub_next_number(server->hub));
    return true;
}

static bool open_pools(struct server *server)
{
    const size_t conns = (size_t)server->settings.max_connections + 1;
    if (!open_pool(server, &server->conns, conns, sizeof(struct conn)) ||
        !open_pool(server, &server->buffers, 4 * conns,
                   SOTTO_SESSION_BUFFER((size_t)SOTTO_RECORD_LIMIT_HOST)) ||
        !open_pool(server, &server->logins, conns,
                   sizeof(struct sotto_scram_server)) ||
        !open_feed(server)) {
        return false;
    }
    server->session = (struct sotto_session_config){
        .link = {.receive_limit = SOTTO_RECORD_LIMIT_HOST,
                 .random = server->random,
                 .static_private = server->identity.private_key,
                 .static_public = server->identity.public_key},
        .buffers = &server->buffers,
        .logins = &server->logins,
        .login_ms = (uint32_t)server->settings.login_ms,
        .idle_ms = (uint32_t)server->settings.idle_ms,
        .stall_ms = (uint32_t)server->settings.stall_ms,
        .window = 64};
    return true;
}

static bool listen_on(struct server *server, const struct port_address *address,
                      bool is_optional)
{
    char text[PORT_ADDRESS_TEXT];
    struct port_listener **place = &server->listeners[server->listener_count];
    enum sotto_err err = port_listen(server->loop, address, place, place);
    port_address_text(address, text);
    if (err == SOTTO_ERR_UNSUPPORTED && is_optional) {
        return true; /* a machine without IPv6 */
    }
    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "sotto server: cannot listen on %s: %s (%s)%s\n",
                      text, port_last_error(server->port), sotto_err_name(err),
                      err == SOTTO_ERR_BUSY
                          ? "; another program does, stop it or choose another "
                            "port with --listen ADDR:PORT"
                      : err == SOTTO_ERR_DENIED
                          ? "; ports below 1024 need more rights, choose a "
                            "higher one with --listen ADDR:PORT"
                          : "");
        return false;
    }
    struct port_address actual;
    port_listener_address(*place, &actual);
    port_address_text(&actual, text);
    server->listener_count++;
    log_event(&server->log, LOG_INFO, "server", "listening",
              LOG_FIELDS(log_text("address", text)));
    return true;
}

static bool open_listeners(struct server *server)
{
    static const struct option_list everywhere = {.items = {"*"}, .count = 1};
    const struct option_list *list = server->settings.listen.count > 0
                                         ? &server->settings.listen
                                         : &everywhere;
    for (size_t i = 0; i < list->count; i++) {
        struct port_address addresses[LISTEN_ADDRESS_MAX];
        const char *why = NULL;
        size_t count = 0;
        if (listen_address_parse(list->items[i], addresses, &count, &why) !=
            SOTTO_OK) {
            (void)fprintf(stderr, "sotto server: --listen %s %s\n",
                          list->items[i], why);
            return false;
        }
        for (size_t k = 0; k < count; k++) {
            if (!listen_on(server, &addresses[k], count > 1)) {
                return false;
            }
        }
    }
    server->is_accepting = true;
    return server->listener_count > 0;
}

static bool open_server(struct server *server)
{
    const size_t streams =
        (size_t)server->settings.max_connections + SERVER_LISTENERS_MAX + 2;
    enum sotto_err err = port_loop_open(server->port, streams, &server->loop);
    if (err != SOTTO_OK) {
        return fail(server, "cannot wait for connections", err, "");
    }
    server->random = port_random(server->port);
    return open_files(server) && open_identity(server) &&
           open_accounts(server) && open_lobby(server) && open_hub(server) &&
           open_pools(server) && server_load_codes(server) &&
           open_listeners(server);
}

static void announce(struct server *server)
{
    uint8_t fingerprint[FINGERPRINT_LEN];
    char text[FINGERPRINT_TEXT];
    fingerprint_of_key(server->identity.public_key, fingerprint);
    fingerprint_text(fingerprint, text);
    log_event(&server->log, LOG_INFO, "server",
              server->identity.is_new ? "new_key" : "key",
              LOG_FIELDS(log_text("fingerprint", text)));
    log_event(&server->log, LOG_INFO, "server", "ready",
              LOG_FIELDS(log_text("data", server->settings.data)));
}

/* ---- from start to end ---- */

/* In the opposite order; what was not opened is NULL. Memory goes with the
 * process. */
static void close_server(struct server *server)
{
    if (server->lobby != NULL) {
        sotto_log_close(server->lobby);
    }
    if (server->accounts != NULL) {
        sotto_accounts_close(server->accounts);
    }
    if (server->files.ctx != NULL) {
        port_files_close(&server->files);
    }
    if (server->loop != NULL) {
        port_loop_close(server->loop);
    }
    identity_wipe(&server->identity);
}

int server_main(struct port *port, struct options *options,
                struct server_settings *settings)
{
    static struct server server;
    if (!read_settings(port, options, settings) || !check_settings(settings)) {
        return OPTIONS_EXIT_USAGE;
    }
    if (settings->check_config) {
        (void)puts("ok");
        return 0;
    }
    server.settings = *settings;
    server.port = port;
    server.log = (struct log){.threshold = (enum log_level)settings->log_level,
                              .with_time = !settings->no_time,
                              .ctx = port,
                              .sink = sink,
                              .now = log_now};
    const bool is_open = open_server(&server);
    if (is_open) {
        announce(&server);
        server_run(&server);
        log_event(&server.log, LOG_INFO, "server", "stopped", LOG_NO_FIELDS);
    }
    close_server(&server);
    return is_open ? 0 : 1;
}
