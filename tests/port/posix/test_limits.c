/*
 * test_limits.c - no descriptors left: SPACE, and on it goes once there are;
 * many of them; system calls that are not made; and the end of a loop while bytes are on their way.
 */
#include "tests/port/posix/posix_test.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

struct scene {
    struct machine machine;
    struct port_listener *listener;
    struct port_address address;
};

static void scene_open(struct scene *scene)
{
    posix_test_open(&scene->machine);
    CHECK(port_address_parse("127.0.0.1", &scene->address) == SOTTO_OK);
    CHECK(port_listen(scene->machine.loop, &scene->address, NULL,
                      &scene->listener) == SOTTO_OK);
    port_listener_address(scene->listener, &scene->address);
}

static struct port_stream *dial(struct scene *scene)
{
    struct port_stream *client;
    CHECK(port_connect(scene->machine.loop, "127.0.0.1", scene->address.port,
                       NULL, &client) == SOTTO_OK);
    while (port_connect_status(client) == SOTTO_ERR_AGAIN) {
        (void)posix_test_await(&scene->machine, PORT_EVENT_READY);
    }
    CHECK(port_connect_status(client) == SOTTO_OK);
    return client;
}

/* No descriptor more than are open now. */
static void allow_no_more(void)
{
    int next = dup(STDIN_FILENO);
    CHECK(next >= 0 && close(next) == 0);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)next;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void no_descriptors(void *arg)
{
    struct scene scene;
    struct port_stream *more = NULL;
    struct port_loop *loop = NULL;
    struct port_listener *listener = NULL;
    struct port_address other;
    (void)arg;
    scene_open(&scene);
    struct port_stream *client = dial(&scene);
    (void)dial(&scene);
    allow_no_more();
    CHECK(port_accept(scene.listener, scene.machine.loop, NULL, &more, NULL) ==
          SOTTO_ERR_SPACE);
    CHECK(port_connect(scene.machine.loop, "127.0.0.1", 1, NULL, &more) ==
          SOTTO_ERR_SPACE);
    CHECK(port_loop_open(scene.machine.port, 1, &loop) == SOTTO_ERR_SPACE);
    CHECK(port_address_parse("127.0.0.1", &other) == SOTTO_OK);
    CHECK(port_listen(scene.machine.loop, &other, NULL, &listener) ==
          SOTTO_ERR_SPACE);
    CHECK(more == NULL && loop == NULL && listener == NULL);
    port_stream_abort(client);
    CHECK(port_accept(scene.listener, scene.machine.loop, NULL, &more, NULL) ==
          SOTTO_OK);
    posix_test_close(&scene.machine);
}

static void test_no_descriptors_left_is_space(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(no_descriptors, NULL), 0);
}

static void limit_is_raised(void *arg)
{
    struct rlimit limit;
    struct port *port;
    (void)arg;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 32;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(port_open(&port) == SOTTO_OK);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(limit.rlim_cur == limit.rlim_max);
    port_close(port);
}

static void test_the_descriptor_limit_is_raised(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(limit_is_raised, NULL), 0);
}

/* ---- wishes ----------------------------------------------------------- */

/* How often the kernel was told what to look at: the linker puts the function
 * below around the C library's (--wrap). */
static unsigned *told(void)
{
    static unsigned count;
    return &count;
}

int __real_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event)
{
    ++*told();
    return __real_epoll_ctl(epoll, how, fd, event);
}

static void tell_nothing_twice(void *arg)
{
    struct scene scene;
    size_t put = 0;
    (void)arg;
    scene_open(&scene);
    struct port_stream *client = dial(&scene);
    port_want(client, PORT_READ);
    const unsigned before = *told();
    for (int i = 0; i < 10; i++) {
        CHECK(port_write(client, (const uint8_t *)"x", 1, &put) == SOTTO_OK);
        port_want(client, PORT_READ);
    }
    CHECK(*told() == before);
    port_want(client, PORT_READ | PORT_WRITE);
    CHECK(*told() == before + 1);
    posix_test_close(&scene.machine);
}

static void test_a_wish_that_does_not_change_costs_no_system_call(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(tell_nothing_twice, NULL), 0);
}

/* ---- many ------------------------------------------------------------- */

#define MANY 1000

/* Twice as many streams as the usual limit has descriptors. */
static void many_connections(void *arg)
{
    static struct port_stream *clients[MANY];
    static struct port_stream *servers[MANY];
    struct scene scene;
    (void)arg;
    CHECK(port_open(&scene.machine.port) == SOTTO_OK);
    CHECK(port_loop_open(scene.machine.port, 2 * MANY + 1,
                         &scene.machine.loop) == SOTTO_OK);
    CHECK(port_address_parse("127.0.0.1", &scene.address) == SOTTO_OK);
    CHECK(port_listen(scene.machine.loop, &scene.address, NULL,
                      &scene.listener) == SOTTO_OK);
    port_listener_address(scene.listener, &scene.address);
    for (size_t at = 0; at < MANY; at++) {
        enum sotto_err err = SOTTO_ERR_AGAIN;
        clients[at] = dial(&scene);
        while (err == SOTTO_ERR_AGAIN) {
            err = port_accept(scene.listener, scene.machine.loop, &servers[at],
                              &servers[at], NULL);
        }
        CHECK(err == SOTTO_OK);
    }
    for (size_t at = 0; at < MANY; at++) {
        size_t put = 0;
        CHECK(port_write(clients[at], (const uint8_t *)"x", 1, &put) ==
              SOTTO_OK);
    }
    for (size_t heard = 0; heard < MANY;) {
        static struct port_event events[MANY];
        size_t count = 0;
        port_wait(scene.machine.loop, PORT_FOREVER, events, MANY, &count);
        for (size_t at = 0; at < count; at++) {
            uint8_t in[2];
            size_t got = 0;
            CHECK(port_read(*(struct port_stream **)events[at].tag, in, 2,
                            &got) == SOTTO_OK);
            CHECK(got == 1);
            heard++;
        }
    }
    for (size_t at = 0; at < MANY; at++) {
        port_stream_close(servers[at]);
        port_stream_close(clients[at]);
    }
    posix_test_close(&scene.machine);
}

static void test_a_thousand_connections(void **state)
{
    struct rlimit limit;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 3 * MANY) {
        skip();
    }
    assert_int_equal(posix_test_child(many_connections, NULL), 0);
}

/* ---- the end of a program --------------------------------------------- */

struct talker {
    struct port_loop *loop;
    struct port_stream *stream;
    size_t heard;
};

/* Listens late, and talks all the time. The other side waits for it only so
 * long: its clock stands. */
static void talk_and_listen(void *arg)
{
    struct talker *talker = arg;
    static uint8_t bytes[65536];
    enum sotto_err err = SOTTO_ERR_AGAIN;
    for (int turn = 0; err == SOTTO_OK || err == SOTTO_ERR_AGAIN; turn++) {
        struct port_event event;
        size_t count = 0;
        size_t len = 0;
        port_wait(talker->loop, 1, &event, 1, &count);
        err = port_write(talker->stream, (const uint8_t *)"talk", 4, &len);
        if (turn < 100) {
            (void)usleep(1000);
        } else {
            err = port_read(talker->stream, bytes, sizeof bytes, &len);
            talker->heard += err == SOTTO_OK ? len : 0;
        }
    }
    port_stream_close(talker->stream);
}

static void last_words(void *arg)
{
    static uint8_t bytes[65536];
    struct scene scene;
    struct talker talker = {.heard = 0};
    struct port_thread *thread;
    struct port_stream *server;
    (void)arg;
    posix_test_stop_clock();
    scene_open(&scene);
    struct port *port = scene.machine.port;
    CHECK(port_loop_open(port, 1, &talker.loop) == SOTTO_OK);
    CHECK(port_connect(talker.loop, "127.0.0.1", scene.address.port, NULL,
                       &talker.stream) == SOTTO_OK);
    struct machine other = {.port = port, .loop = talker.loop};
    (void)posix_test_await(&other, PORT_EVENT_READY);
    CHECK(port_connect_status(talker.stream) == SOTTO_OK);
    (void)posix_test_await(&scene.machine, PORT_EVENT_READY);
    CHECK(port_accept(scene.listener, scene.machine.loop, NULL, &server,
                      NULL) == SOTTO_OK);
    size_t total = 0;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        size_t put = 0;
        err = port_write(server, bytes, sizeof bytes, &put);
        total += put;
    }
    CHECK(err == SOTTO_ERR_AGAIN);
    CHECK(port_thread_start(port, talk_and_listen, &talker, &thread) ==
          SOTTO_OK);
    port_stream_close(server);
    port_loop_close(scene.machine.loop); /* at once */
    port_thread_join(thread);
    CHECK(talker.heard == total);
    port_loop_close(talker.loop);
    port_close(port);
}

static void test_the_end_of_a_loop_delivers_last_words(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(last_words, NULL), 0);
}

int test_posix_limits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_descriptors_left_is_space),
        cmocka_unit_test(test_the_descriptor_limit_is_raised),
        cmocka_unit_test(test_a_wish_that_does_not_change_costs_no_system_call),
        cmocka_unit_test(test_a_thousand_connections),
        cmocka_unit_test(test_the_end_of_a_loop_delivers_last_words),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
