/*
 * test_reader.c - decoding wire bytes.
 */
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "tests/unit/test.h"

#include <string.h>

static uint32_t decode_varint(const uint8_t *in, size_t len,
                              enum sotto_err *err)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    uint32_t value = sotto_read_varint(&r);
    *err = sotto_reader_finish(&r);
    return value;
}

static void test_reader_reads_big_endian_integers(void **state)
{
    const uint8_t in[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8,
                          0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, in, sizeof in);
    assert_int_equal(sotto_read_u8(&r), 0x01);
    assert_int_equal(sotto_read_u16(&r), 0x0203);
    assert_int_equal(sotto_read_u32(&r), 0x04050607);
    assert_true(sotto_read_u64(&r) == 0xf8f9fafbfcfdfeffULL);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
}

static void test_reader_borrows_and_copies(void **state)
{
    const uint8_t in[] = {'a', 'b', 'c', 'd', 'e', 'f'};
    uint8_t out[2];
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, in, sizeof in);
    struct sotto_span span = sotto_read_span(&r, 3);
    assert_ptr_equal(span.at, in);
    assert_int_equal(span.len, 3);
    sotto_read_bytes(&r, out, sizeof out);
    assert_memory_equal(out, "de", 2);
    span = sotto_read_rest(&r);
    assert_ptr_equal(span.at, in + 5);
    assert_int_equal(span.len, 1);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
}

static void test_reader_refuses_trailing_bytes(void **state)
{
    const uint8_t in[] = {1, 2};
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, in, sizeof in);
    (void)sotto_read_u8(&r);
    assert_false(r.bad);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_ERR_FORMAT);
}

/* Reads one of everything; 1 + 2 + 4 + 8 + 2 + 1 + 2 + 3 + 3 = 26 bytes. */
static enum sotto_err read_everything(const uint8_t *in, size_t len)
{
    uint8_t out[2];
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    (void)sotto_read_u8(&r);
    (void)sotto_read_u16(&r);
    (void)sotto_read_u32(&r);
    (void)sotto_read_u64(&r);
    sotto_read_bytes(&r, out, sizeof out);
    (void)sotto_read_varint(&r);
    (void)sotto_read_varint(&r);
    (void)sotto_read_span(&r, 3);
    (void)sotto_read_vector(&r, 2, 2);
    return sotto_reader_finish(&r);
}

static void test_reader_refuses_every_truncation(void **state)
{
    uint8_t in[27] = {0};
    (void)state;
    in[17] = 37;   /* a prefix of one byte */
    in[18] = 0x7b; /* a prefix of two */
    in[19] = 0xbd;
    in[23] = 2; /* a vector of two */
    assert_int_equal(read_everything(in, 26), SOTTO_OK);
    assert_int_equal(read_everything(in, 27), SOTTO_ERR_FORMAT);
    for (size_t len = 0; len < 26; len++) {
        assert_int_equal(read_everything(in, len), SOTTO_ERR_FORMAT);
    }
}

static void test_reader_gives_zeros_after_a_miss(void **state)
{
    const uint8_t in[] = {0xff, 0xff, 0xff};
    uint8_t out[3] = {1, 2, 3};
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, in, sizeof in);
    assert_int_equal(sotto_read_u32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(sotto_read_u8(&r), 0);
    assert_int_equal(sotto_read_u16(&r), 0);
    assert_int_equal(sotto_read_u64(&r), 0);
    assert_int_equal(sotto_read_varint(&r), 0);
    assert_int_equal(sotto_read_span(&r, 1).len, 0);
    assert_int_equal(sotto_read_vector(&r, 0, 9).len, 0);
    assert_int_equal(sotto_read_rest(&r).len, 0);
    sotto_read_bytes(&r, out, sizeof out);
    assert_memory_equal(out, "\0\0\0", 3);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_ERR_FORMAT);
}

static void test_reader_refuses_the_largest_length(void **state)
{
    const uint8_t in[] = {1, 2};
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, in, sizeof in);
    (void)sotto_read_u8(&r);
    assert_int_equal(sotto_read_span(&r, SIZE_MAX).len, 0);
    assert_true(r.bad);
}

static void test_reader_reads_nothing_from_nothing(void **state)
{
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, NULL, 0);
    sotto_read_bytes(&r, NULL, 0);
    assert_int_equal(sotto_read_span(&r, 0).len, 0);
    assert_int_equal(sotto_read_rest(&r).len, 0);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    assert_int_equal(sotto_read_varint(&r), 0);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_ERR_FORMAT);
}

static void test_reader_fail_makes_finish_fail(void **state)
{
    struct sotto_reader r;
    (void)state;
    sotto_reader_init(&r, NULL, 0);
    sotto_reader_fail(&r);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_ERR_FORMAT);
}

static void test_reader_varint_gives_published_values(void **state)
{
    /* RFC 9420 2.1.2 */
    static const struct {
        uint8_t in[4];
        size_t len;
        uint32_t value;
    } cases[] = {
        {{0x9d, 0x7f, 0x3e, 0x7d}, 4, 494878333},
        {{0x7b, 0xbd}, 2, 15293},
        {{0x25}, 1, 37},
    };
    enum sotto_err err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t value = decode_varint(cases[i].in, cases[i].len, &err);
        assert_int_equal(err, SOTTO_OK);
        assert_int_equal(value, cases[i].value);
    }
}

static void test_reader_varint_refuses_what_is_not_shortest(void **state)
{
    static const struct {
        uint8_t in[4];
        size_t len;
    } cases[] = {
        {{0x40, 0x00}, 2},             /* 0 in two bytes */
        {{0x40, 0x25}, 2},             /* 37 in two: the RFC's example */
        {{0x40, 0x3f}, 2},             /* 63 in two */
        {{0x80, 0x00, 0x00, 0x00}, 4}, /* 0 in four */
        {{0x80, 0x00, 0x3f, 0xff}, 4}, /* 16383 in four */
        {{0xc0}, 1},                   /* a prefix that does not exist */
        {{0xff, 0xff, 0xff, 0xff}, 4},
    };
    enum sotto_err err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(decode_varint(cases[i].in, cases[i].len, &err), 0);
        assert_int_equal(err, SOTTO_ERR_FORMAT);
    }
}

static void test_reader_varint_has_one_encoding_for_each_value(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x1000000U; bits += 251) {
        /* Four bytes spread over all prefixes and small values. */
        uint32_t word = bits << 8 | bits >> 16;
        uint8_t in[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16 & 0xff),
                         (uint8_t)(word >> 8 & 0xff), (uint8_t)(word & 0xff)};
        uint8_t out[4];
        struct sotto_reader r;
        struct sotto_writer w;
        sotto_reader_init(&r, in, sizeof in);
        uint32_t value = sotto_read_varint(&r);
        if (r.bad) {
            continue;
        }
        sotto_writer_init(&w, out, sizeof out);
        sotto_write_varint(&w, value);
        assert_false(w.bad);
        assert_int_equal(w.len, sizeof in - r.left);
        assert_memory_equal(out, in, w.len);
    }
}

static void test_reader_vector_keeps_to_its_bounds(void **state)
{
    const uint8_t in[] = {3, 'a', 'b', 'c'};
    static const struct {
        size_t min;
        size_t max;
        enum sotto_err err;
    } cases[] = {
        {0, 3, SOTTO_OK},         {3, 3, SOTTO_OK},
        {3, SIZE_MAX, SOTTO_OK},  {0, 2, SOTTO_ERR_FORMAT},
        {4, 9, SOTTO_ERR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sotto_reader r;
        sotto_reader_init(&r, in, sizeof in);
        struct sotto_span span =
            sotto_read_vector(&r, cases[i].min, cases[i].max);
        assert_int_equal(sotto_reader_finish(&r), cases[i].err);
        assert_int_equal(span.len, cases[i].err == SOTTO_OK ? 3 : 0);
    }
}

static void test_reader_vector_refuses_or_repeats_each_bit_flip(void **state)
{
    uint8_t in[66] = {0x40, 64}; /* 64 bytes: a prefix of two */
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof in; bit++) {
        uint8_t out[sizeof in];
        struct sotto_reader r;
        struct sotto_writer w;
        in[bit / 8] ^= (uint8_t)(1U << bit % 8);
        sotto_reader_init(&r, in, sizeof in);
        struct sotto_span span = sotto_read_vector(&r, 0, SIZE_MAX);
        if (sotto_reader_finish(&r) == SOTTO_OK) {
            sotto_writer_init(&w, out, sizeof out);
            sotto_write_vector(&w, span.at, span.len);
            assert_int_equal(w.len, sizeof in);
            assert_memory_equal(out, in, sizeof in);
        }
        assert_true(bit >= 16 || r.bad || r.left > 0);
        in[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int test_reader(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_reads_big_endian_integers),
        cmocka_unit_test(test_reader_borrows_and_copies),
        cmocka_unit_test(test_reader_refuses_trailing_bytes),
        cmocka_unit_test(test_reader_refuses_every_truncation),
        cmocka_unit_test(test_reader_gives_zeros_after_a_miss),
        cmocka_unit_test(test_reader_refuses_the_largest_length),
        cmocka_unit_test(test_reader_reads_nothing_from_nothing),
        cmocka_unit_test(test_reader_fail_makes_finish_fail),
        cmocka_unit_test(test_reader_varint_gives_published_values),
        cmocka_unit_test(test_reader_varint_refuses_what_is_not_shortest),
        cmocka_unit_test(test_reader_varint_has_one_encoding_for_each_value),
        cmocka_unit_test(test_reader_vector_keeps_to_its_bounds),
        cmocka_unit_test(test_reader_vector_refuses_or_repeats_each_bit_flip),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
