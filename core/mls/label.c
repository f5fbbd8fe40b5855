/*
 * label.c - the labelled functions of RFC 9420.
 */
#include "core/mls/label.h"

#include "core/base/secret.h"
#include "core/mls/hpke.h"
#include "core/mls/pieces.h"
#include <string.h>

static void add_all(struct sotto_mls_pieces *p,
                    const struct sotto_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sotto_mls_pieces_add(p, pieces[i].at, pieces[i].len);
    }
}

/* struct { opaque label<V>; opaque content<V>; }: SignContent, EncryptContext
 * and what follows the length in a KDFLabel. */
static void add_labelled(struct sotto_mls_pieces *p, const char *label,
                         const struct sotto_piece *content, size_t count)
{
    sotto_mls_pieces_label(p, label);
    sotto_mls_pieces_prefix(p, sotto_mls_pieces_len(content, count));
    add_all(p, content, count);
}

/* ----------------------------------------------- deriving secrets (8, 9.1) */

void sotto_mls_expand_with_label_pieces(const struct sotto_mls_suite *suite,
                                        const uint8_t *secret,
                                        const char *label,
                                        const struct sotto_piece *context,
                                        size_t count, uint8_t *out, size_t len)
{
    struct sotto_mls_pieces kdf_label;

    sotto_mls_pieces_init(&kdf_label);
    sotto_mls_pieces_u16(&kdf_label, (uint16_t)len);
    add_labelled(&kdf_label, label, context, count);
    sotto_mls_expand(suite, secret, kdf_label.at, kdf_label.count, out, len);
}

void sotto_mls_expand_with_label(const struct sotto_mls_suite *suite,
                                 const uint8_t *secret, const char *label,
                                 struct sotto_span context, uint8_t *out,
                                 size_t len)
{
    const struct sotto_piece piece = {context.at, context.len};

    sotto_mls_expand_with_label_pieces(suite, secret, label, &piece, 1, out,
                                       len);
}

void sotto_mls_derive_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *secret, const char *label,
                             uint8_t *out)
{
    sotto_mls_expand_with_label_pieces(suite, secret, label, NULL, 0, out,
                                       suite->hash_len);
}

void sotto_mls_derive_tree_secret(const struct sotto_mls_suite *suite,
                                  const uint8_t *secret, const char *label,
                                  uint32_t generation, uint8_t *out, size_t len)
{
    struct sotto_mls_pieces context;

    sotto_mls_pieces_init(&context);
    sotto_mls_pieces_u32(&context, generation);
    sotto_mls_expand_with_label_pieces(suite, secret, label, context.at,
                                       context.count, out, len);
}

/* ------------------------------------------- hash-based identifiers (5.2) */

void sotto_mls_ref_hash_pieces(const struct sotto_mls_suite *suite,
                               const char *label,
                               const struct sotto_piece *value, size_t count,
                               uint8_t *out)
{
    const struct sotto_span name = {(const uint8_t *)label, strlen(label)};
    struct sotto_mls_pieces input; /* RefHashInput */
    struct sotto_mls_hash hash;

    sotto_mls_pieces_init(&input);
    sotto_mls_pieces_vector(&input, name);
    sotto_mls_pieces_prefix(&input, sotto_mls_pieces_len(value, count));
    add_all(&input, value, count);
    sotto_mls_hash_init(&hash, suite);
    for (size_t i = 0; i < input.count; i++) {
        sotto_mls_hash_add(&hash, input.at[i].at, input.at[i].len);
    }
    sotto_mls_hash_end(&hash, out);
}

void sotto_mls_ref_hash(const struct sotto_mls_suite *suite, const char *label,
                        struct sotto_span value, uint8_t *out)
{
    const struct sotto_piece piece = {value.at, value.len};

    sotto_mls_ref_hash_pieces(suite, label, &piece, 1, out);
}

/* --------------------------------------------------------- signing (5.1.2) */

enum sotto_err sotto_mls_sign_with_label(const struct sotto_mls_suite *suite,
                                         const uint8_t *private_key,
                                         const char *label,
                                         const struct sotto_piece *pieces,
                                         size_t count, uint8_t *signature,
                                         size_t *signature_len)
{
    struct sotto_mls_pieces content; /* SignContent */

    sotto_mls_pieces_init(&content);
    add_labelled(&content, label, pieces, count);
    return suite->sign(private_key, content.at, content.count, signature,
                       signature_len);
}

enum sotto_err sotto_mls_verify_with_label(const struct sotto_mls_suite *suite,
                                           struct sotto_span public_key,
                                           const char *label,
                                           const struct sotto_piece *pieces,
                                           size_t count,
                                           struct sotto_span signature)
{
    struct sotto_mls_pieces content; /* SignContent */

    if (public_key.len != suite->signature_public_len) {
        return SOTTO_ERR_AUTH;
    }
    sotto_mls_pieces_init(&content);
    add_labelled(&content, label, pieces, count);
    return suite->verify(public_key.at, content.at, content.count, signature);
}

/* ------------------------------------------- public-key encryption (5.1.3) */

enum sotto_err sotto_mls_derive_key_pair(const struct sotto_mls_suite *suite,
                                         struct sotto_span ikm,
                                         uint8_t *private_key,
                                         uint8_t *public_key)
{
    return sotto_mls_hpke_derive_key_pair(suite, ikm, private_key, public_key);
}

static void encrypt_context(struct sotto_mls_pieces *p, const char *label,
                            struct sotto_span context)
{
    const struct sotto_piece piece = {context.at, context.len};

    sotto_mls_pieces_init(p);
    add_labelled(p, label, &piece, 1);
}

enum sotto_err sotto_mls_encrypt_with_label(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const char *label, struct sotto_span context, struct sotto_span plaintext,
    const struct sotto_random *random, uint8_t *kem_output, uint8_t *ciphertext)
{
    struct sotto_mls_pieces info;
    struct sotto_mls_hpke hpke;
    enum sotto_err err;

    encrypt_context(&info, label, context);
    err = sotto_mls_hpke_send(&hpke, suite, public_key, info.at, info.count,
                              random, kem_output);
    if (err == SOTTO_OK) {
        err = sotto_mls_hpke_seal(&hpke, plaintext, ciphertext);
    }
    sotto_mls_hpke_wipe(&hpke);
    return err;
}

enum sotto_err sotto_mls_decrypt_with_label(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    struct sotto_span public_key, const char *label, struct sotto_span context,
    const struct sotto_mls_hpke_ciphertext *in, uint8_t *out, size_t cap,
    size_t *out_len)
{
    struct sotto_mls_pieces info;
    struct sotto_mls_hpke hpke;
    enum sotto_err err;

    if (in->ciphertext.len < SOTTO_MLS_AEAD_TAG_LEN) {
        return SOTTO_ERR_AUTH;
    }
    if (in->ciphertext.len - SOTTO_MLS_AEAD_TAG_LEN > cap) {
        return SOTTO_ERR_SPACE;
    }
    encrypt_context(&info, label, context);
    err = sotto_mls_hpke_receive(&hpke, suite, private_key, public_key, info.at,
                                 info.count, in->kem_output);
    if (err == SOTTO_OK) {
        err = sotto_mls_hpke_open(&hpke, in->ciphertext, out, out_len);
    }
    sotto_mls_hpke_wipe(&hpke);
    return err;
}
