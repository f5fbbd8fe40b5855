#include "apps/sotto/account.h"

#include "apps/sotto/account_inner.h"
#include "apps/sotto/textbuf.h"
#include "core/auth/scram.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOP_STREAMS 2 /* the console */

/* ---- the command line --------------------------------------------------- */

#define AT(member) offsetof(struct account_settings, member)

#define DATA_OPTION                                                            \
    {                                                                          \
        .name = "data", .value = "DIR",                                        \
        .help = "The server's folder. Default: $XDG_DATA_HOME/sotto/server.",  \
        .kind = OPTION_TEXT, .offset = AT(data)                                \
    }
#define YES_OPTION                                                             \
    {                                                                          \
        .name = "yes", .help = "Do not ask whether it is meant.",              \
        .kind = OPTION_FLAG, .offset = AT(yes)                                 \
    }

static const struct option list_options[] = {
    DATA_OPTION,
    {.name = "json",
     .help = "One JSON object a line: name, state (enabled or disabled), "
             "created (absent where unknown), iterations; below it those of "
             "its devices: account, device, state (device or expected).",
     .kind = OPTION_FLAG,
     .offset = AT(json)},
};

static const struct option plain_options[] = {DATA_OPTION};

static const struct option asking_options[] = {DATA_OPTION, YES_OPTION};

static const struct option reset_options[] = {
    DATA_OPTION,
    {.name = "password-file",
     .value = "FILE",
     .help = "Read the new password from the first line of a file instead of "
             "asking.",
     .kind = OPTION_TEXT,
     .offset = AT(password_file)},
    {.name = "iterations",
     .value = "N",
     .help = "Rounds of key derivation.",
     .kind = OPTION_NUMBER,
     .offset = AT(iterations),
     .flags = OPTION_HIDDEN,
     .min = 1,
     .max = SOTTO_SCRAM_ITERATIONS_MAX},
};

static const char *const remove_examples[] = {
    "sotto account remove mallory", "sotto account remove mallory --yes", NULL};
static const char *const reset_examples[] = {
    "sotto account reset alice",
    "sotto account reset alice --password-file FILE", NULL};

#define OPTIONS(table)                                                         \
    .options = (table), .option_count = sizeof(table) / sizeof *(table)
#define ONE_NAME .arguments = "NAME", .positional_min = 1, .positional_max = 1

const struct command account_commands[] = {
    {.name = "account list",
     .summary = "show the accounts of a server that is down",
     .description =
         "Shows the accounts of a server, which must be stopped: "
         "name, whether it may log in, since when it exists, and "
         "the rounds of its key derivation; below it its devices, and "
         "when they were last seen, or until when their code counts.",
     OPTIONS(list_options)},
    {.name = "account disable",
     .summary = "let an account not log in any more",
     .description = "Disables an account of a server, which must be stopped: "
                    "it cannot log in, and its name stays taken.",
     OPTIONS(plain_options),
     ONE_NAME},
    {.name = "account enable",
     .summary = "let a disabled account log in again",
     .description = "Enables an account that was disabled. The server must be "
                    "stopped.",
     OPTIONS(plain_options),
     ONE_NAME},
    {.name = "account remove",
     .summary = "remove an account for good",
     .description = "Removes an account of a server, which must be stopped. "
                    "Anybody who may register can take its name afterwards; to "
                    "keep the name taken, disable the account instead.",
     OPTIONS(asking_options),
     ONE_NAME,
     .examples = remove_examples},
    {.name = "account reset",
     .summary = "give an account a new password",
     .description = "Sets a new password, asked for twice on a terminal and "
                    "read from standard input otherwise. The server must be "
                    "stopped. It never learns the password: what is kept only "
                    "serves to check it.",
     OPTIONS(reset_options),
     ONE_NAME,
     .examples = reset_examples},
    {.name = "account revoke",
     .summary = "shut out one device of an account, or all",
     .description = "Revokes a device, which can no longer log in without the "
                    "password, or takes its code back before it was used; "
                    "without DEVICE, all of the account. The server must be "
                    "stopped; a client does the same with /revoke while it "
                    "runs.",
     OPTIONS(plain_options),
     .arguments = "NAME [DEVICE]",
     .positional_min = 1,
     .positional_max = 2},
    {.name = "account repair",
     .summary = "set damaged lines of the credential file aside",
     .description = "Shows what is damaged in the credential file and what "
                    "that can mean, asks, and puts a file with the intact "
                    "lines in its place; the damaged ones are kept in "
                    "credentials.damaged.",
     OPTIONS(asking_options)},
};
const size_t account_command_count =
    sizeof account_commands / sizeof *account_commands;

/* In the order of the table. */
static int (*const runs[])(struct account_app *app) = {
    account_list,  account_disable, account_enable, account_remove,
    account_reset, account_revoke,  account_repair};

void account_defaults(struct account_settings *settings)
{
    *settings =
        (struct account_settings){.iterations = SOTTO_SCRAM_ITERATIONS_HOST};
}

/* Where the command stands in the table; behind it when it does not. */
static size_t place_of(const struct command *command)
{
    size_t at = 0;

    while (at < account_command_count &&
           strcmp(account_commands[at].name, command->name) != 0) {
        at++;
    }
    return at;
}

bool account_is_command(const struct command *command)
{
    return place_of(command) < account_command_count;
}

/* ---- saying what is wrong ----------------------------------------------- */

int account_fail(const struct account_app *app, ...)
{
    char line[2 * PATH_TEXT_MAX];
    struct textbuf text;
    va_list pieces;
    const char *piece;

    textbuf_init(&text, line, sizeof line);
    va_start(pieces, app);
    while ((piece = va_arg(pieces, const char *)) != NULL) {
        textbuf_add(&text, piece);
    }
    va_end(pieces);
    (void)fflush(stdout);
    (void)fprintf(stderr, "sotto %s: %s\n", app->options->command->name, line);
    return ACCOUNT_EXIT_OTHER;
}

bool account_flush(void)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

int account_refused(const struct account_app *app, enum sotto_err err)
{
    if (err == SOTTO_ERR_FULL) {
        return account_fail(app, "nothing was changed: the disk is full", NULL);
    }
    return account_fail(app,
                        "nothing was changed: ", port_last_error(app->port),
                        " (", sotto_err_name(err), ")", NULL);
}

/* ---- the folder --------------------------------------------------------- */

static int open_failed(const struct account_app *app, enum sotto_err err)
{
    if (err == SOTTO_ERR_BUSY) {
        return account_fail(app,
                            "a server or another 'sotto account' is using ",
                            app->folder, "; stop it first", NULL);
    }
    if (err == SOTTO_ERR_UNSUPPORTED) {
        return account_fail(app, "cannot know whether a server is using ",
                            app->folder, ": ", port_last_error(app->port),
                            NULL);
    }
    return account_fail(app, "cannot open ", app->folder, ": ",
                        port_last_error(app->port), NULL);
}

static int set_folder(struct account_app *app)
{
    struct textbuf text;

    app->folder = app->settings->data;
    if (app->folder == NULL) {
        if (path_of_data("server", app->default_folder) != SOTTO_OK) {
            return account_fail(app,
                                "no home folder; say where the server's data "
                                "are with --data DIR",
                                NULL);
        }
        app->folder = app->default_folder;
    }
    textbuf_init(&text, app->file, sizeof app->file);
    textbuf_add_all(&text, app->folder, "/", SOTTO_ACCOUNTS_FILE, NULL);
    return text.cut ? account_fail(app, "the folder's name is too long", NULL)
                    : ACCOUNT_EXIT_OK;
}

/* Opening a folder makes it. One that holds no accounts was more likely
 * misspelled than meant, so a look comes first. */
static int look_for_file(const struct account_app *app)
{
    uint8_t byte = 0;
    size_t len = 0;
    enum sotto_err err = port_read_file(app->port, app->file, &byte, 1, &len);

    switch (err) {
    case SOTTO_ERR_NOT_FOUND:
        return account_fail(app, "there is no ", app->file,
                            ": no server has kept accounts in this folder; "
                            "name another with --data DIR",
                            NULL);
    case SOTTO_OK:
    case SOTTO_ERR_LIMIT:       /* longer than that: as it should be */
    case SOTTO_ERR_UNSUPPORTED: /* cannot look */
        return ACCOUNT_EXIT_OK;
    default:
        return account_fail(app, "cannot read ", app->file, ": ",
                            port_last_error(app->port), NULL);
    }
}

/* ---- the accounts ------------------------------------------------------- */

/* The shortest line of an account; a file cannot hold more accounts than it
 * has room for. */
#define LINE_LEN_MIN 128

static enum sotto_err count_room(const struct account_app *app, size_t *count)
{
    const struct sotto_files *files = &app->files;
    uint64_t len = 0;
    int file = 0;
    enum sotto_err err = files->open(files->ctx, SOTTO_ACCOUNTS_FILE, 0, &file);

    if (err != SOTTO_OK) {
        return err;
    }
    err = files->size(files->ctx, file, &len);
    files->close(files->ctx, file);
    *count = (size_t)(len / LINE_LEN_MIN) + 1;
    return err;
}

enum sotto_err account_open(struct account_app *app)
{
    size_t lines = 0;
    enum sotto_err err = count_room(app, &lines);
    const struct sotto_accounts_capacity room = {lines, lines};

    if (err != SOTTO_OK) {
        return err;
    }
    app->memory = malloc(sotto_accounts_size(room));
    if (app->memory == NULL) {
        return SOTTO_ERR_SPACE;
    }
    err = sotto_accounts_open(&app->accounts, app->memory, room, &app->files,
                              &app->random, &app->report);
    if (err != SOTTO_OK) {
        free(app->memory);
        app->memory = NULL;
    }
    return err;
}

/* One turn of the loop: the port completes what was started. */
static void take_turn(const struct account_app *app)
{
    struct port_event event;
    size_t count = 0;

    if (!sotto_accounts_run(app->accounts)) {
        port_wait(app->loop, 1000, &event, 1, &count);
    }
}

static bool has_failed(const struct account_app *app)
{
    enum sotto_err failed = SOTTO_OK;

    (void)sotto_accounts_durable(app->accounts, &failed);
    return failed != SOTTO_OK;
}

void account_close(struct account_app *app)
{
    if (app->accounts != NULL) {
        while (!sotto_accounts_is_idle(app->accounts) && !has_failed(app)) {
            take_turn(app);
        }
        sotto_accounts_close(app->accounts);
        app->accounts = NULL;
    }
}

int account_need(struct account_app *app)
{
    char line[21];
    enum sotto_err err = account_open(app);

    if (err == SOTTO_OK) {
        if (app->report.torn_tail) {
            (void)account_fail(app, "note: an unfinished last line of ",
                               app->file,
                               " was dropped; it was never acknowledged", NULL);
        }
        return ACCOUNT_EXIT_OK;
    }
    if (err == SOTTO_ERR_FORMAT) {
        (void)sotto_decimal_encode(app->report.line, line);
        return account_fail(app, app->file, " is damaged at line ", line, ": ",
                            app->report.reason,
                            "; 'sotto account repair' shows what that means "
                            "and sets it aside",
                            NULL);
    }
    return account_fail(app, "cannot read ", app->file, ": ",
                        err == SOTTO_ERR_SPACE ? "not enough memory"
                                               : port_last_error(app->port),
                        " (", sotto_err_name(err), ")", NULL);
}

int account_finish(struct account_app *app, uint64_t ticket)
{
    while (sotto_accounts_durable(app->accounts, NULL) < ticket) {
        if (has_failed(app)) {
            return account_fail(app,
                                "the change may be lost: writing to the disk "
                                "failed",
                                NULL);
        }
        take_turn(app);
    }
    return ACCOUNT_EXIT_OK;
}

/* ---- running ------------------------------------------------------------ */

/* With the folder locked. */
static int run_in_folder(struct account_app *app)
{
    enum sotto_err err = path_open(app->loop, app->folder, true, &app->files);

    if (err != SOTTO_OK) {
        return open_failed(app, err);
    }
    int code = runs[place_of(app->options->command)](app);
    account_close(app);
    port_files_close(&app->files); /* what was pending is done now */
    free(app->memory);
    return account_flush()
               ? code
               : account_fail(app, "the output could not be written", NULL);
}

int account_main(struct port *port, const struct options *options,
                 const struct account_settings *settings)
{
    struct account_app app = {.port = port,
                              .options = options,
                              .settings = settings,
                              .random = port_random(port)};
    int code = set_folder(&app);

    if (code == ACCOUNT_EXIT_OK) {
        code = look_for_file(&app);
    }
    if (code != ACCOUNT_EXIT_OK) {
        return code;
    }
    if (port_loop_open(port, LOOP_STREAMS, &app.loop) != SOTTO_OK) {
        return account_fail(&app, "cannot start: ", port_last_error(port),
                            NULL);
    }
    code = run_in_folder(&app);
    port_loop_close(app.loop);
    return code;
}
