/*
 * entropy_qemu.c - random bytes of the machine that emulates the board. QEMU's
 * Cortex-M boards have no random number generator; a real board links a file
 * of its own instead.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

bool entropy_fill(uint8_t *out, size_t len)
{
    return semihosting_random(out, len);
}
