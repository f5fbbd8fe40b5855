/*
 * board_network.h - the address of a board, for all boards. A build overrides
 * a value with -D or in its configuration header.
 */
#ifndef SOTTO_PORT_BOARDS_NETWORK_H
#define SOTTO_PORT_BOARDS_NETWORK_H

/* "0.0.0.0": by DHCP, and the next three with it. */
#ifndef BOARD_ADDRESS
#    define BOARD_ADDRESS "0.0.0.0"
#endif

#ifndef BOARD_NETMASK
#    define BOARD_NETMASK "0.0.0.0"
#endif

#ifndef BOARD_GATEWAY
#    define BOARD_GATEWAY "0.0.0.0"
#endif

/* "0.0.0.0": names cannot be looked up. */
#ifndef BOARD_NAME_SERVER
#    define BOARD_NAME_SERVER "0.0.0.0"
#endif

#endif
