/*
 * counts.c - counts.h from our pools and lwIP's statistics.
 */
#include "port/lwip/counts.h"

#include "port/lwip/machine.h"

#include <lwip/memp.h>
#include <lwip/stats.h>

#if PORT_LWIP_STATS

static const struct stats_mem *pool(memp_t which)
{
    return lwip_stats.memp[which];
}

static size_t count_entries(void)
{
    size_t entries = 0;
    for (size_t i = 0; i < MEMP_MAX; i++) {
        entries += lwip_stats.memp[i]->used;
    }
    return entries;
}

static size_t count_missed(void)
{
    size_t missed = lwip_stats.mem.err;
    for (size_t i = 0; i < MEMP_MAX; i++) {
        missed += lwip_stats.memp[i]->err;
    }
    return missed;
}

void port_lwip_count(struct port_lwip_counts *counts)
{
    *counts = (struct port_lwip_counts){
        .connections = pool(MEMP_TCP_PCB)->used,
        .packets = pool(MEMP_PBUF_POOL)->used,
        .packets_max = pool(MEMP_PBUF_POOL)->max,
        .segments = pool(MEMP_TCP_SEG)->used,
        .send_bytes = lwip_stats.mem.used,
        .send_bytes_max = lwip_stats.mem.max,
        .entries = count_entries(),
        .missed = count_missed(),
    };
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        counts->streams += machine()->streams[i].state != STREAM_FREE;
    }
    for (size_t i = 0; i < PORT_LWIP_LISTENERS; i++) {
        counts->listeners += machine()->listeners[i].pcb != NULL;
    }
}

#endif
