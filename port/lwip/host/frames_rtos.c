/*
 * frames_rtos.c - frames that come are posted to lwIP's thread at once; what
 * does not fit its mailbox is lost.
 */
#include "port/lwip/host/host.h"

#include <lwip/tcpip.h>

bool host_frames_lose(unsigned per_mille, uint64_t seed)
{
    (void)per_mille;
    (void)seed;
    return false; /* threads have the machine's time */
}

void host_frames_put(struct netif *netif, struct pbuf *frame)
{
    if (tcpip_inpkt(frame, netif, netif->input) != ERR_OK) {
        pbuf_free(frame);
    }
}

bool host_frames_wait(void)
{
    return false;
}

void host_frames_deliver(struct netif *netif)
{
    (void)netif;
}
