/*
 * bench.h - what the subcommands of `sotto-bench` have in common.
 *
 * Each subcommand is a file of its own with a `struct bench`, and a line in
 * the table of main.c. It reads its options with bench_parse(), measures, and
 * reports by figure.h.
 */
#ifndef SOTTO_BENCH_BENCH_H
#define SOTTO_BENCH_BENCH_H

#include "apps/sotto/options.h"
#include "port/port.h"
#include <stdbool.h>

#define BENCH_EXIT_OK    0
#define BENCH_EXIT_OTHER 1 /* something failed, or did not check */
#define BENCH_EXIT_USAGE OPTIONS_EXIT_USAGE

/* One run of the program. */
struct bench_call {
    struct port *port;
    struct options options; /* the command is known, its arguments unread */
    int argc;
    char *const *argv;
    int at; /* of the command's own arguments */
};

struct bench {
    const struct command *command;
    int (*run)(struct bench_call *call); /* returns the exit code */
};

extern const struct bench bench_channel;
extern const struct bench bench_mls;
extern const struct bench bench_fanout;
extern const struct bench bench_latency;
extern const struct bench bench_login;
extern const struct bench bench_storm;
extern const struct bench bench_idle;

/*
 * Reads the subcommand's arguments into `values`, which holds the defaults.
 * False when there is nothing to run: help, the version or an error has been
 * printed, and `*code` is the exit code.
 */
bool bench_parse(struct bench_call *call, void *values, int *code);

/* Prints "sotto-bench channel: WHAT" on standard error; returns OTHER. */
int bench_fail(const struct bench_call *call, const char *what);

#endif
