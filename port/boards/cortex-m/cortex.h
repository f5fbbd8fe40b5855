/*
 * cortex.h - what the files of this folder share, and what a driver needs of
 * the processor: interrupts, the clock, semihosting.
 *
 * Registers: ARMv7-M Architecture Reference Manual, B3.
 */
#ifndef SOTTO_PORT_BOARDS_CORTEX_H
#define SOTTO_PORT_BOARDS_CORTEX_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A 32-bit register at an address. */
#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* ---- interrupts ------------------------------------------------------- */

/* Masks interrupts and says whether they were masked before. */
static inline bool interrupts_mask(void)
{
    uint32_t before;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(before)::"memory");
    return before != 0;
}

static inline void interrupts_restore(bool masked)
{
    if (!masked) {
        __asm__ volatile("cpsie i" ::: "memory");
    }
}

/* Sleeps until an interrupt is pending, masked or not. */
static inline void sleep_until_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

/* Lets an interrupt of the board happen from now on. */
void interrupt_enable(unsigned number);

/* ---- clock.c ---------------------------------------------------------- */

/* Starts the millisecond interrupt. */
void clock_start(void);
void clock_interrupt(void);

/* Since clock_start(). */
uint64_t clock_ms(void);
uint64_t clock_ns(void);

/* ---- semihosting.c: an emulator or debugger that answers BKPT 0xAB ------ */

/* Fills `out` from the host's /dev/urandom. False where nobody answers. */
bool semihosting_random(uint8_t *out, size_t len);

/* Ends the program with this exit code; returns where nobody answers. */
void semihosting_exit(int code);

/* The program's arguments as one line; false where nobody answers. */
bool semihosting_arguments(char *out, size_t cap);

/* ---- fault.c ---------------------------------------------------------- */

/* The handler of HardFault, to which all other faults escalate. */
void fault_handler(void);

/* ---- start.c ---------------------------------------------------------- */

/* The handler of Reset. */
void reset_handler(void);

/* ---- what a board supplies to these files ------------------------------ */

/* Starts what writes of board_write() need. Called before main(). */
void board_start(void);

/* Writes without interrupts, one byte after the other: from faults. */
void board_write_now(const char *text, size_t len);

#endif
