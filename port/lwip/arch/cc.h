/*
 * cc.h - what lwIP asks of the compiler and of us. lwIP derives the rest from
 * the C headers.
 */
#ifndef SOTTO_PORT_LWIP_ARCH_CC_H
#define SOTTO_PORT_LWIP_ARCH_CC_H

#include <sotto/env.h>
#include <stdint.h>

/* `x` may stand in brackets (lwIP's acd.c does that), so it must not be pasted
 * to another string. */
#define LWIP_PLATFORM_ASSERT(x) SOTTO_PANIC(x)
#define LWIP_PLATFORM_DIAG(x)   ((void)0)

/* Characters of addresses and names are ASCII: no table of a locale. */
#define LWIP_NO_CTYPE_H 1

/* Port numbers, DNS and DHCP identifiers: from the machine's entropy. */
uint32_t port_lwip_random32(void);
#define LWIP_RAND() port_lwip_random32()

#endif
