/*
 * thread.c - threads and mutexes, straight from pthreads.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <stdlib.h>

struct port_thread {
    pthread_t id;
    void (*run)(void *arg);
    void *arg;
};

struct port_mutex {
    pthread_mutex_t lock;
};

static void *thread_main(void *arg)
{
    struct port_thread *thread = arg;
    thread->run(thread->arg);
    return NULL;
}

enum sotto_err port_thread_start(struct port *port, void (*run)(void *arg),
                                 void *arg, struct port_thread **thread)
{
    (void)port;
    struct port_thread *made = malloc(sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    made->run = run;
    made->arg = arg;
    sigset_t before;
    posix_signals_block(&before);
    int code = pthread_create(&made->id, NULL, thread_main, made);
    posix_signals_unblock(&before);
    if (code != 0) {
        free(made);
        (void)posix_fail(code);
        return SOTTO_ERR_SPACE;
    }
    *thread = made;
    return SOTTO_OK;
}

void port_thread_join(struct port_thread *thread)
{
    POSIX_ASSERT(pthread_join(thread->id, NULL) == 0);
    free(thread);
}

enum sotto_err port_mutex_open(struct port *port, struct port_mutex **mutex)
{
    (void)port;
    struct port_mutex *made = malloc(sizeof *made);
    if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return posix_fail(ENOMEM);
    }
    *mutex = made;
    return SOTTO_OK;
}

void port_mutex_close(struct port_mutex *mutex)
{
    POSIX_ASSERT(pthread_mutex_destroy(&mutex->lock) == 0);
    free(mutex);
}

void port_mutex_lock(struct port_mutex *mutex)
{
    POSIX_ASSERT(pthread_mutex_lock(&mutex->lock) == 0);
}

void port_mutex_unlock(struct port_mutex *mutex)
{
    POSIX_ASSERT(pthread_mutex_unlock(&mutex->lock) == 0);
}
