/*
 * scram_server.c - the server's half of SCRAM: two messages in, two out.
 */
#include "core/auth/scram_text.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

/* client-first, taken apart. */
struct first {
    struct scram_part flag; /* "n", "y" or "p=name" */
    char authzid[SOTTO_SCRAM_USER_MAX];
    size_t authzid_len; /* 0: none */
    size_t header_len;
    char user[SOTTO_SCRAM_USER_MAX];
    size_t user_len;
    struct scram_part nonce;
};

static enum sotto_err check_flag(struct scram_part flag)
{
    if (scram_part_is(flag, "n", 1) || scram_part_is(flag, "y", 1)) {
        return SOTTO_OK;
    }
    if (flag.len < 3 || memcmp(flag.at, "p=", 2) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    const struct scram_part name = {flag.at + 2, flag.len - 2};
    return scram_binding_name_valid(name) ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

/* gs2-header = flag "," [authzid] "," */
static enum sotto_err read_header(struct scram_cursor *cursor,
                                  struct first *first)
{
    const char *start = cursor->left.at;
    struct scram_part authzid;
    enum sotto_err err = scram_next(cursor, &first->flag);
    if (err == SOTTO_OK) {
        err = check_flag(first->flag);
    }
    if (err == SOTTO_OK) {
        err = scram_next(cursor, &authzid);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    first->authzid_len = 0;
    first->header_len = (size_t)(cursor->left.at - start);
    if (cursor->ended || authzid.len == 0) {
        return cursor->ended ? SOTTO_ERR_FORMAT : SOTTO_OK;
    }
    if (authzid.len < 3 || memcmp(authzid.at, "a=", 2) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    return scram_read_name((struct scram_part){authzid.at + 2, authzid.len - 2},
                           first->authzid, sizeof first->authzid,
                           &first->authzid_len);
}

static enum sotto_err read_first(const char *in, size_t in_len,
                                 struct first *first)
{
    struct scram_cursor cursor;
    struct scram_part user;
    enum sotto_err err =
        scram_cursor_init(&cursor, in, in_len, SOTTO_SCRAM_FIRST_MAX);
    if (err == SOTTO_OK) {
        err = read_header(&cursor, first);
    }
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 'n', &user);
    }
    if (err == SOTTO_OK) {
        err = scram_read_name(user, first->user, sizeof first->user,
                              &first->user_len);
    }
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 'r', &first->nonce);
    }
    if (err == SOTTO_OK) {
        err = scram_extensions(&cursor);
    }
    if (err == SOTTO_OK && !scram_nonce_valid(first->nonce)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK && first->nonce.len > SOTTO_SCRAM_NONCE_MAX) {
        err = SOTTO_ERR_LIMIT;
    }
    return err;
}

/*
 * A client that says "y" takes us for a server without channel binding: to a
 * server that has it this is an attempt to talk it out of it (RFC 5802 6).
 */
static bool is_wanted(const struct first *first,
                      const struct sotto_scram_binding *binding)
{
    const char flag = first->flag.at[0];
    if (binding->flag == 'p') {
        const struct scram_part name = {first->flag.at + 2,
                                        first->flag.len - 2};
        return flag == 'p' &&
               scram_part_is(name, binding->name, strlen(binding->name));
    }
    return flag == binding->flag || (binding->flag == 'n' && flag == 'y');
}

/* Nobody may act for another, unless the caller names whom. */
static bool is_authorized(const struct first *first,
                          const struct sotto_scram_binding *binding)
{
    const struct scram_part authzid = {first->authzid, first->authzid_len};
    if (authzid.len == 0 ||
        scram_part_is(authzid, first->user, first->user_len)) {
        return true;
    }
    return binding->authzid != NULL &&
           scram_part_is(authzid, binding->authzid, strlen(binding->authzid));
}

enum sotto_err sotto_scram_server_first(
    struct sotto_scram_server *server, const char *in, size_t in_len,
    const struct sotto_scram_binding *binding)
{
    struct first first;
    *server = (struct sotto_scram_server){.step = SOTTO_SCRAM_FAILED};
    enum sotto_err err = read_first(in, in_len, &first);
    if (err == SOTTO_OK &&
        !(is_wanted(&first, binding) && is_authorized(&first, binding))) {
        err = SOTTO_ERR_UNSUPPORTED;
    }
    if (err != SOTTO_OK) {
        return err;
    }
    struct sotto_scram_transcript *transcript = &server->transcript;
    memcpy(transcript->text, in, in_len);
    transcript->len = (uint16_t)in_len;
    transcript->header_len = (uint16_t)first.header_len;
    transcript->nonce_at = (uint16_t)(first.nonce.at - in);
    transcript->nonce_len = (uint8_t)first.nonce.len;
    memcpy(server->user, first.user, first.user_len);
    server->user_len = (uint8_t)first.user_len;
    server->flag = first.flag.at[0];
    server->step = SOTTO_SCRAM_FIRST;
    return SOTTO_OK;
}

enum sotto_err sotto_scram_server_challenge(
    struct sotto_scram_server *server, const struct sotto_verifier *verifier,
    const char *nonce, char *out, size_t cap, size_t *out_len)
{
    const struct scram_part own = {nonce, strlen(nonce)};
    if (server->step != SOTTO_SCRAM_FIRST || !scram_nonce_valid(own) ||
        own.len > SOTTO_SCRAM_NONCE_MAX) {
        return SOTTO_ERR_FORMAT;
    }
    SOTTO_ASSERT(verifier->salt_len <= SOTTO_SCRAM_SALT_MAX);
    const struct scram_part theirs =
        scram_transcript_nonce(&server->transcript);
    char count[21];
    const size_t count_len = sotto_decimal_encode(verifier->iterations, count);
    struct sotto_writer w;
    sotto_writer_init(&w, (uint8_t *)out, cap);
    scram_write_text(&w, "r=");
    sotto_write_bytes(&w, theirs.at, theirs.len);
    sotto_write_bytes(&w, own.at, own.len);
    scram_write_text(&w, ",s=");
    scram_write_base64(&w, verifier->salt, verifier->salt_len);
    scram_write_text(&w, ",i=");
    sotto_write_bytes(&w, count, count_len);
    enum sotto_err err = sotto_writer_finish(&w, out_len);
    if (err != SOTTO_OK) {
        return err;
    }
    const struct scram_part both = {out + 2, theirs.len + own.len};
    scram_transcript_add(&server->transcript, out, w.len, both);
    server->verifier = *verifier;
    server->step = SOTTO_SCRAM_CHALLENGED;
    return SOTTO_OK;
}

/* client-final, taken apart. */
struct final {
    struct scram_part without_proof;
    struct scram_part nonce;
    uint8_t bound[SCRAM_BASE64_MAX]; /* what "c=" says */
    size_t bound_len;
    uint8_t proof[SOTTO_SCRAM_KEY_LEN];
};

/* The proof is the last attribute, after any extensions. */
static enum sotto_err read_proof(const char *in, size_t in_len,
                                 struct final *final)
{
    size_t at = in_len;
    while (at > 0 && in[at - 1] != ',') {
        at--;
    }
    if (at == 0 || in_len - at < 2 || memcmp(in + at, "p=", 2) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    final->without_proof = (struct scram_part){in, at - 1};
    size_t len = 0;
    enum sotto_err err =
        sotto_base64_decode(in + at + 2, in_len - at - 2, final->proof,
                            sizeof final->proof, &len);
    return err == SOTTO_OK && len == sizeof final->proof ? SOTTO_OK
                                                         : SOTTO_ERR_FORMAT;
}

static enum sotto_err read_final(const char *in, size_t in_len,
                                 struct final *final)
{
    struct scram_cursor cursor;
    struct scram_part bound;
    enum sotto_err err =
        scram_cursor_init(&cursor, in, in_len, SOTTO_SCRAM_MESSAGE_MAX);
    if (err == SOTTO_OK) {
        err = read_proof(in, in_len, final);
    }
    if (err == SOTTO_OK) {
        cursor.left = final->without_proof;
        err = scram_take(&cursor, 'c', &bound);
    }
    if (err == SOTTO_OK) {
        err = scram_take(&cursor, 'r', &final->nonce);
    }
    if (err == SOTTO_OK) {
        err = scram_extensions(&cursor);
    }
    if (err == SOTTO_OK) {
        err = sotto_base64_decode(bound.at, bound.len, final->bound,
                                  sizeof final->bound, &final->bound_len);
    }
    return err;
}

static bool is_bound(const struct sotto_scram_server *server,
                     const struct final *final,
                     const struct sotto_scram_binding *binding)
{
    const size_t header_len = server->transcript.header_len;
    const size_t data_len = server->flag == 'p' ? binding->data_len : 0;
    return final->bound_len == header_len + data_len &&
           memcmp(final->bound, server->transcript.text, header_len) == 0 &&
           (data_len == 0 ||
            sotto_equal(final->bound + header_len, binding->data, data_len));
}

/* StoredKey == H(ClientProof XOR ClientSignature) */
static bool is_proved(const struct sotto_scram_server *server,
                      const struct final *final)
{
    uint8_t key[SOTTO_SCRAM_KEY_LEN];
    uint8_t stored_key[SOTTO_SCRAM_KEY_LEN];
    scram_sign(server->verifier.stored_key, &server->transcript,
               final->without_proof, key);
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] ^= final->proof[i];
    }
    sotto_sha256(key, sizeof key, stored_key);
    const bool same =
        sotto_equal(stored_key, server->verifier.stored_key, sizeof stored_key);
    sotto_wipe(key, sizeof key);
    sotto_wipe(stored_key, sizeof stored_key);
    return same;
}

static void write_verifier(struct sotto_writer *w,
                           const struct sotto_scram_server *server,
                           struct scram_part without_proof)
{
    uint8_t signature[SOTTO_SCRAM_KEY_LEN];
    scram_sign(server->verifier.server_key, &server->transcript, without_proof,
               signature);
    scram_write_text(w, "v=");
    scram_write_base64(w, signature, sizeof signature);
    sotto_wipe(signature, sizeof signature);
}

enum sotto_err sotto_scram_server_final(
    struct sotto_scram_server *server, const char *in, size_t in_len,
    const struct sotto_scram_binding *binding, char *out, size_t cap,
    size_t *out_len, bool *binding_failed)
{
    struct final final;
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (server->step == SOTTO_SCRAM_CHALLENGED) {
        err = read_final(in, in_len, &final);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(&final, sizeof final); /* the proof may be read already */
        return scram_fail(&server->step, err);
    }
    /* Every check is made, whatever the others say. */
    const struct scram_part nonce = scram_transcript_nonce(&server->transcript);
    const bool is_nonce_ok = scram_part_is(final.nonce, nonce.at, nonce.len);
    const bool is_bound_ok = is_bound(server, &final, binding);
    const bool is_proof_ok = is_proved(server, &final);
    if (binding_failed != NULL) {
        *binding_failed = !is_bound_ok;
    }
    if (!(is_nonce_ok && is_bound_ok && is_proof_ok)) {
        sotto_wipe(&final, sizeof final);
        return scram_fail(&server->step, SOTTO_ERR_AUTH);
    }
    struct sotto_writer w;
    sotto_writer_init(&w, (uint8_t *)out, cap);
    write_verifier(&w, server, final.without_proof);
    sotto_wipe(&final, sizeof final);
    err = sotto_writer_finish(&w, out_len);
    if (err == SOTTO_OK) {
        server->step = SOTTO_SCRAM_DONE;
    }
    return err;
}

void sotto_scram_server_wipe(struct sotto_scram_server *server)
{
    sotto_wipe(server, sizeof *server);
}
