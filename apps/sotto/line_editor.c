/*
 * line_editor.c - from bytes to keys, and what each key does. The line is
 * changed in line_editor_edit.c and shown in line_editor_screen.c.
 */
#include "apps/sotto/line_editor.h"
#include "apps/sotto/line_editor_parts.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/unicode.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

#define CONTROL(letter) ((letter)&0x1f)
#define ESCAPE          0x1b
#define DELETE          0x7f

/* ---- keys ------------------------------------------------------------- */

static enum line_editor_event finish(struct line_editor *e,
                                     enum line_editor_event event)
{
    edit_move(e, e->len); /* the next row begins behind the whole line */
    e->is_editing = false;
    e->browsing = 0;
    e->keys = LINE_EDITOR_GROUND;
    if (event == LINE_EDITOR_LINE) {
        edit_remember(e);
    }
    screen_finish(e);
    return event;
}

/* Control characters of pasted text: all blank space becomes a space. */
static void paste_control(struct line_editor *e, uint8_t byte)
{
    if (byte == '\r' || byte == '\t' || (byte == '\n' && !e->after_cr)) {
        edit_insert(e, " ", 1);
    }
    e->after_cr = byte == '\r';
}

static enum line_editor_event enter(struct line_editor *e, uint8_t byte)
{
    if (byte == '\n' && e->after_cr) {
        e->after_cr = false;
        return LINE_EDITOR_NOTHING;
    }
    e->after_cr = byte == '\r';
    return finish(e, LINE_EDITOR_LINE);
}

static enum line_editor_event press_control(struct line_editor *e, uint8_t byte)
{
    switch (byte) {
    case CONTROL('A'):
        edit_move(e, 0);
        break;
    case CONTROL('B'):
        edit_move(e, edit_before(e, e->cursor));
        break;
    case CONTROL('C'):
        return finish(e, LINE_EDITOR_INTERRUPT);
    case CONTROL('D'):
        if (e->len == 0) {
            return finish(e, LINE_EDITOR_END);
        }
        edit_erase(e, e->cursor, edit_after(e, e->cursor));
        break;
    case CONTROL('E'):
        edit_move(e, e->len);
        break;
    case CONTROL('F'):
        edit_move(e, edit_after(e, e->cursor));
        break;
    case CONTROL('H'):
    case DELETE:
        edit_erase(e, edit_before(e, e->cursor), e->cursor);
        break;
    case CONTROL('K'):
        edit_erase(e, e->cursor, e->len);
        break;
    case CONTROL('L'):
        e->wants_clear = true;
        break;
    case CONTROL('N'):
        edit_newer(e);
        break;
    case CONTROL('P'):
        edit_older(e);
        break;
    case CONTROL('T'):
        edit_swap(e);
        break;
    case CONTROL('U'):
        edit_erase(e, 0, e->cursor);
        break;
    case CONTROL('W'):
        edit_erase_word(e);
        break;
    default:
        break;
    }
    return LINE_EDITOR_NOTHING;
}

static void press_arrow(struct line_editor *e, char arrow, bool by_word)
{
    switch (arrow) {
    case 'A':
        edit_older(e);
        break;
    case 'B':
        edit_newer(e);
        break;
    case 'C':
        edit_move(e, by_word ? edit_word_after(e, e->cursor)
                             : edit_after(e, e->cursor));
        break;
    case 'D':
        edit_move(e, by_word ? edit_word_before(e, e->cursor)
                             : edit_before(e, e->cursor));
        break;
    case 'F':
        edit_move(e, e->len);
        break;
    case 'H':
        edit_move(e, 0);
        break;
    default:
        break;
    }
}

/* ESC [ number ~ */
static void press_numbered(struct line_editor *e, const char *number)
{
    if (strcmp(number, "1") == 0 || strcmp(number, "7") == 0) {
        edit_move(e, 0);
    } else if (strcmp(number, "4") == 0 || strcmp(number, "8") == 0) {
        edit_move(e, e->len);
    } else if (strcmp(number, "3") == 0) {
        edit_erase(e, e->cursor, edit_after(e, e->cursor));
    } else if (strcmp(number, "200") == 0) {
        e->is_pasting = true;
        e->after_cr = false;
    }
}

/* A whole control sequence (ECMA-48 5.4), its parameters in e->csi. */
static void press_sequence(struct line_editor *e, char last)
{
    bool is_known = e->csi_len < sizeof e->csi;
    e->csi[is_known ? e->csi_len : 0] = '\0';
    if (is_known && e->is_pasting) {
        e->is_pasting = last != '~' || strcmp(e->csi, "201") != 0;
    } else if (is_known && last == '~') {
        press_numbered(e, e->csi);
    } else if (is_known) {
        /* "1;5C": the second parameter tells of Shift (2), Alt, Control. */
        bool is_plain = e->csi[0] == '\0' || strcmp(e->csi, "1;2") == 0;
        bool is_modified = strncmp(e->csi, "1;", 2) == 0;
        if (is_plain || is_modified) {
            press_arrow(e, last, !is_plain);
        }
    }
}

/* Alt and a letter; not from pasted text. */
static void press_alt(struct line_editor *e, uint8_t byte)
{
    if (e->is_pasting) {
        return;
    }
    if (byte == 'b' || byte == 'B') {
        press_arrow(e, 'D', true);
    } else if (byte == 'f' || byte == 'F') {
        press_arrow(e, 'C', true);
    } else if (byte == DELETE) {
        edit_erase_word(e);
    }
}

/* ---- from bytes to keys ----------------------------------------------- */

/* How many bytes a character has that starts with this one; 0: none does. */
static uint8_t announced(uint8_t byte)
{
    if (byte >= 0xc2 && byte < 0xe0) {
        return 2;
    }
    if (byte >= 0xe0 && byte < 0xf0) {
        return 3;
    }
    return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/* The next byte of a character beyond ASCII. */
static void take_utf8(struct line_editor *e, uint8_t byte)
{
    uint32_t code = 0;
    e->utf8[e->utf8_len++] = byte;
    if (e->utf8_len < announced(e->utf8[0])) {
        return;
    }
    e->keys = LINE_EDITOR_GROUND;
    if (sotto_utf8_decode(e->utf8, e->utf8_len, &code) == e->utf8_len &&
        !unicode_is_control(code)) {
        edit_insert(e, (const char *)e->utf8, e->utf8_len);
    }
}

static enum line_editor_event take_ground(struct line_editor *e, uint8_t byte)
{
    if (byte == ESCAPE) {
        e->keys = LINE_EDITOR_ESCAPE;
    } else if (byte >= 0x80) {
        e->utf8_len = 0;
        e->keys = announced(byte) > 0 ? LINE_EDITOR_UTF8 : LINE_EDITOR_GROUND;
        if (e->keys == LINE_EDITOR_UTF8) {
            take_utf8(e, byte);
        }
    } else if (byte >= ' ' && byte != DELETE) {
        char c = (char)byte;
        edit_insert(e, &c, 1);
    } else if (e->is_pasting) {
        paste_control(e, byte);
        return LINE_EDITOR_NOTHING;
    } else if (byte == '\r' || byte == '\n') {
        return enter(e, byte);
    } else {
        e->after_cr = false;
        return press_control(e, byte);
    }
    e->after_cr = false;
    return LINE_EDITOR_NOTHING;
}

static void take_escape(struct line_editor *e, uint8_t byte)
{
    e->keys = LINE_EDITOR_GROUND;
    if (byte == '[') {
        e->keys = LINE_EDITOR_CSI;
        e->csi_len = 0;
    } else if (byte == 'O') {
        e->keys = LINE_EDITOR_SS3;
    } else {
        press_alt(e, byte);
    }
}

static void take_csi(struct line_editor *e, uint8_t byte)
{
    if (byte == '[' && e->csi_len == 0) {
        /* ESC [ [ A: a function key of the Linux console. */
        e->keys = LINE_EDITOR_SKIP_ONE;
    } else if (byte >= 0x40) {
        e->keys = LINE_EDITOR_GROUND;
        press_sequence(e, (char)byte);
    } else if (e->csi_len < sizeof e->csi) {
        e->csi[e->csi_len++] = (char)byte;
    }
}

/* True for a byte that ends a half key and counts by itself: a control (Enter
 * behind a stray Escape must work), or the start of another character. */
static bool breaks_off(const struct line_editor *e, uint8_t byte)
{
    if (e->keys == LINE_EDITOR_UTF8) {
        return (byte & 0xc0U) != 0x80U;
    }
    bool is_alt_delete = e->keys == LINE_EDITOR_ESCAPE && byte == DELETE;
    return byte < 0x20 || byte >= 0x80 || (byte == DELETE && !is_alt_delete);
}

enum line_editor_event line_editor_feed(struct line_editor *e, uint8_t byte)
{
    if (!e->is_editing) {
        if (byte == '\n' && e->after_cr) { /* the rest of the last Enter */
            e->after_cr = false;
            return LINE_EDITOR_NOTHING;
        }
        line_editor_begin(e, e->prompt, e->flags);
    }
    if (e->keys != LINE_EDITOR_GROUND && breaks_off(e, byte)) {
        e->keys = LINE_EDITOR_GROUND;
    }
    switch (e->keys) {
    case LINE_EDITOR_GROUND:
        return take_ground(e, byte);
    case LINE_EDITOR_UTF8:
        take_utf8(e, byte);
        break;
    case LINE_EDITOR_ESCAPE:
        take_escape(e, byte);
        break;
    case LINE_EDITOR_CSI:
        take_csi(e, byte);
        break;
    case LINE_EDITOR_SS3:
        e->keys = LINE_EDITOR_GROUND;
        if (!e->is_pasting) {
            press_arrow(e, (char)byte, false);
        }
        break;
    case LINE_EDITOR_SKIP_ONE:
        e->keys = LINE_EDITOR_GROUND;
        break;
    }
    return LINE_EDITOR_NOTHING;
}

/* ---- beginning and ending --------------------------------------------- */

void line_editor_init(struct line_editor *e,
                      const struct line_editor_memory *memory)
{
    SOTTO_ASSERT(memory->line_cap >= 2);
    SOTTO_ASSERT(memory->out_cap >= LINE_EDITOR_OUT_MAX(memory->line_cap));
    memset(e, 0, sizeof *e);
    e->memory = *memory;
    e->memory.line[0] = '\0';
    e->columns = 80;
    e->rows = 24;
}

void line_editor_begin(struct line_editor *e, const char *prompt,
                       unsigned flags)
{
    if (prompt != e->prompt) {
        struct textbuf text;
        textbuf_init(&text, e->prompt, sizeof e->prompt);
        textbuf_add(&text, prompt);
    }
    if (e->is_editing && flags == e->flags) {
        edit_note(e, LINE_EDITOR_CHANGED);
        return;
    }
    if (e->is_editing) {
        line_editor_leave(e);
    }
    line_editor_wipe_line(e);
    e->flags = flags;
    e->browsing = 0;
    e->is_pasting = false;
    e->is_editing = true;
    e->change = LINE_EDITOR_CHANGED;
}

const char *line_editor_line(const struct line_editor *e, size_t *len)
{
    *len = e->len;
    return e->memory.line;
}

void line_editor_leave(struct line_editor *e)
{
    if (e->is_editing) {
        (void)finish(e, LINE_EDITOR_NOTHING);
    }
}

void line_editor_wipe_line(struct line_editor *e)
{
    sotto_wipe(e->memory.line, e->memory.line_cap);
    sotto_wipe(e->memory.draft, e->memory.line_cap);
    e->len = 0;
    e->cursor = 0;
    e->draft_len = 0;
    e->browsing = 0;
    edit_note(e, LINE_EDITOR_CHANGED);
}

void line_editor_wipe(struct line_editor *e)
{
    line_editor_wipe_line(e);
    if (e->memory.history != NULL) {
        sotto_wipe(e->memory.history, e->memory.history_cap);
    }
    sotto_wipe(e->memory.out, e->memory.out_cap);
    const struct line_editor_memory memory = e->memory;
    const uint16_t columns = e->columns;
    const uint16_t rows = e->rows;
    sotto_wipe(e, sizeof *e);
    line_editor_init(e, &memory);
    line_editor_resize(e, columns, rows);
}
