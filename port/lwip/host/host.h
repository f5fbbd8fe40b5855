/*
 * host.h - what the files of this folder share.
 */
#ifndef SOTTO_PORT_LWIP_HOST_H
#define SOTTO_PORT_LWIP_HOST_H

#include "port/lwip/below.h"

/* The sentence of the C library for the present errno. */
const char *host_words(void);

/* Frames are on the wire. */
bool host_wire_busy(void);

/* Takes the signals over; each puts a byte into the pipe `wake`. */
void host_signals_start(int wake);
void host_signals_stop(void);

/* Async-signal-safe: the terminal as it was found, or raw if it was raw. */
void host_terminal_restore(void);
void host_terminal_resume(void);

/* The descriptors to wait for, or -1 where there is nothing to wait for. */
void host_console_wait(unsigned wanted, int *input, int *output);

#endif
