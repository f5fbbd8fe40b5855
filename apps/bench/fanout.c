/*
 * fanout.c - `sotto-bench fanout`: messages from few to many, as fast as they
 * go.
 *
 * A closed loop: each sender keeps `window` messages under way. A message is
 * under way from when it is posted until the last receiver has it.
 */
#include "apps/bench/traffic.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings ----------------------------------------------------------- */

static const struct option options[] = {
    LOAD_NUMBER(senders, "N", "Clients that post. Default: 1", 1,
                TRAFFIC_SENDERS),
    LOAD_NUMBER(receivers, "N",
                "Clients that only receive, and whose deliveries are counted. "
                "Default: 100",
                1, 20000),
    LOAD_NUMBER(window, "N",
                "Messages that each sender has under way. Default: 64", 1,
                4096),
    LOAD_NUMBER(size, "BYTES", "Of a message's text. Default: 64",
                TRAFFIC_SIZE_MIN, SOTTO_MAX_TEXT),
    LOAD_NUMBER(seconds, "S", "Of each run. Default: 3", 1, 3600),
    {.name = "spin",
     .help = "The load never sleeps: otherwise a server on the same machine is "
             "charged for waking it. Whether it is the limit is then unknown",
     .kind = OPTION_FLAG,
     .offset = LOAD_AT(spin)},
};

static const char *const examples[] = {
    "sotto-bench fanout",
    "sotto-bench fanout --senders 4 --suite all",
    "sotto-bench fanout --receivers 1000 --runs 9 --json",
    "sotto-bench fanout --window 1 --spin",
    "sotto-bench fanout --server chat.example:7688 --seconds 10",
    NULL};

static const struct command fanout_command = {
    .name = "fanout",
    .summary = "messages from few to many, as fast as they go",
    .description =
        "Measures how fast a server hands messages out, and what of processor "
        "time that takes. Each sender keeps so many messages under way; one "
        "is under way until every receiver has it. Every delivery is opened, "
        "and checked for its text and its place. Says when the load is itself "
        "the limit.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .examples = examples,
};

/* ---- measuring ---------------------------------------------------------- */

struct fanout {
    struct load *load;
    struct traffic traffic;
    struct load_series per_s;  /* thousands of deliveries */
    struct load_series cpu;    /* server s per million deliveries */
    struct load_series kernel; /* share of that in the system */
    struct load_series p50_us;
    struct load_series p99_us;
    struct load_series server_busy;
    struct load_series generator_busy;
};

/* Each sender posts as much as its window lets it. */
static bool post_all(struct load *load, struct traffic *traffic)
{
    for (size_t at = 0; at < traffic->senders; at++) {
        if (!traffic_post(traffic, &traffic->of[at], traffic->window,
                          port_now_ns(load->port))) {
            return false;
        }
    }
    return true;
}

/* For so long, and until more was delivered than was under way at its start: if
 * the machine had no time for us, there are no figures before that. */
static bool pump(struct fanout *fanout, uint64_t ns)
{
    struct load *load = fanout->load;
    const struct traffic *traffic = &fanout->traffic;
    const uint64_t expected = traffic->posted * traffic->receivers;
    const uint64_t end_ns = port_now_ns(load->port) + ns;
    const uint32_t wait_ms = load->settings.spin ? 0 : 1000;

    do {
        if (!post_all(load, &fanout->traffic) || !load_turn(load, wait_ms)) {
            return false;
        }
    } while (load->now_ns < end_ns || traffic->deliveries <= expected);
    return true;
}

static bool measure_run(struct fanout *fanout)
{
    struct load *load = fanout->load;
    struct traffic *traffic = &fanout->traffic;
    struct load_use use;
    struct load_spent spent;

    traffic_clear(traffic);
    const uint64_t before = traffic->deliveries;
    load_use_begin(load, &use);
    if (!pump(fanout, load->settings.seconds * 1000000000U)) {
        return false;
    }
    load_use_end(load, &use, &spent);
    const double count = (double)(traffic->deliveries - before);
    load_series_add(&fanout->per_s, count / spent.seconds / 1e3);
    load_series_add(&fanout->p50_us, latency_ns(&traffic->each, 0.5) / 1e3);
    load_series_add(&fanout->p99_us, latency_ns(&traffic->each, 0.99) / 1e3);
    load_series_add(&fanout->generator_busy, spent.generator_busy);
    if (spent.server_s >= 0) {
        load_series_add(&fanout->cpu, spent.server_s * 1e6 / count);
        load_series_add(&fanout->kernel, spent.server_kernel);
        load_series_add(&fanout->server_busy, spent.server_busy);
    }
    return true;
}

static bool measure(struct fanout *fanout)
{
    struct load *load = fanout->load;
    const struct load_settings *s = &load->settings;

    if (!load_join(load, 0, load->conn_count, 64) ||
        !traffic_open(&fanout->traffic, load, s->senders, s->receivers,
                      s->window, s->size)) {
        return false;
    }
    load_set_deadline(load, (s->runs * s->seconds + 60) * 1000);
    if (!pump(fanout, 500000000U)) { /* warms up */
        return false;
    }
    for (uint64_t run = 0; run < s->runs; run++) {
        if (!measure_run(fanout)) {
            return false;
        }
    }
    return traffic_finish(&fanout->traffic);
}

/* ---- results ------------------------------------------------------------ */

static const char *limit_of(const struct fanout *fanout)
{
    const char *limit = load_limit(load_series_median(&fanout->server_busy),
                                   load_series_median(&fanout->generator_busy));
    const bool spins = fanout->load->settings.spin; /* and never waits */
    return spins && strcmp(limit, "server") != 0 ? "unknown" : limit;
}

static void print_json(const struct fanout *fanout)
{
    const struct load_settings *s = &fanout->load->settings;
    const struct traffic *traffic = &fanout->traffic;

    (void)printf("{\"bench\":\"fanout\",\"figure\":\"fanout\",\"suite\":\"%s\","
                 "\"senders\":%u,\"receivers\":%u,\"window\":%u,\"bytes\":%u,"
                 "\"spin\":%s",
                 sotto_suite_name(fanout->load->suite), (unsigned)s->senders,
                 (unsigned)s->receivers, (unsigned)s->window, (unsigned)s->size,
                 s->spin ? "true" : "false");
    load_json_series("kilo_deliveries_per_s", &fanout->per_s);
    if (fanout->cpu.count > 0) {
        load_json_series("server_s_per_million", &fanout->cpu);
        load_json_series("server_kernel", &fanout->kernel);
        load_json_series("server_busy", &fanout->server_busy);
    }
    load_json_series("p50_us", &fanout->p50_us);
    load_json_series("p99_us", &fanout->p99_us);
    load_json_series("generator_busy", &fanout->generator_busy);
    (void)printf(",\"limit\":\"%s\",\"posted\":%llu,\"acked\":%llu,"
                 "\"delivered\":%llu,\"runs\":%u}\n",
                 limit_of(fanout), (unsigned long long)traffic->posted,
                 (unsigned long long)traffic->acked,
                 (unsigned long long)traffic->deliveries, (unsigned)s->runs);
}

static void print_table(const struct fanout *fanout)
{
    const struct load_settings *s = &fanout->load->settings;
    char per_s[LOAD_TEXT];
    char cpu[LOAD_TEXT] = "unknown";

    load_series_text(&fanout->per_s, 0, per_s);
    if (fanout->cpu.count > 0) {
        load_series_text(&fanout->cpu, 3, cpu);
    }
    (void)printf("\n%s: %u senders, %u receivers, %u under way each, %u bytes\n"
                 "%26s%26s%9s%9s\n%26s%26s%9.0f%9.0f\n",
                 sotto_suite_name(fanout->load->suite), (unsigned)s->senders,
                 (unsigned)s->receivers, (unsigned)s->window, (unsigned)s->size,
                 "k deliveries/s", "server s per million", "p50 us", "p99 us",
                 per_s, cpu, load_series_median(&fanout->p50_us),
                 load_series_median(&fanout->p99_us));
    (void)printf("%llu posted, all acknowledged; %llu delivered, all in "
                 "order. Busy: server %.0f %% (%.0f %% of it in the system), "
                 "load %.0f %%; the limit is %s.\n",
                 (unsigned long long)fanout->traffic.posted,
                 (unsigned long long)fanout->traffic.deliveries,
                 100 * load_series_median(&fanout->server_busy),
                 100 * load_series_median(&fanout->kernel),
                 100 * load_series_median(&fanout->generator_busy),
                 limit_of(fanout));
}

static size_t connections(const struct load_settings *settings)
{
    return settings->senders + settings->receivers;
}

static bool fanout_measure(struct load *load)
{
    struct fanout *fanout = calloc(1, sizeof *fanout);

    if (fanout == NULL) {
        return load_fail(load, "no memory", "");
    }
    fanout->load = load;
    const bool is_well = measure(fanout);
    if (is_well && load->settings.json) {
        print_json(fanout);
    } else if (is_well) {
        print_table(fanout);
    }
    traffic_close(&fanout->traffic);
    free(fanout);
    return is_well;
}

static int fanout_run(struct bench_call *call)
{
    static const struct load_bench bench = {"fanout", connections,
                                            fanout_measure};
    struct load_settings settings = {
        .senders = 1, .receivers = 100, .window = 64, .size = 64, .seconds = 3};
    return load_run(call, &settings, &bench);
}

const struct bench bench_fanout = {&fanout_command, fanout_run};
