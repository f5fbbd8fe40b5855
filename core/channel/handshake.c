/* handshake.c - HandshakeState: Noise 5.3, one function for each token. */
#include "core/channel/handshake.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

static size_t append(char *out, size_t len, const char *part)
{
    while (*part != '\0') {
        out[len++] = *part++;
    }
    return len;
}

size_t sotto_protocol_name(const struct sotto_pattern *pattern,
                           enum sotto_suite suite,
                           char out[static SOTTO_PROTOCOL_NAME_MAX])
{
    size_t len = append(out, 0, "Noise_");

    len += sotto_pattern_name(pattern, out + len);
    len = append(out, len, "_25519_");
    len = append(out, len, sotto_suite_name(suite));
    return append(out, len, "_SHA256");
}

static bool keys_are_there(const struct sotto_handshake_config *config)
{
    const struct sotto_pattern *pattern = &config->pattern;
    unsigned peer =
        config->is_initiator ? SOTTO_KNOWN_RESPONDER : SOTTO_KNOWN_INITIATOR;

    if (sotto_pattern_has_static(pattern, config->is_initiator) &&
        (config->s_private == NULL || config->s_public == NULL)) {
        return false;
    }
    if ((pattern->base->known & peer) != 0 && config->rs == NULL) {
        return false;
    }
    return sotto_pattern_psk_count(pattern) == config->psk_count;
}

/* The static keys that both sides know: the initiator's, then the other's. */
static void mix_pre_messages(struct sotto_handshake *handshake)
{
    const uint8_t *initiator = handshake->s_public;
    const uint8_t *responder = handshake->rs;

    if (!handshake->is_initiator) {
        initiator = handshake->rs;
        responder = handshake->s_public;
    }
    if ((handshake->pattern.base->known & SOTTO_KNOWN_INITIATOR) != 0) {
        sotto_symmetric_mix_hash(&handshake->symmetric, initiator,
                                 SOTTO_X25519_LEN);
    }
    if ((handshake->pattern.base->known & SOTTO_KNOWN_RESPONDER) != 0) {
        sotto_symmetric_mix_hash(&handshake->symmetric, responder,
                                 SOTTO_X25519_LEN);
    }
}

enum sotto_err sotto_handshake_init(struct sotto_handshake *handshake,
                                    const struct sotto_handshake_config *config)
{
    char name[SOTTO_PROTOCOL_NAME_MAX];

    memset(handshake, 0, sizeof *handshake);
    handshake->state = SOTTO_HANDSHAKE_FAILED;
    if (!keys_are_there(config)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    handshake->is_initiator = config->is_initiator;
    handshake->pattern = config->pattern;
    handshake->random = config->random;
    handshake->psks = config->psks;
    handshake->s_private = config->s_private;
    handshake->s_public = config->s_public;
    if (config->rs != NULL) {
        memcpy(handshake->rs, config->rs, sizeof handshake->rs);
    }

    size_t name_len =
        sotto_protocol_name(&config->pattern, config->suite, name);
    sotto_symmetric_init(&handshake->symmetric, config->suite, name, name_len);
    sotto_symmetric_mix_hash(&handshake->symmetric, config->prologue,
                             config->prologue_len);
    mix_pre_messages(handshake);
    handshake->state =
        config->is_initiator ? SOTTO_HANDSHAKE_WRITE : SOTTO_HANDSHAKE_READ;
    return SOTTO_OK;
}

void sotto_handshake_wipe(struct sotto_handshake *handshake)
{
    sotto_wipe(handshake, sizeof *handshake);
    sotto_wipe_stack();
    handshake->state = SOTTO_HANDSHAKE_FAILED;
}

size_t sotto_handshake_message_len(const struct sotto_handshake *handshake,
                                   size_t payload_len)
{
    struct sotto_pattern_cursor cursor = handshake->cursor;
    enum sotto_suite suite = handshake->symmetric.cipher.suite;
    bool has_key = handshake->symmetric.cipher.has_key;
    size_t len = 0;

    SOTTO_ASSERT(handshake->state == SOTTO_HANDSHAKE_WRITE ||
                 handshake->state == SOTTO_HANDSHAKE_READ);
    for (;;) {
        switch (sotto_pattern_next(&handshake->pattern, &cursor)) {
        case SOTTO_TOKEN_END:
        case SOTTO_TOKEN_NEXT:
            return len + (has_key ? sotto_suite_sealed_len(suite, payload_len)
                                  : payload_len);
        case SOTTO_TOKEN_E:
            len += SOTTO_X25519_LEN;
            has_key = has_key || handshake->pattern.psks != 0;
            break;
        case SOTTO_TOKEN_S:
            len += has_key ? sotto_suite_sealed_len(suite, SOTTO_X25519_LEN)
                           : SOTTO_X25519_LEN;
            break;
        case SOTTO_TOKEN_EE:
        case SOTTO_TOKEN_ES:
        case SOTTO_TOKEN_SE:
        case SOTTO_TOKEN_SS:
        case SOTTO_TOKEN_PSK:
            has_key = true;
            break;
        }
    }
}

/* MixKey(DH(ours, theirs)). AUTH for a key of low order. */
static enum sotto_err mix_dh(struct sotto_handshake *handshake,
                             const uint8_t ours[static SOTTO_X25519_LEN],
                             const uint8_t theirs[static SOTTO_X25519_LEN])
{
    uint8_t shared[SOTTO_X25519_LEN];

    enum sotto_err err = sotto_x25519_agree(ours, theirs, shared);
    if (err == SOTTO_OK) {
        sotto_symmetric_mix_key(&handshake->symmetric, shared, sizeof shared);
    }
    sotto_wipe(shared, sizeof shared);
    return err;
}

/* The tokens that do the same for writer and reader. The first letter names
 * the initiator's key, the second the responder's. */
static enum sotto_err mix_token(struct sotto_handshake *handshake,
                                enum sotto_token token)
{
    const uint8_t *s = handshake->s_private;
    const uint8_t *e = handshake->e_private;
    bool initiator = handshake->is_initiator;

    switch (token) {
    case SOTTO_TOKEN_EE:
        return mix_dh(handshake, e, handshake->re);
    case SOTTO_TOKEN_SS:
        return mix_dh(handshake, s, handshake->rs);
    case SOTTO_TOKEN_ES:
        return initiator ? mix_dh(handshake, e, handshake->rs)
                         : mix_dh(handshake, s, handshake->re);
    case SOTTO_TOKEN_SE:
        return initiator ? mix_dh(handshake, s, handshake->re)
                         : mix_dh(handshake, e, handshake->rs);
    case SOTTO_TOKEN_PSK:
        sotto_symmetric_mix_key_and_hash(&handshake->symmetric,
                                         handshake->psks +
                                             (size_t)SOTTO_PSK_LEN *
                                                 handshake->psks_used,
                                         SOTTO_PSK_LEN);
        handshake->psks_used++;
        return SOTTO_OK;
    case SOTTO_TOKEN_E:
    case SOTTO_TOKEN_S:
    case SOTTO_TOKEN_NEXT:
    case SOTTO_TOKEN_END:
        break;
    }
    SOTTO_PANIC("a token that is not mixed");
}

/* Both sides take in an ephemeral public key; with psks it also goes into the
 * key, so that no two handshakes start from the same one (Noise 9.2). */
static void mix_ephemeral(struct sotto_handshake *handshake,
                          const uint8_t e[static SOTTO_X25519_LEN])
{
    sotto_symmetric_mix_hash(&handshake->symmetric, e, SOTTO_X25519_LEN);
    if (handshake->pattern.psks != 0) {
        sotto_symmetric_mix_key(&handshake->symmetric, e, SOTTO_X25519_LEN);
    }
}

/* A new ephemeral key; `*out` moves on. */
static enum sotto_err write_ephemeral(struct sotto_handshake *handshake,
                                      uint8_t **out)
{
    enum sotto_err err =
        handshake->random.fill(handshake->random.ctx, handshake->e_private,
                               SOTTO_X25519_LEN);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_x25519_public(handshake->e_private, *out);
    mix_ephemeral(handshake, *out);
    *out += SOTTO_X25519_LEN;
    return SOTTO_OK;
}

/* Our static key, sealed when there is a key already; `*out` moves on. */
static enum sotto_err write_static(struct sotto_handshake *handshake,
                                   uint8_t **out)
{
    struct sotto_symmetric *symmetric = &handshake->symmetric;
    size_t len = sotto_cipher_sealed_len(&symmetric->cipher, SOTTO_X25519_LEN);

    enum sotto_err err =
        sotto_symmetric_encrypt_and_hash(symmetric, handshake->s_public,
                                         SOTTO_X25519_LEN, *out);
    *out += len;
    return err;
}

/* The turn passes, or the handshake is done. */
static void end_message(struct sotto_handshake *handshake,
                        enum sotto_token token)
{
    if (token == SOTTO_TOKEN_END) {
        handshake->state = SOTTO_HANDSHAKE_DONE;
    } else if (handshake->state == SOTTO_HANDSHAKE_WRITE) {
        handshake->state = SOTTO_HANDSHAKE_READ;
    } else {
        handshake->state = SOTTO_HANDSHAKE_WRITE;
    }
}

/* Everything of WriteMessage; the caller has checked the room. */
static enum sotto_err write_tokens(struct sotto_handshake *handshake,
                                   const uint8_t *payload, size_t payload_len,
                                   uint8_t *out)
{
    struct sotto_symmetric *symmetric = &handshake->symmetric;
    enum sotto_err err = SOTTO_OK;
    enum sotto_token token;

    do {
        token = sotto_pattern_next(&handshake->pattern, &handshake->cursor);
        switch (token) {
        case SOTTO_TOKEN_E:
            err = write_ephemeral(handshake, &out);
            break;
        case SOTTO_TOKEN_S:
            err = write_static(handshake, &out);
            break;
        case SOTTO_TOKEN_NEXT:
        case SOTTO_TOKEN_END:
            err = sotto_symmetric_encrypt_and_hash(symmetric, payload,
                                                   payload_len, out);
            break;
        case SOTTO_TOKEN_EE:
        case SOTTO_TOKEN_ES:
        case SOTTO_TOKEN_SE:
        case SOTTO_TOKEN_SS:
        case SOTTO_TOKEN_PSK:
            err = mix_token(handshake, token);
            break;
        }
        if (err != SOTTO_OK) {
            return err;
        }
    } while (token != SOTTO_TOKEN_NEXT && token != SOTTO_TOKEN_END);
    end_message(handshake, token);
    return SOTTO_OK;
}

enum sotto_err sotto_handshake_write_message(struct sotto_handshake *handshake,
                                             const uint8_t *payload,
                                             size_t payload_len, uint8_t *out,
                                             size_t cap, size_t *len)
{
    SOTTO_ASSERT(handshake->state == SOTTO_HANDSHAKE_WRITE);
    size_t message_len = sotto_handshake_message_len(handshake, payload_len);
    if (message_len > cap) {
        return SOTTO_ERR_SPACE;
    }
    enum sotto_err err = write_tokens(handshake, payload, payload_len, out);
    if (err == SOTTO_OK) {
        *len = message_len;
    } else {
        sotto_wipe(out, message_len);
        sotto_handshake_wipe(handshake);
    }
    return err;
}

/* Opens the peer's static key into rs. `*in` moves on. */
static enum sotto_err read_static(struct sotto_handshake *handshake,
                                  uint8_t **in)
{
    struct sotto_symmetric *symmetric = &handshake->symmetric;
    size_t len = sotto_cipher_sealed_len(&symmetric->cipher, SOTTO_X25519_LEN);
    size_t key_len;

    enum sotto_err err =
        sotto_symmetric_decrypt_and_hash(symmetric, *in, len, *in, &key_len);
    if (err != SOTTO_OK) {
        return err;
    }
    /* With padding a key of another length can hide in as many bytes. */
    if (key_len != SOTTO_X25519_LEN) {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(handshake->rs, *in, SOTTO_X25519_LEN);
    *in += len;
    return SOTTO_OK;
}

/* Everything of ReadMessage; the caller has checked that keys and tags of this
 * message fit into `len` bytes, so the steps along `in` stay inside. */
static enum sotto_err read_tokens(struct sotto_handshake *handshake,
                                  uint8_t *in, size_t len,
                                  struct sotto_span *payload)
{
    struct sotto_symmetric *symmetric = &handshake->symmetric;
    const uint8_t *end = in + len;
    struct sotto_span found = {NULL, 0};
    enum sotto_err err = SOTTO_OK;
    enum sotto_token token;

    do {
        token = sotto_pattern_next(&handshake->pattern, &handshake->cursor);
        switch (token) {
        case SOTTO_TOKEN_E:
            memcpy(handshake->re, in, SOTTO_X25519_LEN);
            mix_ephemeral(handshake, handshake->re);
            in += SOTTO_X25519_LEN;
            break;
        case SOTTO_TOKEN_S:
            err = read_static(handshake, &in);
            break;
        case SOTTO_TOKEN_NEXT:
        case SOTTO_TOKEN_END:
            found.at = in;
            err = sotto_symmetric_decrypt_and_hash(symmetric, in,
                                                   (size_t)(end - in), in,
                                                   &found.len);
            break;
        case SOTTO_TOKEN_EE:
        case SOTTO_TOKEN_ES:
        case SOTTO_TOKEN_SE:
        case SOTTO_TOKEN_SS:
        case SOTTO_TOKEN_PSK:
            err = mix_token(handshake, token);
            break;
        }
        if (err != SOTTO_OK) {
            return err;
        }
    } while (token != SOTTO_TOKEN_NEXT && token != SOTTO_TOKEN_END);
    end_message(handshake, token);
    *payload = found;
    return SOTTO_OK;
}

enum sotto_err sotto_handshake_read_message(struct sotto_handshake *handshake,
                                            uint8_t *in, size_t len,
                                            struct sotto_span *payload)
{
    enum sotto_err err = SOTTO_ERR_FORMAT;

    SOTTO_ASSERT(handshake->state == SOTTO_HANDSHAKE_READ);
    if (len >= sotto_handshake_message_len(handshake, 0)) {
        err = read_tokens(handshake, in, len, payload);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(in, len);
        sotto_handshake_wipe(handshake);
    }
    return err;
}

const uint8_t *sotto_handshake_hash(const struct sotto_handshake *handshake)
{
    SOTTO_ASSERT(handshake->state == SOTTO_HANDSHAKE_DONE);
    return handshake->symmetric.h;
}

void sotto_handshake_split(struct sotto_handshake *handshake,
                           struct sotto_cipher_pair *pair)
{
    uint8_t k1[SOTTO_CIPHER_KEY_LEN]; /* initiator to responder */
    uint8_t k2[SOTTO_CIPHER_KEY_LEN];

    SOTTO_ASSERT(handshake->state == SOTTO_HANDSHAKE_DONE);
    enum sotto_suite suite = handshake->symmetric.cipher.suite;
    bool initiator = handshake->is_initiator;
    sotto_symmetric_split(&handshake->symmetric, k1, k2);
    sotto_handshake_wipe(handshake);

    /* From here on `pair` may take the handshake's place. */
    sotto_cipher_init(&pair->send, suite);
    sotto_cipher_init(&pair->receive, suite);
    sotto_cipher_initialize_key(&pair->send, initiator ? k1 : k2);
    sotto_cipher_initialize_key(&pair->receive, initiator ? k2 : k1);
    sotto_wipe(k1, sizeof k1);
    sotto_wipe(k2, sizeof k2);
}
