/*
 * address.c - addresses as ours, and as the system's.
 */
#include "port/posix/posix.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* RFC 4291 2.5.5.2: ten zeros and two ones before an IPv4 address. */
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

socklen_t posix_address_out(const struct port_address *address,
                            struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (port_address_is_ipv4(address)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        v4.sin_port = htons(address->port);
        memcpy(&v4.sin_addr, address->ip + sizeof mapped, sizeof v4.sin_addr);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    v6.sin6_port = htons(address->port);
    memcpy(&v6.sin6_addr, address->ip, sizeof v6.sin6_addr);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

void posix_address_in(const struct sockaddr *in, struct port_address *address)
{
    memset(address, 0, sizeof *address);
    if (in->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, in, sizeof v4);
        memcpy(address->ip, mapped, sizeof mapped);
        memcpy(address->ip + sizeof mapped, &v4.sin_addr, sizeof v4.sin_addr);
        address->port = ntohs(v4.sin_port);
    } else if (in->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, in, sizeof v6);
        memcpy(address->ip, &v6.sin6_addr, sizeof v6.sin6_addr);
        address->port = ntohs(v6.sin6_port);
    }
}
