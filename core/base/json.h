/*
 * json.h - flat JSON objects, one a line: {"key":"text","other":12,"b":true}.
 *
 * Used by the credential file and by the client's --json output. Values are
 * strings, unsigned integers up to 2^53 - 1, true and false; no nesting, no
 * null, at most SOTTO_JSON_MAX_FIELDS fields, keys unique. Strings are valid
 * UTF-8; \uXXXX escapes (with surrogate pairs) are understood. A string may
 * contain U+0000, so its length counts, not its final zero.
 * After: RFC 8259.
 */
#ifndef SOTTO_BASE_JSON_H
#define SOTTO_BASE_JSON_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_JSON_MAX_FIELDS  16
#define SOTTO_JSON_MAX_INTEGER 9007199254740991ULL /* 2^53 - 1 */

enum sotto_json_kind {
    SOTTO_JSON_STRING,
    SOTTO_JSON_INTEGER,
    SOTTO_JSON_BOOL
};

struct sotto_json_field {
    const char *key; /* borrowed from the input, without quotes, raw */
    size_t key_len;
    const char *value; /* the raw text of the value, strings without quotes */
    size_t value_len;
    enum sotto_json_kind kind;
};

struct sotto_json {
    struct sotto_json_field fields[SOTTO_JSON_MAX_FIELDS];
    size_t count;
};

/* Parses one object that fills `len` bytes (white space around tokens is
 * allowed). FORMAT; LIMIT for too many fields. The fields point into `in`;
 * after an error there are none. Keys that differ only in how they are escaped
 * are the same key. */
enum sotto_err sotto_json_parse(struct sotto_json *json, const char *in,
                                size_t len) SOTTO_MUST_CHECK;

/* Each finds a field by key and type: NOT_FOUND when it is absent, FORMAT
 * when it has another type. Strings are unescaped into `out` with a final
 * zero; SPACE when `cap` (zero included) is short. */
enum sotto_err sotto_json_string(const struct sotto_json *json, const char *key,
                                 char *out, size_t cap, size_t *len)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_json_integer(const struct sotto_json *json,
                                  const char *key, uint64_t *value)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_json_bool(const struct sotto_json *json, const char *key,
                               bool *value) SOTTO_MUST_CHECK;

/*
 * Writing: begin, any number of fields, end. What does not fit, and an integer
 * above SOTTO_JSON_MAX_INTEGER, sets `bad`, which sotto_json_end() reports as
 * SPACE. Each byte in a string that is not valid UTF-8 is written as U+FFFD;
 * control characters are escaped, U+007F to U+009F too, which a terminal would
 * obey. The result ends in a zero that `len` does not count; no line break is
 * added. That keys are unique and not too many is up to the caller.
 */
struct sotto_json_writer {
    char *out; /* borrowed */
    size_t cap;
    size_t len;
    bool first;
    bool bad;
};

void sotto_json_begin(struct sotto_json_writer *w, char *out, size_t cap);
void sotto_json_add_string(struct sotto_json_writer *w, const char *key,
                           const char *value, size_t len);
void sotto_json_add_integer(struct sotto_json_writer *w, const char *key,
                            uint64_t value);
void sotto_json_add_bool(struct sotto_json_writer *w, const char *key,
                         bool value);
enum sotto_err sotto_json_end(struct sotto_json_writer *w, size_t *len)
    SOTTO_MUST_CHECK;

#endif
