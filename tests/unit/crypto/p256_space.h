/*
 * p256_space.h - what comes between the crypto library and the heap.
 */
#ifndef SOTTO_TESTS_UNIT_CRYPTO_P256_SPACE_H
#define SOTTO_TESTS_UNIT_CRYPTO_P256_SPACE_H

/* From now on so many of the library's allocations succeed; below 0: all. */
void p256_space_allow(int count);

#endif
