#include "apps/sotto/server.h"

#include "apps/sotto/address.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/server_inner.h"
#include "apps/sotto/system.h"
#include "core/base/assert.h"
#include "core/store/read_ahead.h"
#include <string.h>

/* ---- opening ---- */

static void sink(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    system_say(line, len);
}

static void log_now(void *ctx, uint64_t *wall_s, uint64_t *uptime_ms)
{
    *wall_s = port_wall_s(ctx);
    *uptime_ms = port_now_ms(ctx);
}

static bool fail(const struct server *server, const char *what,
                 enum sotto_err err, const char *advice)
{
    say("sotto server: ", what, ": ", port_last_error(server->port), " (",
        sotto_err_name(err), ")", advice[0] != 0 ? "; " : "", advice, "\n",
        NULL);
    return false;
}

/* Memory is not the port's, which knows no reason for it. */
static bool no_memory(const char *what, const char *advice)
{
    say("sotto server: no memory for ", what, advice, "\n", NULL);
    return false;
}

void *server_memory(struct server *server, size_t size)
{
    SOTTO_ASSERT(server->memory_count < SERVER_MEMORY_MAX);
    void *memory = system_memory(size);
    server->memory[server->memory_count] = memory;
    server->memory_count += memory != NULL;
    server->memory_bytes += size;
    return memory;
}

static bool open_files(struct server *server)
{
    if (SYSTEM_HAS_OPTIONS && server->settings.data == NULL) {
        if (path_of_data("server", server->folder) != SOTTO_OK) {
            say("sotto server: no home folder; say where to keep the data with "
                "--data DIR\n",
                NULL);
            return false;
        }
        server->settings.data = server->folder;
    }
    enum sotto_err err =
        path_open(server->loop, server->settings.data, true, &server->files);
    if (err == SOTTO_ERR_BUSY) {
        say("sotto server: another server or 'sotto account' is using ",
            server->settings.data,
            OPTION_ADVICE("; stop it, or choose another folder with --data "
                          "DIR"),
            "\n", NULL);
        return false;
    }
    if (err != SOTTO_OK) {
        say("sotto server: cannot use the data folder ", server->settings.data,
            ": ", port_last_error(server->port), " (", sotto_err_name(err), ")",
            OPTION_ADVICE("; choose another with --data DIR"), "\n", NULL);
        return false;
    }
    return true;
}

static bool open_identity(struct server *server)
{
    enum sotto_err err = identity_open(server->loop, &server->files,
                                       &server->random, &server->identity);
    if (err == SOTTO_ERR_FORMAT) {
        say("sotto server: ", server->settings.data,
            "/" IDENTITY_FILE
            " is damaged; put a copy back, or remove it: then the server gets "
            "a new key, and every client will warn\n",
            NULL);
        return false;
    }
    return err == SOTTO_OK ||
           fail(server, "cannot read or make the server's key", err, "");
}

static bool open_accounts(struct server *server)
{
    struct sotto_accounts_report report = {0};
    const size_t accounts = (size_t)server->settings.max_accounts;
    const struct sotto_accounts_capacity capacity = {accounts,
                                                     SERVER_DEVICES(accounts)};
    void *memory = server_memory(server, sotto_accounts_size(capacity));
    if (memory == NULL) {
        return no_memory("accounts",
                         OPTION_ADVICE("; choose a smaller --max-accounts"));
    }
    enum sotto_err err =
        sotto_accounts_open(&server->accounts, memory, capacity, &server->files,
                            &server->random, &report);
    if (err == SOTTO_ERR_FORMAT) {
        char line[SAY_NUMBER];
        char offset[SAY_NUMBER];
        say("sotto server: ", server->settings.data,
            "/" SOTTO_ACCOUNTS_FILE " is damaged at line ",
            say_number(report.line, line), " (offset ",
            say_number(report.offset, offset), "): ", report.reason,
            "; a disabled account or an old password could come back to life",
            OPTION_ADVICE(". Look at it with 'sotto account repair --data "),
            OPTION_ADVICE(server->settings.data), OPTION_ADVICE("'"), "\n",
            NULL);
        return false;
    }
    if (err == SOTTO_ERR_LIMIT) {
        return fail(server, "there are more accounts than there is room for",
                    err, OPTION_ADVICE("raise --max-accounts"));
    }
    if (report.torn_tail) {
        log_event(&server->log, LOG_WARN, "accounts", "torn_tail_dropped",
                  LOG_NO_FIELDS);
    }
    return err == SOTTO_OK || fail(server, "cannot read the accounts", err, "");
}

_Static_assert(SERVER_FEED_BYTES >= SOTTO_LOG_BUFFER_MIN,
               "the log is opened through the feed's memory");

/* The files as the room's log is to see them; NULL without memory. */
static const struct sotto_files *files_of_lobby(struct server *server)
{
    struct sotto_read_ahead *ahead = NULL;
    if (SERVER_READ_AHEAD == 0) {
        return &server->files;
    }
    ahead = server_memory(server, sizeof *ahead + SERVER_READ_AHEAD);
    if (ahead == NULL) {
        return NULL;
    }
    sotto_read_ahead_init(ahead, &server->files, (uint8_t *)(ahead + 1),
                          SERVER_READ_AHEAD);
    return &ahead->files;
}

/* Opens the room's log through what will be the first worker's ring. */
static bool open_lobby(struct server *server, uint8_t *ring)
{
    struct sotto_log_report report = {0};
    struct sotto_log_config config = {
        .name = "lobby",
        .segment_bytes =
            (uint32_t)(server->settings.history_bytes / SERVER_SEGMENTS),
        .segments = SERVER_SEGMENTS,
        .reserve = SERVER_RESERVE};
    if (server->random.fill(server->random.ctx, (uint8_t *)&config.salt,
                            sizeof config.salt) != SOTTO_OK) {
        return fail(server, "no random bytes", SOTTO_ERR_RANDOM, "");
    }
    const struct sotto_files *files = files_of_lobby(server);
    void *memory = server_memory(server, sotto_log_size());
    if (files == NULL || memory == NULL) {
        return no_memory("the log", "");
    }
    enum sotto_err err = sotto_log_open(&server->lobby, memory, &config, files,
                                        ring, SERVER_FEED_BYTES, &report);
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

static struct sotto_throttle_rate connect_rate(const struct server_settings *s)
{
    if (s->connect_rate == 0) {
        return (struct sotto_throttle_rate){0, 0};
    }
    return (struct sotto_throttle_rate){SERVER_CONNECT_BURST(
                                            (uint32_t)s->max_connections),
                                        1000U / (uint32_t)s->connect_rate};
}

static struct sotto_rate rate_of(const struct server_settings *s)
{
    return (struct sotto_rate){.messages = (uint32_t)s->message_rate,
                               .bytes = (uint32_t)s->byte_rate};
}

static bool open_hub(struct server *server)
{
    const struct server_settings *s = &server->settings;
    const uint32_t login_refill = 60000U / (uint32_t)s->login_tries;
    const uint32_t register_refill = 3600000U / (uint32_t)s->register_tries;
    const struct sotto_hub_config config = {
        .sessions = server->worker_count * server->places,
        .pending = SERVER_PENDING,
        .throttle_entries = SERVER_THROTTLE,
        .registration = (enum sotto_registration)s->registration,
        .iterations_min = (uint32_t)s->iterations_min,
        .iterations_fake = SERVER_ITERATIONS,
        .login_rate = {(uint32_t)s->login_tries, login_refill},
        .account_rate = {(uint32_t)s->login_tries * 6, login_refill / 6 + 1},
        .address_rate = {(uint32_t)s->login_tries * 12, login_refill / 12 + 1},
        .register_rate = {(uint32_t)s->register_tries, register_refill},
        .connect_rate = connect_rate(s),
        .post_rate = rate_of(s)};
    void *memory = server_memory(server, sotto_hub_size(&config));
    if (memory == NULL) {
        return no_memory("the hub", "");
    }
    enum sotto_err err = sotto_hub_init(&server->hub, memory, &config,
                                        server->accounts, server->lobby);
    return err == SOTTO_OK || fail(server, "cannot read the log", err, "");
}

/* ---- workers ---- */

/* As many as there are processors, or as was said; never more than there may
 * be connections. */
static void count_workers(struct server *server)
{
    const size_t connections = (size_t)server->settings.max_connections;
    size_t count = (size_t)server->settings.workers;
    server->worker_count = 1;
    server->places = connections;
    if (SERVER_WORKERS_MAX > 1) {
        count = count == 0 ? port_processors(server->port) : count;
        count = count < connections ? count : connections;
        count = count < SERVER_WORKERS_MAX ? count : SERVER_WORKERS_MAX;
        server->worker_count = count;
        server->places = (connections + count - 1) / count;
    }
}

/* Large pools: the system maps their pages when they are first touched. */
static bool open_pool(struct server *server, struct sotto_pool *pool,
                      size_t count, size_t size)
{
    void *memory = server_memory(server, sotto_pool_size(count, size));
    if (memory == NULL) {
        return no_memory("connections",
                         OPTION_ADVICE("; choose a smaller --max-connections"));
    }
    sotto_pool_init(pool, memory, count, size);
    return true;
}

static bool open_pools(struct server *server, struct worker *worker)
{
    const size_t conns = server->places;
    return open_pool(server, &worker->conns, conns, sizeof(struct conn)) &&
           open_pool(server, &worker->buffers, SERVER_BUFFERS(conns),
                     SOTTO_SESSION_BUFFER((size_t)SERVER_RECORD_LIMIT)) &&
           open_pool(server, &worker->logins, SERVER_LOGINS(conns),
                     sizeof(struct sotto_scram_server));
}

static bool open_worker(struct server *server, struct worker *worker,
                        uint8_t *ring)
{
    if (ring == NULL) {
        return no_memory("the room", "");
    }
    worker->server = server;
    worker->loop = server_has_threads(server) ? NULL : server->loop;
    worker->first = (size_t)(worker - server->workers) * server->places;
    worker->now_ms = port_now_ms(server->port);
    sotto_feed_init(&worker->feed, ring, SERVER_FEED_BYTES,
                    sotto_hub_next_number(server->hub));
    worker->session = (struct sotto_session_config){
        .link = {.takes_ik = SOTTO_DEVICES != 0,
                 .receive_limit = SERVER_RECORD_LIMIT,
                 .random = server->random,
                 .static_private = server->identity.private_key,
                 .static_public = server->identity.public_key},
        .buffers = &worker->buffers,
        .turns = &worker->turns,
        .logins = &worker->logins,
        .login_ms = (uint32_t)server->settings.login_ms,
        .idle_ms = (uint32_t)server->settings.idle_ms,
        .stall_ms = (uint32_t)server->settings.stall_ms,
        .hold_ms = SERVER_HOLD_MS,
        .rate = rate_of(&server->settings),
        .counts = SERVER_COUNTERS ? worker->counts + COUNT_SESSIONS : NULL,
        .window = SERVER_WINDOW};
    return open_pools(server, worker);
}

static bool no_threads(const struct server *server, enum sotto_err err)
{
    return fail(server, "cannot run several workers", err,
                OPTION_ADVICE("choose --workers 1"));
}

static bool open_room(struct server *server)
{
    uint8_t *ring = server_memory(server, SERVER_FEED_BYTES);
    if (ring == NULL) {
        return no_memory("the room", "");
    }
    if (!open_lobby(server, ring) || !open_hub(server) ||
        !open_worker(server, &server->workers[0], ring)) {
        return false;
    }
    for (size_t i = 1; server_has_threads(server) && i < server->worker_count;
         i++) {
        if (!open_worker(server, &server->workers[i],
                         server_memory(server, SERVER_FEED_BYTES))) {
            return false;
        }
    }
    if (server_has_threads(server)) {
        enum sotto_err err = threads_open(server);
        return err == SOTTO_OK || no_threads(server, err);
    }
    return true;
}

static bool start_workers(struct server *server)
{
    if (server_has_threads(server)) {
        enum sotto_err err = threads_start(server);
        return err == SOTTO_OK || no_threads(server, err);
    }
    return true;
}

static bool open_certificate(struct server *server)
{
    return !SYSTEM_HAS_OPTIONS || server->settings.cert == NULL ||
           server_certificate_open(server);
}

/* ---- listeners ---- */

static const char *listen_advice(enum sotto_err err)
{
    return err == SOTTO_ERR_BUSY
               ? "; another program does, stop it or choose another port with "
                 "--listen ADDR:PORT"
           : err == SOTTO_ERR_DENIED
               ? "; ports below 1024 need more rights, choose a higher one "
                 "with --listen ADDR:PORT"
           : err == SOTTO_ERR_NAME
               ? "; this machine does not have this address, leave --listen "
                 "out to use all that it has"
               : "";
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
        say("sotto server: cannot listen on ", text, ": ",
            port_last_error(server->port), " (", sotto_err_name(err), ")",
            OPTION_ADVICE(listen_advice(err)), "\n", NULL);
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

static bool listen_as_told(struct server *server, const char *where)
{
    struct port_address addresses[LISTEN_ADDRESS_MAX];
    const char *why = NULL;
    size_t count = 0;
    if (listen_address_parse(where, addresses, &count, &why) != SOTTO_OK) {
        say("sotto server: --listen ", where, " ", why, "\n", NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!listen_on(server, &addresses[i], count > 1)) {
            return false;
        }
    }
    return true;
}

static bool listen_everywhere(struct server *server)
{
    const struct port_address ipv6 = {.port = ADDRESS_PORT_DEFAULT};
    const struct port_address ipv4 = {.ip = {[10] = 0xff, [11] = 0xff},
                                      .port = ADDRESS_PORT_DEFAULT};
    return listen_on(server, &ipv6, true) && listen_on(server, &ipv4, true);
}

static bool open_listeners(struct server *server)
{
    const struct option_list *list = &server->settings.listen;
    if (!SYSTEM_HAS_OPTIONS || list->count == 0) {
        server->is_accepting = listen_everywhere(server);
        return server->is_accepting && server->listener_count > 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!listen_as_told(server, list->items[i])) {
            return false;
        }
    }
    server->is_accepting = true;
    return server->listener_count > 0;
}

static bool open_server(struct server *server)
{
    const size_t streams =
        (size_t)server->settings.max_connections + SERVER_LISTENERS_MAX + 2;
    count_workers(server);
    enum sotto_err err = port_loop_open(server->port, streams, &server->loop);
    if (err != SOTTO_OK) {
        return fail(server, "cannot wait for connections", err, "");
    }
    server->random = port_random(server->port);
    return open_files(server) && open_identity(server) &&
           open_accounts(server) && open_room(server) &&
           open_certificate(server) && server_load_codes(server) &&
           open_listeners(server) && start_workers(server);
}

static void announce(struct server *server)
{
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    char text[SOTTO_FINGERPRINT_TEXT];
    sotto_fingerprint_of_key(server->identity.public_key, fingerprint);
    sotto_fingerprint_text(fingerprint, text);
    log_event(&server->log, LOG_INFO, "server",
              server->identity.is_new ? "new_key" : "key",
              LOG_FIELDS(log_text("fingerprint", text)));
    log_event(
        &server->log, LOG_INFO, "server", "limits",
        LOG_FIELDS(log_number("connections", server->settings.max_connections),
                   log_number("memory_kib", server->memory_bytes / 1024)));
    log_event(&server->log, LOG_INFO, "server", "ready",
              LOG_FIELDS(log_text("data", server->settings.data)));
}

/* ---- from start to end ---- */

/* In the opposite order; what was not opened is NULL. */
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
    if (server_has_threads(server)) {
        threads_close(server);
    }
    if (server->loop != NULL) {
        port_loop_close(server->loop);
    }
    for (size_t i = 0; i < server->memory_count; i++) {
        system_memory_free(server->memory[i]);
    }
    if (SYSTEM_HAS_OPTIONS) {
        server_certificate_close(server);
    }
    identity_wipe(&server->identity);
}

int server_main(struct port *port, const struct server_settings *settings)
{
    struct server *server = system_memory(sizeof *server);
    if (server == NULL) {
        say("sotto server: no memory\n", NULL);
        return 1;
    }
    server->settings = *settings;
    server->port = port;
    server->log = (struct log){.threshold = (enum log_level)settings->log_level,
                               .with_time = !settings->no_time,
                               .ctx = port,
                               .sink = sink,
                               .now = log_now};
    const bool is_open = open_server(server);
    if (is_open) {
        announce(server);
        server_run(server);
        log_event(&server->log, LOG_INFO, "server", "stopped", LOG_NO_FIELDS);
    }
    close_server(server);
    system_memory_free(server);
    return is_open ? 0 : 1;
}
