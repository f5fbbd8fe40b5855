/*
 * strings.c - the C library's functions for strings and memory that firmware
 * calls for a few bytes at a time, as short loops. newlib's are made for speed,
 * and take ten times the flash. memcpy() and memset() are newlib's: packets go
 * through them, and each block that is hashed (PBKDF2 would take half as long
 * again).
 *
 * Built without optimisation of the whole: a compiler makes calls of them after
 * it has looked at everything.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void *memmove(void *out, const void *in, size_t len)
{
    uint8_t *to = out;
    const uint8_t *from = in;
    if (to <= from) {
        while (len-- > 0) {
            *to++ = *from++;
        }
        return out;
    }
    while (len-- > 0) {
        to[len] = from[len];
    }
    return out;
}

void *memchr(const void *in, int byte, size_t len)
{
    const uint8_t *at = in;
    for (; len > 0; len--, at++) {
        if (*at == (uint8_t)byte) {
            return (void *)(uintptr_t)at;
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0') {
        len++;
    }
    return len;
}

char *strchr(const char *text, int wanted)
{
    return memchr(text, wanted, strlen(text) + 1);
}

int strncmp(const char *a, const char *b, size_t max)
{
    int difference = 0;
    for (size_t i = 0; i < max && difference == 0; i++) {
        difference = (uint8_t)a[i] - (uint8_t)b[i];
        if (a[i] == '\0') {
            break;
        }
    }
    return difference;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}
