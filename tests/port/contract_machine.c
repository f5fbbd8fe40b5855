/*
 * contract_machine.c - time, random bytes, errors, addresses.
 */
#include "tests/port/contract.h"

#include <string.h>

/* ---- time ------------------------------------------------------------- */

static void test_time_never_goes_back(void **state)
{
    struct port *port = contract_world()->port;
    (void)state;
    uint64_t ms = port_now_ms(port);
    uint64_t ns = port_now_ns(port);
    for (int step = 0; step < 10000; step++) {
        uint64_t next_ms = port_now_ms(port);
        uint64_t next_ns = port_now_ns(port);
        assert_true(next_ms >= ms);
        assert_true(next_ns >= ns);
        ms = next_ms;
        ns = next_ns;
    }
}

static void test_time_passes(void **state)
{
    struct world *world = *state;
    uint64_t ms = port_now_ms(world->port);
    uint64_t ns = port_now_ns(world->port);
    contract_idle(world, 20);
    assert_true(port_now_ms(world->port) >= ms + 20);
    assert_true(port_now_ns(world->port) > ns);
}

static void test_wall_time_is_after_this_was_written_or_unknown(void **state)
{
    (void)state;
    uint64_t now_s = port_wall_s(contract_world()->port);
    assert_true(now_s == SOTTO_TIME_UNKNOWN || now_s > 1704067200U);
}

/* ---- random bytes ----------------------------------------------------- */

static void test_random_bytes_differ(void **state)
{
    (void)state;
    struct sotto_random random = port_random(contract_world()->port);
    uint8_t bytes[4][32];
    memset(bytes, 0, sizeof bytes);
    for (size_t at = 0; at < 4; at++) {
        assert_int_equal(random.fill(random.ctx, bytes[at], sizeof bytes[at]),
                         SOTTO_OK);
        for (size_t other = 0; other < at; other++) {
            assert_memory_not_equal(bytes[at], bytes[other], sizeof bytes[at]);
        }
    }
}

static void test_random_fills_all_and_no_more(void **state)
{
    (void)state;
    struct sotto_random random = port_random(contract_world()->port);
    static uint8_t bytes[1002];
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(random.fill(random.ctx, bytes + 1, 0), SOTTO_OK);
    assert_int_equal(bytes[1], 0);
    /* Each of the last bytes is something else than 0 at some time. */
    uint8_t tail[8] = {0};
    for (int step = 0; step < 32; step++) {
        assert_int_equal(random.fill(random.ctx, bytes + 1, 1000), SOTTO_OK);
        for (size_t at = 0; at < sizeof tail; at++) {
            tail[at] |= bytes[1001 - sizeof tail + at];
        }
    }
    for (size_t at = 0; at < sizeof tail; at++) {
        assert_int_not_equal(tail[at], 0);
    }
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[1001], 0);
}

/* ---- errors, processors ----------------------------------------------- */

static void test_last_error_is_a_sentence(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct port_address address;
    assert_non_null(port_last_error(world->port));
    assert_int_equal(contract_listen(world, "192.0.2.1", &listener, &address),
                     SOTTO_ERR_NAME);
    assert_non_null(port_last_error(world->port));
    assert_true(strlen(port_last_error(world->port)) > 0);
}

static void test_there_is_a_processor(void **state)
{
    (void)state;
    assert_true(port_processors(contract_world()->port) >= 1);
}

/* ---- the file that a person named ------------------------------------- */

static void test_read_file_says_not_found(void **state)
{
    (void)state;
    uint8_t out[8];
    size_t len = 77;
    enum sotto_err err = port_read_file(contract_world()->port, "no/such/file",
                                        out, sizeof out, &len);
    assert_true(err == SOTTO_ERR_NOT_FOUND || err == SOTTO_ERR_UNSUPPORTED);
    assert_int_equal(len, 77);
}

/* ---- addresses -------------------------------------------------------- */

static void test_address_text_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint16_t port;
        const char *text;
        bool ipv4;
    } cases[] = {
        {"0.0.0.0", 0, "0.0.0.0:0", true},
        {"127.0.0.1", 7688, "127.0.0.1:7688", true},
        {"192.0.2.1", 1, "192.0.2.1:1", true},
        {"255.255.255.255", 65535, "255.255.255.255:65535", true},
        {"::ffff:192.0.2.1", 7688, "192.0.2.1:7688", true},
        {"::", 7688, "[::]:7688", false},
        {"::1", 7688, "[::1]:7688", false},
        {"2001:db8::1", 65535, "[2001:db8::1]:65535", false},
        {"2001:DB8:0:0:8:0:0:A", 80, NULL, false},
        {"2001:db8:1111:2222:3333:4444:5555:6666", 65535,
         "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", false},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct port_address address = {.port = 99};
        assert_int_equal(port_address_parse(cases[at].in, &address), SOTTO_OK);
        assert_int_equal(address.port, 0);
        assert_int_equal(port_address_is_ipv4(&address), cases[at].ipv4);
        address.port = cases[at].port;
        char text[PORT_ADDRESS_TEXT];
        port_address_text(&address, text);
        if (cases[at].text != NULL) {
            assert_string_equal(text, cases[at].text);
        }
    }
}

static void test_address_bytes(void **state)
{
    (void)state;
    static const uint8_t v4[16] = {0, 0, 0,    0,    0,   0, 0, 0,
                                   0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                   0,    0,    0,    0,    0, 0, 0, 0x1a};
    struct port_address address = contract_address("192.0.2.1", 0);
    assert_memory_equal(address.ip, v4, sizeof v4);
    address = contract_address("2001:db8::1a", 0);
    assert_memory_equal(address.ip, v6, sizeof v6);
}

static void test_address_parse_refuses(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",          "1",           "1.2.3",        "1.2.3.4.5",
        "256.0.0.1", "1.2.3.4:80",  "[::1]",        "::1]",
        ":",         "1::2::3",     "12345::",      "1:2:3:4:5:6:7:8:9",
        "1.2.3.4 ",  "example.org", "fe80::1%eth0", "0x7f.0.0.1",
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct port_address address = {.port = 99};
        if (port_address_parse(cases[at], &address) != SOTTO_ERR_FORMAT) {
            fail_msg("taken for an address: \"%s\"", cases[at]);
        }
        assert_int_equal(address.port, 99); /* untouched */
    }
}

int contract_machine(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_never_goes_back),
        CONTRACT_TEST(test_time_passes),
        cmocka_unit_test(test_wall_time_is_after_this_was_written_or_unknown),
        cmocka_unit_test(test_random_bytes_differ),
        cmocka_unit_test(test_random_fills_all_and_no_more),
        CONTRACT_TEST(test_last_error_is_a_sentence),
        cmocka_unit_test(test_there_is_a_processor),
        cmocka_unit_test(test_read_file_says_not_found),
        cmocka_unit_test(test_address_text_and_back),
        cmocka_unit_test(test_address_bytes),
        cmocka_unit_test(test_address_parse_refuses),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
