/*
 * text.h - text as the protocol and the files need it: UTF-8, hex, base64,
 * decimal numbers, and the alphabet of account names.
 *
 * Everything works on spans with a length; nothing allocates. Terminal
 * widths and normalisation are not here: a library does them on a host.
 */
#ifndef SOTTO_BASE_TEXT_H
#define SOTTO_BASE_TEXT_H

#include <sotto/err.h>
#include <sotto/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one code point from up to `len` bytes (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). Returns its length, 1 to 4, or 0 when the
 * bytes are not (yet) a whole, valid code point.
 */
size_t sotto_utf8_decode(const uint8_t *in, size_t len, uint32_t *code);

/* Writes `code` to `out` and returns its length; 0 for a surrogate or a value
 * beyond U+10FFFF. */
size_t sotto_utf8_encode(uint32_t code, uint8_t out[static 4]);

/* True when all `len` bytes are valid UTF-8. */
bool sotto_utf8_valid(const uint8_t *in, size_t len);

/* Lower-case hex of `len` bytes and a final zero: 2 * len + 1 characters. */
void sotto_hex_encode(const uint8_t *in, size_t len, char *out);

/* Exactly `out_len` bytes from 2 * out_len hex digits of either case; FORMAT
 * for anything else. */
enum sotto_err sotto_hex_decode(const char *in, size_t in_len, uint8_t *out,
                                size_t out_len) SOTTO_MUST_CHECK;

/* Base64 with padding (RFC 4648 4), no line breaks. Needs 4 * ceil(len / 3)
 * characters and a final zero; SPACE when `cap` is less. */
enum sotto_err sotto_base64_encode(const uint8_t *in, size_t len, char *out,
                                   size_t cap, size_t *out_len)
    SOTTO_MUST_CHECK;

/* The inverse; FORMAT for anything that sotto_base64_encode() would not have
 * written (stray characters, non-zero spare bits), SPACE when `cap` is short.
 */
enum sotto_err sotto_base64_decode(const char *in, size_t in_len, uint8_t *out,
                                   size_t cap, size_t *out_len)
    SOTTO_MUST_CHECK;

/* A decimal number without sign or leading zeros, at most `max`; FORMAT. */
enum sotto_err sotto_decimal_decode(const char *in, size_t len, uint64_t max,
                                    uint64_t *value) SOTTO_MUST_CHECK;

/* Writes `value` in decimal and a final zero; returns the length (at most
 * 20). */
size_t sotto_decimal_encode(uint64_t value, char out[static 21]);

/* Account names: 1 to SOTTO_NAME_MAX of [a-z0-9._-]. */
bool sotto_name_valid(const char *name, size_t len);

#endif
