/*
 * heap.c - the heap that libcrypto is given: blocks in a ring.
 */
#include "tests/crypto/heap.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    struct block *previous;
    size_t size;
    size_t unused; /* what follows is aligned as malloc() does it */
};

static struct block ring = {&ring, &ring, 0, 0};
static size_t calls;
static size_t blocks;
static int allowed = -1;

static struct block *block_of(void *at)
{
    return (struct block *)at - 1;
}

static void *take(size_t size, const char *file, int line)
{
    struct block *block = NULL;

    (void)file;
    (void)line;
    calls++;
    if (allowed != 0) {
        block = malloc(sizeof *block + size);
        allowed -= allowed > 0 ? 1 : 0;
    }
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){ring.next, &ring, size, 0};
    ring.next->previous = block;
    ring.next = block;
    blocks++;
    return block + 1;
}

static void give_back(void *at, const char *file, int line)
{
    struct block *block;

    (void)file;
    (void)line;
    if (at == NULL) {
        return;
    }
    block = block_of(at);
    block->next->previous = block->previous;
    block->previous->next = block->next;
    blocks--;
    free(block);
}

static void *resize(void *at, size_t size, const char *file, int line)
{
    void *other = take(size, file, line);

    if (other != NULL && at != NULL) {
        size_t old = block_of(at)->size;

        memcpy(other, at, old < size ? old : size);
        give_back(at, file, line);
    }
    return other;
}

void heap_install(void)
{
    static bool is_installed;

    if (!is_installed &&
        CRYPTO_set_mem_functions(take, resize, give_back) != 1) {
        abort(); /* too late: libcrypto has allocated */
    }
    is_installed = true;
}

void heap_allow(int count)
{
    allowed = count;
}

size_t heap_calls(void)
{
    return calls;
}

size_t heap_blocks(void)
{
    return blocks;
}

bool heap_has(const void *bytes, size_t len)
{
    for (const struct block *at = ring.next; at != &ring; at = at->next) {
        const char *text = (const char *)(at + 1);

        for (size_t i = 0; i + len <= at->size; i++) {
            if (memcmp(text + i, bytes, len) == 0) {
                return true;
            }
        }
    }
    return false;
}
