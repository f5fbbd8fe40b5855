/*
 * space_openssl.c - takes memory away from libcrypto.
 */
#include "tests/crypto/heap.h"
#include "tests/unit/crypto/p256_space.h"

void p256_space_allow(int count)
{
    heap_install();
    heap_allow(count);
}
