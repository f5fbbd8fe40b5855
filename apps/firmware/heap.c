#include "apps/firmware/heap.h"

#include "core/base/assert.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNIT 8U

/* Stands in front of each piece; the next piece follows it at once. */
struct piece {
    _Alignas(UNIT) uint32_t len; /* without this */
    uint32_t is_taken;
};

static struct {
    uint8_t *at;
    size_t len;
} heap;

static struct piece *piece_at(size_t offset)
{
    void *at = heap.at + offset;
    return at;
}

void heap_begin(void *memory, size_t len)
{
    SOTTO_ASSERT(len % UNIT == 0 && len > sizeof(struct piece));
    heap.at = memory;
    heap.len = len;
    *piece_at(0) =
        (struct piece){.len = (uint32_t)(len - sizeof(struct piece))};
}

/* Where the piece behind this one begins. */
static size_t end_of(size_t offset)
{
    return offset + sizeof(struct piece) + piece_at(offset)->len;
}

/* Makes one piece of this and all free ones behind it. */
static void join(size_t offset)
{
    struct piece *piece = piece_at(offset);
    size_t next = end_of(offset);
    while (next < heap.len && piece_at(next)->is_taken == 0) {
        piece->len += (uint32_t)sizeof(struct piece) + piece_at(next)->len;
        next = end_of(offset);
    }
}

/* Takes `len` bytes of a free piece, and leaves the rest as one of its own. */
static void *take(size_t offset, size_t len)
{
    struct piece *piece = piece_at(offset);
    const size_t rest = piece->len - len;
    if (rest > sizeof(struct piece)) {
        piece->len = (uint32_t)len;
        *piece_at(end_of(offset)) =
            (struct piece){.len = (uint32_t)(rest - sizeof(struct piece))};
    }
    piece->is_taken = 1;
    return memset(piece + 1, 0, len);
}

void *calloc(size_t count, size_t size)
{
    if (count == 0 || size > heap.len / count) {
        return NULL;
    }
    const size_t len = (count * size + UNIT - 1) / UNIT * UNIT;
    for (size_t at = 0; at < heap.len; at = end_of(at)) {
        if (piece_at(at)->is_taken == 0) {
            join(at);
            if (piece_at(at)->len >= len) {
                return take(at, len);
            }
        }
    }
    return NULL;
}

void free(void *memory)
{
    if (memory != NULL) {
        struct piece *piece = memory;
        (piece - 1)->is_taken = 0;
    }
}
