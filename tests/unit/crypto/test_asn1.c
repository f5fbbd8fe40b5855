/* test_asn1.c - values in DER. */
#include "core/crypto/asn1.h"
#include "tests/unit/test.h"
#include <string.h>

static uint8_t out[0x1010];

static void test_asn1_reads_what_it_writes(void **state)
{
    static const size_t lens[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0x101, 0x1000};
    static uint8_t in[0x1000];

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct sotto_asn1 w;
        struct sotto_span written = {NULL, 0};
        struct sotto_reader r;

        memset(in, (int)i + 1, lens[i]);
        sotto_asn1_init(&w, out, sizeof out);
        sotto_asn1_value(&w, SOTTO_ASN1_OCTETS, in, lens[i]);
        assert_int_equal(sotto_asn1_finish(&w, &written), SOTTO_OK);
        sotto_reader_init(&r, written.at, written.len);
        assert_true(sotto_asn1_is_next(&r, SOTTO_ASN1_OCTETS));
        const struct sotto_span got = sotto_asn1_read(&r, SOTTO_ASN1_OCTETS);
        assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
        assert_int_equal(got.len, lens[i]);
        assert_memory_equal(got.at, in, lens[i]);
    }
}

static void test_asn1_refuses_what_is_not_der(void **state)
{
    static const struct {
        uint8_t bytes[6];
        size_t len;
    } table[] = {
        {{0x04}, 1},                           /* no length */
        {{0x04, 0x01}, 2},                     /* no contents */
        {{0x30, 0x00}, 2},                     /* another tag */
        {{0x04, 0x80}, 2},                     /* of no definite length */
        {{0x04, 0x81, 0x01, 0x00}, 4},         /* could be shorter */
        {{0x04, 0x82, 0x00, 0x01, 0x00}, 5},   /* the same */
        {{0x04, 0x83, 0x00, 0x00, 0x01, 0}, 6} /* longer than any of ours */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sotto_reader r;

        sotto_reader_init(&r, table[i].bytes, table[i].len);
        assert_int_equal(sotto_asn1_read(&r, SOTTO_ASN1_OCTETS).len, 0);
        assert_true(r.bad);
    }
}

static void test_asn1_needs_room(void **state)
{
    (void)state;
    for (size_t cap = 0; cap <= 7; cap++) {
        struct sotto_asn1 w;
        struct sotto_span written = {NULL, 0};

        sotto_asn1_init(&w, out, cap);
        sotto_asn1_value(&w, SOTTO_ASN1_OCTETS, "abc", 3);
        sotto_asn1_wrap(&w, SOTTO_ASN1_SEQUENCE, cap);
        assert_int_equal(sotto_asn1_finish(&w, &written),
                         cap < 7 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
}

int test_asn1(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asn1_reads_what_it_writes),
        cmocka_unit_test(test_asn1_refuses_what_is_not_der),
        cmocka_unit_test(test_asn1_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
