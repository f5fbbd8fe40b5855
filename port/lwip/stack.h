/*
 * stack.h - who runs lwIP: nosys.c where the main loop turns the stack itself
 * (lwIP's NO_SYS), rtos.c where the stack has a thread of its own and loops have
 * theirs (PORT_LWIP_RTOS). One of them is linked; they also have the thread and
 * mutex calls of port.h.
 *
 * What several threads touch (lwIP, the pools of machine.h) is touched under
 * lwIP's core lock only: LOCK_TCPIP_CORE() of lwip/tcpip.h, which is nothing
 * without threads. lwIP's callbacks come with the lock held. It is not
 * recursive, so the calls of port.h take it and what is in machine.h does not.
 */
#ifndef SOTTO_PORT_LWIP_STACK_H
#define SOTTO_PORT_LWIP_STACK_H

#include "port/lwip/machine.h"

#include <lwip/tcpip.h>

/* Starts the stack and its interfaces, which then run as long as the program.
 * IO, SPACE. */
enum sotto_err stack_start(const char **why) SOTTO_MUST_CHECK;

/* Where the present thread's last error stands, and "" at first. */
const char **stack_error(void);

/* What a loop needs to be woken by. SPACE. */
enum sotto_err stack_loop_open(struct port_loop *loop) SOTTO_MUST_CHECK;
void stack_loop_close(struct port_loop *loop);

/* Without the lock: one turn of the stack, frames and timers, where that is the
 * loop's work. */
void stack_turn(void);

/* Without the lock: sleeps until something may have happened that concerns the
 * loop, or `ms` passed. `console`: as of below_wait(). */
void stack_wait(struct port_loop *loop, uint32_t ms, unsigned console);

/* Without the lock: sleeps for moments, for who waits for the stack. */
void stack_pause(void);

/* Ends the present or next stack_wait(). Any thread, and interrupts where
 * they may call below_wake(). */
void stack_wake(struct port_loop *loop);

/* From callbacks: something that `loop` may want to report happened. NULL:
 * concerns nobody yet. */
void stack_news(struct port_loop *loop);

#endif
