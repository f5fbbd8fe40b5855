/*
 * options_value.c - from the text of one value to the caller's struct, and the
 * search for what a person probably meant.
 */
#include "apps/sotto/options.h"
#include <string.h>

/* ---- suggestions ------------------------------------------------------ */

#define NEAREST_MAX 40 /* longer names are never suggested */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Two letters that stand the other way round in `b`; `i` and `j` count. */
static bool is_swap(const char *a, size_t i, const char *b, size_t j)
{
    return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
}

/*
 * How many letters must be added, left out, replaced or swapped with their
 * neighbour to make `b` of `a` (optimal string alignment), row by row.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = a[i - 1] == b[j - 1];
            row[j] = smaller(above[j - 1] + (same ? 0 : 1),
                             smaller(above[j], row[j - 1]) + 1);
            row[j] = is_swap(a, i, b, j) ? smaller(row[j], two_above[j - 2] + 1)
                                         : row[j];
        }
    }
    return rows[a_len % 3][b_len];
}

const char *options_nearest(const char *typed, const char *const *first,
                            size_t stride, size_t count)
{
    size_t typed_len = strlen(typed);
    size_t limit = typed_len < 4 ? 1 : typed_len / 3 + 1;
    const char *best = NULL;
    size_t best_distance = limit + 1;
    if (typed_len == 0 || typed_len > NEAREST_MAX) {
        return NULL;
    }
    for (size_t at = 0; at < count; at++) {
        /* The names stand `stride` bytes apart, in structs of the caller's. */
        const char *name =
            *(const char *const *)(const void *)((const char *)first +
                                                 at * stride);
        size_t len = strlen(name);
        if (len == 0 || len > NEAREST_MAX) {
            continue;
        }
        /* The beginning of a name is as good as one wrong letter, its first
         * word as good as the name. */
        size_t d = distance(typed, typed_len, name, len);
        if (typed_len >= 2 && strncmp(name, typed, typed_len) == 0) {
            d = name[typed_len] == '-' ? 0 : smaller(d, 1);
        }
        if (d < best_distance && d < len) {
            best_distance = d;
            best = name;
        }
    }
    return best;
}

/* ---- what is wrong with a value --------------------------------------- */

/* The value in quotes, cut when long, without anything that is not text. */
static void add_quoted(struct textbuf *why, const char *value)
{
    size_t len = strlen(value);
    size_t shown = len > 60 ? 57 : len;
    while (shown > 0 && shown < len &&
           ((unsigned char)value[shown] & 0xc0U) == 0x80U) {
        shown--;
    }
    textbuf_add_char(why, '\'');
    for (size_t at = 0; at < shown; at++) {
        unsigned char c = (unsigned char)value[at];
        textbuf_add_char(why, c < 0x20 || c == 0x7f ? '?' : value[at]);
    }
    textbuf_add(why, shown < len ? "...'" : "'");
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* The smallest first; the first is also what a bare 0 is shown with. */
static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};
static const struct unit size_units[] = {
    {"", 1},
    {"K", 1024},
    {"M", 1024UL * 1024},
    {"G", 1024UL * 1024 * 1024},
};
#define TIME_UNITS (sizeof time_units / sizeof time_units[0])
#define SIZE_UNITS (sizeof size_units / sizeof size_units[0])

/* With the largest unit that leaves a whole number. */
static void add_with_unit(struct textbuf *why, uint64_t number,
                          const struct unit *units, size_t count)
{
    size_t at = count - 1;
    while (at > 0 && (number == 0 || number % units[at].factor != 0)) {
        at--;
    }
    textbuf_add_number(why, number / units[at].factor);
    textbuf_add(why, units[at].name);
}

static void explain_range(const struct option *option, const char *what,
                          const struct unit *units, size_t count,
                          const char *value, struct textbuf *why)
{
    textbuf_add_all(why, " needs ", what, NULL);
    if (option->max != UINT64_MAX) {
        textbuf_add(why, " from ");
        add_with_unit(why, option->min, units, count);
        textbuf_add(why, " to ");
        add_with_unit(why, option->max, units, count);
    } else if (option->min > 0) {
        textbuf_add(why, " of at least ");
        add_with_unit(why, option->min, units, count);
    }
    textbuf_add(why, ", not ");
    add_quoted(why, value);
}

static void explain_choice(const struct option *option, const char *value,
                           struct textbuf *why)
{
    textbuf_add(why, " needs one of ");
    for (size_t at = 0; option->choices[at] != NULL; at++) {
        textbuf_add_all(why, at > 0 ? ", " : "", option->choices[at], NULL);
    }
    textbuf_add(why, ", not ");
    add_quoted(why, value);
}

/* ---- reading ---------------------------------------------------------- */

/* Digits only; `*end` is what follows them. False without digits, or beyond
 * 64 bits. */
static bool read_digits(const char *text, uint64_t *number, const char **end)
{
    uint64_t value = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        at++;
    }
    *number = value;
    *end = at;
    return at != text;
}

/* A number and one of the units. */
static bool read_with_unit(const struct option *option, const char *text,
                           const struct unit *units, size_t count,
                           uint64_t *number)
{
    uint64_t value = 0;
    const char *unit = NULL;
    if (!read_digits(text, &value, &unit)) {
        return false;
    }
    size_t at = 0;
    while (at < count && strcmp(unit, units[at].name) != 0) {
        at++;
    }
    if (at == count || value > UINT64_MAX / units[at].factor) {
        return false;
    }
    *number = value * units[at].factor;
    return *number >= option->min && *number <= option->max;
}

static bool read_flag(const char *text, bool *flag)
{
    static const char *const yes[] = {"yes", "true", "on"};
    static const char *const no[] = {"no", "false", "off"};
    for (size_t at = 0; at < 3; at++) {
        if (strcmp(text, yes[at]) == 0 || strcmp(text, no[at]) == 0) {
            *flag = strcmp(text, yes[at]) == 0;
            return true;
        }
    }
    return false;
}

static bool read_choice(const struct option *option, const char *text,
                        unsigned *choice)
{
    for (unsigned at = 0; option->choices[at] != NULL; at++) {
        if (strcmp(text, option->choices[at]) == 0) {
            *choice = at;
            return true;
        }
    }
    return false;
}

/* ---- storing ---------------------------------------------------------- */

static void put(const struct option *option, void *values, const void *value,
                size_t len)
{
    if (values != NULL) {
        memcpy((char *)values + option->offset, value, len);
    }
}

static bool store_text(const struct option *option, const char *value,
                       void *values, struct textbuf *why)
{
    const char *reason = option->check != NULL ? option->check(value) : NULL;
    if (reason != NULL) {
        textbuf_add(why, ": ");
        add_quoted(why, value);
        textbuf_add_all(why, " ", reason, NULL);
        return false;
    }
    if (option->kind == OPTION_TEXT) {
        put(option, values, &value, sizeof value);
        return true;
    }
    if (values == NULL) {
        return true;
    }
    struct option_list list;
    memcpy(&list, (char *)values + option->offset, sizeof list);
    if (list.count == OPTIONS_LIST_MAX) {
        textbuf_add(why, " may be given at most ");
        textbuf_add_number(why, OPTIONS_LIST_MAX);
        textbuf_add(why, " times");
        return false;
    }
    list.items[list.count++] = value;
    put(option, values, &list, sizeof list);
    return true;
}

static bool store_number(const struct option *option, const char *value,
                         void *values, struct textbuf *why)
{
    const char *what = "a number";
    const struct unit *units = size_units;
    size_t count = 1; /* no suffix */
    uint64_t number = 0;
    if (option->kind == OPTION_DURATION) {
        what = "a time (such as 250ms, 30s, 5m, 2h, 7d)";
        units = time_units;
        count = TIME_UNITS;
    } else if (option->kind == OPTION_SIZE) {
        what = "a size (such as 512, 64K, 16M, 1G)";
        count = SIZE_UNITS;
    }
    if (!read_with_unit(option, value, units, count, &number)) {
        explain_range(option, what, units, count, value, why);
        return false;
    }
    put(option, values, &number, sizeof number);
    return true;
}

static bool store_port(const struct option *option, const char *value,
                       void *values, struct textbuf *why)
{
    uint64_t number = 0;
    const char *end = NULL;
    if (!read_digits(value, &number, &end) || *end != '\0' || number == 0 ||
        number > UINT16_MAX) {
        textbuf_add(why, " needs a port from 1 to 65535, not ");
        add_quoted(why, value);
        return false;
    }
    uint16_t port = (uint16_t)number;
    put(option, values, &port, sizeof port);
    return true;
}

static bool store_flag(const struct option *option, const char *value,
                       void *values, struct textbuf *why)
{
    bool flag = false;
    if (!read_flag(value, &flag)) {
        textbuf_add(why, " needs yes or no, not ");
        add_quoted(why, value);
        return false;
    }
    put(option, values, &flag, sizeof flag);
    return true;
}

static bool store_choice(const struct option *option, const char *value,
                         void *values, struct textbuf *why)
{
    unsigned choice = 0;
    if (!read_choice(option, value, &choice)) {
        explain_choice(option, value, why);
        return false;
    }
    put(option, values, &choice, sizeof choice);
    return true;
}

bool options_store(const struct option *option, const char *value, void *values,
                   struct textbuf *why)
{
    if (value[0] == '\0') {
        textbuf_add(why, " needs a value");
        return false;
    }
    switch (option->kind) {
    case OPTION_FLAG:
        return store_flag(option, value, values, why);
    case OPTION_TEXT:
    case OPTION_LIST:
        return store_text(option, value, values, why);
    case OPTION_NUMBER:
    case OPTION_DURATION:
    case OPTION_SIZE:
        return store_number(option, value, values, why);
    case OPTION_PORT:
        return store_port(option, value, values, why);
    case OPTION_CHOICE:
        return store_choice(option, value, values, why);
    }
    return false;
}
