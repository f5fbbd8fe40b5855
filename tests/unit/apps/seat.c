#include "tests/unit/apps/seat.h"

#include "tests/unit/test.h"
#include <string.h>

void seat_take(struct seat *seat, size_t columns, size_t rows)
{
    const struct line_editor_memory memory = {
        .line = seat->line,
        .line_cap = sizeof seat->line,
        .draft = seat->draft,
        .history = seat->history,
        .history_cap = sizeof seat->history,
        .out = seat->out,
        .out_cap = sizeof seat->out,
    };
    terminal_init(&seat->terminal, columns, rows);
    line_editor_init(&seat->editor, &memory);
    line_editor_resize(&seat->editor, (uint16_t)columns, (uint16_t)rows);
}

void seat_look(struct seat *seat)
{
    size_t len = 0;
    const char *bytes = line_editor_out(&seat->editor, &len);
    while (bytes != NULL) {
        terminal_write(&seat->terminal, bytes, len);
        line_editor_out_done(&seat->editor, len);
        bytes = line_editor_out(&seat->editor, &len);
    }
    assert_int_equal(len, 0);
}

enum line_editor_event seat_type_bytes(struct seat *seat, const char *keys,
                                       size_t len, bool each)
{
    enum line_editor_event last = LINE_EDITOR_NOTHING;
    for (size_t at = 0; at < len; at++) {
        enum line_editor_event event =
            line_editor_feed(&seat->editor, (uint8_t)keys[at]);
        last = event != LINE_EDITOR_NOTHING ? event : last;
        if (each) {
            seat_look(seat);
        }
    }
    seat_look(seat);
    return last;
}

enum line_editor_event seat_type(struct seat *seat, const char *keys)
{
    return seat_type_bytes(seat, keys, strlen(keys), true);
}

/* The screen as one text, rows ended by "\n", without blank rows at its end. */
static void read_screen(const struct seat *seat, char *out, size_t cap)
{
    size_t len = 0;
    size_t last = 0;
    out[0] = '\0';
    for (size_t row = 0; row < seat->terminal.rows; row++) {
        char text[TERMINAL_TEXT_MAX];
        terminal_row(&seat->terminal, row, text);
        assert_true(len + strlen(text) + 2 < cap);
        strcpy(out + len, text);
        len += strlen(text);
        last = text[0] != '\0' ? len : last;
        out[len++] = '\n';
    }
    out[last] = '\0';
}

void seat_assert_screen(const struct seat *seat, const char *text, size_t row,
                        size_t column)
{
    char screen[TERMINAL_TEXT_MAX];
    read_screen(seat, screen, sizeof screen);
    assert_string_equal(screen, text);
    assert_int_equal(seat->terminal.row, row);
    assert_int_equal(seat->terminal.column, column);
}

void seat_assert_line(const struct seat *seat, const char *expected)
{
    size_t len = 0;
    assert_string_equal(line_editor_line(&seat->editor, &len), expected);
    assert_int_equal(len, strlen(expected));
}
