#include "tests/unit/apps/options_table.h"
#include <string.h>

static const char *check_data(const char *value)
{
    return strchr(value, ' ') != NULL ? "holds a space" : NULL;
}

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};

#define AT(member) offsetof(struct test_values, member)

static const struct option server_options[] = {
    {.name = "listen",
     .value = "ADDR:PORT",
     .help = "Listen on this address and port, which stands here with a long "
             "explanation that needs a second line",
     .kind = OPTION_LIST,
     .offset = AT(listen)},
    {.name = "data",
     .value = "DIR",
     .help = "Keep everything in this folder",
     .kind = OPTION_TEXT,
     .offset = AT(data),
     .check = check_data},
    {.name = "config",
     .value = "FILE",
     .help = "Read settings",
     .kind = OPTION_TEXT,
     .offset = AT(config),
     .flags = OPTION_NOT_IN_FILE},
    {.name = "motd",
     .value = "TEXT",
     .help = "Only in the file",
     .kind = OPTION_TEXT,
     .offset = AT(motd),
     .flags = OPTION_ONLY_IN_FILE},
    {.name = "quiet",
     .help = "Say less",
     .kind = OPTION_FLAG,
     .offset = AT(quiet)},
    {.name = "max-connections",
     .value = "N",
     .help = "How many at once",
     .kind = OPTION_NUMBER,
     .offset = AT(connections),
     .min = 1,
     .max = 100},
    {.name = "port",
     .value = "PORT",
     .help = "A port",
     .kind = OPTION_PORT,
     .offset = AT(port)},
    {.name = "login-deadline",
     .value = "TIME",
     .help = "How long a login may take",
     .kind = OPTION_DURATION,
     .offset = AT(deadline_ms),
     .min = 1000,
     .max = 3600000},
    {.name = "memory",
     .value = "SIZE",
     .help = "How much",
     .kind = OPTION_SIZE,
     .offset = AT(memory),
     .min = 512,
     .max = UINT64_MAX},
    {.name = "log-level",
     .value = "LEVEL",
     .help = "What to log",
     .kind = OPTION_CHOICE,
     .offset = AT(level),
     .choices = levels},
    {.name = "secret-switch",
     .help = "Not shown",
     .kind = OPTION_FLAG,
     .offset = AT(quiet),
     .flags = OPTION_HIDDEN},
};

static const char *const server_examples[] = {"# on every address",
                                              "sotto server --listen '*:7688'",
                                              NULL};

static const struct command commands[] = {
    {.name = "server",
     .summary = "Run a chat server",
     .description = "Runs a server that listens for clients until it is "
                    "stopped, and keeps what was said.\n\nNothing else.",
     .options = server_options,
     .option_count = sizeof server_options / sizeof server_options[0],
     .examples = server_examples},
    {.name = "client",
     .summary = "Talk",
     .arguments = "HOST [ROOM]",
     .positional_min = 1,
     .positional_max = 2},
    {.name = "account list", .summary = "List the accounts"},
    {.name = "account remove",
     .summary = "Remove an account",
     .arguments = "NAME",
     .positional_min = 1,
     .positional_max = 1},
};

const struct program test_program = {
    .name = "sotto",
    .version = "1.2.3",
    .description = "A chat.",
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
    .footer = "Without a command: a menu.",
};

struct test_values test_defaults(void)
{
    struct test_values values;
    memset(&values, 0, sizeof values);
    values.data = "default";
    values.connections = 10;
    values.level = 2;
    return values;
}
