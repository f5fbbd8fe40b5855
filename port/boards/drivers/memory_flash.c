/*
 * memory_flash.c - RAM that behaves as NOR flash: erasing makes ones, programming
 * makes zeros. In QEMU a file can stand behind this RAM, which then survives
 * the end of the emulator, whatever ends it:
 *
 *     -object memory-backend-file,id=nv,size=16M,mem-path=FILE,share=on
 *     -machine mps2-an385,memory-backend=nv
 *
 * A real board links a driver of its flash instead.
 */
#include "port/boards/drivers.h"
#include "port/flash/flash.h"

#include <string.h>

static uint8_t *place_of(uint32_t at)
{
    return (uint8_t *)(uintptr_t)(BOARD_STORAGE_BASE + at);
}

static enum sotto_err read_bytes(void *ctx, uint32_t at, uint8_t *out,
                                 size_t len)
{
    (void)ctx;
    memcpy(out, place_of(at), len);
    return SOTTO_OK;
}

static enum sotto_err program(void *ctx, uint32_t at, const uint8_t *in,
                              size_t len)
{
    (void)ctx;
    uint8_t *to = place_of(at);
    for (size_t i = 0; i < len; i++) {
        to[i] &= in[i];
    }
    return SOTTO_OK;
}

static enum sotto_err erase(void *ctx, uint16_t block)
{
    (void)ctx;
    memset(place_of((uint32_t)block * BOARD_STORAGE_BLOCK), 0xff,
           BOARD_STORAGE_BLOCK);
    return SOTTO_OK;
}

const struct flash_device *storage_device(void)
{
    static const struct flash_device device = {.block_size =
                                                   BOARD_STORAGE_BLOCK,
                                               .blocks = BOARD_STORAGE_BLOCKS,
                                               .unit = 1,
                                               .read = read_bytes,
                                               .program = program,
                                               .erase = erase};
    return &device;
}
