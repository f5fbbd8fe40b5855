/*
 * line_editor_parts.h - what the files of the line editor ask of each other.
 */
#ifndef SOTTO_APP_LINE_EDITOR_PARTS_H
#define SOTTO_APP_LINE_EDITOR_PARTS_H

#include "apps/sotto/line_editor.h"
#include <stddef.h>

/* ---- line_editor_edit.c ----------------------------------------------- */

/* Adds to what the screen does not show yet. */
void edit_note(struct line_editor *e, enum line_editor_change change);

/* Where the character or word before, or behind the one at `at`, begins. */
size_t edit_before(const struct line_editor *e, size_t at);
size_t edit_after(const struct line_editor *e, size_t at);
size_t edit_word_before(const struct line_editor *e, size_t at);
size_t edit_word_after(const struct line_editor *e, size_t at);

void edit_move(struct line_editor *e, size_t at);

/* Puts one allowed code point in at the cursor. */
void edit_insert(struct line_editor *e, const char *bytes, size_t count);

/* Takes out the characters in [from, to); the cursor stands there
 * afterwards. */
void edit_erase(struct line_editor *e, size_t from, size_t to);
void edit_erase_word(struct line_editor *e);

/* Swaps the characters on both sides of the cursor (the last two when it is at
 * the end), and steps over them. */
void edit_swap(struct line_editor *e);

/* Adds the line to the history, unless it is empty or the newest already; the
 * oldest make room. */
void edit_remember(struct line_editor *e);

/* Steps through the history; step 0 is the draft. */
void edit_older(struct line_editor *e);
void edit_newer(struct line_editor *e);

/* ---- line_editor_screen.c --------------------------------------------- */

/* Draws the line a last time, as far as there is room for that now, and notes
 * that it is to be left behind or erased. */
void screen_finish(struct line_editor *e);

#endif
