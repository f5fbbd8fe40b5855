/*
 * pace.c - `sotto-bench latency`: how long a message takes, at a rate that is
 * given.
 *
 * An open loop: messages are posted when it is their time, whatever became of
 * those before, and their time is counted from when they were due.
 */
#include "apps/bench/traffic.h"
#include <stdio.h>
#include <stdlib.h>

#define WINDOW 4096 /* this many messages late, the server cannot keep up */

/* ---- settings ----------------------------------------------------------- */

static const struct option options[] = {
    LOAD_NUMBER(rate, "N", "Messages a second. Default: 200", 1, 1000000),
    LOAD_NUMBER(receivers, "N",
                "Clients that each message goes to. Default: 100", 1, 20000),
    LOAD_NUMBER(size, "BYTES", "Of a message's text. Default: 64",
                TRAFFIC_SIZE_MIN, SOTTO_MAX_TEXT),
    LOAD_NUMBER(seconds, "S", "Of each run. Default: 5", 1, 3600),
};

static const char *const examples[] = {
    "sotto-bench latency", "sotto-bench latency --rate 1000 --receivers 10",
    "# without a disk: what does it cost to wait for one?",
    "sotto-bench latency --data /dev/shm", NULL};

static const struct command latency_command = {
    .name = "latency",
    .summary = "how long messages take, at a rate that is given",
    .description =
        "Posts so many messages a second and measures how long they take to "
        "each receiver and to the last one, and how long the sender waits for "
        "the acknowledgement, which says that the message is on the disk. "
        "Counts from when a message was due, so that what is late counts as "
        "late. Keeps its processor busy all the time.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .examples = examples,
};

/* ---- measuring ---------------------------------------------------------- */

enum row {
    EACH,
    LAST,
    ACK
};
#define ROWS 3

static const char *const names[ROWS] = {"each", "last", "ack"};
static const char *const texts[ROWS] = {"to each receiver", "to the last one",
                                        "acknowledged"};

struct pace {
    struct load *load;
    struct traffic traffic;
    struct load_series p50_us[ROWS];
    struct load_series p99_us[ROWS];
};

static bool post_due(struct pace *pace, uint64_t *due_ns, uint64_t step_ns)
{
    struct traffic *traffic = &pace->traffic;
    struct traffic_sender *sender = &traffic->of[0];

    while (*due_ns <= port_now_ns(pace->load->port) &&
           load_can_post(sender->conn)) {
        if (sender->next - sender->finished == traffic->window) {
            return load_fail(pace->load, "the server cannot keep up", "");
        }
        if (!traffic_post(traffic, sender, 1, *due_ns)) {
            return false;
        }
        *due_ns += step_ns;
    }
    return true;
}

static bool pump(struct pace *pace, uint64_t ns)
{
    struct load *load = pace->load;
    const uint64_t step_ns = 1000000000U / load->settings.rate;
    uint64_t due_ns = port_now_ns(load->port);
    const uint64_t end_ns = due_ns + ns;

    do {
        if (!post_due(pace, &due_ns, step_ns) || !load_turn(load, 0)) {
            return false;
        }
    } while (load->now_ns < end_ns);
    return traffic_finish(&pace->traffic);
}

static bool measure_run(struct pace *pace)
{
    struct traffic *traffic = &pace->traffic;
    const struct latency *rows[ROWS] = {&traffic->each, &traffic->last,
                                        &traffic->ack};

    traffic_clear(traffic);
    if (!pump(pace, pace->load->settings.seconds * 1000000000U)) {
        return false;
    }
    for (size_t row = 0; row < ROWS; row++) {
        load_series_add(&pace->p50_us[row], latency_ns(rows[row], 0.5) / 1e3);
        load_series_add(&pace->p99_us[row], latency_ns(rows[row], 0.99) / 1e3);
    }
    return true;
}

static bool measure(struct pace *pace)
{
    struct load *load = pace->load;
    const struct load_settings *s = &load->settings;

    if (!load_join(load, 0, load->conn_count, 64) ||
        !traffic_open(&pace->traffic, load, 1, s->receivers, WINDOW, s->size)) {
        return false;
    }
    load_set_deadline(load, (s->runs * s->seconds + 60) * 1000);
    if (!pump(pace, 500000000U)) { /* warms up */
        return false;
    }
    for (uint64_t run = 0; run < s->runs; run++) {
        if (!measure_run(pace)) {
            return false;
        }
    }
    return true;
}

/* ---- results ------------------------------------------------------------ */

static void print_json(const struct pace *pace)
{
    const struct load_settings *s = &pace->load->settings;
    char name[32];

    (void)printf("{\"bench\":\"latency\",\"figure\":\"latency\","
                 "\"suite\":\"%s\",\"rate\":%u,\"receivers\":%u,\"bytes\":%u",
                 sotto_suite_name(pace->load->suite), (unsigned)s->rate,
                 (unsigned)s->receivers, (unsigned)s->size);
    for (size_t row = 0; row < ROWS; row++) {
        (void)snprintf(name, sizeof name, "%s_p50_us", names[row]);
        load_json_series(name, &pace->p50_us[row]);
        (void)snprintf(name, sizeof name, "%s_p99_us", names[row]);
        load_json_series(name, &pace->p99_us[row]);
    }
    (void)printf(",\"posted\":%llu,\"acked\":%llu,\"delivered\":%llu,"
                 "\"runs\":%u}\n",
                 (unsigned long long)pace->traffic.posted,
                 (unsigned long long)pace->traffic.acked,
                 (unsigned long long)pace->traffic.deliveries,
                 (unsigned)s->runs);
}

static void print_table(const struct pace *pace)
{
    const struct load_settings *s = &pace->load->settings;

    (void)printf("\n%s: %u messages/s, %u receivers, %u bytes\n%-18s%26s%26s\n",
                 sotto_suite_name(pace->load->suite), (unsigned)s->rate,
                 (unsigned)s->receivers, (unsigned)s->size, "", "p50 us",
                 "p99 us");
    for (size_t row = 0; row < ROWS; row++) {
        char p50[LOAD_TEXT];
        char p99[LOAD_TEXT];
        load_series_text(&pace->p50_us[row], 0, p50);
        load_series_text(&pace->p99_us[row], 0, p99);
        (void)printf("%-18s%26s%26s\n", texts[row], p50, p99);
    }
}

static size_t connections(const struct load_settings *settings)
{
    return 1 + settings->receivers;
}

static bool pace_measure(struct load *load)
{
    struct pace *pace = calloc(1, sizeof *pace);

    if (pace == NULL) {
        return load_fail(load, "no memory", "");
    }
    pace->load = load;
    const bool is_well = measure(pace);
    if (is_well && load->settings.json) {
        print_json(pace);
    } else if (is_well) {
        print_table(pace);
    }
    traffic_close(&pace->traffic);
    free(pace);
    return is_well;
}

static int pace_run(struct bench_call *call)
{
    static const struct load_bench bench = {"latency", connections,
                                            pace_measure};
    struct load_settings settings = {.rate = 200,
                                     .receivers = 100,
                                     .size = 64,
                                     .seconds = 5};
    return load_run(call, &settings, &bench);
}

const struct bench bench_latency = {&latency_command, pace_run};
