/*
 * process.h - what a load needs of the system beside port.h: a server as a
 * process of its own, on processors of its own, and how much of them and of
 * memory it takes. For hosts with Linux.
 */
#ifndef SOTTO_BENCH_PROCESS_H
#define SOTTO_BENCH_PROCESS_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_CORES_MAX 64
#define PROCESS_PATH_MAX  512

/* Processors, by the system's numbers. */
struct process_cores {
    uint16_t at[PROCESS_CORES_MAX];
    size_t count; /* 0: wherever the system likes */
};

/* Those that this process may use. */
void process_cores_allowed(struct process_cores *cores);
/* "0", "0,2", "0-3": NULL, or what is wrong with it. `cores` may be NULL. */
const char *process_cores_parse(const char *text, struct process_cores *cores);
/* Keeps this process on them. IO. */
enum sotto_err process_pin(const struct process_cores *cores) SOTTO_MUST_CHECK;

/*
 * Starts a program: argv[0] is its file, NULL ends the list. Its output goes
 * to the file `log`. It is killed when this process ends. IO.
 */
enum sotto_err process_start(const char *const *argv, const char *log,
                             const struct process_cores *cores, int *pid)
    SOTTO_MUST_CHECK;
/* Whether it still runs; once it does not, it must not be stopped any more. */
bool process_is_running(int pid);
/* Asks it to end, and waits; true when it ended by itself with code 0. */
bool process_stop(int pid);

/* Of a process; 0 is this one. */
struct process_use {
    uint64_t cpu_ns;    /* processor time of all its threads */
    uint64_t kernel_ns; /* the system's share of it, in steps of 10 ms */
    uint64_t wait_ns;   /* that its threads were ready and had no processor */
};

/* False when it cannot be known. */
bool process_use(int pid, struct process_use *use);
/* Bytes of memory of its own that are in use, without files. */
bool process_memory(int pid, uint64_t *bytes);

/* Lets this process, and those that it starts, open `count` files. SPACE. */
enum sotto_err process_files(size_t count) SOTTO_MUST_CHECK;

/* The folder that this program's file is in. */
bool process_program_folder(char out[static PROCESS_PATH_MAX]);
/* Makes a folder of a new name in `parent`, or in the system's place for such
 * when that is NULL. */
bool process_folder_make(const char *parent, char out[static PROCESS_PATH_MAX]);
/* Removes it with all that is in it. */
void process_folder_remove(const char *path);

#endif
