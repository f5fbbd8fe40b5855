#include "apps/bench/load.h"

#include "core/base/assert.h"
#include <string.h>

static const char *const suite_choices[] = {"all", "a128cbchs256", "aesgcm",
                                            "chachapoly", NULL};

static const char *check_cores(const char *value)
{
    return process_cores_parse(value, NULL);
}

/* A prefix leaves room for a number. */
static const char *check_prefix(const char *value)
{
    const size_t len = strlen(value);
    return len + 6 > SOTTO_NAME_MAX || !sotto_name_valid(value, len)
               ? "is not the beginning of a name: a-z, 0-9, '.', '_' and '-', "
                 "up to 26"
               : NULL;
}

const struct option load_common[LOAD_COMMON_OPTIONS] = {
    {.name = "server",
     .value = "HOST:PORT",
     .help = "A server that runs already; it needs room and rates for what is "
             "asked of it. Default: one is started, and ended",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(server)},
    LOAD_NUMBER(pid, "PID",
                "The process of that server, when it is on this machine: its "
                "processor time and memory are then known",
                1, INT32_MAX),
    {.name = "prefix",
     .value = "NAME",
     .help = "Accounts are called NAME0, NAME1, and so on. Default: load",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(prefix),
     .check = check_prefix},
    {.name = "password-file",
     .value = "FILE",
     .help = "Holds the password of all of them",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(password_file)},
    {.name = "no-register",
     .help = "The accounts exist. Default: they are registered",
     .kind = OPTION_FLAG,
     .offset = LOAD_AT(no_register)},
    {.name = "program",
     .value = "FILE",
     .help = "The program sotto, for a server of our own. Default: the one "
             "beside this program",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(program)},
    {.name = "data",
     .value = "DIR",
     .help = "Where its data folder is made, which decides about the disk. "
             "Default: $TMPDIR or /tmp",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(data)},
    {.name = "server-option",
     .value = "OPTION",
     .help = "Another option for it, as --server-option=--workers=2; several "
             "times",
     .kind = OPTION_LIST,
     .offset = LOAD_AT(server_options)},
    {.name = "server-cores",
     .value = "LIST",
     .help = "Processors of a server of our own, as 0,2 or 0-3. Default: the "
             "first one, where there are two",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(server_cores),
     .check = check_cores},
    {.name = "core",
     .value = "LIST",
     .help = "Processors of the load. Default: the last one",
     .kind = OPTION_TEXT,
     .offset = LOAD_AT(core),
     .check = check_cores},
    {.name = "suite",
     .value = "NAME",
     .help = "The cipher suite that is dialled, or all of them one after the "
             "other. Default: a128cbchs256",
     .kind = OPTION_CHOICE,
     .offset = LOAD_AT(suite),
     .choices = suite_choices},
    LOAD_NUMBER(runs, "N",
                "How often to measure; the median is shown. Default: 5", 1,
                LOAD_RUNS_MAX),
    {.name = "json",
     .help = "One JSON object a line instead of a table",
     .kind = OPTION_FLAG,
     .offset = LOAD_AT(json)},
};

bool load_parse(struct bench_call *call, struct load_settings *settings,
                int *code)
{
    const struct command *command = call->options.command;
    struct option table[OPTIONS_MAX];
    struct command whole = *command;

    SOTTO_ASSERT(command->option_count + LOAD_COMMON_OPTIONS <= OPTIONS_MAX);
    memcpy(table, command->options, command->option_count * sizeof *table);
    memcpy(table + command->option_count, load_common, sizeof load_common);
    whole.options = table;
    whole.option_count = command->option_count + LOAD_COMMON_OPTIONS;
    settings->prefix = "load";
    settings->iterations = 1;
    settings->suite = 1;
    settings->runs = settings->runs == 0 ? 5 : settings->runs;
    call->options.command = &whole;
    const bool runs = bench_parse(call, settings, code);
    call->options.command = command;
    return runs;
}

size_t load_suites(const struct load_settings *settings,
                   enum sotto_suite suites[static 3])
{
    static const enum sotto_suite all[] = {SOTTO_SUITE_A128CBCHS256,
                                           SOTTO_SUITE_AESGCM,
                                           SOTTO_SUITE_CHACHAPOLY};
    if (settings->suite == 0) {
        memcpy(suites, all, sizeof all);
        return 3;
    }
    suites[0] = all[settings->suite - 1];
    return 1;
}
