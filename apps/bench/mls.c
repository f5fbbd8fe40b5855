/*
 * mls.c - `sotto-bench mls`: what groups cost.
 *
 * Everything that happens to a group, at several sizes: how long it takes, how
 * many operations on the curve and how much hashing it is made of, how many of
 * those the RFC asks for, and what is left of the time beside them.
 */
#include "apps/bench/mls.h"
#include "apps/bench/bench.h"
#include <stdio.h>

/* ---- settings ----------------------------------------------------------- */

struct settings {
    uint64_t members; /* 0: all sizes */
    uint64_t seconds;
    bool json;
};

static const struct option options[] = {
    {.name = "members",
     .value = "N",
     .help = "How many members: a power of two from 2 to 1024. Default: 2, 16, "
             "64, 256 and 1024, one after the other",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, members),
     .min = 2,
     .max = MLS_MEMBERS_MAX},
    {.name = "seconds",
     .value = "S",
     .help = "About how long to measure in all, besides what large groups "
             "need to be made, and longer where one operation takes longer. "
             "Default: 60",
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
    "sotto-bench mls", "sotto-bench mls --members 16 --seconds 10",
    "sotto-bench mls --json", NULL};

static const struct command mls_command = {
    .name = "mls",
    .summary = "groups with shared keys (RFC 9420)",
    .description =
        "Measures MLS groups on one core: key packages, commits and who "
        "processes them, joining, messages of 100 bytes. Beside each time "
        "stands what of cryptography was done, how much of it RFC 9420 asks "
        "for, and what is left of the time. Everything that is measured is "
        "checked too.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .examples = examples,
};

/* ---- what is measured --------------------------------------------------- */

static const uint32_t sizes[] = {2, 16, 64, 256, 1024};
#define SIZES (sizeof sizes / sizeof sizes[0])

/* A size's results. */
struct group {
    uint32_t members;
    size_t memory; /* of a member's group */
    size_t saved;
    struct mls_result rows[MLS_ROWS];
};

struct mls {
    struct settings settings;
    struct figure primitives[MLS_PRIMITIVES];
    struct group group;
};

static const char *const primitive_names[MLS_PRIMITIVES] = {
    "key_pair", "agree", "sign", "verify", "hash", "byte_hashed"};

/* ---- tables ------------------------------------------------------------- */

static void print_heading(const struct mls *mls)
{
    const struct figure *of = mls->primitives;

    (void)printf("sotto-bench %s mls: one core, about %u s, %s\n"
                 "Medians of %d runs (smallest-largest); time is processor "
                 "time.\n\n"
                 "P-256, us: key pair %.0f, agreement %.0f, signature %.0f, "
                 "verification %.0f\nSHA-256, ns: %.0f, and %.2f a byte\n",
                 SOTTO_VERSION, (unsigned)mls->settings.seconds,
                 SOTTO_CRYPTO_NAME, FIGURE_RUNS,
                 figure_median_ns(&of[MLS_KEY_PAIR]) / 1e3,
                 figure_median_ns(&of[MLS_AGREE]) / 1e3,
                 figure_median_ns(&of[MLS_SIGN]) / 1e3,
                 figure_median_ns(&of[MLS_VERIFY]) / 1e3,
                 figure_median_ns(&of[MLS_HASH]),
                 figure_median_ns(&of[MLS_BYTE]));
    (void)fflush(stdout);
}

/* "9" when all of them were needed, otherwise "10/9". */
static void print_count(const struct mls_result *result, size_t at)
{
    char text[32];

    (void)snprintf(text, sizeof text,
                   result->done.of[at] == result->needed.of[at] ? "%u"
                                                                : "%u/%u",
                   (unsigned)result->done.of[at],
                   (unsigned)result->needed.of[at]);
    (void)printf("%6s", text);
}

static void print_row(const struct mls_result *result)
{
    char text[FIGURE_TEXT];

    figure_text(&result->time, 1e6, 2, text);
    (void)printf("%-14s %24s", result->time.name, text);
    for (size_t i = 0; i < MLS_CURVE; i++) {
        print_count(result, i);
    }
    (void)printf("%7u%8.1f%6.1f%%%8zu\n", (unsigned)result->done.of[MLS_HASH],
                 (double)result->done.of[MLS_BYTE] / 1e3,
                 100 * figure_median_ns(&result->beyond) /
                     figure_median_ns(&result->time),
                 result->bytes);
}

static void print_group(const struct group *group)
{
    (void)printf("\n%u members: %.1f KB a member, %.1f KB saved\n"
                 "%-14s %24s%6s%6s%6s%6s%7s%8s%7s%8s\n",
                 (unsigned)group->members, (double)group->memory / 1e3,
                 (double)group->saved / 1e3, "", "ms", "pair", "agree", "sign",
                 "verif", "hash", "KB", "beyond", "bytes");
    for (size_t i = 0; i < MLS_ROWS; i++) {
        if (group->rows[i].is_there) {
            print_row(&group->rows[i]);
        }
    }
    (void)fflush(stdout);
}

static void print_footing(void)
{
    (void)printf("\npair, agree, sign, verif: operations on the curve, "
                 "done/needed where that is not the\nsame; hash, KB: SHA-256, "
                 "and what it was given; beyond: the part of the time that "
                 "is\nneither; bytes: of the key package, commit, Welcome or "
                 "message.\n");
}

/* ---- JSON --------------------------------------------------------------- */

static void print_json_about(const struct mls *mls)
{
    (void)printf("{\"bench\":\"mls\",\"figure\":\"about\",\"version\":\"%s\","
                 "\"crypto\":\"%s\",\"seconds\":%u,"
                 "\"clock\":\"processor\"}\n",
                 SOTTO_VERSION, SOTTO_CRYPTO_NAME,
                 (unsigned)mls->settings.seconds);
    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        figure_print_json(&mls->primitives[i], mls_command.name);
    }
}

static void print_json_counts(const char *key, const struct mls_counts *counts,
                              size_t end)
{
    for (size_t i = 0; i < end; i++) {
        (void)printf(",\"%s_%s\":%llu", key, primitive_names[i],
                     (unsigned long long)counts->of[i]);
    }
}

static void print_json_group(const struct group *group)
{
    (void)printf("{\"bench\":\"mls\",\"figure\":\"state\",\"members\":%u,"
                 "\"memory\":%zu,\"saved\":%zu}\n",
                 (unsigned)group->members, group->memory, group->saved);
    for (size_t i = 0; i < MLS_ROWS; i++) {
        const struct mls_result *row = &group->rows[i];

        if (!row->is_there) {
            continue;
        }
        (void)printf("{\"bench\":\"mls\",\"figure\":\"%s\",\"members\":%u,"
                     "\"ns\":%.0f,\"ns_min\":%.0f,\"ns_max\":%.0f,"
                     "\"beyond_ns\":%.0f,\"runs\":%zu",
                     row->time.name, (unsigned)group->members,
                     figure_median_ns(&row->time), figure_min_ns(&row->time),
                     figure_max_ns(&row->time), figure_median_ns(&row->beyond),
                     row->time.runs);
        print_json_counts("done", &row->done, MLS_PRIMITIVES);
        print_json_counts("needed", &row->needed, MLS_CURVE);
        (void)printf(",\"bytes\":%zu}\n", row->bytes);
    }
}

/* ---- the subcommand ----------------------------------------------------- */

static bool measure(struct mls *mls, const struct sotto_random *random,
                    uint32_t members, double slice_ns)
{
    static struct mls_world world;
    struct group *group = &mls->group;
    bool ok = mls_world_init(&world, random, members) &&
              mls_measure_rows(&world, slice_ns, group->rows);

    group->members = members;
    group->memory = world.group_size;
    group->saved = world.saved.len;
    mls_world_free(&world);
    return ok;
}

static bool measure_primitives(struct mls *mls, double slice_ns)
{
    bool ok = true;

    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        mls->primitives[i] = (struct figure){.name = primitive_names[i]};
    }
    for (size_t run = 0; ok && run < FIGURE_RUNS; run++) {
        ok = mls_measure_primitives(slice_ns, mls->primitives);
    }
    return ok;
}

static bool run_sizes(struct mls *mls, const struct sotto_random *random)
{
    size_t count = mls->settings.members == 0 ? SIZES : 1;
    double slice_ns = (double)mls->settings.seconds * 1e9 /
                      (double)(2 * count * MLS_ROWS * FIGURE_RUNS);

    if (!measure_primitives(mls, slice_ns)) {
        return false;
    }
    if (mls->settings.json) {
        print_json_about(mls);
    } else {
        print_heading(mls);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t members =
            count == 1 ? (uint32_t)mls->settings.members : sizes[i];

        if (!measure(mls, random, members, slice_ns)) {
            return false;
        }
        if (mls->settings.json) {
            print_json_group(&mls->group);
        } else {
            print_group(&mls->group);
        }
    }
    return true;
}

static int run(struct bench_call *call)
{
    static struct mls mls;
    int code = BENCH_EXIT_OK;

    mls.settings.seconds = 60;
    if (!bench_parse(call, &mls.settings, &code)) {
        return code;
    }
    if ((mls.settings.members & (mls.settings.members - 1)) != 0) {
        (void)bench_fail(call, "--members takes a power of two");
        return BENCH_EXIT_USAGE;
    }
    const struct sotto_random random = port_random(call->port);
    if (!run_sizes(&mls, &random)) {
        return bench_fail(call, "a group does not do what it should");
    }
    if (!mls.settings.json) {
        print_footing();
    }
    return BENCH_EXIT_OK;
}

const struct bench bench_mls = {.command = &mls_command, .run = run};
