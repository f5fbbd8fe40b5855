/*
 * span.h - a piece of somebody else's bytes.
 */
#ifndef SOTTO_SPAN_H
#define SOTTO_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* Valid as long as the bytes are; `at` may be NULL when `len` is 0. */
struct sotto_span {
    const uint8_t *at;
    size_t len;
};

#endif
