/*
 * below.h - what a machine supplies to port/lwip: all that port.h needs and
 * lwIP does not have. host/ is one such machine, a folder of port/boards/ is
 * another; PORTING.md says how to write one.
 *
 * All calls are made from the main loop, never from an interrupt, and one at a
 * time, except below_wake(). (With threads: see there.) None may call back into the port. Interrupts
 * fill rings and set flags; they call neither lwIP nor malloc. `const char
 * **why` is where a failing call puts a constant sentence for a person; it is
 * never NULL and may be left alone.
 *
 * The machine also defines sotto_panic() of sotto/env.h.
 */
#ifndef SOTTO_PORT_LWIP_BELOW_H
#define SOTTO_PORT_LWIP_BELOW_H

#include "port/port.h"

/* ---- start and end ---------------------------------------------------- */

/* Starts clock, interrupts, entropy source and console. RANDOM, IO. */
enum sotto_err below_start(const char **why) SOTTO_MUST_CHECK;

/* Undoes it where a program can end; a board leaves it empty. */
void below_stop(void);

/*
 * Adds the network interfaces (netif_add, netif_set_up, dhcp_start) after
 * lwip_init(). Does not wait for a link or an address; until they are there,
 * connecting is UNREACHABLE. Called once in the life of the program, even if
 * the port is opened again. IO.
 */
enum sotto_err below_net_start(const char **why) SOTTO_MUST_CHECK;

/* Hands the received frames to lwIP (netif->input), in packet buffers of its
 * pool (PBUF_POOL), and passes a change of the link on. Never waits, and ends
 * after a bounded number of frames. */
void below_net_poll(void);

/*
 * Somebody listens on `address` from now on, or no longer. For a machine whose
 * peers come through a gateway that has to be told; BUSY when it cannot have
 * that port, IO. All others have nothing to do and say OK.
 */
enum sotto_err below_listen(const struct port_address *address,
                            const char **why) SOTTO_MUST_CHECK;
void below_listen_end(const struct port_address *address);

/* ---- time, random bytes, waiting -------------------------------------- */

/* As port_now_ms(), port_now_ns() and port_wall_s(). */
uint64_t below_now_ms(void);
uint64_t below_now_ns(void);
uint64_t below_wall_s(void);

/* As the `fill` of struct sotto_random. On a host from any thread. */
enum sotto_err below_random(uint8_t *out, size_t len) SOTTO_MUST_CHECK;

/*
 * Sleeps until something may have happened: a frame came, a byte came from or
 * went to the console (only what `console` has of PORT_READ and PORT_WRITE is
 * of interest), a signal, below_wake(), or `ms` passed (PORT_FOREVER: no end).
 * May return early for no reason. What happened since the last
 * below_net_poll() or below_signals() must not be slept over: a Cortex-M looks
 * at its flags and executes WFI with interrupts masked, which still wakes it.
 */
void below_wait(uint32_t ms, unsigned console);

/* Ends the present or next below_wait(). From interrupts and any thread. */
void below_wake(void);

/* What was asked for since the last call: bit `1U << kind` for each of
 * PORT_EVENT_STOP, RELOAD, STATUS and RESIZE. On a UART, byte 3 (control-C) is
 * STOP and no input. */
unsigned below_signals(void);

/* ---- the console ------------------------------------------------------ */

/* UNSUPPORTED where there is none. Opened once at a time. */
enum sotto_err below_console_open(const char **why) SOTTO_MUST_CHECK;

/* Puts it back to how it was found. */
void below_console_close(void);

/* What it is ready for, PORT_READ and PORT_WRITE, without waiting. The end of
 * input and a broken console count as ready. */
unsigned below_console_ready(void);

/* As port_read() and port_write() on a console; they never wait. */
enum sotto_err below_console_read(uint8_t *out, size_t cap, size_t *got,
                                  const char **why) SOTTO_MUST_CHECK;
enum sotto_err below_console_write(const uint8_t *in, size_t len, size_t *put,
                                   const char **why) SOTTO_MUST_CHECK;

/* As port_console_info() and port_console_raw(). */
void below_console_info(struct port_console_info *info);
void below_console_raw(bool raw);

/* ---- threads: for rtos.c only, beside lwIP's sys_* layer --------------- */

/*
 * With threads, below_wait(), below_signals() and the console are for the first
 * loop's thread, files for the thread whose loop has them; clock and random
 * bytes are for all; below_listen() comes under lwIP's core lock.
 * below_net_poll() is not called: the driver hands its frames to tcpip_input()
 * from a thread or interrupt of its own.
 */

/* The present thread's own place for a pointer, NULL at first. */
const char **below_thread_error(void);

/* The present thread has nothing to do any more: ends it where a thread may not
 * return, or returns. */
void below_thread_end(void);

/* ---- files ------------------------------------------------------------ */

/* As port_files_open() and port_files_close(). A board hands out the table of
 * port/flash. */
enum sotto_err below_files_open(const char *folder, bool exclusive,
                                struct sotto_files *files, const char **why)
    SOTTO_MUST_CHECK;
void below_files_close(struct sotto_files *files);

/* Works on pending requests, one step each; true when at least one became
 * DONE. Called once in a turn of the loop. `*more` says whether another step
 * could be taken at once, so that the loop does not sleep. */
bool below_files_poll(bool *more);

/* As port_read_file(). */
enum sotto_err below_read_file(const char *path, uint8_t *out, size_t cap,
                               size_t *len, const char **why) SOTTO_MUST_CHECK;

#endif
