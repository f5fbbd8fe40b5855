/*
 * wycheproof_symmetric.c - AEADs, HMAC, HKDF and PBKDF2.
 */
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "tests/vectors/wycheproof.h"
#include <string.h>

/* -------------------------------------------------------------------- AEAD */

static const struct {
    const char *algorithm;
    uint64_t key_bits;
    enum sotto_aead_alg alg;
} aeads[] = {
    {"A128CBC-HS256", 256, SOTTO_AEAD_A128CBC_HS256},
    {"AES-GCM", 128, SOTTO_AEAD_AES128_GCM},
    {"AES-GCM", 256, SOTTO_AEAD_AES256_GCM},
    {"CHACHA20-POLY1305", 256, SOTTO_AEAD_CHACHA20_POLY1305},
};

static bool find_aead(const char *algorithm, uint64_t key_bits,
                      enum sotto_aead_alg *alg, bool *known)
{
    *known = false;
    for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++) {
        if (strcmp(aeads[i].algorithm, algorithm) == 0) {
            *known = true;
            *alg = aeads[i].alg;
            if (aeads[i].key_bits == key_bits) {
                return true;
            }
        }
    }
    return false;
}

static const char *aead_fits(struct vectors *v, const char *algorithm,
                             const cJSON *group)
{
    enum sotto_aead_alg alg = SOTTO_AEAD_AES128_GCM;
    bool known;
    bool found =
        find_aead(algorithm, vectors_number(v, group, "keySize"), &alg, &known);

    if (!known) {
        return "an AEAD that Sotto does not have";
    }
    if (!found) {
        return "a key size that Sotto does not use (keySize)";
    }
    if (vectors_number(v, group, "ivSize") != 8 * sotto_aead_nonce_len(alg)) {
        return "a nonce size that Sotto does not use (ivSize)";
    }
    if (vectors_number(v, group, "tagSize") != 8 * SOTTO_AEAD_TAG_LEN) {
        return "a tag size that Sotto does not use (tagSize)";
    }
    return NULL;
}

/* Opens ct | tag; what comes out must be `msg` when the test is valid, and
 * zeros when it is refused. */
static bool check_open(struct vectors *v, const struct wycheproof_test *test,
                       const struct sotto_aead *aead)
{
    struct vectors_bytes iv = vectors_hex(v, test->json, "iv");
    struct vectors_bytes aad = vectors_hex(v, test->json, "aad");
    struct vectors_bytes msg = vectors_hex(v, test->json, "msg");
    struct vectors_bytes ct = vectors_hex(v, test->json, "ct");
    struct vectors_bytes tag = vectors_hex(v, test->json, "tag");
    struct vectors_bytes in = vectors_buffer(v, ct.len + tag.len);
    struct vectors_bytes out = vectors_buffer(v, ct.len);
    enum sotto_err err;

    memcpy(in.at, ct.at, ct.len);
    memcpy(in.at + ct.len, tag.at, tag.len);
    memset(out.at, 0xee, out.len);
    err = sotto_aead_open(aead, iv.at, aad.at, aad.len, in.at, in.len, out.at,
                          &out.len);
    if (err != SOTTO_OK && err != SOTTO_ERR_AUTH) {
        vectors_note(v, "open: error %d", (int)err);
        return false;
    }
    if (err == SOTTO_ERR_AUTH) {
        for (size_t i = 0; i < out.len; i++) {
            if (out.at[i] != 0) {
                vectors_note(v, "refused, but the output is not erased");
                return false;
            }
        }
    }
    return wycheproof_judge(v, test, err != SOTTO_OK, out, msg);
}

static bool check_seal(struct vectors *v, const struct wycheproof_test *test,
                       const struct sotto_aead *aead)
{
    struct vectors_bytes iv = vectors_hex(v, test->json, "iv");
    struct vectors_bytes aad = vectors_hex(v, test->json, "aad");
    struct vectors_bytes msg = vectors_hex(v, test->json, "msg");
    struct vectors_bytes ct = vectors_hex(v, test->json, "ct");
    struct vectors_bytes tag = vectors_hex(v, test->json, "tag");
    size_t len = sotto_aead_sealed_len(aead->alg, msg.len);
    struct vectors_bytes out = vectors_buffer(v, len);
    enum sotto_err err =
        sotto_aead_seal(aead, iv.at, aad.at, aad.len, msg.at, msg.len, out.at);

    if (err != SOTTO_OK) {
        vectors_note(v, "seal: error %d", (int)err);
        return false;
    }
    return vectors_same(v, "ct", out.at, len - SOTTO_AEAD_TAG_LEN, ct) &&
           vectors_same(v, "tag", out.at + len - SOTTO_AEAD_TAG_LEN,
                        SOTTO_AEAD_TAG_LEN, tag);
}

static bool aead_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes key = vectors_hex(v, test->json, "key");
    struct vectors_bytes iv = vectors_hex(v, test->json, "iv");
    enum sotto_aead_alg alg = SOTTO_AEAD_AES128_GCM;
    struct sotto_aead aead;
    bool known;
    bool ok;

    if (!find_aead(test->algorithm, 8 * key.len, &alg, &known) ||
        iv.len != sotto_aead_nonce_len(alg)) {
        vectors_note(v, "its sizes are not those of its group");
        return false;
    }
    sotto_aead_init(&aead, alg, key.at);
    ok = check_open(v, test, &aead);
    if (ok && test->result == WYCHEPROOF_VALID) {
        ok = check_seal(v, test, &aead);
    }
    sotto_aead_wipe(&aead);
    return ok;
}

const struct wycheproof_kind wycheproof_aead = {"AeadTest", aead_fits,
                                                aead_run};

/* -------------------------------------------------------------------- HMAC */

static const char *mac_fits(struct vectors *v, const char *algorithm,
                            const cJSON *group)
{
    uint64_t tag_bits = vectors_number(v, group, "tagSize");

    if (strcmp(algorithm, "HMACSHA256") != 0) {
        return "a MAC that Sotto does not have";
    }
    if (tag_bits % 8 != 0 || tag_bits > 8 * SOTTO_HASH_LEN) {
        return "a tag size that HMAC-SHA-256 does not have (tagSize)";
    }
    return NULL;
}

static bool mac_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes key = vectors_hex(v, test->json, "key");
    struct vectors_bytes msg = vectors_hex(v, test->json, "msg");
    struct vectors_bytes tag = vectors_hex(v, test->json, "tag");
    const struct sotto_piece piece = {msg.at, msg.len};
    uint8_t mac[SOTTO_HASH_LEN];

    sotto_hmac(key.at, key.len, &piece, 1, mac);
    return wycheproof_judge_check(v, test,
                                  tag.len <= sizeof mac &&
                                      memcmp(mac, tag.at, tag.len) == 0);
}

const struct wycheproof_kind wycheproof_mac = {"MacTest", mac_fits, mac_run};

/* -------------------------------------------------------------------- HKDF */

static const char *hkdf_fits(struct vectors *v, const char *algorithm,
                             const cJSON *group)
{
    (void)v;
    (void)group;
    return strcmp(algorithm, "HKDF-SHA-256") != 0
               ? "an HKDF with a hash that Sotto does not have"
               : NULL;
}

static bool hkdf_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes ikm = vectors_hex(v, test->json, "ikm");
    struct vectors_bytes salt = vectors_hex(v, test->json, "salt");
    struct vectors_bytes info = vectors_hex(v, test->json, "info");
    struct vectors_bytes okm = vectors_hex(v, test->json, "okm");
    uint64_t size = vectors_number(v, test->json, "size");
    struct vectors_bytes out = vectors_buffer(v, (size_t)size);
    uint8_t prk[SOTTO_HASH_LEN];
    enum sotto_err err;

    sotto_hkdf_extract(salt.at, salt.len, ikm.at, ikm.len, prk);
    err = sotto_hkdf_expand(prk, info.at, info.len, out.at, out.len);
    return wycheproof_judge(v, test, err != SOTTO_OK, out, okm);
}

const struct wycheproof_kind wycheproof_hkdf = {"HkdfTest", hkdf_fits,
                                                hkdf_run};

/* ------------------------------------------------------------------ PBKDF2 */

static const char *pbkdf_fits(struct vectors *v, const char *algorithm,
                              const cJSON *group)
{
    (void)v;
    (void)group;
    return strcmp(algorithm, "PBKDF2-HMACSHA256") != 0
               ? "a PBKDF2 with a hash that Sotto does not have"
               : NULL;
}

/* Sotto derives one block of 32 bytes. It does not depend on the length that
 * is asked for, so of a longer key its first 32 bytes are compared. */
static bool pbkdf_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes password = vectors_hex(v, test->json, "password");
    struct vectors_bytes salt = vectors_hex(v, test->json, "salt");
    struct vectors_bytes dk = vectors_hex(v, test->json, "dk");
    uint64_t rounds = vectors_number(v, test->json, "iterationCount");
    struct vectors_bytes key = vectors_buffer(v, SOTTO_HASH_LEN);
    bool refused = rounds < 1 || rounds > UINT32_MAX;

    if (!refused) {
        struct sotto_pbkdf2 kdf;

        sotto_pbkdf2_init(&kdf, password.at, password.len, salt.at, salt.len,
                          (uint32_t)rounds);
        while (!sotto_pbkdf2_run(&kdf, 1000)) {
        }
        sotto_pbkdf2_end(&kdf, key.at);
    }
    if (dk.len > SOTTO_HASH_LEN) {
        dk.len = SOTTO_HASH_LEN;
    }
    key.len = dk.len;
    return wycheproof_judge(v, test, refused, key, dk);
}

const struct wycheproof_kind wycheproof_pbkdf = {"PbkdfTest", pbkdf_fits,
                                                 pbkdf_run};
