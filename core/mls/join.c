/*
 * join.c - joining by a Welcome (RFC 9420 12.4.3.1).
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/label.h"
#include "core/mls/psk.h"
#include "core/mls/tie.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include "core/mls/welcome.h"
#include <string.h>

/* What a Welcome says, step by step. */
struct joining {
    const struct sotto_mls_member_keys *keys;
    struct sotto_mls_key_package key_package;
    struct sotto_mls_welcome welcome;
    struct sotto_mls_group_secrets secrets; /* views of the scratch */
    struct sotto_mls_group_info info;       /* views of the scratch */
    struct sotto_mls_psk_id tie;            /* the PSK of a reinit or branch */
    bool is_tie_wanted;                     /* by the caller */
    uint8_t *room;                          /* the rest of the scratch */
    size_t room_len;
};

/* -------------------------------------------------------------- the Welcome */

static enum sotto_err read_welcome(struct joining *joining,
                                   struct sotto_span in)
{
    struct sotto_reader r = sotto_mls_items(in);
    struct sotto_mls_message message;
    enum sotto_err err;

    sotto_mls_read_message(&r, &message);
    err = sotto_reader_finish(&r);
    if (err != SOTTO_OK || message.wire_format != SOTTO_MLS_WIRE_WELCOME) {
        return SOTTO_ERR_FORMAT;
    }
    joining->welcome = message.welcome;
    r = sotto_mls_items(joining->keys->key_package);
    sotto_mls_read_key_package(&r, &joining->key_package);
    err = sotto_reader_finish(&r);
    if (err == SOTTO_OK &&
        joining->key_package.cipher_suite != joining->welcome.cipher_suite) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

/* Gives away the front of the room. */
static void use_room(struct joining *joining, size_t len)
{
    joining->room += len;
    joining->room_len -= len;
}

/* GroupSecrets: what was encrypted to our key package. */
static enum sotto_err open_secrets(const struct sotto_mls_suite *suite,
                                   struct joining *joining)
{
    struct sotto_mls_encrypted_group_secrets entry;
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    struct sotto_reader r;
    enum sotto_err err;
    size_t len;

    sotto_mls_ref_hash(suite, SOTTO_MLS_KEY_PACKAGE_REF,
                       joining->keys->key_package, reference);
    if (!sotto_mls_welcome_find(&joining->welcome,
                                (struct sotto_span){reference, suite->hash_len},
                                &entry)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    err = sotto_mls_group_secrets_decrypt(suite, joining->keys->init_private,
                                          joining->key_package.init_key,
                                          joining->welcome.encrypted_group_info,
                                          &entry.secrets, joining->room,
                                          joining->room_len, &len);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_reader_init(&r, joining->room, len);
    use_room(joining, len);
    sotto_mls_read_group_secrets(&r, &joining->secrets);
    err = sotto_reader_finish(&r);
    if (err == SOTTO_OK &&
        (joining->secrets.joiner_secret.len != suite->hash_len ||
         (joining->secrets.has_path_secret &&
          joining->secrets.path_secret.len != suite->hash_len))) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

/* ---------------------------------------------------- pre-shared keys (8.4) */

static uint16_t count_psks(struct sotto_span psks)
{
    struct sotto_reader items = sotto_mls_items(psks);
    struct sotto_mls_psk_id id;
    uint16_t count = 0;

    while (items.left > 0 && !items.bad && count < UINT16_MAX) {
        sotto_mls_read_psk_id(&items, &id);
        count++;
    }
    return count;
}

/* Notes the PSK that ties the group to another: at most one. */
static enum sotto_err check_tie(struct joining *joining,
                                const struct sotto_mls_psk_id *id)
{
    if (!sotto_mls_is_tie(id)) {
        return SOTTO_OK;
    }
    if (joining->tie.type != 0) { /* it is the only one */
        return SOTTO_ERR_FORMAT;
    }
    joining->tie = *id;
    return SOTTO_OK;
}

static enum sotto_err add_psks(const struct sotto_mls_client *client,
                               const struct sotto_mls_suite *suite,
                               struct joining *joining,
                               struct sotto_mls_psk_chain *chain)
{
    struct sotto_reader items = sotto_mls_items(joining->secrets.psks);
    struct sotto_mls_psk_id id;
    enum sotto_err err = SOTTO_OK;
    struct sotto_span psk;

    while (items.left > 0 && err == SOTTO_OK) {
        sotto_mls_read_psk_id(&items, &id);
        if (items.bad || id.nonce.len != suite->hash_len ||
            chain->index == chain->count) {
            return SOTTO_ERR_FORMAT;
        }
        err = check_tie(joining, &id);
        if (err == SOTTO_OK) {
            err = sotto_mls_find_psk(NULL, client, &id, &psk);
        }
        if (err == SOTTO_OK) {
            sotto_mls_psk_add(chain, &id, psk);
        }
    }
    return err;
}

static enum sotto_err find_psks(const struct sotto_mls_client *client,
                                const struct sotto_mls_suite *suite,
                                struct sotto_mls_work *work,
                                struct joining *joining)
{
    struct sotto_mls_psk_chain chain;
    enum sotto_err err;

    sotto_mls_psk_begin(&chain, suite, count_psks(joining->secrets.psks));
    err = add_psks(client, suite, joining, &chain);
    if (err == SOTTO_OK) {
        sotto_mls_psk_end(&chain, work->psk_secret);
    }
    sotto_mls_psk_wipe(&chain);
    return err;
}

/* ------------------------------------------------------------ the GroupInfo */

static enum sotto_err open_info(const struct sotto_mls_suite *suite,
                                struct sotto_mls_work *work,
                                struct joining *joining)
{
    uint8_t welcome_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_group_info *info = &joining->info;
    struct sotto_reader r;
    enum sotto_err err;
    size_t len;

    memcpy(work->joiner_secret, joining->secrets.joiner_secret.at,
           suite->hash_len);
    sotto_mls_member_secret(suite, work->joiner_secret, work->psk_secret,
                            work->member_secret);
    sotto_mls_welcome_secret(suite, work->member_secret, welcome_secret);
    err = sotto_mls_group_info_open(suite, welcome_secret,
                                    joining->welcome.encrypted_group_info,
                                    joining->room, joining->room_len, &len);
    sotto_wipe(welcome_secret, sizeof welcome_secret);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_reader_init(&r, joining->room, len);
    use_room(joining, len);
    sotto_mls_read_group_info(&r, info);
    err = sotto_reader_finish(&r);
    if (err == SOTTO_OK &&
        (info->context.cipher_suite != suite->id ||
         info->context.version != joining->key_package.version ||
         (joining->tie.type != 0 && info->context.epoch != 1))) {
        err = SOTTO_ERR_FORMAT;
    }
    return err;
}

/* ----------------------------------------------------------------- the tree */

/* Reads the tree and sees that it is the one that the GroupInfo speaks of, and
 * that a member of it signed that. */
static enum sotto_err read_tree(struct sotto_mls_group *group,
                                const struct sotto_mls_group_info *info,
                                struct sotto_span tree)
{
    struct sotto_span hash;
    struct sotto_span key;
    enum sotto_err err;

    if (tree.len == 0 &&
        !sotto_mls_find_extension(info->extensions,
                                  SOTTO_MLS_EXTENSION_RATCHET_TREE, &tree)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    err = sotto_mls_tree_decode(&group->tree, tree);
    if (err != SOTTO_OK) {
        return err;
    }
    hash = (struct sotto_span){sotto_mls_tree_hash(&group->tree),
                               group->suite->hash_len};
    key = sotto_mls_tree_signature_key(&group->tree, info->signer);
    if (!sotto_mls_same(hash, info->context.tree_hash) || key.len == 0) {
        return SOTTO_ERR_AUTH;
    }
    return sotto_mls_group_info_verify(group->suite, key, info);
}

/* Every member's credential is asked about. */
static enum sotto_err check_members(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client)
{
    struct sotto_mls_leaf_node leaf;
    enum sotto_err err = SOTTO_OK;
    uint32_t i = sotto_mls_tree_next_leaf(&group->tree, 0);

    for (; i != SOTTO_MLS_NONE && err == SOTTO_OK;
         i = sotto_mls_tree_next_leaf(&group->tree, i + 1)) {
        (void)sotto_mls_tree_leaf_node(&group->tree, i, &leaf);
        err = sotto_mls_check_client(client, &leaf, NULL);
    }
    return err;
}

/* Our leaf, of which the GroupInfo's signer is another. */
static enum sotto_err find_me(struct sotto_mls_group *group,
                              const struct sotto_mls_group_info *info,
                              struct sotto_span mine)
{
    uint32_t i = sotto_mls_tree_next_leaf(&group->tree, 0);

    while (i != SOTTO_MLS_NONE &&
           !sotto_mls_same(sotto_mls_tree_leaf(&group->tree, i), mine)) {
        i = sotto_mls_tree_next_leaf(&group->tree, i + 1);
    }
    group->me = i;
    return i != SOTTO_MLS_NONE && i != info->signer ? SOTTO_OK
                                                    : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_mls_join_tree(struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   const struct sotto_mls_group_info *info,
                                   struct sotto_span tree,
                                   struct sotto_span mine)
{
    const struct sotto_span none = {NULL, 0};
    enum sotto_err err = read_tree(group, info, tree);

    group->me = SOTTO_MLS_NONE;
    if (err == SOTTO_OK && mine.len > 0) {
        err = find_me(group, info, mine);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_extensions_check(group->suite, client,
                                         info->context.extensions, none);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_tree_check(&group->tree, info->context.group_id,
                                   info->context.extensions, group->me);
    }
    return err == SOTTO_OK ? check_members(group, client) : err;
}

/* --------------------------------------------------------------- the secrets */

/* Our leaf's private key, and those that the path secret gives. */
static enum sotto_err take_keys(struct sotto_mls_group *group,
                                struct sotto_mls_work *work,
                                const struct joining *joining)
{
    uint32_t level = sotto_mls_common_level(joining->info.signer, group->me);

    memcpy(work->signature_key, joining->keys->signature_private,
           group->suite->signature_private_len);
    memcpy(work->keys.keys[0], joining->keys->encryption_private,
           group->suite->private_len);
    work->keys.held = 1;
    if (!joining->secrets.has_path_secret) {
        return SOTTO_OK;
    }
    return sotto_mls_path_derive(&group->tree, group->me, level,
                                 joining->secrets.path_secret.at, &work->keys,
                                 NULL);
}

/* The epoch's secrets, which the confirmation tag shows to be right. */
static enum sotto_err take_epoch(const struct sotto_mls_group *group,
                                 struct sotto_mls_work *work,
                                 const struct sotto_mls_group_info *info)
{
    const struct sotto_mls_suite *suite = group->suite;
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_writer w;
    enum sotto_err err;

    sotto_writer_init(&w, work->context, work->context_max);
    sotto_mls_write_group_context(&w, &info->context);
    err = sotto_writer_finish(&w, &work->context_len);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_mls_epoch_secret(suite, work->member_secret,
                           (struct sotto_span){work->context,
                                               work->context_len},
                           epoch_secret);
    sotto_mls_epoch_derive(suite, epoch_secret, &work->secrets,
                           work->encryption_secret);
    sotto_wipe(epoch_secret, sizeof epoch_secret);
    return sotto_mls_next_confirm(group, work,
                                  info->context.confirmed_transcript_hash,
                                  info->confirmation_tag);
}

/* The group that ours comes from; the caller looks where we cannot. */
static enum sotto_err compare_with_old(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       const struct joining *joining)
{
    if (joining->tie.type == 0) {
        return SOTTO_OK;
    }
    if (client->find_group == NULL) {
        return joining->is_tie_wanted ? SOTTO_OK : SOTTO_ERR_FORMAT;
    }
    return sotto_mls_tie_check(client, &joining->tie, &joining->info.context,
                               &group->tree);
}

/* ------------------------------------------------------------------- joining */

static enum sotto_err join(struct sotto_mls_group *group,
                           const struct sotto_mls_client *client,
                           struct sotto_mls_work *work, struct joining *joining,
                           struct sotto_span tree)
{
    enum sotto_err err =
        sotto_mls_group_set_suite(group, joining->welcome.cipher_suite);

    if (err == SOTTO_OK) {
        err = open_secrets(group->suite, joining);
    }
    if (err == SOTTO_OK) {
        err = find_psks(client, group->suite, work, joining);
    }
    if (err == SOTTO_OK) {
        err = open_info(group->suite, work, joining);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_check_new(client, joining->info.context.group_id);
    }
    /* Symmetric cryptography first, then the signatures. */
    if (err == SOTTO_OK) {
        err = take_epoch(group, work, &joining->info);
    }
    if (err == SOTTO_OK) {
        err = sotto_mls_join_tree(group, client, &joining->info, tree,
                                  joining->key_package.leaf_node.raw);
    }
    if (err == SOTTO_OK) {
        err = compare_with_old(group, client, joining);
    }
    if (err == SOTTO_OK) {
        err = take_keys(group, work, joining);
    }
    if (err == SOTTO_OK) {
        sotto_mls_group_start_epoch(group, work);
    }
    return err;
}

/* Wipes what was opened, but on success for the identifiers of PSKs, which the
 * caller may have views of: they end the GroupSecrets. */
static void wipe_text(struct sotto_mls_work *work,
                      const struct joining *joining, bool is_joined)
{
    size_t len = work->text_max;

    if (is_joined) {
        const struct sotto_span *psks = &joining->secrets.psks;

        len = psks->at == NULL ? 0 : (size_t)(psks->at - work->text);
    }
    sotto_wipe(work->text, len);
}

enum sotto_err sotto_mls_join(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_member_keys *keys,
                              struct sotto_span welcome, struct sotto_span tree,
                              struct sotto_mls_psk_id *psk)
{
    struct joining joining = {.keys = keys, .is_tie_wanted = psk != NULL};
    struct sotto_mls_work *work;
    enum sotto_err err;

    SOTTO_ASSERT(group->state == SOTTO_MLS_GROUP_EMPTY);
    if (welcome.len > group->config.message_len) {
        return SOTTO_ERR_LIMIT;
    }
    err = sotto_mls_work_init(group, client, &work);
    if (err != SOTTO_OK) {
        return err;
    }
    joining.room = work->text;
    joining.room_len = work->text_max;
    err = read_welcome(&joining, welcome);
    if (err == SOTTO_OK) {
        err = join(group, client, work, &joining, tree);
    }
    if (err != SOTTO_OK) {
        sotto_mls_group_wipe(group);
    } else if (psk != NULL) {
        *psk = joining.tie;
    }
    wipe_text(work, &joining, err == SOTTO_OK);
    sotto_mls_work_wipe(work);
    return err;
}
