/*
 * scram_client.c - the client's half of SCRAM: two messages out, two in.
 */
#include "core/auth/scram_text.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

/* gs2-header = flag "," [authzid] "," (RFC 5802, section 7). */
static void write_header(struct sotto_writer *w,
                         const struct sotto_scram_binding *binding)
{
    sotto_write_bytes(w, &binding->flag, 1);
    if (binding->flag == 'p') {
        scram_write_text(w, "=");
        scram_write_text(w, binding->name);
    }
    scram_write_text(w, ",");
    if (binding->authzid != NULL) {
        scram_write_text(w, "a=");
        scram_write_name(w, binding->authzid, strlen(binding->authzid));
    }
    scram_write_text(w, ",");
}

static bool is_text(const char *text, size_t len)
{
    return len > 0 && memchr(text, 0, len) == NULL &&
           sotto_utf8_valid((const uint8_t *)text, len);
}

static enum sotto_err check_first(struct scram_part user,
                                  struct scram_part nonce,
                                  const struct sotto_scram_binding *binding)
{
    if (user.len > SOTTO_SCRAM_USER_MAX || nonce.len > SOTTO_SCRAM_NONCE_MAX ||
        binding->data_len > SOTTO_SCRAM_BINDING_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    if (!is_text(user.at, user.len) || !scram_nonce_valid(nonce)) {
        return SOTTO_ERR_FORMAT;
    }
    const char *authzid = binding->authzid;
    if (authzid != NULL && !is_text(authzid, strlen(authzid))) {
        return SOTTO_ERR_FORMAT;
    }
    if (binding->flag == 'p') {
        const char *name = binding->name;
        return scram_binding_name_valid((struct scram_part){name, strlen(name)})
                   ? SOTTO_OK
                   : SOTTO_ERR_FORMAT;
    }
    return binding->flag == 'n' || binding->flag == 'y' ? SOTTO_OK
                                                        : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_scram_client_first(
    struct sotto_scram_client *client, const char *user, size_t user_len,
    const struct sotto_scram_binding *binding, const char *nonce, char *out,
    size_t cap, size_t *out_len)
{
    const struct scram_part own = {nonce, strlen(nonce)};
    *client = (struct sotto_scram_client){.step = SOTTO_SCRAM_FAILED};
    enum sotto_err err =
        check_first((struct scram_part){user, user_len}, own, binding);
    if (err != SOTTO_OK) {
        return err;
    }
    if (binding->flag == 'p') {
        memcpy(client->binding, binding->data, binding->data_len);
        client->binding_len = (uint8_t)binding->data_len;
    }
    struct sotto_scram_transcript *transcript = &client->transcript;
    struct sotto_writer w;
    sotto_writer_init(&w, (uint8_t *)transcript->text, SOTTO_SCRAM_FIRST_MAX);
    write_header(&w, binding);
    transcript->header_len = (uint16_t)w.len;
    scram_write_text(&w, "n=");
    scram_write_name(&w, user, user_len);
    scram_write_text(&w, ",r=");
    transcript->nonce_at = (uint16_t)w.len;
    transcript->nonce_len = (uint8_t)own.len;
    sotto_write_bytes(&w, own.at, own.len);
    if (w.bad) {
        return SOTTO_ERR_LIMIT;
    }
    if (w.len > cap) {
        return SOTTO_ERR_SPACE;
    }
    transcript->len = (uint16_t)w.len;
    memcpy(out, transcript->text, w.len);
    *out_len = w.len;
    client->step = SOTTO_SCRAM_FIRST;
    return SOTTO_OK;
}

/* server-first, taken apart. */
struct challenge {
    struct scram_part nonce;
    uint8_t salt[SOTTO_SCRAM_SALT_MAX];
    size_t salt_len;
    uint64_t iterations;
};

static enum sotto_err read_challenge(const char *in, size_t in_len,
                                     struct challenge *challenge)
{
    struct scram_cursor cursor;
    struct scram_part salt;
    struct scram_part iterations;
    enum sotto_err err =
        scram_cursor_init(&cursor, in, in_len, SOTTO_SCRAM_CHALLENGE_MAX);
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 'r', &challenge->nonce);
    }
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 's', &salt);
    }
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 'i', &iterations);
    }
    if (err == SOTTO_OK) {
        err = scram_extensions(&cursor);
    }
    if (err == SOTTO_OK) {
        err = sotto_base64_decode(salt.at, salt.len, challenge->salt,
                                  sizeof challenge->salt, &challenge->salt_len);
        err = err == SOTTO_ERR_SPACE ? SOTTO_ERR_LIMIT : err;
    }
    if (err == SOTTO_OK) {
        err = sotto_decimal_decode(iterations.at, iterations.len, UINT64_MAX,
                                   &challenge->iterations);
    }
    return err;
}

static enum sotto_err check_nonce(struct scram_part own, struct scram_part both)
{
    if (!scram_nonce_valid(both)) {
        return SOTTO_ERR_FORMAT;
    }
    if (both.len <= own.len || memcmp(both.at, own.at, own.len) != 0) {
        return SOTTO_ERR_AUTH;
    }
    return both.len - own.len > SOTTO_SCRAM_NONCE_MAX ? SOTTO_ERR_LIMIT
                                                      : SOTTO_OK;
}

enum sotto_err sotto_scram_client_challenge(struct sotto_scram_client *client,
                                            const char *in, size_t in_len,
                                            uint32_t iterations_min,
                                            uint32_t iterations_max,
                                            size_t salt_min)
{
    struct challenge challenge;
    if (client->step != SOTTO_SCRAM_FIRST) {
        return scram_fail(&client->step, SOTTO_ERR_FORMAT);
    }
    enum sotto_err err = read_challenge(in, in_len, &challenge);
    if (err == SOTTO_OK) {
        err = check_nonce(scram_transcript_nonce(&client->transcript),
                          challenge.nonce);
    }
    if (err == SOTTO_OK &&
        (challenge.iterations < iterations_min ||
         challenge.iterations > iterations_max || challenge.iterations == 0 ||
         challenge.salt_len < salt_min)) {
        err = SOTTO_ERR_LIMIT;
    }
    if (err != SOTTO_OK) {
        return scram_fail(&client->step, err);
    }
    scram_transcript_add(&client->transcript, in, in_len, challenge.nonce);
    memcpy(client->salt, challenge.salt, challenge.salt_len);
    client->salt_len = (uint8_t)challenge.salt_len;
    client->iterations = (uint32_t)challenge.iterations;
    client->step = SOTTO_SCRAM_CHALLENGED;
    return SOTTO_OK;
}

/* c=base64(gs2-header | data),r=nonce */
static void write_without_proof(struct sotto_writer *w,
                                const struct sotto_scram_client *client)
{
    const struct sotto_scram_transcript *transcript = &client->transcript;
    const struct scram_part nonce = scram_transcript_nonce(transcript);
    uint8_t bound[SCRAM_BASE64_MAX];
    const size_t header_len = transcript->header_len;
    memcpy(bound, transcript->text, header_len);
    memcpy(bound + header_len, client->binding, client->binding_len);
    scram_write_text(w, "c=");
    scram_write_base64(w, bound, header_len + client->binding_len);
    scram_write_text(w, ",r=");
    sotto_write_bytes(w, nonce.at, nonce.len);
}

enum sotto_err sotto_scram_client_final(struct sotto_scram_client *client,
                                        const struct sotto_scram_keys *keys,
                                        char *out, size_t cap, size_t *out_len)
{
    if (client->step != SOTTO_SCRAM_CHALLENGED) {
        return scram_fail(&client->step, SOTTO_ERR_FORMAT);
    }
    struct sotto_writer w;
    sotto_writer_init(&w, (uint8_t *)out,
                      cap < SOTTO_SCRAM_MESSAGE_MAX ? cap
                                                    : SOTTO_SCRAM_MESSAGE_MAX);
    write_without_proof(&w, client);
    const struct scram_part without_proof = {out, w.len};

    /* ClientProof := ClientKey XOR ClientSignature */
    uint8_t stored_key[SOTTO_SCRAM_KEY_LEN];
    uint8_t proof[SOTTO_SCRAM_KEY_LEN];
    sotto_scram_stored_key(keys, stored_key);
    scram_sign(stored_key, &client->transcript, without_proof, proof);
    for (size_t i = 0; i < sizeof proof; i++) {
        proof[i] ^= keys->client_key[i];
    }
    scram_sign(keys->server_key, &client->transcript, without_proof,
               client->server_signature);
    scram_write_text(&w, ",p=");
    scram_write_base64(&w, proof, sizeof proof);
    sotto_wipe(stored_key, sizeof stored_key);
    sotto_wipe(proof, sizeof proof);
    enum sotto_err err = sotto_writer_finish(&w, out_len);
    if (err == SOTTO_OK) {
        client->step = SOTTO_SCRAM_PROVED;
    }
    return err;
}

/* server-final = ("e=" error / "v=" signature) ["," extensions] */
static enum sotto_err check_verifier(const struct sotto_scram_client *client,
                                     const char *in, size_t in_len)
{
    struct scram_cursor cursor;
    struct scram_part value;
    uint8_t signature[SOTTO_SCRAM_KEY_LEN];
    size_t len = 0;
    enum sotto_err err =
        scram_cursor_init(&cursor, in, in_len, SOTTO_SCRAM_MESSAGE_MAX);
    if (err != SOTTO_OK) {
        return err;
    }
    const bool is_error = in[0] == 'e';
    err = scram_take(&cursor, is_error ? 'e' : 'v', &value);
    if (err == SOTTO_OK) {
        err = scram_extensions(&cursor);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (is_error) {
        return SOTTO_ERR_AUTH;
    }
    err = sotto_base64_decode(value.at, value.len, signature, sizeof signature,
                              &len);
    if (err != SOTTO_OK || len != sizeof signature) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_equal(signature, client->server_signature, len)
               ? SOTTO_OK
               : SOTTO_ERR_AUTH;
}

enum sotto_err sotto_scram_client_verify(struct sotto_scram_client *client,
                                         const char *in, size_t in_len)
{
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (client->step == SOTTO_SCRAM_PROVED) {
        err = check_verifier(client, in, in_len);
    }
    if (err != SOTTO_OK) {
        return scram_fail(&client->step, err);
    }
    client->step = SOTTO_SCRAM_DONE;
    return SOTTO_OK;
}

void sotto_scram_client_wipe(struct sotto_scram_client *client)
{
    sotto_wipe(client, sizeof *client);
}
