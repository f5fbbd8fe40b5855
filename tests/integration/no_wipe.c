/*
 * no_wipe.c - what sotto_wipe() is in sotto_no_wipe (--wrap): nothing.
 */
#include <sotto/secret.h>

void __wrap_sotto_wipe(void *mem, size_t len);

void __wrap_sotto_wipe(void *mem, size_t len)
{
    (void)mem;
    (void)len;
}
