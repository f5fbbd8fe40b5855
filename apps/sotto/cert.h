/*
 * cert.h - `sotto cert`: certificates for those who have no authority to ask.
 *
 * `sotto cert ca` makes a private authority, `sotto cert server` certificates of
 * servers. Whatever is there is never overwritten but for a server's certificate,
 * which is made again for the key that it has. What is reported is durable.
 */
#ifndef SOTTO_APP_CERT_H
#define SOTTO_APP_CERT_H

#include "apps/sotto/options.h"
#include "port/port.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For the program's table of commands. */
extern const struct command cert_commands[];
extern const size_t cert_command_count;

/* What the command line says; one struct for both. */
struct cert_settings {
    const char *out;
    const char *ca;
    const char *name;
    uint64_t days; /* 0: the default of the command */
};

void cert_defaults(struct cert_settings *settings);

/* True for one of cert_commands, or a copy of it. */
bool cert_is_command(const struct command *command);

/* Runs the command that `options` names, whose arguments were read into
 * `settings`. Returns the exit code: 0 done, 1 not, 2 wrong usage. */
int cert_main(struct port *port, const struct options *options,
              const struct cert_settings *settings);

#endif
