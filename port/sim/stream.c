/*
 * stream.c - reading, writing, closing.
 */
#include "port/sim/inner.h"

#include <stdlib.h>

static const char *err_text(enum sotto_err err)
{
    switch ((int)err) {
    case SOTTO_ERR_CLOSED:
        return "The peer closed the connection";
    case SOTTO_ERR_RESET:
        return "Connection reset by peer";
    case SOTTO_ERR_REFUSED:
        return "Connection refused";
    case SOTTO_ERR_TIMEOUT:
        return "Connection timed out";
    case SOTTO_ERR_NAME:
        return "Name or service not known";
    default:
        return "The connection failed";
    }
}

static struct sim_end *own_end(const struct port_stream *stream)
{
    return &stream->conn->ends[stream->side];
}

static struct sim_pipe *pipe_in(const struct port_stream *stream)
{
    return &stream->conn->pipes[1 - stream->side];
}

static struct sim_pipe *pipe_out(const struct port_stream *stream)
{
    return &stream->conn->pipes[stream->side];
}

static size_t room_left(const struct sim_pipe *pipe)
{
    return pipe->room - pipe->arrived - pipe->under_way;
}

struct port_stream *sim_stream_make(struct port_loop *loop,
                                    enum sim_source_kind kind, void *tag)
{
    struct port_stream *made = calloc(1, sizeof *made);
    if (made == NULL || !sim_loop_place(loop, &made->source)) {
        free(made);
        return NULL;
    }
    made->source.kind = kind;
    made->source.tag = tag;
    return made;
}

/* ---- readiness -------------------------------------------------------- */

/* As the network knows it; the program learns it in port_wait(). Who was called
 * has a connection, whatever becomes of the answer. */
static enum sotto_err true_status(const struct port_stream *stream)
{
    if (stream->is_nameless) {
        return SOTTO_ERR_NAME;
    }
    return stream->side == 1 ? SOTTO_OK : stream->conn->answer;
}

void sim_stream_look(struct port_stream *stream)
{
    if (stream->status == SOTTO_ERR_AGAIN) {
        stream->status = true_status(stream);
    }
}

unsigned sim_stream_ready(const struct port_stream *stream)
{
    const enum sotto_err status = true_status(stream);
    if (status == SOTTO_ERR_AGAIN || !stream->is_armed) {
        return 0;
    }
    if (status != SOTTO_OK || own_end(stream)->err != SOTTO_OK) {
        return PORT_READ | PORT_WRITE;
    }
    if (!stream->was_told) {
        return PORT_WRITE;
    }
    const struct sim_pipe *in = pipe_in(stream);
    unsigned ready = in->arrived > 0 || in->has_ended ? PORT_READ : 0U;
    ready |= room_left(pipe_out(stream)) > 0 ? PORT_WRITE : 0U;
    return ready & stream->want;
}

void port_want(struct port_stream *stream, unsigned ready)
{
    stream->want = ready;
    stream->is_armed = true;
}

/* ---- bytes ------------------------------------------------------------ */

/* AGAIN, or what is wrong with it. */
static enum sotto_err check(struct port_stream *stream)
{
    if (stream->status != SOTTO_OK) {
        return stream->status == SOTTO_ERR_AGAIN
                   ? SOTTO_ERR_AGAIN
                   : sim_fail(stream->status, err_text(stream->status));
    }
    if (sim_call(stream->source.loop->machine, SIM_CALLS_STREAMS)) {
        sim_end_break(stream->conn, stream->side);
    }
    const enum sotto_err err = own_end(stream)->err;
    return err != SOTTO_OK ? sim_fail(err, err_text(err)) : SOTTO_OK;
}

/* How many of `len` bytes are moved at once. */
static size_t portion(struct sim *sim, size_t len)
{
    return sim_chance(&sim->dice, sim->profile.short_ppm)
               ? sim_between(&sim->dice, 1, len)
               : len;
}

enum sotto_err port_read(struct port_stream *stream, uint8_t *out, size_t cap,
                         size_t *got)
{
    if (stream->source.kind == SIM_CONSOLE) {
        return sim_console_read(stream, out, cap, got);
    }
    sim_pause();
    enum sotto_err err = check(stream);
    if (err != SOTTO_OK) {
        return err;
    }
    struct sim_pipe *in = pipe_in(stream);
    size_t len = in->arrived < cap ? in->arrived : cap;
    if (len == 0) {
        return in->has_ended
                   ? sim_fail(SOTTO_ERR_CLOSED, err_text(SOTTO_ERR_CLOSED))
                   : SOTTO_ERR_AGAIN;
    }
    len = portion(stream->source.loop->machine->sim, len);
    for (size_t i = 0; i < len; i++) {
        out[i] = in->bytes[(in->at + i) % in->room];
    }
    in->at = (in->at + len) % in->room;
    in->arrived -= len;
    *got = len;
    return SOTTO_OK;
}

enum sotto_err port_write(struct port_stream *stream, const uint8_t *in,
                          size_t len, size_t *put)
{
    if (stream->source.kind == SIM_CONSOLE) {
        return sim_console_write(stream, in, len, put);
    }
    struct sim *sim = stream->source.loop->machine->sim;
    sim_pause();
    if (stream->status == SOTTO_OK &&
        sim_chance(&sim->dice, sim->profile.reset_ppm)) {
        sim_end_break(stream->conn, stream->side);
    }
    enum sotto_err err = check(stream);
    if (err != SOTTO_OK) {
        return err;
    }
    const size_t room = room_left(pipe_out(stream));
    if (room == 0) {
        return SOTTO_ERR_AGAIN;
    }
    len = portion(sim, len < room ? len : room);
    sim_pipe_send(sim, pipe_out(stream), in, len);
    *put = len;
    return SOTTO_OK;
}

/* ---- status ----------------------------------------------------------- */

enum sotto_err port_connect_status(struct port_stream *stream)
{
    if (stream->status == SOTTO_ERR_AGAIN) {
        return SOTTO_ERR_AGAIN;
    }
    stream->was_told = true;
    return stream->status == SOTTO_OK
               ? SOTTO_OK
               : sim_fail(stream->status, err_text(stream->status));
}

void port_stream_peer(const struct port_stream *stream,
                      struct port_address *peer)
{
    *peer = stream->conn->ends[1 - stream->side].address;
}

/* ---- closing ---------------------------------------------------------- */

static void leave(struct port_stream *stream)
{
    if (stream->source.kind == SIM_CONSOLE) {
        sim_console_close(stream);
    }
    sim_loop_leave(&stream->source);
    free(stream);
}

void port_stream_close(struct port_stream *stream)
{
    if (stream->conn != NULL) {
        sim_end_close(stream->conn, stream->side);
    }
    leave(stream);
}

void port_stream_abort(struct port_stream *stream)
{
    if (stream->conn != NULL) {
        sim_end_abort(stream->conn, stream->side);
    }
    leave(stream);
}
