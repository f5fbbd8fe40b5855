/*
 * accounts_scan.h - reads the credential file line by line and judges each
 * line (auth/ACCOUNTS.md): what counts, what is damaged, what is missing.
 */
#ifndef SOTTO_AUTH_ACCOUNTS_SCAN_H
#define SOTTO_AUTH_ACCOUNTS_SCAN_H

#include "core/auth/accounts_line.h"

enum sotto_accounts_verdict {
    SOTTO_ACCOUNTS_INTACT,  /* it counts */
    SOTTO_ACCOUNTS_DAMAGED, /* it does not, and what it said is unknown */
    SOTTO_ACCOUNTS_TORN     /* the file's end, never acknowledged */
};

struct sotto_accounts_scan {
    const struct sotto_files *files;      /* borrowed */
    struct sotto_accounts_report *report; /* borrowed; kept up to date */
    int file;
    uint64_t at;     /* where the bytes in `text` begin in the file */
    size_t len;      /* bytes in it */
    size_t used;     /* of the line handed out last, to be dropped */
    size_t line_len; /* the line itself, at the start of `text` */
    uint64_t number; /* of the line handed out last, from 1 */
    uint64_t offset; /* where that line begins */

    bool has_head;
    bool has_last;     /* there was an intact line ... */
    uint64_t last;     /* ... and this is the last one's number */
    uint64_t promised; /* the number that the file reaches at least */
    uint64_t bad;      /* damaged lines since then, each worth a number */
    char text[SOTTO_ACCOUNTS_LINE_MAX + 1];
};

void sotto_accounts_scan_init(struct sotto_accounts_scan *scan,
                              const struct sotto_files *files, int file,
                              struct sotto_accounts_report *report);

/*
 * The next line: its verdict, and what it says in `line` when it is INTACT. Its
 * bytes are the first `line_len` of `text`. A line that is too long comes in
 * damaged pieces. NOT_FOUND at the end, when the report is complete; IO.
 * The report's `reason` is set when the file cannot be relied upon.
 */
enum sotto_err sotto_accounts_scan_next(struct sotto_accounts_scan *scan,
                                        struct sotto_accounts_line *line,
                                        enum sotto_accounts_verdict *verdict)
    SOTTO_MUST_CHECK;

void sotto_accounts_scan_wipe(struct sotto_accounts_scan *scan);

#endif
