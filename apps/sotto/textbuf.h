/*
 * textbuf.h - builds a text in the caller's buffer, piece by piece.
 *
 * The buffer always holds a terminated string. What does not fit is left out
 * from there on and sets `cut`, so that callers write straight down and ask
 * once, or not at all where a cut sentence does no harm.
 */
#ifndef SOTTO_APP_TEXTBUF_H
#define SOTTO_APP_TEXTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textbuf {
    char *at;   /* borrowed */
    size_t cap; /* with the final zero; at least 1 */
    size_t len; /* without it */
    bool cut;   /* something did not fit */
};

void textbuf_init(struct textbuf *text, char *buffer, size_t cap);

void textbuf_add(struct textbuf *text, const char *string);
/* `len` bytes: all of them, or as many as fit up to a UTF-8 boundary. */
void textbuf_add_bytes(struct textbuf *text, const char *bytes, size_t len);
void textbuf_add_char(struct textbuf *text, char c);
void textbuf_add_number(struct textbuf *text, uint64_t number);
void textbuf_add_spaces(struct textbuf *text, size_t count);
/* Several strings; the last argument is NULL. */
void textbuf_add_all(struct textbuf *text, ...);

#endif
