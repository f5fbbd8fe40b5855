/*
 * server.h - `sotto server`: settings, start, loop, end.
 *
 * server_options.c knows the settings; server_inner.h names the other files.
 */
#ifndef SOTTO_APP_SERVER_H
#define SOTTO_APP_SERVER_H

#include "apps/sotto/log.h"
#include "apps/sotto/options.h"
#include "port/port.h"

/* Its place in the program's table of commands. */
extern const struct command server_command;

/* What the command line and the settings file say. */
struct server_settings {
    struct option_list listen;
    const char *data;
    const char *config;
    const char *invite_file;
    const char *cert;
    const char *key;
    const char *log_level_name;
    bool check_config;
    bool no_time; /* in the log */
    unsigned registration;
    unsigned log_level;
    uint64_t workers; /* 0: as many as there are processors */
    uint64_t max_connections;
    uint64_t max_half_open; /* who have not logged in; 0: as capacity.h says */
    uint64_t max_accounts;
    uint64_t history_bytes;
    uint64_t login_ms;
    uint64_t idle_ms;
    uint64_t stall_ms;
    uint64_t login_tries;    /* wrong passwords a minute, account and address */
    uint64_t register_tries; /* registrations an hour, per address */
    uint64_t connect_rate;   /* connections a second, per address; 0: any */
    uint64_t message_rate;   /* a second, per connection and account; 0: any */
    uint64_t byte_rate;      /* likewise */
    uint64_t iterations_min;
};

void server_defaults(struct server_settings *settings);

/*
 * Reads the settings file, if there is one, and looks whether everything fits
 * together; `options` is what options_parse() left. False when it said what is
 * wrong.
 */
bool server_settings_ready(struct port *port, struct options *options,
                           struct server_settings *settings);

/* For --check-config: reads the certificate, if there is one. False when it said
 * what is wrong with it. */
bool server_certificate_check(struct port *port,
                              const struct server_settings *settings);

/* Runs a server until it is told to stop. Returns the exit code of the
 * program. */
int server_main(struct port *port, const struct server_settings *settings);

#endif
