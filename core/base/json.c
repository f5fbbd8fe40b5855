/*
 * json.c - the reading half of json.h.
 *
 * The parser checks everything once and keeps where each raw value stands;
 * the finders unescape. Both go through next_code(), so that they cannot
 * disagree about what a string says.
 */
#include "core/base/json.h"

#include "core/base/text.h"
#include <string.h>

/* What is left of the input. */
struct cursor {
    const char *at;
    size_t left;
};

/* ---- Strings ---- */

static void skip(struct cursor *c, size_t len)
{
    c->at += len;
    c->left -= len;
}

/* The four hex digits of a \u escape, after the u. */
static bool next_hex4(struct cursor *c, uint32_t *unit)
{
    uint8_t bytes[2];
    if (c->left < 4 || sotto_hex_decode(c->at, 4, bytes, 2) != SOTTO_OK) {
        return false;
    }
    *unit = (uint32_t)bytes[0] << 8 | bytes[1];
    skip(c, 4);
    return true;
}

/* A \u escape after the u, or two that are a surrogate pair. */
static bool next_unicode_escape(struct cursor *c, uint32_t *code)
{
    uint32_t high;
    uint32_t low;
    if (!next_hex4(c, &high) || (high >= 0xdc00 && high <= 0xdfff)) {
        return false;
    }
    if (high < 0xd800 || high > 0xdfff) {
        *code = high;
        return true;
    }
    if (c->left < 2 || c->at[0] != '\\' || c->at[1] != 'u') {
        return false;
    }
    skip(c, 2);
    if (!next_hex4(c, &low) || low < 0xdc00 || low > 0xdfff) {
        return false;
    }
    *code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* An escape after its backslash. */
static bool next_escape(struct cursor *c, uint32_t *code)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";

    if (c->left == 0) {
        return false;
    }
    char name = *c->at;
    skip(c, 1);
    if (name == 'u') {
        return next_unicode_escape(c, code);
    }
    const char *found = memchr(names, name, sizeof names - 1);
    if (found == NULL) {
        return false;
    }
    *code = (uint8_t)meanings[found - names];
    return true;
}

/* One code point of a raw string; false at its end, at a quote, and at what
 * no string may contain: the cursor then stays where it is. */
static bool next_code(struct cursor *c, uint32_t *code)
{
    if (c->left == 0 || *c->at == '"') {
        return false;
    }
    if (*c->at == '\\') {
        struct cursor after = {c->at + 1, c->left - 1};
        if (!next_escape(&after, code)) {
            return false;
        }
        *c = after;
        return true;
    }
    size_t len = sotto_utf8_decode((const uint8_t *)c->at, c->left, code);
    if (len == 0 || *code < 0x20) {
        return false;
    }
    skip(c, len);
    return true;
}

/* ---- Parsing ---- */

static void skip_space(struct cursor *c)
{
    while (c->left > 0 && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' ||
                           *c->at == '\r')) {
        skip(c, 1);
    }
}

/* Steps over `text` if it is next. */
static bool take(struct cursor *c, const char *text)
{
    size_t len = strlen(text);
    if (c->left < len || memcmp(c->at, text, len) != 0) {
        return false;
    }
    skip(c, len);
    return true;
}

/* A string with its quotes; gives what is between them. */
static bool take_string(struct cursor *c, const char **raw, size_t *len)
{
    uint32_t code;
    if (!take(c, "\"")) {
        return false;
    }
    const char *start = c->at;
    while (next_code(c, &code)) {
        /* only checked here; unescaped when asked for */
    }
    *raw = start;
    *len = (size_t)(c->at - start);
    return take(c, "\"");
}

static bool take_integer(struct cursor *c)
{
    const char *start = c->at;
    uint64_t value;
    while (c->left > 0 && *c->at >= '0' && *c->at <= '9') {
        skip(c, 1);
    }
    return sotto_decimal_decode(start, (size_t)(c->at - start),
                                SOTTO_JSON_MAX_INTEGER, &value) == SOTTO_OK;
}

static bool take_value(struct cursor *c, struct sotto_json_field *field)
{
    if (c->left > 0 && *c->at == '"') {
        field->kind = SOTTO_JSON_STRING;
        return take_string(c, &field->value, &field->value_len);
    }
    const char *start = c->at;
    if (take(c, "true") || take(c, "false")) {
        field->kind = SOTTO_JSON_BOOL;
    } else if (take_integer(c)) {
        field->kind = SOTTO_JSON_INTEGER;
    } else {
        return false;
    }
    field->value = start;
    field->value_len = (size_t)(c->at - start);
    return true;
}

/* Whether two raw keys say the same; they may be escaped differently. */
static bool same_key(const struct sotto_json_field *a,
                     const struct sotto_json_field *b)
{
    struct cursor x = {a->key, a->key_len};
    struct cursor y = {b->key, b->key_len};
    while (x.left > 0 && y.left > 0) {
        uint32_t code_x;
        uint32_t code_y;
        if (!next_code(&x, &code_x) || !next_code(&y, &code_y) ||
            code_x != code_y) {
            return false;
        }
    }
    return x.left == 0 && y.left == 0;
}

static bool is_key_taken(const struct sotto_json *json,
                         const struct sotto_json_field *field)
{
    for (size_t i = 0; i < json->count; i++) {
        if (same_key(&json->fields[i], field)) {
            return true;
        }
    }
    return false;
}

/* "key" : value, with the white space around it. */
static enum sotto_err take_field(struct sotto_json *json, struct cursor *c)
{
    if (json->count == SOTTO_JSON_MAX_FIELDS) {
        return SOTTO_ERR_LIMIT;
    }
    struct sotto_json_field *field = &json->fields[json->count];
    skip_space(c);
    if (!take_string(c, &field->key, &field->key_len)) {
        return SOTTO_ERR_FORMAT;
    }
    skip_space(c);
    if (!take(c, ":")) {
        return SOTTO_ERR_FORMAT;
    }
    skip_space(c);
    if (!take_value(c, field) || is_key_taken(json, field)) {
        return SOTTO_ERR_FORMAT;
    }
    skip_space(c);
    json->count++;
    return SOTTO_OK;
}

/* { fields }, with the white space around it. */
static enum sotto_err take_object(struct sotto_json *json, struct cursor *c)
{
    skip_space(c);
    if (!take(c, "{")) {
        return SOTTO_ERR_FORMAT;
    }
    skip_space(c);
    bool closed = take(c, "}");
    while (!closed) {
        enum sotto_err err = take_field(json, c);
        if (err != SOTTO_OK) {
            return err;
        }
        closed = take(c, "}");
        if (!closed && !take(c, ",")) {
            return SOTTO_ERR_FORMAT;
        }
    }
    skip_space(c);
    return c->left == 0 ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_json_parse(struct sotto_json *json, const char *in,
                                size_t len)
{
    struct cursor c = {in, len};
    json->count = 0;
    enum sotto_err err = take_object(json, &c);
    if (err != SOTTO_OK) {
        json->count = 0;
    }
    return err;
}

/* ---- Finding ---- */

/* Whether a raw key, once unescaped, is `key`. */
static bool key_is(const struct sotto_json_field *field, const char *key)
{
    struct cursor c = {field->key, field->key_len};
    size_t left = strlen(key);
    uint32_t code;
    while (next_code(&c, &code)) {
        uint8_t bytes[4];
        size_t len = sotto_utf8_encode(code, bytes);
        if (len > left || memcmp(key, bytes, len) != 0) {
            return false;
        }
        key += len;
        left -= len;
    }
    return left == 0;
}

static enum sotto_err find(const struct sotto_json *json, const char *key,
                           enum sotto_json_kind kind,
                           const struct sotto_json_field **found)
{
    for (size_t i = 0; i < json->count; i++) {
        if (key_is(&json->fields[i], key)) {
            *found = &json->fields[i];
            return (*found)->kind == kind ? SOTTO_OK : SOTTO_ERR_FORMAT;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* The length of a raw string's value once unescaped. */
static size_t unescaped_len(const struct sotto_json_field *field)
{
    struct cursor c = {field->value, field->value_len};
    size_t len = 0;
    uint32_t code;
    while (next_code(&c, &code)) {
        uint8_t bytes[4];
        len += sotto_utf8_encode(code, bytes);
    }
    return len;
}

enum sotto_err sotto_json_string(const struct sotto_json *json, const char *key,
                                 char *out, size_t cap, size_t *len)
{
    const struct sotto_json_field *field;
    enum sotto_err err = find(json, key, SOTTO_JSON_STRING, &field);
    if (err != SOTTO_OK) {
        return err;
    }
    if (unescaped_len(field) >= cap) {
        return SOTTO_ERR_SPACE;
    }
    struct cursor c = {field->value, field->value_len};
    size_t written = 0;
    uint32_t code;
    while (next_code(&c, &code)) {
        uint8_t bytes[4];
        size_t count = sotto_utf8_encode(code, bytes);
        memcpy(out + written, bytes, count);
        written += count;
    }
    out[written] = '\0';
    *len = written;
    return SOTTO_OK;
}

enum sotto_err sotto_json_integer(const struct sotto_json *json,
                                  const char *key, uint64_t *value)
{
    const struct sotto_json_field *field;
    enum sotto_err err = find(json, key, SOTTO_JSON_INTEGER, &field);
    if (err != SOTTO_OK) {
        return err;
    }
    return sotto_decimal_decode(field->value, field->value_len,
                                SOTTO_JSON_MAX_INTEGER, value);
}

enum sotto_err sotto_json_bool(const struct sotto_json *json, const char *key,
                               bool *value)
{
    const struct sotto_json_field *field;
    enum sotto_err err = find(json, key, SOTTO_JSON_BOOL, &field);
    if (err == SOTTO_OK) {
        *value = field->value[0] == 't';
    }
    return err;
}
