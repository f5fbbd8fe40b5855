/*
 * threads.c - what a host has for rtos.c beside lwIP's sys_arch.c for Unix.
 *
 * Contract: below.h, threads.
 */
#include "port/lwip/host/host.h"

#include <pthread.h>

const char **below_thread_error(void)
{
    static _Thread_local const char *last;
    return &last;
}

/* sys_arch.c waits for no thread, and lets it return. */
void below_thread_end(void)
{
    (void)pthread_detach(pthread_self()); /* cannot fail for oneself */
}
