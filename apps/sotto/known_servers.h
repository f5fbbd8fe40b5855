/*
 * known_servers.h - what a client remembers about servers, in two text files.
 *
 *     known_servers     host:port FINGERPRINT since=2026-01-31T09:30:00Z
 *     known_accounts    host:port user iterations=600000
 *
 * The first holds the pins of first use, and with certificate-until=TIME keys that
 * a certificate vouches for until then; the second the iteration count that a
 * server asked for, which may never become smaller. Both may be edited by hand:
 * comments (#), blank lines and lines that this version does not understand
 * stay as they are. A line that begins with the server that is looked up must
 * be right, though: a damaged pin is an error and never "unknown".
 *
 * The whole file is in memory of the caller's. A change is made there, then
 * known_file_save() writes a new file and replaces the old one in one step.
 */
#ifndef SOTTO_APP_KNOWN_SERVERS_H
#define SOTTO_APP_KNOWN_SERVERS_H

#include "apps/sotto/address.h"
#include "apps/sotto/capacity.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KNOWN_SERVERS_FILE  "known_servers"
#define KNOWN_ACCOUNTS_FILE "known_accounts"
#define DEVICE_KEYS_FILE    "device_keys" /* see device_keys.h */

struct known_file {
    const struct sotto_files *files; /* borrowed */
    const char *name;                /* one of those above */
    char *text;                      /* the file; borrowed memory */
    size_t cap;
    size_t len;
    size_t line;        /* of the last FORMAT error, counted from 1; or 0 */
    const char *reason; /* and what is wrong with it; or NULL */
    struct sotto_io io; /* of a save */
};

struct known_server {
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    uint64_t since_s; /* or SOTTO_TIME_UNKNOWN */
    uint64_t until_s; /* until when a certificate vouches for it; 0: no
                         certificate, a person does */
};

/*
 * Reads the file `name` into `memory`; a file that does not exist is empty.
 * LIMIT when it is larger than `cap`; DENIED, IO. The struct must stay in its
 * place while a save is pending.
 */
enum sotto_err known_file_open(struct known_file *known, const char *name,
                               const struct sotto_files *files, char *memory,
                               size_t cap) SOTTO_MUST_CHECK;

/* The pin of "host:port" (server_address_text). NOT_FOUND: never seen;
 * FORMAT: its line is damaged, or two lines disagree: see `line`, `reason`. */
enum sotto_err known_servers_find(struct known_file *known, const char *server,
                                  struct known_server *found) SOTTO_MUST_CHECK;

/* Remembers a pin, in place of an older one of the same server. SPACE: the
 * memory is full, nothing changed. Not while a save is pending. */
enum sotto_err known_servers_set(struct known_file *known, const char *server,
                                 const struct known_server *pin)
    SOTTO_MUST_CHECK;

/* Drops every line of that server, damaged or not. NOT_FOUND. Works on both
 * files. */
enum sotto_err known_servers_forget(struct known_file *known,
                                    const char *server) SOTTO_MUST_CHECK;

/* The same for known_accounts: the count last seen for a user of a server. */
enum sotto_err known_accounts_find(struct known_file *known, const char *server,
                                   const char *user, uint32_t *iterations)
    SOTTO_MUST_CHECK;
enum sotto_err known_accounts_set(struct known_file *known, const char *server,
                                  const char *user, uint32_t iterations)
    SOTTO_MUST_CHECK;

/*
 * Starts to make the changes durable. Completes through known->io while the
 * caller runs its loop: OK, FULL or IO with the old file unchanged. An error
 * that is returned at once (DENIED, FULL, SPACE, IO) means that nothing was
 * started. The new file is first written beside the old one, as NAME.new.
 */
enum sotto_err known_file_save(struct known_file *known) SOTTO_MUST_CHECK;

#endif
