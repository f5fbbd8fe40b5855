/*
 * pool.h - a fixed number of equal buffers in memory handed in.
 *
 * The lowest free buffer is handed out first, so that memory which a host maps
 * lazily is touched no further than the most that was ever used at once.
 */
#ifndef SOTTO_BASE_POOL_H
#define SOTTO_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_pool {
    uint8_t *slots; /* count * size bytes; borrowed */
    uint32_t *used; /* a bit for each slot; borrowed */
    size_t size;    /* of a slot, a multiple of 8 */
    size_t count;   /* slots */
    size_t taken;   /* slots in use */
    size_t given;   /* counts slots given back */
    size_t low;     /* no free slot below this word of `used` */
};

/* Bytes that `count` slots of `size` bytes take in all. */
size_t sotto_pool_size(size_t count, size_t size);

/* `memory` is aligned as malloc() would, zeroed, and the pool's until it is
 * no longer used. */
void sotto_pool_init(struct sotto_pool *pool, void *memory, size_t count,
                     size_t size);

/* The lowest free slot, contents undefined; NULL when all are taken. */
void *sotto_pool_take(struct sotto_pool *pool);

/* Gives a slot back. */
void sotto_pool_give(struct sotto_pool *pool, void *slot);

/* Which slot it is, 0 to count - 1, and the other way round. */
size_t sotto_pool_index(const struct sotto_pool *pool, const void *slot);
void *sotto_pool_at(const struct sotto_pool *pool, size_t index);

#endif
