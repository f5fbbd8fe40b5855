#include "tests/unit/apps/terminal.h"
#include "apps/sotto/unicode.h"
#include "core/base/text.h"
#include "tests/unit/test.h"
#include <string.h>

void terminal_init(struct terminal *t, size_t columns, size_t rows)
{
    memset(t, 0, sizeof *t);
    assert_true(columns <= TERMINAL_COLUMNS_MAX && rows <= TERMINAL_ROWS_MAX);
    t->columns = columns;
    t->rows = rows;
}

static void clear_cells(struct terminal *t, size_t row, size_t from)
{
    for (size_t column = from; column < TERMINAL_COLUMNS_MAX; column++) {
        t->cells[row][column][0] = '\0';
    }
}

static void line_feed(struct terminal *t)
{
    if (t->row + 1 < t->rows) {
        t->row++;
        return;
    }
    memmove(t->cells[0], t->cells[1], (t->rows - 1) * sizeof t->cells[0]);
    clear_cells(t, t->rows - 1, 0);
    t->scrolled++;
}

/* A mark joins the cell to the left. */
static void add_mark(struct terminal *t, const char *bytes, size_t len)
{
    size_t column = t->column;
    while (column > 0 && t->cells[t->row][column - 1][0] == '\0') {
        column--; /* over the right half of a wide one */
    }
    if (column == 0) {
        return; /* nothing to stand on: not shown */
    }
    char *cell = t->cells[t->row][column - 1];
    if (strlen(cell) + len < TERMINAL_CELL_MAX) {
        strncat(cell, bytes, len);
    }
}

static void put_character(struct terminal *t, const char *bytes, size_t len,
                          unsigned width)
{
    if (width == 0) {
        add_mark(t, bytes, len);
        return;
    }
    assert_true(t->column + width < t->columns); /* the last one stays free */
    memcpy(t->cells[t->row][t->column], bytes, len);
    t->cells[t->row][t->column][len] = '\0';
    if (width == 2) {
        t->cells[t->row][t->column + 1][0] = '\0';
    }
    t->column += width;
}

static void erase_to_end(struct terminal *t, bool of_screen)
{
    clear_cells(t, t->row, t->column);
    for (size_t row = t->row + 1; of_screen && row < t->rows; row++) {
        clear_cells(t, row, 0);
    }
}

/* Moves by `count`, and stops at the edges. */
static void move(struct terminal *t, char direction, size_t count)
{
    assert_true(count > 0);
    if (direction == 'A') {
        assert_true(count <= t->row); /* never above the screen */
        t->row -= count;
    } else if (direction == 'B') {
        assert_true(t->row + count < t->rows);
        t->row += count;
    } else if (direction == 'C') {
        t->column += count;
        assert_true(t->column < t->columns);
    } else {
        assert_true(count <= t->column);
        t->column -= count;
    }
}

/* Behind ESC [; returns how many bytes it took. */
static size_t control_sequence(struct terminal *t, const char *bytes)
{
    size_t number = 0;
    size_t len = strspn(bytes, "0123456789?");
    char last = bytes[len];
    for (size_t at = 0; at < len; at++) {
        number =
            bytes[at] == '?' ? number : number * 10 + (size_t)(bytes[at] - '0');
    }
    if (bytes[0] == '?') {
        assert_int_equal(number, 2004);
        assert_true(last == 'h' || last == 'l');
        t->paste_mode = last == 'h';
    } else if (last == 'J' && len == 1) {
        assert_int_equal(number, 2);
        for (size_t row = 0; row < t->rows; row++) {
            clear_cells(t, row, 0);
        }
        t->clears++;
    } else if (last == 'J' || last == 'K') {
        assert_int_equal(len, 0);
        erase_to_end(t, last == 'J');
    } else if (last == 'H') {
        assert_int_equal(len, 0);
        t->row = 0;
        t->column = 0;
    } else {
        assert_true(last >= 'A' && last <= 'D');
        move(t, last, number);
    }
    return len + 1;
}

void terminal_write(struct terminal *t, const char *bytes, size_t len)
{
    char copy[16384]; /* terminated, so that sequences can be searched */
    assert_true(len < sizeof copy);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t count =
            sotto_utf8_decode((const uint8_t *)copy + at, len - at, &code);
        assert_true(count > 0);
        if (code == 0x1b) {
            assert_int_equal(copy[at + 1], '[');
            count = 2 + control_sequence(t, copy + at + 2);
        } else if (code == '\r') {
            t->column = 0;
        } else if (code == '\n') {
            line_feed(t);
        } else if (code == '\a') {
            t->bells++;
        } else {
            assert_false(unicode_is_control(code));
            put_character(t, copy + at, count, unicode_width(code));
        }
        at += count;
    }
}

void terminal_row(const struct terminal *t, size_t row,
                  char out[static TERMINAL_TEXT_MAX])
{
    size_t len = 0;
    size_t text_len = 0;
    for (size_t column = 0; column < t->columns; column++) {
        const char *cell = t->cells[row][column];
        bool is_right_half =
            column > 0 && cell[0] == '\0' &&
            unicode_text_width(t->cells[row][column - 1],
                               strlen(t->cells[row][column - 1])) == 2;
        const char *shown = cell[0] != '\0' ? cell : is_right_half ? "" : " ";
        memcpy(out + len, shown, strlen(shown));
        len += strlen(shown);
        text_len = cell[0] != '\0' && strcmp(cell, " ") != 0 ? len : text_len;
    }
    out[text_len] = '\0';
}
