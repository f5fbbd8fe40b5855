/*
 * network.c - the one network interface of a board: its address by DHCP, or
 * fixed when the board is built (board_network.h).
 *
 * Contract: port/lwip/below.h, port/boards/board.h.
 */
#include "port/boards/board.h"
#include "port/boards/board_network.h"
#include "port/boards/drivers.h"
#include "port/lwip/below.h"

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/netif.h>
#include <netif/ethernet.h>
#include <string.h>

static struct netif *interface(void)
{
    static struct netif the_only_one;
    return &the_only_one;
}

static bool add_interface(const char *address, const char *mask,
                          const char *gateway)
{
    ip4_addr_t ip[3];
    return ip4addr_aton(address, &ip[0]) == 1 &&
           ip4addr_aton(mask, &ip[1]) == 1 &&
           ip4addr_aton(gateway, &ip[2]) == 1 &&
           netif_add(interface(), &ip[0], &ip[1], &ip[2], NULL, ethernet_init,
                     ethernet_input) != NULL;
}

static void set_names(void)
{
#if LWIP_DNS
    ip_addr_t server;
    if (ipaddr_aton(BOARD_NAME_SERVER, &server) == 1) {
        dns_setserver(0, &server);
    }
#endif
}

/* "0.0.0.0" is no address: DHCP has to find one. */
static bool is_fixed(void)
{
    return strcmp(BOARD_ADDRESS, "0.0.0.0") != 0;
}

enum sotto_err below_net_start(const char **why)
{
    if (!add_interface(BOARD_ADDRESS, BOARD_NETMASK, BOARD_GATEWAY)) {
        *why = "The Ethernet controller does not answer, or the address in "
               "the firmware is none";
        return SOTTO_ERR_IO;
    }
    netif_set_default(interface());
    netif_set_up(interface());
    if (is_fixed()) {
        set_names();
        return SOTTO_OK;
    }
#if LWIP_DHCP
    if (dhcp_start(interface()) == ERR_OK) {
        return SOTTO_OK;
    }
    *why = "No memory to ask for an address";
    return SOTTO_ERR_IO;
#else
    *why = "This firmware has neither an address nor DHCP";
    return SOTTO_ERR_IO;
#endif
}

static void say(const char *words)
{
    board_write(words, strlen(words));
}

/* Whoever looks at a board that does not answer looks at its console: it says
 * there when its link goes or comes back. (lwIP asks for the address again by
 * itself.) */
static void tell_link(bool is_up)
{
    static bool was_ever_up;
    static bool was_up;
    if (was_ever_up && is_up != was_up) {
        say(is_up ? "network: the link is up again\n"
                  : "network: the link is down\n");
    }
    was_ever_up |= is_up;
    was_up = is_up;
}

/* And where it can be reached, however late that is known. */
static void tell_address(const ip4_addr_t *ip)
{
    static ip4_addr_t told;
    if (!ip4_addr_isany(ip) && !ip4_addr_cmp(ip, &told)) {
        told = *ip;
        say("network: address ");
        say(ip4addr_ntoa(ip));
        say("\n");
    }
}

void below_net_poll(void)
{
    ethernet_poll(interface());
    tell_link(netif_is_link_up(interface()));
    if (netif_is_link_up(interface())) {
        tell_address(netif_ip4_addr(interface()));
    }
}

/* Peers come straight to a board. */
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

bool board_address(struct port_address *address)
{
    const ip4_addr_t *ip = netif_ip4_addr(interface());
    if (!netif_is_link_up(interface()) || ip4_addr_isany(ip)) {
        return false;
    }
    *address = (struct port_address){.ip = {[10] = 0xff, [11] = 0xff}};
    memcpy(address->ip + 12, &ip->addr, 4); /* network order in both */
    return true;
}
