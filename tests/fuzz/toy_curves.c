/*
 * toy_curves.c - groups that stand in for P-256 and X25519 where histories are
 * to be many or large: they are a thousand times as fast. They protect nothing:
 * numbers modulo the prime 2^31 - 1 under addition, where everybody can divide.
 *
 * What callers rely on is the same: both sides of an agreement get one secret,
 * what was not signed does not verify, numbers and points have their lengths,
 * and those that are none are refused. A public key of P-256 is 0x04 and sixteen
 * times the number, one of X25519 eight times; a signature a hash of the public
 * key and the digest.
 *
 * Linked with --wrap for each function of core/crypto/p256.h and x25519.h, and for
 * sotto_aead_seal(), which stays what it is. One of these, but for X25519, fails
 * when toy_fails() says so.
 */
#include "toy_curves.h"

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include "core/crypto/x25519.h"
#include <string.h>

#define PRIME      2147483647U
#define GENERATOR  16807U
#define NUMBER_LEN 4U

enum sotto_err __wrap_sotto_p256_public(const uint8_t *private_key,
                                        uint8_t *public_key);
enum sotto_err __wrap_sotto_p256_check_public(const uint8_t *public_key);
enum sotto_err __wrap_sotto_p256_agree(const uint8_t *private_key,
                                       const uint8_t *peer_public,
                                       uint8_t *shared);
enum sotto_err __wrap_sotto_p256_sign(const uint8_t *private_key,
                                      const uint8_t *digest, uint8_t *signature,
                                      size_t *signature_len);
enum sotto_err __wrap_sotto_p256_verify(const uint8_t *public_key,
                                        const uint8_t *digest,
                                        const uint8_t *signature,
                                        size_t signature_len);
void __wrap_sotto_x25519_public(const uint8_t *private_key,
                                uint8_t *public_key);
enum sotto_err __wrap_sotto_x25519_agree(const uint8_t *private_key,
                                         const uint8_t *peer_public,
                                         uint8_t *shared);

enum sotto_err __real_sotto_aead_seal(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out);
enum sotto_err __wrap_sotto_aead_seal(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out);

static unsigned fail_at; /* 0: none */

void toy_fail_at(unsigned nth)
{
    fail_at = nth;
}

bool toy_fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

static uint32_t read_number(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

/* Fills `len` bytes with a number, again and again. */
static void fill(uint32_t number, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(number >> (24 - i % NUMBER_LEN * 8));
    }
}

static uint32_t multiply(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b % PRIME);
}

/* The number that 32 bytes, a private key, stand for: 0 when it is none. */
static uint32_t read_private(const uint8_t *private_key)
{
    uint32_t number = 0;

    for (size_t i = 0; i < SOTTO_P256_PRIVATE_LEN; i += NUMBER_LEN) {
        number = (multiply(number, 31) + read_number(private_key + i) % PRIME) %
                 PRIME;
    }
    return number;
}

/* False when it is no point. */
static bool read_public(const uint8_t *public_key, uint32_t *number)
{
    uint8_t expected[SOTTO_P256_PUBLIC_LEN] = {0x04};

    *number = read_number(public_key + 1);
    fill(*number, expected + 1, sizeof expected - 1);
    return *number > 0 && *number < PRIME &&
           memcmp(public_key, expected, sizeof expected) == 0;
}

enum sotto_err __wrap_sotto_p256_public(const uint8_t *private_key,
                                        uint8_t *public_key)
{
    uint32_t number = read_private(private_key);

    if (toy_fails()) {
        return SOTTO_ERR_SPACE;
    }
    if (number == 0) {
        return SOTTO_ERR_AUTH;
    }
    public_key[0] = 0x04;
    fill(multiply(number, GENERATOR), public_key + 1,
         SOTTO_P256_PUBLIC_LEN - 1);
    return SOTTO_OK;
}

enum sotto_err __wrap_sotto_p256_check_public(const uint8_t *public_key)
{
    uint32_t number;

    return read_public(public_key, &number) ? SOTTO_OK : SOTTO_ERR_AUTH;
}

enum sotto_err __wrap_sotto_p256_agree(const uint8_t *private_key,
                                       const uint8_t *peer_public,
                                       uint8_t *shared)
{
    uint32_t mine = read_private(private_key);
    uint32_t theirs;

    if (toy_fails()) {
        return SOTTO_ERR_SPACE;
    }
    if (mine == 0 || !read_public(peer_public, &theirs)) {
        return SOTTO_ERR_AUTH;
    }
    fill(multiply(mine, theirs), shared, SOTTO_P256_SHARED_LEN);
    return SOTTO_OK;
}

static void make_signature(const uint8_t *public_key, const uint8_t *digest,
                           uint8_t *signature)
{
    struct sotto_sha256 hash;

    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, public_key, SOTTO_P256_PUBLIC_LEN);
    sotto_sha256_add(&hash, digest, SOTTO_HASH_LEN);
    sotto_sha256_end(&hash, signature);
}

enum sotto_err __wrap_sotto_p256_sign(const uint8_t *private_key,
                                      const uint8_t *digest, uint8_t *signature,
                                      size_t *signature_len)
{
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    enum sotto_err err = __wrap_sotto_p256_public(private_key, public_key);

    if (err == SOTTO_OK) {
        make_signature(public_key, digest, signature);
        *signature_len = SOTTO_HASH_LEN;
    }
    return err;
}

enum sotto_err __wrap_sotto_p256_verify(const uint8_t *public_key,
                                        const uint8_t *digest,
                                        const uint8_t *signature,
                                        size_t signature_len)
{
    uint8_t expected[SOTTO_HASH_LEN];
    uint32_t number;

    if (toy_fails()) {
        return SOTTO_ERR_SPACE;
    }
    if (!read_public(public_key, &number)) {
        return SOTTO_ERR_AUTH;
    }
    make_signature(public_key, digest, expected);
    return signature_len == sizeof expected &&
                   memcmp(signature, expected, sizeof expected) == 0
               ? SOTTO_OK
               : SOTTO_ERR_AUTH;
}

/* Any bytes are a key; 0, which is of low order, is found out in agree(). */
void __wrap_sotto_x25519_public(const uint8_t *private_key, uint8_t *public_key)
{
    fill(multiply(read_private(private_key), GENERATOR), public_key,
         SOTTO_X25519_LEN);
}

enum sotto_err __wrap_sotto_x25519_agree(const uint8_t *private_key,
                                         const uint8_t *peer_public,
                                         uint8_t *shared)
{
    const uint32_t both =
        multiply(read_private(private_key), read_number(peer_public) % PRIME);

    fill(both, shared, SOTTO_X25519_LEN);
    return both == 0 ? SOTTO_ERR_AUTH : SOTTO_OK;
}

enum sotto_err __wrap_sotto_aead_seal(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out)
{
    if (toy_fails()) {
        return SOTTO_ERR_CRYPTO;
    }
    return __real_sotto_aead_seal(aead, nonce, ad, ad_len, in, len, out);
}
