/*
 * transcript.h - what one back end of core/crypto answers to inputs from a seed:
 * one line for each answer. The lines of two back ends are to be the same.
 */
#ifndef SOTTO_TESTS_CRYPTO_TRANSCRIPT_H
#define SOTTO_TESTS_CRYPTO_TRANSCRIPT_H

#include "tests/unit/support/seed.h"

/* Adds a line: what was done, the error, and a checksum of what came out. */
void transcript_say(const char *what, enum sotto_err err, const void *out,
                    size_t len);

/* `len` random bytes. */
void transcript_fill(struct seed *seed, uint8_t *out, size_t len);

/* Changes one bit. */
void transcript_damage(struct seed *seed, uint8_t *bytes, size_t len);

/* The parts. */
void transcript_ciphers(struct seed *seed);
void transcript_hashes(struct seed *seed);
void transcript_curves(struct seed *seed);
void transcript_certificates(struct seed *seed);

#endif
