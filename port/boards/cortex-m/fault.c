/*
 * fault.c - what is left to do when the program has gone wrong: say where, and
 * end. Also the answer to semihosting where nobody else answers.
 */
#include "port/boards/board.h"
#include "port/boards/cortex-m/cortex.h"
#include <sotto/env.h>
#include <string.h>

#define FAULT_STATUS  REGISTER(0xe000ed28)
#define HARD_STATUS   REGISTER(0xe000ed2c)
#define MEMORY_FAULT  REGISTER(0xe000ed34)
#define BUS_FAULT     REGISTER(0xe000ed38)
#define CODE_PANIC    134 /* as a host's abort() */
#define CODE_FAULT    139 /* as a host's segmentation fault */
#define BREAKPOINT_AB 0xbeabU
#define TRAP          0xdeffU /* what __builtin_trap() is: SOTTO_PANIC() */

/* What the processor puts on the stack when a handler begins. */
struct frame {
    uint32_t r0;
    uint32_t r1;
    uint32_t r2;
    uint32_t r3;
    uint32_t r12;
    uint32_t lr;
    uint32_t pc;
    uint32_t xpsr;
};

extern uint32_t board_stack_start[];
extern uint32_t board_stack_end[];

static void say(const char *text)
{
    board_write_now(text, strlen(text));
}

static void say_word(const char *name, uint32_t word)
{
    char text[9];
    for (unsigned i = 0; i < 8; i++) {
        text[i] = "0123456789abcdef"[word >> (28U - 4U * i) & 15U];
    }
    text[8] = '\0';
    say(name);
    say(text);
}

static void say_decimal(unsigned number)
{
    char text[11];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number > 0);
    say(text + at);
}

/* The stack pointer may be what went wrong. */
static bool is_on_stack(const struct frame *frame)
{
    return (uintptr_t)frame >= (uintptr_t)board_stack_start &&
           (uintptr_t)(frame + 1) <= (uintptr_t)board_stack_end;
}

static uint16_t instruction_of(const struct frame *frame)
{
    uint16_t instruction = 0;
    memcpy(&instruction, (const void *)(uintptr_t)(frame->pc & ~1U),
           sizeof instruction);
    return instruction;
}

/* To somebody who asked an emulator that is not there. */
static void answer_semihosting(struct frame *frame)
{
    frame->r0 = UINT32_MAX;
    frame->pc += 2;
    HARD_STATUS = UINT32_MAX; /* cleared by writing ones */
}

__attribute__((used)) static void report(struct frame *frame)
{
    const bool is_known = is_on_stack(frame);
    const uint16_t instruction = is_known ? instruction_of(frame) : 0;
    const bool is_panic = instruction == TRAP;
    if (instruction == BREAKPOINT_AB) {
        answer_semihosting(frame);
        return;
    }
    say(is_panic ? "\npanic:" : "\nfault:");
    if (is_known) {
        say_word(" pc ", frame->pc);
        say_word(" lr ", frame->lr);
        say_word(" r0 ", frame->r0);
        say_word(" xpsr ", frame->xpsr);
    } else {
        say(" the stack is used up;");
    }
    say_word(" status ", FAULT_STATUS);
    say_word(" hard ", HARD_STATUS);
    say_word(" bus ", BUS_FAULT);
    say_word(" memory ", MEMORY_FAULT);
    say("\n");
    board_exit(is_panic ? CODE_PANIC : CODE_FAULT);
}

/* Faults of the program have their frame on the process stack. */
__attribute__((naked)) void fault_handler(void)
{
    __asm__ volatile("tst lr, #4\n\t"
                     "ite eq\n\t"
                     "mrseq r0, msp\n\t"
                     "mrsne r0, psp\n\t"
                     "b report");
}

/* Where there is room for texts. */
_Noreturn void sotto_panic(const char *what, const char *file, int line)
{
    (void)interrupts_mask();
    say("\npanic: ");
    say(what);
    say(" (");
    say(file);
    say(":");
    say_decimal((unsigned)line);
    say(")\n");
    board_exit(CODE_PANIC);
}
