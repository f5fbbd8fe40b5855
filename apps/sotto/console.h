/*
 * console.h - lines in, text out, on whatever the console is.
 *
 * On a terminal (or a UART) lines are typed in the line editor, and what is
 * printed appears above the line being typed. On pipes and files lines are
 * read as they come and nothing is prompted or echoed. Printing never blocks
 * the loop: what the other side does not take is kept, up to a bound, and
 * console_has_room() tells when to hold back.
 */
#ifndef SOTTO_APP_CONSOLE_H
#define SOTTO_APP_CONSOLE_H

#include "apps/sotto/capacity.h"
#include "apps/sotto/line_editor.h"
#include "port/port.h"
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum console_event {
    CONSOLE_NOTHING,
    CONSOLE_LINE,     /* console_line() has it */
    CONSOLE_TOO_LONG, /* a line of a pipe was longer than fits: dropped */
    CONSOLE_END,      /* end of input */
    CONSOLE_INTERRUPT /* Control-C, where it comes as a byte */
};

struct console {
    struct port *port;
    struct port_stream *stream;
    struct port_loop *loop;
    void *tag;
    bool is_interactive; /* input and output are a terminal */
    bool is_colored;     /* colours are wanted */
    bool is_typed;       /* input is a terminal, whatever output is */
    bool is_broken;      /* output could not be written, and is thrown away */
    bool is_reading;     /* PORT_READ is wanted */
    bool has_ended;
    bool is_editing;
    size_t line_len;  /* pipes: of the line being read */
    bool has_line;    /* pipes: it was handed out */
    bool is_skipping; /* pipes: it is too long */
    size_t in_at;
    size_t in_len;
    size_t out_at;
    size_t out_len;

    /* Large, hence last: see core/chat/client.h. */
    char broken_why[128];
    struct line_editor editor;
    char line[CONSOLE_LINE_MAX];
    char draft[CONSOLE_LINE_MAX];
    char history[CONSOLE_HISTORY_MAX];
    char screen[LINE_EDITOR_OUT_MAX(CONSOLE_LINE_MAX)];
    uint8_t in[512];
    char out[CONSOLE_OUT_MAX];
};

/* Where the console is a terminal always, what is for pipes is not built. */
static inline bool console_is_interactive(const struct console *console)
{
    return CONSOLE_IS_TERMINAL != 0 || console->is_interactive;
}

/* Opens the machine's console. `tag` marks its events; `is_plain` treats a
 * terminal as a pipe. Errors as port_console_open(). The struct is large: make
 * it static. */
enum sotto_err console_open(struct console *console, struct port *port,
                            struct port_loop *loop, void *tag, bool is_plain)
    SOTTO_MUST_CHECK;

/* Leaves the terminal as it was, after console_drain(). Wipes what was typed. */
void console_close(struct console *console);

/* Readiness or another size: reads and writes what there is. */
void console_ready(struct console *console, const struct port_event *event);

/* The next line; call until NOTHING. Works on what was read. */
enum console_event console_next(struct console *console);

/* The line, terminated; borrowed until the next call. */
const char *console_line(const struct console *console, size_t *len);

/* Asks for lines with this prompt (on a terminal) from now on. Flags of
 * line_editor_begin(). */
void console_prompt(struct console *console, const char *prompt,
                    unsigned flags);

/* Prints text, above the line being typed; whole lines. What does not fit
 * CONSOLE_OUT_MAX is lost. */
void console_print(struct console *console, const char *text, size_t len);

/* The same in pieces: begin, any number of them, end. */
void console_begin(struct console *console);
void console_add(struct console *console, const char *text, size_t len);
void console_end(struct console *console);

/* True while a message of any size can be printed without loss. */
bool console_has_room(const struct console *console);

/* True where people type but the line editor is not at work: the terminal
 * shows what is typed, passwords too. */
bool console_shows_secrets(const struct console *console);

/* Gives out what waits. Call before waiting. */
void console_flush(struct console *console);

/* The same at the end: waits for up to two seconds until it is taken. What
 * nobody has taken then could not be written (`is_broken`). */
void console_drain(struct console *console);

/* Erases the line that was handed out last, after a password. */
void console_wipe_line(struct console *console);

/* Stop and start taking input (what is typed meanwhile waits). */
void console_hold(struct console *console, bool held);

/*
 * Asks one question and waits for the answer, running the loop; events that are
 * not the console's are left for later. CLOSED at the end of input, REFUSED
 * when the person interrupts. SPACE when the answer is longer than `cap`.
 */
enum sotto_err console_ask(struct console *console, const char *prompt,
                           bool is_secret, char *out, size_t cap, size_t *len)
    SOTTO_MUST_CHECK;

#endif
