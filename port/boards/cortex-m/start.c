/*
 * start.c - from reset to main(), and the table of interrupts.
 *
 * main() runs on the process stack, interrupts and faults on a small stack of
 * their own. The process stack lies at the very bottom of RAM, so that running
 * over its end is a bus fault that can still be reported.
 */
#include "port/boards/board.h"
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

#include <string.h>

int main(void);

/* The linker script's. */
extern uint32_t board_data_load[];
extern uint32_t board_data_start[];
extern uint32_t board_data_end[];
extern uint32_t board_bss_start[];
extern uint32_t board_bss_end[];
extern uint32_t board_stack_start[];
extern uint32_t board_stack_end[];
extern uint32_t board_handler_stack_end[];

/* Unused stack holds this. */
#define PAINT 0xa5a5a5a5U

#define VECTOR_TABLE    REGISTER(0xe000ed08)
#define INTERRUPTS_SET  0xe000e100U
#define FIRST_INTERRUPT 16

struct vectors {
    uint32_t *stack;
    void (*handlers[FIRST_INTERRUPT - 1 + BOARD_INTERRUPTS])(void);
};

#define SYSTEM(number) [(number)-1]
#define BOARD(number)  [FIRST_INTERRUPT - 1 + (number)]

/* What stands empty here is never enabled. */
__attribute__((section(".vectors"),
               used)) static const struct vectors vectors = {
    .stack = board_handler_stack_end,
    .handlers = {SYSTEM(1) = reset_handler, SYSTEM(2) = fault_handler, /* NMI */
                 SYSTEM(3) = fault_handler, SYSTEM(15) = clock_interrupt,
                 BOARD_HANDLERS}};

void interrupt_enable(unsigned number)
{
    REGISTER(INTERRUPTS_SET + 4U * (number / 32U)) = 1U << number % 32U;
}

static size_t bytes_between(const uint32_t *start, const uint32_t *end)
{
    return (size_t)((uintptr_t)end - (uintptr_t)start);
}

static void paint_stack(void)
{
    const uint32_t *here = __builtin_frame_address(0);
    for (uint32_t *at = board_stack_start; at + 64 < here; at++) {
        *at = PAINT;
    }
}

size_t board_stack_size(void)
{
    return bytes_between(board_stack_start, board_stack_end);
}

size_t board_stack_used(void)
{
    const uint32_t *at = board_stack_start;
    while (at < board_stack_end && *at == PAINT) {
        at++;
    }
    return bytes_between(at, board_stack_end);
}

/* With the process stack in use. */
__attribute__((used)) static _Noreturn void start(void)
{
    memcpy(board_data_start, board_data_load,
           bytes_between(board_data_start, board_data_end));
    memset(board_bss_start, 0, bytes_between(board_bss_start, board_bss_end));
    paint_stack();
    VECTOR_TABLE = (uint32_t)(uintptr_t)&vectors;
    board_start();
    clock_start();
    board_exit(main());
}

__attribute__((naked)) void reset_handler(void)
{
    __asm__ volatile("ldr r0, =board_stack_end\n\t"
                     "msr psp, r0\n\t"
                     "movs r0, #2\n\t"
                     "msr control, r0\n\t"
                     "isb\n\t"
                     "b start\n\t"
                     ".ltorg");
}

_Noreturn void board_exit(int code)
{
    semihosting_exit(code);
    for (;;) {
        (void)interrupts_mask();
        sleep_until_interrupt();
    }
}
