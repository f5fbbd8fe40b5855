/*
 * contract_threads.c - threads, mutexes, waking and handing over; and the
 * mutex on a machine without threads.
 */
#include "tests/port/contract.h"

#include <string.h>

/* Starts a thread, or skips the test where there are none. */
static struct port_thread *start_or_skip(struct world *world,
                                         void (*run)(void *arg), void *arg)
{
    struct port_thread *thread = NULL;
    enum sotto_err err = port_thread_start(world->port, run, arg, &thread);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        assert_null(thread);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    return thread;
}

/* ---- threads ---------------------------------------------------------- */

static void set_to_seven(void *arg)
{
    int *value = arg;
    *value = 7;
}

static void test_thread_runs_and_is_joined(void **state)
{
    struct world *world = *state;
    int value = 0;
    struct port_thread *thread = start_or_skip(world, set_to_seven, &value);
    port_thread_join(thread);
    assert_int_equal(value, 7);
}

/* ---- mutexes ---------------------------------------------------------- */

#define COUNTERS 4
#define STEPS    20000

struct counter {
    struct port_mutex *mutex;
    int value;
};

static void count_up(void *arg)
{
    struct counter *counter = arg;
    for (int step = 0; step < STEPS; step++) {
        port_mutex_lock(counter->mutex);
        counter->value++;
        port_mutex_unlock(counter->mutex);
    }
}

static void test_mutex_locks_without_threads_too(void **state)
{
    struct world *world = *state;
    struct port_mutex *mutex = NULL;
    assert_int_equal(port_mutex_open(world->port, &mutex), SOTTO_OK);
    for (int round = 0; round < 3; round++) {
        port_mutex_lock(mutex);
        port_mutex_unlock(mutex);
    }
    port_mutex_close(mutex);
}

static void test_mutex_keeps_threads_apart(void **state)
{
    struct world *world = *state;
    struct counter counter = {.value = 0};
    struct port_thread *threads[COUNTERS];
    assert_int_equal(port_mutex_open(world->port, &counter.mutex), SOTTO_OK);
    enum sotto_err err =
        port_thread_start(world->port, count_up, &counter, &threads[0]);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        port_mutex_close(counter.mutex);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    for (size_t at = 1; at < COUNTERS; at++) {
        threads[at] = start_or_skip(world, count_up, &counter);
    }
    for (size_t at = 0; at < COUNTERS; at++) {
        port_thread_join(threads[at]);
    }
    assert_int_equal(counter.value, COUNTERS * STEPS);
    port_mutex_close(counter.mutex);
}

/* ---- waking ----------------------------------------------------------- */

static void wake_loop(void *arg)
{
    port_wake(arg);
}

static void test_a_thread_wakes_a_loop(void **state)
{
    struct world *world = *state;
    for (int round = 0; round < 20; round++) {
        struct port_thread *thread =
            start_or_skip(world, wake_loop, world->loop);
        struct port_event event;
        size_t count = 0;
        while (count == 0) {
            port_wait(world->loop, PORT_FOREVER, &event, 1, &count);
        }
        assert_int_equal(event.kind, PORT_EVENT_WAKE);
        port_thread_join(thread);
    }
}

/* ---- handing over ----------------------------------------------------- */

/* A thread with a loop of its own that echoes what it is given. */
struct worker {
    struct port_mutex *mutex;
    struct port_loop *loop;
    struct port_stream *given; /* under the mutex; NULL: none */
    struct port_stream *stream;
    bool done;
};

static void worker_take(struct worker *worker)
{
    port_mutex_lock(worker->mutex);
    worker->stream = worker->given;
    port_mutex_unlock(worker->mutex);
    if (worker->stream != NULL) {
        port_want(worker->stream, PORT_READ);
    }
}

static void worker_echo(struct worker *worker)
{
    uint8_t bytes[64];
    size_t len = 0;
    enum sotto_err err = port_read(worker->stream, bytes, sizeof bytes, &len);
    if (err == SOTTO_OK) { /* so few that all fit, be it in pieces */
        size_t put = 0;
        for (size_t at = 0; at < len && !worker->done; at += put) {
            worker->done = port_write(worker->stream, bytes + at, len - at,
                                      &put) != SOTTO_OK;
        }
    } else if (err != SOTTO_ERR_AGAIN) {
        worker->done = true;
    }
    if (worker->done) {
        port_stream_close(worker->stream);
    }
}

static void worker_run(void *arg)
{
    struct worker *worker = arg;
    while (!worker->done) {
        struct port_event events[4];
        size_t count = 0;
        port_wait(worker->loop, PORT_FOREVER, events, 4, &count);
        for (size_t at = 0; at < count && !worker->done; at++) {
            if (events[at].kind == PORT_EVENT_WAKE) {
                worker_take(worker);
            } else if (worker->stream != NULL) { /* else: told too early */
                worker_echo(worker);
            }
        }
    }
}

/* Another loop; a port may have one only. */
static struct port_loop *open_or_skip(struct world *world, size_t capacity)
{
    struct port_loop *loop = NULL;
    enum sotto_err err = port_loop_open(world->port, capacity, &loop);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    return loop;
}

static void test_accept_into_the_loop_of_another_thread(void **state)
{
    struct world *world = *state;
    struct worker worker = {.loop = open_or_skip(world, 2)};
    assert_int_equal(port_mutex_open(world->port, &worker.mutex), SOTTO_OK);
    struct port_thread *thread = NULL;
    enum sotto_err err =
        port_thread_start(world->port, worker_run, &worker, &thread);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        port_mutex_close(worker.mutex);
        port_loop_close(worker.loop);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);

    struct end listener;
    struct end client;
    struct port_stream *stream = NULL;
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &client);
    contract_write(world, &client, "early", 5); /* nobody is told of it yet */
    TURN_UNTIL(world,
               (err = port_accept(listener.listener, worker.loop, &worker,
                                  &stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
    contract_idle(world, 20);

    port_mutex_lock(worker.mutex);
    worker.given = stream;
    port_mutex_unlock(worker.mutex);
    port_wake(worker.loop);
    contract_expect(world, &client, "early", 5);
    contract_write(world, &client, "hello", 5);
    contract_expect(world, &client, "hello", 5);
    port_stream_close(client.stream);
    port_thread_join(thread);
    port_mutex_close(worker.mutex);
    port_loop_close(worker.loop);
}

static void test_accept_for_another_loop_and_close_at_once(void **state)
{
    struct world *world = *state;
    struct port_loop *other = open_or_skip(world, 1);
    enum sotto_err err = SOTTO_OK;
    struct end listener;
    struct end clients[2];
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &clients[0]);
    struct port_stream *stream = NULL;
    TURN_UNTIL(world, (err = port_accept(listener.listener, other, NULL,
                                         &stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
    contract_connect(world, &address, &clients[1]);
    struct port_stream *more = NULL;
    TURN_UNTIL(world, (err = port_accept(listener.listener, other, NULL, &more,
                                         NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_ERR_SPACE); /* that loop is full, ours is not */
    port_stream_close(stream);
    contract_expect_err(world, &clients[0], SOTTO_ERR_CLOSED);
    port_loop_close(other);
}

/* Where it is closed in good order, though what the peer says is not read. */
static void test_accept_for_another_loop_and_take_it_back(void **state)
{
    struct world *world = *state;
    struct port_loop *other = open_or_skip(world, 1);
    enum sotto_err err = SOTTO_OK;
    struct end listener;
    struct end client;
    struct port_stream *stream = NULL;
    size_t put = 0;
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &client);
    contract_write(world, &client, "hello", 5);
    contract_idle(world, 20);
    TURN_UNTIL(world, (err = port_accept(listener.listener, other, NULL,
                                         &stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
    TURN_UNTIL(world,
               port_write(stream, (const uint8_t *)"n", 1, &put) == SOTTO_OK);
    assert_int_equal(port_move(stream, world->loop, NULL), SOTTO_OK);
    port_want(stream, 0);
    port_stream_close(stream);
    contract_expect(world, &client, "n", 1);
    contract_expect_err(world, &client, SOTTO_ERR_CLOSED);
    port_loop_close(other);
}

static void test_accept_for_another_loop_and_move_to_a_third(void **state)
{
    struct world *world = *state;
    struct port_loop *loops[2] = {open_or_skip(world, 2), NULL};
    enum sotto_err err = port_loop_open(world->port, 1, &loops[1]);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        port_loop_close(loops[0]);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    struct end listener;
    struct end clients[2];
    struct port_stream *streams[2] = {NULL, NULL};
    int tags[2];
    struct port_address address = contract_listen_here(world, &listener);
    for (int i = 0; i < 2; i++) {
        contract_connect(world, &address, &clients[i]);
        TURN_UNTIL(world,
                   (err = port_accept(listener.listener, loops[0], NULL,
                                      &streams[i], NULL)) != SOTTO_ERR_AGAIN);
        assert_int_equal(err, SOTTO_OK);
    }
    assert_int_equal(port_move(streams[0], loops[1], &tags[0]), SOTTO_OK);
    assert_int_equal(port_move(streams[1], loops[1], NULL), SOTTO_ERR_SPACE);
    assert_int_equal(port_move(streams[1], loops[0], &tags[1]), SOTTO_OK);
    for (int i = 0; i < 2; i++) {
        struct port_event event = {.kind = PORT_EVENT_WAKE};
        size_t count = 0;
        contract_write(world, &clients[i], "hello", 5);
        port_want(streams[i], PORT_READ);
        const uint64_t end_ms = port_now_ms(world->port) + world->patience_ms;
        while (count == 0 && port_now_ms(world->port) < end_ms) {
            contract_idle(world, 1);
            port_wait(loops[1 - i], 1, &event, 1, &count);
        }
        assert_int_equal(count, 1);
        assert_int_equal(event.kind, PORT_EVENT_READY);
        assert_ptr_equal(event.tag, &tags[i]);
        port_stream_close(streams[i]);
        contract_expect_err(world, &clients[i], SOTTO_ERR_CLOSED);
    }
    port_loop_close(loops[1]);
    port_loop_close(loops[0]);
}

/* ---- several loops at work -------------------------------------------- */

#define TALKERS 3
#define TALK    50000U

/* A thread that connects in a loop of its own, and wants back what it says. */
struct talker {
    struct world *world;
    struct port_loop *loop;
    struct port_thread *thread;
    uint16_t tcp_port;
    struct port_stream *stream;
    size_t written;
    size_t read;
    bool is_wrong;
};

static void talker_write(struct talker *talker)
{
    uint8_t bytes[700];
    size_t put = 0;
    size_t len = TALK - talker->written;
    len = len < sizeof bytes ? len : sizeof bytes;
    for (size_t at = 0; at < len; at++) {
        bytes[at] = contract_byte(talker->written + at);
    }
    if (len > 0 && port_write(talker->stream, bytes, len, &put) == SOTTO_OK) {
        talker->written += put;
    }
    port_want(talker->stream,
              PORT_READ | (talker->written < TALK ? PORT_WRITE : 0U));
}

static void talker_read(struct talker *talker)
{
    uint8_t bytes[500];
    size_t got = 0;
    enum sotto_err err = port_read(talker->stream, bytes, sizeof bytes, &got);
    talker->is_wrong |= err != SOTTO_OK && err != SOTTO_ERR_AGAIN;
    for (size_t at = 0; at < got; at++) {
        talker->is_wrong |= bytes[at] != contract_byte(talker->read + at);
    }
    talker->read += got;
}

static void talker_run(void *arg)
{
    struct talker *talker = arg;
    struct port *port = talker->world->port;
    uint64_t end_ms = port_now_ms(port) + talker->world->patience_ms;
    talker->is_wrong = port_connect(talker->loop, "127.0.0.1", talker->tcp_port,
                                    talker, &talker->stream) != SOTTO_OK;
    while (!talker->is_wrong && talker->read < TALK) {
        struct port_event event;
        size_t count = 0;
        port_wait(talker->loop, 1000, &event, 1, &count);
        enum sotto_err err = port_connect_status(talker->stream);
        talker->is_wrong = (err != SOTTO_OK && err != SOTTO_ERR_AGAIN) ||
                           port_now_ms(port) > end_ms;
        if (count == 1 && err == SOTTO_OK) {
            talker_write(talker);
            talker_read(talker);
        }
    }
    if (talker->stream != NULL) {
        port_stream_close(talker->stream);
    }
}

/* The other side of it: what was read and could not be written yet. */
struct echo {
    struct end end;
    uint8_t bytes[300];
    size_t len;
};

/* False when the talker has ended. */
static bool echo_turn(struct echo *echo)
{
    size_t put = 0;
    if (echo->len == 0) {
        enum sotto_err err = port_read(echo->end.stream, echo->bytes,
                                       sizeof echo->bytes, &echo->len);
        if (err != SOTTO_OK) {
            return err == SOTTO_ERR_AGAIN;
        }
    }
    if (port_write(echo->end.stream, echo->bytes, echo->len, &put) ==
        SOTTO_OK) {
        echo->len -= put;
        memmove(echo->bytes, echo->bytes + put, echo->len);
    }
    port_want(echo->end.stream, echo->len > 0 ? PORT_WRITE : PORT_READ);
    return true;
}

/* Loops for all, or why not. */
static enum sotto_err open_talkers(struct world *world, struct talker *talkers)
{
    enum sotto_err err = SOTTO_OK;
    for (size_t at = 0; at < TALKERS && err == SOTTO_OK; at++) {
        talkers[at] = (struct talker){.world = world};
        err = port_loop_open(world->port, 1, &talkers[at].loop);
    }
    return err;
}

static void test_several_loops_work_at_the_same_time(void **state)
{
    struct world *world = *state;
    struct talker talkers[TALKERS];
    struct echo echoes[TALKERS];
    struct end listener;
    enum sotto_err err = open_talkers(world, talkers);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    struct port_address address = contract_listen_here(world, &listener);
    for (size_t at = 0; at < TALKERS; at++) {
        talkers[at].tcp_port = address.port;
        talkers[at].thread = start_or_skip(world, talker_run, &talkers[at]);
    }
    for (size_t at = 0; at < TALKERS; at++) {
        echoes[at].len = 0;
        contract_accept(world, &listener, &echoes[at].end);
    }
    for (size_t left = TALKERS; left > 0;) {
        contract_turn(world, 1000);
        for (size_t at = 0; at < TALKERS; at++) {
            struct end *end = &echoes[at].end;
            if (end->stream != NULL && !echo_turn(&echoes[at])) {
                port_stream_close(end->stream);
                end->stream = NULL;
                left--;
            }
        }
    }
    for (size_t at = 0; at < TALKERS; at++) {
        port_thread_join(talkers[at].thread);
        port_loop_close(talkers[at].loop);
        assert_false(talkers[at].is_wrong);
        assert_int_equal(talkers[at].read, TALK);
    }
}

int contract_threads(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_thread_runs_and_is_joined),
        CONTRACT_TEST(test_mutex_locks_without_threads_too),
        CONTRACT_TEST(test_mutex_keeps_threads_apart),
        CONTRACT_TEST(test_a_thread_wakes_a_loop),
        CONTRACT_TEST(test_accept_into_the_loop_of_another_thread),
        CONTRACT_TEST(test_accept_for_another_loop_and_close_at_once),
        CONTRACT_TEST(test_accept_for_another_loop_and_take_it_back),
        CONTRACT_TEST(test_accept_for_another_loop_and_move_to_a_third),
        CONTRACT_TEST(test_several_loops_work_at_the_same_time),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
