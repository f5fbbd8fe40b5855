/*
 * x25519.h - Diffie-Hellman on Curve25519 (RFC 7748).
 */
#ifndef SOTTO_CRYPTO_X25519_H
#define SOTTO_CRYPTO_X25519_H

#include <sotto/err.h>
#include <stdint.h>

#define SOTTO_X25519_LEN 32

/* The public key of a private key (any 32 random bytes; clamped inside). */
void sotto_x25519_public(const uint8_t private_key[static SOTTO_X25519_LEN],
                         uint8_t public_key[static SOTTO_X25519_LEN]);

/*
 * The shared secret with a peer's public key. AUTH, and `shared` set to zeros,
 * when the result is all zeros (a key of low order): Noise allows this choice
 * (revision 34, section 12.1), and this project always refuses.
 */
enum sotto_err sotto_x25519_agree(
    const uint8_t private_key[static SOTTO_X25519_LEN],
    const uint8_t peer_public[static SOTTO_X25519_LEN],
    uint8_t shared[static SOTTO_X25519_LEN]) SOTTO_MUST_CHECK;

#endif
