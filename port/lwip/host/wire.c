/*
 * wire.c - the host's only network interface, with the loopback addresses:
 * a wire whose both ends are here.
 *
 * lwIP has a loopback interface of its own; this one behaves like a board's
 * driver instead. A frame is copied into packet buffers of lwIP's pool, waits
 * in a ring as it would in a device, and is lost when there is no room.
 *
 * Contract: below.h, the network.
 */
#include "port/lwip/host/host.h"

#include <lwip/ip.h>
#include <lwip/netif.h>

/* Frames on the wire at once. */
#define RING 1024U
_Static_assert((RING & (RING - 1)) == 0, "indices wrap by a mask");

struct wire {
    struct netif netif;
    struct pbuf *ring[RING];
    size_t first;
    size_t count;
    unsigned loss; /* of 1,000 */
    uint64_t seed;
};

static struct wire *wire(void)
{
    static struct wire the_only_one;
    return &the_only_one;
}

void host_wire_lose(unsigned per_mille, uint64_t seed)
{
    wire()->loss = per_mille;
    wire()->seed = seed;
}

/* Steele, Lea, Flood 2014: SplitMix. */
static uint64_t draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t mixed = *state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return mixed ^ mixed >> 31;
}

static bool is_lost(struct wire *wire)
{
    return wire->loss > 0 && draw(&wire->seed) % 1000 < wire->loss;
}

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    struct wire *to = netif->state;
    struct pbuf *copy = NULL;
    if (to->count < RING && !is_lost(to)) {
        copy = pbuf_alloc(PBUF_LINK, frame->tot_len, PBUF_POOL);
    }
    if (copy == NULL) {
        return ERR_OK; /* lost on the way; lwIP sends it again */
    }
    (void)pbuf_copy(copy, frame); /* as long as the frame */
    to->ring[(to->first + to->count) & (RING - 1)] = copy;
    to->count++;
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
    struct netif *netif = &wire()->netif;
    if (netif_add(netif, &address, &mask, &gateway, wire(), init, ip_input) ==
        NULL) {
        *why = "The loopback interface does not start";
        return SOTTO_ERR_IO;
    }
    netif_set_link_up(netif);
    netif_set_up(netif);
    return SOTTO_OK;
}

bool host_wire_busy(void)
{
    return wire()->count > 0;
}

/* Answers to what comes in go onto the same wire, so there is no "all": a ring
 * full of frames is enough for one turn. */
void below_net_poll(void)
{
    struct wire *from = wire();
    for (size_t i = 0; i < RING && from->count > 0; i++) {
        struct pbuf *frame = from->ring[from->first];
        from->first = (from->first + 1) & (RING - 1);
        from->count--;
        if (from->netif.input(frame, &from->netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
}
