/*
 * key_package.c - key packages (RFC 9420 10) and new groups (11).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/label.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include <string.h>

/* -------------------------------------------------------------- signature keys */

#define KEY_TRIES 8 /* one in 2^32 random numbers is too large for P-256 */

enum sotto_err sotto_mls_signature_key_make(
    const struct sotto_mls_client *client, uint16_t cipher_suite,
    uint8_t private_key[static SOTTO_MLS_PRIVATE_MAX],
    struct sotto_mls_buffer *public_key)
{
    const struct sotto_mls_suite *suite = sotto_mls_suite_find(cipher_suite);
    const struct sotto_random *random = client->random;
    uint8_t public_half[SOTTO_MLS_PUBLIC_MAX];
    enum sotto_err err = SOTTO_ERR_AUTH;
    struct sotto_writer w;

    if (suite == NULL) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    for (int i = 0; i < KEY_TRIES && err == SOTTO_ERR_AUTH; i++) {
        err = random->fill(random->ctx, private_key,
                           suite->signature_private_len);
        if (err == SOTTO_OK) {
            err = suite->signature_public_of(private_key, public_half);
        }
    }
    if (err == SOTTO_OK && public_key != NULL) {
        sotto_writer_init(&w, public_key->at, public_key->cap);
        sotto_write_bytes(&w, public_half, suite->signature_public_len);
        err = sotto_writer_finish(&w, &public_key->len);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(private_key, SOTTO_MLS_PRIVATE_MAX);
    }
    return err == SOTTO_ERR_AUTH ? SOTTO_ERR_RANDOM : err;
}

/* -------------------------------------------------------------- key packages */

/* Public keys, while a key package is made. */
struct publics {
    uint8_t init[SOTTO_MLS_PUBLIC_MAX];
    uint8_t encryption[SOTTO_MLS_PUBLIC_MAX];
    uint8_t signature[SOTTO_MLS_PUBLIC_MAX];
};

static enum sotto_err make_keys(const struct sotto_mls_client *client,
                                const struct sotto_mls_suite *suite,
                                const struct sotto_mls_identity *identity,
                                struct sotto_mls_package_keys *keys,
                                struct publics *publics)
{
    enum sotto_err err = sotto_mls_fresh_key(suite, client->random,
                                             keys->init_private, publics->init);

    if (err == SOTTO_OK) {
        err =
            sotto_mls_fresh_key(suite, client->random, keys->encryption_private,
                                publics->encryption);
    }
    if (err == SOTTO_OK && identity->signature_public != NULL) {
        memcpy(publics->signature, identity->signature_public,
               suite->signature_public_len);
    } else if (err == SOTTO_OK) {
        err = suite->signature_public_of(identity->signature_private,
                                         publics->signature);
    }
    return err;
}

/* The leaf node, signed and decoded again: views of what `w` writes. */
static enum sotto_err make_leaf(const struct sotto_mls_client *client,
                                const struct sotto_mls_suite *suite,
                                const struct sotto_mls_identity *identity,
                                const struct publics *publics,
                                struct sotto_writer *w,
                                struct sotto_mls_leaf_node *out)
{
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_leaf_node leaf = {
        .encryption_key = {publics->encryption, suite->public_len},
        .signature_key = {publics->signature, suite->signature_public_len},
        .credential = identity->credential,
        .capabilities = identity->capabilities,
        .source = SOTTO_MLS_LEAF_KEY_PACKAGE,
        .lifetime = identity->lifetime,
        .extensions = identity->extensions};
    struct sotto_reader r;
    size_t start;
    enum sotto_err err = sotto_mls_leaf_complete(client, suite, w, &leaf);

    start = w->len;
    if (err == SOTTO_OK) {
        err = sotto_mls_leaf_make(suite, identity->signature_private, &leaf,
                                  none, 0, w);
    }
    if (err == SOTTO_OK) {
        sotto_reader_init(&r, w->out + start, w->len - start);
        sotto_mls_read_leaf_node(&r, out);
        err = sotto_reader_finish(&r);
    }
    return err == SOTTO_OK
               ? sotto_mls_leaf_check(suite, out, SOTTO_MLS_LEAF_KEY_PACKAGE,
                                      none, client->now)
               : err;
}

/* GREASE in the key package's extensions is not that of the leaf node. */
static enum sotto_err set_extensions(const struct sotto_mls_client *client,
                                     const struct sotto_mls_identity *identity,
                                     struct sotto_writer *w,
                                     struct sotto_mls_key_package *key_package)
{
    uint16_t grease;
    enum sotto_err err = sotto_mls_grease(client, &grease);

    if (err == SOTTO_OK) {
        key_package->extensions =
            sotto_mls_greased(w, identity->package_extensions, grease);
        err = w->bad ? SOTTO_ERR_SPACE : SOTTO_OK;
    }
    return err;
}

/* KeyPackageTBS, and the signature behind it; FORMAT when that cannot be read,
 * as its extensions come from the application. */
static enum sotto_err write_package(
    const struct sotto_mls_suite *suite, const uint8_t *signature_private,
    const struct sotto_mls_key_package *key_package,
    struct sotto_mls_buffer *out)
{
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_mls_key_package written;
    struct sotto_piece tbs;
    struct sotto_reader r;
    struct sotto_writer w;
    enum sotto_err err;
    size_t len;

    sotto_writer_init(&w, out->at, out->cap);
    sotto_mls_write_key_package_tbs(&w, key_package);
    if (w.bad) {
        return SOTTO_ERR_SPACE;
    }
    tbs = (struct sotto_piece){w.out, w.len};
    err = sotto_mls_sign_with_label(suite, signature_private, "KeyPackageTBS",
                                    &tbs, 1, signature, &len);
    if (err == SOTTO_OK) {
        sotto_write_vector(&w, signature, len);
        err = w.bad ? SOTTO_ERR_SPACE : SOTTO_OK;
    }
    if (err == SOTTO_OK) {
        sotto_reader_init(&r, w.out, w.len);
        sotto_mls_read_key_package(&r, &written);
        err = sotto_reader_finish(&r);
    }
    return err == SOTTO_OK ? sotto_writer_finish(&w, &out->len) : err;
}

enum sotto_err sotto_mls_key_package_make(
    const struct sotto_mls_client *client, uint16_t cipher_suite,
    const struct sotto_mls_identity *identity,
    struct sotto_mls_package_keys *keys, struct sotto_mls_buffer *out)
{
    const struct sotto_mls_suite *suite = sotto_mls_suite_find(cipher_suite);
    struct sotto_mls_key_package key_package = {.version = SOTTO_MLS_VERSION_10,
                                                .cipher_suite = cipher_suite};
    struct publics publics;
    struct sotto_writer w; /* what the key package is made of */
    enum sotto_err err;

    if (suite == NULL) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    sotto_writer_init(&w, client->scratch, client->scratch_len);
    err = make_keys(client, suite, identity, keys, &publics);
    if (err == SOTTO_OK) {
        key_package.init_key =
            (struct sotto_span){publics.init, suite->public_len};
        err = make_leaf(client, suite, identity, &publics, &w,
                        &key_package.leaf_node);
    }
    if (err == SOTTO_OK) {
        err = set_extensions(client, identity, &w, &key_package);
    }
    if (err == SOTTO_OK) {
        err = write_package(suite, identity->signature_private, &key_package,
                            out);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(keys, sizeof *keys);
    }
    return err;
}

/* ---------------------------------------------------------------- new groups */

static enum sotto_err make_context(const struct sotto_mls_group *group,
                                   struct sotto_mls_work *work,
                                   struct sotto_span group_id,
                                   struct sotto_span extensions)
{
    struct sotto_mls_group_context context = {
        .version = SOTTO_MLS_VERSION_10,
        .cipher_suite = group->suite->id,
        .group_id = group_id,
        .tree_hash = {sotto_mls_tree_hash(&group->tree),
                      group->suite->hash_len},
        .extensions = extensions};
    struct sotto_writer w;

    sotto_writer_init(&w, work->context, work->context_max);
    sotto_mls_write_group_context(&w, &context);
    return sotto_writer_finish(&w, &work->context_len);
}

/* The secrets of epoch 0 come from a random epoch_secret. */
static enum sotto_err make_secrets(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work)
{
    const struct sotto_mls_suite *suite = group->suite;
    const struct sotto_span none = {NULL, 0};
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_span tag = {work->confirmation_tag, suite->hash_len};
    enum sotto_err err = client->random->fill(client->random->ctx, epoch_secret,
                                              suite->hash_len);

    if (err == SOTTO_OK) {
        sotto_mls_epoch_derive(suite, epoch_secret, &work->secrets,
                               work->encryption_secret);
        sotto_mls_confirmation_tag(suite, work->secrets.confirmation_key, none,
                                   work->confirmation_tag);
        sotto_mls_interim_hash(suite, none, tag, work->interim_hash);
    }
    sotto_wipe(epoch_secret, sizeof epoch_secret);
    return err;
}

static enum sotto_err start(struct sotto_mls_group *group,
                            const struct sotto_mls_member_keys *keys,
                            struct sotto_mls_work *work,
                            struct sotto_span extensions)
{
    struct sotto_reader r = sotto_mls_items(keys->key_package);
    struct sotto_mls_key_package key_package;
    enum sotto_err err;

    sotto_mls_read_key_package(&r, &key_package);
    err = sotto_reader_finish(&r);
    if (err == SOTTO_OK) {
        err = sotto_mls_group_set_suite(group, key_package.cipher_suite);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_leaf_check(group->suite, &key_package.leaf_node,
                                   SOTTO_MLS_LEAF_KEY_PACKAGE, extensions,
                                   SOTTO_TIME_UNKNOWN);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_tree_start(&group->tree, key_package.leaf_node.raw);
    }
    if (err == SOTTO_OK) {
        memcpy(work->signature_key, keys->signature_private,
               group->suite->signature_private_len);
        memcpy(work->keys.keys[0], keys->encryption_private,
               group->suite->private_len);
        work->keys.held = 1;
    }
    return err;
}

/* The extensions are read once, as every member will read them. */
static enum sotto_err check_extensions(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       const struct sotto_mls_work *work)
{
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_group_context context;
    struct sotto_reader r;
    enum sotto_err err;

    sotto_reader_init(&r, work->context, work->context_len);
    sotto_mls_read_group_context(&r, &context);
    err = sotto_reader_finish(&r);
    return err == SOTTO_OK
               ? sotto_mls_extensions_check(group->suite, client,
                                            context.extensions, none)
               : err;
}

enum sotto_err sotto_mls_group_create(struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_member_keys *keys,
                                      struct sotto_span group_id,
                                      struct sotto_span extensions)
{
    struct sotto_mls_work *work;
    enum sotto_err err;

    SOTTO_ASSERT(group->state == SOTTO_MLS_GROUP_EMPTY);
    err = sotto_mls_work_init(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    err = start(group, keys, work, extensions);
    if (err == SOTTO_OK) {
        err = make_context(group, work, group_id, extensions);
    }
    if (err == SOTTO_OK) {
        err = check_extensions(group, client, work);
    }
    if (err == SOTTO_OK) {
        err = make_secrets(group, client, work);
    }
    if (err == SOTTO_OK) {
        sotto_mls_group_start_epoch(group, work);
    } else {
        sotto_mls_group_wipe(group);
    }
    sotto_mls_work_wipe(work);
    return err;
}
