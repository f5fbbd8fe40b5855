/*
 * small_config.h - both roles in 112 KiB of flash on a Cortex-M3: what is left
 * out, and what each thing takes, is in README.md. A value for SOTTO_CONFIG;
 * what is not here is as in firmware_config.h.
 */
#ifndef SOTTO_APPS_SMALL_CONFIG_H
#define SOTTO_APPS_SMALL_CONFIG_H

/* No DHCP and no DNS: the board's address is fixed here, and servers are dialled
 * by theirs. These are of QEMU's user network; -D gives others. */
#define PORT_LWIP_DHCP 0
#define PORT_LWIP_DNS  0
#ifndef BOARD_ADDRESS
#    define BOARD_ADDRESS "10.0.2.15"
#endif
#ifndef BOARD_NETMASK
#    define BOARD_NETMASK "255.255.255.0"
#endif
#ifndef BOARD_GATEWAY
#    define BOARD_GATEWAY "10.0.2.2"
#endif

/* Nor does it answer to ping. */
#define PORT_LWIP_PING 0

/* Everybody logs in with a password, and keeps it. */
#define SOTTO_DEVICES  0
#define CLIENT_DEVICES 0

/* One suite, ChaChaPoly, the one that boards dial. A client on a host has to be
 * told: --suite chachapoly. */
#define SOTTO_AEAD_CBC 0

#include "apps/firmware/firmware_config.h"

#endif
