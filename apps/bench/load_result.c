#include "apps/bench/load.h"

#include "core/base/assert.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL 0.95 /* busy from here on */

/* ---- figures in several runs -------------------------------------------- */

void load_series_add(struct load_series *series, double value)
{
    size_t at = series->count++;

    SOTTO_ASSERT(series->count <= LOAD_RUNS_MAX);
    while (at > 0 && series->at[at - 1] > value) { /* kept in order */
        series->at[at] = series->at[at - 1];
        at--;
    }
    series->at[at] = value;
}

double load_series_median(const struct load_series *series)
{
    return series->count == 0 ? 0 : series->at[series->count / 2];
}

double load_series_min(const struct load_series *series)
{
    return series->count == 0 ? 0 : series->at[0];
}

double load_series_max(const struct load_series *series)
{
    return series->count == 0 ? 0 : series->at[series->count - 1];
}

void load_json_series(const char *name, const struct load_series *series)
{
    (void)printf(",\"%s\":%.4f,\"%s_min\":%.4f,\"%s_max\":%.4f", name,
                 load_series_median(series), name, load_series_min(series),
                 name, load_series_max(series));
}

void load_series_text(const struct load_series *series, int digits,
                      char out[static LOAD_TEXT])
{
    (void)snprintf(out, LOAD_TEXT, "%.*f (%.*f-%.*f)", digits,
                   load_series_median(series), digits, load_series_min(series),
                   digits, load_series_max(series));
}

/* ---- what was used ------------------------------------------------------ */

void load_use_begin(struct load *load, struct load_use *use)
{
    const bool has_own = process_use(0, &use->own);

    SOTTO_ASSERT(has_own);
    use->has_server = load->pid != 0 && process_use(load->pid, &use->server);
    use->at_ns = port_now_ns(load->port);
}

static double busy(const struct process_use *before,
                   const struct process_use *after, double seconds,
                   size_t cores)
{
    const uint64_t ns =
        after->cpu_ns - before->cpu_ns + (after->wait_ns - before->wait_ns);
    const double share =
        (double)ns / 1e9 / seconds / (cores == 0 ? 1 : (double)cores);
    return share < 1 ? share : 1; /* several threads may wait at a time */
}

void load_use_end(struct load *load, const struct load_use *use,
                  struct load_spent *spent)
{
    struct load_use end;

    load_use_begin(load, &end);
    *spent = (struct load_spent){.server_s = -1};
    spent->seconds = (double)(end.at_ns - use->at_ns) / 1e9;
    spent->generator_busy =
        busy(&use->own, &end.own, spent->seconds, load->core.count);
    if (!use->has_server || !end.has_server) {
        return;
    }
    const uint64_t ns = end.server.cpu_ns - use->server.cpu_ns;
    const uint64_t kernel_ns = end.server.kernel_ns - use->server.kernel_ns;
    spent->server_s = (double)ns / 1e9;
    spent->server_kernel = ns == 0 ? 0 : (double)kernel_ns / (double)ns;
    spent->server_busy = busy(&use->server, &end.server, spent->seconds,
                              load->server_cores.count);
}

const char *load_limit(double server_busy, double generator_busy)
{
    return server_busy >= FULL      ? "server"
           : generator_busy >= FULL ? "generator"
                                    : "neither";
}

/* ---- headings ----------------------------------------------------------- */

static void cores_text(const struct process_cores *cores, char *out, size_t cap)
{
    size_t len = 0;

    (void)snprintf(out, cap, "any");
    for (size_t at = 0; at < cores->count && len < cap; at++) {
        const int put = snprintf(out + len, cap - len, "%s%u",
                                 at == 0 ? "" : ",", (unsigned)cores->at[at]);
        len += put > 0 ? (size_t)put : 0;
    }
}

void load_print_about(const struct load *load, const char *bench)
{
    char server[256];
    char own[256];

    cores_text(&load->server_cores, server, sizeof server);
    cores_text(&load->core, own, sizeof own);
    if (load->settings.json) {
        (void)printf("{\"bench\":\"%s\",\"figure\":\"about\",\"version\":"
                     "\"%s\",\"crypto\":\"%s\",\"own_server\":%s,"
                     "\"server_cores\":\"%s\",\"core\":\"%s\","
                     "\"runs\":%u}\n",
                     bench, SOTTO_VERSION, SOTTO_CRYPTO_NAME,
                     load->is_own ? "true" : "false", server, own,
                     (unsigned)load->settings.runs);
        return;
    }
    (void)printf(
        "sotto-bench %s (%s) %s: server %s on processor %s, load on %s%s\n"
        "Medians of %u runs (smallest-largest).\n",
        SOTTO_VERSION, SOTTO_CRYPTO_NAME, bench,
        load->is_own ? "of our own" : load->host,
        load->is_own ? server : "unknown", own,
        load->is_own && load->server_cores.count == 0
            ? " (not pinned: there is only one)"
            : "",
        (unsigned)load->settings.runs);
    if (load->pid == 0) {
        (void)printf("The server's processor time is not known: name its "
                     "process with --pid.\n");
    }
}
