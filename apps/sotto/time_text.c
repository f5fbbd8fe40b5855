/*
 * time_text.c - see time_text.h. Years are counted one by one from 1970: at
 * most 8,030 steps, and no arithmetic that needs a proof.
 */
#include "apps/sotto/time_text.h"
#include <stdbool.h>
#include <string.h>

#define DAY_S  86400U
#define LAST_S 253402300799U /* 9999-12-31T23:59:59Z */

static bool is_leap(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint64_t year_days(uint64_t year)
{
    return is_leap(year) ? 366 : 365;
}

/* `month` from 1 to 12. */
static uint64_t month_days(uint64_t year, uint64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* Writes `count` digits to `out`. */
static void put(char *out, uint64_t number, size_t count)
{
    for (size_t at = count; at > 0; at--) {
        out[at - 1] = (char)('0' + (int)(number % 10));
        number /= 10;
    }
}

void time_text(uint64_t wall_s, char out[static TIME_TEXT])
{
    static const char form[TIME_TEXT] = "0000-00-00T00:00:00Z";
    uint64_t time_s = wall_s < LAST_S ? wall_s : LAST_S;
    uint64_t days = time_s / DAY_S;
    uint64_t seconds = time_s % DAY_S;
    uint64_t year = 1970;
    uint64_t month = 1;
    while (days >= year_days(year)) {
        days -= year_days(year++);
    }
    while (days >= month_days(year, month)) {
        days -= month_days(year, month++);
    }
    memcpy(out, form, TIME_TEXT);
    put(out, year, 4);
    put(out + 5, month, 2);
    put(out + 8, days + 1, 2);
    put(out + 11, seconds / 3600, 2);
    put(out + 14, seconds / 60 % 60, 2);
    put(out + 17, seconds % 60, 2);
}

/* The value of `count` digits. */
static uint64_t get(const char *in, size_t count)
{
    uint64_t value = 0;
    for (size_t at = 0; at < count; at++) {
        value = value * 10 + (uint64_t)(in[at] - '0');
    }
    return value;
}

/* Digits where the form has zeros, and the form's own character elsewhere. */
static bool has_form(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    if (len != sizeof form - 1) {
        return false;
    }
    for (size_t at = 0; at < len; at++) {
        bool is_digit = text[at] >= '0' && text[at] <= '9';
        if (form[at] == '0' ? !is_digit : text[at] != form[at]) {
            return false;
        }
    }
    return true;
}

enum sotto_err time_text_parse(const char *text, size_t len, uint64_t *wall_s)
{
    if (!has_form(text, len)) {
        return SOTTO_ERR_FORMAT;
    }
    uint64_t year = get(text, 4);
    uint64_t month = get(text + 5, 2);
    uint64_t day = get(text + 8, 2);
    uint64_t hour = get(text + 11, 2);
    uint64_t minute = get(text + 14, 2);
    uint64_t second = get(text + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month) || hour > 23 || minute > 59 ||
        second > 59) {
        return SOTTO_ERR_FORMAT;
    }
    uint64_t days = day - 1;
    for (uint64_t at = 1970; at < year; at++) {
        days += year_days(at);
    }
    for (uint64_t at = 1; at < month; at++) {
        days += month_days(year, at);
    }
    *wall_s = days * DAY_S + hour * 3600 + minute * 60 + second;
    return SOTTO_OK;
}
