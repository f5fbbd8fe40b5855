/*
 * console.c - a console that the driver of the world types on and reads.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

/* What may wait to be read by the driver before the program has to wait. */
#define SHOWN_MAX 65536U

/* ---- text ------------------------------------------------------------- */

bool sim_text_add(struct sim_text *text, const void *bytes, size_t len)
{
    if (text->room - text->at - text->len < len) {
        if (text->len > 0) {
            memmove(text->bytes, text->bytes + text->at, text->len);
        }
        text->at = 0;
    }
    if (text->room - text->len < len) {
        const size_t room = 2 * (text->room + len);
        char *more = realloc(text->bytes, room);
        if (more == NULL) {
            return false;
        }
        text->bytes = more;
        text->room = room;
    }
    memcpy(text->bytes + text->at + text->len, bytes, len);
    text->len += len;
    return true;
}

static void take(struct sim_text *text, size_t len)
{
    text->at += len;
    text->len -= len;
}

/* ---- the driver's side ------------------------------------------------ */

bool sim_type(struct sim_machine *machine, const char *text, size_t len)
{
    return sim_text_add(&machine->typed, text, len);
}

void sim_type_end(struct sim_machine *machine)
{
    machine->has_typed_end = true;
}

bool sim_shown(struct sim_machine *machine, const char **line, size_t *len)
{
    struct sim_text *shown = &machine->shown;
    const char *start = shown->bytes != NULL ? shown->bytes + shown->at : "";
    const char *end = shown->len > 0 ? memchr(start, '\n', shown->len) : NULL;
    if (end == NULL) {
        return false;
    }
    *line = start;
    *len = (size_t)(end - start);
    take(shown, *len + 1);
    return true;
}

/* ---- the program's side ----------------------------------------------- */

enum sotto_err port_console_open(struct port_loop *loop, void *tag,
                                 struct port_stream **console)
{
    if (loop->machine->console != NULL) {
        return sim_fail(SOTTO_ERR_BUSY, "The console is in use");
    }
    struct port_stream *made = sim_stream_make(loop, SIM_CONSOLE, tag);
    if (made == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No room for the console");
    }
    made->want = PORT_READ;
    made->is_armed = true;
    made->was_told = true;
    loop->machine->console = made;
    *console = made;
    return SOTTO_OK;
}

void port_console_info(struct port_stream *console,
                       struct port_console_info *info)
{
    (void)console;
    *info = (struct port_console_info){.columns = 80, .rows = 24};
}

void port_console_raw(struct port_stream *console, bool raw)
{
    (void)console; /* it is no terminal */
    (void)raw;
}

unsigned sim_console_ready(const struct port_stream *stream)
{
    const struct sim_machine *machine = stream->source.loop->machine;
    unsigned ready = 0;
    if (machine->typed.len > 0 || machine->has_typed_end) {
        ready |= PORT_READ;
    }
    if (machine->shown.len < SHOWN_MAX) {
        ready |= PORT_WRITE;
    }
    return ready & stream->want;
}

enum sotto_err sim_console_read(struct port_stream *stream, uint8_t *out,
                                size_t cap, size_t *got)
{
    struct sim_machine *machine = stream->source.loop->machine;
    struct sim_text *typed = &machine->typed;
    const size_t len = typed->len < cap ? typed->len : cap;
    if (len == 0) {
        return machine->has_typed_end
                   ? sim_fail(SOTTO_ERR_CLOSED, "The input has ended")
                   : SOTTO_ERR_AGAIN;
    }
    memcpy(out, typed->bytes + typed->at, len);
    take(typed, len);
    *got = len;
    return SOTTO_OK;
}

enum sotto_err sim_console_write(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put)
{
    struct sim_text *shown = &stream->source.loop->machine->shown;
    if (shown->len >= SHOWN_MAX) {
        return SOTTO_ERR_AGAIN;
    }
    len = len < SHOWN_MAX - shown->len ? len : SHOWN_MAX - shown->len;
    if (!sim_text_add(shown, in, len)) {
        return sim_fail(SOTTO_ERR_IO, "No memory for what is shown");
    }
    *put = len;
    return SOTTO_OK;
}

void sim_console_close(struct port_stream *stream)
{
    stream->source.loop->machine->console = NULL;
}
