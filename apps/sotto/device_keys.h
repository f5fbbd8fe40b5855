/*
 * device_keys.h - the keys by which this machine logs in without a password,
 * one for each server and account, in a text file (hosts only).
 *
 *     device_keys   {"server":"host:port","user":"alice","device":"laptop",
 *                    "server_key":"…","private_key":"…"}      on one line
 *
 * Who reads it can log in, so only its owner can. A key that a server is about
 * to be told of is here before: what is in it that the server does not know
 * does no harm. A line with "code" belongs to a device that brings an enrolment
 * code, or brought it; while its user is empty, it does not know whose it is.
 *
 * It is opened, kept in memory and saved as the files of known_servers.h are.
 * Comments (#) and blank lines stay as they are. A line that cannot be read is
 * an error, and never "no key".
 */
#ifndef SOTTO_APP_DEVICE_KEYS_H
#define SOTTO_APP_DEVICE_KEYS_H

#include "apps/sotto/known_servers.h"
#include <sotto/err.h>
#include <sotto/limits.h>
#include <stdint.h>

/* Characters by which the code of a line is told, and a zero: the beginning of
 * its hash. */
#define DEVICE_KEY_CODE 17

struct device_key {
    char user[SOTTO_NAME_MAX + 1];   /* empty: a code was not taken yet */
    char device[SOTTO_NAME_MAX + 1]; /* the name of this machine there */
    char code[DEVICE_KEY_CODE];      /* that it brings or brought; or empty */
    uint8_t server_key[32];          /* the server's static public key */
    uint8_t private_key[32];
};

/*
 * The key for that server and user; with `user` NULL the only one for the
 * server (EXISTS when there are several); with `user` empty that for `code`,
 * whoever's it is.
 * NOT_FOUND; FORMAT: a line is damaged, see `line` and `reason`.
 */
enum sotto_err device_keys_find(struct known_file *known, const char *server,
                                const char *user, const char *code,
                                struct device_key *key) SOTTO_MUST_CHECK;

/* Keeps a key, in place of an older one for the same server and user, or, with
 * an empty user, the same code.
 * SPACE: nothing changed; FORMAT as above. */
enum sotto_err device_keys_set(struct known_file *known, const char *server,
                               const struct device_key *key) SOTTO_MUST_CHECK;

/* Drops the key for that server and user, or, with an empty user, the one for
 * that code that is nobody's yet. NOT_FOUND; FORMAT. */
enum sotto_err device_keys_forget(struct known_file *known, const char *server,
                                  const char *user, const char *code)
    SOTTO_MUST_CHECK;

#endif
