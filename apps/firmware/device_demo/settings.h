/*
 * settings.h - which server, which account: one line, typed once and kept; the
 * password only until the server has taken it, since keys do instead of it.
 *
 *     NAME sotto://FINGERPRINT@HOST[:PORT][/CODE] [PASSWORD]
 *     sotto://FINGERPRINT@HOST[:PORT]/device-CODE
 *
 * The address is the one that a server's operator hands out; the password is
 * the rest of the line. The second form is what /enroll of a client shows: it needs
 * no name and no password.
 */
#ifndef SOTTO_DEVICE_DEMO_SETTINGS_H
#define SOTTO_DEVICE_DEMO_SETTINGS_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_MAX 511

struct settings {
    char text[SETTINGS_MAX + 1]; /* the line, taken apart; the others point
                                    into it */
    const char *name;            /* or empty: the code tells */
    const char *fingerprint;
    const char *host;
    const char *code;     /* NULL: none */
    const char *password; /* or empty */
    uint16_t tcp_port;
};

/* FORMAT when it is not such a line, with half a sentence in `*why`. Names and
 * fingerprints are looked at by sotto_device_init(). */
enum sotto_err settings_parse(struct settings *settings, const char *line,
                              size_t len, const char **why) SOTTO_MUST_CHECK;

#endif
