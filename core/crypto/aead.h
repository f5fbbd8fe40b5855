/*
 * aead.h - authenticated encryption: the ciphers of the channel and of MLS.
 *
 * A `struct sotto_aead` is a key made ready for use (an expanded key), opaque
 * and sized; it holds no pointer into itself. Sealing and opening work in place
 * (`in == out`) or between buffers that do not overlap. Sources: RFC 7518
 * 5.2.3, NIST SP 800-38D, RFC 8439.
 */
#ifndef SOTTO_CRYPTO_AEAD_H
#define SOTTO_CRYPTO_AEAD_H

#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

enum sotto_aead_alg {
    SOTTO_AEAD_A128CBC_HS256 = 1, /* key 32 (MAC, then cipher), IV 16 */
    SOTTO_AEAD_AES256_GCM,        /* key 32, nonce 12 */
    SOTTO_AEAD_CHACHA20_POLY1305, /* key 32, nonce 12 */
    SOTTO_AEAD_AES128_GCM         /* key 16, nonce 12 */
};

#define SOTTO_AEAD_KEY_MAX   32
#define SOTTO_AEAD_NONCE_MAX 16
#define SOTTO_AEAD_TAG_LEN   16

/* The most a sealed text is longer than the plain one: padding and tag. */
#define SOTTO_AEAD_OVERHEAD_MAX 32

/* 0: a build without this cipher, for boards that are short of flash (what each
 * takes: apps/firmware/README.md). MLS's cipher suite needs GCM. */
#ifndef SOTTO_AEAD_CBC
#    define SOTTO_AEAD_CBC 1
#endif
#ifndef SOTTO_AEAD_GCM
#    define SOTTO_AEAD_GCM 1
#endif
#ifndef SOTTO_AEAD_CHACHA
#    define SOTTO_AEAD_CHACHA 1
#endif

/* What the back end keeps of a key; it checks that this suffices. mbedTLS on
 * hosts keeps all that can be computed from it, on boards as little as is
 * sensible (SOTTO_SMALL_KEYS in core/crypto/mbedtls/CMakeLists.txt); libcrypto
 * the key itself. */
#ifndef SOTTO_AEAD_WORDS
#    define SOTTO_AEAD_WORDS 65
#endif

struct sotto_aead {
    enum sotto_aead_alg alg;
    uint32_t words[SOTTO_AEAD_WORDS];
};

size_t sotto_aead_key_len(enum sotto_aead_alg alg);
size_t sotto_aead_nonce_len(enum sotto_aead_alg alg);

/* How many bytes `len` bytes become, tag included. */
size_t sotto_aead_sealed_len(enum sotto_aead_alg alg, size_t len);

/* Takes a key of sotto_aead_key_len(alg) bytes. */
void sotto_aead_init(struct sotto_aead *aead, enum sotto_aead_alg alg,
                     const uint8_t *key);
void sotto_aead_wipe(struct sotto_aead *aead);

/*
 * Seals `len` bytes: writes sotto_aead_sealed_len() bytes to `out`, ciphertext
 * and then tag. The IV or nonce is not written. CRYPTO if the back end fails;
 * `out` is then wiped.
 */
enum sotto_err sotto_aead_seal(const struct sotto_aead *aead,
                               const uint8_t *nonce, const uint8_t *ad,
                               size_t ad_len, const uint8_t *in, size_t len,
                               uint8_t *out) SOTTO_MUST_CHECK;

/*
 * Opens `len` bytes of ciphertext and tag; `*out_len` bytes of plain text go to
 * `out`, which needs room for len - SOTTO_AEAD_TAG_LEN bytes. AUTH for
 * anything that was not sealed so (too short included): nothing of the plain
 * text has then left, and `out` is zeros.
 */
enum sotto_err sotto_aead_open(const struct sotto_aead *aead,
                               const uint8_t *nonce, const uint8_t *ad,
                               size_t ad_len, const uint8_t *in, size_t len,
                               uint8_t *out, size_t *out_len) SOTTO_MUST_CHECK;

/*
 * The IV of message `n` for A128CBC-HS256 keys: AES-128-Encrypt(ENC_KEY, eight
 * zero bytes || n as 64-bit big-endian), unpredictable and unique for each
 * message (NIST SP 800-38A Appendix C). PROTOCOL.md, "Suites".
 */
void sotto_aead_cbc_iv(const struct sotto_aead *aead, uint64_t n,
                       uint8_t iv[static 16]);

#endif
