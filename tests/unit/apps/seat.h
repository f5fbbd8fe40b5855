/*
 * seat.h - a line editor and the terminal in front of it: what is typed there, and
 * what is seen.
 */
#ifndef SOTTO_TESTS_APPS_SEAT_H
#define SOTTO_TESTS_APPS_SEAT_H

#include "apps/sotto/line_editor.h"
#include "tests/unit/apps/terminal.h"
#include <stdbool.h>

#define SEAT_LINE_CAP 160

#define UP     "\x1b[A"
#define DOWN   "\x1b[B"
#define RIGHT  "\x1b[C"
#define LEFT   "\x1b[D"
#define HOME   "\x1b[H"
#define END    "\x1b[F"
#define DEL    "\x1b[3~"
#define PASTE  "\x1b[200~"
#define PASTED "\x1b[201~"

struct seat {
    struct line_editor editor;
    struct terminal terminal;
    char line[SEAT_LINE_CAP];
    char draft[SEAT_LINE_CAP];
    char history[64];
    char out[LINE_EDITOR_OUT_MAX(SEAT_LINE_CAP)];
};

/* A terminal of this size, and an editor that has not begun. */
void seat_take(struct seat *seat, size_t columns, size_t rows);
/* Hands all that waits to the terminal. */
void seat_look(struct seat *seat);

/* Types the keys, looking after each byte or only at the end; returns the last
 * event that was one. */
enum line_editor_event seat_type_bytes(struct seat *seat, const char *keys,
                                       size_t len, bool each);
enum line_editor_event seat_type(struct seat *seat, const char *keys);

/* What is on the screen (rows ended by "\n", without blank ones at its end), and
 * where the cursor is. */
void seat_assert_screen(const struct seat *seat, const char *text, size_t row,
                        size_t column);
/* What is in the line. */
void seat_assert_line(const struct seat *seat, const char *expected);

#endif
