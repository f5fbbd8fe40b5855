/*
 * channel_bare.c - the bare layer, whatever the library.
 */
#include "apps/bench/channel.h"
#include <string.h>

void channel_bare_nonce(uint64_t n, uint8_t *nonce, size_t len)
{
    memset(nonce, 0, len);
    memcpy(nonce + len - sizeof n, &n, sizeof n);
}

static bool bare_start(struct channel_work *work)
{
    const struct sotto_random *random = &work->world->random;
    uint8_t key[32];

    work->sent = 0;
    work->received = 0;
    return random->fill(random->ctx, key, sizeof key) == SOTTO_OK &&
           channel_bare_suites[work->suite].start(key) == 0;
}

static bool bare_seal(struct channel_work *work)
{
    const struct channel_bare_suite *suite = &channel_bare_suites[work->suite];
    int ret = 0;

    for (size_t at = 0; at < work->count; at++) {
        ret |= suite->seal(work, &work->slots[at]);
        work->sent++;
    }
    return ret == 0;
}

static bool bare_open(struct channel_work *work)
{
    const struct channel_bare_suite *suite = &channel_bare_suites[work->suite];
    int ret = 0;

    for (size_t at = 0; at < work->count; at++) {
        ret |= suite->open(work, &work->slots[at]);
        work->slots[at].opened = work->slots[at].at;
        work->received++;
    }
    return ret == 0;
}

const struct channel_layer channel_layer_bare = {
    .name = SOTTO_CRYPTO_NAME,
    .has_frame = false,
    .start = bare_start,
    .seal = bare_seal,
    .open = bare_open,
};
