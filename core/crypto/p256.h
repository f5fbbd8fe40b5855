/*
 * p256.h - NIST P-256: Diffie-Hellman and ECDSA with SHA-256.
 *
 * Private keys are 32-byte big-endian integers in [1, n-1]; public keys are
 * 65-byte uncompressed points (SEC 1 2.3.3). Signatures are deterministic (RFC
 * 6979) and DER-encoded (RFC 3279 2.2.3) unless a name says raw.
 */
#ifndef SOTTO_CRYPTO_P256_H
#define SOTTO_CRYPTO_P256_H

#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_P256_PRIVATE_LEN       32
#define SOTTO_P256_PUBLIC_LEN        65
#define SOTTO_P256_SHARED_LEN        32
#define SOTTO_P256_RAW_SIGNATURE_LEN 64
#define SOTTO_P256_SIGNATURE_MAX     72

/* AUTH when the private key is 0 or not below the group's order; SPACE when
 * the back end's memory is used up. */
enum sotto_err sotto_p256_public(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    uint8_t public_key[static SOTTO_P256_PUBLIC_LEN]) SOTTO_MUST_CHECK;

/* OK when the point is on the curve and not the point at infinity; AUTH
 * otherwise. */
enum sotto_err sotto_p256_check_public(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN]) SOTTO_MUST_CHECK;

/* The x coordinate of the shared point. AUTH for a bad key on either side;
 * SPACE. */
enum sotto_err sotto_p256_agree(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t peer_public[static SOTTO_P256_PUBLIC_LEN],
    uint8_t shared[static SOTTO_P256_SHARED_LEN]) SOTTO_MUST_CHECK;

/* Signs the SHA-256 digest `digest`. AUTH for a bad key; SPACE. */
enum sotto_err sotto_p256_sign(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    const uint8_t digest[static 32],
    uint8_t signature[static SOTTO_P256_SIGNATURE_MAX], size_t *signature_len)
    SOTTO_MUST_CHECK;

/* OK when the signature is valid and its DER encoding is the only one
 * allowed; AUTH otherwise; SPACE. */
enum sotto_err sotto_p256_verify(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN],
    const uint8_t digest[static 32], const uint8_t *signature,
    size_t signature_len) SOTTO_MUST_CHECK;

/* The same for r || s, 32 bytes each. */
enum sotto_err sotto_p256_verify_raw(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN],
    const uint8_t digest[static 32],
    const uint8_t signature[static SOTTO_P256_RAW_SIGNATURE_LEN])
    SOTTO_MUST_CHECK;

#endif
