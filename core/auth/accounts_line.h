/*
 * accounts_line.h - one line of the credential file (auth/ACCOUNTS.md).
 *
 *   {"seq":1,"kind":"head","version":1,"lines":0,"secret":"…","crc":"…"}
 *   {"seq":2,"kind":"account","name":"…","disabled":false,"created":0,
 *    "iterations":600000,"salt":"…","stored_key":"…","server_key":"…",
 *    "crc":"…"}
 *   {"seq":3,"kind":"remove","name":"…","crc":"…"}
 *   {"seq":4,"kind":"device","name":"…","device":"…","expected":false,
 *    "id":"…","time":0,"ip":"…","crc":"…"}
 *   {"seq":5,"kind":"revoke","name":"…","device":"…","crc":"…"}
 *
 * crc is CRC-32C, eight hex digits, of the line's bytes before `,"crc"`. Lines
 * end in one line feed, and each has the number after the one before it.
 */
#ifndef SOTTO_AUTH_ACCOUNTS_LINE_H
#define SOTTO_AUTH_ACCOUNTS_LINE_H

#include "core/auth/accounts.h"

#define SOTTO_ACCOUNTS_LINE_MAX 512
#define SOTTO_ACCOUNTS_SECRET   32
#define SOTTO_ACCOUNTS_VERSION  1

enum sotto_accounts_kind {
    SOTTO_ACCOUNTS_HEAD,
    SOTTO_ACCOUNTS_ACCOUNT,
    SOTTO_ACCOUNTS_REMOVE,
    SOTTO_ACCOUNTS_DEVICE,
    SOTTO_ACCOUNTS_REVOKE
};

struct sotto_accounts_line {
    enum sotto_accounts_kind kind;
    uint64_t seq;
    union {
        struct sotto_account account; /* ACCOUNT; REMOVE: its name */
        struct sotto_account_device
            device; /* DEVICE; REVOKE: account and name, or no
                                         name for all of the account's */
        struct {    /* HEAD */
            uint8_t secret[SOTTO_ACCOUNTS_SECRET];
            uint64_t lines; /* how many the file had when it was put in place */
        };
    };
};

/* Writes the line with its line feed. SPACE never happens with `cap` of
 * SOTTO_ACCOUNTS_LINE_MAX. */
enum sotto_err sotto_accounts_line_encode(
    const struct sotto_accounts_line *line, char *out, size_t cap, size_t *len)
    SOTTO_MUST_CHECK;

/* Reads a line, without its line feed. FORMAT, and why in `*reason`. */
enum sotto_err sotto_accounts_line_decode(struct sotto_accounts_line *line,
                                          const char *in, size_t len,
                                          const char **reason) SOTTO_MUST_CHECK;

#endif
