/*
 * lwipopts.h - lwIP 2.2 for Sotto: the raw API and TCP. Sizes follow
 * from port_lwip_config.h; nothing comes from libc's heap.
 */
#ifndef SOTTO_PORT_LWIP_LWIPOPTS_H
#define SOTTO_PORT_LWIP_LWIPOPTS_H

#include "port/lwip/port_lwip_config.h"
#include <stdint.h>

/* ---- what is built ---------------------------------------------------- */

#if PORT_LWIP_RTOS
#    define NO_SYS                   0
#    define SYS_LIGHTWEIGHT_PROT     1 /* drivers allocate buffers */
#    define LWIP_TCPIP_CORE_LOCKING  1
#    define TCPIP_MBOX_SIZE          PORT_LWIP_MAILBOX
#    define MEMP_NUM_TCPIP_MSG_INPKT PORT_LWIP_MAILBOX
#    define TCPIP_THREAD_STACKSIZE   PORT_LWIP_THREAD_STACK
#    define TCPIP_THREAD_PRIO        PORT_LWIP_THREAD_PRIORITY
#    if PORT_LWIP_ASSERTS
void sys_check_core_locking(void);
#        define LWIP_ASSERT_CORE_LOCKED() sys_check_core_locking()
#    endif
#else
#    define NO_SYS               1
#    define SYS_LIGHTWEIGHT_PROT 0 /* interrupts only set flags, see below.h */
/* lwIP has these with threads only. */
#    define LOCK_TCPIP_CORE()    ((void)0)
#    define UNLOCK_TCPIP_CORE()  ((void)0)
#endif
#define LWIP_NETCONN  0
#define LWIP_SOCKET   0
#define LWIP_RAW      0
#define LWIP_ICMP     PORT_LWIP_PING
#define LWIP_IGMP     0
#define IP_FRAG       0
#define IP_REASSEMBLY 0
/* Packets with options are dropped, as many routers do (RFC 7126). */
#define IP_OPTIONS_ALLOWED 0
#define LWIP_STATS         PORT_LWIP_STATS
#if !PORT_LWIP_ASSERTS
#    define LWIP_NOASSERT
#endif

#define LWIP_IPV4                1
#define LWIP_IPV6                PORT_LWIP_IPV6
#define LWIP_IPV6_FRAG           0
#define LWIP_IPV6_REASS          0
#define LWIP_TCP                 1
#define LWIP_DNS                 PORT_LWIP_DNS
#define LWIP_DHCP                PORT_LWIP_DHCP
#define LWIP_UDP                 (PORT_LWIP_DNS || PORT_LWIP_DHCP)
#define LWIP_ACD                 0
#define LWIP_DHCP_DOES_ACD_CHECK 0

#define LWIP_HOOK_FILENAME "lwip_hooks.h"

/* Of the statistics, only what counts.h tells. */
#define LINK_STATS       0
#define ETHARP_STATS     0
#define IP_STATS         0
#define ICMP_STATS       0
#define UDP_STATS        0
#define TCP_STATS        0
#define SYS_STATS        0
#define IP6_STATS        0
#define ICMP6_STATS      0
#define ND6_STATS        0
#define LWIP_STATS_LARGE 1

/* ---- TCP -------------------------------------------------------------- */

#define TCP_MSS PORT_LWIP_MSS
/* It is below what any Ethernet carries; what the peer takes counts as well. */
#define TCP_CALCULATE_EFF_SEND_MSS 0
#define TCP_SND_BUF                PORT_LWIP_SEND_BYTES
#define TCP_SND_QUEUELEN           (3 * ((TCP_SND_BUF + TCP_MSS - 1) / TCP_MSS))
#define TCP_WND                    PORT_LWIP_RECEIVE_BYTES
#define TCP_LISTEN_BACKLOG         1
#define LWIP_TCP_RTO_TIME          1000 /* before anything was measured: RFC 6298 2.1 */
/* A lost segment makes the peer repeat those behind it too; holding them would
 * take packet buffers that others need. */
#define TCP_QUEUE_OOSEQ 0
/* A server that was just closed may listen on its port again while old
 * connections sit in TIME-WAIT; listener.c refuses two listeners on one. */
#define SO_REUSE 1
/* Ports to dial from: the dynamic ones (RFC 6335 6). By its own macros lwIP 2.2
 * may draw 0xffff for the last one used, once in 16,384 starts; then the next is
 * 0, and the first connection fails. */
#define TCP_LOCAL_PORT_RANGE_START 0xc000
#define TCP_LOCAL_PORT_RANGE_END   0xffff /* not one of them itself */
#define TCP_ENSURE_LOCAL_PORT_RANGE(port)                                      \
    ((u16_t)((port) %                                                          \
                 (TCP_LOCAL_PORT_RANGE_END - TCP_LOCAL_PORT_RANGE_START) +     \
             TCP_LOCAL_PORT_RANGE_START))

#define MEMP_NUM_TCP_PCB        (PORT_LWIP_STREAMS + PORT_LWIP_SPARE_PCBS)
#define MEMP_NUM_TCP_PCB_LISTEN PORT_LWIP_LISTENERS
#define MEMP_NUM_TCP_SEG                                                       \
    (PORT_LWIP_STREAMS * TCP_SND_QUEUELEN + PORT_LWIP_SPARE_PCBS)

/* ---- UDP, for DNS and DHCP -------------------------------------------- */

#define MEMP_NUM_UDP_PCB    (1 + PORT_LWIP_DHCP + 2 * PORT_LWIP_DNS)
#define DNS_TABLE_SIZE      2
#define DNS_MAX_NAME_LENGTH (PORT_LWIP_NAME_MAX + 1)

/* ---- memory ----------------------------------------------------------- */

#if UINTPTR_MAX > 0xFFFFFFFFU
#    define MEM_ALIGNMENT             8
#    define PORT_LWIP_PACKET_OVERHEAD 144
#else
#    define MEM_ALIGNMENT             4
/* lwIP's block header, its pbuf, and room for Ethernet, IP and TCP. */
#    define PORT_LWIP_PACKET_OVERHEAD 96
#endif

/* Received frames: one for every connection, whether port/lwip holds it or lwIP
 * because it was refused, and what may come beside them. */
#define PBUF_POOL_SIZE                                                         \
    (PORT_LWIP_STREAMS + PORT_LWIP_SHARED_PACKETS + PORT_LWIP_RESERVED_PACKETS)
#define MEMP_NUM_PBUF 4

/* What is on its way out, and 1.5 K for acknowledgements and small answers. */
#define MEM_SIZE                                                               \
    (MEMP_NUM_TCP_PCB * PORT_LWIP_SEND_OWN + PORT_LWIP_SEND_SHARED + 1536)

#endif
