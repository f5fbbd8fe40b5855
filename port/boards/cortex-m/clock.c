/*
 * clock.c - SysTick: an interrupt each millisecond, and its counter in between.
 */
#include "port/boards/cortex-m/cortex.h"

#define CONTROL REGISTER(0xe000e010)
#define RELOAD  REGISTER(0xe000e014)
#define VALUE   REGISTER(0xe000e018)

#define CONTROL_ENABLE    1U
#define CONTROL_INTERRUPT 2U
#define CONTROL_PROCESSOR 4U /* the processor's own clock */

#define CYCLES_PER_MS (BOARD_CLOCK_HZ / 1000U)
#define NS_PER_CYCLE  (1000000U / CYCLES_PER_MS) /* rounded down */
_Static_assert(BOARD_CLOCK_HZ % 1000U == 0, "a millisecond is whole cycles");
_Static_assert(CYCLES_PER_MS <= 1U << 24U, "the counter has 24 bits");

/* Only the interrupt writes to it. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static volatile uint64_t elapsed_ms;

void clock_start(void)
{
    RELOAD = CYCLES_PER_MS - 1U;
    VALUE = 0;
    CONTROL = CONTROL_ENABLE | CONTROL_INTERRUPT | CONTROL_PROCESSOR;
}

void clock_interrupt(void)
{
    elapsed_ms++;
}

/* Two halves are not read in one step. */
uint64_t clock_ms(void)
{
    uint64_t first = elapsed_ms;
    uint64_t again = elapsed_ms;
    while (first != again) {
        first = again;
        again = elapsed_ms;
    }
    return again;
}

uint64_t clock_ns(void)
{
    uint64_t ms;
    uint32_t left;
    do {
        ms = clock_ms();
        left = VALUE;
    } while (ms != clock_ms());
    return ms * 1000000U + (CYCLES_PER_MS - 1U - left) * NS_PER_CYCLE;
}
