/*
 * main.c - the program `sotto`: which command it is, and the menu for those who
 * name none.
 */
#include "apps/sotto/account.h"
#include "apps/sotto/cert.h"
#include "apps/sotto/client.h"
#include "apps/sotto/console.h"
#include "apps/sotto/menu.h"
#include "apps/sotto/options.h"
#include "apps/sotto/server.h"
#include "core/base/assert.h"
#include "core/base/version.h"
#include "port/port.h"
#include <stdio.h>

#define COMMANDS_MAX   16
#define CLIENT_STREAMS 4

/* ---- client and menu: a loop and a console ---- */

static int fail(struct port *port, const char *what, enum sotto_err err)
{
    (void)fprintf(stderr, "sotto: %s: %s (%s)\n", what, port_last_error(port),
                  sotto_err_name(err));
    return CLIENT_EXIT_OTHER;
}

static int open_console(struct port *port, bool is_plain,
                        struct port_loop **loop, struct console *console)
{
    enum sotto_err err = port_loop_open(port, CLIENT_STREAMS, loop);
    if (err != SOTTO_OK) {
        return fail(port, "cannot wait for input", err);
    }
    err = console_open(console, port, *loop, console, is_plain);
    if (err != SOTTO_OK) {
        port_loop_close(*loop);
        return fail(port, "cannot use the console", err);
    }
    return CLIENT_EXIT_OK;
}

static void close_console(struct port_loop *loop, struct console *console)
{
    console_close(console);
    port_loop_close(loop);
}

static int run_client(struct port *port, const struct options *options,
                      const struct client_settings *settings)
{
    static struct console console;
    static struct menu menu;
    struct port_loop *loop = NULL;
    int code = open_console(port, settings->json, &loop, &console);
    if (code == CLIENT_EXIT_OK) {
        const char *server =
            options->positional_count > 0 ? options->positional[0] : NULL;
        code = client_main(port, loop, &console, server, settings, &menu);
        close_console(loop, &console);
    }
    return code;
}

static int run_ready_server(struct port *port, struct options *options,
                            struct server_settings *settings)
{
    if (!server_settings_ready(port, options, settings)) {
        return OPTIONS_EXIT_USAGE;
    }
    if (settings->check_config) {
        return puts("ok") < 0 || fflush(stdout) != 0;
    }
    return server_main(port, settings);
}

static int run_server(struct port *port, const struct program *program)
{
    static char name[] = "sotto";
    static char command[] = "server";
    char *const argv[] = {name, command, NULL};
    struct options options;
    struct server_settings settings;
    int at = 0;
    server_defaults(&settings);
    if (options_command(&options, program, 2, argv, &at) != OPTIONS_RUN ||
        options_parse(&options, 2, argv, at, &settings) != OPTIONS_RUN) {
        return OPTIONS_EXIT_USAGE;
    }
    return run_ready_server(port, &options, &settings);
}

static int run_menu(struct port *port, const struct program *program)
{
    static struct console console;
    static struct menu menu;
    struct port_loop *loop = NULL;
    struct client_settings settings;
    int code = open_console(port, false, &loop, &console);
    if (code != CLIENT_EXIT_OK) {
        return code;
    }
    if (console_shows_secrets(&console)) {
        close_console(loop, &console);
        (void)fputs("sotto: " CLIENT_NO_QUESTIONS "\n", stderr);
        return CLIENT_EXIT_USAGE;
    }
    menu_init(&menu);
    const enum menu_result result = client_ask(&console, &menu);
    const bool is_server = result == MENU_DONE && menu.choice.is_server;
    if (result == MENU_UNANSWERED) {
        code = CLIENT_EXIT_USAGE;
    }
    if (result == MENU_DONE && !is_server) {
        client_defaults(&settings);
        code = client_main(port, loop, &console, NULL, &settings, &menu);
    }
    menu_wipe(&menu);
    close_console(loop, &console);
    return is_server ? run_server(port, program) : code;
}

/* ---- the command line ---- */

static int run_command(struct port *port, struct options *options, int argc,
                       char **argv, int at)
{
    struct server_settings server;
    struct client_settings client;
    struct account_settings account;
    struct cert_settings cert;
    const bool is_server = options->command->name == server_command.name;
    const bool is_account = account_is_command(options->command);
    const bool is_cert = cert_is_command(options->command);
    server_defaults(&server);
    client_defaults(&client);
    account_defaults(&account);
    cert_defaults(&cert);
    void *values = is_server    ? (void *)&server
                   : is_account ? (void *)&account
                   : is_cert    ? (void *)&cert
                                : (void *)&client;
    const enum options_result result =
        options_parse(options, argc, argv, at, values);
    if (result != OPTIONS_RUN) {
        return -(int)result;
    }
    return is_server    ? run_ready_server(port, options, &server)
           : is_account ? account_main(port, options, &account)
           : is_cert    ? cert_main(port, options, &cert)
                        : run_client(port, options, &client);
}

/* Says what was asked for instead of running something. */
static int answer(const struct options *options, enum options_result result)
{
    static char text[OPTIONS_HELP_MAX];
    struct textbuf out;
    textbuf_init(&out, text, sizeof text);
    if (result == OPTIONS_ERROR) {
        (void)fprintf(stderr, "%s\n", options->error);
        return OPTIONS_EXIT_USAGE;
    }
    if (result == OPTIONS_HELP) {
        options_help(options, &out);
    } else {
        options_version(options, &out);
    }
    return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    static struct command commands[COMMANDS_MAX];
    static struct options options;
    struct program program = {
        .name = "sotto",
        .version = SOTTO_VERSION " (" SOTTO_CRYPTO_NAME ")",
        .description = "A secure chat: one program, server and client. Without "
                       "a command it asks what to do.",
        .commands = commands};
    commands[program.command_count++] = server_command;
    commands[program.command_count++] = client_command;
    SOTTO_ASSERT(program.command_count + account_command_count +
                     cert_command_count <=
                 COMMANDS_MAX);
    for (size_t i = 0; i < account_command_count; i++) {
        commands[program.command_count++] = account_commands[i];
    }
    for (size_t i = 0; i < cert_command_count; i++) {
        commands[program.command_count++] = cert_commands[i];
    }

    int at = 0;
    enum options_result result =
        options_command(&options, &program, argc, argv, &at);
    if (result != OPTIONS_RUN) {
        return answer(&options, result);
    }
    struct port *port = NULL;
    enum sotto_err err = port_open(&port);
    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "sotto: this machine cannot be used: %s\n",
                      sotto_err_name(err));
        return CLIENT_EXIT_OTHER;
    }
    int code = options.command == NULL
                   ? run_menu(port, &program)
                   : run_command(port, &options, argc, argv, at);
    port_close(port);
    return code < 0 ? answer(&options, (enum options_result)(-code)) : code;
}
