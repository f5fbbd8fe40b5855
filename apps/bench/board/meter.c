#include "apps/bench/board/meter.h"

#include "port/boards/cortex-m/cortex.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTER              REGISTER(0x40028018) /* AN385, 4.6: FPGAIO */
#define INSTRUCTIONS_A_COUNT 40U

#define PAINT 0x5a5a5a5aU
#define CLEAR 64 /* words below the frame that paints */

/* The linker script's. */
extern uint32_t board_stack_start[];

/* ---- the heap: the linker puts these in between ------------------------- */

static struct {
    size_t now;
    size_t peak;
} heap;

/* NOLINTBEGIN(bugprone-reserved-identifier) names that the linker makes */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *at);
void __wrap_free(void *at);
/* NOLINTEND(bugprone-reserved-identifier) */

void *__wrap_calloc(size_t count, size_t size)
{
    void *at = __real_calloc(count, size);
    if (at != NULL) {
        heap.now += malloc_usable_size(at);
        heap.peak = heap.now > heap.peak ? heap.now : heap.peak;
    }
    return at;
}

void __wrap_free(void *at)
{
    heap.now -= at != NULL ? malloc_usable_size(at) : 0;
    __real_free(at);
}

/* ---- measuring ---------------------------------------------------------- */

static uint32_t *paint(void)
{
    uint32_t *here = __builtin_frame_address(0);
    for (uint32_t *at = board_stack_start; at + CLEAR < here; at++) {
        *at = PAINT;
    }
    return here;
}

static size_t depth(const uint32_t *from)
{
    const uint32_t *at = board_stack_start;
    while (at < from && *at == PAINT) {
        at++;
    }
    return (size_t)((uintptr_t)from - (uintptr_t)at);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

bool meter_measure(meter_operation *run, void *ctx, struct meter_cost *cost)
{
    const size_t heap_before = heap.now;
    heap.peak = heap.now;
    const uint32_t *from = paint();
    const bool masked = interrupts_mask();
    const uint32_t start = COUNTER;
    const bool ok = run(ctx);
    const uint32_t count = COUNTER - start;
    interrupts_restore(masked);
    cost->instructions += count * INSTRUCTIONS_A_COUNT;
    cost->stack = larger(cost->stack, depth(from));
    cost->heap = larger(cost->heap, heap.peak - heap_before);
    return ok;
}

/* "4,261,320", and what ends the cell. */
static void print_number(uint32_t number)
{
    char text[16];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    for (unsigned digits = 0; digits == 0 || number > 0; digits++) {
        if (digits > 0 && digits % 3U == 0) {
            text[--at] = ',';
        }
        text[--at] = (char)('0' + number % 10U);
        number /= 10U;
    }
    (void)printf(" | %s", text + at);
}

void meter_print(const char *what, const struct meter_cost *cost)
{
    (void)printf("| %s", what);
    print_number(cost->instructions);
    print_number((uint32_t)cost->stack);
    print_number((uint32_t)cost->heap);
    (void)printf(" |\n");
}

bool meter_row(const char *what, meter_operation *run, void *ctx)
{
    struct meter_cost cost = {0};
    if (!meter_measure(run, ctx, &cost)) {
        (void)fprintf(stderr, "bench: failed: %s\n", what);
        return false;
    }
    meter_print(what, &cost);
    return true;
}

/* ---- random bytes ------------------------------------------------------- */

static enum sotto_err draw(void *ctx, uint8_t *out, size_t len)
{
    uint32_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 1664525U + 1013904223U; /* Numerical Recipes */
        out[i] = (uint8_t)(*state >> 24);
    }
    return SOTTO_OK;
}

struct sotto_random meter_random(void)
{
    static uint32_t state;
    return (struct sotto_random){&state, draw};
}
