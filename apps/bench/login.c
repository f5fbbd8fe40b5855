/*
 * login.c - `sotto-bench login`, `storm` and `idle`: what it takes to come, to
 * come all at once, and to be there.
 */
#include "apps/bench/latency.h"
#include "apps/bench/load.h"
#include <stdio.h>

#define SETTLE_MS 1500U /* until buffers are given back */

/* ---- settings ----------------------------------------------------------- */

static const struct option login_options[] = {
    LOAD_NUMBER(logins, "N", "In each run. Default: 500", 1, 10000000),
    LOAD_NUMBER(parallel, "N", "Clients that do so at a time. Default: 1", 1,
                20000),
    {.name = "device",
     .help = "With the key of a device (IK), not with the password",
     .kind = OPTION_FLAG,
     .offset = LOAD_AT(device)},
};

static const struct option storm_options[] = {
    LOAD_NUMBER(connections, "N", "Clients. Default: 1000", 1, 20000),
};

static const struct command login_command = {
    .name = "login",
    .summary = "connections, handshakes, passwords or device keys",
    .description =
        "Measures complete logins: a TCP connection, the handshake (XX), "
        "SCRAM-SHA-256 with a password whose keys the client has kept, both "
        "sides' proofs, and the end of the connection. Nobody joins the room. "
        "With --device, the handshake that knows both keys (IK) is all that "
        "there is to prove.",
    .options = login_options,
    .option_count = sizeof login_options / sizeof *login_options,
};

static const struct command storm_command = {
    .name = "storm",
    .summary = "everybody is cut off, and comes back at once",
    .description =
        "Cuts all connections in the same moment and dials them all again. "
        "Measures how long it takes until each, and until the last one, is "
        "logged in, in the room, and has read what was said meanwhile.",
    .options = storm_options,
    .option_count = sizeof storm_options / sizeof *storm_options,
};

static const struct command idle_command = {
    .name = "idle",
    .summary = "the server's memory for those who are only there",
    .description =
        "Brings clients into the room and leaves them there. Measures by how "
        "much the memory in use of the server's process has grown since it "
        "was ready, for each of them. What the system itself keeps for a "
        "connection is not in it.",
    .options = storm_options,
    .option_count = sizeof storm_options / sizeof *storm_options,
};

/* ---- results ------------------------------------------------------------ */

/* Of login and storm. */
struct arrival {
    struct latency each;
    struct load_series cpu_ms; /* of the server, for each */
    struct load_series per_s;
    struct load_series all_ms; /* until the last one was there */
    struct load_series p50_ms;
    struct load_series p99_ms;
    struct load_series server_busy;
    struct load_series generator_busy;
};

static void add_run(struct arrival *arrival, const struct load_spent *spent,
                    uint64_t count)
{
    load_series_add(&arrival->per_s, (double)count / spent->seconds);
    load_series_add(&arrival->all_ms, spent->seconds * 1e3);
    load_series_add(&arrival->p50_ms, latency_ns(&arrival->each, 0.5) / 1e6);
    load_series_add(&arrival->p99_ms, latency_ns(&arrival->each, 0.99) / 1e6);
    load_series_add(&arrival->generator_busy, spent->generator_busy);
    if (spent->server_s >= 0) {
        load_series_add(&arrival->cpu_ms,
                        spent->server_s * 1e3 / (double)count);
        load_series_add(&arrival->server_busy, spent->server_busy);
    }
}

static void print_arrival(const struct load *load, const char *bench,
                          const char *what, uint64_t count,
                          const struct arrival *arrival)
{
    char cpu[LOAD_TEXT] = "unknown";
    char per_s[LOAD_TEXT];
    char all[LOAD_TEXT];
    const char *limit =
        load_limit(load_series_median(&arrival->server_busy),
                   load_series_median(&arrival->generator_busy));

    if (load->settings.json) {
        (void)printf("{\"bench\":\"%s\",\"figure\":\"%s\",\"suite\":\"%s\","
                     "\"%s\":%llu",
                     bench, bench, sotto_suite_name(load->suite), what,
                     (unsigned long long)count);
        load_json_series("per_s", &arrival->per_s);
        load_json_series("all_ms", &arrival->all_ms);
        load_json_series("p50_ms", &arrival->p50_ms);
        load_json_series("p99_ms", &arrival->p99_ms);
        if (arrival->cpu_ms.count > 0) {
            load_json_series("server_ms", &arrival->cpu_ms);
            load_json_series("server_busy", &arrival->server_busy);
        }
        load_json_series("generator_busy", &arrival->generator_busy);
        (void)printf(",\"limit\":\"%s\",\"runs\":%u}\n", limit,
                     (unsigned)load->settings.runs);
        return;
    }
    if (arrival->cpu_ms.count > 0) {
        load_series_text(&arrival->cpu_ms, 3, cpu);
    }
    load_series_text(&arrival->per_s, 0, per_s);
    load_series_text(&arrival->all_ms, 0, all);
    (void)printf("\n%s: %llu %s\n%22s%22s%22s%9s%9s\n%22s%22s%22s%9.2f%9.2f\n"
                 "Busy: server %.0f %%, load %.0f %%; the limit is %s.\n",
                 sotto_suite_name(load->suite), (unsigned long long)count, what,
                 "server ms each", "a second", "ms for all", "p50 ms", "p99 ms",
                 cpu, per_s, all, load_series_median(&arrival->p50_ms),
                 load_series_median(&arrival->p99_ms),
                 100 * load_series_median(&arrival->server_busy),
                 100 * load_series_median(&arrival->generator_busy), limit);
}

/* ---- login -------------------------------------------------------------- */

/* Ends those that are logged in; how many were. */
static uint64_t end_logins(struct load *load, struct arrival *arrival)
{
    uint64_t count = 0;

    for (size_t at = 0; load->ready > 0 && at < load->conn_count; at++) {
        struct load_conn *conn = &load->conns[at];
        if (conn->state == load->goal) {
            latency_add(&arrival->each, conn->ready_ns - conn->began_ns);
            load_cut(load, conn);
            count++;
        }
    }
    return count;
}

static bool dial_idle(struct load *load, uint64_t *left)
{
    for (size_t at = 0; *left > 0 && at < load->conn_count; at++) {
        if (load->conns[at].state != LOAD_IDLE) {
            continue;
        }
        (*left)--;
        if (!load_dial(load, &load->conns[at])) {
            return false;
        }
    }
    return true;
}

static bool log_in(struct load *load, struct arrival *arrival, uint64_t count)
{
    uint64_t left = count;
    uint64_t done = 0;

    while (done < count) {
        if (!dial_idle(load, &left) || !load_turn(load, 1000)) {
            return false;
        }
        done += end_logins(load, arrival);
    }
    return true;
}

static bool login_measure(struct load *load)
{
    struct arrival arrival = {.per_s.count = 0};
    struct load_use use;
    struct load_spent spent;
    const uint64_t logins = load->settings.logins;

    load->goal = load->settings.device ? LOAD_ENROLLED : LOAD_WELCOME;
    if (!log_in(load, &arrival, load->conn_count)) { /* registers */
        return false;
    }
    load->goal = LOAD_WELCOME;
    load->as_devices = load->settings.device;
    for (uint64_t run = 0; run < load->settings.runs; run++) {
        load_set_deadline(load, 60000 + 20 * logins);
        latency_clear(&arrival.each);
        load_use_begin(load, &use);
        if (!log_in(load, &arrival, logins)) {
            return false;
        }
        load_use_end(load, &use, &spent);
        add_run(&arrival, &spent, logins);
    }
    print_arrival(load, "login", load->as_devices ? "device_logins" : "logins",
                  logins, &arrival);
    return true;
}

static size_t login_connections(const struct load_settings *settings)
{
    return settings->parallel;
}

static int login_run(struct bench_call *call)
{
    static const struct load_bench bench = {"login", login_connections,
                                            login_measure};
    struct load_settings settings = {.logins = 500, .parallel = 1};
    return load_run(call, &settings, &bench);
}

const struct bench bench_login = {&login_command, login_run};

/* ---- storm -------------------------------------------------------------- */

static bool come_back(struct load *load, struct arrival *arrival)
{
    for (size_t at = 0; at < load->conn_count; at++) {
        load_cut(load, &load->conns[at]);
    }
    if (!load_join(load, 0, load->conn_count, load->conn_count)) {
        return false;
    }
    latency_clear(&arrival->each);
    for (size_t at = 0; at < load->conn_count; at++) {
        const struct load_conn *conn = &load->conns[at];
        latency_add(&arrival->each, conn->ready_ns - conn->began_ns);
    }
    return true;
}

static bool storm_measure(struct load *load)
{
    struct arrival arrival = {.per_s.count = 0};
    struct load_use use;
    struct load_spent spent;

    if (!load_join(load, 0, load->conn_count, 64)) {
        return false;
    }
    for (uint64_t run = 0; run < load->settings.runs; run++) {
        load_set_deadline(load, 120000);
        load_use_begin(load, &use);
        if (!come_back(load, &arrival)) {
            return false;
        }
        load_use_end(load, &use, &spent);
        add_run(&arrival, &spent, load->conn_count);
    }
    print_arrival(load, "storm", "connections", load->conn_count, &arrival);
    return true;
}

static size_t storm_connections(const struct load_settings *settings)
{
    return settings->connections;
}

static int storm_run(struct bench_call *call)
{
    static const struct load_bench bench = {"storm", storm_connections,
                                            storm_measure};
    struct load_settings settings = {.connections = 1000};
    return load_run(call, &settings, &bench);
}

const struct bench bench_storm = {&storm_command, storm_run};

/* ---- idle --------------------------------------------------------------- */

static bool settle(struct load *load)
{
    const uint64_t end_ms = port_now_ms(load->port) + SETTLE_MS;

    while (port_now_ms(load->port) < end_ms) {
        if (!load_turn(load, 50)) {
            return false;
        }
    }
    return true;
}

static void print_idle(const struct load *load, uint64_t before, uint64_t after)
{
    const double grown = after > before ? (double)(after - before) : 0;
    const double each = grown / (double)load->conn_count;

    if (load->settings.json) {
        (void)printf("{\"bench\":\"idle\",\"figure\":\"idle\",\"suite\":\"%s\","
                     "\"connections\":%zu,\"bytes_before\":%llu,"
                     "\"bytes_after\":%llu,\"bytes_each\":%.0f}\n",
                     sotto_suite_name(load->suite), load->conn_count,
                     (unsigned long long)before, (unsigned long long)after,
                     each);
        return;
    }
    (void)printf("\n%s: %zu connections, %.0f bytes each (%.1f MB when it was "
                 "ready, %.1f MB now)\n",
                 sotto_suite_name(load->suite), load->conn_count, each,
                 (double)before / 1e6, (double)after / 1e6);
}

static bool idle_measure(struct load *load)
{
    uint64_t before = 0;
    uint64_t after = 0;

    if (load->pid == 0 || !process_memory(load->pid, &before)) {
        return load_fail(load, "the server's memory cannot be looked at",
                         "name its process with --pid");
    }
    load_set_deadline(load, 600000);
    if (!load_join(load, 0, load->conn_count, 16) || !settle(load)) {
        return false;
    }
    if (!process_memory(load->pid, &after)) {
        return load_fail(load, "the server is gone", "");
    }
    print_idle(load, before, after);
    return true;
}

static int idle_run(struct bench_call *call)
{
    static const struct load_bench bench = {"idle", storm_connections,
                                            idle_measure};
    struct load_settings settings = {.connections = 1000, .runs = 1};
    return load_run(call, &settings, &bench);
}

const struct bench bench_idle = {&idle_command, idle_run};
