/*
 * main.c - the program `sotto-bench`: measures Sotto, one subcommand for each
 * side of it. README.md says how to repeat and read each figure.
 */
#include "apps/bench/bench.h"
#include <stdio.h>

static const struct bench *const benches[] = {
    &bench_channel, &bench_mls,   &bench_fanout, &bench_latency,
    &bench_login,   &bench_storm, &bench_idle,
};
#define BENCHES (sizeof benches / sizeof benches[0])

static int print_help(const struct options *options)
{
    char text[OPTIONS_HELP_MAX];
    struct textbuf out;

    textbuf_init(&out, text, sizeof text);
    options_help(options, &out);
    return fputs(text, stdout) < 0 ? BENCH_EXIT_OTHER : BENCH_EXIT_OK;
}

static int print_version(const struct options *options)
{
    return printf("%s %s\n", options->program->name,
                  options->program->version) < 0
               ? BENCH_EXIT_OTHER
               : BENCH_EXIT_OK;
}

/* The command is one of `commands`, which stand in the order of `benches`. */
static int run(struct bench_call *call, const struct command *commands)
{
    const struct bench *bench = benches[call->options.command - commands];
    enum sotto_err err = port_open(&call->port);

    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "sotto-bench: cannot start: %s\n",
                      sotto_err_name(err));
        return BENCH_EXIT_OTHER;
    }
    int code = bench->run(call);
    port_close(call->port);
    return fflush(stdout) == 0 ? code : BENCH_EXIT_OTHER;
}

int main(int argc, char **argv)
{
    struct command commands[BENCHES];
    const struct program program = {
        .name = "sotto-bench",
        .version = SOTTO_VERSION " (" SOTTO_CRYPTO_NAME ")",
        .description = "Measures Sotto: how fast its parts are, and what they "
                       "add to what they are made of.",
        .commands = commands,
        .command_count = BENCHES,
    };
    struct bench_call call = {.argc = argc, .argv = argv};

    for (size_t at = 0; at < BENCHES; at++) {
        commands[at] = *benches[at]->command;
    }
    switch (options_command(&call.options, &program, argc, argv, &call.at)) {
    case OPTIONS_HELP:
        return print_help(&call.options);
    case OPTIONS_VERSION:
        return print_version(&call.options);
    case OPTIONS_ERROR:
        (void)fprintf(stderr, "%s\n", call.options.error);
        return BENCH_EXIT_USAGE;
    case OPTIONS_RUN:
        break;
    }
    if (call.options.command == NULL) {
        (void)fputs("sotto-bench: what is to be measured? See sotto-bench "
                    "--help\n",
                    stderr);
        return BENCH_EXIT_USAGE;
    }
    return run(&call, commands);
}
