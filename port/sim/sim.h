/*
 * sim.h - a world of machines in one process, with one clock and one seed.
 *
 * A third implementation of port.h. Every machine has a program, a disk, a
 * console, an address, and a source of random bytes; together they have a
 * network. Nothing is real: a program runs until it waits, then another one
 * does, and when all wait the clock jumps to what comes next. So hours take
 * seconds, and the same seed gives the same run, byte for byte.
 *
 * What can go wrong does: messages take their time and arrive in pieces,
 * connections break, machines are cut off, disks are full, slow or broken, and
 * the power fails, at any call that one names. What a disk keeps then is all
 * that env.h promises and no more.
 *
 * Who calls. The thread that opened the world drives it, with the functions
 * below; programs run inside sim_run(), in threads of their own of which one
 * is awake at a time. Programs call port.h, sim_memory() and nothing else of
 * this.
 *
 * Without a world, port_open() makes one with a single machine that the calling
 * thread plays: so any program of port.h can be linked with this port.
 * Variables of the environment: SOTTO_SEED, and SOTTO_SIM=rough for a network
 * and a disk as in sim_rough.
 *
 * What is not simulated: datagrams lost one by one (a stream is late or breaks
 * instead), preemption anywhere (programs change places where they wait and,
 * where a profile has pauses, in calls of port.h), IPv6 beside ::1.
 */
#ifndef SOTTO_PORT_SIM_SIM_H
#define SOTTO_PORT_SIM_SIM_H

#include "port/port.h"

struct sim;
struct sim_machine;

/* ---- the world -------------------------------------------------------- */

/* How rough it is. Probabilities are parts of a million. */
struct sim_profile {
    uint32_t latency_min_us; /* of a network message */
    uint32_t latency_max_us;
    uint32_t pipe_bytes; /* that one direction of a connection holds */
    uint32_t backlog;    /* connections that wait to be accepted */
    uint32_t short_ppm;  /* a read or write does only a part */
    uint32_t reset_ppm;  /* a write finds the connection broken */
    uint32_t sync_min_us;
    uint32_t sync_max_us;
    uint32_t disk_error_ppm; /* a call of a file fails: IO */
    uint32_t pause_ppm;      /* a thread gets no processor for a while ... */
    uint32_t pause_max_us;   /* ... so long, at most; some threads never pause,
                                some twice as often as others */
};

/* A network of a building and a good disk; and a bad day. */
extern const struct sim_profile sim_quiet;
extern const struct sim_profile sim_rough;

/* NULL without memory. The profile is copied. */
struct sim *sim_open(uint64_t seed, const struct sim_profile *profile);

/* Ends all programs as sim_kill() does, and frees the world. */
void sim_close(struct sim *sim);

void sim_set_profile(struct sim *sim, const struct sim_profile *profile);

/* Milliseconds since the beginning of the world. */
uint64_t sim_now_ms(const struct sim *sim);

/* Lets the world run for so long. */
void sim_run(struct sim *sim, uint64_t ms);

/* ---- machines --------------------------------------------------------- */

/*
 * Adds a machine of this name, which is its host name too (borrowed), off and
 * with an empty disk. Its address is 10.0.0.N, N counted from 1. `program` is
 * what runs on it when it starts, from the beginning each time; what it returns
 * is its exit code. NULL without memory.
 */
struct sim_machine *sim_machine_add(struct sim *sim, const char *name,
                                    int (*program)(void *arg), void *arg);

/* Starts the program. It must not be running. */
void sim_start(struct sim_machine *machine);

bool sim_is_running(const struct sim_machine *machine);

/* Of the last run; -1 when that was killed or cut. */
int sim_exit_code(const struct sim_machine *machine);

/* The power fails: the program is gone, of what was not synced the disk keeps
 * what it likes, and peers hear nothing. Nothing, when it is not running. */
void sim_cut_power(struct sim_machine *machine);

/* The system ends the program: the disk keeps everything, peers are told. */
void sim_kill(struct sim_machine *machine);

/* STOP, RELOAD, STATUS or RESIZE for the program. */
void sim_signal(struct sim_machine *machine, enum port_event_kind kind);

/* Memory of the running program's machine, zeroed; given back by
 * sim_memory_free(), or when the program ends. NULL without. */
void *sim_memory(size_t size);
void sim_memory_free(void *memory);

/* `look` sees all such memory before it is given back by its owner. */
typedef void (*sim_look)(void *ctx, const struct sim_machine *machine,
                         const uint8_t *memory, size_t size);
void sim_on_free(struct sim *sim, sim_look look, void *ctx);

/* The machine whose program is calling; NULL outside. */
struct sim_machine *sim_here(void);
const char *sim_name(const struct sim_machine *machine);

/* ---- its network ------------------------------------------------------ */

#define SIM_CUT_IN  1U /* nothing reaches it */
#define SIM_CUT_OUT 2U /* nothing leaves it */

/* Cuts it off, or (0) lets it in again. What was sent meanwhile is sent again
 * later; connections break by time-out after a while. */
void sim_cut_off(struct sim_machine *machine, unsigned directions);

/* ---- its disk --------------------------------------------------------- */

/* Bytes that fit; at first no limit. */
void sim_disk_room(struct sim_machine *machine, uint64_t bytes);

/* A disk that says that it has synced, and has not. */
void sim_disk_lies(struct sim_machine *machine, bool lies);

/* Contents of a file that its program would read now; NULL when there is none.
 * Borrowed until the world runs on. */
const uint8_t *sim_disk_file(const struct sim_machine *machine,
                             const char *name, size_t *len);

/* A file for port_read_file(); both borrowed. One a machine. */
void sim_put_file(struct sim_machine *machine, const char *path,
                  const char *text);

/* ---- its console ------------------------------------------------------ */

/* Types on it; false without memory. What the program did not read is gone when
 * it ends. */
bool sim_type(struct sim_machine *machine, const char *text, size_t len);

/* The end of input, for the program that runs. */
void sim_type_end(struct sim_machine *machine);

/* Takes a line that was written, without its end; false when there is none.
 * Borrowed until the world runs on. */
bool sim_shown(struct sim_machine *machine, const char **line, size_t *len);

/* ---- calls that fail -------------------------------------------------- */

enum sim_calls {
    SIM_CALLS_FILES,   /* of the file table, and each request's completion */
    SIM_CALLS_STREAMS, /* connect, accept, listen, read, write */
    SIM_CALLS_RANDOM,
    SIM_CALLS_KINDS
};

/* How many there were on this machine, of all its runs. */
uint64_t sim_calls(const struct sim_machine *machine, enum sim_calls kind);

/* The `nth` call from now on (1: the next) fails, once; 0: none does. */
void sim_fail_call(struct sim_machine *machine, enum sim_calls kind,
                   uint64_t nth);

/* The power is cut when the `nth` call of files from now on is made, before it
 * does anything; 0: it is not. */
void sim_cut_at_call(struct sim_machine *machine, uint64_t nth);

#endif
