/*
 * client.h - `sotto client`: settings, start, loop, end.
 *
 * client.c reads settings, asks what is open, opens files; client_run.c dials,
 * moves bytes and decides what an end means; client_pins.c looks at servers'
 * keys, client_certificate.c at their certificates; client_device.h
 * is about logins without a password, client_keylog.h about keys for Wireshark;
 * view.c shows what happens.
 */
#ifndef SOTTO_APP_CLIENT_H
#define SOTTO_APP_CLIENT_H

#include "apps/sotto/console.h"
#include "apps/sotto/menu.h"
#include "apps/sotto/options.h"
#include "port/port.h"

extern const struct command client_command;

/* What the command line says. */
struct client_settings {
    const char *user;
    const char *password_file;
    const char *pin;
    const char *ca; /* whom to trust; NULL: nobody */
    const char *data;
    const char *keylog;
    bool registers;
    bool with_password;
    bool json;
    bool trust_first;
    unsigned suite;
    uint64_t history;
    uint64_t iterations_min; /* tests choose less */
    uint64_t iterations_new;
};

/* Exit codes. */
enum client_exit {
    CLIENT_EXIT_OK = 0,
    CLIENT_EXIT_OTHER = 1,
    CLIENT_EXIT_USAGE = 2,
    CLIENT_EXIT_REFUSED = 3,  /* login or registration */
    CLIENT_EXIT_IDENTITY = 4, /* the server is not who it should be */
    CLIENT_EXIT_NETWORK = 5
};

void client_defaults(struct client_settings *settings);

/*
 * Runs a client until its person leaves, on a loop and a console that are open.
 * `server` is the positional argument, or NULL. What is open is asked with
 * `menu`, which is wiped in the end. Returns the exit code of the program.
 */
int client_main(struct port *port, struct port_loop *loop,
                struct console *console, const char *server,
                const struct client_settings *settings, struct menu *menu);

/* Why nothing is asked where console_shows_secrets(). */
#define CLIENT_NO_QUESTIONS                                                    \
    "the output is not a terminal, so a password that is typed would be "      \
    "seen; give --user NAME and --password-file FILE, or leave the output to " \
    "the terminal"

/* Asks the menu's questions on the console. QUIT also when a person ends the
 * input or interrupts; UNANSWERED when a pipe or file ends, which is said. */
enum menu_result client_ask(struct console *console, struct menu *menu);

#endif
