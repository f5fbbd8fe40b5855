/*
 * talk.h - a conversation of SCRAM-SHA-256, one step after the other, with the account
 * of RFC 7677 (section 3): "user", whose password is "pencil".
 */
#ifndef SOTTO_TESTS_UNIT_AUTH_TALK_H
#define SOTTO_TESTS_UNIT_AUTH_TALK_H

#include "core/auth/scram.h"

/* The client's nonce, and what the server adds. */
#define NONCE       "rOprNGfwEbeRWgbNEkqO"
#define OTHER_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

extern const struct sotto_scram_binding no_binding;
extern const struct sotto_scram_binding noise_binding;

extern struct talk {
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    struct sotto_scram_keys keys;
    struct sotto_verifier verifier;
    char message[SOTTO_SCRAM_MESSAGE_MAX]; /* the last that was made */
    size_t len;
} talk;

/* A new conversation: keys and verifier are there, nothing was said. */
void talk_begin(void);

/* The client's first message, and the same for the account and NONCE. */
enum sotto_err talk_first(const char *user, size_t len,
                          const struct sotto_scram_binding *binding,
                          const char *nonce);
enum sotto_err talk_client_first(const struct sotto_scram_binding *binding);
/* The server takes it, and answers. */
enum sotto_err talk_server_first(const char *in, size_t len,
                                 const struct sotto_scram_binding *binding);
enum sotto_err talk_challenge(void);
/* The client takes that, and proves that it has the keys. */
enum sotto_err talk_take_challenge(const char *in, size_t len);
enum sotto_err talk_client_final(void);
/* The server takes the proof, and gives its own. */
enum sotto_err talk_server_final(const char *in, size_t len,
                                 const struct sotto_scram_binding *binding,
                                 bool *binding_failed);

/* Both sides up to and with the challenge at the client. */
void talk_to_challenge(const struct sotto_scram_binding *client_binding,
                       const struct sotto_scram_binding *server_binding);

#endif
