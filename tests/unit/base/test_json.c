/*
 * test_json.c - flat JSON objects.
 */
#include "core/base/json.h"
#include "tests/unit/test.h"

#include <string.h>

static enum sotto_err parse(struct sotto_json *json, const char *text)
{
    return sotto_json_parse(json, text, strlen(text));
}

/* Parses an object and expects its "a" to be the string `expected`. */
static void check_string(const char *text, const char *expected)
{
    struct sotto_json json;
    char out[64];
    size_t len = 0;
    assert_int_equal(parse(&json, text), SOTTO_OK);
    assert_int_equal(sotto_json_string(&json, "a", out, sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(out, expected);
}

/* ---- Parsing ---- */

static void test_json_parses_each_kind(void **state)
{
    const char *text = " {\t\"a\" : \"x y\",\"n\":12\r\n, \"t\":true,"
                       "\"f\":false, \"\":0 } \n";
    struct sotto_json json;
    char out[4];
    size_t len = 0;
    uint64_t value = 99;
    bool truth = false;
    (void)state;
    assert_int_equal(parse(&json, text), SOTTO_OK);
    assert_int_equal(json.count, 5);
    assert_int_equal(sotto_json_string(&json, "a", out, sizeof out, &len),
                     SOTTO_OK);
    assert_string_equal(out, "x y");
    assert_int_equal(len, 3);
    assert_int_equal(sotto_json_integer(&json, "n", &value), SOTTO_OK);
    assert_int_equal(value, 12);
    assert_int_equal(sotto_json_bool(&json, "t", &truth), SOTTO_OK);
    assert_true(truth);
    assert_int_equal(sotto_json_bool(&json, "f", &truth), SOTTO_OK);
    assert_false(truth);
    assert_int_equal(sotto_json_integer(&json, "", &value), SOTTO_OK);
    assert_int_equal(value, 0);
}

static void test_json_parses_an_empty_object(void **state)
{
    struct sotto_json json;
    (void)state;
    assert_int_equal(parse(&json, "{}"), SOTTO_OK);
    assert_int_equal(json.count, 0);
    assert_int_equal(parse(&json, "\n{ \t}\r"), SOTTO_OK);
    assert_int_equal(json.count, 0);
}

static void test_json_unescapes_strings(void **state)
{
    (void)state;
    check_string("{\"a\":\"\"}", "");
    check_string("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t");
    check_string("{\"a\":\"\\u0041\\u00e9\\u20AC\"}", "A\xc3\xa9\xe2\x82\xac");
    check_string("{\"a\":\"\xe2\x82\xac\x7f\"}", "\xe2\x82\xac\x7f");
    /* RFC 8259 7: the G clef, U+1D11E */
    check_string("{\"a\":\"\\uD834\\uDD1E\"}", "\xf0\x9d\x84\x9e");
    check_string("{\"a\":\"\\udbff\\udfff\"}", "\xf4\x8f\xbf\xbf");
    check_string("{\"\\u0061\":\"\\ud7ff\\ue000\"}",
                 "\xed\x9f\xbf\xee\x80\x80");
}

static void test_json_string_may_contain_zero(void **state)
{
    struct sotto_json json;
    char out[4] = "xyz";
    size_t len = 0;
    (void)state;
    assert_int_equal(parse(&json, "{\"a\":\"b\\u0000c\"}"), SOTTO_OK);
    assert_int_equal(sotto_json_string(&json, "a", out, sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(out, "b\0c", 4);
}

static void test_json_refuses_what_is_not_an_object(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "[]",
        "1",
        "\"a\"",
        "true",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{} x",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1;}",
        "\xef\xbb\xbf{}", /* a byte order mark */
        "{\v}",
        "{/**/}",
    };
    struct sotto_json json;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(&json, cases[i]), SOTTO_ERR_FORMAT);
        assert_int_equal(json.count, 0);
    }
}

static void test_json_refuses_other_values(void **state)
{
    static const char *const cases[] = {
        "null",  "{}",     "[]",
        "[1]",   "-1",     "+1",
        "1.0",   "1e3",    "01",
        "00",    "0x1",    "1 2",
        "12a",   ".5",     "True",
        "truex", "fals",   "tru",
        "NaN",   "1true",  "9007199254740992",
        "'x'",   "\"x",    "x\"",
        "\"",    "\"\"\"", "18446744073709551617",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sotto_json json;
        char text[64] = "{\"a\":";
        strncat(text, cases[i], 32);
        strncat(text, "}", 2);
        assert_int_equal(parse(&json, text), SOTTO_ERR_FORMAT);
    }
}

static void test_json_refuses_other_strings(void **state)
{
    static const char *const cases[] = {
        "\n",
        "\t",
        "\x01",
        "\x1f", /* control characters */
        "\\x",
        "\\'",
        "\\0",
        "\\U0041",
        "\\",
        "\\u", /* escapes that are none */
        "\\u004",
        "\\u004g",
        "\\u 041",
        "\\u-041",
        "\\ud834",
        "\\ud834x",
        "\\ud834\\n",
        "\\ud834\\u",
        "\\udd1e",
        "\\udd1e\\ud834",
        "\\ud834\\ud834",
        "\\ud834\\u0041",
        "\\ud834\\ue000",
        "\xff",
        "\xc0\x80",
        "\xed\xa0\x80",
        "\xe2\x82",
        "\x80",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sotto_json json;
        char text[64] = "{\"a\":\"";
        strncat(text, cases[i], 32);
        strncat(text, "\"}", 3);
        assert_int_equal(parse(&json, text), SOTTO_ERR_FORMAT);
        char key[64] = "{\"";
        strncat(key, cases[i], 32);
        strncat(key, "\":1}", 5);
        assert_int_equal(parse(&json, key), SOTTO_ERR_FORMAT);
    }
    struct sotto_json json;
    assert_int_equal(sotto_json_parse(&json, "{\"a\":\"\0\"}", 9),
                     SOTTO_ERR_FORMAT);
}

static void test_json_refuses_a_key_twice(void **state)
{
    struct sotto_json json;
    (void)state;
    assert_int_equal(parse(&json, "{\"a\":1,\"b\":2,\"a\":1}"),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(parse(&json, "{\"ab\":1,\"a\\u0062\":2}"),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(parse(&json, "{\"\":1,\"\":2}"), SOTTO_ERR_FORMAT);
    assert_int_equal(parse(&json, "{\"a\":1,\"ab\":2,\"A\":3,\"\":4}"),
                     SOTTO_OK);
}

static void test_json_refuses_one_field_too_many(void **state)
{
    struct sotto_json json;
    char text[256] = "{";
    (void)state;
    for (unsigned i = 0; i <= SOTTO_JSON_MAX_FIELDS; i++) {
        char field[] = ",\"x\":1";
        field[2] = (char)('a' + i);
        strncat(text, i == 0 ? field + 1 : field, sizeof field);
        char whole[sizeof text + 2];
        memcpy(whole, text, sizeof text);
        strncat(whole, "}", 2);
        bool fits = i < SOTTO_JSON_MAX_FIELDS;
        assert_int_equal(parse(&json, whole),
                         fits ? SOTTO_OK : SOTTO_ERR_LIMIT);
        assert_int_equal(json.count, fits ? i + 1 : 0);
    }
}

static void test_json_takes_integers_up_to_the_limit(void **state)
{
    struct sotto_json json;
    uint64_t value = 0;
    (void)state;
    assert_int_equal(parse(&json, "{\"a\":9007199254740991}"), SOTTO_OK);
    assert_int_equal(sotto_json_integer(&json, "a", &value), SOTTO_OK);
    assert_true(value == SOTTO_JSON_MAX_INTEGER);
}

/* ---- Finding ---- */

static void test_json_find_tells_absent_from_another_kind(void **state)
{
    struct sotto_json json;
    char out[8] = "before";
    size_t len = 99;
    uint64_t value = 99;
    bool truth = true;
    (void)state;
    assert_int_equal(parse(&json, "{\"s\":\"1\",\"i\":1,\"b\":false}"),
                     SOTTO_OK);
    assert_int_equal(sotto_json_string(&json, "i", out, 8, &len),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_json_integer(&json, "b", &value), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_json_integer(&json, "s", &value), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_json_bool(&json, "s", &truth), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_json_string(&json, "ss", out, 8, &len),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_json_integer(&json, "", &value),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_json_bool(&json, "S", &truth), SOTTO_ERR_NOT_FOUND);
    assert_string_equal(out, "before");
    assert_int_equal(len, 99);
    assert_int_equal(value, 99);
    assert_true(truth);
}

static void test_json_finds_keys_however_they_are_escaped(void **state)
{
    struct sotto_json json;
    uint64_t value = 0;
    (void)state;
    assert_int_equal(parse(&json, "{\"\\u0061\\\"\":1,\"\\u20ac\":2,"
                                  "\"\\\\u0062\":3}"),
                     SOTTO_OK);
    assert_int_equal(sotto_json_integer(&json, "a\"", &value), SOTTO_OK);
    assert_int_equal(value, 1);
    assert_int_equal(sotto_json_integer(&json, "\xe2\x82\xac", &value),
                     SOTTO_OK);
    assert_int_equal(value, 2);
    assert_int_equal(sotto_json_integer(&json, "\\u0062", &value), SOTTO_OK);
    assert_int_equal(value, 3);
    assert_int_equal(sotto_json_integer(&json, "b", &value),
                     SOTTO_ERR_NOT_FOUND);
}

static void test_json_string_says_when_there_is_no_room(void **state)
{
    struct sotto_json json;
    char out[8] = "before";
    size_t len = 99;
    (void)state;
    assert_int_equal(parse(&json, "{\"a\":\"\\u20ac!\"}"), SOTTO_OK);
    for (size_t cap = 0; cap < 5; cap++) {
        assert_int_equal(sotto_json_string(&json, "a", out, cap, &len),
                         SOTTO_ERR_SPACE);
    }
    assert_string_equal(out, "before");
    assert_int_equal(len, 99);
    assert_int_equal(sotto_json_string(&json, "a", out, 5, &len), SOTTO_OK);
    assert_string_equal(out, "\xe2\x82\xac!");
}

/* ---- Writing ---- */

static void test_json_writes_each_kind(void **state)
{
    struct sotto_json_writer w;
    char out[128];
    size_t len = 0;
    (void)state;
    sotto_json_begin(&w, out, sizeof out);
    sotto_json_add_string(&w, "a", "x", 1);
    sotto_json_add_integer(&w, "n", SOTTO_JSON_MAX_INTEGER);
    sotto_json_add_bool(&w, "t", true);
    sotto_json_add_bool(&w, "f", false);
    sotto_json_add_string(&w, "", NULL, 0);
    assert_int_equal(sotto_json_end(&w, &len), SOTTO_OK);
    assert_string_equal(out, "{\"a\":\"x\",\"n\":9007199254740991,"
                             "\"t\":true,\"f\":false,\"\":\"\"}");
    assert_int_equal(len, strlen(out));
}

static void test_json_writes_an_empty_object(void **state)
{
    struct sotto_json_writer w;
    char out[3];
    size_t len = 0;
    (void)state;
    sotto_json_begin(&w, out, sizeof out);
    assert_int_equal(sotto_json_end(&w, &len), SOTTO_OK);
    assert_string_equal(out, "{}");
    for (size_t cap = 0; cap < 3; cap++) {
        sotto_json_begin(&w, out, cap);
        assert_int_equal(sotto_json_end(&w, &len), SOTTO_ERR_SPACE);
    }
}

/* Writes {"a":value} and expects its string to stand as `expected`. */
static void check_written(const char *value, size_t len, const char *expected)
{
    struct sotto_json_writer w;
    char out[64];
    size_t out_len = 0;
    sotto_json_begin(&w, out, sizeof out);
    sotto_json_add_string(&w, "a", value, len);
    assert_int_equal(sotto_json_end(&w, &out_len), SOTTO_OK);
    assert_int_equal(out_len, 8 + strlen(expected));
    assert_memory_equal(out, "{\"a\":\"", 6);
    assert_memory_equal(out + 6, expected, strlen(expected));
    assert_string_equal(out + 6 + strlen(expected), "\"}");
}

static void test_json_escapes_what_needs_it(void **state)
{
    (void)state;
    check_written("\"\\/\b\f\n\r\t", 8, "\\\"\\\\/\\b\\f\\n\\r\\t");
    check_written("\0\x1f\x1b[", 4, "\\u0000\\u001f\\u001b[");
    check_written("~\x7f\xc2\x9b\xc2\xa0", 6,
                  "~\\u007f\\u009b\xc2\xa0"); /* a terminal's CSI */
    check_written("\xe2\x82\xac\xf0\x9d\x84\x9e", 7,
                  "\xe2\x82\xac\xf0\x9d\x84\x9e");
}

static void test_json_replaces_what_is_not_utf8(void **state)
{
    (void)state;
    check_written("a\xff"
                  "b",
                  3,
                  "a\xef\xbf\xbd"
                  "b");
    check_written("\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd");
    check_written("\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_json_writer_refuses_an_integer_above_the_limit(void **state)
{
    struct sotto_json_writer w;
    char out[64];
    size_t len = 99;
    (void)state;
    sotto_json_begin(&w, out, sizeof out);
    sotto_json_add_integer(&w, "a", SOTTO_JSON_MAX_INTEGER + 1);
    assert_int_equal(sotto_json_end(&w, &len), SOTTO_ERR_SPACE);
    assert_int_equal(len, 99);
}

/* Writes an object with every kind of field and of escape. */
static enum sotto_err write_sample(char *out, size_t cap, size_t *len)
{
    struct sotto_json_writer w;
    sotto_json_begin(&w, out, cap);
    sotto_json_add_string(&w, "a\n", "q\"\xc3\xa9\x01\xff", 6);
    sotto_json_add_integer(&w, "n", 120);
    sotto_json_add_bool(&w, "t", true);
    sotto_json_add_bool(&w, "f", false);
    return sotto_json_end(&w, len);
}

static void test_json_writer_refuses_every_smaller_buffer(void **state)
{
    char sample[80];
    size_t need = 0;
    (void)state;
    assert_int_equal(write_sample(sample, sizeof sample, &need), SOTTO_OK);
    for (size_t cap = 0; cap <= need; cap++) {
        char out[sizeof sample];
        size_t len = 99;
        memset(out, 'Z', sizeof out);
        assert_int_equal(write_sample(out, cap, &len), SOTTO_ERR_SPACE);
        assert_int_equal(len, 99);
        for (size_t i = cap; i < sizeof out; i++) {
            assert_int_equal(out[i], 'Z');
        }
    }
    assert_int_equal(write_sample(sample, need + 1, &need), SOTTO_OK);
}

/* ---- Damage ---- */

/* Expects `text` to be taken, but no prefix of it, nor one byte more. */
static void check_truncations(const char *text, size_t len)
{
    struct sotto_json json;
    assert_int_equal(sotto_json_parse(&json, text, len), SOTTO_OK);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(sotto_json_parse(&json, text, cut), SOTTO_ERR_FORMAT);
    }
    assert_int_equal(sotto_json_parse(&json, text, len + 1), SOTTO_ERR_FORMAT);
}

static void test_json_refuses_every_truncation(void **state)
{
    static const char escapes[] = "{\"\\ud834\\udd1e\":\"\\n\\u0041\xc3\xa9\"}";
    char text[80];
    size_t len = 0;
    (void)state;
    assert_int_equal(write_sample(text, sizeof text, &len), SOTTO_OK);
    check_truncations(text, len);
    check_truncations(escapes, sizeof escapes - 1);
}

/* Writes again what was parsed. */
static size_t write_again(const struct sotto_json *json, char *out, size_t cap)
{
    struct sotto_json_writer w;
    size_t len = 0;
    sotto_json_begin(&w, out, cap);
    for (size_t i = 0; i < json->count; i++) {
        const struct sotto_json_field *field = &json->fields[i];
        struct sotto_json one = {{*field}, 1};
        char key[32];
        char text[32];
        uint64_t number = 0;
        bool truth = false;
        /* The key unescaped: as the value of a field of a known name. */
        one.fields[0].value = field->key;
        one.fields[0].value_len = field->key_len;
        one.fields[0].key = "k";
        one.fields[0].key_len = 1;
        one.fields[0].kind = SOTTO_JSON_STRING;
        assert_int_equal(sotto_json_string(&one, "k", key, sizeof key, &len),
                         SOTTO_OK);
        switch (field->kind) {
        case SOTTO_JSON_STRING:
            assert_int_equal(sotto_json_string(json, key, text, sizeof text,
                                               &len),
                             SOTTO_OK);
            sotto_json_add_string(&w, key, text, len);
            break;
        case SOTTO_JSON_INTEGER:
            assert_int_equal(sotto_json_integer(json, key, &number), SOTTO_OK);
            sotto_json_add_integer(&w, key, number);
            break;
        case SOTTO_JSON_BOOL:
            assert_int_equal(sotto_json_bool(json, key, &truth), SOTTO_OK);
            sotto_json_add_bool(&w, key, truth);
            break;
        }
    }
    assert_int_equal(sotto_json_end(&w, &len), SOTTO_OK);
    return len;
}

/* JSON has several spellings for one string, so that the bytes may differ
 * from the flipped ones; what was understood may not. */
static void test_json_refuses_or_keeps_each_bit_flip(void **state)
{
    char text[80];
    size_t len = 0;
    (void)state;
    assert_int_equal(write_sample(text, sizeof text, &len), SOTTO_OK);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct sotto_json json;
        char once[128];
        char twice[128];
        char was = text[bit / 8];
        text[bit / 8] = (char)(was ^ (1 << bit % 8));
        if (sotto_json_parse(&json, text, len) == SOTTO_OK) {
            size_t again = write_again(&json, once, sizeof once);
            assert_int_equal(sotto_json_parse(&json, once, again), SOTTO_OK);
            assert_int_equal(json.count, 4);
            assert_int_equal(write_again(&json, twice, sizeof twice), again);
            assert_memory_equal(once, twice, again);
        }
        text[bit / 8] = was;
    }
}

int test_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_parses_each_kind),
        cmocka_unit_test(test_json_parses_an_empty_object),
        cmocka_unit_test(test_json_unescapes_strings),
        cmocka_unit_test(test_json_string_may_contain_zero),
        cmocka_unit_test(test_json_refuses_what_is_not_an_object),
        cmocka_unit_test(test_json_refuses_other_values),
        cmocka_unit_test(test_json_refuses_other_strings),
        cmocka_unit_test(test_json_refuses_a_key_twice),
        cmocka_unit_test(test_json_refuses_one_field_too_many),
        cmocka_unit_test(test_json_takes_integers_up_to_the_limit),
        cmocka_unit_test(test_json_find_tells_absent_from_another_kind),
        cmocka_unit_test(test_json_finds_keys_however_they_are_escaped),
        cmocka_unit_test(test_json_string_says_when_there_is_no_room),
        cmocka_unit_test(test_json_writes_each_kind),
        cmocka_unit_test(test_json_writes_an_empty_object),
        cmocka_unit_test(test_json_escapes_what_needs_it),
        cmocka_unit_test(test_json_replaces_what_is_not_utf8),
        cmocka_unit_test(test_json_writer_refuses_an_integer_above_the_limit),
        cmocka_unit_test(test_json_writer_refuses_every_smaller_buffer),
        cmocka_unit_test(test_json_refuses_every_truncation),
        cmocka_unit_test(test_json_refuses_or_keeps_each_bit_flip),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
