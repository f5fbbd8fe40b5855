#include "apps/bench/load.h"

#include "core/base/secret.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_MS 60000U
#define LOG_MAX  65536
#define ARGS_MAX 48
#define TEXT_MAX 64
#define SPARE    64 /* files and connections beside those asked for */
#define PHASE_MS 600000U

/* ---- processors --------------------------------------------------------- */

static bool choose_cores(struct load *load)
{
    const struct load_settings *settings = &load->settings;
    const struct process_cores *all = &settings->cores;

    if (all->count >= 2) {
        load->server_cores =
            (struct process_cores){.at = {all->at[0]}, .count = 1};
        load->core =
            (struct process_cores){.at = {all->at[all->count - 1]}, .count = 1};
    }
    if (settings->server_cores != NULL) {
        (void)process_cores_parse(settings->server_cores, &load->server_cores);
    }
    if (settings->core != NULL) {
        (void)process_cores_parse(settings->core, &load->core);
    }
    return process_pin(&load->core) == SOTTO_OK ||
           load_fail(load, "cannot use the processors of --core", "");
}

/* ---- a server of our own ------------------------------------------------ */

struct command_line {
    const char *words[ARGS_MAX];
    char texts[8][TEXT_MAX];
    char program[PROCESS_PATH_MAX];
    char data[PROCESS_PATH_MAX];
    char log[PROCESS_PATH_MAX];
    size_t count;
    size_t text_count;
};

static void add(struct command_line *line, const char *word)
{
    if (line->count + 1 < ARGS_MAX) {
        line->words[line->count++] = word;
        line->words[line->count] = NULL;
    }
}

static void add_number(struct command_line *line, const char *name,
                       uint64_t value)
{
    char *text = line->texts[line->text_count++];

    (void)snprintf(text, TEXT_MAX, "%llu", (unsigned long long)value);
    add(line, name);
    add(line, text);
}

/* Joins folder and name; false when they are too long. */
static bool path_in(const char *folder, const char *name,
                    char out[static PROCESS_PATH_MAX])
{
    const int len = snprintf(out, PROCESS_PATH_MAX, "%s/%s", folder, name);
    return len > 0 && len < PROCESS_PATH_MAX;
}

static bool make_line(struct load *load, struct command_line *line,
                      size_t connections)
{
    static const char *const fixed[] = {
        "--listen",        "127.0.0.1:0", "--registration",  "open",
        "--idle-timeout",  "24h",         "--stall-timeout", "1h",
        "--login-timeout", "1h",          "--connect-rate",  "0",
        "--message-rate",  "0",           "--byte-rate",     "0",
        "--log-no-time"};
    const struct load_settings *settings = &load->settings;
    char folder[PROCESS_PATH_MAX];

    if (settings->program != NULL) {
        (void)snprintf(line->program, sizeof line->program, "%s",
                       settings->program);
    } else if (!process_program_folder(folder) ||
               !path_in(folder, "sotto", line->program)) {
        return false;
    }
    if (!path_in(load->folder, "data", line->data) ||
        !path_in(load->folder, "log", line->log)) {
        return false;
    }
    add(line, line->program);
    add(line, "server");
    add(line, "--data");
    add(line, line->data);
    for (size_t at = 0; at < sizeof fixed / sizeof *fixed; at++) {
        add(line, fixed[at]);
    }
    add_number(line, "--min-iterations", 1);
    /* Those that were cut may not be gone when they come again. */
    add_number(line, "--max-connections", 2 * connections + SPARE);
    add_number(line, "--max-half-open", 2 * connections + SPARE);
    add_number(line, "--max-accounts", connections + SPARE);
    add_number(line, "--register-tries", 3600000);
    add_number(line, "--login-tries", 60000);
    for (size_t at = 0; at < settings->server_options.count; at++) {
        add(line, settings->server_options.items[at]);
    }
    return true;
}

/* The file so far, as text. */
static void read_log(struct load *load, const char *path,
                     char out[static LOG_MAX])
{
    size_t len = 0;

    if (port_read_file(load->port, path, (uint8_t *)out, LOG_MAX - 1, &len) !=
        SOTTO_OK) {
        len = 0;
    }
    out[len] = 0;
}

/* Finds "listening address=127.0.0.1:PORT" and " ready ". */
static bool find_address(struct load *load, const char *log)
{
    static const char key[] = " listening address=127.0.0.1:";
    const char *at = strstr(log, key);

    if (at == NULL || strstr(log, " server ready ") == NULL) {
        return false;
    }
    load->tcp_port = (uint16_t)strtoul(at + sizeof key - 1, NULL, 10);
    (void)snprintf(load->host, sizeof load->host, "127.0.0.1");
    return true;
}

static bool wait_for_server(struct load *load, const char *log)
{
    static char text[LOG_MAX];
    const struct timespec pause = {.tv_nsec = 5000000};
    const uint64_t end_ms = port_now_ms(load->port) + START_MS;

    do {
        const bool runs = process_is_running(load->pid);
        read_log(load, log, text);
        if (find_address(load, text)) {
            return true;
        }
        if (!runs) {
            load->pid = 0;
            return load_fail(load, "the server did not start", text);
        }
        (void)nanosleep(&pause, NULL);
    } while (port_now_ms(load->port) < end_ms);
    return load_fail(load, "the server does not get ready", text);
}

static bool start_server(struct load *load, size_t connections)
{
    struct command_line line = {.count = 0};

    load->is_own = true;
    if (!process_folder_make(load->settings.data, load->folder)) {
        load->folder[0] = 0;
        return load_fail(load, "cannot make a folder",
                         load->settings.data != NULL ? load->settings.data
                                                     : "");
    }
    if (!make_line(load, &line, connections)) {
        return load_fail(load, "the name of a folder is too long", "");
    }
    if (process_start(line.words, line.log, &load->server_cores, &load->pid) !=
        SOTTO_OK) {
        load->pid = 0;
        return load_fail(load, "cannot start", line.program);
    }
    return wait_for_server(load, line.log);
}

/* ---- a server that runs ------------------------------------------------- */

static bool name_server(struct load *load)
{
    const char *server = load->settings.server;
    const char *colon = strrchr(server, ':');
    const size_t len = colon == NULL ? 0 : (size_t)(colon - server);
    const unsigned long number =
        colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);

    if (len == 0 || len >= sizeof load->host || number == 0 ||
        number > UINT16_MAX) {
        return load_fail(load, "--server is not HOST:PORT", server);
    }
    memcpy(load->host, server, len);
    load->host[len] = 0;
    load->tcp_port = (uint16_t)number;
    load->pid = (int)load->settings.pid;
    load->server_cores.count = 0;
    return true;
}

/* ---- opening ------------------------------------------------------------ */

static bool read_password(struct load *load)
{
    static const char own[] = "a password of sotto-bench";
    const char *file = load->settings.password_file;

    if (file == NULL) {
        memcpy(load->password, own, sizeof own - 1);
        load->password_len = sizeof own - 1;
        return true;
    }
    if (port_read_file(load->port, file, load->password, sizeof load->password,
                       &load->password_len) != SOTTO_OK) {
        return load_fail(load, file, port_last_error(load->port));
    }
    while (load->password_len > 0 &&
           (load->password[load->password_len - 1] == '\n' ||
            load->password[load->password_len - 1] == '\r')) {
        load->password_len--;
    }
    return load->password_len > 0 || load_fail(load, file, "is empty");
}

bool load_open(struct load *load, struct bench_call *call,
               const struct load_settings *settings, size_t connections)
{
    *load = (struct load){.call = call,
                          .settings = *settings,
                          .port = call->port,
                          .goal = LOAD_ROOM};
    load->random = port_random(load->port);
    if (process_files(2 * connections + SPARE) != SOTTO_OK) {
        return load_fail(load, "may not open so many files",
                         "raise the limit (ulimit -n)");
    }
    if (port_loop_open(load->port, connections + SPARE, &load->loop) !=
        SOTTO_OK) {
        return load_fail(load, "cannot wait for connections",
                         port_last_error(load->port));
    }
    if (!choose_cores(load) || !read_password(load)) {
        return false;
    }
    if (settings->server != NULL ? !name_server(load)
                                 : !start_server(load, connections)) {
        return false;
    }
    load_set_deadline(load, PHASE_MS);
    if (!load_conns_open(load, connections)) {
        return false;
    }
    for (size_t at = 0; at < connections; at++) {
        load->conns[at].is_registered = settings->no_register;
    }
    return true;
}

bool load_close(struct load *load)
{
    bool is_well = true;

    load_conns_close(load);
    if (load->is_own && load->pid != 0) {
        is_well = process_stop(load->pid);
    }
    if (load->folder[0] != 0) {
        process_folder_remove(load->folder);
    }
    if (load->loop != NULL) {
        port_loop_close(load->loop);
    }
    sotto_wipe(load->password, sizeof load->password);
    return is_well || load_fail(load, "the server did not end well", "");
}

static bool run_suite(struct bench_call *call,
                      const struct load_settings *settings,
                      const struct load_bench *bench, enum sotto_suite suite,
                      bool is_first)
{
    struct load *load = calloc(1, sizeof *load);

    if (load == NULL) {
        (void)bench_fail(call, "no memory");
        return false;
    }
    bool is_well =
        load_open(load, call, settings, bench->connections(settings));
    load->suite = suite;
    if (is_well && is_first) {
        load_print_about(load, bench->name);
    }
    is_well = is_well && bench->measure(load);
    (void)fflush(stdout);
    is_well = load_close(load) && is_well;
    if (!is_well) {
        (void)bench_fail(call, load->error);
    }
    free(load);
    return is_well;
}

int load_run(struct bench_call *call, struct load_settings *settings,
             const struct load_bench *bench)
{
    enum sotto_suite suites[3];
    int code = BENCH_EXIT_OK;

    if (!load_parse(call, settings, &code)) {
        return code;
    }
    process_cores_allowed(&settings->cores); /* before one is chosen */
    const size_t count = load_suites(settings, suites);
    for (size_t at = 0; at < count; at++) {
        if (!run_suite(call, settings, bench, suites[at], at == 0)) {
            return BENCH_EXIT_OTHER;
        }
    }
    return BENCH_EXIT_OK;
}
