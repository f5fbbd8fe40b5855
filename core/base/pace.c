#include "core/base/pace.h"

#define NS_PER_MS 1000000U
#define NS_PER_S  1000000000U

static uint64_t owed_ns(const struct sotto_pace *pace, uint64_t now_ms)
{
    const uint64_t now_ns = now_ms * NS_PER_MS; /* enough for 584 years */
    return pace->paid_ns > now_ns ? pace->paid_ns - now_ns : 0;
}

static uint64_t cost_ns(uint32_t count, uint32_t per_s)
{
    return per_s == 0 ? 0 : (uint64_t)count * NS_PER_S / per_s;
}

uint64_t sotto_rate_cost_ns(const struct sotto_rate *rate, uint32_t messages,
                            uint32_t bytes)
{
    return cost_ns(messages, rate->messages) + cost_ns(bytes, rate->bytes);
}

void sotto_pace_charge(struct sotto_pace *pace, uint64_t cost, uint64_t now_ms)
{
    pace->paid_ns = now_ms * NS_PER_MS + owed_ns(pace, now_ms) + cost;
}

void sotto_pace_hold(struct sotto_pace *pace, uint32_t wait_ms, uint64_t now_ms)
{
    const uint64_t owed_ms = (uint64_t)wait_ms + SOTTO_PACE_BURST_MS;
    if (wait_ms > 0 && owed_ns(pace, now_ms) < owed_ms * NS_PER_MS) {
        pace->paid_ns = (now_ms + owed_ms) * NS_PER_MS;
    }
}

bool sotto_pace_is_exceeded(const struct sotto_pace *pace, uint64_t now_ms)
{
    return owed_ns(pace, now_ms) > (uint64_t)SOTTO_PACE_BURST_MS * NS_PER_MS;
}

uint64_t sotto_pace_left_ms(const struct sotto_pace *pace, uint64_t now_ms)
{
    const uint64_t owed = owed_ns(pace, now_ms);
    const uint64_t allowed =
        (uint64_t)(SOTTO_PACE_BURST_MS - SOTTO_PACE_STEP_MS) * NS_PER_MS;
    return owed > allowed ? (owed - allowed + NS_PER_MS - 1) / NS_PER_MS : 0;
}
