#include "apps/sotto/time_text.h"
#include "tests/unit/test.h"
#include <string.h>

static void test_time_text_knows_the_calendar(void **state)
{
    (void)state;
    static const struct {
        uint64_t wall_s;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {951782399, "2000-02-28T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {951868800, "2000-03-01T00:00:00Z"},
        {1735689599, "2024-12-31T23:59:59Z"},
        {1769851800, "2026-01-31T09:30:00Z"},
        {4107542400, "2100-03-01T00:00:00Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        char text[TIME_TEXT];
        uint64_t back = 1;
        time_text(cases[at].wall_s, text);
        assert_string_equal(text, cases[at].text);
        assert_int_equal(time_text_parse(text, strlen(text), &back), SOTTO_OK);
        assert_int_equal(back, cases[at].wall_s);
    }
    char text[TIME_TEXT];
    time_text(UINT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void test_time_text_refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00z",
        "2026-01-31 09:30:00Z",
        "2026-01-31T09:30:00ZZ",
        "2026-1-31T09:30:00ZZ",
        "1969-12-31T23:59:59Z",
        "2026-00-31T09:30:00Z",
        "2026-13-31T09:30:00Z",
        "2026-01-00T09:30:00Z",
        "2026-01-32T09:30:00Z",
        "2026-02-29T09:30:00Z",
        "2026-01-31T24:30:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:30:60Z",
        "2026-01-31T09:30:-1Z",
    };
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        uint64_t wall_s = 77;
        assert_int_equal(time_text_parse(bad[at], strlen(bad[at]), &wall_s),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(wall_s, 77);
    }
}

int test_time_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_text_knows_the_calendar),
        cmocka_unit_test(test_time_text_refuses_what_is_no_time),
    };
    return cmocka_run_group_tests_name("time_text", tests, NULL, NULL);
}
