#include "core/crypto/openssl/provider.h"

#include <openssl/provider.h>
#include <string.h>

/* Whether `name` is the first of those, between which there are colons. */
static bool is_first(const char *names, const char *name)
{
    const size_t len = strlen(name);

    return strncmp(names, name, len) == 0 &&
           (names[len] == ':' || names[len] == '\0');
}

/* What hands a function of a table to whom it is for. */
typedef void take_function(void *to, const OSSL_DISPATCH *function);

/* Hands over the functions that the provider has for an algorithm, in the
 * operation `id`; false when it has none. */
static bool take_all(const OSSL_PROVIDER *provider, int id, const char *name,
                     take_function *take, void *to)
{
    int no_cache;
    const OSSL_ALGORITHM *all =
        OSSL_PROVIDER_query_operation(provider, id, &no_cache);
    const OSSL_ALGORITHM *at = all;

    while (at != NULL && at->algorithm_names != NULL &&
           !is_first(at->algorithm_names, name)) {
        at++;
    }
    const bool is_there = at != NULL && at->algorithm_names != NULL;
    for (size_t i = 0; is_there && at->implementation[i].function_id != 0;
         i++) {
        take(to, &at->implementation[i]);
    }
    OSSL_PROVIDER_unquery_operation(provider, id, all);
    return is_there;
}

/* ---- ciphers ------------------------------------------------------------ */

static void take_of_cipher(void *to, const OSSL_DISPATCH *function)
{
    struct sotto_provider_cipher *cipher = to;

    switch (function->function_id) {
    case OSSL_FUNC_CIPHER_NEWCTX:
        cipher->new_ctx = OSSL_FUNC_cipher_newctx(function);
        break;
    case OSSL_FUNC_CIPHER_FREECTX:
        cipher->free_ctx = OSSL_FUNC_cipher_freectx(function);
        break;
    case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
        cipher->encrypt_init = OSSL_FUNC_cipher_encrypt_init(function);
        break;
    case OSSL_FUNC_CIPHER_DECRYPT_INIT:
        cipher->decrypt_init = OSSL_FUNC_cipher_decrypt_init(function);
        break;
    case OSSL_FUNC_CIPHER_UPDATE:
        cipher->update = OSSL_FUNC_cipher_update(function);
        break;
    case OSSL_FUNC_CIPHER_FINAL:
        cipher->final = OSSL_FUNC_cipher_final(function);
        break;
    case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
        cipher->get_params = OSSL_FUNC_cipher_get_ctx_params(function);
        break;
    case OSSL_FUNC_CIPHER_SET_CTX_PARAMS:
        cipher->set_params = OSSL_FUNC_cipher_set_ctx_params(function);
        break;
    default:
        break;
    }
}

void sotto_provider_cipher(struct sotto_provider_cipher *cipher,
                           const char *name)
{
    const OSSL_PROVIDER *provider;

    cipher->holder = EVP_CIPHER_fetch(NULL, name, NULL);
    if (cipher->holder == NULL) {
        return;
    }
    provider = EVP_CIPHER_get0_provider(cipher->holder);
    if (take_all(provider, OSSL_OP_CIPHER, name, take_of_cipher, cipher)) {
        cipher->ctx =
            cipher->new_ctx(OSSL_PROVIDER_get0_provider_ctx(provider));
    }
}

void sotto_provider_cipher_free(struct sotto_provider_cipher *cipher)
{
    if (cipher->ctx != NULL) {
        cipher->free_ctx(cipher->ctx);
    }
    EVP_CIPHER_free(cipher->holder);
    *cipher = (struct sotto_provider_cipher){.holder = NULL};
}

/* ---- X25519 ------------------------------------------------------------- */

static void take_of_keys(void *to, const OSSL_DISPATCH *function)
{
    struct sotto_provider_x25519 *x25519 = to;

    switch (function->function_id) {
    case OSSL_FUNC_KEYMGMT_NEW:
        x25519->new_key = OSSL_FUNC_keymgmt_new(function);
        break;
    case OSSL_FUNC_KEYMGMT_FREE:
        x25519->free_key = OSSL_FUNC_keymgmt_free(function);
        break;
    case OSSL_FUNC_KEYMGMT_IMPORT:
        x25519->import = OSSL_FUNC_keymgmt_import(function);
        break;
    case OSSL_FUNC_KEYMGMT_GET_PARAMS:
        x25519->get_params = OSSL_FUNC_keymgmt_get_params(function);
        break;
    default:
        break;
    }
}

static void take_of_exchange(void *to, const OSSL_DISPATCH *function)
{
    struct sotto_provider_x25519 *x25519 = to;

    switch (function->function_id) {
    case OSSL_FUNC_KEYEXCH_NEWCTX:
        x25519->new_exchange = OSSL_FUNC_keyexch_newctx(function);
        break;
    case OSSL_FUNC_KEYEXCH_FREECTX:
        x25519->free_exchange = OSSL_FUNC_keyexch_freectx(function);
        break;
    case OSSL_FUNC_KEYEXCH_INIT:
        x25519->init = OSSL_FUNC_keyexch_init(function);
        break;
    case OSSL_FUNC_KEYEXCH_SET_PEER:
        x25519->set_peer = OSSL_FUNC_keyexch_set_peer(function);
        break;
    case OSSL_FUNC_KEYEXCH_DERIVE:
        x25519->derive = OSSL_FUNC_keyexch_derive(function);
        break;
    default:
        break;
    }
}

void sotto_provider_x25519(struct sotto_provider_x25519 *x25519)
{
    static const char name[] = "X25519";
    const OSSL_PROVIDER *provider;

    x25519->holder = EVP_KEYMGMT_fetch(NULL, name, NULL);
    if (x25519->holder == NULL) {
        return;
    }
    provider = EVP_KEYMGMT_get0_provider(x25519->holder);
    if (take_all(provider, OSSL_OP_KEYMGMT, name, take_of_keys, x25519) &&
        take_all(provider, OSSL_OP_KEYEXCH, name, take_of_exchange, x25519)) {
        x25519->ctx = OSSL_PROVIDER_get0_provider_ctx(provider);
    }
}

void sotto_provider_x25519_free(struct sotto_provider_x25519 *x25519)
{
    EVP_KEYMGMT_free(x25519->holder);
    *x25519 = (struct sotto_provider_x25519){.holder = NULL};
}
