/*
 * p256_key.h - P-256 keys in DER: private ones as PKCS #8 (RFC 5208) and SEC 1
 * (RFC 5915) have them, public ones as in a certificate (RFC 5480).
 */
#ifndef SOTTO_CRYPTO_P256_KEY_H
#define SOTTO_CRYPTO_P256_KEY_H

#include "core/crypto/asn1.h"
#include "core/crypto/p256.h"

/* Bytes of what sotto_p256_key_encode() writes. */
#define SOTTO_P256_KEY_DER 138

/*
 * Reads a private key in either form. FORMAT when it is neither of them;
 * UNSUPPORTED for a key of another kind or curve, or with parameters of its own;
 * AUTH for a number that is no key. A public key beside it is not looked at.
 */
enum sotto_err sotto_p256_key_decode(
    struct sotto_span der, uint8_t private_key[static SOTTO_P256_PRIVATE_LEN])
    SOTTO_MUST_CHECK;

/* Writes a private key in PKCS #8, with its public key. AUTH for a bad key;
 * SPACE (of the back end). */
enum sotto_err sotto_p256_key_encode(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    uint8_t der[static SOTTO_P256_KEY_DER]) SOTTO_MUST_CHECK;

/* Writes a public key: SubjectPublicKeyInfo. */
void sotto_p256_key_put_public(
    struct sotto_asn1 *w,
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN]);

#endif
