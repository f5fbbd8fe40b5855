#include "apps/sotto/textbuf.h"
#include "tests/unit/test.h"

static void test_textbuf_joins_pieces(void **state)
{
    (void)state;
    char buffer[64];
    struct textbuf text;
    textbuf_init(&text, buffer, sizeof buffer);
    assert_string_equal(buffer, "");
    textbuf_add(&text, "port ");
    textbuf_add_number(&text, 7688);
    textbuf_add_char(&text, ',');
    textbuf_add_spaces(&text, 2);
    textbuf_add_all(&text, "a", "b", NULL);
    textbuf_add_number(&text, 0);
    textbuf_add_number(&text, UINT64_MAX);
    assert_string_equal(buffer, "port 7688,  ab018446744073709551615");
    assert_int_equal(text.len, 35);
    assert_false(text.cut);
}

static void test_textbuf_cuts_when_full(void **state)
{
    (void)state;
    char buffer[6];
    struct textbuf text;
    textbuf_init(&text, buffer, sizeof buffer);
    textbuf_add(&text, "12345");
    assert_false(text.cut);
    textbuf_add(&text, "6");
    assert_true(text.cut);
    textbuf_add(&text, "");
    assert_string_equal(buffer, "12345");
}

static void test_textbuf_cuts_between_characters(void **state)
{
    (void)state;
    char buffer[6];
    struct textbuf text;
    textbuf_init(&text, buffer, sizeof buffer);
    textbuf_add(&text, "abc\xe2\x82\xac"); /* the euro sign takes three */
    assert_true(text.cut);
    assert_string_equal(buffer, "abc");
    textbuf_add(&text, "d"); /* nothing after a gap */
    assert_string_equal(buffer, "abc");
}

int test_textbuf(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_textbuf_joins_pieces),
        cmocka_unit_test(test_textbuf_cuts_when_full),
        cmocka_unit_test(test_textbuf_cuts_between_characters),
    };
    return cmocka_run_group_tests_name("textbuf", tests, NULL, NULL);
}
