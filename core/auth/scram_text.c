#include "core/auth/scram_text.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

enum sotto_err scram_cursor_init(struct scram_cursor *cursor, const char *in,
                                 size_t len, size_t max)
{
    if (len > max) {
        return SOTTO_ERR_LIMIT;
    }
    if (len == 0 || memchr(in, 0, len) != NULL ||
        !sotto_utf8_valid((const uint8_t *)in, len)) {
        return SOTTO_ERR_FORMAT;
    }
    *cursor = (struct scram_cursor){.left = {in, len}};
    return SOTTO_OK;
}

enum sotto_err scram_next(struct scram_cursor *cursor, struct scram_part *part)
{
    if (cursor->ended) {
        return SOTTO_ERR_FORMAT;
    }
    const struct scram_part left = cursor->left;
    const char *comma = memchr(left.at, ',', left.len);
    if (comma == NULL) {
        *part = left;
        cursor->ended = true;
        return SOTTO_OK;
    }
    *part = (struct scram_part){left.at, (size_t)(comma - left.at)};
    cursor->left = (struct scram_part){comma + 1, left.len - part->len - 1};
    return SOTTO_OK;
}

enum sotto_err scram_take(struct scram_cursor *cursor, char letter,
                          struct scram_part *value)
{
    struct scram_part part;
    enum sotto_err err = scram_next(cursor, &part);
    if (err != SOTTO_OK) {
        return err;
    }
    if (part.len < 3 || part.at[1] != '=') {
        return SOTTO_ERR_FORMAT;
    }
    if (part.at[0] == 'm') {
        return SOTTO_ERR_UNSUPPORTED;
    }
    if (part.at[0] != letter) {
        return SOTTO_ERR_FORMAT;
    }
    *value = (struct scram_part){part.at + 2, part.len - 2};
    return SOTTO_OK;
}

/* The letters that have a meaning of their own cannot be extensions. */
static bool is_extension_letter(char c)
{
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter && strchr("aceinprsv", c) == NULL;
}

enum sotto_err scram_extensions(struct scram_cursor *cursor)
{
    while (!cursor->ended) {
        struct scram_part part;
        enum sotto_err err = scram_next(cursor, &part);
        if (err != SOTTO_OK) {
            return err;
        }
        if (part.len < 3 || part.at[1] != '=' ||
            !is_extension_letter(part.at[0])) {
            return SOTTO_ERR_FORMAT;
        }
        if (part.at[0] == 'm') {
            return SOTTO_ERR_UNSUPPORTED;
        }
    }
    return SOTTO_OK;
}

bool scram_nonce_valid(struct scram_part nonce)
{
    for (size_t i = 0; i < nonce.len; i++) {
        if (nonce.at[i] < 0x21 || nonce.at[i] > 0x7e || nonce.at[i] == ',') {
            return false;
        }
    }
    return nonce.len > 0;
}

bool scram_binding_name_valid(struct scram_part name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '-')) {
            return false;
        }
    }
    return name.len > 0;
}

bool scram_part_is(struct scram_part part, const char *text, size_t len)
{
    return part.len == len && memcmp(part.at, text, len) == 0;
}

void scram_write_text(struct sotto_writer *w, const char *text)
{
    sotto_write_bytes(w, text, strlen(text));
}

void scram_write_name(struct sotto_writer *w, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] == ',') {
            scram_write_text(w, "=2C");
        } else if (name[i] == '=') {
            scram_write_text(w, "=3D");
        } else {
            sotto_write_bytes(w, &name[i], 1);
        }
    }
}

/* The character that a part begins with, and how many it takes: 1, or 3 for an
 * escape; 0 for an escape that is not allowed. */
static size_t read_escaped(struct scram_part part, char *c)
{
    *c = part.at[0];
    if (*c != '=') {
        return 1;
    }
    if (part.len < 3) {
        return 0;
    }
    *c = memcmp(part.at, "=2C", 3) == 0 ? ',' : '=';
    return *c == ',' || memcmp(part.at, "=3D", 3) == 0 ? 3 : 0;
}

enum sotto_err scram_read_name(struct scram_part part, char *name, size_t max,
                               size_t *len)
{
    size_t used = 0;
    while (part.len > 0) {
        char c = 0;
        const size_t taken = read_escaped(part, &c);
        if (taken == 0) {
            return SOTTO_ERR_FORMAT;
        }
        if (used == max) {
            return SOTTO_ERR_LIMIT;
        }
        name[used++] = c;
        part = (struct scram_part){part.at + taken, part.len - taken};
    }
    *len = used;
    return SOTTO_OK;
}

void scram_write_base64(struct sotto_writer *w, const uint8_t *in, size_t len)
{
    char text[(SCRAM_BASE64_MAX + 2) / 3 * 4 + 1];
    size_t text_len = 0;
    enum sotto_err err =
        sotto_base64_encode(in, len, text, sizeof text, &text_len);
    SOTTO_ASSERT(err == SOTTO_OK);
    sotto_write_bytes(w, text, text_len);
    sotto_wipe(text, sizeof text);
}

void scram_transcript_add(struct sotto_scram_transcript *transcript,
                          const char *text, size_t len, struct scram_part nonce)
{
    SOTTO_ASSERT(transcript->len <= SOTTO_SCRAM_FIRST_MAX);
    SOTTO_ASSERT(len <= SOTTO_SCRAM_CHALLENGE_MAX);
    transcript->text[transcript->len] = ',';
    const size_t at = transcript->len + (size_t)1;
    memcpy(transcript->text + at, text, len);
    transcript->nonce_at = (uint16_t)(at + (size_t)(nonce.at - text));
    transcript->nonce_len = (uint8_t)nonce.len;
    transcript->len = (uint16_t)(at + len);
}

struct scram_part scram_transcript_nonce(
    const struct sotto_scram_transcript *transcript)
{
    return (struct scram_part){transcript->text + transcript->nonce_at,
                               transcript->nonce_len};
}

void scram_sign(const uint8_t key[static SOTTO_SCRAM_KEY_LEN],
                const struct sotto_scram_transcript *transcript,
                struct scram_part without_proof,
                uint8_t signature[static SOTTO_SCRAM_KEY_LEN])
{
    const struct sotto_piece auth_message[] = {
        {transcript->text + transcript->header_len,
         (size_t)transcript->len - transcript->header_len},
        {",", 1},
        {without_proof.at, without_proof.len},
    };
    sotto_hmac(key, SOTTO_SCRAM_KEY_LEN, auth_message, 3, signature);
}

enum sotto_err scram_fail(enum sotto_scram_step *step, enum sotto_err err)
{
    *step = SOTTO_SCRAM_FAILED;
    return err;
}

void sotto_scram_keys_derive(const uint8_t salted[static SOTTO_SCRAM_KEY_LEN],
                             struct sotto_scram_keys *keys)
{
    const struct sotto_piece client = {"Client Key", 10};
    const struct sotto_piece server = {"Server Key", 10};
    sotto_hmac(salted, SOTTO_SCRAM_KEY_LEN, &client, 1, keys->client_key);
    sotto_hmac(salted, SOTTO_SCRAM_KEY_LEN, &server, 1, keys->server_key);
}

void sotto_scram_stored_key(const struct sotto_scram_keys *keys,
                            uint8_t stored_key[static SOTTO_SCRAM_KEY_LEN])
{
    sotto_sha256(keys->client_key, SOTTO_SCRAM_KEY_LEN, stored_key);
}
