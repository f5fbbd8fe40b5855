/*
 * receive.c - the unread bytes of a stream: a chain of lwIP's packet buffers.
 *
 * Bytes are bounded by TCP's window, packet buffers are not: a peer that sends
 * single bytes would fill one with each. So a packet that fits behind the
 * last one's bytes, in the same buffer, is copied there; and each stream may
 * keep its first buffer, a few more out of a common share, and nothing beyond
 * (port_lwip_config.h). What is refused stays with lwIP, which offers it again,
 * and the peer has to repeat what came behind it.
 */
#include "port/lwip/machine.h"

#include <string.h>

/* ---- the share -------------------------------------------------------- */

static size_t shared_part(size_t packets)
{
    return packets > 1 ? packets - 1 : 0;
}

/* Accounts for a stream that holds `packets` buffers from now on. */
static void hold(struct port_stream *stream, size_t packets)
{
    struct port *port = machine();
    port->shared -= shared_part(stream->packets);
    port->shared += shared_part(packets);
    stream->packets = (uint8_t)packets;
}

static bool may_hold(const struct port_stream *stream, size_t packets)
{
    if (stream->packets == 0) {
        return packets <= UINT8_MAX; /* the guaranteed one, however cut */
    }
    size_t more = shared_part(packets) - shared_part(stream->packets);
    return packets <= PORT_LWIP_RECEIVE_PACKETS &&
           machine()->shared + more <= PORT_LWIP_SHARED_PACKETS;
}

/* ---- room behind the last byte ---------------------------------------- */

/* Only in buffers of lwIP's pool, which all have the same size, and only where
 * nobody else holds the buffer. */
static size_t room_behind(const struct pbuf *p)
{
    unsigned source = p->type_internal & PBUF_TYPE_ALLOC_SRC_MASK;
    if (source != PBUF_TYPE_ALLOC_SRC_MASK_STD_MEMP_PBUF_POOL ||
        (p->flags & PBUF_FLAG_IS_CUSTOM) != 0 || p->ref != 1) {
        return 0;
    }
    const uint8_t *end = (const uint8_t *)p +
                         LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) +
                         LWIP_MEM_ALIGN_SIZE(PBUF_POOL_BUFSIZE);
    return (size_t)(end - ((const uint8_t *)p->payload + p->len));
}

/* Copies `p` behind the chain's last byte and frees it, or does nothing. */
static bool append_copy(struct pbuf *chain, struct pbuf *p)
{
    struct pbuf *last = chain;
    while (last->next != NULL) {
        last = last->next;
    }
    uint16_t len = p->tot_len;
    if (room_behind(last) < len) {
        return false;
    }
    (void)pbuf_copy_partial(p, (uint8_t *)last->payload + last->len, len, 0);
    last->len = (uint16_t)(last->len + len);
    for (struct pbuf *q = chain; q != NULL; q = q->next) {
        q->tot_len = (uint16_t)(q->tot_len + len);
    }
    pbuf_free(p);
    return true;
}

/* ---- in and out ------------------------------------------------------- */

bool receive_put(struct port_stream *stream, struct pbuf *p)
{
    if (stream->received != NULL && append_copy(stream->received, p)) {
        return true;
    }
    size_t packets = stream->packets + (size_t)pbuf_clen(p);
    if (!may_hold(stream, packets)) {
        return false;
    }
    hold(stream, packets);
    if (stream->received == NULL) {
        stream->received = p;
    } else {
        pbuf_cat(stream->received, p);
    }
    return true;
}

uint16_t receive_take(struct port_stream *stream, uint8_t *out, size_t cap)
{
    struct pbuf *chain = stream->received;
    uint16_t len = chain->tot_len < cap ? chain->tot_len : (uint16_t)cap;
    (void)pbuf_copy_partial(chain, out, len, 0);
    stream->received = pbuf_free_header(chain, len);
    hold(stream, stream->received == NULL ? 0 : pbuf_clen(stream->received));
    return len;
}

uint16_t receive_drop(struct port_stream *stream)
{
    uint16_t len = 0;
    if (stream->received != NULL) {
        len = stream->received->tot_len;
        pbuf_free(stream->received);
        stream->received = NULL;
    }
    hold(stream, 0);
    return len;
}
