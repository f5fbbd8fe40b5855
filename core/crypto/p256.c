/*
 * p256.c - signatures in DER, on whatever P-256 is linked.
 */
#include "core/crypto/p256.h"
#include "core/crypto/der.h"

enum sotto_err sotto_p256_verify(
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN],
    const uint8_t digest[static 32], const uint8_t *signature,
    size_t signature_len)
{
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];

    if (!sotto_der_decode_signature(signature, signature_len, raw)) {
        return SOTTO_ERR_AUTH;
    }
    return sotto_p256_verify_raw(public_key, digest, raw);
}
