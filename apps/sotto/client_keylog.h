/*
 * client_keylog.h - `sotto client --keylog FILE`: writes down the keys of each
 * connection, so that its own person can read a recording of it in Wireshark.
 * Hosts only. The format of the file stands in apps/wireshark/README.md.
 */
#ifndef SOTTO_APP_CLIENT_KEYLOG_H
#define SOTTO_APP_CLIENT_KEYLOG_H

#include "apps/sotto/paths.h"
#include "core/crypto/x25519.h"

struct client_keylog {
    char folder[PATH_TEXT_MAX];
    const char *name;            /* of the file; borrowed from the settings */
    uint8_t e[SOTTO_X25519_LEN]; /* the public ephemeral key of this handshake,
                                    by which a recording is known */
    bool is_written;             /* the keys of this connection */
};

struct client_app;

/* Makes sure that the file can be written, and warns. False after an error that
 * was shown. */
bool client_keylog_open(struct client_app *app);

/* Handshake bytes were made, or the server's key was accepted: writes the keys
 * as soon as there are any. To be called before anything else is sent. */
void client_keylog_look(struct client_app *app);

#endif
