/*
 * p256_space_calloc.c - takes calloc() away from mbedTLS: the linker puts
 * __wrap_calloc in its place.
 */
#include "tests/unit/crypto/p256_space.h"
#include <stddef.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int allowed = -1;

void p256_space_allow(int count)
{
    allowed = count;
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (allowed == 0) {
        return NULL;
    }
    if (allowed > 0) {
        allowed--;
    }
    return __real_calloc(count, size);
}
