/*
 * der.h - the DER form of an ECDSA signature (RFC 3279 2.2.3): SEQUENCE { r
 * INTEGER, s INTEGER }, for numbers of 32 bytes.
 *
 *     30 len | 02 len r | 02 len s      8 to 72 bytes
 */
#ifndef SOTTO_CRYPTO_DER_H
#define SOTTO_CRYPTO_DER_H

#include "core/crypto/p256.h"
#include <stdbool.h>

/* Writes the only encoding there is of r || s; returns its length. */
size_t sotto_der_encode_signature(
    const uint8_t raw[static SOTTO_P256_RAW_SIGNATURE_LEN],
    uint8_t der[static SOTTO_P256_SIGNATURE_MAX]);

/* True when `der` is what encoding some r || s gives, which is then in `raw`;
 * otherwise `raw` is unspecified. Whether r and s are in range is not asked. */
bool sotto_der_decode_signature(
    const uint8_t *der, size_t len,
    uint8_t raw[static SOTTO_P256_RAW_SIGNATURE_LEN]);

#endif
