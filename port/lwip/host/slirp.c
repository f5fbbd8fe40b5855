/*
 * slirp.c - the host's network interface for tests with several processes: an
 * Ethernet on whose other end libslirp, in this process too and without any
 * privilege, plays a router, as it does for QEMU's user networking.
 *
 * The router is 127.0.0.1 and this machine 127.0.0.15, so that who dials
 * 127.0.0.1 reaches the host's own services, as a program of the host would: the
 * router connects to them from a socket of the host. Where this machine listens,
 * the router listens on the same port of the host's 127.0.0.1, and passes on
 * what comes.
 *
 * SOTTO_LWIP_DHCP=1: ask the router for the address instead of knowing it.
 *
 * Contract: below.h, the network.
 */
#include "port/lwip/host/host.h"

#include <errno.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <netif/ethernet.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NETWORK "127.0.0.0"
#define MASK    "255.0.0.0"
#define ROUTER  "127.0.0.1"
#define NAMES   "127.0.0.3" /* the router's DNS server */
#define OURS    "127.0.0.15"

#define FRAME_MAX (ETH_PAD_SIZE + SIZEOF_ETH_HDR + 1500)

struct link {
    struct netif netif;
    Slirp *slirp;
    struct pollfd *fds; /* while descriptors are collected */
    size_t cap;
    size_t count;
};

static struct link *link_of_ours(void)
{
    static struct link the_only_one;
    return &the_only_one;
}

static struct in_addr address_of(const char *text)
{
    return (struct in_addr){.s_addr = ipaddr_addr(text)};
}

/* ---- what libslirp calls ---------------------------------------------- */

static ssize_t take_frame(const void *bytes, size_t len, void *opaque)
{
    struct link *link = opaque;
    struct pbuf *frame =
        len <= FRAME_MAX ? pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL) : NULL;
    if (frame != NULL) { /* or it is lost, and TCP repeats it */
        (void)pbuf_take(frame, bytes, (u16_t)len); /* as long as the frame */
        host_frames_put(&link->netif, frame);
    }
    return (ssize_t)len;
}

static void guest_error(const char *what, void *opaque)
{
    (void)opaque;
    sotto_panic(what, __FILE__, __LINE__); /* lwIP sent something wrong */
}

static int64_t clock_ns(void *opaque)
{
    (void)opaque;
    return (int64_t)below_now_ns();
}

/* Timers are for IPv6 only. */
static void *new_timer(SlirpTimerCb call, void *arg, void *opaque)
{
    (void)call;
    (void)arg;
    return opaque;
}

static void free_timer(void *timer, void *opaque)
{
    (void)timer;
    (void)opaque;
}

static void set_timer(void *timer, int64_t expires_ms, void *opaque)
{
    (void)timer;
    (void)expires_ms;
    (void)opaque;
}

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void ignore(void *opaque)
{
    (void)opaque;
}

static int add_fd(int fd, int events, void *opaque)
{
    struct link *link = opaque;
    if (link->count == link->cap) {
        return -1;
    }
    short wanted = (short)(((events & SLIRP_POLL_IN) != 0 ? POLLIN : 0) |
                           ((events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0) |
                           ((events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0));
    link->fds[link->count] = (struct pollfd){.fd = fd, .events = wanted};
    return (int)link->count++;
}

static int found_at(int at, void *opaque)
{
    const struct link *link = opaque;
    if (at < 0) {
        return 0;
    }
    short found = link->fds[at].revents;
    return ((found & POLLIN) != 0 ? SLIRP_POLL_IN : 0) |
           ((found & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
           ((found & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0) |
           ((found & POLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
           ((found & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
}

/* ---- turning and waiting ---------------------------------------------- */

/* Sockets of the host may fail and be repeated, but time is theirs. */
bool host_net_lose(unsigned per_mille, uint64_t seed)
{
    (void)per_mille;
    (void)seed;
    return false;
}

size_t host_net_wait(struct pollfd *fds, size_t cap, int *timeout_ms)
{
    struct link *link = link_of_ours();
    uint32_t timeout = *timeout_ms < 0 ? UINT32_MAX : (uint32_t)*timeout_ms;
    link->fds = fds;
    link->cap = cap;
    link->count = 0;
    slirp_pollfds_fill(link->slirp, &timeout, add_fd, link);
    if (host_frames_wait()) {
        timeout = 0;
    }
    *timeout_ms = timeout > INT32_MAX ? -1 : (int)timeout;
    return link->count;
}

void host_net_waited(bool failed)
{
    struct link *link = link_of_ours();
    slirp_pollfds_poll(link->slirp, failed ? 1 : 0, found_at, link);
}

/* Descriptors are looked at here too, because a loop that always has something
 * to tell never waits. */
void below_net_poll(void)
{
    struct pollfd fds[HOST_NET_FDS];
    int timeout_ms = 0;
    size_t count = host_net_wait(fds, HOST_NET_FDS, &timeout_ms);
    host_net_waited(poll(fds, count, 0) < 0);
    host_frames_deliver(&link_of_ours()->netif);
}

/* ---- the interface ---------------------------------------------------- */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    const struct link *link = netif->state;
    uint8_t bytes[FRAME_MAX];
    if (frame->tot_len > sizeof bytes) {
        return ERR_BUF;
    }
    int len = pbuf_copy_partial(frame, bytes, frame->tot_len, 0);
    slirp_input(link->slirp, bytes, len);
    return ERR_OK;
}

static err_t init(struct netif *netif)
{
    static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    netif->hwaddr_len = sizeof mac;
    memcpy(netif->hwaddr, mac, sizeof mac);
    return ERR_OK;
}

static bool start_router(struct link *link)
{
    static const SlirpCb calls = {.send_packet = take_frame,
                                  .guest_error = guest_error,
                                  .clock_get_ns = clock_ns,
                                  .timer_new = new_timer,
                                  .timer_free = free_timer,
                                  .timer_mod = set_timer,
                                  .register_poll_fd = ignore_fd,
                                  .unregister_poll_fd = ignore_fd,
                                  .notify = ignore};
    SlirpConfig config = {.version = 1,
                          .in_enabled = true,
                          .vnetwork = address_of(NETWORK),
                          .vnetmask = address_of(MASK),
                          .vhost = address_of(ROUTER),
                          .vdhcp_start = address_of(OURS),
                          .vnameserver = address_of(NAMES)};
    link->slirp = slirp_new(&config, &calls, link);
    return link->slirp != NULL;
}

enum sotto_err below_net_start(const char **why)
{
    struct link *link = link_of_ours();
    const char *dhcp = getenv("SOTTO_LWIP_DHCP");
    bool is_fixed = dhcp == NULL || strcmp(dhcp, "1") != 0;
    ip4_addr_t ip[3] = {{0}, {0}, {0}};
    if (is_fixed) {
        ip[0].addr = ipaddr_addr(OURS);
        ip[1].addr = ipaddr_addr(MASK);
        ip[2].addr = ipaddr_addr(ROUTER);
    }
    if (!start_router(link) || netif_add(&link->netif, &ip[0], &ip[1], &ip[2],
                                         link, init, ethernet_input) == NULL) {
        *why = "The router of the test network does not start";
        return SOTTO_ERR_IO;
    }
    netif_set_default(&link->netif);
    netif_set_up(&link->netif);
    if (!is_fixed && dhcp_start(&link->netif) != ERR_OK) {
        *why = "No memory to ask for an address";
        return SOTTO_ERR_IO;
    }
    return SOTTO_OK;
}

/* libslirp lets one connection wait to be accepted; those behind it would have
 * to repeat their SYN after a second. */
static void widen_backlogs(void)
{
    struct pollfd fds[HOST_NET_FDS];
    int timeout_ms = 0;
    size_t count = host_net_wait(fds, HOST_NET_FDS, &timeout_ms);
    for (size_t i = 0; i < count; i++) {
        int listens = 0;
        socklen_t len = sizeof listens;
        if (getsockopt(fds[i].fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
                0 &&
            listens != 0) {
            (void)listen(fds[i].fd, SOMAXCONN);
        }
    }
}

enum sotto_err below_listen(const struct port_address *address,
                            const char **why)
{
    if (slirp_add_hostfwd(link_of_ours()->slirp, 0, address_of(ROUTER),
                          address->port, address_of(OURS),
                          address->port) == 0) {
        widen_backlogs();
        return SOTTO_OK;
    }
    *why = host_words();
    return errno == EADDRINUSE ? SOTTO_ERR_BUSY : SOTTO_ERR_IO;
}

void below_listen_end(const struct port_address *address)
{
    (void)slirp_remove_hostfwd(link_of_ours()->slirp, 0, address_of(ROUTER),
                               address->port);
}
