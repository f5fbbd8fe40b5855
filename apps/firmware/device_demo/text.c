#include "apps/firmware/device_demo/text.h"

#include <string.h>

#define TENTHS_MAX 10000

static void add_bytes(struct text *text, const void *bytes, size_t len)
{
    const size_t room = TEXT_MAX - text->len;
    const size_t count = len < room ? len : room;
    memcpy(text->at + text->len, bytes, count);
    text->len += count;
    text->at[text->len] = '\0';
}

void text_begin(struct text *text, const char *words)
{
    text->len = 0;
    text_add(text, words);
}

void text_add(struct text *text, const char *words)
{
    add_bytes(text, words, strlen(words));
}

void text_add_span(struct text *text, struct sotto_span span)
{
    if (span.len > 0) {
        add_bytes(text, span.at, span.len);
    }
}

void text_add_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_tenths(struct text *text, int32_t tenths)
{
    const bool is_below = tenths < 0;
    const uint32_t value = (uint32_t)(is_below ? -tenths : tenths);
    text_add(text, is_below ? "-" : "");
    text_add_number(text, value / 10);
    text_add(text, ".");
    text_add_number(text, value % 10);
}

struct sotto_span text_next_word(struct sotto_span *line)
{
    size_t from = 0;
    while (from < line->len && line->at[from] == ' ') {
        from++;
    }
    size_t to = from;
    while (to < line->len && line->at[to] != ' ') {
        to++;
    }
    const struct sotto_span word = {line->at + from, to - from};
    *line = (struct sotto_span){line->at + to, line->len - to};
    return word;
}

bool text_is(struct sotto_span span, const char *words)
{
    return span.len == strlen(words) && memcmp(span.at, words, span.len) == 0;
}

bool text_read_tenths(struct sotto_span span, int32_t *tenths)
{
    const bool is_below = span.len > 0 && span.at[0] == '-';
    size_t at = is_below;
    size_t digits = 0;
    int32_t value = 0;
    for (; at < span.len && span.at[at] >= '0' && span.at[at] <= '9'; at++) {
        value = value * 10 + (span.at[at] - '0');
        digits++;
        if (value > TENTHS_MAX) {
            return false;
        }
    }
    value *= 10;
    if (span.len - at == 2 && span.at[at] == '.' && span.at[at + 1] >= '0' &&
        span.at[at + 1] <= '9') {
        value += span.at[at + 1] - '0';
        at += 2;
    }
    if (digits == 0 || at != span.len || value > TENTHS_MAX) {
        return false;
    }
    *tenths = is_below ? -value : value;
    return true;
}
