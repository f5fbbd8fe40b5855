/*
 * fuzz_text.c - the decoders of core/base, by libFuzzer: flat JSON, UTF-8, hex,
 * base64, decimals, vectors; and fingerprints and codes as people write them.
 * The first byte says which. What is taken comes back the same when it is
 * written again.
 */
#include "choices.h"
#include "core/base/json.h"
#include "core/base/reader.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/chat/message_devices.h"
#include <sotto/fingerprint.h>
#include <string.h>

#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- JSON ---- */

/* The field's key with a final zero; false for one that is, or would be,
 * written with escapes: it cannot be asked for as it stands. */
static bool copy_key(const struct sotto_json_field *field,
                     char out[static TEXT_MAX])
{
    bool is_plain = true;
    for (size_t i = 0; i < field->key_len; i++) {
        out[i] = field->key[i];
        is_plain &= out[i] >= ' ' && out[i] <= '~' && out[i] != '\\';
    }
    out[field->key_len] = '\0';
    return is_plain;
}

/* Writes a field as it was read. */
static void write_again(const struct sotto_json *json,
                        const struct sotto_json_field *field,
                        struct sotto_json_writer *w)
{
    static char key[TEXT_MAX];
    static char text[TEXT_MAX];
    uint64_t integer = 0;
    bool truth = false;
    size_t len = 0;
    if (!copy_key(field, key)) {
        return;
    }
    switch (field->kind) {
    case SOTTO_JSON_STRING:
        must(sotto_json_string(json, key, text, sizeof text, &len) == SOTTO_OK);
        must(len <= field->value_len && text[len] == '\0');
        must(sotto_utf8_valid((const uint8_t *)text, len));
        must(sotto_json_integer(json, key, &integer) == SOTTO_ERR_FORMAT);
        sotto_json_add_string(w, key, text, len);
        break;
    case SOTTO_JSON_INTEGER:
        must(sotto_json_integer(json, key, &integer) == SOTTO_OK);
        must(integer <= SOTTO_JSON_MAX_INTEGER);
        sotto_json_add_integer(w, key, integer);
        break;
    case SOTTO_JSON_BOOL:
        must(sotto_json_bool(json, key, &truth) == SOTTO_OK);
        sotto_json_add_bool(w, key, truth);
        break;
    }
}

static size_t write_object(const struct sotto_json *json, char *out, size_t cap)
{
    struct sotto_json_writer w;
    size_t len = 0;
    sotto_json_begin(&w, out, cap);
    for (size_t i = 0; i < json->count; i++) {
        write_again(json, &json->fields[i], &w);
    }
    must(sotto_json_end(&w, &len) == SOTTO_OK);
    return len;
}

/* What was read and written is, read and written again, the same text. */
static void try_json(struct sotto_span in)
{
    static char first[8 * TEXT_MAX];
    static char second[8 * TEXT_MAX];
    struct sotto_json json;
    const char *text = (const char *)in.at;
    enum sotto_err err = sotto_json_parse(&json, text, in.len);
    if (err != SOTTO_OK) {
        must(err == SOTTO_ERR_FORMAT || err == SOTTO_ERR_LIMIT);
        must(json.count == 0);
        return;
    }
    must(json.count <= SOTTO_JSON_MAX_FIELDS);
    const size_t len = write_object(&json, first, sizeof first);
    must(sotto_json_parse(&json, first, len) == SOTTO_OK);
    must(write_object(&json, second, sizeof second) == len);
    must(memcmp(first, second, len) == 0);
}

/* ---- the others ---- */

static void try_utf8(struct sotto_span in)
{
    bool is_valid = true;
    for (size_t at = 0; at < in.len && is_valid;) {
        uint8_t again[4];
        uint32_t code = 0;
        const size_t len = sotto_utf8_decode(in.at + at, in.len - at, &code);
        must(len <= 4 && len <= in.len - at);
        is_valid = len > 0;
        if (is_valid) {
            must(sotto_utf8_encode(code, again) == len);
            must(memcmp(again, in.at + at, len) == 0);
        }
        at += len;
    }
    must(sotto_utf8_valid(in.at, in.len) == is_valid);
}

static void try_hex(struct sotto_span in)
{
    static uint8_t bytes[TEXT_MAX];
    static char again[2 * TEXT_MAX + 1];
    const char *text = (const char *)in.at;
    if (sotto_hex_decode(text, in.len, bytes, in.len / 2) == SOTTO_OK) {
        sotto_hex_encode(bytes, in.len / 2, again);
        for (size_t i = 0; i < in.len; i++) {
            must(again[i] == text[i] || again[i] == (text[i] | 0x20));
        }
    }
}

static void try_base64(struct sotto_span in)
{
    static uint8_t bytes[TEXT_MAX];
    static char again[2 * TEXT_MAX];
    size_t len = 0;
    size_t again_len = 0;
    if (sotto_base64_decode((const char *)in.at, in.len, bytes, sizeof bytes,
                            &len) == SOTTO_OK) {
        must(sotto_base64_encode(bytes, len, again, sizeof again, &again_len) ==
             SOTTO_OK);
        must(again_len == in.len && memcmp(again, in.at, in.len) == 0);
        must(len == 0 || sotto_base64_decode((const char *)in.at, in.len, bytes,
                                             len - 1, &len) == SOTTO_ERR_SPACE);
    }
}

static void try_decimal(struct sotto_span in)
{
    char again[21];
    uint64_t value = 0;
    if (sotto_decimal_decode((const char *)in.at, in.len, UINT64_MAX, &value) ==
        SOTTO_OK) {
        must(sotto_decimal_encode(value, again) == in.len);
        must(memcmp(again, in.at, in.len) == 0);
        must(value == 0 ||
             sotto_decimal_decode((const char *)in.at, in.len, value - 1,
                                  &value) == SOTTO_ERR_FORMAT);
    }
}

static void try_vectors(struct sotto_span in)
{
    static uint8_t again[TEXT_MAX];
    struct sotto_reader r;
    struct sotto_writer w;
    sotto_reader_init(&r, in.at, in.len);
    sotto_writer_init(&w, again, sizeof again);
    while (!r.bad && r.left > 0) {
        const struct sotto_span part = sotto_read_vector(&r, 0, TEXT_MAX);
        if (!r.bad) {
            sotto_write_vector(&w, part.at, part.len);
        }
    }
    must(!w.bad && memcmp(again, in.at, w.len) == 0);
    must(r.bad || w.len == in.len);
}

static void try_fingerprint(struct sotto_span in)
{
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    uint8_t again[SOTTO_FINGERPRINT_LEN];
    char text[SOTTO_FINGERPRINT_TEXT];
    if (sotto_fingerprint_parse((const char *)in.at, in.len, fingerprint) ==
        SOTTO_OK) {
        sotto_fingerprint_text(fingerprint, text);
        must(sotto_fingerprint_parse(text, strlen(text), again) == SOTTO_OK);
        must(memcmp(fingerprint, again, sizeof again) == 0);
    }
}

static void try_code(struct sotto_span in)
{
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    uint8_t again[SOTTO_DEVICE_CODE_LEN];
    char text[SOTTO_DEVICE_CODE_TEXT];
    if (sotto_device_code_parse((const char *)in.at, in.len, code)) {
        sotto_device_code_text(code, text);
        must(in.len == strlen(text));
        must(sotto_device_code_parse(text, in.len, again));
        must(memcmp(code, again, sizeof again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(
        struct sotto_span) = {try_json,        try_utf8,    try_hex,
                              try_base64,      try_decimal, try_vectors,
                              try_fingerprint, try_code};
    if (size > 0 && size <= TEXT_MAX) {
        tries[data[0] % (sizeof tries / sizeof *tries)](
            (struct sotto_span){data + 1, size - 1});
    }
    return 0;
}
