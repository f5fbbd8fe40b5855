/*
 * lwip_hooks.h - where lwIP calls us. Read by lwIP's sources as
 * LWIP_HOOK_FILENAME; isn.c has the body.
 */
#ifndef SOTTO_PORT_LWIP_HOOKS_H
#define SOTTO_PORT_LWIP_HOOKS_H

#include <lwip/ip_addr.h>

/* The first sequence number of a connection, as RFC 6528 3 has it: nobody who
 * does not see the packets can guess it. Ports in host order. */
uint32_t port_lwip_isn(const ip_addr_t *local, uint16_t local_port,
                       const ip_addr_t *remote, uint16_t remote_port);

#define LWIP_HOOK_TCP_ISN port_lwip_isn

#endif
