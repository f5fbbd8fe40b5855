/*
 * line_editor.h - a line of text typed on a terminal or a UART.
 *
 * Bytes from the keyboard go in with line_editor_feed(), bytes for the screen
 * come out of line_editor_out(). No I/O, no heap. Any ANSI terminal will do;
 * nothing is asked of it, its size is told (80x24 where unknown).
 *
 * Keys: arrows, Home, End, Delete, Backspace; ^A ^E ^B ^F ^P ^N ^H ^D as
 * these; ^U and ^K erase to the start and to the end, ^W a word back, ^T swaps
 * two characters, ^L clears the screen, ^C interrupts; Control or Alt with an
 * arrow, Alt-B and Alt-F move by words. Pasted text (bracketed paste) is
 * inserted with newlines and tabs as spaces and is not sent before Enter. Other
 * controls and invalid UTF-8 are ignored. A character is a code point with the
 * marks that follow it.
 *
 *          begin()                 feed() says LINE, END or INTERRUPT
 *     RESTING -------> EDITING ------------------------------------> RESTING
 *                      |     ^
 *               hide() v     | show()
 *                      HIDDEN (keys still count, the screen is the caller's)
 *
 * The screen. A long line wraps: rows end in CR LF, never by the terminal's own
 * wrapping (the last column stays free), so that cursor movement is exact. At
 * most half of the screen is used; a longer line scrolls in there. Output is
 * made when it is asked for: a burst of input costs one redraw, and a slow
 * screen never blocks typing. When a line is finished while bytes for the
 * screen still wait, its last letters may not be seen; nothing else is lost.
 *
 * To print something above the line: hide(); take all of out(); print whole
 * lines; show().
 */
#ifndef SOTTO_APP_LINE_EDITOR_H
#define SOTTO_APP_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_EDITOR_PROMPT_MAX 80 /* bytes of a prompt, with the final zero */
#define LINE_EDITOR_ROWS_MAX   16 /* rows that a line may take on the screen */

/* Bytes for the screen that one redraw may need, with lines of `cap` bytes. */
#define LINE_EDITOR_OUT_MAX(cap)                                               \
    ((cap) + LINE_EDITOR_PROMPT_MAX + (size_t)8 * LINE_EDITOR_ROWS_MAX + 96U)

/* Memory, the caller's, until the editor is not used any more. */
struct line_editor_memory {
    char *line; /* the line being typed, and its final zero */
    size_t line_cap;
    char *draft;   /* line_cap bytes: the line while history is shown */
    char *history; /* may be NULL: no history */
    size_t history_cap;
    char *out;      /* bytes for the screen */
    size_t out_cap; /* at least LINE_EDITOR_OUT_MAX(line_cap) */
};

enum line_editor_event {
    LINE_EDITOR_NOTHING,
    LINE_EDITOR_LINE,     /* Enter: line_editor_line() has it */
    LINE_EDITOR_END,      /* ^D on an empty line */
    LINE_EDITOR_INTERRUPT /* ^C */
};

/* How a line is asked for; 0 is a line of a chat. */
#define LINE_EDITOR_SECRET     1U /* show nothing, remember nothing */
#define LINE_EDITOR_NO_HISTORY 2U /* not remembered; arrows do not browse */
#define LINE_EDITOR_ERASE                                                      \
    4U /* Enter erases the line from the screen
                                     (else it stays and the next row begins) */

/* Where the keys have got to: between two, or in the middle of one. */
enum line_editor_keys {
    LINE_EDITOR_GROUND,
    LINE_EDITOR_UTF8,    /* a character beyond ASCII */
    LINE_EDITOR_ESCAPE,  /* ESC */
    LINE_EDITOR_CSI,     /* ESC [ and parameters */
    LINE_EDITOR_SS3,     /* ESC O */
    LINE_EDITOR_SKIP_ONE /* ESC [ [ */
};

/* How the line differs from what is on the screen. */
enum line_editor_change {
    LINE_EDITOR_SAME,
    LINE_EDITOR_MOVED,    /* only the cursor */
    LINE_EDITOR_APPENDED, /* only text at the end, the cursor behind it */
    LINE_EDITOR_CHANGED
};

/* What is to become of a finished line that is still on the screen. */
enum line_editor_closing {
    LINE_EDITOR_OPEN, /* there is none */
    LINE_EDITOR_KEEP,
    LINE_EDITOR_TAKE
};

/* All of it is the editor's own. */
struct line_editor {
    struct line_editor_memory memory;
    unsigned flags;
    bool is_editing; /* false: RESTING */
    bool is_hidden;

    /* The line: valid UTF-8, cursor at the start of a character or the end. */
    size_t len;
    size_t cursor;
    size_t draft_len;
    size_t history_len; /* terminated lines, the oldest first */
    size_t browsing;    /* 0: the draft; n: the nth line from the newest */

    /* Bytes that are not yet a whole key. */
    enum line_editor_keys keys;
    uint8_t utf8[4];
    uint8_t utf8_len;
    char csi[8]; /* parameters; what does not fit makes it unknown */
    uint8_t csi_len;
    bool is_pasting;
    bool after_cr; /* a line feed now is the second half of CR LF */

    /* The screen as it should be, and as the bytes given out made it. */
    uint16_t columns;
    uint16_t rows;
    enum line_editor_change change;
    enum line_editor_closing closing;
    bool wants_clear;
    bool wants_bell;
    bool is_drawn;       /* prompt and line are on the screen */
    uint8_t paste_mode;  /* what it was told about pasted text */
    size_t drawn_len;    /* bytes of the line that are */
    size_t drawn_rows;   /* rows they take */
    size_t drawn_row;    /* the cursor, from the first of these rows */
    size_t drawn_column; /* and from the left */
    size_t first_row;    /* rows of a long line that scrolled away above */

    size_t out_at; /* taken */
    size_t out_len;
    char prompt[LINE_EDITOR_PROMPT_MAX];
};

/* Starts RESTING, 80x24, without history. */
void line_editor_init(struct line_editor *editor,
                      const struct line_editor_memory *memory);

/* The size of the screen; 0 where unknown. At any time; the line is drawn
 * anew: on a fresh row when the size is the one it was, because then the
 * program was suspended and resumed. */
void line_editor_resize(struct line_editor *editor, uint16_t columns,
                        uint16_t rows);

/* Asks for a line: an empty one, behind `prompt` (plain text, copied; cut when
 * too long). Wipes the line before. While EDITING with the same flags only the
 * prompt changes; with others what was typed is dropped. */
void line_editor_begin(struct line_editor *editor, const char *prompt,
                       unsigned flags);

/*
 * Takes one byte of input. After LINE, END and INTERRUPT the editor rests: the
 * line can be read until begin(), and must be begun again before more is fed
 * (bytes that are fed to a resting editor begin a line with the old prompt).
 * The line was remembered in the history already.
 */
enum line_editor_event line_editor_feed(struct line_editor *editor,
                                        uint8_t byte);

/* The line, terminated; valid UTF-8 without control characters. Borrowed until
 * the next begin() or feed(). */
const char *line_editor_line(const struct line_editor *editor, size_t *len);

/* Takes the line off the screen, and puts it back. */
void line_editor_hide(struct line_editor *editor);
void line_editor_show(struct line_editor *editor);

/* Ends editing without a line: leaves the screen on a fresh row, and the
 * terminal as it was. Before the program ends. */
void line_editor_leave(struct line_editor *editor);

/*
 * Bytes for the screen; NULL with `*len` 0 when all was given out. Says which
 * of them were written, and call again until it is 0:
 *
 *     while ((bytes = line_editor_out(editor, &len)) != NULL) {
 *         ... write `put` of them, 0 < put <= len ...
 *         line_editor_out_done(editor, put);
 *     }
 */
const char *line_editor_out(struct line_editor *editor, size_t *len);
void line_editor_out_done(struct line_editor *editor, size_t len);

/* Wipes line and draft (after a password), or everything with the history; the
 * editor then rests and has nothing for the screen. */
void line_editor_wipe_line(struct line_editor *editor);
void line_editor_wipe(struct line_editor *editor);

#endif
