/*
 * contract_console.c - what can be asked of a console without knowing what is
 * at its other end; the rest is asked in each port's own tests.
 */
#include "tests/port/contract.h"

#include <string.h>

/* Opens the console with nothing wanted, or skips the test. */
static void console_open(struct world *world, struct end *console)
{
    memset(console, 0, sizeof *console);
    enum sotto_err err =
        port_console_open(world->loop, console, &console->stream);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        assert_null(console->stream);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    port_want(console->stream, 0);
}

static void test_console_is_one_at_a_time(void **state)
{
    struct world *world = *state;
    struct end console;
    struct end second = {.stream = NULL};
    console_open(world, &console);
    assert_int_equal(port_console_open(world->loop, &second, &second.stream),
                     SOTTO_ERR_BUSY);
    assert_null(second.stream);
    port_stream_close(console.stream);
    assert_int_equal(port_console_open(world->loop, &second, &second.stream),
                     SOTTO_OK);
    port_stream_abort(second.stream);
}

static void test_console_has_a_size(void **state)
{
    struct world *world = *state;
    struct end console;
    struct port_console_info info;
    console_open(world, &console);
    memset(&info, 0, sizeof info);
    port_console_info(console.stream, &info);
    assert_true(info.columns > 0);
    assert_true(info.rows > 0);
}

static void test_console_is_ready_to_write_and_writes(void **state)
{
    struct world *world = *state;
    struct end console;
    console_open(world, &console);
    port_want(console.stream, PORT_WRITE);
    TURN_UNTIL(world, (console.ready & PORT_WRITE) != 0);
    port_want(console.stream, 0);
    contract_write(world, &console, "(written to the console)\n", 25);
    contract_turn(world, 0); /* what it reported before may be told once more */
    console.events = 0;
    contract_idle(world, 20);
    assert_int_equal(console.events, 0);
}

static void test_console_goes_raw_and_back(void **state)
{
    struct world *world = *state;
    struct end console;
    console_open(world, &console);
    port_console_raw(console.stream, true);
    port_console_raw(console.stream, true);
    port_console_raw(console.stream, false);
    port_console_raw(console.stream, false);
    port_console_raw(console.stream, true);
    port_stream_close(console.stream); /* restores it */
}

static void test_console_takes_a_place_in_the_loop(void **state)
{
    struct world *world = *state;
    struct end console;
    console_open(world, &console);
    port_loop_close(world->loop); /* and is closed with it */
    assert_int_equal(port_loop_open(world->port, CAPACITY, &world->loop),
                     SOTTO_OK);
    console_open(world, &console);
}

int contract_console(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_console_is_one_at_a_time),
        CONTRACT_TEST(test_console_has_a_size),
        CONTRACT_TEST(test_console_is_ready_to_write_and_writes),
        CONTRACT_TEST(test_console_goes_raw_and_back),
        CONTRACT_TEST(test_console_takes_a_place_in_the_loop),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
