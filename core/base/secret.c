/*
 * secret.c - erasing and comparing secrets.
 */
#include "core/base/secret.h"
#include <stdint.h>
#include <string.h>

void sotto_wipe(void *mem, size_t len)
{
#if defined(__GNUC__)
    if (len > 0) {
        memset(mem, 0, len);
    }
    /* Code that might read any memory: the stores above have to happen. */
    __asm__ volatile("" : : "r"(mem) : "memory");
#else
    volatile uint8_t *at = mem;

    while (len > 0) {
        *at++ = 0;
        len--;
    }
#endif
}

/* X25519's 1.7 KB on a host, 2.2 KB on a Cortex-M3; AES's 1.5 KB. The test
 * unit.residue notices when it is too little. */
#define STACK_LEN 2304

#if defined(__GNUC__)
__attribute__((noinline)) /* as deep as what it follows */
#endif
void sotto_wipe_stack(void)
{
    uint8_t below[STACK_LEN];

    sotto_wipe(below, sizeof below);
}

bool sotto_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < len; i++) {
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    }
    return difference == 0;
}
