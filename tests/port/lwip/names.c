/*
 * names.c - looking names up: a DNS server on the same lwIP answers, refuses,
 * keeps silent, or comes too late.
 */
#include "port/port.h"

#include <lwip/dns.h>
#include <lwip/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 1035 4.1.1: a query's header, and what an answer has in its place. */
#define HEADER_LEN   12U
#define FLAGS_ANSWER 0x8180U
#define FLAGS_NONE   0x8183U /* no such name */

struct scene {
    struct port *port;
    struct port_loop *loop;
    struct port_listener *listener;
    uint16_t tcp_port;
    struct udp_pcb *server;
    unsigned questions;
    struct pbuf *kept; /* a question to be answered later */
    ip_addr_t asker;
    uint16_t asker_port;
};

/* ---- the server ------------------------------------------------------- */

static void answer(const struct scene *scene, const struct pbuf *question,
                   unsigned flags)
{
    static const uint8_t record[] = {0xc0, HEADER_LEN, 0, 1, 0,   1, 0, 0,
                                     0,    60,         0, 4, 127, 0, 0, 1};
    uint8_t bytes[300];
    size_t len = pbuf_copy_partial(question, bytes, 200, 0);
    bool found = flags == FLAGS_ANSWER;
    bytes[2] = (uint8_t)(flags >> 8);
    bytes[3] = (uint8_t)flags;
    bytes[7] = found ? 1 : 0; /* records */
    if (found) {
        memcpy(bytes + len, record, sizeof record);
        len += sizeof record;
    }
    struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    assert_non_null(packet);
    assert_int_equal(pbuf_take(packet, bytes, (u16_t)len), ERR_OK);
    assert_int_equal(udp_sendto(scene->server, packet, &scene->asker,
                                scene->asker_port),
                     ERR_OK);
    pbuf_free(packet);
}

/* Does what the first label says. */
static void asked(void *arg, struct udp_pcb *pcb, struct pbuf *question,
                  const ip_addr_t *from, u16_t from_port)
{
    struct scene *scene = arg;
    uint8_t label[8] = {0};
    (void)pcb;
    (void)pbuf_copy_partial(question, label, 4, HEADER_LEN + 1);
    scene->questions++;
    scene->asker = *from;
    scene->asker_port = from_port;
    if (memcmp(label, "good", 4) == 0) {
        answer(scene, question, FLAGS_ANSWER);
    } else if (memcmp(label, "none", 4) == 0) {
        answer(scene, question, FLAGS_NONE);
    } else if (memcmp(label, "late", 4) == 0 && scene->kept == NULL) {
        scene->kept = question;
        return;
    }
    pbuf_free(question);
}

/* ---- the scene -------------------------------------------------------- */

static int set_up(void **state)
{
    static struct scene scene;
    struct port_address address;
    ip_addr_t local;
    scene = (struct scene){0};
    assert_int_equal(port_open(&scene.port), SOTTO_OK);
    assert_int_equal(port_loop_open(scene.port, 10, &scene.loop), SOTTO_OK);
    assert_int_equal(port_address_parse("127.0.0.1", &address), SOTTO_OK);
    assert_int_equal(port_listen(scene.loop, &address, &scene.listener,
                                 &scene.listener),
                     SOTTO_OK);
    port_listener_address(scene.listener, &address);
    scene.tcp_port = address.port;

    IP_ADDR4(&local, 127, 0, 0, 1);
    scene.server = udp_new();
    assert_non_null(scene.server);
    assert_int_equal(udp_bind(scene.server, &local, 53), ERR_OK);
    udp_recv(scene.server, asked, &scene);
    dns_setserver(0, &local);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    udp_remove(scene->server);
    port_loop_close(scene->loop);
    port_close(scene->port);
    return 0;
}

/* Waits for the outcome, 30 seconds at most. */
static enum sotto_err outcome(struct scene *scene, struct port_stream *stream)
{
    uint64_t end_ms = port_now_ms(scene->port) + 30000;
    while (port_now_ms(scene->port) < end_ms) {
        struct port_event event;
        size_t count = 0;
        port_wait(scene->loop, 1000, &event, 1, &count);
        enum sotto_err err = port_connect_status(stream);
        if (err != SOTTO_ERR_AGAIN) {
            return err;
        }
    }
    return SOTTO_ERR_AGAIN;
}

static struct port_stream *dial(struct scene *scene, const char *host)
{
    struct port_stream *stream = NULL;
    assert_int_equal(port_connect(scene->loop, host, scene->tcp_port,
                                  &scene->port, &stream),
                     SOTTO_OK);
    return stream;
}

/* ---- tests ------------------------------------------------------------ */

static void test_a_name_is_looked_up_and_remembered(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 2; i++) {
        struct port_stream *stream = dial(scene, "good.example");
        assert_int_equal(port_connect_status(stream), SOTTO_ERR_AGAIN);
        assert_int_equal(outcome(scene, stream), SOTTO_OK);
        port_stream_close(stream);
        assert_int_equal(scene->questions, 1);
    }
}

static void test_an_unknown_name_is_name(void **state)
{
    struct scene *scene = *state;
    struct port_stream *stream = dial(scene, "none.example");
    assert_int_equal(outcome(scene, stream), SOTTO_ERR_NAME);
    assert_int_equal(outcome(scene, stream), SOTTO_ERR_NAME);
    port_stream_close(stream);
}

static void test_no_answer_is_name(void **state)
{
    struct scene *scene = *state;
    struct port_stream *stream = dial(scene, "mute.example");
    assert_int_equal(outcome(scene, stream), SOTTO_ERR_NAME);
    assert_true(scene->questions > 1); /* it was repeated */
    port_stream_close(stream);
}

static void test_a_late_answer_is_not_for_the_next_one(void **state)
{
    struct scene *scene = *state;
    struct port_event event;
    size_t count = 0;
    struct port_stream *first = dial(scene, "late.example");
    port_wait(scene->loop, 20, &event, 1, &count);
    assert_non_null(scene->kept);
    port_stream_close(first);
    struct port_stream *second = dial(scene, "mute.example");
    assert_ptr_equal(second, first); /* the same slot */
    answer(scene, scene->kept, FLAGS_ANSWER);
    pbuf_free(scene->kept);
    assert_int_equal(outcome(scene, second), SOTTO_ERR_NAME);
    port_stream_close(second);
}

static void test_too_many_questions_at_once_are_name(void **state)
{
    struct scene *scene = *state;
    struct port_stream *streams[4] = {dial(scene, "mute1.example"),
                                      dial(scene, "mute2.example"),
                                      dial(scene, "mute3.example"),
                                      dial(scene, "mute4.example")};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(outcome(scene, streams[i]), SOTTO_ERR_NAME);
        port_stream_close(streams[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_name_is_looked_up_and_remembered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unknown_name_is_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_no_answer_is_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_late_answer_is_not_for_the_next_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_too_many_questions_at_once_are_name, set_up, tear_down)};
    /* Virtual time, so that nobody waits for the silent server. */
    if (setenv("SOTTO_LWIP_LOSS", "1", 1) != 0) {
        return 1;
    }
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
