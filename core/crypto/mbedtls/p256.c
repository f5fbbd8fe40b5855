/*
 * p256.c - P-256 by mbedTLS: ECDH and deterministic ECDSA (RFC 6979).
 *
 * Each call builds mbedTLS's objects, which allocate, and frees them at its
 * one exit; freeing wipes them. Secrets outlive a call in the caller's bytes
 * only.
 *
 * mbedTLS wants random bytes for blinding: it hides the private number's path
 * through the multiplication behind a random representation of the point,
 * against those who can measure power or time. Random bytes are not at hand
 * here, and are not needed: what matters is that the observer cannot predict
 * the blinding and that it differs for different inputs, and both hold for the
 * output of an HMAC-DRBG that is seeded with the private key and the other
 * input. Given the same input again, the calculation is the same again and
 * shows nothing new (averaging it lowers the noise of a measurement, not the
 * blinding). For a signature the DRBG of RFC 6979 itself goes on after it has
 * given the nonce.
 */
#include "core/crypto/p256.h"
#include "core/base/secret.h"
#include "core/crypto/der.h"
#include "core/crypto/drbg.h"
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <string.h>

#define NUMBER_LEN   32
#define UNCOMPRESSED 0x04 /* SEC 1 2.3.3: then x, y */

/* What one call works on. */
struct work {
    mbedtls_ecp_group group;
    mbedtls_ecp_point peer;
    mbedtls_ecp_point product;
    mbedtls_mpi d; /* the private key */
    mbedtls_mpi r;
    mbedtls_mpi s;
    struct sotto_drbg drbg;
};

static int begin(struct work *w)
{
    mbedtls_ecp_group_init(&w->group);
    mbedtls_ecp_point_init(&w->peer);
    mbedtls_ecp_point_init(&w->product);
    mbedtls_mpi_init(&w->d);
    mbedtls_mpi_init(&w->r);
    mbedtls_mpi_init(&w->s);
    return mbedtls_ecp_group_load(&w->group, MBEDTLS_ECP_DP_SECP256R1);
}

/* The one exit: frees, wipes, and translates mbedTLS's result. */
static enum sotto_err end(struct work *w, int ret)
{
    mbedtls_ecp_group_free(&w->group);
    mbedtls_ecp_point_free(&w->peer);
    mbedtls_ecp_point_free(&w->product);
    mbedtls_mpi_free(&w->d);
    mbedtls_mpi_free(&w->r);
    mbedtls_mpi_free(&w->s);
    sotto_drbg_wipe(&w->drbg);
    switch (ret) {
    case 0:
        return SOTTO_OK;
    case MBEDTLS_ERR_MPI_ALLOC_FAILED:
    case MBEDTLS_ERR_ECP_ALLOC_FAILED:
        return SOTTO_ERR_SPACE;
    case MBEDTLS_ERR_ECP_BAD_INPUT_DATA:
    case MBEDTLS_ERR_ECP_INVALID_KEY:
    case MBEDTLS_ERR_ECP_VERIFY_FAILED:
        return SOTTO_ERR_AUTH;
    default:
        return SOTTO_ERR_CRYPTO;
    }
}

/* The type that mbedTLS wants its generator to have. */
static int next_bytes(void *drbg, unsigned char *out, size_t len)
{
    sotto_drbg_next(drbg, out, len);
    return 0;
}

static int read_private(struct work *w, const uint8_t *private_key)
{
    int ret = mbedtls_mpi_read_binary(&w->d, private_key, NUMBER_LEN);

    return ret != 0 ? ret : mbedtls_ecp_check_privkey(&w->group, &w->d);
}

static int read_public(struct work *w, const uint8_t *public_key)
{
    int ret;

    if (public_key[0] != UNCOMPRESSED) {
        return MBEDTLS_ERR_ECP_INVALID_KEY;
    }
    ret = mbedtls_ecp_point_read_binary(&w->group, &w->peer, public_key,
                                        SOTTO_P256_PUBLIC_LEN);
    return ret != 0 ? ret : mbedtls_ecp_check_pubkey(&w->group, &w->peer);
}

/* d * from, blinded by the private key and `input`. The point at infinity, which
 * is written as one byte, cannot come out: the group has prime order and d is in
 * [1, n-1]. */
static int multiply(struct work *w, const mbedtls_ecp_point *from,
                    const uint8_t *private_key, struct sotto_piece input,
                    uint8_t out[static SOTTO_P256_PUBLIC_LEN])
{
    const struct sotto_piece secret = {private_key, NUMBER_LEN};
    size_t len = 0;
    int ret;

    sotto_drbg_init(&w->drbg, secret, input);
    ret = mbedtls_ecp_mul(&w->group, &w->product, &w->d, from, next_bytes,
                          &w->drbg);
    if (ret == 0) {
        ret = mbedtls_ecp_point_write_binary(&w->group, &w->product,
                                             MBEDTLS_ECP_PF_UNCOMPRESSED, &len,
                                             out, SOTTO_P256_PUBLIC_LEN);
    }
    return ret == 0 && len != SOTTO_P256_PUBLIC_LEN
               ? MBEDTLS_ERR_ECP_INVALID_KEY
               : ret;
}

enum sotto_err sotto_p256_public(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    uint8_t public_key[static SOTTO_P256_PUBLIC_LEN])
{
    const struct sotto_piece no_input = {NULL, 0};
    uint8_t out[SOTTO_P256_PUBLIC_LEN];
    struct work w;
    int ret = begin(&w);
    enum sotto_err err;

    if (ret == 0) {
        ret = read_private(&w, private_key);
    }
    if (ret == 0) {
        ret = multiply(&w, &w.group.G, private_key, no_input, out);
    }
    err = end(&w, ret);
    if (err == SOTTO_OK) {
        memcpy(public_key, out, sizeof out);
    }
    return err;
}

enum sotto_err sotto_p256_check_public(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN])
{
    struct work w;
    int ret = begin(&w);

    if (ret == 0) {
        ret = read_public(&w, public_key);
    }
    return end(&w, ret);
}

enum sotto_err sotto_p256_agree(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t peer_public[static SOTTO_P256_PUBLIC_LEN],
    uint8_t shared[static SOTTO_P256_SHARED_LEN])
{
    const struct sotto_piece input = {peer_public, SOTTO_P256_PUBLIC_LEN};
    uint8_t out[SOTTO_P256_PUBLIC_LEN] = {0};
    struct work w;
    int ret = begin(&w);
    enum sotto_err err;

    if (ret == 0) {
        ret = read_private(&w, private_key);
    }
    if (ret == 0) {
        ret = read_public(&w, peer_public);
    }
    if (ret == 0) {
        ret = multiply(&w, &w.peer, private_key, input, out);
    }
    err = end(&w, ret);
    if (err == SOTTO_OK) {
        memcpy(shared, out + 1, SOTTO_P256_SHARED_LEN);
    }
    sotto_wipe(out, sizeof out);
    return err;
}

/* bits2octets() of RFC 6979 2.3.4: the digest modulo n. */
static int reduce(struct work *w, const uint8_t *digest, uint8_t *out)
{
    int ret = mbedtls_mpi_read_binary(&w->r, digest, NUMBER_LEN);

    if (ret == 0 && mbedtls_mpi_cmp_mpi(&w->r, &w->group.N) >= 0) {
        ret = mbedtls_mpi_sub_mpi(&w->r, &w->r, &w->group.N);
    }
    return ret != 0 ? ret : mbedtls_mpi_write_binary(&w->r, out, NUMBER_LEN);
}

enum sotto_err sotto_p256_sign(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t digest[static 32],
    uint8_t signature[static SOTTO_P256_SIGNATURE_MAX], size_t *signature_len)
{
    const struct sotto_piece secret = {private_key, NUMBER_LEN};
    uint8_t reduced[NUMBER_LEN];
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
    struct work w;
    int ret = begin(&w);
    enum sotto_err err;

    if (ret == 0) {
        ret = read_private(&w, private_key);
    }
    if (ret == 0) {
        ret = reduce(&w, digest, reduced);
    }
    if (ret == 0) {
        const struct sotto_piece input = {reduced, sizeof reduced};

        /* mbedTLS asks for 32 bytes until they are a nonce, which is what RFC
         * 6979 3.2 h says, and then for blinding. */
        sotto_drbg_init(&w.drbg, secret, input);
        ret = mbedtls_ecdsa_sign(&w.group, &w.r, &w.s, &w.d, digest, NUMBER_LEN,
                                 next_bytes, &w.drbg);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_write_binary(&w.r, raw, NUMBER_LEN);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_write_binary(&w.s, raw + NUMBER_LEN, NUMBER_LEN);
    }
    err = end(&w, ret);
    if (err == SOTTO_OK) {
        *signature_len = sotto_der_encode_signature(raw, signature);
    }
    return err;
}

enum sotto_err sotto_p256_verify_raw(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN],
    const uint8_t digest[static 32],
    const uint8_t signature[static SOTTO_P256_RAW_SIGNATURE_LEN])
{
    struct work w;
    int ret = begin(&w);

    if (ret == 0) {
        ret = read_public(&w, public_key);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary(&w.r, signature, NUMBER_LEN);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary(&w.s, signature + NUMBER_LEN, NUMBER_LEN);
    }
    if (ret == 0) {
        ret = mbedtls_ecdsa_verify(&w.group, digest, NUMBER_LEN, &w.peer, &w.r,
                                   &w.s);
    }
    return end(&w, ret);
}
