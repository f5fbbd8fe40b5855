/*
 * fuzz_scram.c - SCRAM by libFuzzer, both sides: messages of any kind, and an
 * honest login of which anything is changed on the way. Who does not know the
 * keys never gets through, and of what was changed nobody makes a login.
 */
#include "choices.h"
#include "core/auth/scram.h"
#include <string.h>

#define ITERATIONS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t hash[32] = {1, 2, 3};
static const struct sotto_scram_binding binding = {.flag = 'p',
                                                   .name =
                                                       SOTTO_SCRAM_BINDING_NAME,
                                                   .data = hash,
                                                   .data_len = sizeof hash};
static struct sotto_scram_keys keys;
static struct sotto_verifier verifier;

static void make_account(void)
{
    static const uint8_t salted[SOTTO_SCRAM_KEY_LEN] = {7};
    verifier = (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                       .iterations = ITERATIONS};
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, verifier.stored_key);
    memcpy(verifier.server_key, keys.server_key, sizeof keys.server_key);
}

/* ---- a message on its way ---- */

static char sent[SOTTO_SCRAM_MESSAGE_MAX];
static size_t sent_len;
static char text[SOTTO_SCRAM_MESSAGE_MAX]; /* what arrives */
static size_t text_len;
static bool is_changed; /* any, so far */

/* Somebody in between may change it. */
static void pass_on(void)
{
    memcpy(text, sent, sent_len);
    text_len = choose_patch((uint8_t *)text, sent_len, sizeof text);
    is_changed |= text_len != sent_len || memcmp(text, sent, text_len) != 0;
}

/* What is signed along may follow the server's signature. */
static bool begins_as_sent(void)
{
    return text_len >= sent_len && memcmp(text, sent, sent_len) == 0;
}

static void try_login(void)
{
    static struct sotto_scram_client client;
    static struct sotto_scram_server server;
    const struct sotto_span name = choose_bytes(SOTTO_SCRAM_USER_MAX + 1);
    bool has_binding_failed = false;
    is_changed = false;
    enum sotto_err err =
        sotto_scram_client_first(&client, (const char *)name.at, name.len,
                                 &binding, "nonce", sent, sizeof sent,
                                 &sent_len);
    if (err != SOTTO_OK) {
        return;
    }
    pass_on();
    err = sotto_scram_server_first(&server, text, text_len, &binding);
    must(err != SOTTO_OK || is_changed ||
         (server.user_len == name.len &&
          memcmp(server.user, name.at, name.len) == 0));
    if (err == SOTTO_OK) {
        must(sotto_scram_server_challenge(&server, &verifier, "server", sent,
                                          sizeof sent, &sent_len) == SOTTO_OK);
        pass_on();
        err = sotto_scram_client_challenge(&client, text, text_len, 1, 10,
                                           SOTTO_SCRAM_SALT_MIN);
    }
    if (err == SOTTO_OK) {
        must(client.iterations >= 1 && client.iterations <= 10);
        must(client.salt_len >= SOTTO_SCRAM_SALT_MIN);
        must(sotto_scram_client_final(&client, &keys, sent, sizeof sent,
                                      &sent_len) == SOTTO_OK);
        pass_on();
        err = sotto_scram_server_final(&server, text, text_len, &binding, sent,
                                       sizeof sent, &sent_len,
                                       &has_binding_failed);
        must(err == SOTTO_OK ? !is_changed : is_changed);
        must(!has_binding_failed || err == SOTTO_ERR_AUTH);
    }
    if (err == SOTTO_OK) {
        pass_on();
        err = sotto_scram_client_verify(&client, text, text_len);
        must((err == SOTTO_OK) == (client.step == SOTTO_SCRAM_DONE));
        must(err != SOTTO_OK || begins_as_sent());
    }
    must(err == SOTTO_OK || is_changed);
}

/* ---- messages of somebody who knows nothing ---- */

static struct sotto_span next_message(void)
{
    return choose_bytes(SOTTO_SCRAM_MESSAGE_MAX + 1);
}

static void try_server(void)
{
    static struct sotto_scram_server server;
    struct sotto_scram_binding how = binding;
    how.flag = "pny"[choose_byte() % 3];
    struct sotto_span in = next_message();
    enum sotto_err err =
        sotto_scram_server_first(&server, (const char *)in.at, in.len, &how);
    if (err == SOTTO_OK) {
        must(strlen(server.user) == server.user_len);
        must(sotto_scram_server_challenge(&server, &verifier, "server", text,
                                          sizeof text, &text_len) == SOTTO_OK);
        must(text_len <= SOTTO_SCRAM_CHALLENGE_MAX);
    }
    in = next_message();
    must(sotto_scram_server_final(&server, (const char *)in.at, in.len, &how,
                                  text, sizeof text, &text_len,
                                  NULL) != SOTTO_OK);
    must(server.step == SOTTO_SCRAM_FAILED);
}

static void try_client(void)
{
    static struct sotto_scram_client client;
    must(sotto_scram_client_first(&client, "ann", 3, &binding, "nonce", text,
                                  sizeof text, &text_len) == SOTTO_OK);
    struct sotto_span in = next_message();
    if (sotto_scram_client_challenge(&client, (const char *)in.at, in.len, 5,
                                     50, SOTTO_SCRAM_SALT_MIN) == SOTTO_OK) {
        must(client.iterations >= 5 && client.iterations <= 50);
        must(client.salt_len >= SOTTO_SCRAM_SALT_MIN);
        must(sotto_scram_client_final(&client, &keys, text, sizeof text,
                                      &text_len) == SOTTO_OK);
    }
    in = next_message();
    must(sotto_scram_client_verify(&client, (const char *)in.at, in.len) !=
         SOTTO_OK);
    must(client.step == SOTTO_SCRAM_FAILED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(void) = {try_login, try_server, try_client};
    make_account();
    choices_start(data, size);
    tries[choose_byte() % 3]();
    return 0;
}
