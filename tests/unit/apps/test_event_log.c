#include "apps/sotto/log.h"
#include "tests/unit/test.h"
#include <sotto/env.h>
#include <string.h>

struct sink {
    char text[2 * LOG_LINE_MAX];
    size_t lines;
    uint64_t wall_s;
    uint64_t uptime_ms;
};

static void take_line(void *ctx, const char *line, size_t len)
{
    struct sink *sink = ctx;
    assert_true(len > 0 && len <= LOG_LINE_MAX);
    assert_int_equal(line[len - 1], '\n');
    memcpy(sink->text, line, len);
    sink->text[len] = '\0';
    sink->lines++;
}

static void give_time(void *ctx, uint64_t *wall_s, uint64_t *uptime_ms)
{
    const struct sink *sink = ctx;
    *wall_s = sink->wall_s;
    *uptime_ms = sink->uptime_ms;
}

static struct log make_log(struct sink *sink)
{
    memset(sink, 0, sizeof *sink);
    return (struct log){.threshold = LOG_INFO,
                        .ctx = sink,
                        .sink = take_line,
                        .now = give_time};
}

static void test_event_log_writes_a_line(void **state)
{
    (void)state;
    struct sink sink;
    struct log log = make_log(&sink);
    log_event(&log, LOG_INFO, "server", "listening",
              LOG_FIELDS(log_text("address", "[::]:7688"),
                         log_number("limit", 1024),
                         log_err("err", SOTTO_ERR_BUSY)));
    assert_string_equal(
        sink.text,
        "info server listening address=[::]:7688 limit=1024 err=BUSY\n");
    log_event(&log, LOG_ERROR, "hub", "stopped", LOG_NO_FIELDS);
    assert_string_equal(sink.text, "error hub stopped\n");
}

static void test_event_log_drops_what_is_below_the_threshold(void **state)
{
    (void)state;
    struct sink sink;
    struct log log = make_log(&sink);
    log_event(&log, LOG_DEBUG, "hub", "tick", LOG_NO_FIELDS);
    assert_int_equal(sink.lines, 0);
    assert_false(log_wants(&log, LOG_DEBUG));
    assert_true(log_wants(&log, LOG_WARN));
    log.threshold = LOG_ERROR;
    log_event(&log, LOG_WARN, "hub", "slow", LOG_NO_FIELDS);
    assert_int_equal(sink.lines, 0);
}

static void test_event_log_shows_the_time(void **state)
{
    (void)state;
    struct sink sink;
    struct log log = make_log(&sink);
    log.with_time = true;
    sink.wall_s = 1769851800;
    log_event(&log, LOG_WARN, "m", "e", LOG_NO_FIELDS);
    assert_string_equal(sink.text, "2026-01-31T09:30:00Z warn m e\n");
    sink.wall_s = SOTTO_TIME_UNKNOWN;
    sink.uptime_ms = 12045;
    log_event(&log, LOG_WARN, "m", "e", LOG_NO_FIELDS);
    assert_string_equal(sink.text, "+12.045 warn m e\n");
}

static void assert_value(const char *value, size_t len, const char *expected)
{
    struct sink sink;
    struct log log = make_log(&sink);
    char line[256] = "info m e k=";
    log_event(&log, LOG_INFO, "m", "e", LOG_FIELDS(log_span("k", value, len)));
    strcat(line, expected);
    strcat(line, "\n");
    assert_string_equal(sink.text, line);
}

#define ASSERT_VALUE(value, expected)                                          \
    assert_value(value, sizeof(value) - 1, expected)

static void test_event_log_quotes_values(void **state)
{
    (void)state;
    ASSERT_VALUE("plain", "plain");
    ASSERT_VALUE("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
    ASSERT_VALUE("", "\"\"");
    ASSERT_VALUE("two words", "\"two words\"");
    ASSERT_VALUE("a=b", "\"a=b\"");
    ASSERT_VALUE("a\"b\\c", "\"a\\\"b\\\\c\"");
    ASSERT_VALUE("a\nb\r\tc", "\"a\\nb\\r\\tc\"");
    ASSERT_VALUE("\x1b[2J\x7f", "\"\\x1b[2J\\x7f\"");
    ASSERT_VALUE("a\0b", "\"a\\x00b\"");
    ASSERT_VALUE("\xff\xc3", "\"\\xff\\xc3\"");
    ASSERT_VALUE("\xc2\x85", "\"\\u{85}\"");
    ASSERT_VALUE("\xe2\x80\xae", "\"\\u{202e}\"");
    ASSERT_VALUE("\xf3\xa0\x81\x81", "\"\\u{e0041}\"");
    assert_value(NULL, 0, "\"\"");
}

static void test_event_log_cuts_long_lines(void **state)
{
    (void)state;
    struct sink sink;
    struct log log = make_log(&sink);
    char value[2 * LOG_LINE_MAX];
    memset(value, 'x', sizeof value);
    log_event(&log, LOG_INFO, "m", "e",
              LOG_FIELDS(log_span("k", value, sizeof value),
                         log_number("lost", 1)));
    assert_int_equal(sink.lines, 1);
    size_t len = strlen(sink.text);
    assert_true(len > LOG_LINE_MAX - 8);
    assert_string_equal(sink.text + len - 5, "x...\n");
}

int test_event_log(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_log_writes_a_line),
        cmocka_unit_test(test_event_log_drops_what_is_below_the_threshold),
        cmocka_unit_test(test_event_log_shows_the_time),
        cmocka_unit_test(test_event_log_quotes_values),
        cmocka_unit_test(test_event_log_cuts_long_lines),
    };
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
