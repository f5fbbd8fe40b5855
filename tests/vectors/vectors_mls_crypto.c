/*
 * vectors_mls_crypto.c - crypto-basics.json: the labelled functions; and
 * secret-tree.json: the keys of messages.
 */
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include "core/mls/secret_tree.h"
#include "tests/vectors/vectors_mls.h"

static const cJSON *object_of(const cJSON *test, const char *field)
{
    return cJSON_GetObjectItemCaseSensitive(test, field);
}

/* A secret of the suite's length; NULL with a note. */
const uint8_t *vectors_mls_secret(struct vectors *v, const cJSON *object,
                                  const char *field,
                                  const struct sotto_mls_suite *suite)
{
    struct sotto_span secret = vectors_mls_span(v, object, field);

    if (secret.len != suite->hash_len) {
        vectors_note(v, "%s has %lu bytes", field, (unsigned long)secret.len);
        return NULL;
    }
    return secret.at;
}

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    sotto_drbg_next(ctx, out, len);
    return SOTTO_OK;
}

struct sotto_random vectors_mls_random(struct sotto_drbg *drbg)
{
    static const uint8_t seed[] = "the same in every run";

    sotto_drbg_init(drbg, (struct sotto_piece){seed, sizeof seed},
                    (struct sotto_piece){NULL, 0});
    return (struct sotto_random){drbg, fill};
}

/* ------------------------------------------------------------ crypto-basics */

static bool run_ref_hash(struct vectors *v, const struct sotto_mls_suite *suite,
                         const cJSON *item)
{
    uint8_t out[SOTTO_MLS_HASH_MAX];

    sotto_mls_ref_hash(suite, vectors_text(v, item, "label"),
                       vectors_mls_span(v, item, "value"), out);
    return vectors_same(v, "RefHash", out, suite->hash_len,
                        vectors_hex(v, item, "out"));
}

/* ExpandWithLabel, DeriveSecret, DeriveTreeSecret: what is there says which. */
static bool run_derive(struct vectors *v, const struct sotto_mls_suite *suite,
                       const cJSON *item, const char *what)
{
    const uint8_t *secret = vectors_mls_secret(v, item, "secret", suite);
    const char *label = vectors_text(v, item, "label");
    size_t len = vectors_has(item, "length")
                     ? (size_t)vectors_number(v, item, "length")
                     : suite->hash_len;

    if (secret == NULL || len > sotto_mls_expand_max(suite)) {
        return vectors_mls_fail(v, "a length is odd");
    }
    struct vectors_bytes out = vectors_buffer(v, len);
    if (vectors_has(item, "context")) {
        sotto_mls_expand_with_label(suite, secret, label,
                                    vectors_mls_span(v, item, "context"),
                                    out.at, len);
    } else if (vectors_has(item, "generation")) {
        sotto_mls_derive_tree_secret(suite, secret, label,
                                     (uint32_t)vectors_number(v, item,
                                                              "generation"),
                                     out.at, len);
    } else if (len == suite->hash_len) {
        sotto_mls_derive_secret(suite, secret, label, out.at);
    } else {
        return vectors_mls_fail(v, "a derived secret has one length only");
    }
    return vectors_same(v, what, out.at, len, vectors_hex(v, item, "out"));
}

static bool run_sign(struct vectors *v, const struct sotto_mls_suite *suite,
                     const cJSON *item)
{
    struct sotto_span content = vectors_mls_span(v, item, "content");
    struct sotto_span priv = vectors_mls_span(v, item, "priv");
    struct sotto_span pub = vectors_mls_span(v, item, "pub");
    const char *label = vectors_text(v, item, "label");
    const struct sotto_piece piece = {content.at, content.len};
    uint8_t own[SOTTO_MLS_SIGNATURE_MAX];
    size_t own_len;

    if (sotto_mls_verify_with_label(suite, pub, label, &piece, 1,
                                    vectors_mls_span(v, item, "signature")) !=
        SOTTO_OK) {
        return vectors_mls_fail(v, "the signature is not valid");
    }
    if (priv.len != suite->signature_private_len ||
        sotto_mls_sign_with_label(suite, priv.at, label, &piece, 1, own,
                                  &own_len) != SOTTO_OK ||
        sotto_mls_verify_with_label(suite, pub, label, &piece, 1,
                                    (struct sotto_span){own, own_len}) !=
            SOTTO_OK) {
        return vectors_mls_fail(v, "our own signature is not valid");
    }
    return true;
}

/* Decrypts what has been encrypted; the plaintext must be the case's. */
static bool decrypt(struct vectors *v, const struct sotto_mls_suite *suite,
                    const cJSON *item,
                    const struct sotto_mls_hpke_ciphertext *in)
{
    struct vectors_bytes expected = vectors_hex(v, item, "plaintext");
    struct sotto_span priv = vectors_mls_span(v, item, "priv");
    struct vectors_bytes out = vectors_buffer(v, expected.len);
    size_t len;

    if (priv.len != suite->private_len ||
        sotto_mls_decrypt_with_label(suite, priv.at,
                                     vectors_mls_span(v, item, "pub"),
                                     vectors_text(v, item, "label"),
                                     vectors_mls_span(v, item, "context"), in,
                                     out.at, out.len, &len) != SOTTO_OK) {
        return vectors_mls_fail(v, "a ciphertext cannot be decrypted");
    }
    return vectors_same(v, "plaintext", out.at, len, expected);
}

static bool run_encrypt(struct vectors *v, const struct sotto_mls_suite *suite,
                        const cJSON *item)
{
    struct sotto_mls_hpke_ciphertext in = {
        vectors_mls_span(v, item, "kem_output"),
        vectors_mls_span(v, item, "ciphertext"),
    };
    struct sotto_span plaintext = vectors_mls_span(v, item, "plaintext");
    struct vectors_bytes own =
        vectors_buffer(v, plaintext.len + SOTTO_MLS_AEAD_TAG_LEN);
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_drbg drbg;
    const struct sotto_random random = vectors_mls_random(&drbg);

    if (!decrypt(v, suite, item, &in)) {
        return false;
    }
    if (sotto_mls_encrypt_with_label(suite, vectors_mls_span(v, item, "pub"),
                                     vectors_text(v, item, "label"),
                                     vectors_mls_span(v, item, "context"),
                                     plaintext, &random, kem_output,
                                     own.at) != SOTTO_OK) {
        return vectors_mls_fail(v, "the plaintext cannot be encrypted");
    }
    in.kem_output = (struct sotto_span){kem_output, suite->kem_len};
    in.ciphertext = (struct sotto_span){own.at, own.len};
    return decrypt(v, suite, item, &in);
}

bool vectors_mls_crypto_basics(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));

    return run_ref_hash(v, suite, object_of(test, "ref_hash")) &&
           run_derive(v, suite, object_of(test, "expand_with_label"),
                      "ExpandWithLabel") &&
           run_derive(v, suite, object_of(test, "derive_secret"),
                      "DeriveSecret") &&
           run_derive(v, suite, object_of(test, "derive_tree_secret"),
                      "DeriveTreeSecret") &&
           run_sign(v, suite, object_of(test, "sign_with_label")) &&
           run_encrypt(v, suite, object_of(test, "encrypt_with_label"));
}

/* -------------------------------------------------------------- secret-tree */

static bool run_sender_data(struct vectors *v,
                            const struct sotto_mls_suite *suite,
                            const cJSON *item)
{
    const uint8_t *secret =
        vectors_mls_secret(v, item, "sender_data_secret", suite);
    uint8_t key[SOTTO_MLS_AEAD_KEY_MAX];
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];

    if (secret == NULL) {
        return false;
    }
    sotto_mls_sender_data_key(suite, secret,
                              vectors_mls_span(v, item, "ciphertext"), key,
                              nonce);
    return vectors_same(v, "sender data key", key, suite->aead_key_len,
                        vectors_hex(v, item, "key")) &&
           vectors_same(v, "sender data nonce", nonce, suite->aead_nonce_len,
                        vectors_hex(v, item, "nonce"));
}

static bool run_key(struct vectors *v, struct sotto_mls_secret_tree *tree,
                    uint32_t leaf, enum sotto_mls_ratchet_kind kind,
                    const cJSON *item)
{
    static const char *const fields[SOTTO_MLS_RATCHETS][2] = {
        {"handshake_key", "handshake_nonce"},
        {"application_key", "application_nonce"},
    };
    uint32_t generation = (uint32_t)vectors_number(v, item, "generation");
    struct sotto_mls_message_key key;

    if (sotto_mls_secret_tree_find(tree, leaf, kind, generation, &key) !=
        SOTTO_OK) {
        vectors_note(v, "leaf %u has no key %u", (unsigned)leaf,
                     (unsigned)generation);
        return false;
    }
    sotto_mls_secret_tree_consume(tree, &key);
    return vectors_same(v, fields[kind][0], key.key, tree->suite->aead_key_len,
                        vectors_hex(v, item, fields[kind][0])) &&
           vectors_same(v, fields[kind][1], key.nonce,
                        tree->suite->aead_nonce_len,
                        vectors_hex(v, item, fields[kind][1]));
}

static bool run_leaf(struct vectors *v, struct sotto_mls_secret_tree *tree,
                     uint32_t leaf, const cJSON *generations)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, generations)
    {
        if (!run_key(v, tree, leaf, SOTTO_MLS_RATCHET_HANDSHAKE, item) ||
            !run_key(v, tree, leaf, SOTTO_MLS_RATCHET_APPLICATION, item)) {
            return false;
        }
    }
    return true;
}

bool vectors_mls_secret_tree(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    const cJSON *leaves = object_of(test, "leaves");
    const cJSON *item;
    struct sotto_mls_secret_tree tree;
    uint32_t leaf = 0;

    if (!run_sender_data(v, suite, object_of(test, "sender_data"))) {
        return false;
    }
    uint32_t count = (uint32_t)cJSON_GetArraySize(leaves);
    if (!vectors_mls_start_secret_tree(v, &tree, suite, count, test)) {
        return false;
    }
    cJSON_ArrayForEach(item, leaves)
    {
        if (!run_leaf(v, &tree, leaf++, item)) {
            return false;
        }
    }
    return true;
}

bool vectors_mls_start_secret_tree(struct vectors *v,
                                   struct sotto_mls_secret_tree *tree,
                                   const struct sotto_mls_suite *suite,
                                   uint32_t members, const cJSON *test)
{
    /* Cases may list far generations, and in any order. */
    const struct sotto_mls_secret_config config = {.members = members,
                                                   .kept = 2048,
                                                   .window = 1024,
                                                   .forward = 100000};
    const uint8_t *secret =
        vectors_mls_secret(v, test, "encryption_secret", suite);

    if (secret == NULL || members == 0 || members > SOTTO_MLS_MAX_MEMBERS) {
        return vectors_mls_fail(v, "no encryption_secret, or no leaves");
    }
    sotto_mls_secret_tree_init(
        tree, vectors_buffer(v, sotto_mls_secret_tree_size(&config)).at, suite,
        &config);
    sotto_mls_secret_tree_start(tree, tree->config.members, secret);
    return true;
}
