/*
 * cc.h - what lwIP asks of the compiler, for GCC and Clang. lwIP derives the
 * rest from the C headers.
 */

#ifndef SOTTO_PORT_LWIP_ARCH_CC_H
#define SOTTO_PORT_LWIP_ARCH_CC_H

#include <stdlib.h>

/* Sequence and port numbers; the port seeds it (sotto_port_lwip). */
#define LWIP_RAND() ((u32_t)rand())

#endif
