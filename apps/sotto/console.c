#include "apps/sotto/console.h"

#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include <string.h>

#define DRAIN_MS 2000U

static bool wants_color(bool is_terminal)
{
    const char *no_color = system_variable("NO_COLOR");
    const char *term = system_variable("TERM");
    const bool is_refused = no_color != NULL && no_color[0] != 0;
    const bool is_dumb = term != NULL && strcmp(term, "dumb") == 0;
    return is_terminal && !is_refused && !is_dumb;
}

static void set_size(struct console *console)
{
    struct port_console_info info;
    port_console_info(console->stream, &info);
    line_editor_resize(&console->editor, info.columns, info.rows);
}

enum sotto_err console_open(struct console *console, struct port *port,
                            struct port_loop *loop, void *tag, bool is_plain)
{
    struct port_console_info info;
    memset(console, 0, sizeof *console);
    enum sotto_err err = port_console_open(loop, tag, &console->stream);
    if (err != SOTTO_OK) {
        return err;
    }
    console->port = port;
    console->loop = loop;
    console->tag = tag;
    console->is_reading = true;
    port_console_info(console->stream, &info);
    console->is_typed = info.input_is_terminal;
    console->is_interactive =
        info.input_is_terminal && info.output_is_terminal && !is_plain;
    console->is_colored = wants_color(info.output_is_terminal && !is_plain);
    const struct line_editor_memory memory = {.line = console->line,
                                              .line_cap = sizeof console->line,
                                              .draft = console->draft,
                                              .history = console->history,
                                              .history_cap =
                                                  sizeof console->history,
                                              .out = console->screen,
                                              .out_cap =
                                                  sizeof console->screen};
    line_editor_init(&console->editor, &memory);
    set_size(console);
    if (console_is_interactive(console)) {
        port_console_raw(console->stream, true);
    }
    return SOTTO_OK;
}

/* ---- printing ---- */

static void put(struct console *console, const char *text, size_t len)
{
    if (console->out_at > 0) {
        console->out_len -= console->out_at;
        memmove(console->out, console->out + console->out_at, console->out_len);
        console->out_at = 0;
    }
    const size_t room = sizeof console->out - console->out_len;
    len = len < room ? len : room;
    memcpy(console->out + console->out_len, text, len);
    console->out_len += len;
}

/* A raw terminal wants a carriage return with each line feed. */
void console_add(struct console *console, const char *text, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; console_is_interactive(console) && i < len; i++) {
        if (text[i] == '\n') {
            put(console, text + from, i - from);
            put(console, "\r\n", 2);
            from = i + 1;
        }
    }
    put(console, text + from, len - from);
}

static void put_screen(struct console *console)
{
    size_t len = 0;
    const char *bytes;
    while ((bytes = line_editor_out(&console->editor, &len)) != NULL) {
        put(console, bytes, len);
        line_editor_out_done(&console->editor, len);
    }
}

bool console_has_room(const struct console *console)
{
    return sizeof console->out - (console->out_len - console->out_at) >
           CONSOLE_MESSAGE_MAX + sizeof console->screen;
}

bool console_shows_secrets(const struct console *console)
{
    return console->is_typed && !console_is_interactive(console);
}

/* Nobody looks any more: what waits, and all that follows, is thrown away. */
static void give_up_output(struct console *console, const char *why)
{
    struct textbuf text;
    console->out_at = console->out_len;
    if (!console->is_broken) {
        console->is_broken = true;
        textbuf_init(&text, console->broken_why, sizeof console->broken_why);
        textbuf_add(&text, why);
    }
}

void console_flush(struct console *console)
{
    if (console->is_editing && console_has_room(console)) {
        put_screen(console);
    }
    unsigned want = console->is_reading && !console->has_ended ? PORT_READ : 0;
    while (console->out_at < console->out_len) {
        size_t done = 0;
        enum sotto_err err =
            port_write(console->stream,
                       (const uint8_t *)console->out + console->out_at,
                       console->out_len - console->out_at, &done);
        if (err == SOTTO_ERR_AGAIN) {
            want |= PORT_WRITE;
            break;
        }
        if (err != SOTTO_OK) {
            give_up_output(console, port_last_error(console->port));
            break;
        }
        console->out_at += done;
    }
    port_want(console->stream, want);
}

void console_drain(struct console *console)
{
    const uint64_t end_ms = port_now_ms(console->port) + DRAIN_MS;
    console->is_reading = false;
    console_flush(console);
    while (console->out_at < console->out_len) {
        struct port_event event;
        size_t count = 0;
        const uint64_t now_ms = port_now_ms(console->port);
        if (now_ms >= end_ms) {
            give_up_output(console, "nobody takes it");
            return;
        }
        port_wait(console->loop, (uint32_t)(end_ms - now_ms), &event, 1,
                  &count);
        console_flush(console);
    }
}

void console_begin(struct console *console)
{
    if (console->is_editing) {
        line_editor_hide(&console->editor);
        put_screen(console);
    }
}

void console_end(struct console *console)
{
    if (console->is_editing) {
        line_editor_show(&console->editor);
    }
}

void console_print(struct console *console, const char *text, size_t len)
{
    console_begin(console);
    console_add(console, text, len);
    console_end(console);
}

/* ---- reading ---- */

void console_prompt(struct console *console, const char *prompt, unsigned flags)
{
    if (console_is_interactive(console)) {
        console->is_editing = true;
        line_editor_begin(&console->editor, prompt, flags);
    }
}

void console_hold(struct console *console, bool held)
{
    console->is_reading = !held;
}

static void read_some(struct console *console)
{
    if (console->in_at < console->in_len || console->has_ended) {
        return; /* what was read before comes first */
    }
    size_t got = 0;
    enum sotto_err err =
        port_read(console->stream, console->in, sizeof console->in, &got);
    console->in_at = 0;
    console->in_len = err == SOTTO_OK ? got : 0;
    console->has_ended = err != SOTTO_OK && err != SOTTO_ERR_AGAIN;
}

void console_ready(struct console *console, const struct port_event *event)
{
    if (event->kind == PORT_EVENT_RESIZE) {
        set_size(console);
    } else if ((event->ready & PORT_READ) != 0) {
        read_some(console);
    }
}

static enum console_event next_typed(struct console *console)
{
    while (console->in_at < console->in_len) {
        const uint8_t byte = console->in[console->in_at++];
        switch (line_editor_feed(&console->editor, byte)) {
        case LINE_EDITOR_NOTHING:
            break;
        case LINE_EDITOR_LINE:
            put_screen(console);
            return CONSOLE_LINE;
        case LINE_EDITOR_END:
            put_screen(console);
            return CONSOLE_END;
        case LINE_EDITOR_INTERRUPT:
            put_screen(console);
            return CONSOLE_INTERRUPT;
        }
    }
    return CONSOLE_NOTHING;
}

/* Ends the line that came through a pipe. */
static enum console_event end_line(struct console *console)
{
    const bool was_skipping = console->is_skipping;
    console->is_skipping = false;
    if (was_skipping) {
        console->line_len = 0;
        return CONSOLE_TOO_LONG;
    }
    if (console->line_len > 0 && console->line[console->line_len - 1] == '\r') {
        console->line_len--;
    }
    console->line[console->line_len] = 0;
    return CONSOLE_LINE;
}

static enum console_event next_piped(struct console *console)
{
    while (console->in_at < console->in_len) {
        const char byte = (char)console->in[console->in_at++];
        if (byte == '\n') {
            return end_line(console);
        }
        if (console->line_len + 1 == sizeof console->line) {
            console->is_skipping = true;
        } else {
            console->line[console->line_len++] = byte;
        }
    }
    return CONSOLE_NOTHING;
}

enum console_event console_next(struct console *console)
{
    if (!console_is_interactive(console) && console->has_line) {
        console->has_line = false;
        console->line_len = 0;
    }
    const enum console_event event = console_is_interactive(console)
                                         ? next_typed(console)
                                         : next_piped(console);
    console->has_line = event == CONSOLE_LINE;
    if (event != CONSOLE_NOTHING || !console->has_ended) {
        return event;
    }
    if (!console_is_interactive(console) &&
        (console->line_len > 0 || console->is_skipping)) {
        const enum console_event last = end_line(console);
        console->has_line = last == CONSOLE_LINE;
        return last; /* a last line without its end */
    }
    return CONSOLE_END;
}

const char *console_line(const struct console *console, size_t *len)
{
    if (console_is_interactive(console)) {
        return line_editor_line(&console->editor, len);
    }
    *len = console->line_len;
    return console->line;
}

/* ---- one question ---- */

static enum sotto_err take_answer(struct console *console, char *out,
                                  size_t cap, size_t *len)
{
    const char *line = console_line(console, len);
    if (*len >= cap) {
        return SOTTO_ERR_SPACE;
    }
    memcpy(out, line, *len);
    out[*len] = 0;
    return SOTTO_OK;
}

static enum sotto_err wait_for_answer(struct console *console, char *out,
                                      size_t cap, size_t *len)
{
    for (;;) {
        switch (console_next(console)) {
        case CONSOLE_LINE:
            return take_answer(console, out, cap, len);
        case CONSOLE_TOO_LONG:
            return SOTTO_ERR_SPACE;
        case CONSOLE_END:
            return SOTTO_ERR_CLOSED;
        case CONSOLE_INTERRUPT:
            return SOTTO_ERR_REFUSED;
        case CONSOLE_NOTHING:
            break;
        }
        struct port_event event;
        size_t count = 0;
        console_flush(console);
        port_wait(console->loop, PORT_FOREVER, &event, 1, &count);
        if (count == 0) {
            continue;
        }
        if (event.kind == PORT_EVENT_STOP || event.kind == PORT_EVENT_RELOAD) {
            return SOTTO_ERR_REFUSED;
        }
        if (event.kind == PORT_EVENT_RESIZE ||
            (event.kind == PORT_EVENT_READY && event.tag == console->tag)) {
            console_ready(console, &event);
        }
    }
}

void console_wipe_line(struct console *console)
{
    line_editor_wipe_line(&console->editor);
    sotto_wipe(console->line, sizeof console->line);
    sotto_wipe(console->in, console->in_at);
    console->line_len = 0;
}

enum sotto_err console_ask(struct console *console, const char *prompt,
                           bool is_secret, char *out, size_t cap, size_t *len)
{
    const unsigned flags = is_secret
                               ? LINE_EDITOR_SECRET | LINE_EDITOR_NO_HISTORY
                               : LINE_EDITOR_NO_HISTORY;
    console_prompt(console, prompt, flags);
    console_hold(console, false);
    enum sotto_err err = wait_for_answer(console, out, cap, len);
    if (is_secret) {
        console_wipe_line(console);
    }
    if (err != SOTTO_OK && console_is_interactive(console)) {
        line_editor_leave(&console->editor);
        put_screen(console);
    }
    console->is_editing = false;
    console_flush(console);
    return err;
}

void console_close(struct console *console)
{
    if (console->stream == NULL) {
        return;
    }
    if (console_is_interactive(console)) {
        line_editor_leave(&console->editor);
        put_screen(console);
        console->is_editing = false;
    }
    console_drain(console);
    if (console_is_interactive(console)) {
        port_console_raw(console->stream, false);
    }
    port_stream_close(console->stream);
    sotto_wipe(console, sizeof *console);
}
