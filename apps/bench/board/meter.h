/*
 * meter.h - what an operation costs on a board: instructions, stack, heap.
 *
 * Instructions are counted by QEMU: started so that each takes a nanosecond
 * (toolchains/emulate.sh --count), the board's 25 MHz counter goes up once in
 * forty of them. Stack is measured by painting what is free of it before.
 */
#ifndef SOTTO_BENCH_BOARD_METER_H
#define SOTTO_BENCH_BOARD_METER_H

#include <sotto/env.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter_cost {
    uint32_t instructions;
    size_t stack; /* bytes below the caller, at the deepest */
    size_t heap;  /* bytes in use at the same time, beyond those before */
};

typedef bool meter_operation(void *ctx);

/* Adds what run(ctx) costs to `*cost`: instructions as a sum, memory as the
 * larger of both. Returns what it returns. */
bool meter_measure(meter_operation *run, void *ctx, struct meter_cost *cost);

/* Prints a row of the table. */
void meter_print(const char *what, const struct meter_cost *cost);

/* The two: false when the operation fails. */
bool meter_row(const char *what, meter_operation *run, void *ctx);

/* The same bytes in every run, at hardly any cost: a board has them from a
 * device. */
struct sotto_random meter_random(void);

/* ---- the parts of the table; false: something failed, or did not check ---- */

bool meter_keys(void);         /* keys.c */
bool meter_certificates(void); /* certificates.c */
bool meter_channel(void);      /* channel.c */
bool meter_device(void);       /* device.c */
bool meter_login(void);        /* login.c */
bool meter_mls(void);          /* mls.c */

#endif
