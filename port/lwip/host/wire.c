/*
 * wire.c - a network inside the process: one interface, with the loopback
 * addresses, on a wire whose both ends are here.
 *
 * lwIP has a loopback interface of its own; this one behaves like a board's
 * driver instead: what is sent is copied into packet buffers of lwIP's pool, and
 * waits there as it would in a device (frames.c).
 *
 * Contract: below.h, the network.
 */
#include "port/lwip/host/host.h"

#include <lwip/ip.h>
#include <lwip/netif.h>

static struct netif *interface(void)
{
    static struct netif the_only_one;
    return &the_only_one;
}

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    struct pbuf *copy = pbuf_alloc(PBUF_LINK, frame->tot_len, PBUF_POOL);
    if (copy != NULL) { /* or it is lost, and lwIP sends it again */
        (void)pbuf_copy(copy, frame); /* as long as the frame */
        host_frames_put(netif, copy);
    }
    return ERR_OK;
}

static err_t send_ipv4(struct netif *netif, struct pbuf *frame,
                       const ip4_addr_t *to)
{
    (void)to;
    return send_frame(netif, frame);
}

#if LWIP_IPV6
static err_t send_ipv6(struct netif *netif, struct pbuf *frame,
                       const ip6_addr_t *to)
{
    (void)to;
    return send_frame(netif, frame);
}
#endif

static err_t init(struct netif *netif)
{
    netif->name[0] = 'l';
    netif->name[1] = 'o';
    netif->output = send_ipv4;
#if LWIP_IPV6
    netif->output_ip6 = send_ipv6;
    IP_ADDR6_HOST(netif->ip6_addr, 0, 0, 0, 1);
    netif->ip6_addr_state[0] = IP6_ADDR_PREFERRED;
#endif
    return ERR_OK;
}

enum sotto_err below_net_start(const char **why)
{
    ip4_addr_t address;
    ip4_addr_t mask;
    ip4_addr_t gateway;
    IP4_ADDR(&address, 127, 0, 0, 1);
    IP4_ADDR(&mask, 255, 0, 0, 0);
    IP4_ADDR(&gateway, 127, 0, 0, 1);
    struct netif *netif = interface();
    if (netif_add(netif, &address, &mask, &gateway, NULL, init, ip_input) ==
        NULL) {
        *why = "The loopback interface does not start";
        return SOTTO_ERR_IO;
    }
    netif_set_link_up(netif);
    netif_set_up(netif);
    return SOTTO_OK;
}

void below_net_poll(void)
{
    host_frames_deliver(interface());
}

/* Nobody is out there. */
enum sotto_err below_listen(const struct port_address *address,
                            const char **why)
{
    (void)address;
    (void)why;
    return SOTTO_OK;
}

void below_listen_end(const struct port_address *address)
{
    (void)address;
}

bool host_net_lose(unsigned per_mille, uint64_t seed)
{
    return host_frames_lose(per_mille, seed);
}

size_t host_net_wait(struct pollfd *fds, size_t cap, int *timeout_ms)
{
    (void)fds;
    (void)cap;
    if (host_frames_wait()) {
        *timeout_ms = 0;
    }
    return 0;
}

void host_net_waited(bool failed)
{
    (void)failed;
}
