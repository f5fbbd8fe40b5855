/*
 * leaf_make.c - leaf nodes of our own (RFC 9420 7.2), and GREASE in them
 * (13.5).
 *
 * Whoever does not skip unknown values is to be found out early: where the
 * client wants it, one value that means nothing goes into every list that a
 * receiver has to skip such values in.
 */
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/label.h"
#include "core/mls/tree_validate.h"
#include <string.h>

enum sotto_err sotto_mls_fresh_key(const struct sotto_mls_suite *suite,
                                   const struct sotto_random *random,
                                   uint8_t *private_key, uint8_t *public_key)
{
    uint8_t seed[SOTTO_MLS_PRIVATE_MAX];
    struct sotto_span ikm = {seed, suite->private_len};
    enum sotto_err err = random->fill(random->ctx, seed, ikm.len);

    if (err == SOTTO_OK) {
        err = sotto_mls_derive_key_pair(suite, ikm, private_key, public_key);
    }
    sotto_wipe(seed, sizeof seed);
    return err;
}

/* Whether everybody can read what the application gave us. */
static enum sotto_err read_back(struct sotto_span written)
{
    struct sotto_reader r = sotto_mls_items(written);
    struct sotto_mls_leaf_node leaf;

    sotto_mls_read_leaf_node(&r, &leaf);
    return sotto_reader_finish(&r);
}

enum sotto_err sotto_mls_leaf_make(const struct sotto_mls_suite *suite,
                                   const uint8_t *signature_private,
                                   const struct sotto_mls_leaf_node *leaf,
                                   struct sotto_span group_id, uint32_t index,
                                   struct sotto_writer *w)
{
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    size_t start = w->len;
    size_t len;
    enum sotto_err err;

    sotto_mls_write_leaf_node_tbs(w, leaf);
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    err =
        sotto_mls_leaf_sign(suite, signature_private,
                            (struct sotto_span){w->out + start, w->len - start},
                            leaf->source, group_id, index, signature, &len);
    if (err == SOTTO_OK) {
        sotto_write_vector(w, signature, len);
        err = w->bad ? SOTTO_ERR_SPACE
                     : read_back(
                           (struct sotto_span){w->out + start, w->len - start});
    }
    return err;
}

/* ------------------------------------------------------------ GREASE (13.5) */

bool sotto_mls_is_grease(uint16_t type)
{
    return (type & 0x0f0fU) == 0x0a0aU && type >> 8 == (type & 0xffU) &&
           type != 0xfafaU;
}

enum sotto_err sotto_mls_grease(const struct sotto_mls_client *client,
                                uint16_t *out)
{
    uint8_t byte = 0;
    enum sotto_err err = SOTTO_OK;

    *out = 0;
    if (client->grease) {
        err = client->random->fill(client->random->ctx, &byte, 1);
        byte = (uint8_t)(byte % 15U << 4 | 0x0aU);
        *out = (uint16_t)(byte << 8 | byte);
    }
    return err;
}

struct sotto_span sotto_mls_greased(struct sotto_writer *w,
                                    struct sotto_span extensions,
                                    uint16_t grease)
{
    size_t start = w->len;
    struct sotto_span data;

    if (grease == 0 || sotto_mls_find_extension(extensions, grease, &data)) {
        return extensions;
    }
    sotto_write_bytes(w, extensions.at, extensions.len);
    sotto_write_u16(w, grease);
    sotto_write_vector(w, NULL, 0);
    return (struct sotto_span){w->out + start, w->len - start};
}

/* A list of the capabilities, with what stands in an empty one's place. */
static void write_list(struct sotto_writer *w, struct sotto_span *list,
                       uint16_t value, uint16_t grease)
{
    size_t start = w->len;

    sotto_write_bytes(w, list->at, list->len);
    if (list->len == 0 && value != 0) {
        sotto_write_u16(w, value);
    }
    if (grease != 0 && !sotto_mls_list_has(*list, grease)) {
        sotto_write_u16(w, grease);
    }
    *list = (struct sotto_span){w->out + start, w->len - start};
}

/* The GREASE that a list of extensions has already, or 0. */
static uint16_t find_grease(struct sotto_span extensions)
{
    struct sotto_reader items = sotto_mls_items(extensions);
    struct sotto_mls_extension one;

    while (items.left > 0 && !items.bad) {
        sotto_mls_read_extension(&items, &one);
        if (sotto_mls_is_grease(one.type)) {
            return one.type;
        }
    }
    return 0;
}

/* The types of RFC 9420 itself, which must not be listed (7.2). */
static bool lists_defaults(const struct sotto_mls_capabilities *can)
{
    for (uint16_t type = 1; type <= SOTTO_MLS_PROPOSAL_EXTENSIONS; type++) {
        if (sotto_mls_list_has(can->proposals, type) ||
            (type <= SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS &&
             sotto_mls_list_has(can->extensions, type))) {
            return true;
        }
    }
    return false;
}

enum sotto_err sotto_mls_leaf_complete(const struct sotto_mls_client *client,
                                       const struct sotto_mls_suite *suite,
                                       struct sotto_writer *w,
                                       struct sotto_mls_leaf_node *leaf)
{
    struct sotto_mls_capabilities *can = &leaf->capabilities;
    uint16_t grease = find_grease(leaf->extensions);
    enum sotto_err err = SOTTO_OK;

    if (lists_defaults(can)) {
        return SOTTO_ERR_FORMAT;
    }
    if (grease == 0) {
        err = sotto_mls_grease(client, &grease);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    write_list(w, &can->versions, SOTTO_MLS_VERSION_10, 0);
    write_list(w, &can->cipher_suites, suite->id, grease);
    write_list(w, &can->extensions, 0, grease);
    write_list(w, &can->proposals, 0, grease);
    write_list(w, &can->credentials, leaf->credential.type, grease);
    leaf->extensions = sotto_mls_greased(w, leaf->extensions, grease);
    return w->bad ? SOTTO_ERR_SPACE : SOTTO_OK;
}

/* ------------------------------------------------------- changing one's own */

/* A fresh encryption key pair. */
static enum sotto_err set_key(const struct sotto_mls_suite *suite,
                              const struct sotto_mls_client *client,
                              uint8_t *private_key, struct sotto_writer *w,
                              struct sotto_span *out)
{
    uint8_t *room = sotto_write_room(w, suite->public_len);

    *out = (struct sotto_span){room, suite->public_len};
    return room == NULL
               ? SOTTO_ERR_SPACE
               : sotto_mls_fresh_key(suite, client->random, private_key, room);
}

static enum sotto_err set_signature_key(const struct sotto_mls_suite *suite,
                                        const uint8_t *private_key,
                                        struct sotto_writer *w,
                                        struct sotto_span *out)
{
    uint8_t *room = sotto_write_room(w, suite->signature_public_len);

    *out = (struct sotto_span){room, suite->signature_public_len};
    return room == NULL ? SOTTO_ERR_SPACE
                        : suite->signature_public_of(private_key, room);
}

enum sotto_err sotto_mls_leaf_renew(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    const struct sotto_mls_new_leaf *change,
                                    struct sotto_mls_leaf_node *leaf,
                                    struct sotto_mls_leaf_keys *keys,
                                    struct sotto_writer *w)
{
    const struct sotto_mls_suite *suite = group->suite;
    enum sotto_err err =
        set_key(suite, client, keys->encryption, w, &leaf->encryption_key);

    memcpy(keys->signature, group->signature_key, sizeof keys->signature);
    if (err != SOTTO_OK || change == NULL) {
        return err;
    }
    if (change->credential != NULL) {
        leaf->credential = *change->credential;
    }
    if (change->extensions != NULL) {
        leaf->extensions = *change->extensions;
    }
    if (change->signature_private != NULL) {
        memcpy(keys->signature, change->signature_private,
               suite->signature_private_len);
        err =
            set_signature_key(suite, keys->signature, w, &leaf->signature_key);
    }
    if (err == SOTTO_OK && change->capabilities != NULL) {
        leaf->capabilities = *change->capabilities;
        err = sotto_mls_leaf_complete(client, suite, w, leaf);
    }
    return err;
}
