/*
 * x25519.c - X25519 (RFC 7748) by libcrypto, in assembly that is constant in
 * time. It clamps the private key, ignores the top bit of the public one, and
 * refuses a result of zeros.
 *
 * There is only the EVP interface. Making its key from a private key alone would
 * multiply the base point as well, for a public key that agreeing does not want:
 * twice the work. So the peer's public key is put there, which makes that object
 * its own peer; nothing compares the halves. Each call frees what it allocates,
 * and private keys are erased with that.
 */
#include "core/crypto/x25519.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/openssl/kept.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stddef.h>

/* OSSL_PARAM has no const: the bytes are read. */
static OSSL_PARAM parameter(const char *name, const uint8_t *bytes)
{
    union {
        const uint8_t *in;
        void *out;
    } at = {bytes};

    return OSSL_PARAM_construct_octet_string(name, at.out, SOTTO_X25519_LEN);
}

/* A key of two halves; `public_key` may be NULL: the one that belongs to it. */
static EVP_PKEY *make_key(const uint8_t *private_key, const uint8_t *public_key)
{
    EVP_PKEY_CTX *maker = sotto_kept_x25519();
    EVP_PKEY *key = NULL;
    OSSL_PARAM halves[3] = {parameter(OSSL_PKEY_PARAM_PRIV_KEY, private_key),
                            OSSL_PARAM_construct_end(),
                            OSSL_PARAM_construct_end()};

    if (public_key != NULL) {
        halves[1] = parameter(OSSL_PKEY_PARAM_PUB_KEY, public_key);
    }
    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, halves) != 1) {
        return NULL;
    }
    return key;
}

void sotto_x25519_public(const uint8_t private_key[static SOTTO_X25519_LEN],
                         uint8_t public_key[static SOTTO_X25519_LEN])
{
    EVP_PKEY *key = make_key(private_key, NULL);
    size_t len = SOTTO_X25519_LEN;
    int ret =
        key == NULL ? 0 : EVP_PKEY_get_raw_public_key(key, public_key, &len);

    EVP_PKEY_free(key);
    SOTTO_ASSERT(ret == 1); /* but for memory: see README.md */
}

/* The secret, or 0 with some zeros in it. */
static int derive(EVP_PKEY *key, uint8_t *shared)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t len = SOTTO_X25519_LEN;
    bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer_ex(ctx, key, 0) == 1;
    int ret;

    SOTTO_ASSERT(ok); /* but for memory: see README.md */
    ret = EVP_PKEY_derive(ctx, shared, &len);
    EVP_PKEY_CTX_free(ctx);
    return ret;
}

enum sotto_err sotto_x25519_agree(
    const uint8_t private_key[static SOTTO_X25519_LEN],
    const uint8_t peer_public[static SOTTO_X25519_LEN],
    uint8_t shared[static SOTTO_X25519_LEN])
{
    EVP_PKEY *key = make_key(private_key, peer_public);
    int ret;

    SOTTO_ASSERT(key != NULL); /* but for memory: see README.md */
    ret = derive(key, shared);
    EVP_PKEY_free(key);
    if (ret != 1) {
        ERR_clear_error();
        sotto_wipe(shared, SOTTO_X25519_LEN);
        return SOTTO_ERR_AUTH;
    }
    return SOTTO_OK;
}
