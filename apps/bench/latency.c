#include "apps/bench/latency.h"

#include <string.h>

void latency_clear(struct latency *latency)
{
    memset(latency, 0, sizeof *latency);
}

/* The middle of a bucket. */
static double middle_ns(uint32_t bucket)
{
    if (bucket < LATENCY_STEPS) {
        return bucket;
    }
    const uint32_t shift = bucket / LATENCY_STEPS - 1U;
    const uint64_t low = (uint64_t)(LATENCY_STEPS + bucket % LATENCY_STEPS)
                         << shift;
    return (double)low + (double)((uint64_t)1 << shift) / 2;
}

double latency_ns(const struct latency *latency, double share)
{
    const double wanted = share * (double)latency->count;
    uint64_t seen = 0;

    for (uint32_t at = 0; at < LATENCY_BUCKETS; at++) {
        seen += latency->buckets[at];
        if (latency->buckets[at] > 0 && (double)seen >= wanted) {
            return middle_ns(at);
        }
    }
    return 0;
}
