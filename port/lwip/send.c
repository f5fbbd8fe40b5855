/*
 * send.c - how much of lwIP's send memory a stream may take.
 *
 * TCP keeps what it sent until the peer acknowledges it, in a heap of fixed
 * size that all connections share. A peer that reads nothing must not take it
 * all: each connection has a small part of its own that nobody else gets, and
 * takes more out of a common rest while that lasts (port_lwip_config.h).
 */
#include "port/lwip/machine.h"

#include <lwip/priv/tcp_priv.h> /* tcp_active_pcbs */

/* What the connection holds: bytes, and what each of its buffers costs. */
static size_t held_by(const struct tcp_pcb *pcb)
{
    return (size_t)(TCP_SND_BUF - tcp_sndbuf(pcb)) +
           (size_t)tcp_sndqueuelen(pcb) * PORT_LWIP_PACKET_OVERHEAD;
}

static size_t beyond_own(const struct tcp_pcb *pcb)
{
    size_t held = held_by(pcb);
    return held > PORT_LWIP_SEND_OWN ? held - PORT_LWIP_SEND_OWN : 0;
}

/* What is left of the common part. Closed connections count too. */
static size_t shared_left(void)
{
    size_t left = (size_t)(PORT_LWIP_SEND_SHARED);
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL;
         pcb = pcb->next) {
        size_t taken = beyond_own(pcb);
        left = taken < left ? left - taken : 0;
    }
    return left;
}

/* How many of `len` bytes may be handed to lwIP, as segments of the size that
 * the peer takes. */
static uint16_t allowed(const struct tcp_pcb *pcb, size_t len)
{
    size_t held = held_by(pcb);
    size_t own = held < PORT_LWIP_SEND_OWN ? PORT_LWIP_SEND_OWN - held : 0;
    size_t room = own + shared_left();
    if (len > tcp_sndbuf(pcb)) {
        len = tcp_sndbuf(pcb);
    }
    size_t buffers = len / tcp_mss(pcb) + 1;
    size_t overhead = buffers * PORT_LWIP_PACKET_OVERHEAD;
    if (room <= overhead) {
        return 0;
    }
    return (uint16_t)(len < room - overhead ? len : room - overhead);
}

uint16_t send_some(struct tcp_pcb *pcb, const uint8_t *in, size_t len)
{
    uint16_t some = allowed(pcb, len);
    while (some > 0 &&
           tcp_write(pcb, in, some, TCP_WRITE_FLAG_COPY) != ERR_OK) {
        some /= 2; /* the heap is cut into pieces: try a smaller one */
    }
    return some;
}
