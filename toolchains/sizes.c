/*
 * sizes.c - never linked: an object with one symbol for each struct that a
 * connection needs, as large as the struct. size.py reads their sizes.
 */
#include "apps/sotto/server_inner.h"
#include "core/chat/hub_state.h"
#include "port/lwip/machine.h"

#include <lwip/priv/tcp_priv.h>

#define SHOW(name, bytes)                                                      \
    extern const unsigned char size_of_##name[];                               \
    const unsigned char size_of_##name[bytes] = {1};

/* Ours */
SHOW(connection, sizeof(struct conn))
SHOW(seat, sizeof(struct sotto_seat))
SHOW(slot, sizeof(struct port_stream))
SHOW(buffers, SERVER_BUFFERS(SERVER_CONNECTIONS) *
                  SOTTO_SESSION_BUFFER((size_t)SERVER_RECORD_LIMIT))
SHOW(logins,
     SERVER_LOGINS(SERVER_CONNECTIONS) * sizeof(struct sotto_scram_server))

/* lwIP's */
SHOW(pcb, sizeof(struct tcp_pcb))
SHOW(segments, TCP_SND_QUEUELEN * sizeof(struct tcp_seg))
SHOW(packet, LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) +
                 LWIP_MEM_ALIGN_SIZE(PBUF_POOL_BUFSIZE))
SHOW(shared_packets, PORT_LWIP_SHARED_PACKETS)
SHOW(send_own, PORT_LWIP_SEND_OWN)
SHOW(send_shared, PORT_LWIP_SEND_SHARED)

SHOW(connections, SERVER_CONNECTIONS) /* their number */
