#include "tests/unit/auth/talk.h"

#include "core/base/text.h"
#include "tests/unit/test.h"
#include <string.h>

static const char rfc_salted[] = "c4a49510323ab4f952cac1fa99441939"
                                 "e78ea74d6be81ddf7096e87513dc615d";

const struct sotto_scram_binding no_binding = {.flag = 'n'};
static const uint8_t handshake_hash[32] = {1, 2, 3, 4};
const struct sotto_scram_binding noise_binding = {
    .flag = 'p',
    .name = SOTTO_SCRAM_BINDING_NAME,
    .data = handshake_hash,
    .data_len = sizeof handshake_hash,
};

struct talk talk;

void talk_begin(void)
{
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    memset(&talk, 0, sizeof talk);
    assert_int_equal(sotto_hex_decode(rfc_salted, 64, salted, sizeof salted),
                     SOTTO_OK);
    sotto_scram_keys_derive(salted, &talk.keys);
    assert_int_equal(sotto_hex_decode("5b6d99689d12358eeca04b141236fa81", 32,
                                      talk.verifier.salt, 16),
                     SOTTO_OK);
    talk.verifier.salt_len = 16;
    talk.verifier.iterations = 4096;
    sotto_scram_stored_key(&talk.keys, talk.verifier.stored_key);
    memcpy(talk.verifier.server_key, talk.keys.server_key, SOTTO_SCRAM_KEY_LEN);
}

enum sotto_err talk_first(const char *user, size_t len,
                          const struct sotto_scram_binding *binding,
                          const char *nonce)
{
    return sotto_scram_client_first(&talk.client, user, len, binding, nonce,
                                    talk.message, sizeof talk.message,
                                    &talk.len);
}

enum sotto_err talk_client_first(const struct sotto_scram_binding *binding)
{
    return talk_first("user", 4, binding, NONCE);
}

enum sotto_err talk_server_first(const char *in, size_t len,
                                 const struct sotto_scram_binding *binding)
{
    return sotto_scram_server_first(&talk.server, in, len, binding);
}

enum sotto_err talk_challenge(void)
{
    return sotto_scram_server_challenge(&talk.server, &talk.verifier,
                                        OTHER_NONCE, talk.message,
                                        sizeof talk.message, &talk.len);
}

enum sotto_err talk_take_challenge(const char *in, size_t len)
{
    return sotto_scram_client_challenge(&talk.client, in, len, 4096,
                                        SOTTO_SCRAM_ITERATIONS_MAX,
                                        SOTTO_SCRAM_SALT_MIN);
}

enum sotto_err talk_client_final(void)
{
    return sotto_scram_client_final(&talk.client, &talk.keys, talk.message,
                                    sizeof talk.message, &talk.len);
}

enum sotto_err talk_server_final(const char *in, size_t len,
                                 const struct sotto_scram_binding *binding,
                                 bool *binding_failed)
{
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t answer_len = 0;
    enum sotto_err err =
        sotto_scram_server_final(&talk.server, in, len, binding, answer,
                                 sizeof answer, &answer_len, binding_failed);
    if (err == SOTTO_OK) {
        memcpy(talk.message, answer, answer_len);
        talk.len = answer_len;
    }
    return err;
}

void talk_to_challenge(const struct sotto_scram_binding *client_binding,
                       const struct sotto_scram_binding *server_binding)
{
    talk_begin();
    assert_int_equal(talk_client_first(client_binding), SOTTO_OK);
    assert_int_equal(talk_server_first(talk.message, talk.len, server_binding),
                     SOTTO_OK);
    assert_int_equal(talk_challenge(), SOTTO_OK);
    assert_int_equal(talk_take_challenge(talk.message, talk.len), SOTTO_OK);
}
