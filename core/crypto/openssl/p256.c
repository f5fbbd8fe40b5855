/*
 * p256.c - P-256 by libcrypto: ECDH and deterministic ECDSA (RFC 6979).
 *
 * Its curve code is constant in time and asks for no random bytes. Libcrypto 3.0
 * cannot be told to take RFC 6979's nonces, so they are made here, as that RFC
 * says; the point and the inverse that belong to a nonce are handed to
 * ECDSA_do_sign_ex(), which exists for numbers that were made beforehand. The
 * inverse is a power (Fermat), because that takes the same time for all numbers.
 *
 * Each call builds libcrypto's objects, which allocate, and frees them at its
 * one exit; freeing wipes them. What all calls need of the curve is kept.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY and ECDSA_do_sign_ex() */

#include "core/crypto/p256.h"
#include "core/base/secret.h"
#include "core/crypto/der.h"
#include "core/crypto/drbg.h"
#include "core/crypto/openssl/kept.h"
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

#define NUMBER_LEN   32
#define UNCOMPRESSED 0x04 /* SEC 1 2.3.3: then x, y */

/* What one call works on. */
struct work {
    const struct sotto_kept *kept;
    BN_CTX *scratch;
    EC_POINT *peer;
    EC_POINT *product;
    EC_KEY *key;
    BIGNUM *d; /* the private key */
    BIGNUM *k; /* a nonce */
    BIGNUM *inverse;
    BIGNUM *r; /* or another coordinate */
    struct sotto_drbg drbg;
};

/* AUTH, unless what libcrypto says is that there is no memory. */
static enum sotto_err refused(void)
{
    unsigned long error = ERR_peek_error();

    return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? SOTTO_ERR_SPACE
                                                         : SOTTO_ERR_AUTH;
}

static enum sotto_err begin(struct work *w)
{
    const EC_GROUP *group;

    memset(w, 0, sizeof *w);
    ERR_clear_error();
    w->kept = sotto_kept_p256();
    if (w->kept == NULL) {
        return SOTTO_ERR_SPACE;
    }
    group = w->kept->p256;
    w->scratch = BN_CTX_new();
    w->peer = EC_POINT_new(group);
    w->product = EC_POINT_new(group);
    w->key = EC_KEY_new();
    w->d = BN_new();
    w->k = BN_new();
    w->inverse = BN_new();
    w->r = BN_new();
    if (w->scratch == NULL || w->peer == NULL || w->product == NULL ||
        w->key == NULL || w->d == NULL || w->k == NULL || w->inverse == NULL ||
        w->r == NULL || EC_KEY_set_group(w->key, group) != 1) {
        return SOTTO_ERR_SPACE;
    }
    BN_set_flags(w->d, BN_FLG_CONSTTIME);
    BN_set_flags(w->k, BN_FLG_CONSTTIME);
    return SOTTO_OK;
}

/* The one exit: frees and wipes. */
static enum sotto_err end(struct work *w, enum sotto_err err)
{
    EC_POINT_clear_free(w->peer);
    EC_POINT_clear_free(w->product);
    EC_KEY_free(w->key);
    BN_clear_free(w->d);
    BN_clear_free(w->k);
    BN_clear_free(w->inverse);
    BN_clear_free(w->r);
    BN_CTX_free(w->scratch);
    sotto_drbg_wipe(&w->drbg);
    if (err != SOTTO_OK) {
        ERR_clear_error();
    }
    return err;
}

/* A number in [1, n-1]; AUTH for another. */
static enum sotto_err read_number(const struct work *w, const uint8_t *bytes,
                                  BIGNUM *number)
{
    if (BN_bin2bn(bytes, NUMBER_LEN, number) == NULL) {
        return SOTTO_ERR_SPACE;
    }
    if (BN_is_zero(number) ||
        BN_ucmp(number, EC_GROUP_get0_order(w->kept->p256)) >= 0) {
        return SOTTO_ERR_AUTH;
    }
    return SOTTO_OK;
}

static enum sotto_err read_public(struct work *w, const uint8_t *public_key)
{
    if (public_key[0] != UNCOMPRESSED) {
        return SOTTO_ERR_AUTH;
    }
    if (EC_POINT_oct2point(w->kept->p256, w->peer, public_key,
                           SOTTO_P256_PUBLIC_LEN, w->scratch) != 1) {
        return refused();
    }
    return SOTTO_OK;
}

/* product = number * G */
static bool multiply_base(struct work *w, const BIGNUM *number)
{
    return EC_POINT_mul(w->kept->p256, w->product, number, NULL, NULL,
                        w->scratch) == 1;
}

/* The x coordinate of the product to r. */
static bool take_x(struct work *w)
{
    return EC_POINT_get_affine_coordinates(w->kept->p256, w->product, w->r,
                                           NULL, w->scratch) == 1;
}

static enum sotto_err write_number(const BIGNUM *number, uint8_t *out)
{
    return BN_bn2binpad(number, out, NUMBER_LEN) == NUMBER_LEN
               ? SOTTO_OK
               : SOTTO_ERR_CRYPTO;
}

enum sotto_err sotto_p256_public(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    uint8_t public_key[static SOTTO_P256_PUBLIC_LEN])
{
    uint8_t out[SOTTO_P256_PUBLIC_LEN];
    struct work w;
    enum sotto_err err = begin(&w);

    if (err == SOTTO_OK) {
        err = read_number(&w, private_key, w.d);
    }
    if (err == SOTTO_OK &&
        (!multiply_base(&w, w.d) ||
         EC_POINT_point2oct(w.kept->p256, w.product,
                            POINT_CONVERSION_UNCOMPRESSED, out, sizeof out,
                            w.scratch) != sizeof out)) {
        err = SOTTO_ERR_SPACE;
    }
    err = end(&w, err);
    if (err == SOTTO_OK) {
        memcpy(public_key, out, sizeof out);
    }
    return err;
}

enum sotto_err sotto_p256_check_public(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN])
{
    struct work w;
    enum sotto_err err = begin(&w);

    if (err == SOTTO_OK) {
        err = read_public(&w, public_key);
    }
    return end(&w, err);
}

enum sotto_err sotto_p256_agree(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t peer_public[static SOTTO_P256_PUBLIC_LEN],
    uint8_t shared[static SOTTO_P256_SHARED_LEN])
{
    struct work w;
    enum sotto_err err = begin(&w);

    if (err == SOTTO_OK) {
        err = read_number(&w, private_key, w.d);
    }
    if (err == SOTTO_OK) {
        err = read_public(&w, peer_public);
    }
    /* The point at infinity, which has no coordinates, cannot come out: the
     * group has prime order and d is in [1, n-1]. */
    if (err == SOTTO_OK && (EC_POINT_mul(w.kept->p256, w.product, NULL, w.peer,
                                         w.d, w.scratch) != 1 ||
                            !take_x(&w))) {
        err = SOTTO_ERR_SPACE;
    }
    if (err == SOTTO_OK) {
        err = write_number(w.r, shared);
    }
    return end(&w, err);
}

/* bits2octets() of RFC 6979 2.3.4: the digest modulo n. */
static enum sotto_err reduce(struct work *w, const uint8_t *digest,
                             uint8_t *out)
{
    const BIGNUM *order = EC_GROUP_get0_order(w->kept->p256);

    if (BN_bin2bn(digest, NUMBER_LEN, w->r) == NULL ||
        (BN_ucmp(w->r, order) >= 0 && BN_sub(w->r, w->r, order) != 1)) {
        return SOTTO_ERR_SPACE;
    }
    return write_number(w->r, out);
}

/* RFC 6979 3.2 h: the next number that is in [1, n-1]. */
static enum sotto_err next_nonce(struct work *w)
{
    uint8_t candidate[NUMBER_LEN];
    enum sotto_err err;

    do {
        sotto_drbg_next(&w->drbg, candidate, sizeof candidate);
        err = read_number(w, candidate, w->k);
    } while (err == SOTTO_ERR_AUTH);
    sotto_wipe(candidate, sizeof candidate);
    return err;
}

/* r and the inverse of k, for a nonce k; the r of one in 2^256 is 0, and the
 * next one is taken. */
static enum sotto_err prepare(struct work *w)
{
    const BIGNUM *order = EC_GROUP_get0_order(w->kept->p256);
    enum sotto_err err;

    do {
        err = next_nonce(w);
        if (err == SOTTO_OK &&
            (!multiply_base(w, w->k) || !take_x(w) ||
             BN_nnmod(w->r, w->r, order, w->scratch) != 1 ||
             BN_mod_exp_mont_consttime(w->inverse, w->k, w->kept->order_minus_2,
                                       order, w->scratch,
                                       w->kept->order) != 1)) {
            err = SOTTO_ERR_SPACE;
        }
    } while (err == SOTTO_OK && BN_is_zero(w->r));
    return err;
}

static enum sotto_err sign(struct work *w, const uint8_t *digest, uint8_t *raw)
{
    ECDSA_SIG *signature;
    enum sotto_err err;

    if (EC_KEY_set_private_key(w->key, w->d) != 1) {
        return SOTTO_ERR_SPACE;
    }
    signature = ECDSA_do_sign_ex(digest, NUMBER_LEN, w->inverse, w->r, w->key);
    if (signature == NULL) {
        return SOTTO_ERR_SPACE;
    }
    err = write_number(ECDSA_SIG_get0_r(signature), raw);
    if (err == SOTTO_OK) {
        err = write_number(ECDSA_SIG_get0_s(signature), raw + NUMBER_LEN);
    }
    ECDSA_SIG_free(signature);
    return err;
}

enum sotto_err sotto_p256_sign(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t digest[static 32],
    uint8_t signature[static SOTTO_P256_SIGNATURE_MAX], size_t *signature_len)
{
    uint8_t reduced[NUMBER_LEN];
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
    struct work w;
    enum sotto_err err = begin(&w);

    if (err == SOTTO_OK) {
        err = read_number(&w, private_key, w.d);
    }
    if (err == SOTTO_OK) {
        err = reduce(&w, digest, reduced);
    }
    if (err == SOTTO_OK) {
        sotto_drbg_init(&w.drbg, (struct sotto_piece){private_key, NUMBER_LEN},
                        (struct sotto_piece){reduced, sizeof reduced});
        err = prepare(&w);
    }
    if (err == SOTTO_OK) {
        err = sign(&w, digest, raw);
    }
    err = end(&w, err);
    if (err == SOTTO_OK) {
        *signature_len = sotto_der_encode_signature(raw, signature);
    }
    return err;
}

/* Takes r and s over; NULL when there is no memory. */
static ECDSA_SIG *make_signature(const uint8_t *raw)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, NUMBER_LEN, NULL);
    BIGNUM *s = BN_bin2bn(raw + NUMBER_LEN, NUMBER_LEN, NULL);

    if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(signature);
        return NULL;
    }
    return signature;
}

static enum sotto_err verify(struct work *w, const uint8_t *digest,
                             const uint8_t *raw)
{
    ECDSA_SIG *signature = make_signature(raw);
    int ret;

    if (signature == NULL || EC_KEY_set_public_key(w->key, w->peer) != 1) {
        ECDSA_SIG_free(signature);
        return SOTTO_ERR_SPACE;
    }
    ret = ECDSA_do_verify(digest, NUMBER_LEN, signature, w->key);
    ECDSA_SIG_free(signature);
    return ret == 1 ? SOTTO_OK : refused();
}

enum sotto_err sotto_p256_verify_raw(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN],
    const uint8_t digest[static 32],
    const uint8_t signature[static SOTTO_P256_RAW_SIGNATURE_LEN])
{
    struct work w;
    enum sotto_err err = begin(&w);

    if (err == SOTTO_OK) {
        err = read_public(&w, public_key);
    }
    if (err == SOTTO_OK) {
        err = verify(&w, digest, signature);
    }
    return end(&w, err);
}
