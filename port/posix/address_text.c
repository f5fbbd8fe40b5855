/*
 * address_text.c - addresses as text, by the C library. Nothing here belongs to
 * one port: port/sim uses it, too.
 */
#include "port/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* RFC 4291 2.5.5.2: ten zeros and two ones before an IPv4 address. */
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool port_address_is_ipv4(const struct port_address *address)
{
    return memcmp(address->ip, mapped, sizeof mapped) == 0;
}

void port_address_text(const struct port_address *address,
                       char out[static PORT_ADDRESS_TEXT])
{
    char ip[INET6_ADDRSTRLEN];
    bool ipv4 = port_address_is_ipv4(address);
    const char *text =
        ipv4 ? inet_ntop(AF_INET, address->ip + sizeof mapped, ip, sizeof ip)
             : inet_ntop(AF_INET6, address->ip, ip, sizeof ip);
    (void)snprintf(out, PORT_ADDRESS_TEXT, ipv4 ? "%s:%u" : "[%s]:%u", text,
                   (unsigned)address->port);
}

enum sotto_err port_address_parse(const char *text,
                                  struct port_address *address)
{
    struct port_address parsed = {.port = 0};
    if (inet_pton(AF_INET, text, parsed.ip + sizeof mapped) == 1) {
        memcpy(parsed.ip, mapped, sizeof mapped);
    } else if (inet_pton(AF_INET6, text, parsed.ip) != 1) {
        return SOTTO_ERR_FORMAT;
    }
    *address = parsed;
    return SOTTO_OK;
}
