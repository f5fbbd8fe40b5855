/*
 * linger.c - connections that nobody holds any more, but whose peers do not
 * have everything yet.
 *
 * What was written goes out, and only then the end of our side (FIN). lwIP 2.2
 * would put the FIN on the last segment that waits; and when it has to split
 * that segment for a small window, the first half keeps the FIN (in
 * tcp_split_unsent_seg(), TCPH_SET_FLAG adds flags where it should replace
 * them), so that the peer would take less than we wrote for all of it.
 *
 * What the peer still sends is thrown away: answering it with a reset, as lwIP's tcp_close()
 * would, could destroy what the peer has not read. The connection ends when
 * the peer closes its side too, or when it took nothing for
 * PORT_LWIP_LINGER_S; a new connection that finds no free pcb ends it earlier
 * (its priority is the lowest).
 */
#include "port/lwip/machine.h"

#include <lwip/priv/tcp_priv.h> /* tcp_active_pcbs */

/* Half seconds between two calls of polled(). */
#define POLL_HALF_SECONDS 2

/* The callback argument is nothing but a count of seconds. */
static void *seconds(uintptr_t count)
{
    return (void *)count;
}

/* The end of our side, once nothing is left that was never sent. False when
 * the pcb could only be aborted. Without memory for the FIN lwIP answers OK and
 * repeats it itself. */
static bool end_when_sent(struct tcp_pcb *pcb)
{
    bool is_due = pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT;
    if (is_due && pcb->unsent == NULL && tcp_shutdown(pcb, 0, 1) != ERR_OK) {
        tcp_abort(pcb);
        return false;
    }
    return true;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg;
    (void)err;
    if (p != NULL) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
    }
    return ERR_OK;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, uint16_t len)
{
    (void)arg;
    (void)len;
    machine_freed();
    tcp_arg(pcb, seconds(0));
    return end_when_sent(pcb) ? ERR_OK : ERR_ABRT;
}

static err_t polled(void *arg, struct tcp_pcb *pcb)
{
    uintptr_t waited = (uintptr_t)arg + 1;
    if (waited >= PORT_LWIP_LINGER_S) {
        tcp_abort(pcb);
        machine_freed();
        return ERR_ABRT;
    }
    tcp_arg(pcb, seconds(waited));
    return end_when_sent(pcb) ? ERR_OK : ERR_ABRT;
}

void linger_start(struct tcp_pcb *pcb)
{
    tcp_setprio(pcb, TCP_PRIO_MIN);
    tcp_arg(pcb, seconds(0));
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_poll(pcb, polled, POLL_HALF_SECONDS);
    if (pcb->refused_data != NULL) {
        (void)tcp_process_refused_data(pcb);
    }
    (void)end_when_sent(pcb);
}

bool linger_busy(void)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL;
         pcb = pcb->next) {
        bool ours = pcb->prio == TCP_PRIO_MIN;
        if (ours && (pcb->unsent != NULL || pcb->unacked != NULL ||
                     (pcb->flags & TF_CLOSEPEND) != 0)) {
            return true;
        }
    }
    return false;
}
