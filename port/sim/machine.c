/*
 * machine.c - a machine and its life; time, random bytes, errors, memory.
 */
#include "port/sim/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PORT 49152U
/* When every world begins: 2026-01-01. */
#define EPOCH_S 1767225600U

/* ---- life ------------------------------------------------------------- */

struct sim_machine *sim_machine_add(struct sim *sim, const char *name,
                                    int (*program)(void *arg), void *arg)
{
    struct sim_machine *machine = NULL;
    if (sim->machine_count < SIM_MACHINES) {
        machine = calloc(1, sizeof *machine);
    }
    if (machine == NULL) {
        return NULL;
    }
    sim->machines[sim->machine_count++] = machine;
    machine->sim = sim;
    machine->port.machine = machine;
    machine->name = name;
    machine->number = sim->machine_count;
    machine->program = program;
    machine->arg = arg;
    machine->next_port = FIRST_PORT;
    machine->entropy.state = sim_roll(&sim->dice);
    machine->disk.dice.state = sim_roll(&sim->dice);
    machine->disk.room = UINT64_MAX;
    return machine;
}

/* The program; what else its machine runs ends with it. */
static void run_program(void *arg)
{
    struct sim_machine *machine = arg;
    machine->exit_code = machine->program(machine->arg);
    if (machine->threads > 1) {
        sim_threads_kill(machine);
    }
}

void sim_start(struct sim_machine *machine)
{
    SIM_ASSERT(!machine->is_running);
    machine->is_running = true;
    machine->is_powered = true;
    machine->signals = 0;
    machine->exit_code = -1;
    SIM_ASSERT(sim_thread_add(machine, run_program, machine) != NULL);
}

bool sim_is_running(const struct sim_machine *machine)
{
    return machine->is_running;
}

int sim_exit_code(const struct sim_machine *machine)
{
    return machine->exit_code;
}

void sim_machine_clean(struct sim_machine *machine)
{
    while (machine->disk.tables != NULL) {
        sim_table_free(machine->disk.tables);
    }
    while (machine->loops != NULL) {
        sim_loop_free(machine->loops);
    }
    while (machine->mutexes != NULL) {
        machine->mutexes->owner = NULL;
        port_mutex_close(machine->mutexes);
    }
    while (machine->memory != NULL) {
        struct sim_block_head *block = machine->memory;
        machine->memory = block->next;
        free(block);
    }
    machine->typed.len = 0;
    machine->has_typed_end = false;
    machine->is_running = false;
}

void sim_machine_free(struct sim_machine *machine)
{
    sim_disk_free(&machine->disk);
    free(machine->typed.bytes);
    free(machine->shown.bytes);
    free(machine);
}

void sim_cut_power(struct sim_machine *machine)
{
    if (!machine->is_running) {
        return;
    }
    machine->is_powered = false;
    sim_wire_lose_machine(machine->sim, machine);
    sim_disk_lose_power(&machine->disk);
    machine->boot++;
    sim_threads_kill(machine);
}

/* A helper of the system may have done some of what was asked for. */
void sim_kill(struct sim_machine *machine)
{
    if (!machine->is_running) {
        return;
    }
    struct sim_table *table;
    for (table = machine->disk.tables; table != NULL; table = table->next) {
        const size_t count = sim_requests_count(table);
        sim_requests_happen(table, sim_below(&machine->disk.dice, count + 1));
    }
    if (sim_chance(&machine->sim->dice, 500000)) {
        sim_wire_end_machine(machine->sim, machine);
    }
    sim_threads_kill(machine);
}

void sim_signal(struct sim_machine *machine, enum port_event_kind kind)
{
    machine->signals |= 1U << kind;
}

struct sim_machine *sim_here(void)
{
    return sim_self() != NULL ? sim_self()->machine : NULL;
}

const char *sim_name(const struct sim_machine *machine)
{
    return machine->name;
}

void sim_cut_off(struct sim_machine *machine, unsigned directions)
{
    machine->cut = directions;
}

/* ---- calls that fail -------------------------------------------------- */

uint64_t sim_calls(const struct sim_machine *machine, enum sim_calls kind)
{
    return machine->counts[kind].calls;
}

void sim_fail_call(struct sim_machine *machine, enum sim_calls kind,
                   uint64_t nth)
{
    struct sim_count *count = &machine->counts[kind];
    count->fail_at = nth > 0 ? count->calls + nth : 0;
}

void sim_cut_at_call(struct sim_machine *machine, uint64_t nth)
{
    machine->cut_at =
        nth > 0 ? machine->counts[SIM_CALLS_FILES].calls + nth : 0;
}

bool sim_call(struct sim_machine *machine, enum sim_calls kind)
{
    struct sim_count *count = &machine->counts[kind];
    count->calls++;
    return count->calls == count->fail_at;
}

enum sotto_err sim_file_call(struct sim_machine *machine)
{
    const bool is_chosen = sim_call(machine, SIM_CALLS_FILES);
    if (machine->counts[SIM_CALLS_FILES].calls == machine->cut_at) {
        sim_cut_power(machine);
    }
    if (!is_chosen && !sim_chance(&machine->disk.dice,
                                  machine->sim->profile.disk_error_ppm)) {
        return SOTTO_OK;
    }
    return sim_fail(SOTTO_ERR_IO, "Input/output error (simulated)");
}

/* ---- port.h: the machine ---------------------------------------------- */

/* Plays the only machine of a world of its own. */
static enum sotto_err open_alone(struct port **port)
{
    const char *seed = getenv("SOTTO_SEED");
    const char *kind = getenv("SOTTO_SIM");
    const bool is_rough = kind != NULL && strcmp(kind, "rough") == 0;
    struct sim *sim = sim_open(seed != NULL ? strtoull(seed, NULL, 0) : 1,
                               is_rough ? &sim_rough : &sim_quiet);
    if (sim == NULL) {
        return SOTTO_ERR_SPACE;
    }
    struct sim_machine *machine = sim_machine_add(sim, "alone", NULL, NULL);
    if (machine == NULL) {
        sim_close(sim);
        return SOTTO_ERR_SPACE;
    }
    machine->is_powered = true;
    machine->threads = 1; /* the caller's */
    sim->is_alone = true;
    sim->driver.machine = machine;
    *port = &machine->port;
    return SOTTO_OK;
}

enum sotto_err port_open(struct port **port)
{
    struct port_thread *thread = sim_self();
    if (thread == NULL) {
        return open_alone(port);
    }
    SIM_ASSERT(thread->machine != NULL); /* a driver has no machine */
    *port = &thread->machine->port;
    return SOTTO_OK;
}

void port_close(struct port *port)
{
    struct sim *sim = port->machine->sim;
    SIM_ASSERT(port->machine->loops == NULL);
    if (sim->is_alone) {
        sim_close(sim);
    }
}

/* Looking at the clock takes time, so that nobody can look for ever. */
uint64_t port_now_ns(struct port *port)
{
    const uint64_t now_ns = port->machine->sim->now_ns += SIM_US;
    sim_pause();
    return now_ns;
}

uint64_t port_now_ms(struct port *port)
{
    return port_now_ns(port) / SIM_MS;
}

uint64_t port_wall_s(struct port *port)
{
    return EPOCH_S + port->machine->sim->now_ns / SIM_MS / 1000U;
}

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    struct sim_machine *machine = ctx;
    if (sim_call(machine, SIM_CALLS_RANDOM)) {
        return sim_fail(SOTTO_ERR_RANDOM, "No entropy (simulated)");
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)sim_roll(&machine->entropy);
    }
    return SOTTO_OK;
}

struct sotto_random port_random(struct port *port)
{
    return (struct sotto_random){.ctx = port->machine, .fill = fill};
}

const char *port_last_error(struct port *port)
{
    (void)port;
    return sim_self()->error;
}

enum sotto_err sim_fail(enum sotto_err err, const char *text)
{
    sim_self()->error = text;
    return err;
}

/* ---- memory ----------------------------------------------------------- */

void *sim_memory(size_t size)
{
    struct sim_machine *machine = sim_here();
    _Static_assert(sizeof(struct sim_block_head) % _Alignof(max_align_t) == 0,
                   "what follows is aligned for everything");
    struct sim_block_head *block = calloc(1, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct sim_block_head){.machine = machine,
                                     .next = machine->memory,
                                     .size = size};
    if (block->next != NULL) {
        block->next->prev = block;
    }
    machine->memory = block;
    return block + 1;
}

void sim_memory_free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    struct sim_block_head *block = (struct sim_block_head *)memory - 1;
    struct sim_machine *machine = block->machine;
    struct sim *sim = machine->sim;
    if (sim->look != NULL) {
        sim->look(sim->look_ctx, machine, memory, block->size);
    }
    if (block->prev != NULL) {
        block->prev->next = block->next;
    } else {
        machine->memory = block->next;
    }
    if (block->next != NULL) {
        block->next->prev = block->prev;
    }
    free(block);
}

_Noreturn void sotto_panic(const char *what, const char *file, int line)
{
    const struct sim_machine *machine = sim_here();
    (void)fprintf(stderr, "%s: internal error: %s (%s:%d)\n",
                  machine != NULL ? machine->name : "sim", what, file, line);
    abort();
}
