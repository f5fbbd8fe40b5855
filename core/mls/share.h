/*
 * share.h - the caller's memory, handed out to the parts of an object.
 */
#ifndef SOTTO_MLS_SHARE_H
#define SOTTO_MLS_SHARE_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that is handed out from the front. `at` is NULL to only count. */
struct share {
    uint8_t *at;
    size_t used;
};

/* The next `size` bytes, aligned for anything. */
static inline void *share_take(struct share *share, size_t size)
{
    size_t align = alignof(max_align_t);
    void *start = share->at == NULL ? NULL : share->at + share->used;

    share->used += (size + align - 1) / align * align;
    return start;
}

#endif
