/*
 * aead_ciphers.h - the ciphers behind aead.h, which a back end brings.
 *
 * A key lives in the words of a `struct sotto_aead`, and each back end says what
 * it keeps there. Using a key does not change it, so several threads may.
 */
#ifndef SOTTO_CRYPTO_AEAD_CIPHERS_H
#define SOTTO_CRYPTO_AEAD_CIPHERS_H

#include "core/crypto/aead.h"
#include <stdbool.h>

#define SOTTO_AES_BLOCK 16
#define SOTTO_CBC_HALF  16 /* bytes of the key: MAC_KEY, then ENC_KEY */

/* One message. `text` is what is sealed, or ciphertext without its tag. */
struct sotto_aead_message {
    const uint8_t *nonce;
    const uint8_t *ad;
    size_t ad_len;
    const uint8_t *text;
    size_t len;
};

/*
 * keep() takes the raw key; seal() writes ciphertext and tag to `out`, and false
 * means that the back end failed; open() checks `tag`, writes the plain text and
 * its length, and false means that it must not be used.
 */
struct sotto_aead_cipher {
    void (*keep)(struct sotto_aead *aead, const uint8_t *key);
    bool (*seal)(const struct sotto_aead *aead,
                 const struct sotto_aead_message *m, uint8_t *out);
    bool (*open)(const struct sotto_aead *aead,
                 const struct sotto_aead_message *m, const uint8_t *tag,
                 uint8_t *out, size_t *out_len);
};

extern const struct sotto_aead_cipher sotto_aead_cbc_hmac;
extern const struct sotto_aead_cipher sotto_aead_gcm; /* of both key lengths */
extern const struct sotto_aead_cipher sotto_aead_chacha;

/* ---- what every A128CBC-HS256 is made of (aead.c) ----------------------- */

/* The midstates of a key's HMAC (midstate.h), inner and outer. */
void sotto_cbc_midstates(const uint8_t *key, uint32_t *inner, uint32_t *outer);

/* Eight bytes, big-endian: of a counter, or of AL. */
void sotto_cbc_number(uint64_t n, uint8_t out[static 8]);

#endif
