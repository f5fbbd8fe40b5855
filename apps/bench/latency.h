/*
 * latency.h - many times, and what share of them is below what.
 *
 * A histogram with steps of a sixteenth: a time is known to 6 %, or better,
 * whatever its size, and adding one costs a few instructions.
 */
#ifndef SOTTO_BENCH_LATENCY_H
#define SOTTO_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS   16U
#define LATENCY_BUCKETS (61U * LATENCY_STEPS)

struct latency {
    uint64_t count;
    uint64_t buckets[LATENCY_BUCKETS];
};

static inline uint32_t latency_bucket(uint64_t ns)
{
    if (ns < LATENCY_STEPS) {
        return (uint32_t)ns;
    }
    const uint32_t shift = 59U - (uint32_t)__builtin_clzll(ns);
    return (shift + 1U) * LATENCY_STEPS +
           (uint32_t)((ns >> shift) & (LATENCY_STEPS - 1U));
}

static inline void latency_add(struct latency *latency, uint64_t ns)
{
    latency->count++;
    latency->buckets[latency_bucket(ns)]++;
}

void latency_clear(struct latency *latency);

/* The time that `share` (0 to 1) of them do not exceed; 0 when there are
 * none. */
double latency_ns(const struct latency *latency, double share);

#endif
