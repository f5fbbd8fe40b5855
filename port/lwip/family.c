/*
 * family.c - addresses between port.h and lwIP, in a build for IPv4 and in one
 * for both families.
 */
#include "port/lwip/machine.h"

#include <string.h>

static void put_ipv4(const ip4_addr_t *in, struct port_address *address)
{
    memset(address->ip, 0, 10);
    memset(address->ip + 10, 0xff, 2);
    memcpy(address->ip + 12, &in->addr, 4); /* network order in both */
}

static ip4_addr_t get_ipv4(const struct port_address *address)
{
    ip4_addr_t out;
    memcpy(&out.addr, address->ip + 12, 4);
    return out;
}

#if PORT_LWIP_IPV6

static void put_as_ipv4(const struct port_address *address, ip_addr_t *out)
{
    ip4_addr_t ip = get_ipv4(address);
    ip_addr_copy_from_ip4(*out, ip);
}

static void put_as_ipv6(const struct port_address *address, ip_addr_t *out)
{
    ip6_addr_t ip;
    memcpy(ip.addr, address->ip, sizeof ip.addr);
    ip6_addr_clear_zone(&ip);
    ip_addr_copy_from_ip6(*out, ip);
}

enum sotto_err address_to_lwip(const struct port_address *address,
                               ip_addr_t *out)
{
    if (port_address_is_ipv4(address)) {
        put_as_ipv4(address, out);
    } else {
        put_as_ipv6(address, out);
    }
    return SOTTO_OK;
}

void address_from_lwip(const ip_addr_t *in, uint16_t tcp_port,
                       struct port_address *address)
{
    if (IP_IS_V4(in)) {
        put_ipv4(ip_2_ip4(in), address);
    } else {
        memcpy(address->ip, ip_2_ip6(in)->addr, sizeof address->ip);
    }
    address->port = tcp_port;
}

static bool same_family(const ip_addr_t *a, const ip_addr_t *b)
{
    return IP_GET_TYPE(a) == IP_GET_TYPE(b);
}

static bool has_address(struct netif *netif, const ip_addr_t *address)
{
    return IP_IS_V4(address)
               ? ip4_addr_eq(ip_2_ip4(address), netif_ip4_addr(netif))
               : netif_get_ip6_addr_match(netif, ip_2_ip6(address)) >= 0;
}

#else

enum sotto_err address_to_lwip(const struct port_address *address,
                               ip_addr_t *out)
{
    if (!port_address_is_ipv4(address)) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    *out = get_ipv4(address);
    return SOTTO_OK;
}

void address_from_lwip(const ip_addr_t *in, uint16_t tcp_port,
                       struct port_address *address)
{
    put_ipv4(in, address);
    address->port = tcp_port;
}

static bool same_family(const ip_addr_t *a, const ip_addr_t *b)
{
    (void)a;
    (void)b;
    return true;
}

static bool has_address(struct netif *netif, const ip_addr_t *address)
{
    return ip4_addr_eq(address, netif_ip4_addr(netif));
}

#endif

bool address_is_ours(const ip_addr_t *address)
{
    if (ip_addr_isany(address)) {
        return true;
    }
    for (struct netif *netif = netif_list; netif != NULL; netif = netif->next) {
        if (has_address(netif, address)) {
            return true;
        }
    }
    return false;
}

bool address_overlaps(const ip_addr_t *a, const ip_addr_t *b)
{
    return same_family(a, b) &&
           (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_eq(a, b));
}
