/*
 * channel_mbedtls.c - the bare primitives: mbedTLS, called as directly as one
 * can, over the same bytes. Key schedules are made once and held; nonces and
 * IVs are counters that cost nothing.
 *
 * AES-128-CBC with HMAC-SHA-256 is what RFC 7518 5.2.3 computes, on text that
 * was padded beforehand. The HMAC starts from two hashes that have taken the
 * key, as everybody does who makes many under one key.
 */
#include "apps/bench/channel.h"
#include <string.h>

#define BLOCK_LEN CHANNEL_BLOCK_LEN
#define HASH_LEN  32
#define TAG_LEN   16
#define NONCE_LEN 12

/* A number as a nonce of `len` bytes. */
static void put_nonce(uint64_t n, uint8_t *nonce, size_t len)
{
    memset(nonce, 0, len);
    memcpy(nonce + len - sizeof n, &n, sizeof n);
}

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

static int cbc_start(struct channel_bare *bare, const uint8_t *key)
{
    mbedtls_aes_init(&bare->encrypt);
    mbedtls_aes_init(&bare->decrypt);
    return start_hash(&bare->inner, key, BLOCK_LEN, 0x36) |
           start_hash(&bare->outer, key, BLOCK_LEN, 0x5c) |
           mbedtls_aes_setkey_enc(&bare->encrypt, key + BLOCK_LEN, 128) |
           mbedtls_aes_setkey_dec(&bare->decrypt, key + BLOCK_LEN, 128);
}

static int cbc_mac(const struct channel_bare *bare, const uint8_t *iv,
                   const uint8_t *text, size_t len,
                   uint8_t mac[static HASH_LEN])
{
    static const uint8_t al[8] = {0};
    mbedtls_sha256_context hash;

    mbedtls_sha256_clone(&hash, &bare->inner);
    int ret = mbedtls_sha256_update(&hash, iv, BLOCK_LEN) |
              mbedtls_sha256_update(&hash, text, len) |
              mbedtls_sha256_update(&hash, al, sizeof al) |
              mbedtls_sha256_finish(&hash, mac);
    mbedtls_sha256_clone(&hash, &bare->outer);
    return ret | mbedtls_sha256_update(&hash, mac, HASH_LEN) |
           mbedtls_sha256_finish(&hash, mac);
}

static int cbc_seal(struct channel_work *work, struct channel_slot *slot)
{
    struct channel_bare *bare = &work->bare;
    uint8_t iv[BLOCK_LEN];
    uint8_t moving[BLOCK_LEN];
    uint8_t mac[HASH_LEN];

    put_nonce(bare->sent, iv, sizeof iv);
    memcpy(moving, iv, sizeof iv);
    int ret =
        mbedtls_aes_crypt_cbc(&bare->encrypt, MBEDTLS_AES_ENCRYPT,
                              work->padded_len, moving, work->plain, slot->at) |
        cbc_mac(bare, iv, slot->at, work->padded_len, mac);
    memcpy(slot->at + work->padded_len, mac, TAG_LEN);
    slot->len = work->padded_len + TAG_LEN;
    return ret;
}

static int cbc_open(struct channel_bare *bare, struct channel_slot *slot)
{
    size_t len = slot->len - TAG_LEN;
    uint8_t iv[BLOCK_LEN];
    uint8_t mac[HASH_LEN];

    put_nonce(bare->received, iv, sizeof iv);
    int ret = cbc_mac(bare, iv, slot->at, len, mac);
    if (memcmp(mac, slot->at + len, TAG_LEN) != 0) {
        return -1;
    }
    ret |= mbedtls_aes_crypt_cbc(&bare->decrypt, MBEDTLS_AES_DECRYPT, len, iv,
                                 slot->at, slot->at);
    slot->opened_len = len - slot->at[len - 1];
    return ret;
}

/* ---- AES-256-GCM and ChaCha20-Poly1305 ---------------------------------- */

static int gcm_start(struct channel_bare *bare, const uint8_t *key)
{
    mbedtls_gcm_init(&bare->gcm);
    return mbedtls_gcm_setkey(&bare->gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
}

static int gcm_seal(struct channel_work *work, struct channel_slot *slot)
{
    struct channel_bare *bare = &work->bare;
    uint8_t nonce[NONCE_LEN];

    put_nonce(bare->sent, nonce, sizeof nonce);
    slot->len = work->plain_len + TAG_LEN;
    return mbedtls_gcm_crypt_and_tag(&bare->gcm, MBEDTLS_GCM_ENCRYPT,
                                     work->plain_len, nonce, sizeof nonce, NULL,
                                     0, work->plain, slot->at, TAG_LEN,
                                     slot->at + work->plain_len);
}

static int gcm_open(struct channel_bare *bare, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    put_nonce(bare->received, nonce, sizeof nonce);
    slot->opened_len = slot->len - TAG_LEN;
    return mbedtls_gcm_auth_decrypt(&bare->gcm, slot->opened_len, nonce,
                                    sizeof nonce, NULL, 0,
                                    slot->at + slot->opened_len, TAG_LEN,
                                    slot->at, slot->at);
}

static int chacha_start(struct channel_bare *bare, const uint8_t *key)
{
    mbedtls_chachapoly_init(&bare->chacha);
    return mbedtls_chachapoly_setkey(&bare->chacha, key);
}

static int chacha_seal(struct channel_work *work, struct channel_slot *slot)
{
    struct channel_bare *bare = &work->bare;
    uint8_t nonce[NONCE_LEN];

    put_nonce(bare->sent, nonce, sizeof nonce);
    slot->len = work->plain_len + TAG_LEN;
    return mbedtls_chachapoly_encrypt_and_tag(&bare->chacha, work->plain_len,
                                              nonce, NULL, 0, work->plain,
                                              slot->at,
                                              slot->at + work->plain_len);
}

static int chacha_open(struct channel_bare *bare, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];

    put_nonce(bare->received, nonce, sizeof nonce);
    slot->opened_len = slot->len - TAG_LEN;
    return mbedtls_chachapoly_auth_decrypt(&bare->chacha, slot->opened_len,
                                           nonce, NULL, 0,
                                           slot->at + slot->opened_len,
                                           slot->at, slot->at);
}

/* ---- the layer ---------------------------------------------------------- */

static bool mbedtls_start(struct channel_work *work)
{
    struct channel_bare *bare = &work->bare;
    const struct sotto_random *random = &work->world->random;
    uint8_t key[32];
    int ret = -1;

    if (random->fill(random->ctx, key, sizeof key) != SOTTO_OK) {
        return false;
    }
    bare->sent = 0;
    bare->received = 0;
    switch (work->suite) {
    case SOTTO_SUITE_A128CBCHS256:
        ret = cbc_start(bare, key);
        break;
    case SOTTO_SUITE_AESGCM:
        ret = gcm_start(bare, key);
        break;
    case SOTTO_SUITE_CHACHAPOLY:
        ret = chacha_start(bare, key);
        break;
    }
    return ret == 0;
}

static bool mbedtls_seal(struct channel_work *work)
{
    int (*const seal)(struct channel_work *, struct channel_slot *) =
        work->suite == SOTTO_SUITE_A128CBCHS256 ? cbc_seal
        : work->suite == SOTTO_SUITE_AESGCM     ? gcm_seal
                                                : chacha_seal;
    int ret = 0;

    for (size_t at = 0; at < work->count; at++) {
        ret |= seal(work, &work->slots[at]);
        work->bare.sent++;
    }
    return ret == 0;
}

static bool mbedtls_open(struct channel_work *work)
{
    int (*const open)(struct channel_bare *, struct channel_slot *) =
        work->suite == SOTTO_SUITE_A128CBCHS256 ? cbc_open
        : work->suite == SOTTO_SUITE_AESGCM     ? gcm_open
                                                : chacha_open;
    int ret = 0;

    for (size_t at = 0; at < work->count; at++) {
        ret |= open(&work->bare, &work->slots[at]);
        work->slots[at].opened = work->slots[at].at;
        work->bare.received++;
    }
    return ret == 0;
}

const struct channel_layer channel_layer_mbedtls = {
    .name = "mbedtls",
    .has_frame = false,
    .start = mbedtls_start,
    .seal = mbedtls_seal,
    .open = mbedtls_open,
};
