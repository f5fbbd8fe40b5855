/*
 * welcome.c - sealing and signing for those who join (RFC 9420 12.4.3).
 */
#include "core/mls/welcome.h"

#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/label.h"

static const char tbs_label[] = "GroupInfoTBS";
static const char welcome_label[] = "Welcome";

enum sotto_err sotto_mls_group_info_sign(const struct sotto_mls_suite *suite,
                                         const uint8_t *private_key,
                                         struct sotto_span tbs,
                                         uint8_t *signature,
                                         size_t *signature_len)
{
    const struct sotto_piece piece = {tbs.at, tbs.len};

    return sotto_mls_sign_with_label(suite, private_key, tbs_label, &piece, 1,
                                     signature, signature_len);
}

enum sotto_err sotto_mls_group_info_verify(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const struct sotto_mls_group_info *group_info)
{
    const struct sotto_piece piece = {group_info->tbs.at, group_info->tbs.len};

    return sotto_mls_verify_with_label(suite, public_key, tbs_label, &piece, 1,
                                       group_info->signature);
}

/* welcome_key, made ready, and welcome_nonce. */
static void welcome_key(const struct sotto_mls_suite *suite,
                        const uint8_t *welcome_secret, struct sotto_aead *aead,
                        uint8_t *nonce)
{
    const struct sotto_span none = {NULL, 0};
    uint8_t key[SOTTO_MLS_AEAD_KEY_MAX];

    sotto_mls_expand_with_label(suite, welcome_secret, "key", none, key,
                                suite->aead_key_len);
    sotto_mls_expand_with_label(suite, welcome_secret, "nonce", none, nonce,
                                suite->aead_nonce_len);
    sotto_aead_init(aead, suite->aead, key);
    sotto_wipe(key, sizeof key);
}

enum sotto_err sotto_mls_group_info_seal(const struct sotto_mls_suite *suite,
                                         const uint8_t *welcome_secret,
                                         struct sotto_span group_info,
                                         uint8_t *out)
{
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];
    struct sotto_aead aead;
    enum sotto_err err;

    welcome_key(suite, welcome_secret, &aead, nonce);
    err = sotto_aead_seal(&aead, nonce, NULL, 0, group_info.at, group_info.len,
                          out);
    sotto_aead_wipe(&aead);
    sotto_wipe(nonce, sizeof nonce);
    return err;
}

enum sotto_err sotto_mls_group_info_open(const struct sotto_mls_suite *suite,
                                         const uint8_t *welcome_secret,
                                         struct sotto_span sealed, uint8_t *out,
                                         size_t cap, size_t *out_len)
{
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];
    struct sotto_aead aead;
    enum sotto_err err;

    if (sealed.len < SOTTO_MLS_AEAD_TAG_LEN) {
        return SOTTO_ERR_AUTH;
    }
    if (sealed.len - SOTTO_MLS_AEAD_TAG_LEN > cap) {
        return SOTTO_ERR_SPACE;
    }
    welcome_key(suite, welcome_secret, &aead, nonce);
    err = sotto_aead_open(&aead, nonce, NULL, 0, sealed.at, sealed.len, out,
                          out_len);
    sotto_aead_wipe(&aead);
    sotto_wipe(nonce, sizeof nonce);
    return err;
}

enum sotto_err sotto_mls_group_secrets_encrypt(
    const struct sotto_mls_suite *suite, struct sotto_span init_key,
    struct sotto_span encrypted_group_info, struct sotto_span group_secrets,
    const struct sotto_random *random, uint8_t *kem_output, uint8_t *ciphertext)
{
    return sotto_mls_encrypt_with_label(suite, init_key, welcome_label,
                                        encrypted_group_info, group_secrets,
                                        random, kem_output, ciphertext);
}

enum sotto_err sotto_mls_group_secrets_decrypt(
    const struct sotto_mls_suite *suite, const uint8_t *init_private,
    struct sotto_span init_key, struct sotto_span encrypted_group_info,
    const struct sotto_mls_hpke_ciphertext *in, uint8_t *out, size_t cap,
    size_t *out_len)
{
    return sotto_mls_decrypt_with_label(suite, init_private, init_key,
                                        welcome_label, encrypted_group_info, in,
                                        out, cap, out_len);
}

bool sotto_mls_welcome_find(const struct sotto_mls_welcome *welcome,
                            struct sotto_span key_package_ref,
                            struct sotto_mls_encrypted_group_secrets *out)
{
    struct sotto_reader items = sotto_mls_items(welcome->secrets);
    struct sotto_mls_encrypted_group_secrets one;

    while (items.left > 0 && !items.bad) {
        sotto_mls_read_encrypted_group_secrets(&items, &one);
        if (!items.bad && one.new_member.len == key_package_ref.len &&
            sotto_equal(one.new_member.at, key_package_ref.at,
                        key_package_ref.len)) {
            *out = one;
            return true;
        }
    }
    return false;
}
