/*
 * json_write.c - the writing half of json.h.
 */
#include "core/base/json.h"

#include "core/base/text.h"
#include <string.h>

/* Adds `len` bytes, at least one, and leaves room for the final zero. */
static void put(struct sotto_json_writer *w, const char *in, size_t len)
{
    if (w->bad || len >= w->cap - w->len) {
        w->bad = true;
        return;
    }
    memcpy(w->out + w->len, in, len);
    w->len += len;
}

/* The letter of a code point that has an escape of its own, else 0. */
static char escape_letter(uint32_t code)
{
    switch (code) {
    case '"':
    case '\\':
        return (char)code;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* One code point, `len` bytes at `in`. */
static void put_code(struct sotto_json_writer *w, uint32_t code, const char *in,
                     size_t len)
{
    char letter = escape_letter(code);
    if (letter != 0) {
        const char escape[2] = {'\\', letter};
        put(w, escape, sizeof escape);
    } else if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) {
        const uint8_t byte = (uint8_t)code;
        char escape[7] = "\\u00";
        sotto_hex_encode(&byte, 1, escape + 4);
        put(w, escape, 6);
    } else {
        put(w, in, len);
    }
}

static void put_string(struct sotto_json_writer *w, const char *in, size_t len)
{
    put(w, "\"", 1);
    for (size_t at = 0; at < len && !w->bad;) {
        uint32_t code;
        size_t count =
            sotto_utf8_decode((const uint8_t *)in + at, len - at, &code);
        if (count > 0) {
            put_code(w, code, in + at, count);
            at += count;
        } else {
            put(w, "\xef\xbf\xbd", 3); /* U+FFFD for one byte */
            at++;
        }
    }
    put(w, "\"", 1);
}

static void put_key(struct sotto_json_writer *w, const char *key)
{
    if (!w->first) {
        put(w, ",", 1);
    }
    w->first = false;
    put_string(w, key, strlen(key));
    put(w, ":", 1);
}

void sotto_json_begin(struct sotto_json_writer *w, char *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->len = 0;
    w->first = true;
    w->bad = false;
    put(w, "{", 1);
}

void sotto_json_add_string(struct sotto_json_writer *w, const char *key,
                           const char *value, size_t len)
{
    put_key(w, key);
    put_string(w, value, len);
}

void sotto_json_add_integer(struct sotto_json_writer *w, const char *key,
                            uint64_t value)
{
    char digits[21];
    size_t len = sotto_decimal_encode(value, digits);
    if (value > SOTTO_JSON_MAX_INTEGER) {
        w->bad = true;
    }
    put_key(w, key);
    put(w, digits, len);
}

void sotto_json_add_bool(struct sotto_json_writer *w, const char *key,
                         bool value)
{
    put_key(w, key);
    if (value) {
        put(w, "true", 4);
    } else {
        put(w, "false", 5);
    }
}

enum sotto_err sotto_json_end(struct sotto_json_writer *w, size_t *len)
{
    put(w, "}", 1);
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    w->out[w->len] = '\0';
    *len = w->len;
    return SOTTO_OK;
}
