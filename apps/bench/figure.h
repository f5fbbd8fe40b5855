/*
 * figure.h - one measured number: the time of an operation, in several runs.
 *
 * A machine is never quiet. So everything is measured several times, the runs
 * of all figures taking turns, and a figure is the median of its runs, shown
 * with the smallest and the largest. What is counted is processor time of this
 * process: what others do meanwhile takes away cache and clock rate, but is
 * not counted as ours.
 */
#ifndef SOTTO_BENCH_FIGURE_H
#define SOTTO_BENCH_FIGURE_H

#include <stddef.h>
#include <stdint.h>

#define FIGURE_RUNS 9 /* odd, so that the median is one of them */

struct figure {
    const char *name;  /* "seal" */
    const char *suite; /* "AESGCM", or NULL */
    const char *layer; /* whose code was measured, or NULL */
    size_t bytes;      /* that one operation works on; 0: none to speak of */
    double ns[FIGURE_RUNS]; /* of one operation, run by run */
    size_t runs;
};

/* Processor time of this process since some start. */
double figure_now_ns(void);

/* Adds a run: `count` operations took `ns` in all. */
void figure_add(struct figure *figure, double ns, uint64_t count);

/* Of the runs so far, of which there is at least one. */
double figure_median_ns(const struct figure *figure);
double figure_min_ns(const struct figure *figure);
double figure_max_ns(const struct figure *figure);
double figure_per_s(const struct figure *figure);
/* Millions of bytes (10^6) a second. */
double figure_mb_per_s(const struct figure *figure);

/* How many times as long as `bare`: the median of the runs' quotients. The two
 * were measured side by side in each run, so that what disturbed one disturbed
 * the other. */
double figure_times(const struct figure *figure, const struct figure *bare);

/* "412 (405-440)": median, smallest and largest in units of `unit_ns`, with
 * `digits` behind the point. */
#define FIGURE_TEXT 64
void figure_text(const struct figure *figure, double unit_ns, int digits,
                 char out[static FIGURE_TEXT]);

/* Prints the figure as one JSON object and a newline; `bench` is the
 * subcommand. The keys are in README.md. */
void figure_print_json(const struct figure *figure, const char *bench);

#endif
