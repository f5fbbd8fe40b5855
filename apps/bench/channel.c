/*
 * channel.c - `sotto-bench channel`: what the encrypted channel costs.
 *
 * Handshakes (XX), and records sealed and opened by each suite, beside the
 * primitives that they are made of.
 */
#include "apps/bench/channel.h"
#include "apps/bench/bench.h"
#include <stdio.h>
#include <string.h>

/* ---- settings ----------------------------------------------------------- */

struct settings {
    unsigned suite; /* which of suite_choices */
    uint64_t seconds;
    bool json;
};

static const char *const suite_choices[] = {"all", "a128cbchs256", "aesgcm",
                                            "chachapoly", NULL};

static const struct option options[] = {
    {.name = "suite",
     .value = "NAME",
     .help = "Which cipher suite to measure. Default: all",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct settings, suite),
     .choices = suite_choices},
    {.name = "seconds",
     .value = "S",
     .help = "About how long to measure in all. Default: 20",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, seconds),
     .min = 1,
     .max = 3600},
    {.name = "json",
     .help = "One JSON object a line instead of tables",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct settings, json)},
};

static const char *const examples[] = {
    "sotto-bench channel", "sotto-bench channel --suite aesgcm --seconds 5",
    "sotto-bench channel --json", NULL};

static const struct command channel_command = {
    .name = "channel",
    .summary = "handshakes, and records sealed and opened",
    .description =
        "Measures the encrypted channel on one core: XX handshakes with both "
        "sides in this process, and sealing and opening of records of 64, 1024 "
        "and 16384 bytes, beside the bare primitives of the crypto library. "
        "Everything that is measured is checked too.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .examples = examples,
};

/* ---- what is measured --------------------------------------------------- */

#define SUITES       3
#define SIZES        3
#define COMBINATIONS ((size_t)SIZES * LAYERS)
#define LAYERS       3

static const enum sotto_suite suites[SUITES] = {SOTTO_SUITE_A128CBCHS256,
                                                SOTTO_SUITE_AESGCM,
                                                SOTTO_SUITE_CHACHAPOLY};
static const size_t sizes[SIZES] = {64, 1024, CHANNEL_BODY_MAX};
static const struct channel_layer *const layers[LAYERS] = {
    &channel_layer_bare, &channel_layer_cipher, &channel_layer_link};

struct suite_figures {
    struct figure handshakes[CHANNEL_SIDES];
    struct channel_record records[SIZES][LAYERS];
};

struct channel {
    struct settings settings;
    struct channel_world world;
    struct channel_work work;
    double slice_ns; /* for one of the things that a run measures */
    struct suite_figures suites[SUITES];
    struct figure x25519[2];
    struct figure pbkdf2[2];
};

static bool is_chosen(const struct channel *channel, size_t suite)
{
    return channel->settings.suite == 0 || channel->settings.suite == suite + 1;
}

static void name_figures(struct channel *channel)
{
    static const char *const sides[CHANNEL_SIDES] = {"handshake",
                                                     "handshake_client",
                                                     "handshake_server"};
    static const char *const keys[2] = {"core", SOTTO_CRYPTO_NAME};

    for (size_t s = 0; s < SUITES; s++) {
        const char *suite = sotto_suite_name(suites[s]);
        for (size_t at = 0; at < CHANNEL_SIDES; at++) {
            channel->suites[s].handshakes[at] =
                (struct figure){.name = sides[at],
                                .suite = suite,
                                .layer = "link"};
        }
        for (size_t at = 0; at < COMBINATIONS; at++) {
            struct figure figure = {.suite = suite,
                                    .layer = layers[at % LAYERS]->name,
                                    .bytes = sizes[at / LAYERS]};
            struct channel_record *record =
                &channel->suites[s].records[at / LAYERS][at % LAYERS];
            figure.name = "seal";
            record->seal = figure;
            figure.name = "open";
            record->open = figure;
        }
    }
    for (size_t at = 0; at < 2; at++) {
        channel->x25519[at] =
            (struct figure){.name = "x25519", .layer = keys[at]};
        channel->pbkdf2[at] =
            (struct figure){.name = "pbkdf2_round", .layer = keys[at]};
    }
}

/* ---- measuring ---------------------------------------------------------- */

static bool check_suite(struct channel *channel, size_t s)
{
    for (size_t at = 0; at < COMBINATIONS; at++) {
        channel_work_init(&channel->work, suites[s], &channel->world,
                          sizes[at / LAYERS]);
        if (!channel_check_layer(&channel->work, layers[at % LAYERS])) {
            return false;
        }
    }
    return true;
}

static bool run_suite(struct channel *channel, size_t s)
{
    struct suite_figures *figures = &channel->suites[s];

    if (!channel_measure_handshakes(suites[s], &channel->world,
                                    channel->slice_ns, figures->handshakes)) {
        return false;
    }
    for (size_t at = 0; at < SIZES; at++) {
        channel_work_init(&channel->work, suites[s], &channel->world,
                          sizes[at]);
        if (!channel_measure_records(&channel->work, layers, LAYERS,
                                     LAYERS * channel->slice_ns,
                                     figures->records[at])) {
            return false;
        }
    }
    return true;
}

static bool run_once(struct channel *channel)
{
    for (size_t s = 0; s < SUITES; s++) {
        if (is_chosen(channel, s) && !run_suite(channel, s)) {
            return false;
        }
    }
    return channel_measure_x25519(&channel->world, 2 * channel->slice_ns,
                                  channel->x25519) &&
           channel_measure_pbkdf2(2 * channel->slice_ns, channel->pbkdf2);
}

static bool check_all(struct channel *channel)
{
    bool ok = channel_check_pbkdf2();

    for (size_t s = 0; ok && s < SUITES; s++) {
        ok = !is_chosen(channel, s) || check_suite(channel, s);
    }
    return ok;
}

/* The time is shared out evenly. */
static void set_slice(struct channel *channel)
{
    size_t count = 4; /* X25519 and PBKDF2, two ways each */

    for (size_t s = 0; s < SUITES; s++) {
        count += is_chosen(channel, s) ? COMBINATIONS + 1 : 0;
    }
    channel->slice_ns =
        (double)channel->settings.seconds * 1e9 / (double)(count * FIGURE_RUNS);
}

/* ---- the report --------------------------------------------------------- */

static void print_heading(const struct channel *channel)
{
    (void)printf("sotto-bench %s channel: one core, about %u s, %s\n"
                 "Medians of %d runs (smallest-largest); time is processor "
                 "time.\n",
                 SOTTO_VERSION, (unsigned)channel->settings.seconds,
                 SOTTO_CRYPTO_NAME, FIGURE_RUNS);
    (void)fflush(stdout);
}

static void print_handshakes(const struct channel *channel)
{
    (void)printf("\n%-14s%14s%22s%22s%8s\n", "Handshakes XX", "both sides/s",
                 "client us", "server us", "server");
    for (size_t s = 0; s < SUITES; s++) {
        const struct figure *sides = channel->suites[s].handshakes;
        char client[FIGURE_TEXT];
        char server[FIGURE_TEXT];
        if (!is_chosen(channel, s)) {
            continue;
        }
        figure_text(&sides[CHANNEL_CLIENT], 1e3, 0, client);
        figure_text(&sides[CHANNEL_SERVER], 1e3, 0, server);
        (void)printf("%-14s%14.0f%22s%22s%7.0f%%\n", sides[0].suite,
                     figure_per_s(&sides[CHANNEL_BOTH]), client, server,
                     100 * figure_median_ns(&sides[CHANNEL_SERVER]) /
                         figure_median_ns(&sides[CHANNEL_BOTH]));
    }
}

static void print_keys(const struct channel *channel)
{
    char text[2][FIGURE_TEXT];

    (void)printf("\n%-28s%26s%26s\n", "Keys", "core", SOTTO_CRYPTO_NAME);
    for (size_t at = 0; at < 2; at++) {
        figure_text(&channel->x25519[at], 1e3, 1, text[at]);
    }
    (void)printf("%-28s%26s%26s\n", "X25519 us (8 a handshake)", text[0],
                 text[1]);
    for (size_t at = 0; at < 2; at++) {
        figure_text(&channel->pbkdf2[at], 1, 0, text[at]);
    }
    (void)printf("%-28s%26s%26s\n", "PBKDF2 ns a round", text[0], text[1]);
    (void)printf("%-28s%26.0f%26.0f\n", "PBKDF2 rounds/s",
                 figure_per_s(&channel->pbkdf2[0]),
                 figure_per_s(&channel->pbkdf2[1]));
}

/* "   470 (460-510)   136 1.14": the last is how many times the bare one. */
static void print_operation(const struct figure *figure,
                            const struct figure *bare)
{
    char text[FIGURE_TEXT];

    figure_text(figure, 1, 0, text);
    (void)printf("%22s%6.0f%5.2f", text, figure_mb_per_s(figure),
                 figure_times(figure, bare));
}

static void print_records(const struct channel *channel, size_t s)
{
    (void)printf("\n%-13s%22s%6s%5s%22s%6s%5s\n", sotto_suite_name(suites[s]),
                 "seal ns", "MB/s", "x", "open ns", "MB/s", "x");
    for (size_t at = 0; at < COMBINATIONS; at++) {
        const struct channel_record *size =
            channel->suites[s].records[at / LAYERS];
        const struct channel_record *record = &size[at % LAYERS];
        char bytes[16] = "";
        if (at % LAYERS == 0) {
            (void)snprintf(bytes, sizeof bytes, "%zu", sizes[at / LAYERS]);
        }
        (void)printf("%5s %-7s", bytes, layers[at % LAYERS]->name);
        print_operation(&record->seal, &size[0].seal);
        print_operation(&record->open, &size[0].open);
        (void)printf("\n");
    }
}

static void print_tables(const struct channel *channel)
{
    print_handshakes(channel);
    print_keys(channel);
    for (size_t s = 0; s < SUITES; s++) {
        if (is_chosen(channel, s)) {
            print_records(channel, s);
        }
    }
    (void)printf("\nlink: a record as it travels; cipher: the Noise cipher "
                 "alone; %s: the bare\nprimitives on the same bytes; "
                 "x: how many times as long as %s.\n",
                 SOTTO_CRYPTO_NAME, SOTTO_CRYPTO_NAME);
}

static void print_json(const struct channel *channel)
{
    const char *name = channel_command.name;

    (void)printf("{\"bench\":\"%s\",\"figure\":\"about\",\"version\":\"%s\","
                 "\"crypto\":\"%s\",\"seconds\":%u,\"clock\":\"processor\"}\n",
                 name, SOTTO_VERSION, SOTTO_CRYPTO_NAME,
                 (unsigned)channel->settings.seconds);
    for (size_t s = 0; s < SUITES; s++) {
        const struct suite_figures *figures = &channel->suites[s];
        for (size_t at = 0; is_chosen(channel, s) && at < CHANNEL_SIDES; at++) {
            figure_print_json(&figures->handshakes[at], name);
        }
        for (size_t at = 0; is_chosen(channel, s) && at < COMBINATIONS; at++) {
            const struct channel_record *record =
                &figures->records[at / LAYERS][at % LAYERS];
            figure_print_json(&record->seal, name);
            figure_print_json(&record->open, name);
        }
    }
    for (size_t at = 0; at < 2; at++) {
        figure_print_json(&channel->x25519[at], name);
        figure_print_json(&channel->pbkdf2[at], name);
    }
}

/* ---- the subcommand ----------------------------------------------------- */

static int run(struct bench_call *call)
{
    static struct channel channel;
    int code = BENCH_EXIT_OK;

    channel.settings.seconds = 20;
    if (!bench_parse(call, &channel.settings, &code)) {
        return code;
    }
    const struct sotto_random random = port_random(call->port);
    name_figures(&channel);
    set_slice(&channel);
    if (!channel.settings.json) {
        print_heading(&channel);
    }
    if (!channel_world_init(&channel.world, &random) || !check_all(&channel)) {
        return bench_fail(call, "the channel does not give what it should");
    }
    for (size_t at = 0; at < FIGURE_RUNS; at++) {
        if (!run_once(&channel)) {
            return bench_fail(call, "what was measured came out wrong");
        }
    }
    if (channel.settings.json) {
        print_json(&channel);
    } else {
        print_tables(&channel);
    }
    return BENCH_EXIT_OK;
}

const struct bench bench_channel = {.command = &channel_command, .run = run};
