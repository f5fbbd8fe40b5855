#include "core/base/pool.h"

#include "core/base/assert.h"

#define WORD_BITS 32U

static size_t rounded(size_t size)
{
    return (size + 7U) & ~(size_t)7U;
}

static size_t word_count(size_t count)
{
    return (count + WORD_BITS - 1) / WORD_BITS;
}

static size_t bitmap_bytes(size_t count)
{
    return rounded(word_count(count) * sizeof(uint32_t));
}

size_t sotto_pool_size(size_t count, size_t size)
{
    return bitmap_bytes(count) + count * rounded(size);
}

void sotto_pool_init(struct sotto_pool *pool, void *memory, size_t count,
                     size_t size)
{
    pool->used = memory;
    pool->slots = (uint8_t *)memory + bitmap_bytes(count);
    pool->size = rounded(size);
    pool->count = count;
    pool->taken = 0;
    pool->given = 0;
    pool->low = 0;
    for (size_t i = 0; i < word_count(count); i++) {
        pool->used[i] = 0;
    }
}

static size_t lowest_clear_bit(uint32_t word)
{
    size_t bit = 0;
    while ((word & (1U << bit)) != 0) {
        bit++;
    }
    return bit;
}

void *sotto_pool_take(struct sotto_pool *pool)
{
    for (size_t i = pool->low; i < word_count(pool->count); i++) {
        if (pool->used[i] == UINT32_MAX) {
            continue;
        }
        size_t bit = lowest_clear_bit(pool->used[i]);
        size_t index = i * WORD_BITS + bit;
        pool->low = i;
        if (index >= pool->count) {
            return NULL;
        }
        pool->used[i] |= 1U << bit;
        pool->taken++;
        return pool->slots + index * pool->size;
    }
    return NULL;
}

void sotto_pool_give(struct sotto_pool *pool, void *slot)
{
    size_t index = sotto_pool_index(pool, slot);
    size_t word = index / WORD_BITS;
    uint32_t bit = 1U << (index % WORD_BITS);
    SOTTO_ASSERT((pool->used[word] & bit) != 0);
    pool->used[word] &= ~bit;
    pool->taken--;
    pool->given++;
    if (word < pool->low) {
        pool->low = word;
    }
}

size_t sotto_pool_index(const struct sotto_pool *pool, const void *slot)
{
    size_t offset = (size_t)((const uint8_t *)slot - pool->slots);
    SOTTO_ASSERT(offset % pool->size == 0);
    SOTTO_ASSERT(offset / pool->size < pool->count);
    return offset / pool->size;
}

void *sotto_pool_at(const struct sotto_pool *pool, size_t index)
{
    SOTTO_ASSERT(index < pool->count);
    return pool->slots + index * pool->size;
}
