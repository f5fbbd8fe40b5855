/*
 * channel_openssl.c - the bare primitives of OpenSSL's libcrypto over the same
 * bytes. Each direction has a context that holds its key; nonces and IVs are
 * counters that cost nothing.
 *
 * AES-128-CBC with HMAC-SHA-256 is what RFC 7518 5.2.3 computes, on text that
 * was padded beforehand. The HMAC starts from two hashes that have taken the
 * key, as everybody does who makes many under one key.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init() and its like */

#include "apps/bench/channel.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#define BLOCK_LEN CHANNEL_BLOCK_LEN
#define HASH_LEN  CHANNEL_BARE_HASH_LEN
#define TAG_LEN   CHANNEL_BARE_TAG_LEN
#define NONCE_LEN CHANNEL_BARE_NONCE_LEN

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
/* The suite's keys, made ready. */
static struct {
    EVP_CIPHER_CTX *encrypt;
    EVP_CIPHER_CTX *decrypt;
    SHA256_CTX inner; /* has taken the key's block */
    SHA256_CTX outer;
} keys;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* libcrypto says 1 where all is well; here that is 0. */
static int failed(int ret)
{
    return ret == 1 ? 0 : -1;
}

static int start_cipher(const EVP_CIPHER *cipher, const uint8_t *key)
{
    EVP_CIPHER_CTX_free(keys.encrypt);
    EVP_CIPHER_CTX_free(keys.decrypt);
    keys.encrypt = EVP_CIPHER_CTX_new();
    keys.decrypt = EVP_CIPHER_CTX_new();
    return failed(EVP_EncryptInit_ex2(keys.encrypt, cipher, key, NULL, NULL)) |
           failed(EVP_DecryptInit_ex2(keys.decrypt, cipher, key, NULL, NULL)) |
           failed(EVP_CIPHER_CTX_set_padding(keys.encrypt, 0)) |
           failed(EVP_CIPHER_CTX_set_padding(keys.decrypt, 0));
}

/* ---- AES-128-CBC with HMAC-SHA-256 -------------------------------------- */

static int start_hash(SHA256_CTX *hash, const uint8_t *key, uint8_t pad)
{
    uint8_t block[64];

    memset(block, pad, sizeof block);
    for (size_t at = 0; at < BLOCK_LEN; at++) {
        block[at] ^= key[at];
    }
    return failed(SHA256_Init(hash)) |
           failed(SHA256_Update(hash, block, sizeof block));
}

static int cbc_start(const uint8_t *key)
{
    return start_hash(&keys.inner, key, 0x36) |
           start_hash(&keys.outer, key, 0x5c) |
           start_cipher(EVP_aes_128_cbc(), key + BLOCK_LEN);
}

static int cbc_mac(const uint8_t *iv, const uint8_t *text, size_t len,
                   uint8_t mac[static HASH_LEN])
{
    static const uint8_t al[8] = {0};
    SHA256_CTX hash = keys.inner;

    int ret = failed(SHA256_Update(&hash, iv, BLOCK_LEN)) |
              failed(SHA256_Update(&hash, text, len)) |
              failed(SHA256_Update(&hash, al, sizeof al)) |
              failed(SHA256_Final(mac, &hash));
    hash = keys.outer;
    return ret | failed(SHA256_Update(&hash, mac, HASH_LEN)) |
           failed(SHA256_Final(mac, &hash));
}

static int cbc_seal(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t iv[BLOCK_LEN];
    uint8_t mac[HASH_LEN];
    int out_len;

    channel_bare_nonce(work->sent, iv, sizeof iv);
    int ret = failed(EVP_EncryptInit_ex2(keys.encrypt, NULL, NULL, iv, NULL)) |
              failed(EVP_EncryptUpdate(keys.encrypt, slot->at, &out_len,
                                       work->plain, (int)work->padded_len)) |
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
    int out_len;

    channel_bare_nonce(work->received, iv, sizeof iv);
    int ret = cbc_mac(iv, slot->at, len, mac);
    if (memcmp(mac, slot->at + len, TAG_LEN) != 0) {
        return -1;
    }
    ret |= failed(EVP_DecryptInit_ex2(keys.decrypt, NULL, NULL, iv, NULL)) |
           failed(EVP_DecryptUpdate(keys.decrypt, slot->at, &out_len, slot->at,
                                    (int)len));
    slot->opened_len = len - slot->at[len - 1];
    return ret;
}

/* ---- AES-256-GCM and ChaCha20-Poly1305 ---------------------------------- */

static int gcm_start(const uint8_t *key)
{
    return start_cipher(EVP_aes_256_gcm(), key);
}

static int chacha_start(const uint8_t *key)
{
    return start_cipher(EVP_chacha20_poly1305(), key);
}

static int aead_seal(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];
    uint8_t *tag = slot->at + work->plain_len;
    int out_len;

    channel_bare_nonce(work->sent, nonce, sizeof nonce);
    slot->len = work->plain_len + TAG_LEN;
    return failed(EVP_EncryptInit_ex2(keys.encrypt, NULL, NULL, nonce, NULL)) |
           failed(EVP_EncryptUpdate(keys.encrypt, slot->at, &out_len,
                                    work->plain, (int)work->plain_len)) |
           failed(EVP_EncryptFinal_ex(keys.encrypt, tag, &out_len)) |
           failed(EVP_CIPHER_CTX_ctrl(keys.encrypt, EVP_CTRL_AEAD_GET_TAG,
                                      TAG_LEN, tag));
}

static int aead_open(const struct channel_work *work, struct channel_slot *slot)
{
    uint8_t nonce[NONCE_LEN];
    int out_len;

    channel_bare_nonce(work->received, nonce, sizeof nonce);
    slot->opened_len = slot->len - TAG_LEN;
    return failed(EVP_DecryptInit_ex2(keys.decrypt, NULL, NULL, nonce, NULL)) |
           failed(EVP_DecryptUpdate(keys.decrypt, slot->at, &out_len, slot->at,
                                    (int)slot->opened_len)) |
           failed(EVP_CIPHER_CTX_ctrl(keys.decrypt, EVP_CTRL_AEAD_SET_TAG,
                                      TAG_LEN, slot->at + slot->opened_len)) |
           failed(EVP_DecryptFinal_ex(keys.decrypt, slot->at, &out_len));
}

/* ---- the suites --------------------------------------------------------- */

const struct channel_bare_suite channel_bare_suites[CHANNEL_BARE_SUITES] = {
    [SOTTO_SUITE_A128CBCHS256] = {cbc_start, cbc_seal, cbc_open},
    [SOTTO_SUITE_AESGCM] = {gcm_start, aead_seal, aead_open},
    [SOTTO_SUITE_CHACHAPOLY] = {chacha_start, aead_seal, aead_open},
};

/* ---- keys --------------------------------------------------------------- */

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static EVP_PKEY_CTX *x25519; /* has both keys */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

bool channel_bare_x25519_start(const uint8_t *scalar, const uint8_t *peer)
{
    EVP_PKEY *ours =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
    EVP_PKEY *theirs =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, 32);

    EVP_PKEY_CTX_free(x25519);
    x25519 = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    bool ok = EVP_PKEY_derive_init(x25519) == 1 &&
              EVP_PKEY_derive_set_peer(x25519, theirs) == 1;
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    return ok;
}

bool channel_bare_x25519(uint8_t *shared)
{
    size_t len = 32;

    return EVP_PKEY_derive(x25519, shared, &len) == 1;
}

bool channel_bare_compress(size_t count)
{
    static const uint8_t block[64] = {0};
    SHA256_CTX hash;

    int ret = SHA256_Init(&hash);
    for (size_t at = 0; at < count; at++) {
        SHA256_Transform(&hash, block);
    }
    return ret == 1;
}
