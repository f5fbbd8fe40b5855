/*
 * scram_peer.c - bin/scram_peer: both sides of SCRAM-SHA-256 by this library,
 * one command a line on stdin, one answer a line on stdout; README.md lists the
 * commands. Everything but FLAG and COUNT is hex, messages too.
 */
#include "core/auth/scram.h"
#include "tests/interop/call.h"
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 64
/* Bounds for what others ask for: a test is not to take long. */
#define COUNT_MIN 1U
#define COUNT_MAX 100000U

static struct sotto_scram_client client;
static struct sotto_scram_server server;
static struct sotto_verifier verifier;
static uint8_t password[128];
static size_t password_len;

/* What a binding is made of, kept for the next command. */
static char binding_name[NAME_MAX_LEN + 1];
static uint8_t binding_data[SOTTO_SCRAM_BINDING_MAX];
static struct sotto_scram_binding binding;

static char out[SOTTO_SCRAM_MESSAGE_MAX];

static void answer_text(enum sotto_err err, size_t len)
{
    if (call_answer(err) == SOTTO_OK) {
        call_print((struct sotto_span){(const uint8_t *)out, len});
    }
}

/* FLAG NAME DATA, from word `at` on. */
static enum sotto_err take_binding(struct call *call, size_t at)
{
    struct sotto_span name = call_bytes(call, at + 1);
    struct sotto_span data = call_bytes(call, at + 2);
    if (name.len > NAME_MAX_LEN || data.len > sizeof binding_data) {
        return SOTTO_ERR_LIMIT;
    }
    memset(binding_name, 0, sizeof binding_name);
    memcpy(binding_name, name.at, name.len);
    memcpy(binding_data, data.at, data.len);
    binding = (struct sotto_scram_binding){.flag = call_word(call, at)[0],
                                           .name = binding_name,
                                           .data = binding_data,
                                           .data_len = data.len};
    return SOTTO_OK;
}

static void take_password(struct sotto_span text)
{
    password_len = text.len < sizeof password ? text.len : sizeof password;
    memcpy(password, text.at, password_len);
}

static void derive(const uint8_t *salt, size_t salt_len, uint32_t count,
                   struct sotto_scram_keys *keys)
{
    struct sotto_pbkdf2 kdf;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    sotto_pbkdf2_init(&kdf, password, password_len, salt, salt_len, count);
    while (!sotto_pbkdf2_run(&kdf, count)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, keys);
}

/* client USER PASSWORD NONCE FLAG NAME DATA: the first message */
static void do_client(struct call *call)
{
    struct sotto_span user = call_bytes(call, 1);
    struct sotto_span nonce = call_bytes(call, 3); /* with a final zero */
    size_t len = 0;
    take_password(call_bytes(call, 2));
    enum sotto_err err = take_binding(call, 4);
    if (err == SOTTO_OK) {
        err = sotto_scram_client_first(&client, (const char *)user.at, user.len,
                                       &binding, (const char *)nonce.at, out,
                                       sizeof out, &len);
    }
    answer_text(err, len);
}

/* challenge TEXT: the last message */
static void do_challenge(struct call *call)
{
    struct sotto_span in = call_bytes(call, 1);
    struct sotto_scram_keys keys;
    size_t len = 0;
    enum sotto_err err =
        sotto_scram_client_challenge(&client, (const char *)in.at, in.len,
                                     COUNT_MIN, COUNT_MAX,
                                     SOTTO_SCRAM_SALT_MIN);
    if (err == SOTTO_OK) {
        derive(client.salt, client.salt_len, client.iterations, &keys);
        err = sotto_scram_client_final(&client, &keys, out, sizeof out, &len);
    }
    answer_text(err, len);
}

/* verify TEXT */
static void do_verify(struct call *call)
{
    struct sotto_span in = call_bytes(call, 1);
    answer_text(sotto_scram_client_verify(&client, (const char *)in.at, in.len),
                0);
}

/* account PASSWORD SALT COUNT: StoredKey and ServerKey */
static void do_account(struct call *call)
{
    struct sotto_span salt = call_bytes(call, 2);
    struct sotto_scram_keys keys;
    if (salt.len == 0 || salt.len > sizeof verifier.salt) {
        (void)call_answer(SOTTO_ERR_LIMIT);
        return;
    }
    take_password(call_bytes(call, 1));
    memcpy(verifier.salt, salt.at, salt.len);
    verifier.salt_len = (uint8_t)salt.len;
    verifier.iterations = call_number(call, 3);
    derive(salt.at, salt.len, verifier.iterations, &keys);
    sotto_scram_stored_key(&keys, verifier.stored_key);
    memcpy(verifier.server_key, keys.server_key, sizeof keys.server_key);
    (void)call_answer(SOTTO_OK);
    call_print((struct sotto_span){verifier.stored_key, SOTTO_SCRAM_KEY_LEN});
    call_print((struct sotto_span){verifier.server_key, SOTTO_SCRAM_KEY_LEN});
}

/* server TEXT NONCE FLAG NAME DATA: the challenge, and the user */
static void do_server(struct call *call)
{
    struct sotto_span in = call_bytes(call, 1);
    struct sotto_span nonce = call_bytes(call, 2); /* with a final zero */
    size_t len = 0;
    enum sotto_err err = take_binding(call, 3);
    if (err == SOTTO_OK) {
        err = sotto_scram_server_first(&server, (const char *)in.at, in.len,
                                       &binding);
    }
    if (err == SOTTO_OK) {
        err = sotto_scram_server_challenge(&server, &verifier,
                                           (const char *)nonce.at, out,
                                           sizeof out, &len);
    }
    answer_text(err, len);
    if (err == SOTTO_OK) {
        call_print(
            (struct sotto_span){(const uint8_t *)server.user, server.user_len});
    }
}

/* final TEXT: the server's last message */
static void do_final(struct call *call)
{
    struct sotto_span in = call_bytes(call, 1);
    size_t len = 0;
    enum sotto_err err =
        sotto_scram_server_final(&server, (const char *)in.at, in.len, &binding,
                                 out, sizeof out, &len, NULL);
    answer_text(err, len);
}

static void run(struct call *call)
{
    static const struct {
        const char *name;
        void (*run)(struct call *call);
    } commands[] = {{"client", do_client}, {"challenge", do_challenge},
                    {"verify", do_verify}, {"account", do_account},
                    {"server", do_server}, {"final", do_final}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(call_word(call, 0), commands[i].name) == 0) {
            commands[i].run(call);
            return;
        }
    }
    printf("error unknown command");
}

int main(void)
{
    call_serve(run);
    return 0;
}
