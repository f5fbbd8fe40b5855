/*
 * host.h - what the files of this folder share.
 *
 * For tests, two variables of the environment make the network bad:
 * SOTTO_LWIP_LOSS is how many of 1,000 frames get lost, chosen by SOTTO_SEED (1
 * where it is not set). Time is then not the machine's: it jumps whenever there
 * would be nothing to do but wait, and passes a little with each look at the
 * clock; random bytes come from the seed too. So minutes of retransmission take
 * no time, and the same seed gives the same run.
 */
#ifndef SOTTO_PORT_LWIP_HOST_H
#define SOTTO_PORT_LWIP_HOST_H

#include "port/lwip/below.h"

/* The sentence of the C library for the present errno. */
const char *host_words(void);

/* Steele, Lea, Flood 2014: SplitMix. */
uint64_t host_draw(uint64_t *state);

/* ---- the network: wire.c or slirp.c ----------------------------------- */

struct netif;
struct pbuf;
struct pollfd;

/* Descriptors that a network may want to wait for. */
#define HOST_NET_FDS 2048U

/* From now on, of 1,000 frames so many are lost. False where the network has
 * a will, and a clock, of its own. */
bool host_net_lose(unsigned per_mille, uint64_t seed);

/* Puts what is to be waited for into `fds`, at most `cap`; how many. Shortens
 * `*timeout_ms` (below 0: no end) to what the network's timers and waiting
 * frames allow. */
size_t host_net_wait(struct pollfd *fds, size_t cap, int *timeout_ms);

/* After each host_net_wait(), once poll() has looked at these `fds`. */
void host_net_waited(bool failed);

/* Frames that came and that lwIP does not have yet: frames.c, or with threads
 * frames_rtos.c. `frame` is of PBUF_POOL and no longer the caller's. Losing some:
 * see host_net_lose(). */
void host_frames_put(struct netif *netif, struct pbuf *frame);
bool host_frames_lose(unsigned per_mille, uint64_t seed);
bool host_frames_wait(void);
void host_frames_deliver(struct netif *netif);

/* ---- signals and the terminal ----------------------------------------- */

/* Takes the signals over; each puts a byte into the pipe `wake`. */
void host_signals_start(int wake);
void host_signals_stop(void);

/* Async-signal-safe: the terminal as it was found, or raw if it was raw. */
void host_terminal_restore(void);
void host_terminal_resume(void);

/* The descriptors to wait for, or -1 where there is nothing to wait for. */
void host_console_wait(unsigned wanted, int *input, int *output);

#endif
