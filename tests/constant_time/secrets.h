/*
 * secrets.h - what is secret, for valgrind: it then reports each branch and each
 * address that depends on it.
 *
 * The linker puts functions of this program around some of core's (--wrap): what
 * those answer may be known, though it comes from secrets. These are
 *
 *     sotto_equal()           whether two secrets are the same
 *     mbedtls_ct_memcmp()     the same, of mbedTLS's own: its tags
 *     sotto_aead_open()       what the peer said, once its tag was right
 *     sotto_x25519_public()   public keys
 */
#ifndef SOTTO_TESTS_CONSTANT_TIME_SECRETS_H
#define SOTTO_TESTS_CONSTANT_TIME_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void secrets_hide(void *memory, size_t len);
void secrets_show(void *memory, size_t len);

/* `len` secret bytes: `first`, and each one more than the last. */
void secrets_make(void *memory, size_t len, uint8_t first);

/* How much valgrind has reported so far. */
unsigned secrets_leaks(void);

/* Whether this runs under valgrind. */
bool secrets_are_watched(void);

/* From now on sotto_equal() ends at the first difference, or is itself again. */
void secrets_plant_early_end(bool planted);

#endif
