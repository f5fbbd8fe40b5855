/*
 * log.c - see log.h.
 */
#include "apps/sotto/log.h"
#include "apps/sotto/capacity.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/time_text.h"
#include "apps/sotto/unicode.h"
#include "core/base/text.h"
#include <sotto/env.h>
#include <string.h>

const char *const log_level_names[] = {"error", "warn", "info", "debug", NULL};

struct log_field log_span(const char *key, const char *text, size_t len)
{
    return (struct log_field){.key = key,
                              .kind = LOG_KIND_TEXT,
                              .text = text,
                              .text_len = len};
}

struct log_field log_text(const char *key, const char *text)
{
    return log_span(key, text, text != NULL ? strlen(text) : 0);
}

struct log_field log_number(const char *key, uint64_t number)
{
    return (struct log_field){.key = key,
                              .kind = LOG_KIND_NUMBER,
                              .number = number};
}

struct log_field log_err(const char *key, enum sotto_err err)
{
    return log_text(key, sotto_err_name(err));
}

bool log_wants(const struct log *log, enum log_level level)
{
    return level <= log->threshold;
}

/* ---- time ------------------------------------------------------------- */

/* Milliseconds as seconds: "12.345". */
static void add_seconds(struct textbuf *line, uint64_t ms)
{
    static const char zeros[] = "000";
    char digits[21];
    size_t len = sotto_decimal_encode(ms, digits);
    size_t whole = len > 3 ? len - 3 : 0;
    textbuf_add_bytes(line, whole > 0 ? digits : "0", whole > 0 ? whole : 1);
    textbuf_add_char(line, '.');
    textbuf_add_bytes(line, zeros, 3 - (len - whole));
    textbuf_add_bytes(line, digits + whole, len - whole);
}

static void add_time(const struct log *log, struct textbuf *line)
{
    uint64_t wall_s = SOTTO_TIME_UNKNOWN;
    uint64_t uptime_ms = 0;
    char text[TIME_TEXT];
    log->now(log->ctx, &wall_s, &uptime_ms);
    if (SYSTEM_HAS_CLOCK && wall_s != SOTTO_TIME_UNKNOWN) {
        time_text(wall_s, text);
        textbuf_add(line, text);
    } else {
        textbuf_add_char(line, '+');
        add_seconds(line, uptime_ms);
    }
    textbuf_add_char(line, ' ');
}

/* ---- values ----------------------------------------------------------- */

/* Decodes one code point; 0 for a byte that is not valid. */
static size_t decode(const char *text, size_t len, uint32_t *code)
{
    return sotto_utf8_decode((const uint8_t *)text, len, code);
}

/* True when the value can stand without quotes. */
static bool is_plain(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t count = decode(text + at, len - at, &code);
        if (count == 0 || code == ' ' || code == '"' || code == '=' ||
            code == '\\' || unicode_is_control(code)) {
            return false;
        }
        at += count;
    }
    return len > 0;
}

/* \n \r \t, \xNN for a byte, \u{N} for a code point beyond. */
static void add_escape(struct textbuf *line, uint32_t code, bool is_byte)
{
    static const char digits[] = "0123456789abcdef";
    if (code == '\n' || code == '\r' || code == '\t') {
        textbuf_add(line, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
        return;
    }
    bool is_short = is_byte || code < 0x80;
    textbuf_add(line, is_short ? "\\x" : "\\u{");
    uint32_t shift = is_short ? 4 : 20;
    while (!is_short && shift > 4 && code >> shift == 0) {
        shift -= 4; /* no leading zeros */
    }
    for (uint32_t left = shift / 4 + 1; left > 0; left--) {
        textbuf_add_char(line, digits[code >> (4 * (left - 1)) & 15U]);
    }
    textbuf_add(line, is_short ? "" : "}");
}

static void add_quoted(struct textbuf *line, const char *text, size_t len)
{
    textbuf_add_char(line, '"');
    for (size_t at = 0; at < len && !line->cut;) {
        uint32_t code = 0;
        size_t count = decode(text + at, len - at, &code);
        if (count == 0) {
            add_escape(line, (unsigned char)text[at], true);
            count = 1;
        } else if (unicode_is_control(code)) {
            add_escape(line, code, false);
        } else {
            textbuf_add(line, code == '"' || code == '\\' ? "\\" : "");
            textbuf_add_bytes(line, text + at, count);
        }
        at += count;
    }
    textbuf_add_char(line, '"');
}

static void add_field(struct textbuf *line, const struct log_field *field)
{
    textbuf_add_all(line, " ", field->key, "=", NULL);
    if (field->kind == LOG_KIND_NUMBER) {
        textbuf_add_number(line, field->number);
    } else if (is_plain(field->text, field->text_len)) {
        textbuf_add_bytes(line, field->text, field->text_len);
    } else {
        add_quoted(line, field->text, field->text_len);
    }
}

/* ---- lines ------------------------------------------------------------ */

void log_event(const struct log *log, enum log_level level, const char *module,
               const char *event, const struct log_field *fields, size_t count)
{
    char buffer[LOG_LINE_MAX];
    struct textbuf line;
    if (!log_wants(log, level)) {
        return;
    }
    /* Room for the end of a line that is cut: "...", newline. */
    textbuf_init(&line, buffer, sizeof buffer - 4);
    if (log->with_time) {
        add_time(log, &line);
    }
    textbuf_add_all(&line, log_level_names[level], " ", module, " ", event,
                    NULL);
    for (size_t at = 0; at < count; at++) {
        add_field(&line, &fields[at]);
    }
    struct textbuf end;
    textbuf_init(&end, buffer + line.len, sizeof buffer - line.len);
    textbuf_add(&end, line.cut ? "...\n" : "\n");
    log->sink(log->ctx, buffer, line.len + end.len);
}
