/*
 * line.h - lines typed on a UART or a terminal: echo (but of
 * passwords), backspace, and nothing that garbage could harm.
 */
#ifndef SOTTO_DEVICE_DEMO_LINE_H
#define SOTTO_DEVICE_DEMO_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX 511

struct line {
    char text[LINE_MAX + 1]; /* a zero follows when it is whole */
    size_t len;
    bool is_too_long;
    bool echoes;
};

enum line_result {
    LINE_MORE,
    LINE_WHOLE, /* in `text`; line_clear() wipes it for the next */
    LINE_TOO_LONG
};

/* Takes one byte. Control characters and what is not ASCII are ignored. */
enum line_result line_take(struct line *line, char byte);
void line_clear(struct line *line);

#endif
