/*
 * text.h - short texts, put together piece by piece: for the log and for the
 * room. What does not fit is left out.
 */
#ifndef SOTTO_DEVICE_DEMO_TEXT_H
#define SOTTO_DEVICE_DEMO_TEXT_H

#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX 255

struct text {
    char at[TEXT_MAX + 1]; /* ends with a zero */
    size_t len;
};

void text_begin(struct text *text, const char *words);
void text_add(struct text *text, const char *words);
void text_add_span(struct text *text, struct sotto_span span);
void text_add_number(struct text *text, uint64_t number);
/* 215 becomes "21.5". */
void text_add_tenths(struct text *text, int32_t tenths);

/* The next word of a line, which becomes shorter by it; an empty span when
 * there is none. Words are parted by blanks. */
struct sotto_span text_next_word(struct sotto_span *line);
bool text_is(struct sotto_span span, const char *words);
/* "21.5", "-3", "40": false for anything else, or beyond 1000 degrees. */
bool text_read_tenths(struct sotto_span span, int32_t *tenths);

/* ---- words_board.c, words_host.c ---- */

/* A line of the log: to the UART, or to standard output. */
void words_write(const char *words, size_t len);

/* How deep the stack went, where that is known; otherwise nothing. */
void words_about_stack(struct text *text);

#endif
