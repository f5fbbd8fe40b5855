/*
 * account.h - `sotto account`: the operator's hand in the credential file.
 *
 * Works on a server's data folder while the server is down; a lock says so.
 * What it reports as done is durable. account.c has the command line and the
 * files, account_edit.c the changes of one account, account_reset.c new
 * passwords, account_repair.c damaged files.
 */
#ifndef SOTTO_APP_ACCOUNT_H
#define SOTTO_APP_ACCOUNT_H

#include "apps/sotto/options.h"
#include "port/port.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "account list" and its like: for the program's table of commands. */
extern const struct command account_commands[];
extern const size_t account_command_count;

/* What the command line says; one struct for all of them. */
struct account_settings {
    const char *data;
    const char *password_file;
    bool json;
    bool yes;
    uint64_t iterations;
};

void account_defaults(struct account_settings *settings);

/* True for one of account_commands, or a copy of it. */
bool account_is_command(const struct command *command);

/* Runs the command that `options` names, whose arguments were read into
 * `settings`. Returns the exit code: 0 done, 1 not, 2 wrong usage. */
int account_main(struct port *port, const struct options *options,
                 const struct account_settings *settings);

#endif
