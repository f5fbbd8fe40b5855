/*
 * nosys.c - no threads: the one main loop turns the stack, and sleeps until an
 * interrupt or one of lwIP's timers.
 *
 * Contract: stack.h; port.h, threads.
 */
#include "port/lwip/below.h"
#include "port/lwip/stack.h"

#include <lwip/init.h>
#include <lwip/timeouts.h>

/* How long a pause may last. */
#define PAUSE_MS 50U

_Static_assert(NO_SYS == 1 && PORT_LWIP_LOOPS == 1, "this is for one loop");

/* lwIP asks for the time under this name. It counts in 32 bits and copes with
 * their end. */
uint32_t sys_now(void)
{
    return (uint32_t)below_now_ms();
}

enum sotto_err stack_start(const char **why)
{
    lwip_init();
    return below_net_start(why);
}

const char **stack_error(void)
{
    static const char *last = "";
    return &last;
}

/* ---- the loop --------------------------------------------------------- */

enum sotto_err stack_loop_open(struct port_loop *loop)
{
    (void)loop;
    return SOTTO_OK;
}

void stack_loop_close(struct port_loop *loop)
{
    (void)loop;
}

void stack_turn(void)
{
    below_net_poll();
    sys_check_timeouts();
    below_net_poll(); /* what the timers sent to ourselves */
}

void stack_wait(struct port_loop *loop, uint32_t ms, unsigned console)
{
    (void)loop;
    below_wait(LWIP_MIN(ms, sys_timeouts_sleeptime()), console);
}

void stack_pause(void)
{
    below_wait(LWIP_MIN(PAUSE_MS, sys_timeouts_sleeptime()), 0);
}

void stack_wake(struct port_loop *loop)
{
    (void)loop;
    below_wake();
}

/* Callbacks run inside stack_turn(): the loop is awake. */
void stack_news(struct port_loop *loop)
{
    (void)loop;
}

/* ---- threads ---------------------------------------------------------- */

struct port_mutex {
    uint8_t unused;
};

enum sotto_err port_thread_start(struct port *port, void (*run)(void *arg),
                                 void *arg, struct port_thread **thread)
{
    (void)port;
    (void)run;
    (void)arg;
    (void)thread;
    return machine_fail(SOTTO_ERR_UNSUPPORTED, "This machine has no threads");
}

void port_thread_join(struct port_thread *thread)
{
    (void)thread; /* never handed out */
}

enum sotto_err port_mutex_open(struct port *port, struct port_mutex **mutex)
{
    static struct port_mutex the_only_thread_holds_it;
    (void)port;
    *mutex = &the_only_thread_holds_it;
    return SOTTO_OK;
}

void port_mutex_close(struct port_mutex *mutex)
{
    (void)mutex;
}

void port_mutex_lock(struct port_mutex *mutex)
{
    (void)mutex;
}

void port_mutex_unlock(struct port_mutex *mutex)
{
    (void)mutex;
}
