/*
 * rtos.c - with threads: lwIP's own runs timers and input, every loop sleeps on
 * a semaphore in whatever thread it is used. The first loop has console and
 * signals too, so the machine below wakes it (below_wait(), below_wake()).
 *
 * Contract: stack.h; port.h, threads. All through lwIP's sys_* layer.
 */
#include "port/lwip/below.h"
#include "port/lwip/stack.h"

#include <lwip/sys.h>

/* How long a pause lasts. */
#define PAUSE_MS 10U

_Static_assert(!NO_SYS && LWIP_TCPIP_CORE_LOCKING,
               "any thread may call lwIP under the core lock");
_Static_assert(SYS_LIGHTWEIGHT_PROT, "drivers allocate packet buffers");
_Static_assert(PORT_LWIP_LOOPS >= 2 && PORT_LWIP_LOOPS <= 16,
               "a loop for each thread that has streams");

/* ---- the stack -------------------------------------------------------- */

static void started(void *arg)
{
    sys_sem_signal(arg);
}

enum sotto_err stack_start(const char **why)
{
    sys_sem_t ready;
    if (sys_sem_new(&ready, 0) != ERR_OK) {
        *why = "No semaphore is left";
        return SOTTO_ERR_SPACE;
    }
    tcpip_init(started, &ready);
    (void)sys_arch_sem_wait(&ready, 0);
    sys_sem_free(&ready);
    LOCK_TCPIP_CORE();
    enum sotto_err err = below_net_start(why);
    UNLOCK_TCPIP_CORE();
    return err;
}

const char **stack_error(void)
{
    const char **last = below_thread_error();
    if (*last == NULL) {
        *last = "";
    }
    return last;
}

void stack_turn(void)
{
}

void stack_pause(void)
{
    sys_msleep(PAUSE_MS);
}

/* ---- waking ----------------------------------------------------------- */

static bool is_first(const struct port_loop *loop)
{
    return loop == machine()->loops;
}

enum sotto_err stack_loop_open(struct port_loop *loop)
{
    if (!is_first(loop) && sys_sem_new(&loop->news, 0) != ERR_OK) {
        return SOTTO_ERR_SPACE;
    }
    return SOTTO_OK;
}

void stack_loop_close(struct port_loop *loop)
{
    if (!is_first(loop)) {
        sys_sem_free(&loop->news);
    }
}

/* `has_news` is cleared before the loop looks, and set by others after what is
 * to be seen is there: so nothing is slept over. */
void stack_wait(struct port_loop *loop, uint32_t ms, unsigned console)
{
    if (is_first(loop)) {
        below_wait(ms, console);
    } else {
        (void)sys_arch_sem_wait(&loop->news, ms == PORT_FOREVER ? 0 : ms);
    }
    atomic_store(&loop->has_news, false);
}

void stack_wake(struct port_loop *loop)
{
    if (atomic_exchange(&loop->has_news, true)) {
        return;
    }
    if (is_first(loop)) {
        below_wake();
    } else {
        sys_sem_signal(&loop->news);
    }
}

void stack_news(struct port_loop *loop)
{
    if (loop != NULL) {
        stack_wake(loop);
    }
}

/* ---- threads ---------------------------------------------------------- */

struct port_thread {
    bool used; /* under the core lock */
    void (*run)(void *arg);
    void *arg;
    sys_sem_t ended; /* made when it is first needed, and kept */
    bool has_ended;  /* there is one */
};

static struct port_thread *take_thread(void)
{
    static struct port_thread threads[PORT_LWIP_THREADS];
    for (size_t i = 0; i < PORT_LWIP_THREADS; i++) {
        struct port_thread *thread = &threads[i];
        if (!thread->used) {
            thread->has_ended =
                thread->has_ended || sys_sem_new(&thread->ended, 0) == ERR_OK;
            thread->used = thread->has_ended;
            return thread->used ? thread : NULL;
        }
    }
    return NULL;
}

static void run_thread(void *arg)
{
    struct port_thread *thread = arg;
    thread->run(thread->arg);
    sys_sem_signal(&thread->ended);
    below_thread_end();
}

enum sotto_err port_thread_start(struct port *port, void (*run)(void *arg),
                                 void *arg, struct port_thread **thread)
{
    (void)port;
    LOCK_TCPIP_CORE();
    struct port_thread *made = take_thread();
    UNLOCK_TCPIP_CORE();
    if (made == NULL) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for a thread");
    }
    made->run = run;
    made->arg = arg;
    /* lwIP's contract: there is a thread, or the system stops. */
    (void)sys_thread_new("sotto", run_thread, made, PORT_LWIP_THREAD_STACK,
                         PORT_LWIP_THREAD_PRIORITY);
    *thread = made;
    return SOTTO_OK;
}

void port_thread_join(struct port_thread *thread)
{
    (void)sys_arch_sem_wait(&thread->ended, 0);
    LOCK_TCPIP_CORE();
    thread->used = false;
    UNLOCK_TCPIP_CORE();
}

/* ---- mutexes ---------------------------------------------------------- */

struct port_mutex {
    bool used; /* under the core lock */
    sys_mutex_t mutex;
};

static struct port_mutex *take_mutex(void)
{
    static struct port_mutex mutexes[PORT_LWIP_MUTEXES];
    for (size_t i = 0; i < PORT_LWIP_MUTEXES; i++) {
        if (!mutexes[i].used) {
            mutexes[i].used = sys_mutex_new(&mutexes[i].mutex) == ERR_OK;
            return mutexes[i].used ? &mutexes[i] : NULL;
        }
    }
    return NULL;
}

enum sotto_err port_mutex_open(struct port *port, struct port_mutex **mutex)
{
    (void)port;
    LOCK_TCPIP_CORE();
    struct port_mutex *made = take_mutex();
    UNLOCK_TCPIP_CORE();
    if (made == NULL) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for a mutex");
    }
    *mutex = made;
    return SOTTO_OK;
}

void port_mutex_close(struct port_mutex *mutex)
{
    LOCK_TCPIP_CORE();
    sys_mutex_free(&mutex->mutex);
    mutex->used = false;
    UNLOCK_TCPIP_CORE();
}

void port_mutex_lock(struct port_mutex *mutex)
{
    sys_mutex_lock(&mutex->mutex);
}

void port_mutex_unlock(struct port_mutex *mutex)
{
    sys_mutex_unlock(&mutex->mutex);
}
