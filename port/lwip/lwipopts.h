/*
 * lwipopts.h - lwIP 2.2 for Sotto: the raw API, no threads, TCP over IPv4 and
 * IPv6. On a host packets only travel over the loopback interface.
 */

#ifndef SOTTO_PORT_LWIP_LWIPOPTS_H
#define SOTTO_PORT_LWIP_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_TCP  1
#define LWIP_UDP  1
#define LWIP_RAW  0

#define LWIP_HAVE_LOOPIF                   1
#define LWIP_NETIF_LOOPBACK                1
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 0

#define MEM_ALIGNMENT           8
#define MEM_SIZE                (256 * 1024)
#define MEMP_NUM_TCP_PCB        64
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG        256
#define PBUF_POOL_SIZE          64

#define TCP_MSS            1460
#define TCP_WND            (4 * TCP_MSS)
#define TCP_SND_BUF        (8 * TCP_MSS)
#define TCP_LISTEN_BACKLOG 1

#define LWIP_STATS 0

#endif
