/*
 * system.c - apps/sotto/system.h on a board: an arena that is given out once,
 * and the UART.
 */
#include "apps/sotto/system.h"

#include "apps/firmware/memory.h"
#include "port/boards/board.h"
#include <sotto/env.h>
#include <string.h>

struct arena {
    size_t used;
    size_t high;
    _Alignas(8) uint8_t bytes[FIRMWARE_ARENA];
};

static struct arena *arena(void)
{
    static struct arena the_only_one;
    return &the_only_one;
}

void *system_memory(size_t size)
{
    struct arena *from = arena();
    size_t room = sizeof from->bytes - from->used;
    if (size > room) {
        char missing[SAY_NUMBER];
        say("FIRMWARE_ARENA is too small by ", say_number(size - room, missing),
            " bytes\n", NULL);
        return NULL;
    }
    void *memory = from->bytes + from->used;
    from->used += (size + 7U) & ~(size_t)7U;
    if (from->used > sizeof from->bytes) {
        from->used = sizeof from->bytes;
    }
    if (from->used > from->high) {
        from->high = from->used;
    }
    return memory; /* zero, because nothing comes back */
}

void memory_begin_again(void)
{
    struct arena *all = arena();
    memset(all->bytes, 0, all->used);
    all->used = 0;
}

size_t memory_high(void)
{
    return arena()->high;
}

void system_memory_free(void *memory)
{
    (void)memory;
}

void system_say(const char *text, size_t len)
{
    board_write(text, len);
}

uint64_t system_wall_s(void)
{
    return SOTTO_TIME_UNKNOWN;
}

/* There is no time zone: what others say the time is, is shown as UTC. */
bool system_clock_text(uint64_t wall_s, char out[static SYSTEM_CLOCK_TEXT])
{
    if (wall_s == SOTTO_TIME_UNKNOWN) {
        return false;
    }
    unsigned minutes = (uint32_t)wall_s / 60U % 1440U; /* until 2106 */
    out[0] = (char)('0' + minutes / 600U);
    out[1] = (char)('0' + minutes / 60U % 10U);
    out[2] = ':';
    out[3] = (char)('0' + minutes % 60U / 10U);
    out[4] = (char)('0' + minutes % 10U);
    out[5] = '\0';
    return true;
}

const char *system_variable(const char *name)
{
    (void)name;
    return NULL;
}
