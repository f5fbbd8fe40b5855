/*
 * stream.c - reading, writing, readiness and the end of streams, and what lwIP
 * tells about an established connection.
 *
 * Received bytes are kept (receive.c) until they are read; only then does the
 * window open again (tcp_recved), which holds a fast peer back.
 *
 * Contract: port.h, streams.
 */
#include "port/lwip/machine.h"

#include "port/lwip/stack.h"
#include <lwip/priv/tcp_priv.h> /* tcp_process_refused_data() */

/* lwIP calls polled() this often, in half seconds. */
#define POLL_HALF_SECONDS 1

/* ---- the pool --------------------------------------------------------- */

struct port_stream *stream_take(enum stream_state state)
{
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        struct port_stream *stream = &machine()->streams[i];
        if (stream->state == STREAM_FREE) {
            uint8_t round = (uint8_t)(stream->round + 1);
            *stream = (struct port_stream){.state = state, .round = round};
            return stream;
        }
    }
    return NULL;
}

static void leave(struct port_stream *stream)
{
    stream->state = STREAM_FREE;
    stream->tag = NULL;
    stream->loop = NULL;
}

/* ---- lwIP's callbacks ------------------------------------------------- */

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct port_stream *stream = arg;
    (void)pcb;
    (void)err; /* always OK in lwIP 2.2 */
    stack_news(stream->loop);
    if (p == NULL) {
        stream->fin = true;
        return ERR_OK;
    }
    return receive_put(stream, p) ? ERR_OK : ERR_MEM;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, uint16_t len)
{
    const struct port_stream *stream = arg;
    (void)pcb;
    (void)len;
    stack_news(stream->loop);
    machine_freed();
    return ERR_OK;
}

/* Another connection may have freed memory that this one waits for. */
static err_t polled(void *arg, struct tcp_pcb *pcb)
{
    (void)arg;
    (void)pcb;
    machine_freed();
    return ERR_OK;
}

static void failed(void *arg, err_t err)
{
    struct port_stream *stream = arg;
    stream->pcb = NULL; /* lwIP has freed it, or does after this call */
    if (stream->state == STREAM_PENDING) {
        stream_drop(stream); /* nobody saw it yet */
        return;
    }
    stack_news(stream->loop);
    if (stream->state == STREAM_OPEN) {
        stream_break(stream, machine_translate(err));
        return;
    }
    bool refused = stream->state == STREAM_CONNECTING && err == ERR_RST;
    stream->error = refused ? SOTTO_ERR_REFUSED : machine_translate(err);
    stream->state = STREAM_FAILING;
}

void stream_attach(struct port_stream *stream, struct tcp_pcb *pcb)
{
    stream->pcb = pcb;
    stream->peer = pcb->remote_ip;
    stream->tcp_port = pcb->remote_port;
    tcp_arg(pcb, stream);
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_err(pcb, failed);
    tcp_poll(pcb, polled, POLL_HALF_SECONDS);
    tcp_nagle_disable(pcb);
}

/* ---- endings ---------------------------------------------------------- */

/* From now on lwIP tells nobody about this pcb. */
static struct tcp_pcb *detach(struct port_stream *stream)
{
    struct tcp_pcb *pcb = stream->pcb;
    stream->pcb = NULL;
    if (pcb != NULL) {
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_sent(pcb, NULL);
        tcp_err(pcb, NULL);
        tcp_poll(pcb, NULL, 0);
    }
    return pcb;
}

void stream_break(struct port_stream *stream, enum sotto_err error)
{
    struct tcp_pcb *pcb = detach(stream);
    if (pcb != NULL) {
        tcp_abort(pcb);
    }
    if (stream->status == SOTTO_ERR_AGAIN) {
        stream->status = error;
    }
    stream->error = error;
    stream->state = STREAM_BROKEN;
    machine_freed();
}

void stream_drop(struct port_stream *stream)
{
    if (stream->listener != NULL) {
        listener_forget(stream);
    }
    struct tcp_pcb *pcb = detach(stream);
    if (pcb != NULL) {
        tcp_abort(pcb);
    }
    (void)receive_drop(stream);
    leave(stream);
    machine_freed();
}

void stream_abort(struct port_stream *stream)
{
    if (stream->loop != NULL) {
        stream->loop->used--;
    }
    if (stream->state == STREAM_CONSOLE) {
        console_stream_close(stream);
    } else {
        stream_drop(stream);
    }
}

void port_stream_abort(struct port_stream *stream)
{
    LOCK_TCPIP_CORE();
    stream_abort(stream);
    UNLOCK_TCPIP_CORE();
}

static void close_open(struct port_stream *stream)
{
    /* Unread bytes go, and the window opens, as if they had been read: a
     * reset on their account could overtake what we wrote. */
    struct tcp_pcb *pcb = detach(stream);
    uint16_t unread = receive_drop(stream);
    stream->loop->used--;
    leave(stream);
    if (unread > 0) {
        tcp_recved(pcb, unread);
    }
    linger_start(pcb);
}

void port_stream_close(struct port_stream *stream)
{
    LOCK_TCPIP_CORE();
    if (stream->state == STREAM_OPEN) {
        close_open(stream);
    } else {
        stream_abort(stream);
    }
    UNLOCK_TCPIP_CORE();
}

/* ---- readiness -------------------------------------------------------- */

static bool can_write(struct port_stream *stream)
{
    if (stream->stuck && stream->stuck_at == machine()->freed) {
        return false;
    }
    stream->stuck = false;
    return tcp_sndbuf(stream->pcb) >= TCP_SND_BUF / 2 &&
           tcp_sndqueuelen(stream->pcb) <= TCP_SND_QUEUELEN / 2;
}

unsigned stream_ready(struct port_stream *stream)
{
    unsigned ready = 0;
    switch (stream->state) {
    case STREAM_FREE:
    case STREAM_PENDING:
    case STREAM_RESOLVING:
    case STREAM_CONNECTING:
    case STREAM_ANSWERED:
    case STREAM_FAILING:
        break;
    case STREAM_OPEN:
        if (stream->received != NULL || stream->fin) {
            ready |= PORT_READ;
        }
        if (can_write(stream)) {
            ready |= PORT_WRITE;
        }
        break;
    case STREAM_BROKEN:
        ready = PORT_READ | PORT_WRITE;
        break;
    case STREAM_CONSOLE:
        ready = console_stream_ready();
        break;
    }
    return ready;
}

unsigned stream_report(struct port_stream *stream)
{
    if (stream->unclaimed) {
        return 0;
    }
    unsigned ready = stream_ready(stream);
    if (stream->state == STREAM_BROKEN) {
        return ready; /* whether it is wanted or not */
    }
    if (stream->outcome_due && stream->state == STREAM_OPEN) {
        return PORT_WRITE | (ready & stream->want);
    }
    return ready & stream->want;
}

void port_want(struct port_stream *stream, unsigned ready)
{
    stream->want = (uint8_t)(ready & (PORT_READ | PORT_WRITE));
    stream->unclaimed = false;
}

void port_stream_peer(const struct port_stream *stream,
                      struct port_address *peer)
{
    address_from_lwip(&stream->peer, stream->tcp_port, peer);
}

/* ---- reading and writing ---------------------------------------------- */

static enum sotto_err nothing_to_read(const struct port_stream *stream)
{
    if (stream->fin) {
        return SOTTO_ERR_CLOSED;
    }
    return stream->state == STREAM_BROKEN ? stream->error : SOTTO_ERR_AGAIN;
}

/* Opens the window, and takes what lwIP was refused before. */
static void allow_more(struct port_stream *stream, uint16_t len)
{
    tcp_recved(stream->pcb, len);
    if (stream->pcb->refused_data != NULL) {
        (void)tcp_process_refused_data(stream->pcb);
    }
}

static enum sotto_err read_some(struct port_stream *stream, uint8_t *out,
                                size_t cap, size_t *got)
{
    if (stream->received == NULL) {
        return machine_report(nothing_to_read(stream));
    }
    uint16_t len = receive_take(stream, out, cap);
    if (stream->pcb != NULL) {
        allow_more(stream, len);
    }
    *got = len;
    return SOTTO_OK;
}

enum sotto_err port_read(struct port_stream *stream, uint8_t *out, size_t cap,
                         size_t *got)
{
    if (stream == &machine()->console) {
        return console_read(out, cap, got);
    }
    LOCK_TCPIP_CORE();
    enum sotto_err err = read_some(stream, out, cap, got);
    UNLOCK_TCPIP_CORE();
    return err;
}

static enum sotto_err write_some(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put)
{
    if (stream->state == STREAM_BROKEN) {
        return machine_report(stream->error);
    }
    if (stream->state != STREAM_OPEN) {
        return SOTTO_ERR_AGAIN;
    }
    uint16_t some = send_some(stream->pcb, in, len);
    if (some == 0) {
        stream->stuck = true;
        stream->stuck_at = machine()->freed;
        stream->loop->is_stuck = true;
        return SOTTO_ERR_AGAIN;
    }
    (void)tcp_output(stream->pcb); /* lwIP repeats it from its timer */
    *put = some;
    return SOTTO_OK;
}

enum sotto_err port_write(struct port_stream *stream, const uint8_t *in,
                          size_t len, size_t *put)
{
    if (stream == &machine()->console) {
        return console_write(in, len, put);
    }
    LOCK_TCPIP_CORE();
    enum sotto_err err = write_some(stream, in, len, put);
    UNLOCK_TCPIP_CORE();
    return err;
}
