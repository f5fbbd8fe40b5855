/*
 * terminal.h - a small terminal: takes bytes and knows what is on its screen.
 *
 * It understands exactly what the line editor may send and fails the test at
 * anything else, also at text that reaches the last column, where terminals do
 * not agree.
 */
#ifndef SOTTO_TESTS_APPS_TERMINAL_H
#define SOTTO_TESTS_APPS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERMINAL_COLUMNS_MAX 120
#define TERMINAL_ROWS_MAX    130
#define TERMINAL_CELL_MAX    40 /* bytes of a character with its marks */

struct terminal {
    size_t columns;
    size_t rows;
    size_t row; /* the cursor */
    size_t column;
    /* A character with its marks; empty: blank, or the right half of a wide
     * one. */
    char cells[TERMINAL_ROWS_MAX][TERMINAL_COLUMNS_MAX][TERMINAL_CELL_MAX];
    size_t scrolled; /* rows that went out at the top */
    size_t bells;
    size_t clears;
    bool paste_mode;
};

void terminal_init(struct terminal *terminal, size_t columns, size_t rows);

/* Takes whole characters and sequences. */
void terminal_write(struct terminal *terminal, const char *bytes, size_t len);

/* The text of a row, without blanks at its end; terminated. */
#define TERMINAL_TEXT_MAX (TERMINAL_COLUMNS_MAX * TERMINAL_CELL_MAX + 1)
void terminal_row(const struct terminal *terminal, size_t row,
                  char out[static TERMINAL_TEXT_MAX]);

#endif
