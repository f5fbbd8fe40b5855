/*
 * nor.c - a block device in memory that is as unkind as flash may be.
 */
#include "tests/port/flash/nor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t nor_chance(uint64_t *random, uint32_t end)
{
    *random += 0x9e3779b97f4a7c15U; /* splitmix64 */
    uint64_t z = *random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return (uint32_t)((z >> 32) % end);
}

/* ---- tearing ---------------------------------------------------------- */

/* What becomes of bytes that are on their way from what they are to `to` (NULL:
 * erased) when that is cut. */
static void tear(struct nor *nor, uint8_t *bytes, const uint8_t *to, size_t len)
{
    const uint32_t part = nor_chance(&nor->random, (uint32_t)len);
    for (size_t i = 0; i < len; i++) {
        const uint8_t new = to != NULL ? to[i] : 0xff;
        const uint8_t mask = (uint8_t)nor_chance(&nor->random, 256);
        switch (nor->tear) {
        case NOR_NOTHING:
            break;
        case NOR_ALL:
            bytes[i] = new;
            break;
        case NOR_PART:
            bytes[i] = i < part ? new : bytes[i];
            break;
        case NOR_REST:
            bytes[i] = i >= part ? new : bytes[i];
            break;
        case NOR_BITS:
            bytes[i] = (uint8_t)((bytes[i] & mask) | (new & ~mask));
            break;
        case NOR_NOISE:
        case NOR_TEARS:
            bytes[i] = to != NULL ? (uint8_t)((bytes[i] & mask) | (new & ~mask))
                                  : mask;
            break;
        }
    }
}

/* Whether this operation is cut, or fails. */
static bool goes_wrong(struct nor *nor)
{
    nor->operations++;
    if (nor->operations == nor->cut_at) {
        nor->off = true;
        return true;
    }
    if (nor->failing > 0 && nor_chance(&nor->random, 1000) < nor->failing) {
        nor->tear = (enum nor_tear)nor_chance(&nor->random, NOR_TEARS);
        return true;
    }
    return false;
}

/* ---- the device ------------------------------------------------------- */

static enum sotto_err nor_read(void *ctx, uint32_t at, uint8_t *out, size_t len)
{
    const struct nor *nor = ctx;
    const size_t size = (size_t)nor->device.block_size * nor->device.blocks;
    assert_true(at <= size && len <= size - at);
    if (nor->off || nor->read_fails) {
        return SOTTO_ERR_IO;
    }
    memcpy(out, nor->bytes + at, len);
    return SOTTO_OK;
}

static enum sotto_err nor_program(void *ctx, uint32_t at, const uint8_t *in,
                                  size_t len)
{
    struct nor *nor = ctx;
    const uint16_t unit = nor->device.unit;
    if (nor->off) {
        return SOTTO_ERR_IO;
    }
    assert_int_equal(at % unit, 0);
    assert_int_equal(len % unit, 0);
    assert_in_range(len, 1, FLASH_PAGE - at % FLASH_PAGE);
    for (size_t i = at / unit; i < (at + len) / unit; i++) {
        assert_false(nor->programmed[i]);
        nor->programmed[i] = true;
    }
    if (goes_wrong(nor)) {
        tear(nor, nor->bytes + at, in, len);
        return SOTTO_ERR_IO;
    }
    memcpy(nor->bytes + at, in, len);
    return SOTTO_OK;
}

static enum sotto_err nor_erase(void *ctx, uint16_t block)
{
    struct nor *nor = ctx;
    const size_t size = nor->device.block_size;
    const size_t units = size / nor->device.unit;
    if (nor->off) {
        return SOTTO_ERR_IO;
    }
    assert_in_range(block, 0, nor->device.blocks - 1);
    nor->erasures[block]++;
    if (block == nor->bad_block || goes_wrong(nor)) {
        tear(nor, nor->bytes + block * size, NULL, size);
        memset(nor->programmed + block * units, true, units);
        return SOTTO_ERR_IO;
    }
    memset(nor->bytes + block * size, 0xff, size);
    memset(nor->programmed + block * units, false, units);
    return SOTTO_OK;
}

static enum sotto_err nor_sync(void *ctx)
{
    const struct nor *nor = ctx;
    return nor->off ? SOTTO_ERR_IO : SOTTO_OK;
}

void nor_make(struct nor *nor, uint32_t block_size, uint16_t blocks,
              uint16_t unit, uint64_t seed)
{
    const size_t size = (size_t)block_size * blocks;
    *nor = (struct nor){.device = {.block_size = block_size,
                                   .blocks = blocks,
                                   .unit = unit,
                                   .read = nor_read,
                                   .program = nor_program,
                                   .erase = nor_erase,
                                   .sync = nor_sync},
                        .random = seed,
                        .bad_block = UINT16_MAX};
    nor->device.ctx = nor;
    nor->bytes = malloc(size);
    nor->programmed = calloc(size / unit, sizeof *nor->programmed);
    nor->erasures = calloc(blocks, sizeof *nor->erasures);
    assert_true(nor->bytes != NULL && nor->programmed != NULL &&
                nor->erasures != NULL);
    memset(nor->bytes, 0xff, size);
    if (seed % 2 != 0) { /* as it came, never erased */
        memset(nor->programmed, true, size / unit);
        for (size_t i = 0; i < size; i++) {
            nor->bytes[i] = (uint8_t)nor_chance(&nor->random, 256);
        }
    }
}

void nor_free(struct nor *nor)
{
    free(nor->bytes);
    free(nor->programmed);
    free(nor->erasures);
}

void nor_power_up(struct nor *nor)
{
    nor->off = false;
    nor->cut_at = 0;
}
