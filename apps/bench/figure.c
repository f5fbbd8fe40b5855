#include "apps/bench/figure.h"

#include "core/base/assert.h"
#include <stdio.h>
#include <time.h>

double figure_now_ns(void)
{
    return (double)clock() * (1e9 / (double)CLOCKS_PER_SEC);
}

void figure_add(struct figure *figure, double ns, uint64_t count)
{
    SOTTO_ASSERT(figure->runs < FIGURE_RUNS && count > 0);
    figure->ns[figure->runs++] = ns / (double)count;
}

/* Puts `in` in order, the smallest first. */
static void sort(const double *in, size_t count, double *out)
{
    for (size_t next = 0; next < count; next++) {
        size_t at = next;
        while (at > 0 && out[at - 1] > in[next]) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = in[next];
    }
}

static double nth_ns(const struct figure *figure, size_t n)
{
    double sorted[FIGURE_RUNS];

    SOTTO_ASSERT(figure->runs > 0);
    sort(figure->ns, figure->runs, sorted);
    return sorted[n];
}

double figure_median_ns(const struct figure *figure)
{
    return nth_ns(figure, figure->runs / 2);
}

double figure_min_ns(const struct figure *figure)
{
    return nth_ns(figure, 0);
}

double figure_max_ns(const struct figure *figure)
{
    return nth_ns(figure, figure->runs - 1);
}

double figure_times(const struct figure *figure, const struct figure *bare)
{
    double times[FIGURE_RUNS];
    double sorted[FIGURE_RUNS];

    SOTTO_ASSERT(figure->runs > 0 && figure->runs == bare->runs);
    for (size_t at = 0; at < figure->runs; at++) {
        times[at] = figure->ns[at] / bare->ns[at];
    }
    sort(times, figure->runs, sorted);
    return sorted[figure->runs / 2];
}

double figure_per_s(const struct figure *figure)
{
    return 1e9 / figure_median_ns(figure);
}

double figure_mb_per_s(const struct figure *figure)
{
    return (double)figure->bytes * 1e3 / figure_median_ns(figure);
}

void figure_text(const struct figure *figure, double unit_ns, int digits,
                 char out[static FIGURE_TEXT])
{
    (void)snprintf(out, FIGURE_TEXT, "%.*f (%.*f-%.*f)", digits,
                   figure_median_ns(figure) / unit_ns, digits,
                   figure_min_ns(figure) / unit_ns, digits,
                   figure_max_ns(figure) / unit_ns);
}

static void print_name(const char *key, const char *value)
{
    if (value != NULL) {
        (void)printf(",\"%s\":\"%s\"", key, value);
    }
}

void figure_print_json(const struct figure *figure, const char *bench)
{
    (void)printf("{\"bench\":\"%s\",\"figure\":\"%s\"", bench, figure->name);
    print_name("suite", figure->suite);
    print_name("layer", figure->layer);
    if (figure->bytes > 0) {
        (void)printf(",\"bytes\":%zu", figure->bytes);
    }
    (void)printf(",\"ns\":%.1f,\"ns_min\":%.1f,\"ns_max\":%.1f",
                 figure_median_ns(figure), figure_min_ns(figure),
                 figure_max_ns(figure));
    (void)printf(",\"per_s\":%.1f", figure_per_s(figure));
    if (figure->bytes > 0) {
        (void)printf(",\"mb_per_s\":%.1f", figure_mb_per_s(figure));
    }
    (void)printf(",\"runs\":%zu}\n", figure->runs);
}
