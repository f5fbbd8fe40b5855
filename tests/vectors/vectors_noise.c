/*
 * vectors_noise.c - bin/vectors_noise PATH...: replays Noise test vectors.
 *
 * Each vector is played in both roles at once: what one side writes must be
 * the vector's ciphertext, and what the other reads from it the payload; so
 * for the handshake, its hash, and the transport messages behind it. The
 * arrays `iv` and `rekey` check the cipher A128CBCHS256 by itself.
 */
#include "core/base/text.h"
#include "core/channel/handshake.h"
#include "tests/vectors/vectors.h"
#include <string.h>

#define KEY_LEN  SOTTO_X25519_LEN
#define PSKS_MAX SOTTO_PATTERN_PSKS_MAX

/* One player's half of a vector. */
struct side {
    struct sotto_handshake handshake;
    struct sotto_cipher_pair transport;
    struct vectors_bytes ephemeral; /* what its random source gives */
    uint8_t psks[PSKS_MAX * SOTTO_PSK_LEN];
    uint8_t s_public[SOTTO_X25519_LEN];
};

/* The names of a player's fields in a vector. */
struct fields {
    const char *prologue;
    const char *psks;
    const char *s;
    const char *e;
    const char *rs;
};

static const struct fields init_fields = {"init_prologue", "init_psks",
                                          "init_static", "init_ephemeral",
                                          "init_remote_static"};
static const struct fields resp_fields = {"resp_prologue", "resp_psks",
                                          "resp_static", "resp_ephemeral",
                                          "resp_remote_static"};

/* The random source of a player: its fixed ephemeral key. */
static enum sotto_err give_ephemeral(void *ctx, uint8_t *out, size_t len)
{
    const struct side *side = ctx;

    if (side->ephemeral.len != len) {
        return SOTTO_ERR_RANDOM;
    }
    memcpy(out, side->ephemeral.at, len);
    return SOTTO_OK;
}

static bool fail(struct vectors *v, const char *why)
{
    vectors_note(v, "%s", why);
    return false;
}

/* ------------------------------------------------------------------ fields */

/* A key of 32 bytes; NULL in `*key` when there is no such field. */
static bool get_key(struct vectors *v, const cJSON *vector, const char *field,
                    const uint8_t **key)
{
    *key = NULL;
    if (!vectors_has(vector, field)) {
        return true;
    }
    struct vectors_bytes bytes = vectors_hex(v, vector, field);
    if (bytes.len != KEY_LEN) {
        return fail(v, "a key is not 32 bytes long");
    }
    *key = bytes.at;
    return true;
}

/* The psks, one after the other. */
static bool get_psks(struct vectors *v, const cJSON *vector, const char *field,
                     uint8_t out[static PSKS_MAX * SOTTO_PSK_LEN],
                     size_t *count)
{
    const cJSON *psk;

    *count = 0;
    cJSON_ArrayForEach(psk, cJSON_GetObjectItemCaseSensitive(vector, field))
    {
        const char *hex = cJSON_GetStringValue(psk);

        if (hex == NULL || *count == PSKS_MAX ||
            sotto_hex_decode(hex, strlen(hex), out + *count * SOTTO_PSK_LEN,
                             SOTTO_PSK_LEN) != SOTTO_OK) {
            return fail(v, "a psk is not 32 bytes of hex, or one too many");
        }
        ++*count;
    }
    return true;
}

/* Takes "Noise_PATTERN_25519_CIPHER_SHA256" apart. */
static bool parse_name(struct vectors *v, const char *name,
                       struct sotto_pattern *pattern, enum sotto_suite *suite)
{
    static const char head[] = "Noise_";
    static const char curve[] = "_25519_";
    static const char hash[] = "_SHA256";

    if (strncmp(name, head, strlen(head)) != 0) {
        return fail(v, "no Noise protocol name");
    }
    name += strlen(head);
    const char *middle = strstr(name, curve);
    if (middle == NULL || sotto_pattern_find(name, (size_t)(middle - name),
                                             pattern) != SOTTO_OK) {
        return fail(v, "unknown pattern or curve");
    }
    const char *cipher = middle + strlen(curve);
    const char *end = strstr(cipher, hash);
    if (end == NULL || strcmp(end, hash) != 0 ||
        sotto_suite_find(cipher, (size_t)(end - cipher), suite) != SOTTO_OK) {
        return fail(v, "unknown cipher or hash");
    }
    return true;
}

/* ---------------------------------------------------------------- a vector */

static bool begin_side(struct vectors *v, struct side *side,
                       const cJSON *vector, const struct fields *fields,
                       bool is_initiator)
{
    struct sotto_handshake_config config = {
        .is_initiator = is_initiator,
        .random = {side, give_ephemeral},
        .psks = side->psks,
    };

    if (!parse_name(v, vectors_text(v, vector, "protocol_name"),
                    &config.pattern, &config.suite) ||
        !get_key(v, vector, fields->s, &config.s_private) ||
        !get_key(v, vector, fields->rs, &config.rs) ||
        !get_psks(v, vector, fields->psks, side->psks, &config.psk_count)) {
        return false;
    }
    struct vectors_bytes prologue = vectors_hex(v, vector, fields->prologue);
    config.prologue = prologue.at;
    config.prologue_len = prologue.len;
    side->ephemeral = vectors_hex(v, vector, fields->e);
    if (config.s_private != NULL) {
        sotto_x25519_public(config.s_private, side->s_public);
        config.s_public = side->s_public;
    }
    if (sotto_handshake_init(&side->handshake, &config) != SOTTO_OK) {
        return fail(v, "keys or psks that the pattern needs are missing");
    }
    return true;
}

struct message {
    struct vectors_bytes payload;
    struct vectors_bytes ciphertext;
};

static bool play_handshake(struct vectors *v, struct side *from,
                           struct side *to, const struct message *m)
{
    struct sotto_span read;
    size_t len;

    if (from->handshake.state != SOTTO_HANDSHAKE_WRITE ||
        to->handshake.state != SOTTO_HANDSHAKE_READ) {
        return fail(v, "it is not the sender's turn");
    }
    size_t cap = sotto_handshake_message_len(&from->handshake, m->payload.len);
    struct vectors_bytes out = vectors_buffer(v, cap);
    if (sotto_handshake_write_message(&from->handshake, m->payload.at,
                                      m->payload.len, out.at, cap,
                                      &len) != SOTTO_OK) {
        return fail(v, "a message could not be written");
    }
    if (!vectors_same(v, "message", out.at, len, m->ciphertext)) {
        return false;
    }
    if (sotto_handshake_read_message(&to->handshake, out.at, len, &read) !=
        SOTTO_OK) {
        return fail(v, "a message could not be read");
    }
    return vectors_same(v, "payload", read.at, read.len, m->payload);
}

static bool play_transport(struct vectors *v, struct side *from,
                           struct side *to, const struct message *m)
{
    struct sotto_cipher *send = &from->transport.send;
    size_t len = sotto_cipher_sealed_len(send, m->payload.len);
    struct vectors_bytes out = vectors_buffer(v, len);

    if (sotto_cipher_encrypt_with_ad(send, NULL, 0, m->payload.at,
                                     m->payload.len, out.at) != SOTTO_OK) {
        return fail(v, "a transport message could not be sealed");
    }
    if (!vectors_same(v, "transport message", out.at, len, m->ciphertext)) {
        return false;
    }
    if (sotto_cipher_decrypt_with_ad(&to->transport.receive, NULL, 0, out.at,
                                     len, out.at, &len) != SOTTO_OK) {
        return fail(v, "a transport message could not be opened");
    }
    return vectors_same(v, "transport payload", out.at, len, m->payload);
}

/* Both sides have come to the end: compares their hashes, and splits. */
static bool finish_handshake(struct vectors *v, struct side *init,
                             struct side *resp, const cJSON *vector)
{
    if (init->handshake.state != SOTTO_HANDSHAKE_DONE ||
        resp->handshake.state != SOTTO_HANDSHAKE_DONE) {
        return fail(v, "the handshake's messages are not all there");
    }
    struct vectors_bytes hash = {init->handshake.symmetric.h, SOTTO_HASH_LEN};
    if (vectors_has(vector, "handshake_hash")) {
        hash = vectors_hex(v, vector, "handshake_hash");
    }
    if (!vectors_same(v, "initiator's hash",
                      sotto_handshake_hash(&init->handshake), SOTTO_HASH_LEN,
                      hash) ||
        !vectors_same(v, "responder's hash",
                      sotto_handshake_hash(&resp->handshake), SOTTO_HASH_LEN,
                      hash)) {
        return false;
    }
    sotto_handshake_split(&init->handshake, &init->transport);
    sotto_handshake_split(&resp->handshake, &resp->transport);
    return true;
}

/* Plays one message; `*split` says that the handshake is over. */
static bool play_one(struct vectors *v, struct side *init, struct side *resp,
                     const cJSON *vector, const cJSON *item, bool *split)
{
    const char *phase = vectors_text(v, item, "phase");
    bool from_init = strcmp(vectors_text(v, item, "from"), "init") == 0;
    struct side *from = from_init ? init : resp;
    struct side *to = from_init ? resp : init;
    struct message m = {vectors_hex(v, item, "payload"),
                        vectors_hex(v, item, "ciphertext")};

    if (strcmp(phase, "handshake") == 0) {
        return *split ? fail(v, "a handshake message after the handshake")
                      : play_handshake(v, from, to, &m);
    }
    if (!*split) {
        *split = true;
        if (!finish_handshake(v, init, resp, vector)) {
            return false;
        }
    }
    return play_transport(v, from, to, &m);
}

static bool run_vector(struct vectors *v, const cJSON *vector)
{
    static struct side init, resp; /* some kilobytes each */
    const cJSON *item;
    bool split = false;

    if (!begin_side(v, &init, vector, &init_fields, true) ||
        !begin_side(v, &resp, vector, &resp_fields, false)) {
        return false;
    }
    cJSON_ArrayForEach(item,
                       cJSON_GetObjectItemCaseSensitive(vector, "messages"))
    {
        if (!play_one(v, &init, &resp, vector, item, &split)) {
            return false;
        }
    }
    /* A vector may end with the handshake. */
    return split || finish_handshake(v, &init, &resp, vector);
}

/* -------------------------------------------------- A128CBCHS256 by itself */

static bool run_iv(struct vectors *v, const cJSON *vector)
{
    struct sotto_aead aead;
    const uint8_t *k;
    uint8_t iv[16];

    if (!get_key(v, vector, "k", &k) || k == NULL) {
        return fail(v, "no key");
    }
    sotto_aead_init(&aead, SOTTO_AEAD_A128CBC_HS256, k);
    sotto_aead_cbc_iv(&aead, vectors_number(v, vector, "n"), iv);
    sotto_aead_wipe(&aead);
    return vectors_same(v, "iv", iv, sizeof iv, vectors_hex(v, vector, "iv"));
}

static bool run_rekey(struct vectors *v, const cJSON *vector)
{
    struct sotto_cipher cipher;
    const uint8_t *k;

    if (!get_key(v, vector, "k", &k) || k == NULL) {
        return fail(v, "no key");
    }
    sotto_cipher_init(&cipher, SOTTO_SUITE_A128CBCHS256);
    sotto_cipher_initialize_key(&cipher, k);
    bool same = sotto_cipher_rekey(&cipher) == SOTTO_OK &&
                vectors_same(v, "new key", cipher.k, KEY_LEN,
                             vectors_hex(v, vector, "rekeyed"));
    sotto_cipher_wipe(&cipher);
    return same;
}

static void run_array(struct vectors *v, const cJSON *root, const char *array,
                      bool (*run)(struct vectors *v, const cJSON *vector))
{
    const cJSON *vector;
    int at = 0;

    cJSON_ArrayForEach(vector, cJSON_GetObjectItemCaseSensitive(root, array))
    {
        vectors_begin(v, "%s[%d] %s", array, at++,
                      vectors_text(v, vector, "protocol_name"));
        vectors_end(v, run(v, vector));
    }
}

static void run_file(struct vectors *v, const cJSON *root)
{
    if (!vectors_has(root, "vectors") && !vectors_has(root, "iv") &&
        !vectors_has(root, "rekey")) {
        vectors_unreadable(v, "none of vectors, iv, rekey");
    }
    run_array(v, root, "vectors", run_vector);
    run_array(v, root, "iv", run_iv);
    run_array(v, root, "rekey", run_rekey);
}

int main(int argc, char **argv)
{
    return vectors_main(argc, argv, run_file);
}
