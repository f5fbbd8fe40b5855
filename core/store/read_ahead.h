/*
 * read_ahead.h - a file table that reads more than it was asked for, and so asks
 * the one below less often.
 *
 *     log --> [ read_ahead ] --> files of the port
 *
 * One window of one file is kept; short reads in it cost no call, others move
 * it there. So a log that is read entry by entry costs a call for each window
 * and not two for each entry. Long reads and all other calls go straight
 * through. Bytes that a file has got never change but by truncation, so what is
 * in the window is always right.
 *
 * For whoever has the memory: a log works the same without.
 */
#ifndef SOTTO_STORE_READ_AHEAD_H
#define SOTTO_STORE_READ_AHEAD_H

#include <sotto/env.h>

struct sotto_read_ahead {
    struct sotto_files files; /* the table: hand this on */
    const struct sotto_files *below;
    uint8_t *window; /* borrowed */
    size_t cap;
    int file;    /* whose bytes are in the window */
    uint64_t at; /* from where on */
    size_t len;  /* 0: none */
};

/* `files` and `window`, of `cap` bytes, are borrowed. Files that are open
 * through the table are closed through it. */
void sotto_read_ahead_init(struct sotto_read_ahead *ahead,
                           const struct sotto_files *files, uint8_t *window,
                           size_t cap);

#endif
