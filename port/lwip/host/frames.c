/*
 * frames.c - the frames that wait for lwIP, in a ring as in a network device.
 * A frame is lost when the ring is full, and when a test wants it so.
 */
#include "port/lwip/host/host.h"

#include <lwip/netif.h>

/* Frames that wait at once. */
#define RING 1024U
_Static_assert((RING & (RING - 1)) == 0, "indices wrap by a mask");

struct frames {
    struct pbuf *ring[RING];
    size_t first;
    size_t count;
    unsigned loss; /* of 1,000 */
    uint64_t seed;
};

static struct frames *frames(void)
{
    static struct frames the_only_ones;
    return &the_only_ones;
}

bool host_frames_lose(unsigned per_mille, uint64_t seed)
{
    frames()->loss = per_mille;
    frames()->seed = seed;
    return true;
}

static bool is_lost(struct frames *frames)
{
    return frames->loss > 0 && host_draw(&frames->seed) % 1000 < frames->loss;
}

void host_frames_put(struct netif *netif, struct pbuf *frame)
{
    struct frames *to = frames();
    (void)netif; /* there is only one */
    if (to->count == RING || is_lost(to)) {
        pbuf_free(frame);
        return;
    }
    to->ring[(to->first + to->count) & (RING - 1)] = frame;
    to->count++;
}

bool host_frames_wait(void)
{
    return frames()->count > 0;
}

/* What lwIP answers may come back at once, so there is no "all": a ring full of
 * frames is enough for one turn. */
void host_frames_deliver(struct netif *netif)
{
    struct frames *from = frames();
    for (size_t i = 0; i < RING && from->count > 0; i++) {
        struct pbuf *frame = from->ring[from->first];
        from->first = (from->first + 1) & (RING - 1);
        from->count--;
        if (netif->input(frame, netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
}
