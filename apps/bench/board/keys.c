/*
 * keys.c - the operations on curves that everything else is made of.
 */
#include "apps/bench/board/meter.h"
#include "core/base/secret.h"
#include "core/crypto/p256.h"
#include "core/crypto/x25519.h"
#include <string.h>

struct keys {
    uint8_t x_private[2][SOTTO_X25519_LEN];
    uint8_t x_public[2][SOTTO_X25519_LEN];
    uint8_t p_private[2][SOTTO_P256_PRIVATE_LEN];
    uint8_t p_public[2][SOTTO_P256_PUBLIC_LEN];
    uint8_t shared[2][32];
    uint8_t digest[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t signature_len;
};

static bool x_agree(void *ctx)
{
    struct keys *k = ctx;
    return sotto_x25519_agree(k->x_private[0], k->x_public[1], k->shared[0]) ==
           SOTTO_OK;
}

static bool p_public(void *ctx)
{
    struct keys *k = ctx;
    return sotto_p256_public(k->p_private[0], k->p_public[0]) == SOTTO_OK;
}

static bool p_agree(void *ctx)
{
    struct keys *k = ctx;
    return sotto_p256_agree(k->p_private[0], k->p_public[1], k->shared[0]) ==
           SOTTO_OK;
}

static bool p_sign(void *ctx)
{
    struct keys *k = ctx;
    return sotto_p256_sign(k->p_private[0], k->digest, k->signature,
                           &k->signature_len) == SOTTO_OK;
}

static bool p_verify(void *ctx)
{
    struct keys *k = ctx;
    return sotto_p256_verify(k->p_public[0], k->digest, k->signature,
                             k->signature_len) == SOTTO_OK;
}

static bool is_shared(const struct keys *k)
{
    return sotto_equal(k->shared[0], k->shared[1], sizeof k->shared[0]);
}

bool meter_keys(void)
{
    static struct keys k;
    for (uint8_t i = 0; i < 2; i++) {
        memset(k.x_private[i], 0x31 + i, sizeof k.x_private[i]);
        memset(k.p_private[i], 0x61 + i, sizeof k.p_private[i]);
        sotto_x25519_public(k.x_private[i], k.x_public[i]);
    }
    memset(k.digest, 0x7a, sizeof k.digest);
    return meter_row("X25519, one multiplication", x_agree, &k) &&
           sotto_x25519_agree(k.x_private[1], k.x_public[0], k.shared[1]) ==
               SOTTO_OK &&
           is_shared(&k) && meter_row("P-256, public key", p_public, &k) &&
           sotto_p256_public(k.p_private[1], k.p_public[1]) == SOTTO_OK &&
           meter_row("P-256, agreement", p_agree, &k) &&
           sotto_p256_agree(k.p_private[1], k.p_public[0], k.shared[1]) ==
               SOTTO_OK &&
           is_shared(&k) && meter_row("P-256, sign", p_sign, &k) &&
           meter_row("P-256, verify", p_verify, &k);
}
