/* test_pem.c - keys and certificates as text. */
#include "core/crypto/pem.h"
#include "tests/unit/test.h"
#include <string.h>

static uint8_t out[256];
static size_t len;
static struct sotto_span label;

static struct sotto_span text_of(const char *text)
{
    return (struct sotto_span){(const uint8_t *)text, strlen(text)};
}

static enum sotto_err next(struct sotto_span *text)
{
    return sotto_pem_next(text, &label, out, sizeof out, &len);
}

static void test_pem_gives_back_what_was_written(void **state)
{
    char text[SOTTO_PEM_TEXT(150, 11)];
    uint8_t in[150];
    size_t text_len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(37 * i);
    }
    for (size_t n = 0; n <= sizeof in; n++) {
        struct sotto_span span = {(const uint8_t *)text, 0};

        assert_int_equal(sotto_pem_encode("CERTIFICATE", in, n, text,
                                          sizeof text, &text_len),
                         SOTTO_OK);
        span.len = text_len;
        assert_int_equal(next(&span), SOTTO_OK);
        assert_true(sotto_pem_is(label, "CERTIFICATE"));
        assert_false(sotto_pem_is(label, "CERTIFICAT"));
        assert_false(sotto_pem_is(label, "CERTIFICATES"));
        assert_int_equal(len, n);
        assert_memory_equal(out, in, n);
        assert_int_equal(next(&span), SOTTO_ERR_NOT_FOUND);
        /* Every byte less of room is too little. */
        assert_int_equal(sotto_pem_encode("CERTIFICATE", in, n, text,
                                          text_len - 1, &text_len),
                         SOTTO_ERR_SPACE);
    }
}

static void test_pem_reads_several_with_words_between(void **state)
{
    struct sotto_span text = text_of(
        "words\n-----BEGIN A-----\r\nYWJj\r\nZA==\r\n-----END A-----\r\n"
        "more words: -----BEGIN X-----\n"
        "-----BEGIN B B-----\n YW\tJj \nZG\nVm\n-----END B B-----");

    (void)state;
    assert_int_equal(next(&text), SOTTO_OK);
    assert_true(sotto_pem_is(label, "A"));
    assert_int_equal(len, 4);
    assert_memory_equal(out, "abcd", 4);
    assert_int_equal(next(&text), SOTTO_OK);
    assert_true(sotto_pem_is(label, "B B"));
    assert_int_equal(len, 6);
    assert_memory_equal(out, "abcdef", 6);
    assert_int_equal(next(&text), SOTTO_ERR_NOT_FOUND);
}

static void test_pem_refuses_what_is_none(void **state)
{
    static const struct {
        const char *text;
        enum sotto_err err;
    } table[] = {
        {"", SOTTO_ERR_NOT_FOUND},
        {"YWJj", SOTTO_ERR_NOT_FOUND},
        {"----BEGIN A-----\nYWJj\n-----END A-----\n", SOTTO_ERR_NOT_FOUND},
        {"-----BEGIN A----\nYWJj\n-----END A-----\n", SOTTO_ERR_NOT_FOUND},
        {"-----BEGIN -----\nYWJj\n-----END -----\n", SOTTO_ERR_NOT_FOUND},
        {"-----BEGIN A-----", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYWJj\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYWJj\n-----END B-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYWJ\n-----END A-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYW=j\n-----END A-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYQ==YWJj\n-----END A-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYR==\n-----END A-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nYWJ*\n-----END A-----\n", SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\n-----BEGIN A-----\nYWJj\n-----END A-----\n",
         SOTTO_ERR_FORMAT},
        {"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nYWJj\n-----END A-----\n",
         SOTTO_ERR_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sotto_span text = text_of(table[i].text);
        assert_int_equal(next(&text), table[i].err);
    }
}

static void test_pem_goes_on_behind_a_bad_block(void **state)
{
    struct sotto_span text =
        text_of("-----BEGIN A-----\nYW*j\n-----END A-----\n"
                "-----BEGIN B-----\nYQ==\n-----END B-----");

    (void)state;
    assert_int_equal(next(&text), SOTTO_ERR_FORMAT);
    assert_int_equal(next(&text), SOTTO_OK);
    assert_true(sotto_pem_is(label, "B"));
    assert_int_equal(len, 1);
}

static void test_pem_needs_room(void **state)
{
    const char *text = "-----BEGIN A-----\nYWJj\nZGVm\n-----END A-----\n";

    (void)state;
    for (size_t cap = 0; cap < 6; cap++) {
        struct sotto_span span = text_of(text);
        assert_int_equal(sotto_pem_next(&span, &label, out, cap, &len),
                         SOTTO_ERR_SPACE);
    }
}

int test_pem(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pem_gives_back_what_was_written),
        cmocka_unit_test(test_pem_reads_several_with_words_between),
        cmocka_unit_test(test_pem_refuses_what_is_none),
        cmocka_unit_test(test_pem_goes_on_behind_a_bad_block),
        cmocka_unit_test(test_pem_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
