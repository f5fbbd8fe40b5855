/*
 * mls_forge_welcome.c - GroupInfos and Welcomes of somebody who keeps no rules.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_hash.h"
#include "core/mls/welcome.h"
#include "mls_forge.h"
#include <string.h>

#define SECRETS_MAX 512U

/* What a GroupInfo is signed again with. */
struct again {
    uint8_t tree_hash[SOTTO_MLS_HASH_MAX];
    uint8_t tag[SOTTO_MLS_HASH_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
};

/* Lets the GroupInfo speak of the tree that it brings. */
static void fix_tree(struct sotto_mls_group_info *info, struct again *again)
{
    static uint64_t memory[2048];
    const struct sotto_mls_suite *suite = world_suite();
    struct sotto_mls_tree tree;
    struct sotto_span bytes;

    must(sotto_mls_tree_size(world_config.members, world_config.leaf_len) <=
         sizeof memory);
    sotto_mls_tree_init(&tree, memory, suite, world_config.members,
                        world_config.leaf_len);
    if (sotto_mls_find_extension(info->extensions,
                                 SOTTO_MLS_EXTENSION_RATCHET_TREE, &bytes) &&
        sotto_mls_tree_decode(&tree, bytes) == SOTTO_OK) {
        memcpy(again->tree_hash, sotto_mls_tree_hash(&tree), suite->hash_len);
        info->context.tree_hash =
            (struct sotto_span){again->tree_hash, suite->hash_len};
    }
}

/* The epoch's secrets, as the changed GroupContext gives them; its confirmation
 * tag goes into the GroupInfo. */
static void fix_tag(struct sotto_mls_group_info *info, struct again *again,
                    const struct sotto_mls_suite *suite,
                    const uint8_t *member_secret)
{
    struct sotto_mls_epoch_secrets secrets;
    uint8_t encoded[1024];
    uint8_t encryption_secret[SOTTO_MLS_HASH_MAX];
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_writer w;

    sotto_writer_init(&w, encoded, sizeof encoded);
    sotto_mls_write_group_context(&w, &info->context);
    if (w.bad) {
        return;
    }
    sotto_mls_epoch_secret(suite, member_secret,
                           (struct sotto_span){encoded, w.len}, epoch_secret);
    sotto_mls_epoch_derive(suite, epoch_secret, &secrets, encryption_secret);
    sotto_mls_confirmation_tag(suite, secrets.confirmation_key,
                               info->context.confirmed_transcript_hash,
                               again->tag);
    info->confirmation_tag = (struct sotto_span){again->tag, suite->hash_len};
}

/* Signs a GroupInfo, and writes it behind what the writer has. */
static bool write_again(const struct world_client *sender,
                        struct sotto_mls_group_info *info, struct again *again,
                        struct sotto_writer *w)
{
    static uint8_t tbs[WORLD_MESSAGE_MAX];
    const struct sotto_mls_suite *suite = world_suite();
    struct sotto_writer text;
    size_t len = 0;

    sotto_writer_init(&text, tbs, sizeof tbs);
    sotto_mls_write_group_info_tbs(&text, info);
    if (text.bad ||
        sotto_mls_group_info_sign(suite, sender->signature_private,
                                  (struct sotto_span){tbs, text.len},
                                  again->signature, &len) != SOTTO_OK) {
        return false;
    }
    info->signature = (struct sotto_span){again->signature, len};
    sotto_mls_write_group_info(w, info);
    return !w->bad;
}

size_t forge_group_info(const struct world_client *sender, uint8_t *bytes,
                        size_t len, size_t cap)
{
    static uint8_t out[WORLD_MESSAGE_MAX];
    struct sotto_mls_message message;
    struct again again;
    struct sotto_reader r;
    struct sotto_writer w;

    len = choose_patch(bytes, len, cap);
    sotto_reader_init(&r, bytes, len);
    sotto_mls_read_message(&r, &message);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        message.wire_format != SOTTO_MLS_WIRE_GROUP_INFO) {
        return len;
    }
    fix_tree(&message.group_info, &again);
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_u16(&w, message.version);
    sotto_write_u16(&w, SOTTO_MLS_WIRE_GROUP_INFO);
    if (!write_again(sender, &message.group_info, &again, &w) || w.len > cap) {
        return len;
    }
    memcpy(bytes, out, w.len);
    return w.len;
}

/* ----------------------------------------------------------------- Welcomes */

/* The GroupInfo that the sender would give, with a tree, changed. */
static bool make_info(const struct world_client *sender,
                      const uint8_t *member_secret, struct sotto_writer *w)
{
    static uint8_t bytes[WORLD_MESSAGE_MAX];
    struct sotto_mls_buffer made = {bytes, sizeof bytes, 0};
    struct sotto_mls_message message;
    struct again again;
    struct sotto_reader r;

    if (sotto_mls_group_info_make(sender->group, &world_client, true, &made) !=
        SOTTO_OK) {
        return false;
    }
    made.len = choose_patch(bytes, made.len, sizeof bytes);
    sotto_reader_init(&r, bytes, made.len);
    sotto_mls_read_message(&r, &message);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        message.wire_format != SOTTO_MLS_WIRE_GROUP_INFO) {
        return false;
    }
    fix_tree(&message.group_info, &again);
    fix_tag(&message.group_info, &again, world_suite(), member_secret);
    return write_again(sender, &message.group_info, &again, w);
}

static size_t make_secrets(const uint8_t *joiner_secret, size_t hash_len,
                           uint8_t *out, size_t cap)
{
    const uint8_t path_secret[SOTTO_MLS_HASH_MAX] = {7};
    struct sotto_mls_group_secrets secrets = {
        .joiner_secret = {joiner_secret, hash_len},
        .has_path_secret = choose_byte() % 2 == 0,
        .path_secret = {path_secret, hash_len}};
    struct sotto_writer w;

    sotto_writer_init(&w, out, cap);
    sotto_mls_write_group_secrets(&w, &secrets);
    must(!w.bad);
    return choose_patch(out, w.len, cap);
}

/* The entry for one client. */
static void write_entry(const struct world_client *joiner,
                        const struct sotto_mls_suite *suite,
                        struct sotto_span secrets, struct sotto_span sealed,
                        struct sotto_writer *w)
{
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t ciphertext[SECRETS_MAX + SOTTO_MLS_AEAD_TAG_LEN];
    struct sotto_mls_key_package package;
    struct sotto_reader r;

    sotto_reader_init(&r, joiner->package, joiner->package_len);
    sotto_mls_read_key_package(&r, &package);
    sotto_mls_ref_hash(suite, SOTTO_MLS_KEY_PACKAGE_REF,
                       (struct sotto_span){joiner->package,
                                           joiner->package_len},
                       reference);
    must(sotto_mls_group_secrets_encrypt(suite, package.init_key, sealed,
                                         secrets, world_client.random,
                                         kem_output, ciphertext) == SOTTO_OK);
    sotto_write_vector(w, reference, suite->hash_len);
    sotto_write_vector(w, kem_output, suite->kem_len);
    sotto_write_vector(w, ciphertext, secrets.len + SOTTO_MLS_AEAD_TAG_LEN);
}

void forge_welcome(struct world_client *sender)
{
    static uint8_t info[WORLD_MESSAGE_MAX + SOTTO_MLS_AEAD_TAG_LEN];
    static uint8_t entries[WORLD_CLIENTS * (SECRETS_MAX + 256)];
    const struct sotto_mls_suite *suite = world_suite();
    uint8_t joiner_secret[SOTTO_MLS_HASH_MAX] = {choose_byte()};
    const uint8_t psk_secret[SOTTO_MLS_HASH_MAX] = {0};
    uint8_t member_secret[SOTTO_MLS_HASH_MAX];
    uint8_t welcome_secret[SOTTO_MLS_HASH_MAX];
    uint8_t secrets[SECRETS_MAX];
    struct sotto_mls_message message = {.version = SOTTO_MLS_VERSION_10,
                                        .wire_format = SOTTO_MLS_WIRE_WELCOME};
    struct sotto_writer w;
    size_t len;

    sotto_mls_member_secret(suite, joiner_secret, psk_secret, member_secret);
    sotto_mls_welcome_secret(suite, member_secret, welcome_secret);
    sotto_writer_init(&w, info, WORLD_MESSAGE_MAX);
    if (!make_info(sender, member_secret, &w)) {
        return;
    }
    must(sotto_mls_group_info_seal(suite, welcome_secret,
                                   (struct sotto_span){info, w.len},
                                   info) == SOTTO_OK);
    message.welcome = (struct sotto_mls_welcome){
        .cipher_suite = suite->id,
        .encrypted_group_info = {info, w.len + SOTTO_MLS_AEAD_TAG_LEN}};
    len = make_secrets(joiner_secret, suite->hash_len, secrets, sizeof secrets);
    sotto_writer_init(&w, entries, sizeof entries);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        write_entry(&world.clients[i], suite, (struct sotto_span){secrets, len},
                    message.welcome.encrypted_group_info, &w);
    }
    message.welcome.secrets = (struct sotto_span){entries, w.len};
    sotto_writer_init(&w, world.welcome, sizeof world.welcome);
    sotto_mls_write_message(&w, &message);
    world.welcome_len = w.bad ? 0 : w.len;
    world.is_welcome_forged = true;
}
