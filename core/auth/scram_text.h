/*
 * scram_text.h - what both sides of SCRAM share: the attributes of a message,
 * and the signatures. Private to core/auth.
 *
 * After: RFC 5802, sections 3, 5.1 and 7.
 */
#ifndef SOTTO_AUTH_SCRAM_TEXT_H
#define SOTTO_AUTH_SCRAM_TEXT_H

#include "core/auth/scram.h"
#include "core/base/writer.h"

/* A piece of a message. */
struct scram_part {
    const char *at;
    size_t len;
};

/* A message, taken apart at its commas. */
struct scram_cursor {
    struct scram_part left; /* what comes after the last comma */
    bool ended;             /* there was no further comma */
};

/* Begins to read; FORMAT for a message that is not UTF-8 or holds a zero,
 * LIMIT for more than `max` characters. */
enum sotto_err scram_cursor_init(struct scram_cursor *cursor, const char *in,
                                 size_t len, size_t max) SOTTO_MUST_CHECK;

/* What stands before the next comma, or FORMAT at the end. */
enum sotto_err scram_next(struct scram_cursor *cursor, struct scram_part *part)
    SOTTO_MUST_CHECK;

/* The value (not empty) of the next attribute, which must be `letter`.
 * FORMAT; UNSUPPORTED when it is "m". */
enum sotto_err scram_take(struct scram_cursor *cursor, char letter,
                          struct scram_part *value) SOTTO_MUST_CHECK;

/* Reads to the end: nothing, or optional extensions. FORMAT, UNSUPPORTED. */
enum sotto_err scram_extensions(struct scram_cursor *cursor) SOTTO_MUST_CHECK;

/* Printable ASCII without a comma, not empty. */
bool scram_nonce_valid(struct scram_part nonce);
/* The name of a channel binding: letters, digits, '.' and '-'. */
bool scram_binding_name_valid(struct scram_part name);
bool scram_part_is(struct scram_part part, const char *text, size_t len);

/* Names, escaped (',' is "=2C", '=' is "=3D") and back. FORMAT for any other
 * escape; LIMIT for more than `max` bytes. */
void scram_write_name(struct sotto_writer *w, const char *name, size_t len);
enum sotto_err scram_read_name(struct scram_part part, char *name, size_t max,
                               size_t *len) SOTTO_MUST_CHECK;

/* Base64 of at most SCRAM_BASE64_MAX bytes. */
#define SCRAM_BASE64_MAX (SOTTO_SCRAM_FIRST_MAX + SOTTO_SCRAM_BINDING_MAX)
void scram_write_base64(struct sotto_writer *w, const uint8_t *in, size_t len);
void scram_write_text(struct sotto_writer *w, const char *text);

/* Appends server-first to the transcript; `nonce` lies within it. The room is
 * there: see SOTTO_SCRAM_CHALLENGE_MAX. */
void scram_transcript_add(struct sotto_scram_transcript *transcript,
                          const char *text, size_t len,
                          struct scram_part nonce);
struct scram_part scram_transcript_nonce(
    const struct sotto_scram_transcript *transcript);

/* HMAC over AuthMessage, which ends in client-final without its proof. */
void scram_sign(const uint8_t key[static SOTTO_SCRAM_KEY_LEN],
                const struct sotto_scram_transcript *transcript,
                struct scram_part without_proof,
                uint8_t signature[static SOTTO_SCRAM_KEY_LEN]);

/* Takes a failure: the side is finished. Hands `err` on. */
enum sotto_err scram_fail(enum sotto_scram_step *step, enum sotto_err err)
    SOTTO_MUST_CHECK;

#endif
