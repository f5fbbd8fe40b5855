/*
 * line_editor_edit.c - changes of the line and its cursor, and the history.
 *
 * The line is valid UTF-8 without controls at all times, because only whole,
 * allowed code points get in and only whole characters are taken out. What
 * cannot be done rings the bell.
 */
#include "apps/sotto/line_editor_parts.h"
#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include <string.h>

/* ---- what changed ----------------------------------------------------- */

void edit_note(struct line_editor *e, enum line_editor_change change)
{
    if (e->change == LINE_EDITOR_SAME) {
        e->change = change;
    } else if (e->change != change) {
        e->change = LINE_EDITOR_CHANGED;
    }
}

static void edit_ring(struct line_editor *e)
{
    e->wants_bell = true;
}

void edit_move(struct line_editor *e, size_t at)
{
    if (at != e->cursor) {
        e->cursor = at;
        edit_note(e, LINE_EDITOR_MOVED);
    }
}

/* ---- characters and words --------------------------------------------- */

size_t edit_before(const struct line_editor *e, size_t at)
{
    return unicode_previous(e->memory.line, at);
}

size_t edit_after(const struct line_editor *e, size_t at)
{
    unsigned columns = 0;
    return at + unicode_next(e->memory.line + at, e->len - at, &columns);
}

static bool is_space_at(const struct line_editor *e, size_t at)
{
    return e->memory.line[at] == ' ';
}

/* Letters, digits, '_', and all that is not ASCII. */
static bool is_word_at(const struct line_editor *e, size_t at)
{
    unsigned char c = (unsigned char)e->memory.line[at];
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_';
}

size_t edit_word_before(const struct line_editor *e, size_t at)
{
    while (at > 0 && !is_word_at(e, edit_before(e, at))) {
        at = edit_before(e, at);
    }
    while (at > 0 && is_word_at(e, edit_before(e, at))) {
        at = edit_before(e, at);
    }
    return at;
}

size_t edit_word_after(const struct line_editor *e, size_t at)
{
    while (at < e->len && !is_word_at(e, at)) {
        at = edit_after(e, at);
    }
    while (at < e->len && is_word_at(e, at)) {
        at = edit_after(e, at);
    }
    return at;
}

/* ---- changing the line ------------------------------------------------ */

/* After a change a mark may stand at the cursor that now belongs to the
 * character before it: the cursor goes behind. */
static void leave_character(struct line_editor *e)
{
    if (e->cursor > 0 && e->cursor < e->len) {
        size_t start = edit_before(e, e->cursor);
        size_t end = edit_after(e, start);
        if (end > e->cursor) {
            e->cursor = end;
            edit_note(e, LINE_EDITOR_CHANGED);
        }
    }
}

void edit_insert(struct line_editor *e, const char *bytes, size_t count)
{
    char *line = e->memory.line;
    if (count > e->memory.line_cap - 1 - e->len) {
        edit_ring(e);
        return;
    }
    bool at_end = e->cursor == e->len;
    memmove(line + e->cursor + count, line + e->cursor, e->len - e->cursor);
    memcpy(line + e->cursor, bytes, count);
    e->len += count;
    e->cursor += count;
    line[e->len] = '\0';
    edit_note(e, at_end ? LINE_EDITOR_APPENDED : LINE_EDITOR_CHANGED);
    leave_character(e);
}

/* Takes out [from, to); the cursor stands there afterwards. */
void edit_erase(struct line_editor *e, size_t from, size_t to)
{
    char *line = e->memory.line;
    if (from == to) {
        edit_ring(e);
        return;
    }
    memmove(line + from, line + to, e->len - to);
    sotto_wipe(line + e->len - (to - from), to - from);
    e->len -= to - from;
    e->cursor = from;
    edit_note(e, LINE_EDITOR_CHANGED);
    leave_character(e);
}

void edit_erase_word(struct line_editor *e)
{
    size_t at = e->cursor;
    while (at > 0 && is_space_at(e, edit_before(e, at))) {
        at = edit_before(e, at);
    }
    while (at > 0 && !is_space_at(e, edit_before(e, at))) {
        at = edit_before(e, at);
    }
    edit_erase(e, at, e->cursor);
}

static void reverse(char *bytes, size_t len)
{
    for (size_t at = 0; at < len / 2; at++) {
        char swapped = bytes[at];
        bytes[at] = bytes[len - 1 - at];
        bytes[len - 1 - at] = swapped;
    }
}

/* Swaps the characters on both sides of the cursor (the last two when it is at
 * the end), and steps over them. */
void edit_swap(struct line_editor *e)
{
    size_t middle = e->cursor == e->len ? edit_before(e, e->len) : e->cursor;
    if (middle == 0) {
        edit_ring(e);
        return;
    }
    size_t start = edit_before(e, middle);
    size_t end = edit_after(e, middle);
    reverse(e->memory.line + start, middle - start);
    reverse(e->memory.line + middle, end - middle);
    reverse(e->memory.line + start, end - start);
    e->cursor = end;
    edit_note(e, LINE_EDITOR_CHANGED);
    leave_character(e);
}

/* ---- history ---------------------------------------------------------- */

static bool has_history(const struct line_editor *e)
{
    return e->memory.history != NULL &&
           (e->flags & (LINE_EDITOR_SECRET | LINE_EDITOR_NO_HISTORY)) == 0;
}

/* The `number`th line from the newest, counted from 1; NULL beyond. */
static const char *remembered(const struct line_editor *e, size_t number)
{
    const char *history = e->memory.history;
    size_t at = e->history_len;
    for (size_t count = 0; count < number; count++) {
        if (at == 0) {
            return NULL;
        }
        at--; /* its zero */
        while (at > 0 && history[at - 1] != '\0') {
            at--;
        }
    }
    return history + at;
}

/* Adds the line, unless it is empty or the newest already; the oldest make
 * room. */
void edit_remember(struct line_editor *e)
{
    char *history = e->memory.history;
    size_t need = e->len + 1;
    if (!has_history(e) || e->len == 0 || need > e->memory.history_cap) {
        return;
    }
    const char *newest = remembered(e, 1);
    if (newest != NULL && strcmp(newest, e->memory.line) == 0) {
        return;
    }
    size_t drop = 0;
    while (e->history_len - drop + need > e->memory.history_cap) {
        drop += strlen(history + drop) + 1;
    }
    memmove(history, history + drop, e->history_len - drop);
    e->history_len -= drop;
    memcpy(history + e->history_len, e->memory.line, need);
    e->history_len += need;
}

static void load(struct line_editor *e, const char *text, size_t len)
{
    sotto_wipe(e->memory.line, e->len);
    memcpy(e->memory.line, text, len);
    e->memory.line[len] = '\0';
    e->len = len;
    e->cursor = len;
    edit_note(e, LINE_EDITOR_CHANGED);
}

void edit_older(struct line_editor *e)
{
    const char *text = has_history(e) ? remembered(e, e->browsing + 1) : NULL;
    if (text == NULL) {
        edit_ring(e);
        return;
    }
    if (e->browsing == 0) {
        memcpy(e->memory.draft, e->memory.line, e->len);
        e->draft_len = e->len;
    }
    e->browsing++;
    load(e, text, strlen(text));
}

void edit_newer(struct line_editor *e)
{
    if (e->browsing == 0) {
        edit_ring(e);
        return;
    }
    e->browsing--;
    if (e->browsing == 0) {
        load(e, e->memory.draft, e->draft_len);
    } else {
        const char *text = remembered(e, e->browsing);
        load(e, text, strlen(text));
    }
}
