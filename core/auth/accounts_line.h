/*
 * accounts_line.h - one line of the credential file (auth/ACCOUNTS.md).
 *
 *   {"seq":1,"kind":"head","version":1,"secret":"…","crc":"…"}
 *   {"seq":2,"kind":"account","name":"…","disabled":false,"created":0,
 *    "iterations":600000,"salt":"…","stored_key":"…","server_key":"…",
 *    "crc":"…"}
 *   {"seq":3,"kind":"remove","name":"…","crc":"…"}
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
    SOTTO_ACCOUNTS_REMOVE
};

struct sotto_accounts_line {
    enum sotto_accounts_kind kind;
    uint64_t seq;
    struct sotto_account account;          /* ACCOUNT; REMOVE: its name */
    uint8_t secret[SOTTO_ACCOUNTS_SECRET]; /* HEAD */
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

/* Reads a file line by line. */
struct sotto_accounts_scan {
    const struct sotto_files *files;
    int file;
    uint64_t at;     /* where the bytes in `text` begin in the file */
    size_t len;      /* bytes in it */
    size_t used;     /* of the line handed out last, to be dropped */
    uint64_t number; /* of the line handed out last, from 1 */
    uint64_t offset; /* where that line begins */
    char text[SOTTO_ACCOUNTS_LINE_MAX + 1];
};

void sotto_accounts_scan_init(struct sotto_accounts_scan *scan,
                              const struct sotto_files *files, int file);

/*
 * The next line: `*in`, `*len` without line feed, borrowed until the next
 * call. A line that is too long comes in pieces of LINE_MAX bytes, each of
 * which is not a line: `*is_whole` is false. The unfinished last line of the
 * file is not whole either, and `*is_tail` is set. NOT_FOUND at the end; IO.
 */
enum sotto_err sotto_accounts_scan_next(struct sotto_accounts_scan *scan,
                                        const char **in, size_t *len,
                                        bool *is_whole, bool *is_tail)
    SOTTO_MUST_CHECK;

#endif
