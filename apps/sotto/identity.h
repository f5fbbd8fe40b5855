/*
 * identity.h - the static key of this server or client, kept in a file.
 *
 * Made on first use from the machine's entropy; the file holds one line of
 * text, "sotto static key v1 " and 64 hex digits, readable by its owner only.
 */
#ifndef SOTTO_APP_IDENTITY_H
#define SOTTO_APP_IDENTITY_H

#include "port/port.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdint.h>

#define IDENTITY_FILE "static_key"

struct identity {
    uint8_t private_key[32];
    uint8_t public_key[32];
    bool is_new;      /* made just now */
    bool was_stopped; /* and meanwhile the program was asked to end */
};

/*
 * Reads the key, or makes one and stores it durably (waits for that). FORMAT
 * when the file is there and is not a key: it is left alone, because a new key
 * would be a new identity. RANDOM, IO, FULL, DENIED.
 */
enum sotto_err identity_open(struct port_loop *loop,
                             const struct sotto_files *files,
                             const struct sotto_random *random,
                             struct identity *identity) SOTTO_MUST_CHECK;

void identity_wipe(struct identity *identity);

#endif
