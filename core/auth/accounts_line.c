#include "core/auth/accounts_line.h"

#include "core/base/crc.h"
#include "core/base/json.h"
#include "core/base/secret.h"
#include <string.h>

#define CRC_FIELD ",\"crc\":\""
/* The field, eight digits, a quote and a brace. */
#define CRC_TAIL (sizeof CRC_FIELD - 1 + 8 + 2)

static const char *const kinds[] = {
    [SOTTO_ACCOUNTS_HEAD] = "head",     [SOTTO_ACCOUNTS_ACCOUNT] = "account",
    [SOTTO_ACCOUNTS_REMOVE] = "remove", [SOTTO_ACCOUNTS_DEVICE] = "device",
    [SOTTO_ACCOUNTS_REVOKE] = "revoke",
};

/* ---- writing ---- */

static void add_text(struct sotto_json_writer *w, const char *key,
                     const char *text)
{
    sotto_json_add_string(w, key, text, strlen(text));
}

static void add_bytes(struct sotto_json_writer *w, const char *key,
                      const uint8_t *bytes, size_t len)
{
    char text[4 * ((SOTTO_SCRAM_SALT_MAX + 2) / 3) + 1];
    size_t text_len = 0;
    if (sotto_base64_encode(bytes, len, text, sizeof text, &text_len) !=
        SOTTO_OK) {
        w->bad = true;
    }
    sotto_json_add_string(w, key, text, text_len);
    sotto_wipe(text, sizeof text);
}

static void add_account(struct sotto_json_writer *w,
                        const struct sotto_account *account)
{
    const struct sotto_verifier *v = &account->verifier;
    sotto_json_add_bool(w, "disabled", account->disabled);
    sotto_json_add_integer(w, "created", account->created_s);
    sotto_json_add_integer(w, "iterations", v->iterations);
    add_bytes(w, "salt", v->salt, v->salt_len);
    add_bytes(w, "stored_key", v->stored_key, sizeof v->stored_key);
    add_bytes(w, "server_key", v->server_key, sizeof v->server_key);
}

static void add_device(struct sotto_json_writer *w,
                       const struct sotto_account_device *device,
                       bool is_revoked)
{
    if (!SOTTO_DEVICES) {
        return;
    }
    add_text(w, "name", device->account);
    add_text(w, "device", device->name);
    if (is_revoked) {
        return;
    }
    sotto_json_add_bool(w, "expected", device->is_expected);
    add_bytes(w, "id", device->id, sizeof device->id);
    sotto_json_add_integer(w, "time", device->time_s);
    add_bytes(w, "ip", device->ip, sizeof device->ip);
}

static void add_fields(struct sotto_json_writer *w,
                       const struct sotto_accounts_line *line)
{
    switch (line->kind) {
    case SOTTO_ACCOUNTS_HEAD:
        sotto_json_add_integer(w, "version", SOTTO_ACCOUNTS_VERSION);
        sotto_json_add_integer(w, "lines", line->lines);
        add_bytes(w, "secret", line->secret, sizeof line->secret);
        break;
    case SOTTO_ACCOUNTS_ACCOUNT:
        add_text(w, "name", line->account.name);
        add_account(w, &line->account);
        break;
    case SOTTO_ACCOUNTS_REMOVE:
        add_text(w, "name", line->account.name);
        break;
    case SOTTO_ACCOUNTS_DEVICE:
    case SOTTO_ACCOUNTS_REVOKE:
        add_device(w, &line->device, line->kind == SOTTO_ACCOUNTS_REVOKE);
        break;
    }
}

/* CRC-32C in hex of what stands before the field. */
static void crc_text(const char *in, size_t len, char out[static 9])
{
    const uint32_t crc = sotto_crc32c(0, in, len);
    const uint8_t bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
                              (uint8_t)(crc >> 8), (uint8_t)crc};
    sotto_hex_encode(bytes, sizeof bytes, out);
}

enum sotto_err sotto_accounts_line_encode(
    const struct sotto_accounts_line *line, char *out, size_t cap, size_t *len)
{
    struct sotto_json_writer w;
    size_t json_len = 0;
    sotto_json_begin(&w, out, cap);
    sotto_json_add_integer(&w, "seq", line->seq);
    add_text(&w, "kind", kinds[line->kind]);
    add_fields(&w, line);
    enum sotto_err err = sotto_json_end(&w, &json_len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (cap - json_len < CRC_TAIL + 1) {
        return SOTTO_ERR_SPACE;
    }
    /* The brace goes behind the checksum. */
    static const char end[3] = {'"', '}', '\n'};
    char *at = out + json_len - 1;
    char crc[9];
    crc_text(out, json_len - 1, crc);
    memcpy(at, CRC_FIELD, sizeof CRC_FIELD - 1);
    memcpy(at + sizeof CRC_FIELD - 1, crc, 8);
    memcpy(at + sizeof CRC_FIELD - 1 + 8, end, sizeof end);
    *len = json_len - 1 + CRC_TAIL + 1;
    return SOTTO_OK;
}

/* ---- reading ---- */

static bool is_crc_right(const char *in, size_t len)
{
    char crc[9];
    if (len < CRC_TAIL) {
        return false;
    }
    const char *field = in + len - CRC_TAIL;
    crc_text(in, len - CRC_TAIL, crc);
    return memcmp(field, CRC_FIELD, sizeof CRC_FIELD - 1) == 0 &&
           memcmp(field + sizeof CRC_FIELD - 1, crc, 8) == 0 &&
           memcmp(in + len - 2, "\"}", 2) == 0;
}

static bool get_bytes(const struct sotto_json *json, const char *key,
                      uint8_t *out, size_t cap, size_t *len)
{
    char text[4 * ((SOTTO_SCRAM_SALT_MAX + 2) / 3) + 1];
    size_t text_len = 0;
    const bool is_got =
        sotto_json_string(json, key, text, sizeof text, &text_len) ==
            SOTTO_OK &&
        sotto_base64_decode(text, text_len, out, cap, len) == SOTTO_OK;
    sotto_wipe(text, sizeof text);
    return is_got;
}

static bool get_exactly(const struct sotto_json *json, const char *key,
                        uint8_t *out, size_t len)
{
    size_t got = 0;
    return get_bytes(json, key, out, len, &got) && got == len;
}

static bool get_account(const struct sotto_json *json,
                        struct sotto_account *account)
{
    struct sotto_verifier *v = &account->verifier;
    uint64_t iterations = 0;
    size_t salt_len = 0;
    if (sotto_json_bool(json, "disabled", &account->disabled) != SOTTO_OK ||
        sotto_json_integer(json, "created", &account->created_s) != SOTTO_OK ||
        sotto_json_integer(json, "iterations", &iterations) != SOTTO_OK ||
        iterations == 0 || iterations > SOTTO_SCRAM_ITERATIONS_MAX ||
        !get_bytes(json, "salt", v->salt, sizeof v->salt, &salt_len) ||
        salt_len == 0) {
        return false;
    }
    v->iterations = (uint32_t)iterations;
    v->salt_len = (uint8_t)salt_len;
    return get_exactly(json, "stored_key", v->stored_key,
                       sizeof v->stored_key) &&
           get_exactly(json, "server_key", v->server_key, sizeof v->server_key);
}

static bool get_name(const struct sotto_json *json, const char *key,
                     char out[static SOTTO_NAME_MAX + 1])
{
    size_t len = 0;
    return sotto_json_string(json, key, out, SOTTO_NAME_MAX + 1, &len) ==
               SOTTO_OK &&
           sotto_name_valid(out, len);
}

static bool get_device(const struct sotto_json *json,
                       struct sotto_account_device *device)
{
    return get_name(json, "name", device->account) &&
           get_name(json, "device", device->name) &&
           sotto_json_bool(json, "expected", &device->is_expected) ==
               SOTTO_OK &&
           get_exactly(json, "id", device->id, sizeof device->id) &&
           sotto_json_integer(json, "time", &device->time_s) == SOTTO_OK &&
           get_exactly(json, "ip", device->ip, sizeof device->ip);
}

/* A device, or with an empty name all of the account's. */
static bool get_revoked(const struct sotto_json *json,
                        struct sotto_account_device *device)
{
    size_t len = 0;
    return get_name(json, "name", device->account) &&
           sotto_json_string(json, "device", device->name, sizeof device->name,
                             &len) == SOTTO_OK &&
           (len == 0 || sotto_name_valid(device->name, len));
}

static bool get_kind(const struct sotto_json *json,
                     enum sotto_accounts_kind *kind)
{
    char text[16];
    size_t len = 0;
    if (sotto_json_string(json, "kind", text, sizeof text, &len) != SOTTO_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum sotto_accounts_kind)i;
            return true;
        }
    }
    return false;
}

/* A head without it promises nothing. */
static bool get_promise(const struct sotto_json *json, uint64_t *lines)
{
    *lines = 0;
    enum sotto_err err = sotto_json_integer(json, "lines", lines);
    return err == SOTTO_OK || err == SOTTO_ERR_NOT_FOUND;
}

static bool get_fields(const struct sotto_json *json,
                       struct sotto_accounts_line *line)
{
    uint64_t version = 0;
    switch (line->kind) {
    case SOTTO_ACCOUNTS_HEAD:
        return sotto_json_integer(json, "version", &version) == SOTTO_OK &&
               version == SOTTO_ACCOUNTS_VERSION &&
               get_promise(json, &line->lines) &&
               get_exactly(json, "secret", line->secret, sizeof line->secret);
    case SOTTO_ACCOUNTS_ACCOUNT:
        line->account.sequence = line->seq;
        return get_name(json, "name", line->account.name) &&
               get_account(json, &line->account);
    case SOTTO_ACCOUNTS_REMOVE:
        return get_name(json, "name", line->account.name);
    case SOTTO_ACCOUNTS_DEVICE:
        return !SOTTO_DEVICES || get_device(json, &line->device);
    case SOTTO_ACCOUNTS_REVOKE:
        return !SOTTO_DEVICES || get_revoked(json, &line->device);
    }
    return false;
}

enum sotto_err sotto_accounts_line_decode(struct sotto_accounts_line *line,
                                          const char *in, size_t len,
                                          const char **reason)
{
    struct sotto_json json;
    *line = (struct sotto_accounts_line){0};
    if (!is_crc_right(in, len)) {
        *reason = "the checksum does not fit the line";
        return SOTTO_ERR_FORMAT;
    }
    if (sotto_json_parse(&json, in, len) != SOTTO_OK ||
        sotto_json_integer(&json, "seq", &line->seq) != SOTTO_OK ||
        !get_kind(&json, &line->kind) || !get_fields(&json, line)) {
        *reason = "the line is not one that this version writes";
        return SOTTO_ERR_FORMAT;
    }
    return SOTTO_OK;
}
