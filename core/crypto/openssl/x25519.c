/*
 * x25519.c - X25519 (RFC 7748) by libcrypto, in assembly that is constant in
 * time. It clamps the private key, ignores the top bit of the public one, and
 * refuses a result of zeros.
 *
 * Its provider is called without EVP in between (provider.h). Making a key there
 * from a private key alone would multiply the base point as well, for a public
 * key that agreeing does not want: twice the work. So the peer's public key is
 * put there, which makes that object its own peer; nothing compares the halves.
 * Each call frees what it allocates, and private keys are erased with that.
 */
#include "core/crypto/x25519.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/openssl/kept.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
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
static void *make_key(const struct sotto_provider_x25519 *x25519,
                      const uint8_t *private_key, const uint8_t *public_key)
{
    OSSL_PARAM halves[3] = {parameter(OSSL_PKEY_PARAM_PRIV_KEY, private_key),
                            OSSL_PARAM_construct_end(),
                            OSSL_PARAM_construct_end()};
    void *key = x25519 == NULL ? NULL : x25519->new_key(x25519->ctx);

    if (public_key != NULL) {
        halves[1] = parameter(OSSL_PKEY_PARAM_PUB_KEY, public_key);
    }
    if (key != NULL &&
        x25519->import(key, OSSL_KEYMGMT_SELECT_KEYPAIR, halves) != 1) {
        x25519->free_key(key);
        key = NULL;
    }
    SOTTO_ASSERT(key != NULL); /* but for memory: see README.md */
    return key;
}

void sotto_x25519_public(const uint8_t private_key[static SOTTO_X25519_LEN],
                         uint8_t public_key[static SOTTO_X25519_LEN])
{
    const struct sotto_provider_x25519 *x25519 = sotto_kept_x25519();
    void *key = make_key(x25519, private_key, NULL);
    OSSL_PARAM wanted[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_key,
                                          SOTTO_X25519_LEN),
        OSSL_PARAM_construct_end()};
    int ret = x25519->get_params(key, wanted);

    x25519->free_key(key);
    sotto_wipe_stack();
    SOTTO_ASSERT(ret == 1 && wanted[0].return_size == SOTTO_X25519_LEN);
}

/* The secret, or 0 with some zeros in it. */
static int derive(const struct sotto_provider_x25519 *x25519, void *key,
                  uint8_t *shared)
{
    void *exchange = x25519->new_exchange(x25519->ctx);
    size_t len = SOTTO_X25519_LEN;
    bool ok = exchange != NULL && x25519->init(exchange, key, NULL) == 1 &&
              x25519->set_peer(exchange, key) == 1;
    int ret;

    SOTTO_ASSERT(ok); /* but for memory: see README.md */
    ret = x25519->derive(exchange, shared, &len, len);
    x25519->free_exchange(exchange);
    return ret;
}

enum sotto_err sotto_x25519_agree(
    const uint8_t private_key[static SOTTO_X25519_LEN],
    const uint8_t peer_public[static SOTTO_X25519_LEN],
    uint8_t shared[static SOTTO_X25519_LEN])
{
    const struct sotto_provider_x25519 *x25519 = sotto_kept_x25519();
    void *key = make_key(x25519, private_key, peer_public);
    int ret = derive(x25519, key, shared);

    x25519->free_key(key);
    sotto_wipe_stack(); /* it leaves the secret there */
    if (ret != 1) {
        ERR_clear_error();
        sotto_wipe(shared, SOTTO_X25519_LEN);
        return SOTTO_ERR_AUTH;
    }
    return SOTTO_OK;
}
