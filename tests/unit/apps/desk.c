#include "tests/unit/apps/desk.h"

#include "apps/sotto/textbuf.h"
#include "apps/sotto/unicode.h"
#include "core/base/text.h"
#include "tests/unit/test.h"
#include <string.h>

static uint32_t draw_number(struct desk *desk, uint32_t below)
{
    return desk->draw(desk->draw_ctx, below);
}

/* ---- what must be true ------------------------------------------------ */

void desk_check_line(const struct desk *desk)
{
    const struct line_editor *e = &desk->seat.editor;
    size_t len = 0;
    const char *line = line_editor_line(e, &len);
    assert_true(len < SEAT_LINE_CAP);
    assert_int_equal(strlen(line), len);
    assert_true(e->history_len <= sizeof desk->seat.history);
    assert_true(e->out_len <= sizeof desk->seat.out);
    bool on_character = e->cursor == len;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        unsigned columns = 0;
        assert_true(
            sotto_utf8_decode((const uint8_t *)line + at, len - at, &code) > 0);
        assert_false(unicode_is_control(code));
        on_character = on_character || at == e->cursor;
        at += unicode_next(line + at, len - at, &columns);
    }
    assert_true(on_character);
    assert_true(sotto_utf8_valid((const uint8_t *)line, len));
}

/* Draws a text into a terminal that is high enough, behind what is there. */
static void draw_text(struct terminal *t, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        unsigned columns = 0;
        size_t count = unicode_next(text + at, len - at, &columns);
        if (t->column + columns > t->columns - 1) {
            terminal_write(t, "\r\n", 2);
        }
        terminal_write(t, text + at, count);
        at += count;
    }
}

/* Draws prompt and line, and says where the cursor belongs; returns the number
 * of rows. */
static size_t draw_naively(struct desk *desk, size_t *cursor_row,
                           size_t *cursor_column)
{
    const struct line_editor *e = &desk->seat.editor;
    struct terminal *t = &desk->expected;
    size_t len = (e->flags & LINE_EDITOR_SECRET) != 0 ? 0 : e->len;
    size_t cursor = e->cursor < len ? e->cursor : len;
    unsigned columns = 0;
    terminal_init(t, desk->seat.terminal.columns, TERMINAL_ROWS_MAX);
    draw_text(t, e->prompt, strlen(e->prompt));
    draw_text(t, e->memory.line, cursor);
    (void)unicode_next(e->memory.line + cursor, len - cursor, &columns);
    bool is_below = t->column + columns > t->columns - 1;
    *cursor_row = t->row + (is_below ? 1 : 0);
    *cursor_column = is_below ? 0 : t->column;
    draw_text(t, e->memory.line + cursor, len - cursor);
    return t->row + 1;
}

static void assert_rows_equal(const struct terminal *a, size_t a_row,
                              const struct terminal *b, size_t b_row)
{
    char a_text[TERMINAL_TEXT_MAX];
    char b_text[TERMINAL_TEXT_MAX];
    terminal_row(a, a_row, a_text);
    terminal_row(b, b_row, b_text);
    assert_string_equal(a_text, b_text);
}

static void check_screen(struct desk *desk)
{
    const struct line_editor *e = &desk->seat.editor;
    const struct terminal *t = &desk->seat.terminal;
    size_t row = 0;
    size_t column = 0;
    char text[TERMINAL_TEXT_MAX];
    size_t rows = draw_naively(desk, &row, &column);
    size_t height = t->rows / 2 > 1 ? t->rows / 2 : 1;
    height = height < LINE_EDITOR_ROWS_MAX ? height : LINE_EDITOR_ROWS_MAX;
    size_t shown = rows < height ? rows : height;
    assert_true(row >= e->first_row && row < e->first_row + shown);
    assert_true(e->first_row + shown <= rows);
    assert_int_equal(t->column, column);
    assert_true(t->row >= row - e->first_row);
    size_t top = t->row - (row - e->first_row);
    for (size_t at = 0; at < shown; at++) {
        assert_rows_equal(t, top + at, &desk->expected, e->first_row + at);
    }
    for (size_t at = top + shown; at < t->rows; at++) {
        terminal_row(t, at, text);
        assert_string_equal(text, "");
    }
    if (top > 0 && desk->message[0] != '\0') {
        terminal_row(t, top - 1, text);
        assert_string_equal(text, desk->message);
    }
    assert_true(t->paste_mode);
}

/* ---- what happens ----------------------------------------------------- */

/* Takes what waits, in pieces as a slow screen does. */
static void look(struct desk *desk)
{
    size_t len = 0;
    const char *bytes = line_editor_out(&desk->seat.editor, &len);
    while (bytes != NULL) {
        size_t count = 1 + draw_number(desk, (uint32_t)len);
        assert_true(desk->taken_len + count < sizeof desk->taken);
        memcpy(desk->taken + desk->taken_len, bytes, count);
        desk->taken_len += count;
        line_editor_out_done(&desk->seat.editor, count);
        bytes = line_editor_out(&desk->seat.editor, &len);
    }
    terminal_write(&desk->seat.terminal, desk->taken, desk->taken_len);
    desk->taken_len = 0;
}

/* Takes some bytes only; they arrive later. */
void desk_peek(struct desk *desk)
{
    size_t len = 0;
    const char *bytes = line_editor_out(&desk->seat.editor, &len);
    if (bytes != NULL && desk->taken_len + len < sizeof desk->taken / 2) {
        size_t count = 1 + draw_number(desk, (uint32_t)len);
        memcpy(desk->taken + desk->taken_len, bytes, count);
        desk->taken_len += count;
        line_editor_out_done(&desk->seat.editor, count);
    }
}

static void begin(struct desk *desk)
{
    static const char *const prompts[] = {
        "> ",
        "",
        "#lobby> ",
        "Password: ",
        "\xe4\xb8\xad\xe6\x96\x87> ",
        "a prompt that is longer than a narrow screen is wide> "};
    static const unsigned flags[] = {0, 0, LINE_EDITOR_SECRET,
                                     LINE_EDITOR_NO_HISTORY, LINE_EDITOR_ERASE};
    line_editor_begin(&desk->seat.editor, prompts[draw_number(desk, 6)],
                      flags[draw_number(desk, 5)]);
}

static void feed(struct desk *desk, const char *keys, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        enum line_editor_event event =
            line_editor_feed(&desk->seat.editor, (uint8_t)keys[at]);
        desk_check_line(desk);
        if (event != LINE_EDITOR_NOTHING) {
            desk->message[0] = '\0'; /* the line is above now */
            begin(desk);
        }
    }
}

void desk_press(struct desk *desk)
{
    static const char *const keys[] = {"a",
                                       "b",
                                       "c",
                                       "word ",
                                       " ",
                                       "(x)",
                                       "\xc3\xbc",
                                       "e\xcc\x81",
                                       "\xcc\x81",
                                       "\xe4\xb8\xad",
                                       "\xf0\x9f\x98\x80",
                                       "\xe2\x80\x8d",
                                       "\xef\xb8\x8f",
                                       "a longer piece of text ",
                                       "\x01",
                                       "\x02",
                                       "\x04",
                                       "\x05",
                                       "\x06",
                                       "\x08",
                                       "\x7f",
                                       "\x0b",
                                       "\x0e",
                                       "\x10",
                                       "\x14",
                                       "\x15",
                                       "\x17",
                                       "\r",
                                       "\n",
                                       "\r\n",
                                       "\x1b[A",
                                       "\x1b[B",
                                       "\x1b[C",
                                       "\x1b[D",
                                       "\x1b[H",
                                       "\x1b[F",
                                       "\x1b[3~",
                                       "\x1b[1;5C",
                                       "\x1b[1;5D",
                                       "\x1b"
                                       "b",
                                       "\x1b"
                                       "f",
                                       "\x1b\x7f",
                                       "\x1b[200~",
                                       "\x1b[201~",
                                       "\x1b[201~",
                                       "\x1b[201~",
                                       "\x1b",
                                       "\x1b[",
                                       "\x1b[1;",
                                       "\x1bO",
                                       "\x1b[[",
                                       "\xe4",
                                       "\xf0\x9f"};
    if (draw_number(desk, 8) == 0) {
        char byte = (char)draw_number(desk, 256);
        feed(desk, &byte, byte == 0x0c ? 0 : 1);
        return;
    }
    const char *key = keys[draw_number(desk, sizeof keys / sizeof keys[0])];
    feed(desk, key, strlen(key));
}

/* A message appears above the line. */
static void print(struct desk *desk)
{
    struct textbuf text;
    line_editor_hide(&desk->seat.editor);
    look(desk);
    textbuf_init(&text, desk->message, sizeof desk->message);
    textbuf_add(&text, "m");
    textbuf_add_number(&text, ++desk->messages % 10);
    terminal_write(&desk->seat.terminal, desk->message, text.len);
    terminal_write(&desk->seat.terminal, "\r\n", 2);
    if (draw_number(desk, 4) > 0) {
        line_editor_show(&desk->seat.editor);
        desk->is_hidden = false;
    } else {
        desk->is_hidden = true;
    }
}

/* The window is made wider or narrower; nothing of it wraps anew. */
static void resize(struct desk *desk)
{
    look(desk);
    size_t columns = 3 + draw_number(desk, 60);
    struct terminal *t = &desk->seat.terminal;
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t at = columns - 1; at < TERMINAL_COLUMNS_MAX; at++) {
            t->cells[row][at][0] = '\0';
        }
    }
    if (columns == t->columns) {
        return;
    }
    t->columns = columns;
    t->column = t->column < columns ? t->column : columns - 1;
    line_editor_resize(&desk->seat.editor, (uint16_t)columns,
                       (uint16_t)t->rows);
    desk->message[0] = '\0'; /* wrapped text may stay above */
}

void desk_step(struct desk *desk)
{
    uint32_t what = draw_number(desk, 100);
    if (what < 70) {
        desk_press(desk);
    } else if (what < 75) {
        print(desk);
    } else if (what < 76) {
        resize(desk);
    } else if (what < 77) {
        feed(desk, "\x0c", 1);
        desk->message[0] = '\0';
    } else if (what < 85) {
        desk_peek(desk);
    } else {
        look(desk);
        if (!desk->seat.editor.is_hidden) {
            check_screen(desk);
        }
    }
    if (desk->is_hidden && what % 3 == 0) {
        line_editor_show(&desk->seat.editor);
        desk->is_hidden = false;
    }
    desk_check_line(desk);
}

void desk_sit_down(struct desk *desk,
                   uint32_t (*draw)(void *ctx, uint32_t below), void *draw_ctx)
{
    memset(desk, 0, sizeof *desk);
    desk->draw = draw;
    desk->draw_ctx = draw_ctx;
    size_t columns = 3 + draw_number(desk, 60);
    size_t rows = 1 + draw_number(desk, 24);
    seat_take(&desk->seat, columns, rows);
    begin(desk);
}

void desk_finish(struct desk *desk)
{
    line_editor_show(&desk->seat.editor);
    desk->message[0] = '\0';
    look(desk);
    check_screen(desk);
}
