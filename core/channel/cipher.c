/* cipher.c - CipherState, and what the three suites differ in. */
#include "core/channel/cipher.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/base/writer.h"
#include "core/crypto/hash.h"
#include <string.h>

/* What the HMAC of A128CBCHS256's Rekey covers. PROTOCOL.md, "Suites". */
static const char cbc_rekey_label[] = "A128CBCHS256 rekey";

#define CBC_BLOCK 16U

struct suite {
    const char *name;
    enum sotto_suite number;
    enum sotto_aead_alg alg;
};

static const struct suite suites[] = {
#if SOTTO_AEAD_CBC
    {"A128CBCHS256", SOTTO_SUITE_A128CBCHS256, SOTTO_AEAD_A128CBC_HS256},
#endif
#if SOTTO_AEAD_GCM
    {"AESGCM", SOTTO_SUITE_AESGCM, SOTTO_AEAD_AES256_GCM},
#endif
#if SOTTO_AEAD_CHACHA
    {"ChaChaPoly", SOTTO_SUITE_CHACHAPOLY, SOTTO_AEAD_CHACHA20_POLY1305},
#endif
};

_Static_assert((SOTTO_SUITE_DEFAULT == 1 && SOTTO_AEAD_CBC) ||
                   (SOTTO_SUITE_DEFAULT == 2 && SOTTO_AEAD_GCM) ||
                   (SOTTO_SUITE_DEFAULT == 3 && SOTTO_AEAD_CHACHA),
               "the suite that a client dials is one that this build has");

#define SUITE_COUNT (sizeof suites / sizeof suites[0])

/* Its nonce and its REKEY are its own. Where it is not built, neither is what
 * only it needs. */
static bool is_cbc(enum sotto_suite suite)
{
    return SOTTO_AEAD_CBC && suite == SOTTO_SUITE_A128CBCHS256;
}

static const struct suite *find_suite(unsigned number)
{
    for (size_t i = 0; i < SUITE_COUNT; i++) {
        if ((unsigned)suites[i].number == number) {
            return &suites[i];
        }
    }
    return NULL;
}

static const struct suite *get_suite(enum sotto_suite suite)
{
    const struct suite *found = find_suite((unsigned)suite);
    SOTTO_ASSERT(found != NULL);
    return found;
}

bool sotto_suite_is_known(unsigned number)
{
    return find_suite(number) != NULL;
}

const char *sotto_suite_name(enum sotto_suite suite)
{
    return get_suite(suite)->name;
}

enum sotto_err sotto_suite_find(const char *name, size_t len,
                                enum sotto_suite *suite)
{
    for (size_t i = 0; i < SUITE_COUNT; i++) {
        if (strlen(suites[i].name) == len &&
            memcmp(suites[i].name, name, len) == 0) {
            *suite = suites[i].number;
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

size_t sotto_suite_sealed_len(enum sotto_suite suite, size_t len)
{
    return sotto_aead_sealed_len(get_suite(suite)->alg, len);
}

size_t sotto_suite_plain_max(enum sotto_suite suite, size_t limit)
{
    if (limit < sotto_suite_sealed_len(suite, 0)) {
        return 0;
    }
    size_t text = limit - SOTTO_AEAD_TAG_LEN;
    if (!is_cbc(suite)) {
        return text;
    }
    /* Whole blocks, of which padding takes at least one byte. */
    return text / CBC_BLOCK * CBC_BLOCK - 1;
}

void sotto_cipher_init(struct sotto_cipher *cipher, enum sotto_suite suite)
{
    memset(cipher, 0, sizeof *cipher);
    cipher->suite = suite;
}

void sotto_cipher_initialize_key(struct sotto_cipher *cipher,
                                 const uint8_t k[static SOTTO_CIPHER_KEY_LEN])
{
    memmove(cipher->k, k, SOTTO_CIPHER_KEY_LEN);
    sotto_aead_init(&cipher->aead, get_suite(cipher->suite)->alg, cipher->k);
    cipher->n = 0;
    cipher->has_key = true;
}

void sotto_cipher_wipe(struct sotto_cipher *cipher)
{
    sotto_wipe(cipher, sizeof *cipher);
    sotto_wipe_stack();
}

size_t sotto_cipher_sealed_len(const struct sotto_cipher *cipher, size_t len)
{
    return cipher->has_key ? sotto_suite_sealed_len(cipher->suite, len) : len;
}

static void put_little_endian(uint64_t n, uint8_t out[static 8])
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(n >> (8 * i));
    }
}

/* The nonce of message `n` (Noise 12.3 and 12.4; PROTOCOL.md, "Suites"). */
static void make_nonce(const struct sotto_cipher *cipher, uint64_t n,
                       uint8_t nonce[static SOTTO_AEAD_NONCE_MAX])
{
    struct sotto_writer w;

    memset(nonce, 0, SOTTO_AEAD_NONCE_MAX);
    if (is_cbc(cipher->suite)) {
        sotto_aead_cbc_iv(&cipher->aead, n, nonce);
    } else if (cipher->suite == SOTTO_SUITE_AESGCM) {
        sotto_writer_init(&w, nonce, SOTTO_AEAD_NONCE_MAX);
        sotto_write_u32(&w, 0);
        sotto_write_u64(&w, n);
    } else {
        put_little_endian(n, nonce + 4);
    }
}

enum sotto_err sotto_cipher_encrypt_with_ad(struct sotto_cipher *cipher,
                                            const uint8_t *ad, size_t ad_len,
                                            const uint8_t *in, size_t len,
                                            uint8_t *out)
{
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];

    if (!cipher->has_key) {
        if (len > 0) {
            memmove(out, in, len);
        }
        return SOTTO_OK;
    }
    if (cipher->n == SOTTO_CIPHER_N_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    make_nonce(cipher, cipher->n, nonce);
    cipher->n++; /* before the bytes leave */
    return sotto_aead_seal(&cipher->aead, nonce, ad, ad_len, in, len, out);
}

enum sotto_err sotto_cipher_decrypt_with_ad(struct sotto_cipher *cipher,
                                            const uint8_t *ad, size_t ad_len,
                                            const uint8_t *in, size_t len,
                                            uint8_t *out, size_t *out_len)
{
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];

    if (!cipher->has_key) {
        if (len > 0) {
            memmove(out, in, len);
        }
        *out_len = len;
        return SOTTO_OK;
    }
    if (cipher->n == SOTTO_CIPHER_N_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    make_nonce(cipher, cipher->n, nonce);
    enum sotto_err err = sotto_aead_open(&cipher->aead, nonce, ad, ad_len, in,
                                         len, out, out_len);
    if (err == SOTTO_OK) {
        cipher->n++;
    }
    return err;
}

/* REKEY(k) of a cipher that leaves it to Noise's default: the first 32 bytes
 * of 32 zeros sealed with the last nonce (section 4.2). */
static enum sotto_err default_rekey(const struct sotto_cipher *cipher,
                                    uint8_t out[static SOTTO_CIPHER_KEY_LEN])
{
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];
    uint8_t text[SOTTO_CIPHER_KEY_LEN + SOTTO_AEAD_TAG_LEN] = {0};

    make_nonce(cipher, SOTTO_CIPHER_N_MAX, nonce);
    enum sotto_err err = sotto_aead_seal(&cipher->aead, nonce, NULL, 0, text,
                                         SOTTO_CIPHER_KEY_LEN, text);
    if (err == SOTTO_OK) {
        memcpy(out, text, SOTTO_CIPHER_KEY_LEN);
    }
    sotto_wipe(text, sizeof text);
    return err;
}

enum sotto_err sotto_cipher_rekey(struct sotto_cipher *cipher)
{
    enum sotto_err err = SOTTO_OK;
    uint8_t k[SOTTO_HASH_LEN];

    SOTTO_ASSERT(cipher->has_key);
    if (is_cbc(cipher->suite)) {
        /* This cipher has its own REKEY: one MAC gives both halves. */
        const struct sotto_piece label = {cbc_rekey_label,
                                          sizeof cbc_rekey_label - 1};
        sotto_hmac(cipher->k, sizeof cipher->k, &label, 1, k);
    } else {
        err = default_rekey(cipher, k);
    }
    if (err == SOTTO_OK) {
        uint64_t n = cipher->n;
        sotto_cipher_initialize_key(cipher, k);
        cipher->n = n; /* Noise 11.3: Rekey leaves the counter alone */
    } else {
        sotto_cipher_wipe(cipher);
    }
    sotto_wipe(k, sizeof k);
    sotto_wipe_stack(); /* parts of the key that was */
    return err;
}
