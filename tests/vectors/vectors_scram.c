/*
 * vectors_scram.c - runs whole SCRAM conversations, both sides, and compares
 * every message and every value in between with what the file says.
 *
 *     {"vectors": [{"mechanism", "username", "password", "client_nonce",
 *       "server_nonce", "salt", "iterations", "gs2_header",
 *       "channel_binding_data", "client_first", "server_first",
 *       "client_final", "server_final", "salted_password", "client_key",
 *       "stored_key", "server_key", "auth_message", "client_signature",
 *       "client_proof", "server_signature", "source"}]}
 *
 * SCRAM-SHA-1 is skipped: the product has no SHA-1.
 */
#include "core/auth/scram.h"
#include "core/base/text.h"
#include "tests/vectors/vectors.h"
#include <stdlib.h>
#include <string.h>

/* One vector, and both sides of its conversation. */
struct talk {
    struct vectors *v;
    const cJSON *json;
    struct sotto_scram_binding binding;
    char *binding_name; /* owned */
    char *authzid;      /* owned, unescaped */
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    struct sotto_scram_keys keys;
    struct sotto_verifier verifier;
    char message[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len;
};

/* What the file says a field is, as text or as hex, against what came out. */
static bool same_text(const struct talk *t, const char *field, const char *got,
                      size_t len)
{
    const char *expected = vectors_text(t->v, t->json, field);
    if (strlen(expected) == len && memcmp(expected, got, len) == 0) {
        return true;
    }
    vectors_note(t->v, "%s: got %.*s", field, (int)len, got);
    return false;
}

static bool same_key(const struct talk *t, const char *field,
                     const uint8_t key[SOTTO_SCRAM_KEY_LEN])
{
    return vectors_same(t->v, field, key, SOTTO_SCRAM_KEY_LEN,
                        vectors_hex(t->v, t->json, field));
}

static bool went_well(const struct talk *t, const char *what,
                      enum sotto_err err)
{
    if (err != SOTTO_OK) {
        vectors_note(t->v, "%s: %s", what, sotto_err_name(err));
    }
    return err == SOTTO_OK;
}

static char *copy(const char *text, size_t len)
{
    char *mem = calloc(1, len + 1);
    if (mem == NULL) {
        abort();
    }
    memcpy(mem, text, len);
    return mem;
}

static char *unescape(const char *text, size_t len)
{
    char *name = copy(text, len);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        const bool is_comma = strncmp(text + i, "=2C", 3) == 0;
        const bool is_equals = strncmp(text + i, "=3D", 3) == 0;
        name[used++] = text[i];
        if (is_comma || is_equals) {
            name[used - 1] = is_comma ? ',' : '=';
            i += 2;
        }
    }
    name[used] = 0;
    return name;
}

/* "n,,", "y,,", "p=name,," or "…,a=other," */
static bool read_header(struct talk *t)
{
    const char *header = vectors_text(t->v, t->json, "gs2_header");
    const char *comma = strchr(header, ',');
    const char *end = comma == NULL ? NULL : strchr(comma + 1, ',');
    if (end == NULL || end[1] != 0 || (header[0] == 'p' && header[1] != '=')) {
        vectors_note(t->v, "gs2_header: not understood");
        return false;
    }
    t->binding.flag = header[0];
    if (header[0] == 'p') {
        t->binding_name = copy(header + 2, (size_t)(comma - header) - 2);
        t->binding.name = t->binding_name;
    }
    if (strncmp(comma + 1, "a=", 2) == 0) {
        t->authzid = unescape(comma + 3, (size_t)(end - comma) - 3);
        t->binding.authzid = t->authzid;
    }
    const struct vectors_bytes data =
        vectors_hex(t->v, t->json, "channel_binding_data");
    t->binding.data = data.at;
    t->binding.data_len = data.len;
    return true;
}

/* The keys, from the password down. */
static bool derive(struct talk *t)
{
    const char *password = vectors_text(t->v, t->json, "password");
    const struct vectors_bytes salt = vectors_hex(t->v, t->json, "salt");
    const uint64_t iterations = vectors_number(t->v, t->json, "iterations");
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    struct sotto_pbkdf2 kdf;
    if (salt.len == 0 || salt.len > SOTTO_SCRAM_SALT_MAX || iterations == 0 ||
        iterations > UINT32_MAX) {
        vectors_note(t->v, "salt or iterations: out of range");
        return false;
    }
    sotto_pbkdf2_init(&kdf, (const uint8_t *)password, strlen(password),
                      salt.at, salt.len, (uint32_t)iterations);
    while (!sotto_pbkdf2_run(&kdf, 1000)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &t->keys);
    memcpy(t->verifier.salt, salt.at, salt.len);
    t->verifier.salt_len = (uint8_t)salt.len;
    t->verifier.iterations = (uint32_t)iterations;
    sotto_scram_stored_key(&t->keys, t->verifier.stored_key);
    memcpy(t->verifier.server_key, t->keys.server_key, SOTTO_SCRAM_KEY_LEN);
    return same_key(t, "salted_password", salted) &&
           same_key(t, "client_key", t->keys.client_key) &&
           same_key(t, "stored_key", t->verifier.stored_key) &&
           same_key(t, "server_key", t->verifier.server_key);
}

static bool first(struct talk *t)
{
    const char *user = vectors_text(t->v, t->json, "username");
    const char *nonce = vectors_text(t->v, t->json, "client_nonce");
    return went_well(t, "client-first",
                     sotto_scram_client_first(&t->client, user, strlen(user),
                                              &t->binding, nonce, t->message,
                                              sizeof t->message, &t->len)) &&
           same_text(t, "client_first", t->message, t->len) &&
           went_well(t, "client-first at the server",
                     sotto_scram_server_first(&t->server, t->message, t->len,
                                              &t->binding)) &&
           same_text(t, "username", t->server.user, t->server.user_len);
}

static bool challenge(struct talk *t)
{
    const char *nonce = vectors_text(t->v, t->json, "server_nonce");
    return went_well(t, "server-first",
                     sotto_scram_server_challenge(&t->server, &t->verifier,
                                                  nonce, t->message,
                                                  sizeof t->message,
                                                  &t->len)) &&
           same_text(t, "server_first", t->message, t->len) &&
           went_well(t, "server-first at the client",
                     sotto_scram_client_challenge(&t->client, t->message,
                                                  t->len, 1, UINT32_MAX, 1)) &&
           vectors_same(t->v, "salt", t->client.salt, t->client.salt_len,
                        vectors_hex(t->v, t->json, "salt"));
}

/*
 * The values that the product never has on their own: AuthMessage from the
 * transcript and the message, the rest computed from it here.
 */
static bool check_proof(struct talk *t)
{
    const struct sotto_scram_transcript *sent = &t->client.transcript;
    const char *proof_at = strstr(t->message, ",p=");
    char auth[sizeof sent->text + 1 + SOTTO_SCRAM_MESSAGE_MAX];
    uint8_t signature[SOTTO_SCRAM_KEY_LEN];
    uint8_t proof[SOTTO_SCRAM_KEY_LEN];
    if (proof_at == NULL) {
        return false;
    }
    const size_t begun = (size_t)sent->len - sent->header_len;
    const size_t rest = (size_t)(proof_at - t->message);
    memcpy(auth, sent->text + sent->header_len, begun);
    auth[begun] = ',';
    memcpy(auth + begun + 1, t->message, rest);
    const struct sotto_piece piece = {auth, begun + 1 + rest};
    sotto_hmac(t->verifier.stored_key, SOTTO_SCRAM_KEY_LEN, &piece, 1,
               signature);
    for (size_t i = 0; i < sizeof proof; i++) {
        proof[i] = signature[i] ^ t->keys.client_key[i];
    }
    return same_text(t, "auth_message", auth, piece.len) &&
           same_key(t, "client_signature", signature) &&
           same_key(t, "client_proof", proof) &&
           same_key(t, "server_signature", t->client.server_signature);
}

static bool final(struct talk *t)
{
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t answer_len = 0;
    bool binding_failed = false;
    memset(t->message, 0, sizeof t->message);
    return went_well(t, "client-final",
                     sotto_scram_client_final(&t->client, &t->keys, t->message,
                                              sizeof t->message - 1,
                                              &t->len)) &&
           same_text(t, "client_final", t->message, t->len) && check_proof(t) &&
           went_well(t, "client-final at the server",
                     sotto_scram_server_final(&t->server, t->message, t->len,
                                              &t->binding, answer,
                                              sizeof answer, &answer_len,
                                              &binding_failed)) &&
           same_text(t, "server_final", answer, answer_len) &&
           went_well(t, "server-final at the client",
                     sotto_scram_client_verify(&t->client, answer, answer_len));
}

static void run_vector(struct vectors *v, const cJSON *json, int at)
{
    struct talk t = {.v = v, .json = json};
    vectors_begin(v, "vector %d (%s, %s)", at,
                  vectors_text(v, json, "mechanism"),
                  vectors_text(v, json, "client_first"));
    vectors_end(v, read_header(&t) && derive(&t) && first(&t) &&
                       challenge(&t) && final(&t));
    free(t.binding_name);
    free(t.authzid);
}

static void run_file(struct vectors *v, const cJSON *root)
{
    const cJSON *vectors = cJSON_GetObjectItem(root, "vectors");
    const cJSON *json = NULL;
    int at = 0;
    if (!cJSON_IsArray(vectors)) {
        vectors_unreadable(v, "no \"vectors\"");
        return;
    }
    cJSON_ArrayForEach(json, vectors)
    {
        const char *mechanism = vectors_text(v, json, "mechanism");
        if (strcmp(mechanism, "SCRAM-SHA-1") == 0 ||
            strcmp(mechanism, "SCRAM-SHA-1-PLUS") == 0) {
            vectors_skip(v, 1, "SCRAM-SHA-1: the product has no SHA-1");
        } else {
            run_vector(v, json, at);
        }
        at++;
    }
}

int main(int argc, char **argv)
{
    return vectors_main(argc, argv, run_file);
}
