#include "apps/bench/bench.h"

#include <stdio.h>

bool bench_parse(struct bench_call *call, void *values, int *code)
{
    static char text[OPTIONS_HELP_MAX];
    struct textbuf out;

    textbuf_init(&out, text, sizeof text);
    *code = BENCH_EXIT_OK;
    switch (options_parse(&call->options, call->argc, call->argv, call->at,
                          values)) {
    case OPTIONS_RUN:
        return true;
    case OPTIONS_HELP:
        options_help(&call->options, &out);
        break;
    case OPTIONS_VERSION:
        options_version(&call->options, &out);
        break;
    case OPTIONS_ERROR:
        (void)fprintf(stderr, "%s\n", call->options.error);
        *code = BENCH_EXIT_USAGE;
        return false;
    }
    *code = fputs(text, stdout) < 0 ? BENCH_EXIT_OTHER : BENCH_EXIT_OK;
    return false;
}

int bench_fail(const struct bench_call *call, const char *what)
{
    (void)fprintf(stderr, "sotto-bench %s: %s\n", call->options.command->name,
                  what);
    return BENCH_EXIT_OTHER;
}
