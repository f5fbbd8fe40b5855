/*
 * throttle.c - token buckets in a hash table with a list by last use.
 *
 * A bucket is one number: when it will be full again. What is missing at a
 * time follows from it, so nothing has to be refilled; and a bucket whose time
 * has passed is as good as none.
 *
 *   buckets[hash] -> entry -> entry -> NONE          (chains, by `chain`)
 *   newest <-> ... <-> oldest                        (by `newer`, `older`)
 *
 * A chain can be as long as the table, for a peer that picks its addresses so;
 * the table's size bounds what that costs.
 */
#include "core/auth/throttle.h"
#include "core/base/assert.h"
#include "core/crypto/hash.h"
#include <string.h>

#define NONE         UINT16_MAX
#define CAPACITY_MAX UINT16_MAX

struct entry {
    uint64_t full_at_ms;
    uint16_t chain; /* the next entry with the same hash */
    uint16_t newer; /* neighbours by last use */
    uint16_t older;
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
};

struct sotto_throttle {
    struct entry *entries;
    uint16_t *buckets; /* first entry of a chain */
    uint32_t capacity; /* of both */
    uint16_t used;     /* entries that were ever taken */
    uint16_t newest;
    uint16_t oldest;
    struct sotto_throttle_rate rate;
};

/* The struct's size, so that what follows it is aligned. */
static size_t head_size(void)
{
    const size_t align = _Alignof(struct entry);
    return (sizeof(struct sotto_throttle) + align - 1) / align * align;
}

size_t sotto_throttle_size(size_t capacity)
{
    SOTTO_ASSERT(capacity > 0 && capacity <= CAPACITY_MAX);
    return head_size() + capacity * (sizeof(struct entry) + sizeof(uint16_t));
}

void sotto_throttle_init(struct sotto_throttle **throttle, void *memory,
                         size_t capacity,
                         const struct sotto_throttle_rate *rate)
{
    SOTTO_ASSERT(capacity > 0 && capacity <= CAPACITY_MAX);
    SOTTO_ASSERT(rate->burst > 0 && rate->refill_ms > 0);
    struct sotto_throttle *t = memory;
    void *entries = (uint8_t *)memory + head_size();
    *t = (struct sotto_throttle){
        .entries = entries,
        .capacity = (uint32_t)capacity,
        .newest = NONE,
        .oldest = NONE,
        .rate = *rate,
    };
    void *buckets = t->entries + capacity;
    t->buckets = buckets;
    for (size_t i = 0; i < capacity; i++) {
        t->buckets[i] = NONE;
    }
    *throttle = t;
}

/* FNV-1a. */
static uint32_t bucket_of(const struct sotto_throttle *t, const uint8_t *key)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < SOTTO_THROTTLE_KEY_LEN; i++) {
        hash = (hash ^ key[i]) * 16777619U;
    }
    return hash % t->capacity;
}

static uint16_t find(const struct sotto_throttle *t, const uint8_t *key)
{
    uint16_t at = t->buckets[bucket_of(t, key)];
    while (at != NONE &&
           memcmp(t->entries[at].key, key, SOTTO_THROTTLE_KEY_LEN) != 0) {
        at = t->entries[at].chain;
    }
    return at;
}

static void unlink_use(struct sotto_throttle *t, uint16_t at)
{
    const struct entry *entry = &t->entries[at];
    if (entry->newer == NONE) {
        t->newest = entry->older;
    } else {
        t->entries[entry->newer].older = entry->older;
    }
    if (entry->older == NONE) {
        t->oldest = entry->newer;
    } else {
        t->entries[entry->older].newer = entry->newer;
    }
}

static void link_newest(struct sotto_throttle *t, uint16_t at)
{
    t->entries[at].newer = NONE;
    t->entries[at].older = t->newest;
    if (t->newest == NONE) {
        t->oldest = at;
    } else {
        t->entries[t->newest].newer = at;
    }
    t->newest = at;
}

static void unlink_chain(struct sotto_throttle *t, uint16_t at)
{
    uint16_t *from = &t->buckets[bucket_of(t, t->entries[at].key)];
    while (*from != at) {
        from = &t->entries[*from].chain;
    }
    *from = t->entries[at].chain;
}

/* A full bucket for the key, in a new entry or in the oldest one's place. */
static uint16_t make(struct sotto_throttle *t, const uint8_t *key)
{
    uint16_t at = t->used;
    if (t->used < t->capacity) {
        t->used++;
    } else {
        at = t->oldest;
        unlink_use(t, at);
        unlink_chain(t, at);
    }
    const uint32_t bucket = bucket_of(t, key);
    t->entries[at].full_at_ms = 0;
    t->entries[at].chain = t->buckets[bucket];
    memcpy(t->entries[at].key, key, SOTTO_THROTTLE_KEY_LEN);
    t->buckets[bucket] = at;
    link_newest(t, at);
    return at;
}

/* How long until the bucket is full. */
static uint64_t debt_ms(const struct sotto_throttle *t, uint16_t at,
                        uint64_t now_ms)
{
    if (at == NONE || t->entries[at].full_at_ms <= now_ms) {
        return 0;
    }
    return t->entries[at].full_at_ms - now_ms;
}

/* How long until a token is there, for that debt. */
static uint64_t wait_for(const struct sotto_throttle *t, uint64_t debt)
{
    const uint64_t allowed = (uint64_t)(t->rate.burst - 1) * t->rate.refill_ms;
    return debt > allowed ? debt - allowed : 0;
}

uint32_t sotto_throttle_wait_ms(
    const struct sotto_throttle *throttle,
    const uint8_t key[static SOTTO_THROTTLE_KEY_LEN], uint64_t now_ms)
{
    const uint64_t wait =
        wait_for(throttle, debt_ms(throttle, find(throttle, key), now_ms));
    return wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait;
}

/* The key's bucket, which is the newest now. */
static uint16_t use(struct sotto_throttle *t, const uint8_t *key)
{
    const uint16_t at = find(t, key);
    if (at == NONE) {
        return make(t, key);
    }
    unlink_use(t, at);
    link_newest(t, at);
    return at;
}

bool sotto_throttle_take(struct sotto_throttle *throttle,
                         const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                         uint64_t now_ms)
{
    const uint16_t at = use(throttle, key);
    const uint64_t debt = debt_ms(throttle, at, now_ms);
    if (wait_for(throttle, debt) > 0) {
        return false;
    }
    throttle->entries[at].full_at_ms = now_ms + debt + throttle->rate.refill_ms;
    return true;
}

void sotto_throttle_give(struct sotto_throttle *throttle,
                         const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                         uint64_t now_ms)
{
    const uint16_t at = find(throttle, key);
    const uint64_t debt = debt_ms(throttle, at, now_ms);
    const uint64_t token = throttle->rate.refill_ms;
    if (debt > 0) {
        throttle->entries[at].full_at_ms =
            debt > token ? now_ms + debt - token : now_ms;
    }
}

uint64_t sotto_throttle_charge(struct sotto_throttle *throttle,
                               const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                               uint64_t cost, uint64_t now_ms)
{
    const uint16_t at = use(throttle, key);
    const uint64_t debt = debt_ms(throttle, at, now_ms) + cost;
    throttle->entries[at].full_at_ms = now_ms + debt;
    return wait_for(throttle, debt);
}

void sotto_throttle_key_ip(const uint8_t ip[static 16],
                           uint8_t key[static SOTTO_THROTTLE_KEY_LEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(key, ip, SOTTO_THROTTLE_KEY_LEN);
    if (memcmp(ip, mapped, sizeof mapped) != 0) {
        memset(key + 8, 0, 8); /* a /64 is one household */
    }
}

void sotto_throttle_key_name(const char *name, size_t len,
                             uint8_t key[static SOTTO_THROTTLE_KEY_LEN])
{
    uint8_t hash[SOTTO_HASH_LEN];
    sotto_sha256(name, len, hash);
    memcpy(key, hash, SOTTO_THROTTLE_KEY_LEN);
}
