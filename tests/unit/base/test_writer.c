/*
 * test_writer.c - encoding wire bytes.
 */
#include "core/base/writer.h"
#include "tests/unit/test.h"

#include <string.h>

/* Writes one of everything: 1 + 2 + 4 + 8 + 3 + 4 + 3 = 25 bytes. */
static enum sotto_err write_everything(uint8_t *out, size_t cap, size_t *len)
{
    struct sotto_writer w;
    sotto_writer_init(&w, out, cap);
    sotto_write_u8(&w, 0x01);
    sotto_write_u16(&w, 0x0203);
    sotto_write_u32(&w, 0x04050607);
    sotto_write_u64(&w, 0xf8f9fafbfcfdfeffULL);
    sotto_write_bytes(&w, "abc", 3);
    sotto_write_varint(&w, 494878333);
    sotto_write_vector(&w, "de", 2);
    return sotto_writer_finish(&w, len);
}

static void test_writer_writes_big_endian(void **state)
{
    static const uint8_t expected[25] = {0x01, 0x02, 0x03, 0x04, 0x05,
                                         0x06, 0x07, 0xf8, 0xf9, 0xfa,
                                         0xfb, 0xfc, 0xfd, 0xfe, 0xff,
                                         'a',  'b',  'c',  0x9d, 0x7f,
                                         0x3e, 0x7d, 2,    'd',  'e'};
    uint8_t out[25];
    size_t len = 0;
    (void)state;
    assert_int_equal(write_everything(out, sizeof out, &len), SOTTO_OK);
    assert_int_equal(len, sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

static void test_writer_refuses_every_smaller_buffer(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 25; cap++) {
        uint8_t out[25];
        size_t len = 99;
        memset(out, 0x5a, sizeof out);
        assert_int_equal(write_everything(out, cap, &len), SOTTO_ERR_SPACE);
        assert_int_equal(len, 99);
        for (size_t i = cap; i < sizeof out; i++) {
            assert_int_equal(out[i], 0x5a);
        }
    }
}

static void test_writer_writes_nothing_after_a_miss(void **state)
{
    uint8_t out[3] = {9, 9, 9};
    struct sotto_writer w;
    size_t len;
    (void)state;
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_u32(&w, 1);
    sotto_write_u8(&w, 1);
    sotto_write_bytes(&w, "", 0);
    assert_int_equal(sotto_writer_finish(&w, &len), SOTTO_ERR_SPACE);
    assert_memory_equal(out, "\11\11\11", 3);
}

static void test_writer_refuses_the_largest_length(void **state)
{
    uint8_t out[4] = {0};
    struct sotto_writer w;
    (void)state;
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_u8(&w, 1);
    sotto_write_bytes(&w, out, SIZE_MAX);
    assert_true(w.bad);
    assert_int_equal(w.len, 1);
}

static void test_writer_says_how_long_a_vector_is(void **state)
{
    static const size_t lens[] = {0, 63, 64, 16383, 16384};
    static const uint8_t in[16384];
    static uint8_t out[sizeof in + 4];
    struct sotto_writer w;
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        sotto_writer_init(&w, out, sizeof out);
        sotto_write_vector(&w, in, lens[i]);
        assert_false(w.bad);
        assert_int_equal(sotto_vector_len(lens[i]), w.len);
    }
}

static void test_writer_writes_nothing_to_nothing(void **state)
{
    struct sotto_writer w;
    size_t len = 99;
    (void)state;
    sotto_writer_init(&w, NULL, 0);
    sotto_write_bytes(&w, NULL, 0);
    assert_int_equal(sotto_writer_finish(&w, &len), SOTTO_OK);
    assert_int_equal(len, 0);
    sotto_write_vector(&w, NULL, 0); /* its prefix does not fit */
    assert_int_equal(sotto_writer_finish(&w, &len), SOTTO_ERR_SPACE);
}

static void test_writer_varint_takes_the_shortest_form(void **state)
{
    /* RFC 9420 2.1.2, and both sides of each boundary */
    static const struct {
        size_t value;
        size_t len;
        uint8_t bytes[4];
    } cases[] = {
        {494878333, 4, {0x9d, 0x7f, 0x3e, 0x7d}},
        {15293, 2, {0x7b, 0xbd}},
        {37, 1, {0x25}},
        {0, 1, {0x00}},
        {63, 1, {0x3f}},
        {64, 2, {0x40, 0x40}},
        {16383, 2, {0x7f, 0xff}},
        {16384, 4, {0x80, 0x00, 0x40, 0x00}},
        {SOTTO_VARINT_MAX, 4, {0xbf, 0xff, 0xff, 0xff}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[4];
        struct sotto_writer w;
        sotto_writer_init(&w, out, sizeof out);
        sotto_write_varint(&w, cases[i].value);
        assert_false(w.bad);
        assert_int_equal(w.len, cases[i].len);
        assert_int_equal(sotto_varint_len(cases[i].value), cases[i].len);
        assert_memory_equal(out, cases[i].bytes, cases[i].len);
    }
}

static void test_writer_varint_refuses_a_value_above_its_limit(void **state)
{
    uint8_t out[8];
    struct sotto_writer w;
    (void)state;
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_varint(&w, (size_t)SOTTO_VARINT_MAX + 1);
    assert_true(w.bad);
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_vector(&w, out, SIZE_MAX);
    assert_true(w.bad);
    assert_int_equal(w.len, 0);
}

int test_writer(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_writes_big_endian),
        cmocka_unit_test(test_writer_refuses_every_smaller_buffer),
        cmocka_unit_test(test_writer_writes_nothing_after_a_miss),
        cmocka_unit_test(test_writer_refuses_the_largest_length),
        cmocka_unit_test(test_writer_says_how_long_a_vector_is),
        cmocka_unit_test(test_writer_writes_nothing_to_nothing),
        cmocka_unit_test(test_writer_varint_takes_the_shortest_form),
        cmocka_unit_test(test_writer_varint_refuses_a_value_above_its_limit),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
