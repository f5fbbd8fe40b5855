/*
 * unicode.h - what a terminal and a password need to know about characters.
 *
 * Two files implement unicode_width() and unicode_nfc(), and a build links one
 * of them: unicode_utf8proc.c (hosts, with the library) or unicode_plain.c
 * (boards, small tables). Everything else is in unicode.c.
 *
 * Text is UTF-8; code points are numbers up to U+10FFFF.
 */
#ifndef SOTTO_APP_UNICODE_H
#define SOTTO_APP_UNICODE_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands for what cannot be shown, U+FFFD, and its UTF-8. */
#define UNICODE_REPLACEMENT      0xfffdU
#define UNICODE_REPLACEMENT_UTF8 "\xef\xbf\xbd"

/* The longest text that unicode_nfc() takes, in bytes. */
#define UNICODE_NFC_MAX 512

/*
 * Normalisation form C (UAX 15), which a password gets before it is hashed, so
 * that it is the same from every keyboard. `out` is another buffer than `in`.
 * LIMIT: longer than UNICODE_NFC_MAX; FORMAT: not UTF-8, or with a character
 * that is not assigned yet; SPACE: `cap` is short; UNSUPPORTED (plain only):
 * has characters that this build cannot normalise. Nothing is written then.
 */
enum sotto_err unicode_nfc(const uint8_t *in, size_t len, uint8_t *out,
                           size_t cap, size_t *out_len) SOTTO_MUST_CHECK;

/* Terminal columns of a code point: 0 (combining), 1 or 2 (East Asian wide,
 * emoji). Controls: 0. */
unsigned unicode_width(uint32_t code);

/*
 * True for what must not reach a terminal from others: C0, DEL, C1, the
 * line and paragraph separators, marks and overrides of writing direction, and
 * characters that are invisible or blank though they look like nothing (zero
 * width space, soft hyphen, tags, fillers). Not for joiners and variation
 * selectors, which many scripts and emoji need.
 */
bool unicode_is_control(uint32_t code);

/* Columns of a text without control characters; an invalid byte counts 1. */
size_t unicode_text_width(const char *text, size_t len);

/*
 * The next character as a person sees one: a code point and the marks of width
 * 0 that follow. Returns its length in bytes (at least 1 when len > 0; an
 * invalid byte is one character of width 1) and its columns.
 */
size_t unicode_next(const char *text, size_t len, unsigned *columns);
/* Where the character before offset `at` starts (0 when at is 0). */
size_t unicode_previous(const char *text, size_t at);

/* Bytes that unicode_neutralise() may need for `len` bytes and a newline mark
 * of `mark` characters, with the final zero. */
#define UNICODE_NEUTRAL_MAX(len, mark)                                         \
    ((len) * ((mark) > 3U ? (mark) : 3U) + UNICODE_NEUTRAL_STEP(mark))

/* What it needs to make any progress at all. */
#define UNICODE_NEUTRAL_STEP(mark) (((mark) > 7U ? (mark) : 7U) + 1U)

/* What is known between two parts of one text; zeros at its beginning. */
struct unicode_neutral {
    unsigned marks; /* on the last character */
    bool has_base;  /* there is a character for a mark to stand on */
};

/*
 * Others' text made safe to print: everything that could move a cursor, change
 * colours, hide or reorder text is replaced by something that can be seen. C0
 * and DEL become ^X (ESC is ^[), other controls and invalid bytes U+FFFD, a tab
 * a space; a newline (LF, CR LF or CR) becomes `newline`, for example
 * "\r\n  | ", so that one message can never look like two. More marks on one
 * character than any script uses are dropped. The result has a final zero,
 * which `*out_len` does not count.
 *
 * Returns how many bytes of `in` were taken: all, or as many as surely fit
 * `cap`, at least one. The rest may follow in another call.
 */
size_t unicode_neutralise(struct unicode_neutral *neutral, const char *in,
                          size_t len, const char *newline, char *out,
                          size_t cap, size_t *out_len);

#endif
