/*
 * cbc_hmac.c - AEAD_AES_128_CBC_HMAC_SHA_256 (RFC 7518 5.2.2, 5.2.3) by
 * libcrypto. What it computes, and why there is no padding oracle, stands in
 * core/crypto/mbedtls/cbc_hmac.c.
 *
 * A key's words: ENC_KEY 4 | the HMAC's midstates 8 | 8.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/aead_ciphers.h"
#include "core/crypto/openssl/cipher.h"
#include "core/crypto/openssl/midstate.h"
#include <string.h>

#define INNER_AT (SOTTO_CBC_HALF / sizeof(uint32_t))
#define OUTER_AT (INNER_AT + SOTTO_MIDSTATE_WORDS)

#define STRIDE SOTTO_SHA256_BLOCK /* of encrypt() */

_Static_assert(SOTTO_AEAD_WORDS >= OUTER_AT + SOTTO_MIDSTATE_WORDS,
               "enlarge SOTTO_AEAD_WORDS");

static void keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key + SOTTO_CBC_HALF, SOTTO_CBC_HALF);
    sotto_cbc_midstates(key, aead->words + INNER_AT, aead->words + OUTER_AT);
}

/* Begins the MAC over AD, IV, ciphertext and AL, whose first 16 bytes are the
 * tag: the ciphertext comes next. */
static void begin_tag(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m,
                      struct sotto_sha256 *hash)
{
    sotto_midstate_resume(aead->words + INNER_AT, hash);
    sotto_sha256_add(hash, m->ad, m->ad_len);
    sotto_sha256_add(hash, m->nonce, SOTTO_AES_BLOCK);
}

static void end_tag(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m,
                    struct sotto_sha256 *hash,
                    uint8_t mac[static SOTTO_HASH_LEN])
{
    uint8_t al[8];

    sotto_cbc_number(8 * (uint64_t)m->ad_len, al);
    sotto_sha256_add(hash, al, sizeof al);
    sotto_sha256_end(hash, mac);
    sotto_midstate_resume(aead->words + OUTER_AT, hash);
    sotto_sha256_add(hash, mac, SOTTO_HASH_LEN);
    sotto_sha256_end(hash, mac);
}

/*
 * Encrypts, and adds the ciphertext to the MAC. Each of the two waits for itself
 * from block to block and leaves most of the processor idle. So they take turns,
 * with the MAC one stride behind: while one waits the other goes on, and long
 * records take two thirds of the time. The first stride ends where a block of the
 * hash does (AD and IV are in it already): later ones are then hashed where they
 * are. Libcrypto pads at the end. (A thread that has used ChaCha20-Poly1305 gains
 * nothing by this: libcrypto 3.0 leaves wide registers behind in a state in which
 * the two cannot overtake each other.)
 */
static bool encrypt(const struct sotto_provider_cipher *cipher,
                    const struct sotto_aead_message *m, uint8_t *out,
                    size_t out_len, struct sotto_sha256 *hash)
{
    const size_t ahead = m->ad_len / SOTTO_AES_BLOCK * SOTTO_AES_BLOCK;
    size_t stride = STRIDE - (ahead + SOTTO_AES_BLOCK) % STRIDE;
    size_t hashed = 0;
    size_t at = 0;
    size_t rest;
    bool ok = true;

    while (ok && m->len - at > stride) {
        ok = sotto_cipher_put(cipher, m->text + at, stride, out + at);
        sotto_sha256_add(hash, out + hashed, at - hashed);
        hashed = at;
        at += stride;
        stride = STRIDE;
    }
    ok = ok && sotto_cipher_put(cipher, m->text + at, m->len - at, out + at) &&
         sotto_cipher_finish(cipher, out + out_len - SOTTO_AES_BLOCK, &rest);
    sotto_sha256_add(hash, out + hashed, out_len - hashed);
    return ok;
}

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    const size_t len =
        sotto_aead_sealed_len(aead->alg, m->len) - SOTTO_AEAD_TAG_LEN;
    uint8_t mac[SOTTO_HASH_LEN];
    struct sotto_sha256 hash;
    const struct sotto_provider_cipher *cipher =
        sotto_cipher_begin(aead, m->nonce, true);
    bool ok;

    begin_tag(aead, m, &hash);
    ok = encrypt(cipher, m, out, len, &hash);
    sotto_cipher_end(cipher, aead->alg);
    end_tag(aead, m, &hash, mac);
    memcpy(out + len, mac, SOTTO_AEAD_TAG_LEN);
    sotto_wipe(mac, sizeof mac);
    return ok;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    const struct sotto_provider_cipher *cipher;
    uint8_t mac[SOTTO_HASH_LEN];
    struct sotto_sha256 hash;
    size_t rest;
    bool ok;

    if (m->len == 0 || m->len % SOTTO_AES_BLOCK != 0) {
        return false;
    }
    begin_tag(aead, m, &hash);
    sotto_sha256_add(&hash, m->text, m->len);
    end_tag(aead, m, &hash, mac);
    ok = sotto_equal(mac, tag, SOTTO_AEAD_TAG_LEN);
    sotto_wipe(mac, sizeof mac); /* the right tag of somebody's message */
    if (!ok) {
        return false;
    }
    cipher = sotto_cipher_begin(aead, m->nonce, false);
    ok = sotto_cipher_put(cipher, m->text, m->len, out) &&
         sotto_cipher_finish(cipher, out + m->len - SOTTO_AES_BLOCK, &rest);
    sotto_cipher_end(cipher, aead->alg);
    if (ok) {
        *out_len = m->len - SOTTO_AES_BLOCK + rest;
    }
    return ok;
}

const struct sotto_aead_cipher sotto_aead_cbc_hmac = {keep, seal_text,
                                                      open_text};

/* One block in CBC mode, from an IV of zeros. */
void sotto_aead_cbc_iv(const struct sotto_aead *aead, uint64_t n,
                       uint8_t iv[static 16])
{
    static const uint8_t zeros[SOTTO_AES_BLOCK] = {0};
    uint8_t block[SOTTO_AES_BLOCK] = {0};
    const struct sotto_provider_cipher *cipher;
    bool ok;

    SOTTO_ASSERT(aead->alg == SOTTO_AEAD_A128CBC_HS256);
    sotto_cbc_number(n, block + 8);
    cipher = sotto_cipher_begin(aead, zeros, true);
    ok = sotto_cipher_put(cipher, block, sizeof block, iv);
    sotto_cipher_end(cipher, aead->alg);
    SOTTO_ASSERT(ok); /* one block under a set key cannot fail */
}
