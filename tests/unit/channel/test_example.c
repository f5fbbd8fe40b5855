/* The worked example of PROTOCOL.md, byte for byte. It was computed by another
 * program, in another language, from the document's definitions alone. */
#include "core/base/text.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

/* Compares the wire with hex in which spaces and line ends mean nothing. */
static void expect_wire(const char *hex)
{
    char digits[2 * 256];
    uint8_t bytes[256];
    size_t count = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            digits[count++] = *hex;
        }
    }
    assert_int_equal(sotto_hex_decode(digits, count, bytes, count / 2),
                     SOTTO_OK);
    assert_int_equal(pair.wire_len, count / 2);
    assert_memory_equal(pair.wire, bytes, count / 2);
}

static void hand_over(struct sotto_link *from, struct sotto_link *to,
                      const char *hex)
{
    pair_out(&pair, from);
    expect_wire(hex);
    assert_int_equal(pair_feed(&pair, to), SOTTO_OK);
}

static void handshake(void)
{
    hand_over(
        &pair.client, &pair.server,
        "536f74746f 01 01 01 0400"
        "0020"
        "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c");
    hand_over(
        &pair.server, &pair.client,
        "0080"
        "5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36"
        "3167f6868f8407895eb2057df4da28345a6139b08a3b1b84f618ce4cced58fcc"
        "838532976b8e896542f4ac036dcff338b6ed43c5cab99eb4f2257f3a24420dcd"
        "66a460a3cff534551aab90922188eb428e1d687ec766437901f7a8f0c97a1618");
    sotto_link_accept(&pair.client);
    hand_over(
        &pair.client, &pair.server,
        "0060"
        "8a871d0ba536f0f93a788daf70433abf879d55cf00e4a5ced01143c305b76321"
        "6c3c3b8e4ba2f2ded56e44596befd1640d784557267bbec3854b92cb094a118f"
        "51654b304b332d6303737c681d096f13f1a87ac5b185e26963ed0190ea651294");
}

static void send_hello_record(void)
{
    pair_send(&pair, &pair.client, 16, "hello", 5, 0);
    expect_wire("0020"
                "ad9d987f85592c12d1e00fd206c63591"
                "ec892f0dcebdea11a1ae49a8b10a26e8");
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_frame(&pair.server, 16, "hello", 5);
    pair_expect_no_frame(&pair.server);
}

static void send_rekey_record(void)
{
    pair.client.send_records = SOTTO_REKEY_RECORDS - 1;
    pair_send(&pair, &pair.client, 16, "x", 1, 0);
    expect_wire("0020"
                "0cbfb51276450ca7c59177f42e47e76a"
                "3f02c466927e07a517bae22b6741795e");
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_frame(&pair.server, 16, "x", 1);
    pair_expect_no_frame(&pair.server);
}

static void send_close_record(void)
{
    assert_int_equal(sotto_link_close(&pair.client, SOTTO_CLOSE_BYE, pair.wire,
                                      sizeof pair.wire, 0, &pair.wire_len),
                     SOTTO_OK);
    expect_wire("0020"
                "3d385c11f98a565152d36a7774a0fc31"
                "58a50cafc073934f6b0e83b50b16e823");
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_no_frame(&pair.server);
    assert_int_equal(pair.server.state, SOTTO_LINK_ENDED);
}

static void send_chunked_record(void)
{
    static const uint8_t frames[] = {
        SOTTO_FRAME_CHUNK, 2, 'h', 'e', 16, 3, 'l', 'l', 'o'};
    static uint8_t assembly[8];

    pair_send_raw(&pair, &pair.server, frames, sizeof frames);
    expect_wire("0020"
                "23bbe46b1e010913100807561cae2e2e"
                "bfdc8a9699499b8840e5490e99c51bb6");
    sotto_link_lend(&pair.client, assembly, sizeof assembly);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_frame(&pair.client, 16, "hello", 5);
    pair_expect_no_frame(&pair.client);
}

static void test_example_of_the_protocol_page(void **state)
{
    uint8_t hash[32];

    (void)state;
    pair_init(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
    handshake();
    assert_int_equal(sotto_hex_decode("f6d267b72278ad22d8510232168d4cca"
                                      "b8c60610ca73b6678920526875b81da3",
                                      64, hash, 32),
                     SOTTO_OK);
    assert_memory_equal(pair.client.hash, hash, 32);
    assert_memory_equal(pair.server.hash, hash, 32);
    send_hello_record();
    send_rekey_record();
    send_close_record();
    send_chunked_record();
}

int test_example(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_the_protocol_page),
    };
    return cmocka_run_group_tests_name("channel/example", tests, NULL, NULL);
}
