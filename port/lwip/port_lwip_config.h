/*
 * port_lwip_config.h - the limits of port/lwip, and what each costs in RAM.
 *
 * A build overrides a value with -D. Everything is reserved at link time: no
 * heap, neither ours nor libc's. Costs are for a 32-bit machine; PORTING.md
 * has the sums. lwipopts.h derives lwIP's own pools from these numbers.
 */
#ifndef SOTTO_PORT_LWIP_CONFIG_H
#define SOTTO_PORT_LWIP_CONFIG_H

/* TCP connections at once, in both directions, those that wait for
 * port_accept() included. 1..2000; each turn looks at all of them. 48 bytes
 * here, 250 in lwIP, and the buffers below. */
#ifndef PORT_LWIP_STREAMS
#    define PORT_LWIP_STREAMS 8
#endif

/* Listeners at once. 1..250. 48 bytes each. */
#ifndef PORT_LWIP_LISTENERS
#    define PORT_LWIP_LISTENERS 2
#endif

/* For each listener: connections half open or not yet taken by port_accept().
 * 1..255. Beyond it a SYN is dropped, and the peer repeats it. */
#ifndef PORT_LWIP_BACKLOG
#    define PORT_LWIP_BACKLOG 4
#endif

/* Connections beyond PORT_LWIP_STREAMS that lwIP can hold: half-open ones,
 * closed ones whose last bytes are still on their way, and the one that is
 * told that there is no room. At least 2. 500 bytes each. */
#ifndef PORT_LWIP_SPARE_PCBS
#    define PORT_LWIP_SPARE_PCBS 4
#endif

/* The largest TCP segment, in bytes. 536 is what every IPv4 peer must take
 * (RFC 9293 3.7.1); 1460 fills an Ethernet frame. The size of each packet
 * buffer follows it. */
#ifndef PORT_LWIP_MSS
#    define PORT_LWIP_MSS 536
#endif

/* Bytes of a connection that may be written and not yet acknowledged. At
 * least 2 segments. */
#ifndef PORT_LWIP_SEND_BYTES
#    define PORT_LWIP_SEND_BYTES (2 * PORT_LWIP_MSS)
#endif

/* The part of that memory which is reserved for each connection, so that peers
 * that do not read cannot take it all. Counted with about 100 bytes for each
 * packet: 320 let a message of 200 bytes leave whatever the others do. */
#ifndef PORT_LWIP_SEND_OWN
#    define PORT_LWIP_SEND_OWN 320
#endif

/* The rest of it, which connections take in the order they come. */
#ifndef PORT_LWIP_SEND_SHARED
#    define PORT_LWIP_SEND_SHARED (512 * PORT_LWIP_STREAMS)
#endif

/* Bytes of a connection that a peer may send before they are read. More than
 * PORT_LWIP_SEND_BYTES: lwIP sends the end of a connection into a window that is
 * full to the last byte, where lwIP drops it, and seconds pass. */
#ifndef PORT_LWIP_RECEIVE_BYTES
#    define PORT_LWIP_RECEIVE_BYTES (3 * PORT_LWIP_MSS)
#endif

/* Packet buffers that a connection may hold unread. 1..255. More is refused,
 * and the peer sends it again later. */
#ifndef PORT_LWIP_RECEIVE_PACKETS
#    define PORT_LWIP_RECEIVE_PACKETS 6
#endif

/* Packet buffers that all connections share for unread bytes, beyond the first
 * one of each, which is guaranteed. One segment and 72 bytes each. */
#ifndef PORT_LWIP_SHARED_PACKETS
#    define PORT_LWIP_SHARED_PACKETS (PORT_LWIP_STREAMS / 2 + 4)
#endif

/* Packet buffers that no unread bytes may take: acknowledgements, ARP, DHCP
 * and DNS get through while everybody's bytes wait. On a host also all that
 * travels between streams of the process (host/wire.c). */
#ifndef PORT_LWIP_RESERVED_PACKETS
#    define PORT_LWIP_RESERVED_PACKETS 4
#endif

/* How long a closed connection is kept to deliver what was written, counted
 * from the last byte that the peer took, in seconds. */
#ifndef PORT_LWIP_LINGER_S
#    define PORT_LWIP_LINGER_S 20
#endif

/* The longest host name, without the final zero. DNS allows 253; each of the
 * two table entries has room for it. */
#ifndef PORT_LWIP_NAME_MAX
#    define PORT_LWIP_NAME_MAX 253
#endif

/* 1: threads and several loops, over an RTOS that has lwIP's sys_* layer (its
 * arch/sys_arch.h and sys_arch.c). 0: one main loop. */
#ifndef PORT_LWIP_RTOS
#    define PORT_LWIP_RTOS 0
#endif

/* With threads: loops, threads and mutexes at once, and what lwIP's thread and
 * those of port_thread_start() get. 1 loop without. */
#ifndef PORT_LWIP_LOOPS
#    define PORT_LWIP_LOOPS (PORT_LWIP_RTOS ? 4 : 1)
#endif
#ifndef PORT_LWIP_THREADS
#    define PORT_LWIP_THREADS 4
#endif
#ifndef PORT_LWIP_MUTEXES
#    define PORT_LWIP_MUTEXES 4
#endif
#ifndef PORT_LWIP_THREAD_STACK
#    define PORT_LWIP_THREAD_STACK 8192
#endif
#ifndef PORT_LWIP_THREAD_PRIORITY
#    define PORT_LWIP_THREAD_PRIORITY 1
#endif

/* Frames and calls that may wait for lwIP's thread. 32 bytes each. */
#ifndef PORT_LWIP_MAILBOX
#    define PORT_LWIP_MAILBOX 16
#endif

/* 1: lwIP checks its own invariants. 11 K flash. */
#ifndef PORT_LWIP_ASSERTS
#    define PORT_LWIP_ASSERTS 0
#endif

/* 1: lwIP counts what its pools hold, see counts.h. 0.3 K flash, 0.2 K RAM. */
#ifndef PORT_LWIP_STATS
#    define PORT_LWIP_STATS 0
#endif

/* 1: IPv6 beside IPv4. 17 K flash, 3 K RAM. */
#ifndef PORT_LWIP_IPV6
#    define PORT_LWIP_IPV6 0
#endif

/* 1: answer to ping, and say what port nobody listens at (ICMP). 0.5 K flash. */
#ifndef PORT_LWIP_PING
#    define PORT_LWIP_PING 1
#endif

/* 1: addresses of IPv6 are read and written as text, also where nobody can be
 * reached there. 0: they are not told from what is no address. 0.7 K flash. */
#ifndef PORT_LWIP_IPV6_TEXT
#    define PORT_LWIP_IPV6_TEXT 1
#endif

/* 1: look names up by DNS. 3.5 K flash, 0.7 K RAM. */
#ifndef PORT_LWIP_DNS
#    define PORT_LWIP_DNS 1
#endif

/* 1: addresses by DHCP where a board asks for it. 4 K flash. */
#ifndef PORT_LWIP_DHCP
#    define PORT_LWIP_DHCP 1
#endif

#endif
