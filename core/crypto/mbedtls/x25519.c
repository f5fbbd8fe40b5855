/*
 * x25519.c - X25519 (RFC 7748) by the Everest code that mbedTLS brings.
 *
 * It is verified code, constant in time, free of allocation, and several
 * times faster than mbedTLS's own Curve25519. It clamps the private key and
 * ignores the top bit of the public one, as RFC 7748 5 asks.
 */
#include "core/crypto/x25519.h"
#include "core/base/secret.h"
#include <string.h>

#if !defined(__SIZEOF_INT128__)
#    define KRML_VERIFIED_UINT128 /* Everest's choice of 128-bit integers */
#endif
#include <everest/Hacl_Curve25519.h>

static void multiply(const uint8_t *scalar, const uint8_t *point, uint8_t *out)
{
    /* The generated code takes pointers to non-const: it gets copies. */
    uint8_t k[SOTTO_X25519_LEN];
    uint8_t u[SOTTO_X25519_LEN];

    memcpy(k, scalar, sizeof k);
    memcpy(u, point, sizeof u);
    Hacl_Curve25519_crypto_scalarmult(out, k, u);
    sotto_wipe(k, sizeof k);
    sotto_wipe_stack(); /* it leaves a copy of the scalar there */
}

void sotto_x25519_public(const uint8_t private_key[static SOTTO_X25519_LEN],
                         uint8_t public_key[static SOTTO_X25519_LEN])
{
    static const uint8_t base_point[SOTTO_X25519_LEN] = {9};

    multiply(private_key, base_point, public_key);
}

enum sotto_err sotto_x25519_agree(
    const uint8_t private_key[static SOTTO_X25519_LEN],
    const uint8_t peer_public[static SOTTO_X25519_LEN],
    uint8_t shared[static SOTTO_X25519_LEN])
{
    static const uint8_t zeros[SOTTO_X25519_LEN] = {0};

    multiply(private_key, peer_public, shared);
    /* The result is all zeros already when the key was of low order. */
    return sotto_equal(shared, zeros, sizeof zeros) ? SOTTO_ERR_AUTH : SOTTO_OK;
}
