/*
 * threads.c - taking turns: programs and their threads are threads of the host,
 * and each sleeps until another one hands it the turn.
 */
#include "port/sim/inner.h"

#include <stdlib.h>

/* Where each thread of the host remembers who it is. */
struct identity {
    struct port_thread *self;
};

static struct identity *identity(void)
{
    static _Thread_local struct identity identity;
    return &identity;
}

struct port_thread *sim_self(void)
{
    return identity()->self;
}

void sim_threads_open(struct sim *sim)
{
    struct port_thread *driver = &sim->driver;
    *driver = (struct port_thread){.sim = sim, .is_owned = true};
    driver->error = "";
    SIM_ASSERT(sem_init(&driver->turn, 0, 0) == 0);
    sim->threads = driver;
    identity()->self = driver;
}

void sim_threads_close(struct sim *sim)
{
    sim_threads_reap(sim);
    SIM_ASSERT(sim->threads == &sim->driver && sim->driver.next == NULL);
    (void)sem_destroy(&sim->driver.turn);
    identity()->self = NULL;
}

/* ---- one turn --------------------------------------------------------- */

static void sleep_until_turn(struct port_thread *thread)
{
    while (sem_wait(&thread->turn) != 0) {
        /* a signal of the host came; nothing else can fail */
    }
}

/* The last thread of a machine takes with it what is left there. */
static void end(struct port_thread *thread)
{
    struct sim *sim = thread->sim;
    struct sim_machine *machine = thread->machine;
    thread->state = SIM_ENDED;
    machine->threads--;
    if (machine->threads == 0) {
        sim_machine_clean(machine);
    }
    (void)sem_post(&sim_pick(sim)->turn);
}

static void end_if_killed(struct port_thread *thread)
{
    if (thread->is_killed) {
        end(thread);
        pthread_exit(NULL);
    }
}

void sim_block(void)
{
    struct port_thread *self = sim_self();
    struct port_thread *next = sim_pick(self->sim);
    if (next != self) {
        (void)sem_post(&next->turn);
        sleep_until_turn(self);
    }
    end_if_killed(self);
    self->state = SIM_AWAKE;
}

/* One in three threads never pauses, one does twice as often as another. */
void sim_pause(void)
{
    struct port_thread *self = sim_self();
    struct sim *sim = self->sim;
    const struct sim_profile *profile = &sim->profile;
    if (profile->pause_ppm == 0) {
        return;
    }
    if (self->temper == 0) {
        self->temper = (uint32_t)sim_between(&sim->dice, 1, 3);
    }
    if (sim_chance(&sim->dice, profile->pause_ppm * (self->temper - 1))) {
        self->state = SIM_WAITING;
        self->loop = NULL;
        self->until_ns =
            sim->now_ns +
            SIM_US * sim_between(&sim->dice, 0, profile->pause_max_us);
        sim_block();
    }
}

void sim_threads_kill(struct sim_machine *machine)
{
    struct port_thread *at;
    for (at = machine->sim->threads; at != NULL; at = at->next) {
        at->is_killed |= at->machine == machine && at->state != SIM_ENDED;
    }
    end_if_killed(sim_self());
    while (machine->threads > 0) { /* they go first */
        sim_block();
    }
}

/* ---- beginning and end ------------------------------------------------ */

static void *thread_main(void *arg)
{
    struct port_thread *self = arg;
    identity()->self = self;
    sleep_until_turn(self);
    if (!self->is_killed) {
        self->state = SIM_AWAKE;
        self->run(self->arg);
    }
    end(self);
    return NULL;
}

struct port_thread *sim_thread_add(struct sim_machine *machine,
                                   void (*run)(void *arg), void *arg)
{
    struct port_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    *thread = (struct port_thread){.sim = machine->sim,
                                   .machine = machine,
                                   .next = machine->sim->threads,
                                   .run = run,
                                   .arg = arg,
                                   .error = ""};
    if (sem_init(&thread->turn, 0, 0) != 0 ||
        pthread_create(&thread->thread, NULL, thread_main, thread) != 0) {
        free(thread);
        return NULL;
    }
    machine->sim->threads = thread;
    machine->threads++;
    return thread;
}

static void bury(struct port_thread **place)
{
    struct port_thread *thread = *place;
    *place = thread->next;
    (void)pthread_join(thread->thread, NULL);
    (void)sem_destroy(&thread->turn);
    free(thread);
}

void sim_threads_reap(struct sim *sim)
{
    struct port_thread **place = &sim->threads;
    while (*place != NULL) {
        const struct port_thread *thread = *place;
        if (thread->state == SIM_ENDED &&
            (!thread->is_owned || thread->is_killed)) {
            bury(place);
        } else {
            place = &(*place)->next;
        }
    }
}

/* ---- port.h ----------------------------------------------------------- */

size_t port_processors(struct port *port)
{
    (void)port;
    return 2;
}

enum sotto_err port_thread_start(struct port *port, void (*run)(void *arg),
                                 void *arg, struct port_thread **thread)
{
    struct port_thread *made = sim_thread_add(port->machine, run, arg);
    if (made == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No memory for a thread");
    }
    made->is_owned = true;
    *thread = made;
    return SOTTO_OK;
}

void port_thread_join(struct port_thread *thread)
{
    struct port_thread *self = sim_self();
    struct port_thread **place = &thread->sim->threads;
    while (thread->state != SIM_ENDED) {
        self->state = SIM_JOINING;
        self->joined = thread;
        sim_block();
    }
    while (*place != thread) {
        place = &(*place)->next;
    }
    bury(place);
}

enum sotto_err port_mutex_open(struct port *port, struct port_mutex **mutex)
{
    struct port_mutex *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No memory for a mutex");
    }
    made->machine = port->machine;
    made->next = port->machine->mutexes;
    port->machine->mutexes = made;
    *mutex = made;
    return SOTTO_OK;
}

void port_mutex_close(struct port_mutex *mutex)
{
    struct port_mutex **place = &mutex->machine->mutexes;
    SIM_ASSERT(mutex->owner == NULL);
    while (*place != mutex) {
        place = &(*place)->next;
    }
    *place = mutex->next;
    free(mutex);
}

void port_mutex_lock(struct port_mutex *mutex)
{
    struct port_thread *self = sim_self();
    SIM_ASSERT(mutex->owner != self);
    while (mutex->owner != NULL) {
        self->state = SIM_LOCKING;
        self->mutex = mutex;
        sim_block();
    }
    mutex->owner = self;
}

void port_mutex_unlock(struct port_mutex *mutex)
{
    SIM_ASSERT(mutex->owner == sim_self());
    mutex->owner = NULL;
}
