/*
 * network.c - a board's port/lwip in a network with others, which are sockets of
 * the host here: an address by DHCP, and more peers than there is room for.
 */
#include "port/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 600000U

struct scene {
    struct port *port;
    struct port_loop *loop;
};

static void turn(struct scene *scene)
{
    struct port_event event;
    size_t count = 0;
    port_wait(scene->loop, 10, &event, 1, &count);
}

/* Turns until the condition holds; the test fails when it never does. */
#define TURN_UNTIL(scene, condition)                                           \
    do {                                                                       \
        uint64_t end_ms_ = port_now_ms((scene)->port) + PATIENCE_MS;           \
        while (!(condition)) {                                                 \
            if (port_now_ms((scene)->port) > end_ms_) {                        \
                fail_msg("waited in vain for: %s", #condition);                \
            }                                                                  \
            turn(scene);                                                       \
        }                                                                      \
    } while (0)

/* ---- chance ------------------------------------------------------------ */

uint32_t __wrap_port_lwip_random32(void);

/* The linker puts it in place of what lwIP draws its numbers from (--wrap): the
 * highest each time, so that the first port to dial from is the last of all. */
uint32_t __wrap_port_lwip_random32(void)
{
    return UINT32_MAX;
}

/* ---- the host's side -------------------------------------------------- */

static struct sockaddr_in host_address(uint16_t tcp_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(tcp_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int host_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

static int host_listen(uint16_t *tcp_port)
{
    int fd = host_socket();
    struct sockaddr_in address = host_address(0);
    socklen_t len = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *tcp_port = ntohs(address.sin_port);
    return fd;
}

static int host_dial(uint16_t tcp_port)
{
    int fd = host_socket();
    struct sockaddr_in address = host_address(tcp_port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        assert_int_equal(errno, EINPROGRESS);
    }
    return fd;
}

/* What a read gives: bytes, 0 or a reset at the end; -1 while there is none. */
static ssize_t host_read(int fd, char *out, size_t cap)
{
    ssize_t got = read(fd, out, cap);
    return got < 0 && errno == ECONNRESET ? 0 : got;
}

/* ---- the scene -------------------------------------------------------- */

static int open_scene(void **state)
{
    static struct scene scene;
    assert_int_equal(port_open(&scene.port), SOTTO_OK);
    assert_int_equal(port_loop_open(scene.port, PORT_LWIP_STREAMS + 1,
                                    &scene.loop),
                     SOTTO_OK);
    *state = &scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    port_loop_close(scene->loop);
    port_close(scene->port);
    return 0;
}

static enum sotto_err dial(struct scene *scene, uint16_t tcp_port,
                           struct port_stream **stream)
{
    enum sotto_err err = SOTTO_ERR_AGAIN;
    assert_int_equal(port_connect(scene->loop, "127.0.0.1", tcp_port, scene,
                                  stream),
                     SOTTO_OK);
    TURN_UNTIL(scene, (err = port_connect_status(*stream)) != SOTTO_ERR_AGAIN);
    return err;
}

/* ---- tests ------------------------------------------------------------ */

/* The first test, since the address stays: nothing is reached before DHCP has
 * found one, and then everything. */
static void test_dhcp_finds_an_address(void **state)
{
    struct scene *scene = *state;
    struct port_stream *stream = NULL;
    uint16_t tcp_port = 0;
    int listener = host_listen(&tcp_port);
    assert_int_equal(port_connect(scene->loop, "127.0.0.1", tcp_port, scene,
                                  &stream),
                     SOTTO_OK);
    turn(scene);
    assert_int_equal(port_connect_status(stream), SOTTO_ERR_UNREACHABLE);
    port_stream_close(stream);

    uint64_t end_ms = port_now_ms(scene->port) + PATIENCE_MS;
    while (dial(scene, tcp_port, &stream) == SOTTO_ERR_UNREACHABLE) {
        port_stream_close(stream);
        assert_true(port_now_ms(scene->port) < end_ms);
    }
    assert_int_equal(port_connect_status(stream), SOTTO_OK);

    int peer = -1;
    TURN_UNTIL(scene, (peer = accept(listener, NULL, NULL)) >= 0);
    char in[8] = {0};
    size_t len = 0;
    assert_int_equal(port_write(stream, (const uint8_t *)"hello", 5, &len),
                     SOTTO_OK);
    assert_int_equal(len, 5);
    TURN_UNTIL(scene, read(peer, in, sizeof in) > 0);
    assert_string_equal(in, "hello");
    port_stream_close(stream);
    assert_int_equal(close(peer), 0);
    assert_int_equal(close(listener), 0);
}

static void test_nobody_there_is_refused(void **state)
{
    struct scene *scene = *state;
    struct port_stream *stream = NULL;
    uint16_t tcp_port = 0;
    assert_int_equal(close(host_listen(&tcp_port)), 0);
    assert_int_equal(dial(scene, tcp_port, &stream), SOTTO_ERR_REFUSED);
    port_stream_close(stream);
}

static void test_one_peer_more_than_there_is_room_for_is_refused(void **state)
{
    struct scene *scene = *state;
    struct port_listener *listener = NULL;
    struct port_address address;
    struct port_stream *streams[PORT_LWIP_STREAMS];
    int peers[PORT_LWIP_STREAMS];
    assert_int_equal(port_address_parse("0.0.0.0", &address), SOTTO_OK);
    assert_int_equal(port_listen(scene->loop, &address, scene, &listener),
                     SOTTO_OK);
    port_listener_address(listener, &address);

    enum sotto_err err = SOTTO_ERR_AGAIN;
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        peers[i] = host_dial(address.port);
        TURN_UNTIL(scene,
                   (err = port_accept(listener, scene->loop, scene, &streams[i],
                                      NULL)) != SOTTO_ERR_AGAIN);
        assert_int_equal(err, SOTTO_OK);
    }
    char in[8];
    struct port_stream *none = NULL;
    int last = host_dial(address.port);
    TURN_UNTIL(scene, (err = port_accept(listener, scene->loop, scene, &none,
                                         NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_ERR_SPACE); /* and it is told once */
    assert_int_equal(port_accept(listener, scene->loop, scene, &none, NULL),
                     SOTTO_ERR_AGAIN);
    TURN_UNTIL(scene, host_read(last, in, sizeof in) == 0);
    assert_int_equal(close(last), 0);

    port_stream_abort(streams[0]); /* one leaves, the next may come */
    last = host_dial(address.port);
    TURN_UNTIL(scene, port_accept(listener, scene->loop, scene, &streams[0],
                                  NULL) == SOTTO_OK);
    size_t len = 0;
    assert_int_equal(port_write(streams[0], (const uint8_t *)"in", 2, &len),
                     SOTTO_OK);
    TURN_UNTIL(scene, host_read(last, in, sizeof in) == 2);
    assert_int_equal(close(last), 0);
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        assert_int_equal(close(peers[i]), 0);
    }
}

static void test_a_port_that_the_host_uses_is_busy(void **state)
{
    struct scene *scene = *state;
    struct port_listener *listener = NULL;
    struct port_address address;
    int taken = host_listen(&address.port);
    uint16_t tcp_port = address.port;
    assert_int_equal(port_address_parse("0.0.0.0", &address), SOTTO_OK);
    address.port = tcp_port;
    assert_int_equal(port_listen(scene->loop, &address, scene, &listener),
                     SOTTO_ERR_BUSY);
    assert_int_equal(close(taken), 0);
    assert_int_equal(port_listen(scene->loop, &address, scene, &listener),
                     SOTTO_OK);
    port_listener_close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dhcp_finds_an_address, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_nobody_there_is_refused,
                                        open_scene, close_scene),
        cmocka_unit_test_setup_teardown(
            test_one_peer_more_than_there_is_room_for_is_refused, open_scene,
            close_scene),
        cmocka_unit_test_setup_teardown(test_a_port_that_the_host_uses_is_busy,
                                        open_scene, close_scene)};
    if (setenv("SOTTO_LWIP_DHCP", "1", 1) != 0) {
        return 1;
    }
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
