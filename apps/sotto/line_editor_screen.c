/*
 * line_editor_screen.c - from the line as it is to the bytes that show it.
 *
 * The editor knows what it last drew: how many rows, and where in them the
 * cursor stands. Everything is relative to that; the screen is never asked. What
 * is wanted and what is drawn are compared when bytes are asked for, and the
 * difference is written.
 */
#include "apps/sotto/line_editor_parts.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/unicode.h"
#include "core/base/assert.h"
#include <string.h>

#define CSI "\x1b["

/* ---- layout ----------------------------------------------------------- */

struct place {
    size_t row; /* from the prompt's */
    size_t column;
};

/* A walk through prompt and line, character by character. */
struct walk {
    const struct line_editor *editor;
    const char *text; /* the prompt, then the line */
    size_t len;
    size_t at;
    bool in_line;
    struct place end; /* behind the last character */
};

/* Columns that may be used: the last one stays free, because terminals do not
 * agree on what happens there. */
static size_t width_of(const struct line_editor *e)
{
    return e->columns > 3 ? e->columns - 1U : 2U;
}

static size_t height_of(const struct line_editor *e)
{
    size_t half = e->rows / 2U;
    half = half > 1 ? half : 1;
    return half < LINE_EDITOR_ROWS_MAX ? half : LINE_EDITOR_ROWS_MAX;
}

static struct walk walk_from_prompt(const struct line_editor *e)
{
    return (
        struct walk){.editor = e, .text = e->prompt, .len = strlen(e->prompt)};
}

/*
 * Takes the next character: `bytes` of it at `text`, to be shown at `place`.
 * False at the end. Of a secret line only the prompt is walked.
 */
static bool walk_on(struct walk *walk, const char **text, size_t *bytes,
                    struct place *place)
{
    const struct line_editor *e = walk->editor;
    bool is_secret = (e->flags & LINE_EDITOR_SECRET) != 0;
    if (walk->at == walk->len && !walk->in_line && !is_secret) {
        walk->text = e->memory.line;
        walk->len = e->len;
        walk->at = 0;
        walk->in_line = true;
    }
    if (walk->at == walk->len) {
        return false;
    }
    unsigned columns = 0;
    *text = walk->text + walk->at;
    *bytes = unicode_next(*text, walk->len - walk->at, &columns);
    walk->at += *bytes;
    if (walk->end.column + columns > width_of(e)) {
        walk->end.row++;
        walk->end.column = 0;
    }
    *place = walk->end;
    walk->end.column += columns;
    return true;
}

/* Where the cursor belongs, and how many rows all of it takes. */
static struct place measure(const struct line_editor *e, size_t *rows)
{
    struct walk walk = walk_from_prompt(e);
    struct place place = {0, 0};
    struct place cursor = {0, 0};
    const char *text = NULL;
    size_t bytes = 0;
    bool found = false;
    while (walk_on(&walk, &text, &bytes, &place)) {
        if (walk.in_line && text == e->memory.line + e->cursor) {
            cursor = place;
            found = true;
        }
    }
    *rows = walk.end.row + 1;
    return found ? cursor : walk.end;
}

/* The first row to show, so that the cursor is among them and no row is left
 * empty at the end; it moves no more than it must. */
static size_t choose_first(const struct line_editor *e, struct place cursor,
                           size_t rows)
{
    size_t height = height_of(e);
    size_t first = e->first_row;
    if (rows <= height) {
        return 0;
    }
    first = first < rows - height ? first : rows - height;
    if (cursor.row < first) {
        return cursor.row;
    }
    return cursor.row >= first + height ? cursor.row - height + 1 : first;
}

/* ---- drawing ---------------------------------------------------------- */

/* ESC [ count letter, unless the count is 0. */
static void add_move(struct textbuf *out, size_t count, char letter)
{
    if (count > 0) {
        textbuf_add(out, CSI);
        textbuf_add_number(out, count);
        textbuf_add_char(out, letter);
    }
}

/* To the first column of the first row that is drawn. */
static void add_home(const struct line_editor *e, struct textbuf *out)
{
    if (e->is_drawn) {
        add_move(out, e->drawn_row, 'A');
    }
    textbuf_add_char(out, '\r');
}

/* From where the cursor is drawn to another place, counted from the first row
 * shown. */
static void add_step(struct line_editor *e, struct textbuf *out, size_t row,
                     size_t column)
{
    if (row < e->drawn_row) {
        add_move(out, e->drawn_row - row, 'A');
    } else {
        add_move(out, row - e->drawn_row, 'B');
    }
    if (column < e->drawn_column) {
        add_move(out, e->drawn_column - column, 'D');
    } else {
        add_move(out, column - e->drawn_column, 'C');
    }
    e->drawn_row = row;
    e->drawn_column = column;
}

static void draw_all(struct line_editor *e, struct textbuf *out,
                     struct place cursor, size_t rows)
{
    size_t first = choose_first(e, cursor, rows);
    size_t height = height_of(e);
    struct walk walk = walk_from_prompt(e);
    struct place place = {0, 0};
    const char *text = NULL;
    size_t bytes = 0;
    size_t row = first;
    size_t column = 0;
    add_home(e, out);
    while (walk_on(&walk, &text, &bytes, &place)) {
        if (place.row < first || place.row >= first + height) {
            continue;
        }
        if (place.row > row) {
            textbuf_add(out, CSI "K\r\n");
            row = place.row;
        }
        textbuf_add_bytes(out, text, bytes);
        column = walk.end.column;
    }
    textbuf_add(out, CSI "J");
    e->is_drawn = true;
    e->first_row = first;
    e->drawn_rows = row - first + 1;
    e->drawn_row = row - first;
    e->drawn_column = column;
    add_step(e, out, cursor.row - first, cursor.column);
}

/* Writes what makes the screen show the line: the new letters, a movement of
 * the cursor, or everything. */
static void draw(struct line_editor *e, struct textbuf *out)
{
    size_t rows = 0;
    struct place cursor = measure(e, &rows);
    bool same_view =
        e->is_drawn && choose_first(e, cursor, rows) == e->first_row;
    bool same_row = cursor.row == e->first_row + e->drawn_row;
    if (same_view && e->change == LINE_EDITOR_APPENDED && same_row) {
        if ((e->flags & LINE_EDITOR_SECRET) == 0) {
            textbuf_add_bytes(out, e->memory.line + e->drawn_len,
                              e->len - e->drawn_len);
        }
        e->drawn_column = cursor.column;
    } else if (same_view && e->change <= LINE_EDITOR_MOVED) {
        add_step(e, out, cursor.row - e->first_row, cursor.column);
    } else {
        draw_all(e, out, cursor, rows);
    }
    e->drawn_len = e->len;
    e->change = LINE_EDITOR_SAME;
}

static void erase_drawn(struct line_editor *e, struct textbuf *out)
{
    if (e->is_drawn) {
        add_home(e, out);
        textbuf_add(out, CSI "J");
        e->is_drawn = false;
    }
}

/* Whether the terminal brackets pasted text. */
enum paste_mode {
    PASTE_PLAIN,
    PASTE_BRACKETED,
    PASTE_UNKNOWN /* it was, before somebody else may have had the terminal */
};

static void set_paste_mode(struct line_editor *e, struct textbuf *out,
                           enum paste_mode mode)
{
    if (e->paste_mode != mode) {
        textbuf_add(out, mode == PASTE_BRACKETED ? CSI "?2004h" : CSI "?2004l");
        e->paste_mode = (uint8_t)mode;
    }
}

/* ---- from what is wanted to bytes ------------------------------------- */

/* A finished line stays behind, or goes. */
static void close_line(struct line_editor *e, struct textbuf *out)
{
    if (e->closing == LINE_EDITOR_OPEN) {
        return;
    }
    if (e->closing == LINE_EDITOR_TAKE) {
        erase_drawn(e, out);
    } else if (e->is_drawn) {
        add_move(out, e->drawn_rows - 1 - e->drawn_row, 'B');
        textbuf_add(out, "\r\n");
    }
    e->is_drawn = false;
    e->closing = LINE_EDITOR_OPEN;
    set_paste_mode(e, out, PASTE_PLAIN);
}

static void show_line(struct line_editor *e, struct textbuf *out)
{
    set_paste_mode(e, out, PASTE_BRACKETED);
    if (e->wants_clear) {
        textbuf_add(out, CSI "H" CSI "2J");
        e->is_drawn = false;
        e->wants_clear = false;
    }
    if (!e->is_drawn || e->change != LINE_EDITOR_SAME) {
        draw(e, out);
    }
    if (e->wants_bell) {
        textbuf_add_char(out, '\a');
        e->wants_bell = false;
    }
}

/* Room for closing one line and drawing another, behind the bytes that
 * wait. */
static bool has_room(struct line_editor *e)
{
    e->out_len -= e->out_at;
    memmove(e->memory.out, e->memory.out + e->out_at, e->out_len);
    e->out_at = 0;
    return e->memory.out_cap - e->out_len >= LINE_EDITOR_OUT_MAX(e->len);
}

/* The buffer behind the bytes that wait. */
static struct textbuf rest_of(struct line_editor *e)
{
    struct textbuf out;
    textbuf_init(&out, e->memory.out + e->out_len,
                 e->memory.out_cap - e->out_len);
    return out;
}

/* Makes the screen what it should be; has_room() has said true. */
static void render(struct line_editor *e)
{
    struct textbuf out = rest_of(e);
    close_line(e, &out);
    if (e->is_editing && !e->is_hidden) {
        show_line(e, &out);
    } else if (e->is_hidden) {
        erase_drawn(e, &out);
    }
    SOTTO_ASSERT(!out.cut);
    e->out_len += out.len;
}

void screen_finish(struct line_editor *e)
{
    bool is_taken = (e->flags & LINE_EDITOR_ERASE) != 0 || e->is_hidden;
    e->wants_clear = false;
    if (e->closing == LINE_EDITOR_OPEN) {
        if (!is_taken && has_room(e)) {
            struct textbuf out = rest_of(e);
            show_line(e, &out); /* as it was sent */
            e->out_len += out.len;
        }
        e->closing = is_taken ? LINE_EDITOR_TAKE : LINE_EDITOR_KEEP;
    }
    if (has_room(e)) {
        render(e);
    }
}

void line_editor_hide(struct line_editor *e)
{
    e->is_hidden = true;
}

void line_editor_show(struct line_editor *e)
{
    e->is_hidden = false;
}

void line_editor_resize(struct line_editor *e, uint16_t columns, uint16_t rows)
{
    columns = columns > 0 ? columns : 80;
    rows = rows > 0 ? rows : 24;
    if (columns == e->columns && rows == e->rows) {
        e->is_drawn = false; /* resumed: the cursor is on a fresh row */
    }
    e->columns = columns;
    e->rows = rows;
    e->change = LINE_EDITOR_CHANGED;
    if (e->paste_mode == PASTE_BRACKETED) {
        e->paste_mode = PASTE_UNKNOWN;
    }
}

const char *line_editor_out(struct line_editor *e, size_t *len)
{
    if (e->out_at == e->out_len && has_room(e)) {
        render(e);
    }
    *len = e->out_len - e->out_at;
    return *len > 0 ? e->memory.out + e->out_at : NULL;
}

void line_editor_out_done(struct line_editor *e, size_t len)
{
    SOTTO_ASSERT(len <= e->out_len - e->out_at);
    e->out_at += len;
}
