/*
 * host.h - what the files of this folder share.
 *
 * For tests, two variables of the environment make the network bad:
 * SOTTO_LWIP_LOSS is how many of 1,000 frames get lost, chosen by SOTTO_SEED (1
 * where it is not set). Time is then not the machine's: it jumps whenever there
 * would be nothing to do but wait, and passes a little with each look at the
 * clock. So minutes of retransmission take no time, and the same seed gives
 * the same run.
 */
#ifndef SOTTO_PORT_LWIP_HOST_H
#define SOTTO_PORT_LWIP_HOST_H

#include "port/lwip/below.h"

/* The sentence of the C library for the present errno. */
const char *host_words(void);

/* Frames are on the wire. */
bool host_wire_busy(void);

/* From now on, of 1,000 frames so many are lost. */
void host_wire_lose(unsigned per_mille, uint64_t seed);

/* Takes the signals over; each puts a byte into the pipe `wake`. */
void host_signals_start(int wake);
void host_signals_stop(void);

/* Async-signal-safe: the terminal as it was found, or raw if it was raw. */
void host_terminal_restore(void);
void host_terminal_resume(void);

/* The descriptors to wait for, or -1 where there is nothing to wait for. */
void host_console_wait(unsigned wanted, int *input, int *output);

#endif
