/*
 * login.c - a login by password (SCRAM), each side by itself, and the rounds of
 * PBKDF2 that a client makes where it has not kept its keys.
 */
#include "apps/bench/board/meter.h"
#include "core/auth/scram.h"
#include "core/crypto/hash.h"
#include <string.h>

#define ROUNDS     1000U
#define ITERATIONS 100000U

static const uint8_t binding_data[SOTTO_HASH_LEN] = {1};
static const struct sotto_scram_binding binding = {.flag = 'p',
                                                   .name =
                                                       SOTTO_SCRAM_BINDING_NAME,
                                                   .data = binding_data,
                                                   .data_len =
                                                       sizeof binding_data};

struct login {
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    struct sotto_scram_keys keys;
    struct sotto_verifier verifier;
    struct sotto_pbkdf2 kdf;
    char text[SOTTO_SCRAM_MESSAGE_MAX]; /* what one side says to the other */
    size_t len;
};

static bool derive(void *ctx)
{
    struct login *l = ctx;
    return !sotto_pbkdf2_run(&l->kdf, ROUNDS);
}

static bool client_first(void *ctx)
{
    struct login *l = ctx;
    return sotto_scram_client_first(&l->client, "ann", 3, &binding,
                                    "rOprNGfwEbeRWgbNEkqO1234", l->text,
                                    sizeof l->text, &l->len) == SOTTO_OK;
}

static bool server_challenge(void *ctx)
{
    struct login *l = ctx;
    return sotto_scram_server_first(&l->server, l->text, l->len, &binding) ==
               SOTTO_OK &&
           sotto_scram_server_challenge(&l->server, &l->verifier,
                                        "%hvYDpWUa2RaTCAfuxFIlj)hNlF", l->text,
                                        sizeof l->text, &l->len) == SOTTO_OK;
}

static bool client_final(void *ctx)
{
    struct login *l = ctx;
    return sotto_scram_client_challenge(&l->client, l->text, l->len, ITERATIONS,
                                        ITERATIONS,
                                        SOTTO_SCRAM_SALT_MIN) == SOTTO_OK &&
           sotto_scram_client_final(&l->client, &l->keys, l->text,
                                    sizeof l->text, &l->len) == SOTTO_OK;
}

static bool server_final(void *ctx)
{
    struct login *l = ctx;
    return sotto_scram_server_final(&l->server, l->text, l->len, &binding,
                                    l->text, sizeof l->text, &l->len,
                                    NULL) == SOTTO_OK;
}

static bool client_verify(void *ctx)
{
    struct login *l = ctx;
    return sotto_scram_client_verify(&l->client, l->text, l->len) == SOTTO_OK;
}

/* As if PBKDF2 had given these 32 bytes. */
static void make_account(struct login *l)
{
    static const uint8_t salted[SOTTO_SCRAM_KEY_LEN] = {2};
    sotto_scram_keys_derive(salted, &l->keys);
    l->verifier = (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                          .iterations = ITERATIONS};
    sotto_scram_stored_key(&l->keys, l->verifier.stored_key);
    memcpy(l->verifier.server_key, l->keys.server_key,
           sizeof l->verifier.server_key);
}

bool meter_login(void)
{
    static struct login l;
    static const uint8_t password[12] = {3};
    struct meter_cost client = {0};
    struct meter_cost server = {0};
    make_account(&l);
    sotto_pbkdf2_init(&l.kdf, password, sizeof password, l.verifier.salt,
                      l.verifier.salt_len, ITERATIONS);
    if (!meter_row("password, 1,000 rounds of PBKDF2", derive, &l) ||
        !meter_measure(client_first, &l, &client) ||
        !meter_measure(server_challenge, &l, &server) ||
        !meter_measure(client_final, &l, &client) ||
        !meter_measure(server_final, &l, &server) ||
        !meter_measure(client_verify, &l, &client)) {
        return false;
    }
    meter_print("password login, client, keys kept", &client);
    meter_print("password login, server", &server);
    return true;
}
