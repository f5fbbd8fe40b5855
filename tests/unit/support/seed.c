#include "tests/unit/support/seed.h"

#include <stdlib.h>

void seed_init(struct seed *seed, uint64_t value)
{
    seed->state = value;
}

uint64_t seed_of_run(uint64_t run)
{
    const char *text = getenv("SOTTO_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : run;
}

/* splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014). */
uint64_t seed_next(struct seed *seed)
{
    seed->state += 0x9e3779b97f4a7c15U;
    uint64_t z = seed->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

size_t seed_below(struct seed *seed, size_t bound)
{
    return (size_t)(seed_next(seed) % bound);
}

bool seed_once_in(struct seed *seed, size_t odds)
{
    return seed_below(seed, odds) == 0;
}

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)seed_next(ctx);
    }
    return SOTTO_OK;
}

struct sotto_random seed_random(struct seed *seed)
{
    return (struct sotto_random){seed, fill};
}
