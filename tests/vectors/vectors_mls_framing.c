/*
 * vectors_mls_framing.c - message-protection.json: public and private messages,
 * the cases' and our own; and welcome.json: the cryptography of a Welcome.
 */
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include "core/mls/psk.h"
#include "core/mls/schedule.h"
#include "core/mls/transcript.h"
#include "core/mls/welcome.h"
#include "tests/vectors/vectors_mls.h"
#include <string.h>

#define CONTEXT_MAX 4096
#define PADDING     100
#define SENDER      1 /* leaf of the one who sends, of two */

/* ------------------------------------------------------- message-protection */

/* A case. */
struct group {
    const cJSON *test;
    const struct sotto_mls_suite *suite;
    struct sotto_mls_secret_tree tree;
    const uint8_t *sender_data_secret;
    const uint8_t *membership_key;
    struct sotto_span signature_priv;
    struct sotto_span signature_pub;
    uint8_t context_bytes[CONTEXT_MAX];
    struct sotto_span context; /* GroupContext */
};

static bool load_group(struct vectors *v, struct group *group,
                       const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    const struct sotto_mls_group_context context = {
        .version = SOTTO_MLS_VERSION_10,
        .cipher_suite = suite->id,
        .group_id = vectors_mls_span(v, test, "group_id"),
        .epoch = vectors_number(v, test, "epoch"),
        .tree_hash = vectors_mls_span(v, test, "tree_hash"),
        .confirmed_transcript_hash =
            vectors_mls_span(v, test, "confirmed_transcript_hash"),
    };
    struct sotto_writer w;

    group->test = test;
    group->suite = suite;
    group->sender_data_secret =
        vectors_mls_secret(v, test, "sender_data_secret", suite);
    group->membership_key =
        vectors_mls_secret(v, test, "membership_key", suite);
    group->signature_priv = vectors_mls_span(v, test, "signature_priv");
    group->signature_pub = vectors_mls_span(v, test, "signature_pub");
    sotto_writer_init(&w, group->context_bytes, sizeof group->context_bytes);
    sotto_mls_write_group_context(&w, &context);
    group->context = (struct sotto_span){group->context_bytes, w.len};
    return !w.bad && group->sender_data_secret != NULL &&
           group->membership_key != NULL &&
           group->signature_priv.len == suite->signature_private_len;
}

static bool read_message(struct sotto_span in, uint16_t wire_format,
                         struct sotto_mls_message *out)
{
    struct sotto_reader r;

    sotto_reader_init(&r, in.at, in.len);
    sotto_mls_read_message(&r, out);
    return sotto_reader_finish(&r) == SOTTO_OK &&
           out->wire_format == wire_format;
}

/* What was unprotected: from the sender, signed, and as expected. */
static bool check_content(struct vectors *v, const struct group *group,
                          const struct sotto_mls_authenticated_content *content,
                          const char *field)
{
    if (content->content.sender.type != SOTTO_MLS_SENDER_MEMBER ||
        content->content.sender.index != SENDER ||
        sotto_mls_content_verify(group->suite, group->signature_pub, content,
                                 group->context) != SOTTO_OK) {
        return vectors_mls_fail(v, "the signature is not valid");
    }
    return vectors_same(v, field, content->content.content.at,
                        content->content.content.len,
                        vectors_hex(v, group->test, field));
}

static bool unprotect_public(struct vectors *v, const struct group *group,
                             struct sotto_span in, const char *field)
{
    struct sotto_mls_authenticated_content content;
    struct sotto_mls_message message;

    if (!read_message(in, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, &message) ||
        sotto_mls_public_unprotect(group->suite, group->membership_key,
                                   &message.public_message, group->context,
                                   &content) != SOTTO_OK) {
        vectors_note(v, "a PublicMessage (%s) is refused", field);
        return false;
    }
    return check_content(v, group, &content, field);
}

static bool unprotect_private(struct vectors *v, struct group *group,
                              struct sotto_span in, const char *field)
{
    struct sotto_mls_authenticated_content content;
    struct vectors_bytes plain = vectors_buffer(v, in.len);
    struct sotto_mls_message_key key;
    struct sotto_mls_message message;

    /* The case's messages and ours may have the same generations. */
    if (!vectors_mls_start_secret_tree(v, &group->tree, group->suite, 2,
                                       group->test)) {
        return false;
    }
    if (!read_message(in, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &message) ||
        sotto_mls_private_unprotect(group->suite, group->sender_data_secret,
                                    &group->tree, &message.private_message,
                                    plain.at, plain.len, &content,
                                    &key) != SOTTO_OK) {
        vectors_note(v, "a PrivateMessage (%s) is refused", field);
        return false;
    }
    sotto_mls_secret_tree_consume(&group->tree, &key);
    return check_content(v, group, &content, field);
}

/* A message of our own, signed. */
static bool make_content(struct vectors *v, const struct group *group,
                         const char *field, uint8_t content_type,
                         uint16_t wire_format,
                         struct sotto_mls_authenticated_content *out)
{
    struct vectors_bytes signature = vectors_buffer(v, SOTTO_MLS_SIGNATURE_MAX);
    struct vectors_bytes tag = vectors_buffer(v, group->suite->hash_len);

    *out = (struct sotto_mls_authenticated_content){
        .wire_format = wire_format,
        .content = {.group_id = vectors_mls_span(v, group->test, "group_id"),
                    .epoch = vectors_number(v, group->test, "epoch"),
                    .sender = {SOTTO_MLS_SENDER_MEMBER, SENDER},
                    .content_type = content_type,
                    .content = vectors_mls_span(v, group->test, field)},
    };
    out->auth.signature.at = signature.at;
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        out->auth.confirmation_tag = (struct sotto_span){tag.at, tag.len};
    }
    if (sotto_mls_content_sign(group->suite, group->signature_priv.at, out,
                               group->context, signature.at,
                               &out->auth.signature.len) != SOTTO_OK) {
        return vectors_mls_fail(v, "nothing can be signed");
    }
    return true;
}

static bool run_public(struct vectors *v, const struct group *group,
                       const char *field, const char *sealed,
                       uint8_t content_type)
{
    struct sotto_mls_authenticated_content content;
    struct vectors_bytes out = vectors_buffer(v, 65536);
    struct sotto_writer w;

    sotto_writer_init(&w, out.at, out.len);
    if (!unprotect_public(v, group, vectors_mls_span(v, group->test, sealed),
                          field) ||
        !make_content(v, group, field, content_type,
                      SOTTO_MLS_WIRE_PUBLIC_MESSAGE, &content) ||
        sotto_mls_public_protect(group->suite, group->membership_key, &content,
                                 group->context, &w) != SOTTO_OK) {
        return false;
    }
    return unprotect_public(v, group, (struct sotto_span){out.at, w.len},
                            field);
}

static bool run_private(struct vectors *v, struct group *group,
                        const char *field, const char *sealed,
                        uint8_t content_type)
{
    struct sotto_mls_authenticated_content content;
    struct vectors_bytes out = vectors_buffer(v, 65536);
    struct sotto_drbg drbg;
    const struct sotto_random random = vectors_mls_random(&drbg);
    struct sotto_writer w;

    sotto_writer_init(&w, out.at, out.len);
    if (!unprotect_private(v, group, vectors_mls_span(v, group->test, sealed),
                           field) ||
        !make_content(v, group, field, content_type,
                      SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &content) ||
        sotto_mls_private_protect(group->suite, group->sender_data_secret,
                                  &group->tree, &content, PADDING, &random,
                                  &w) != SOTTO_OK) {
        return false;
    }
    return unprotect_private(v, group, (struct sotto_span){out.at, w.len},
                             field);
}

/* Application data as a PublicMessage is refused. */
static bool run_refused(struct vectors *v, const struct group *group)
{
    struct sotto_mls_authenticated_content content;
    struct vectors_bytes out = vectors_buffer(v, 65536);
    struct sotto_writer w;

    sotto_writer_init(&w, out.at, out.len);
    if (!make_content(v, group, "application", SOTTO_MLS_CONTENT_APPLICATION,
                      SOTTO_MLS_WIRE_PUBLIC_MESSAGE, &content)) {
        return false;
    }
    if (sotto_mls_public_protect(group->suite, group->membership_key, &content,
                                 group->context, &w) != SOTTO_ERR_FORMAT) {
        return vectors_mls_fail(v, "application data went into the open");
    }
    return true;
}

bool vectors_mls_message_protection(struct vectors *v, const cJSON *test)
{
    static struct group group; /* some kilobytes */

    if (!load_group(v, &group, test)) {
        return vectors_mls_fail(v, "the group's secrets are odd");
    }
    return run_public(v, &group, "proposal", "proposal_pub",
                      SOTTO_MLS_CONTENT_PROPOSAL) &&
           run_private(v, &group, "proposal", "proposal_priv",
                       SOTTO_MLS_CONTENT_PROPOSAL) &&
           run_public(v, &group, "commit", "commit_pub",
                      SOTTO_MLS_CONTENT_COMMIT) &&
           run_private(v, &group, "commit", "commit_priv",
                       SOTTO_MLS_CONTENT_COMMIT) &&
           run_private(v, &group, "application", "application_priv",
                       SOTTO_MLS_CONTENT_APPLICATION) &&
           run_refused(v, &group);
}

/* ------------------------------------------------------------------ welcome */

/* Decrypts what is meant for the key package. */
static bool open_secrets(struct vectors *v, const struct sotto_mls_suite *suite,
                         const cJSON *test,
                         const struct sotto_mls_welcome *welcome,
                         struct sotto_mls_group_secrets *out)
{
    struct sotto_mls_encrypted_group_secrets entry;
    struct sotto_span priv = vectors_mls_span(v, test, "init_priv");
    const struct sotto_mls_key_package *package;
    struct sotto_mls_message message;
    uint8_t ref[SOTTO_MLS_HASH_MAX];
    struct sotto_reader r;
    size_t len;

    if (!read_message(vectors_mls_span(v, test, "key_package"),
                      SOTTO_MLS_WIRE_KEY_PACKAGE, &message) ||
        priv.len != suite->private_len) {
        return vectors_mls_fail(v, "no key package, or no private key");
    }
    package = &message.key_package;
    sotto_mls_ref_hash(suite, SOTTO_MLS_KEY_PACKAGE_REF, package->raw, ref);
    if (!sotto_mls_welcome_find(welcome,
                                (struct sotto_span){ref, suite->hash_len},
                                &entry)) {
        return vectors_mls_fail(v, "the Welcome is not for the key package");
    }
    struct vectors_bytes plain =
        vectors_buffer(v, entry.secrets.ciphertext.len);
    if (sotto_mls_group_secrets_decrypt(suite, priv.at, package->init_key,
                                        welcome->encrypted_group_info,
                                        &entry.secrets, plain.at, plain.len,
                                        &len) != SOTTO_OK) {
        return vectors_mls_fail(v, "the GroupSecrets cannot be decrypted");
    }
    sotto_reader_init(&r, plain.at, len);
    sotto_mls_read_group_secrets(&r, out);
    return sotto_reader_finish(&r) == SOTTO_OK &&
           out->joiner_secret.len == suite->hash_len && out->psks.len == 0;
}

/* The epoch's confirmation tag, from joiner_secret and the GroupInfo. */
static bool check_confirmation(struct vectors *v,
                               const struct sotto_mls_suite *suite,
                               const uint8_t *member_secret,
                               const struct sotto_mls_group_info *info)
{
    uint8_t context[CONTEXT_MAX];
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];
    uint8_t encryption_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_epoch_secrets secrets;
    struct sotto_writer w;

    sotto_writer_init(&w, context, sizeof context);
    sotto_mls_write_group_context(&w, &info->context);
    sotto_mls_epoch_secret(suite, member_secret,
                           (struct sotto_span){context, w.len}, epoch_secret);
    sotto_mls_epoch_derive(suite, epoch_secret, &secrets, encryption_secret);
    if (w.bad ||
        sotto_mls_confirmation_check(suite, secrets.confirmation_key,
                                     info->context.confirmed_transcript_hash,
                                     info->confirmation_tag) != SOTTO_OK) {
        return vectors_mls_fail(v, "the confirmation tag does not fit");
    }
    return true;
}

/* Opens and verifies the GroupInfo; seals it again to the same bytes. */
static bool check_group_info(struct vectors *v,
                             const struct sotto_mls_suite *suite,
                             const cJSON *test,
                             const struct sotto_mls_welcome *welcome,
                             const uint8_t *member_secret)
{
    const struct sotto_span sealed = welcome->encrypted_group_info;
    struct vectors_bytes plain = vectors_buffer(v, sealed.len);
    uint8_t welcome_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_group_info info;
    struct sotto_reader r;
    size_t len;

    sotto_mls_welcome_secret(suite, member_secret, welcome_secret);
    if (sotto_mls_group_info_open(suite, welcome_secret, sealed, plain.at,
                                  plain.len, &len) != SOTTO_OK) {
        return vectors_mls_fail(v, "the GroupInfo cannot be opened");
    }
    sotto_reader_init(&r, plain.at, len);
    sotto_mls_read_group_info(&r, &info);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        sotto_mls_group_info_verify(suite,
                                    vectors_mls_span(v, test, "signer_pub"),
                                    &info) != SOTTO_OK) {
        return vectors_mls_fail(v, "the GroupInfo's signature is not valid");
    }
    if (!check_confirmation(v, suite, member_secret, &info)) {
        return false;
    }
    if (sotto_mls_group_info_seal(suite, welcome_secret,
                                  (struct sotto_span){plain.at, len},
                                  plain.at) != SOTTO_OK ||
        memcmp(plain.at, sealed.at, sealed.len) != 0) {
        return vectors_mls_fail(v, "the GroupInfo is sealed differently");
    }
    return true;
}

bool vectors_mls_welcome(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    struct sotto_mls_group_secrets secrets;
    struct sotto_mls_message message;
    struct sotto_mls_psk_chain chain;
    uint8_t psk_secret[SOTTO_MLS_HASH_MAX];
    uint8_t member_secret[SOTTO_MLS_HASH_MAX];

    if (!read_message(vectors_mls_span(v, test, "welcome"),
                      SOTTO_MLS_WIRE_WELCOME, &message) ||
        !open_secrets(v, suite, test, &message.welcome, &secrets)) {
        return vectors_mls_fail(v, "the Welcome cannot be taken apart");
    }
    sotto_mls_psk_begin(&chain, suite, 0);
    sotto_mls_psk_end(&chain, psk_secret);
    sotto_mls_member_secret(suite, secrets.joiner_secret.at, psk_secret,
                            member_secret);
    return check_group_info(v, suite, test, &message.welcome, member_secret);
}
