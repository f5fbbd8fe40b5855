/*
 * wycheproof_p256.c - P-256: ECDH on raw points and on DER public keys, and
 * ECDSA with SHA-256, its signatures in DER and raw.
 */
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include "tests/vectors/wycheproof.h"
#include <string.h>

/* What stands before the 65 bytes of the point in a SubjectPublicKeyInfo for
 * P-256 (RFC 5480 2), in the one form that Sotto would take. */
static const uint8_t key_info[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                   0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                   0x01, 0x07, 0x03, 0x42, 0x00};

static bool is_p256(const char *curve)
{
    return strcmp(curve, "secp256r1") == 0;
}

/* -------------------------------------------------------------------- ECDH */

static const char *ecdh_fits(struct vectors *v, const char *algorithm,
                             const cJSON *group)
{
    (void)algorithm;
    return is_p256(vectors_text(v, group, "curve"))
               ? NULL
               : "a curve that Sotto does not have";
}

/* A private key as Wycheproof writes it: any number of leading zeros. */
static bool private_bytes(struct vectors_bytes in,
                          uint8_t out[static SOTTO_P256_PRIVATE_LEN])
{
    memset(out, 0, SOTTO_P256_PRIVATE_LEN);
    while (in.len > SOTTO_P256_PRIVATE_LEN && in.at[0] == 0) {
        in.at++;
        in.len--;
    }
    if (in.len > SOTTO_P256_PRIVATE_LEN) {
        return false;
    }
    memcpy(out + SOTTO_P256_PRIVATE_LEN - in.len, in.at, in.len);
    return true;
}

static bool agree(struct vectors *v, const struct wycheproof_test *test,
                  struct vectors_bytes point)
{
    struct vectors_bytes shared = vectors_hex(v, test->json, "shared");
    struct vectors_bytes out = vectors_buffer(v, SOTTO_P256_SHARED_LEN);
    uint8_t private_key[SOTTO_P256_PRIVATE_LEN];
    bool refused =
        point.len != SOTTO_P256_PUBLIC_LEN ||
        !private_bytes(vectors_hex(v, test->json, "private"), private_key) ||
        sotto_p256_agree(private_key, point.at, out.at) != SOTTO_OK;

    return wycheproof_judge(v, test, refused, out, shared);
}

static bool ecdh_point_run(struct vectors *v,
                           const struct wycheproof_test *test)
{
    return agree(v, test, vectors_hex(v, test->json, "public"));
}

static bool ecdh_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes key = vectors_hex(v, test->json, "public");

    if (key.len < sizeof key_info ||
        memcmp(key.at, key_info, sizeof key_info) != 0) {
        key.len = 0; /* no point */
    } else {
        key.at += sizeof key_info;
        key.len -= sizeof key_info;
    }
    return agree(v, test, key);
}

const struct wycheproof_kind wycheproof_ecdh_point = {"EcdhEcpointTest",
                                                      ecdh_fits,
                                                      ecdh_point_run};
const struct wycheproof_kind wycheproof_ecdh = {"EcdhTest", ecdh_fits,
                                                ecdh_run};

/* ------------------------------------------------------------------- ECDSA */

/* "publicKey" in newer files, "key" in older ones. */
static const cJSON *group_key(const cJSON *group)
{
    const cJSON *key = cJSON_GetObjectItem(group, "publicKey");

    return key != NULL ? key : cJSON_GetObjectItem(group, "key");
}

static const char *ecdsa_fits(struct vectors *v, const char *algorithm,
                              const cJSON *group)
{
    (void)algorithm;
    if (!is_p256(vectors_text(v, group_key(group), "curve"))) {
        return "a curve that Sotto does not have";
    }
    if (strcmp(vectors_text(v, group, "sha"), "SHA-256") != 0) {
        return "a hash that Sotto does not have";
    }
    return NULL;
}

/* The public key of the group and the digest of the test's message. */
static struct vectors_bytes key_and_digest(struct vectors *v,
                                           const struct wycheproof_test *test,
                                           uint8_t digest[static 32])
{
    struct vectors_bytes msg = vectors_hex(v, test->json, "msg");
    struct vectors_bytes key =
        vectors_hex(v, group_key(test->group), "uncompressed");

    sotto_sha256(msg.at, msg.len, digest);
    return key;
}

static bool ecdsa_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes sig = vectors_hex(v, test->json, "sig");
    uint8_t digest[32];
    struct vectors_bytes key = key_and_digest(v, test, digest);

    return wycheproof_judge_check(v, test,
                                  key.len == SOTTO_P256_PUBLIC_LEN &&
                                      sotto_p256_verify(key.at, digest, sig.at,
                                                        sig.len) == SOTTO_OK);
}

static bool ecdsa_raw_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes sig = vectors_hex(v, test->json, "sig");
    uint8_t digest[32];
    struct vectors_bytes key = key_and_digest(v, test, digest);

    return wycheproof_judge_check(v, test,
                                  key.len == SOTTO_P256_PUBLIC_LEN &&
                                      sig.len == SOTTO_P256_RAW_SIGNATURE_LEN &&
                                      sotto_p256_verify_raw(key.at, digest,
                                                            sig.at) ==
                                          SOTTO_OK);
}

const struct wycheproof_kind wycheproof_ecdsa = {"EcdsaVerify", ecdsa_fits,
                                                 ecdsa_run};
const struct wycheproof_kind wycheproof_ecdsa_raw = {"EcdsaP1363Verify",
                                                     ecdsa_fits, ecdsa_raw_run};
