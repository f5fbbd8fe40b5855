/*
 * fingerprint.h - how people know a server: the SHA-256 of its static X25519
 * key.
 *
 * As text it is base32 (RFC 4648 6, lower case, no padding), in groups of four:
 * 52 characters and 12 dashes. It is read with or without dashes, in either
 * case. 256 bits are 51 base32 digits and one bit; the 52nd digit carries that
 * bit and four zeros, so that each fingerprint has one spelling (but for case
 * and dashes).
 */
#ifndef SOTTO_FINGERPRINT_H
#define SOTTO_FINGERPRINT_H

#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_FINGERPRINT_LEN  32
#define SOTTO_FINGERPRINT_TEXT 65 /* 52 characters, 12 dashes, a zero */

/* The fingerprint of a server's static public key. */
void sotto_fingerprint_of_key(const uint8_t key[static 32],
                              uint8_t out[static SOTTO_FINGERPRINT_LEN]);

void sotto_fingerprint_text(
    const uint8_t fingerprint[static SOTTO_FINGERPRINT_LEN],
    char out[static SOTTO_FINGERPRINT_TEXT]);

/* FORMAT for anything that is not exactly one fingerprint. */
enum sotto_err sotto_fingerprint_parse(
    const char *text, size_t len, uint8_t out[static SOTTO_FINGERPRINT_LEN])
    SOTTO_MUST_CHECK;

#endif
