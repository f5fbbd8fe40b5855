/*
 * channel_mbedtls.c - the bare primitives of mbedTLS over the same bytes. Key
 * schedules are made once and held; nonces and
 * IVs are counters that cost nothing.
 *
 * AES-128-CBC with HMAC-SHA-256 is what RFC 7518 5.2.3 computes, on text that
 * was padded beforehand. The HMAC starts from two hashes that have taken the
 * key, as everybody does who makes many under one key.
 */
#include "apps/bench/channel.h"
#include <mbedtls/aes.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/sha256.h>
#include <string.h>

#if !defined(__SIZEOF_INT128__)
#    define KRML_VERIFIED_UINT128 /* as in the core: how the archive is built */
#endif
#include <everest/Hacl_Curve25519.h>

#define BLOCK_LEN CHANNEL_BLOCK_LEN
#define HASH_LEN  CHANNEL_BARE_HASH_LEN
#define TAG_LEN   CHANNEL_BARE_TAG_LEN
#define NONCE_LEN CHANNEL_BARE_NONCE_LEN

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
/* The suite's keys, made ready. */
static struct {
    mbedtls_aes_context encrypt;
    mbedtls_aes_context decrypt;
    mbedtls_sha256_context inner; /* has taken the key's block */
    mbedtls_sha256_context outer;
    mbedtls_gcm_context gcm;
    mbedtls_chachapoly_context chacha;
} keys;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* ---- AES-128-CBC with HMAC-SHA-256 -------------------------------------- */

static int start_hash(mbedtls_sha256_context *hash, const uint8_t *key,
                      size_t key_len, uint8_t pad)
{
    uint8_t block[64];

    memset(block, pad, sizeof block);
    for (size_t at = 0; at < key_len; at++) {
        block[at] ^= key[at];
    }
    mbedtls_sha256_init(hash);
    return mbedtls_sha256_starts(hash, 0) |
           mbedtls_sha256_update(hash, block, sizeof block);
}

static int cbc_start(const uint8_t *key)
{
    mbedtls_aes_init(&keys.encrypt);
    mbedtls_aes_init(&keys.decrypt);
    return start_hash(&keys.inner, key, BLOCK_LEN, 0x36) |
           start_hash(&keys.outer, key, BLOCK_LEN, 0x5c) |
           mbedtls_aes_setkey_enc(&keys.encrypt, key + BLOCK_LEN, 128) |
           mbedtls_aes_setkey_dec(&keys.decrypt, key + BLOCK_LEN, 128);
}

static int cbc_mac(const uint8_t *iv, const uint8_t *text, size_t len,
                   uint8_t mac[static HASH_LEN])
{
    static const uint8_t al[8] = {0};
    mbedtls_sha256_context hash;

    mbedtls_sha256_clone(&hash, &keys.inner);
    int ret = mbedtls_sha256_update(&hash, iv, BLOCK_LEN) |
              mbedtls_sha256_update(&hash, text, len) |
              mbedtls_sha256_update(&hash, al, sizeof al) |
              mbedtls_sha256_finish(&hash, mac);
    mbedtls_sha256_clone(&hash, &keys.outer);
    return ret | mbedtls_sha256_update(&hash, mac, HASH_LEN) |
           mbedtls_sha256_finish(&hash, mac);
}

static int cbc_seal(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t iv[BLOCK_LEN];
    uint8_t moving[BLOCK_LEN];
    uint8_t mac[HASH_LEN];

    channel_bare_nonce(work->sent, iv, sizeof iv);
    memcpy(moving, iv, sizeof iv);
    int ret =
        mbedtls_aes_crypt_cbc(&keys.encrypt, MBEDTLS_AES_ENCRYPT,
                              work->padded_len, moving, work->plain, slot->at) |
        cbc_mac(iv, slot->at, work->padded_len, mac);
    memcpy(slot->at + work->padded_len, mac, TAG_LEN);
    slot->len = work->padded_len + TAG_LEN;
    return ret;
}

static int cbc_open(const struct channel_work *work, struct channel_slot *slot)
{
    size_t len = slot->len - TAG_LEN;
    uint8_t iv[BLOCK_LEN];
    uint8_t mac[HASH_LEN];

    channel_bare_nonce(work->received, iv, sizeof iv);
    int ret = cbc_mac(iv, slot->at, len, mac);
    if (memcmp(mac, slot->at + len, TAG_LEN) != 0) {
        return -1;
    }
    ret |= mbedtls_aes_crypt_cbc(&keys.decrypt, MBEDTLS_AES_DECRYPT, len, iv,
                                 slot->at, slot->at);
    slot->opened_len = len - slot->at[len - 1];
    return ret;
}

/* ---- AES-256-GCM and ChaCha20-Poly1305 ---------------------------------- */

static int gcm_start(const uint8_t *key)
{
    mbedtls_gcm_init(&keys.gcm);
    return mbedtls_gcm_setkey(&keys.gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
}

static int gcm_seal(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    channel_bare_nonce(work->sent, nonce, sizeof nonce);
    slot->len = work->plain_len + TAG_LEN;
    return mbedtls_gcm_crypt_and_tag(&keys.gcm, MBEDTLS_GCM_ENCRYPT,
                                     work->plain_len, nonce, sizeof nonce, NULL,
                                     0, work->plain, slot->at, TAG_LEN,
                                     slot->at + work->plain_len);
}

static int gcm_open(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    channel_bare_nonce(work->received, nonce, sizeof nonce);
    slot->opened_len = slot->len - TAG_LEN;
    return mbedtls_gcm_auth_decrypt(&keys.gcm, slot->opened_len, nonce,
                                    sizeof nonce, NULL, 0,
                                    slot->at + slot->opened_len, TAG_LEN,
                                    slot->at, slot->at);
}

static int chacha_start(const uint8_t *key)
{
    mbedtls_chachapoly_init(&keys.chacha);
    return mbedtls_chachapoly_setkey(&keys.chacha, key);
}

static int chacha_seal(const struct channel_work *work,
                       struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    channel_bare_nonce(work->sent, nonce, sizeof nonce);
    slot->len = work->plain_len + TAG_LEN;
    return mbedtls_chachapoly_encrypt_and_tag(&keys.chacha, work->plain_len,
                                              nonce, NULL, 0, work->plain,
                                              slot->at,
                                              slot->at + work->plain_len);
}

static int chacha_open(const struct channel_work *work,
                       struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    channel_bare_nonce(work->received, nonce, sizeof nonce);
    slot->opened_len = slot->len - TAG_LEN;
    return mbedtls_chachapoly_auth_decrypt(&keys.chacha, slot->opened_len,
                                           nonce, NULL, 0,
                                           slot->at + slot->opened_len,
                                           slot->at, slot->at);
}

/* ---- the suites --------------------------------------------------------- */

const struct channel_bare_suite channel_bare_suites[CHANNEL_BARE_SUITES] = {
    [SOTTO_SUITE_A128CBCHS256] = {cbc_start, cbc_seal, cbc_open},
    [SOTTO_SUITE_AESGCM] = {gcm_start, gcm_seal, gcm_open},
    [SOTTO_SUITE_CHACHAPOLY] = {chacha_start, chacha_seal, chacha_open},
};

/* ---- keys --------------------------------------------------------------- */

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static uint8_t x25519_scalar[32];
static uint8_t x25519_peer[32];
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

bool channel_bare_x25519_start(const uint8_t *scalar, const uint8_t *peer)
{
    memcpy(x25519_scalar, scalar, sizeof x25519_scalar);
    memcpy(x25519_peer, peer, sizeof x25519_peer);
    return true;
}

bool channel_bare_x25519(uint8_t *shared)
{
    Hacl_Curve25519_crypto_scalarmult(shared, x25519_scalar, x25519_peer);
    return true;
}

bool channel_bare_compress(size_t count)
{
    static const uint8_t block[64] = {0};
    mbedtls_sha256_context hash;
    int ret;

    mbedtls_sha256_init(&hash);
    ret = mbedtls_sha256_starts(&hash, 0);
    for (size_t at = 0; at < count; at++) {
        ret |= mbedtls_internal_sha256_process(&hash, block);
    }
    mbedtls_sha256_free(&hash);
    return ret == 0;
}
