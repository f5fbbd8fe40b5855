/*
 * cipher.h - one key and its message counter: Noise's CipherState.
 *
 * The counter `n` is the nonce. It never wraps: the value 2^64-1 is kept for
 * Rekey, and a key that has come so far refuses to seal or open. A struct is
 * mostly the expanded key (see core/crypto/aead.h for its size); it holds no
 * pointer into itself.
 * After: Noise revision 34, sections 4.2, 5.1 and 11.3; PROTOCOL.md, "Suites".
 */
#ifndef SOTTO_CHANNEL_CIPHER_H
#define SOTTO_CHANNEL_CIPHER_H

#include "core/crypto/aead.h"
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The cipher suites' numbers on the wire. All use X25519 and SHA-256. */
enum sotto_suite {
    SOTTO_SUITE_A128CBCHS256 = 1,
    SOTTO_SUITE_AESGCM = 2,
    SOTTO_SUITE_CHACHAPOLY = 3
};

/* What a client dials when it is not told: the suite's number. */
#ifndef SOTTO_SUITE_DEFAULT
#    define SOTTO_SUITE_DEFAULT 1
#endif

/* True for a number that this build can speak. */
bool sotto_suite_is_known(unsigned number);

/* The cipher's name in a Noise protocol name, e.g. "AESGCM". */
const char *sotto_suite_name(enum sotto_suite suite);

/* The suite with that name (`len` bytes, no final zero needed). NOT_FOUND. */
enum sotto_err sotto_suite_find(const char *name, size_t len,
                                enum sotto_suite *suite) SOTTO_MUST_CHECK;

/* How many bytes a plaintext of `len` bytes becomes under a key. */
size_t sotto_suite_sealed_len(enum sotto_suite suite, size_t len);

/* The longest plaintext that becomes at most `limit` bytes; 0 if none does. */
size_t sotto_suite_plain_max(enum sotto_suite suite, size_t limit);

#define SOTTO_CIPHER_KEY_LEN 32
#define SOTTO_CIPHER_N_MAX   UINT64_MAX /* Rekey's own; never a message's */

struct sotto_cipher {
    enum sotto_suite suite;
    bool has_key;
    uint64_t n;                      /* of the next message */
    uint8_t k[SOTTO_CIPHER_KEY_LEN]; /* as Noise has it, for Rekey */
    struct sotto_aead aead;          /* the same, ready for use */
};

/* The two directions after Split. */
struct sotto_cipher_pair {
    struct sotto_cipher send;
    struct sotto_cipher receive;
};

/* A cipher without a key: texts pass unchanged. */
void sotto_cipher_init(struct sotto_cipher *cipher, enum sotto_suite suite);

/* InitializeKey: takes `k` and starts counting at 0. */
void sotto_cipher_initialize_key(struct sotto_cipher *cipher,
                                 const uint8_t k[static SOTTO_CIPHER_KEY_LEN]);

void sotto_cipher_wipe(struct sotto_cipher *cipher);

/* How many bytes `len` bytes become, with the key or the lack of one. */
size_t sotto_cipher_sealed_len(const struct sotto_cipher *cipher, size_t len);

/*
 * EncryptWithAd: writes sotto_cipher_sealed_len() bytes to `out`, which is `in`
 * or does not overlap it. The counter moves even when the primitive fails
 * (CRYPTO), so that no nonce is used twice. LIMIT when the counter is used up:
 * nothing was written.
 */
enum sotto_err sotto_cipher_encrypt_with_ad(struct sotto_cipher *cipher,
                                            const uint8_t *ad, size_t ad_len,
                                            const uint8_t *in, size_t len,
                                            uint8_t *out) SOTTO_MUST_CHECK;

/*
 * DecryptWithAd: `*out_len` bytes of plaintext go to `out` (room for `len`
 * bytes; `in` itself or apart from it). AUTH for anything not sealed by the
 * peer as its message `n`: the counter then stays, and no plaintext is left in
 * `out`. LIMIT when the counter is used up.
 */
enum sotto_err sotto_cipher_decrypt_with_ad(struct sotto_cipher *cipher,
                                            const uint8_t *ad, size_t ad_len,
                                            const uint8_t *in, size_t len,
                                            uint8_t *out, size_t *out_len)
    SOTTO_MUST_CHECK;

/* Rekey: a new key from the old one; the counter goes on. CRYPTO: the cipher
 * is then wiped. */
enum sotto_err sotto_cipher_rekey(struct sotto_cipher *cipher) SOTTO_MUST_CHECK;

#endif
