/*
 * noise_peer.c - bin/noise_peer: Noise handshakes by this library, one command a
 * line on stdin, one answer a line on stdout; README.md lists the commands.
 */
#include "core/base/secret.h"
#include "core/channel/handshake.h"
#include "port/port.h"
#include "tests/interop/call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE      8
#define TEXT_MAX    65535U
#define KEY_LEN     SOTTO_X25519_LEN
#define PROLOGUE_AT 5

static struct port *port;

/* One side of one conversation. */
static struct party {
    char name[16];
    bool is_split;
    uint8_t s_private[KEY_LEN];
    uint8_t s_public[KEY_LEN];
    struct sotto_handshake handshake;
    struct sotto_cipher_pair ciphers;
} people[PEOPLE];

static uint8_t text[TEXT_MAX];

static struct party *find(const char *name)
{
    size_t at = 0;
    while (at < PEOPLE - 1 && people[at].name[0] != '\0' &&
           strcmp(people[at].name, name) != 0) {
        at++;
    }
    return &people[at];
}

/* A key of 32 bytes, or NULL for "-"; the call keeps it. */
static const uint8_t *key(struct call *call, size_t at)
{
    struct sotto_span bytes = call_bytes(call, at);
    return bytes.len == KEY_LEN ? bytes.at : NULL;
}

/* begin NAME PATTERN CIPHER ROLE PROLOGUE S RS */
static void do_begin(struct call *call, struct party *party)
{
    const char *pattern = call_word(call, 2);
    const char *cipher = call_word(call, 3);
    struct sotto_span prologue = call_bytes(call, PROLOGUE_AT);
    const uint8_t *s = key(call, PROLOGUE_AT + 1);
    struct sotto_handshake_config config = {
        .is_initiator = strcmp(call_word(call, 4), "initiator") == 0,
        .prologue = prologue.at,
        .prologue_len = prologue.len,
        .random = port_random(port),
        .rs = key(call, PROLOGUE_AT + 2),
    };

    memset(party, 0, sizeof *party);
    strncpy(party->name, call_word(call, 1), sizeof party->name - 1);
    if (s != NULL) {
        memcpy(party->s_private, s, KEY_LEN);
        sotto_x25519_public(party->s_private, party->s_public);
        config.s_private = party->s_private;
        config.s_public = party->s_public;
    }
    enum sotto_err err =
        sotto_pattern_find(pattern, strlen(pattern), &config.pattern);
    if (err == SOTTO_OK) {
        err = sotto_suite_find(cipher, strlen(cipher), &config.suite);
    }
    if (err == SOTTO_OK) {
        err = sotto_handshake_init(&party->handshake, &config);
    }
    (void)call_answer(err);
}

static void answer_bytes(enum sotto_err err, const uint8_t *at, size_t len)
{
    if (call_answer(err) == SOTTO_OK) {
        call_print((struct sotto_span){at, len});
    }
}

static bool is_turn(const struct party *party, enum sotto_handshake_state state)
{
    return !party->is_split && party->handshake.state == state;
}

/* write NAME PAYLOAD */
static void do_write(struct call *call, struct party *party)
{
    struct sotto_span payload = call_bytes(call, 2);
    size_t len = 0;
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (is_turn(party, SOTTO_HANDSHAKE_WRITE)) {
        err =
            sotto_handshake_write_message(&party->handshake, payload.at,
                                          payload.len, text, sizeof text, &len);
    }
    answer_bytes(err, text, len);
}

/* read NAME MESSAGE */
static void do_read(struct call *call, struct party *party)
{
    struct sotto_span message = call_bytes(call, 2);
    struct sotto_span payload = {NULL, 0};
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (is_turn(party, SOTTO_HANDSHAKE_READ) && message.len <= sizeof text) {
        memcpy(text, message.at, message.len);
        err = sotto_handshake_read_message(&party->handshake, text, message.len,
                                           &payload);
    }
    answer_bytes(err, payload.at, payload.len);
}

/* split NAME: the handshake hash, and the peer's static key */
static void do_split(struct call *call, struct party *party)
{
    uint8_t out[2 * KEY_LEN];
    enum sotto_err err = SOTTO_ERR_FORMAT;
    (void)call;
    if (is_turn(party, SOTTO_HANDSHAKE_DONE)) {
        memcpy(out, sotto_handshake_hash(&party->handshake), KEY_LEN);
        memcpy(out + KEY_LEN, party->handshake.rs, KEY_LEN);
        sotto_handshake_split(&party->handshake, &party->ciphers);
        party->is_split = true;
        err = SOTTO_OK;
    }
    if (call_answer(err) == SOTTO_OK) {
        call_print((struct sotto_span){out, KEY_LEN});
        call_print((struct sotto_span){out + KEY_LEN, KEY_LEN});
    }
}

/* seal NAME AD TEXT */
static void do_seal(struct call *call, struct party *party)
{
    struct sotto_span ad = call_bytes(call, 2);
    struct sotto_span plain = call_bytes(call, 3);
    struct sotto_cipher *send = &party->ciphers.send;
    size_t len = 0;
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (party->is_split &&
        sotto_cipher_sealed_len(send, plain.len) <= sizeof text) {
        len = sotto_cipher_sealed_len(send, plain.len);
        err = sotto_cipher_encrypt_with_ad(send, ad.at, ad.len, plain.at,
                                           plain.len, text);
    }
    answer_bytes(err, text, len);
}

/* open NAME AD TEXT */
static void do_open(struct call *call, struct party *party)
{
    struct sotto_span ad = call_bytes(call, 2);
    struct sotto_span sealed = call_bytes(call, 3);
    size_t len = 0;
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (party->is_split && sealed.len <= sizeof text) {
        err =
            sotto_cipher_decrypt_with_ad(&party->ciphers.receive, ad.at, ad.len,
                                         sealed.at, sealed.len, text, &len);
    }
    answer_bytes(err, text, len);
}

static void run(struct call *call)
{
    static const struct {
        const char *name;
        void (*run)(struct call *call, struct party *party);
    } commands[] = {{"begin", do_begin}, {"write", do_write},
                    {"read", do_read},   {"split", do_split},
                    {"seal", do_seal},   {"open", do_open}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(call_word(call, 0), commands[i].name) == 0) {
            commands[i].run(call, find(call_word(call, 1)));
            return;
        }
    }
    printf("error unknown command");
}

int main(void)
{
    if (port_open(&port) != SOTTO_OK) {
        return 1;
    }
    call_serve(run);
    port_close(port);
    return 0;
}
