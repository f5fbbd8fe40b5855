/*
 * counts.h - what port/lwip and lwIP hold at the moment: for status lines, for
 * choosing the sizes of port_lwip_config.h, and for tests that look for leaks.
 */
#ifndef SOTTO_PORT_LWIP_COUNTS_H
#define SOTTO_PORT_LWIP_COUNTS_H

#include <stddef.h>

struct port_lwip_counts {
    size_t streams;   /* slots taken, those of listeners' queues included */
    size_t listeners; /* slots taken */
    size_t
        connections; /* that lwIP knows, closed and half-open ones included */
    size_t packets;  /* received packet buffers not yet freed */
    size_t packets_max; /* most of them at once, ever */
    size_t segments;    /* sent and not yet acknowledged */
    size_t send_bytes;  /* of the heap that is for sending */
    size_t send_bytes_max;
    size_t entries; /* taken of all of lwIP's pools together */
    size_t missed;  /* how often lwIP found some pool empty, ever */
};

/* Fills `counts`. Only in a build with PORT_LWIP_STATS. */
void port_lwip_count(struct port_lwip_counts *counts);

#endif
