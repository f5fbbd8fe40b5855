/*
 * handshake.h - a Noise handshake in progress: HandshakeState.
 *
 * Driven by the tables of pattern.h. The two sides take turns:
 *
 *   WRITE --write_message--> READ --read_message--> WRITE ... -> DONE -> split
 *         any failure -> FAILED: everything secret is wiped, nothing works
 *
 * Diffie-Hellman results of all zeros (points of low order) are refused, which
 * Noise leaves open (12.1). Ephemeral keys come from the random bytes that the
 * caller hands in, so a test fixes them by handing in known ones.
 *
 * Size: one cipher (struct sotto_cipher: most of it on a host, a third on a
 * board), 64 bytes of ck and h, and 96 of keys. A pair of transport ciphers may
 * take its place (see sotto_handshake_split()).
 * After: Noise revision 34, section 5.3.
 */
#ifndef SOTTO_CHANNEL_HANDSHAKE_H
#define SOTTO_CHANNEL_HANDSHAKE_H

#include "core/base/reader.h"
#include "core/channel/pattern.h"
#include "core/channel/symmetric.h"
#include "core/crypto/x25519.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_PSK_LEN 32

/* The longest "Noise_PATTERN_25519_CIPHER_SHA256". */
#define SOTTO_PROTOCOL_NAME_MAX (SOTTO_PATTERN_NAME_MAX + 32)

enum sotto_handshake_state {
    SOTTO_HANDSHAKE_WRITE, /* it is our turn to write */
    SOTTO_HANDSHAKE_READ,  /* the peer's message is next */
    SOTTO_HANDSHAKE_DONE,  /* the last message went through: split */
    SOTTO_HANDSHAKE_FAILED
};

struct sotto_handshake_config {
    bool is_initiator;
    struct sotto_pattern pattern;
    enum sotto_suite suite;
    const uint8_t *prologue;
    size_t prologue_len;
    struct sotto_random random; /* for the ephemeral key */
    /* 32 bytes each; NULL where the pattern has no use for them. Our own are
     * borrowed until the handshake is done. */
    const uint8_t *s_private;
    const uint8_t *s_public;
    const uint8_t *rs; /* the peer's, when known beforehand; copied */
    /* psk_count times 32 bytes, in the order of use; borrowed until the
     * handshake is done. */
    const uint8_t *psks;
    size_t psk_count;
};

struct sotto_handshake {
    enum sotto_handshake_state state;
    bool is_initiator;
    uint8_t psks_used;
    struct sotto_pattern pattern;
    struct sotto_pattern_cursor cursor;
    struct sotto_random random;
    const uint8_t *psks; /* borrowed, as the two that follow */
    const uint8_t *s_private;
    const uint8_t *s_public;
    uint8_t e_private[SOTTO_X25519_LEN];
    uint8_t rs[SOTTO_X25519_LEN]; /* the peer's static key, once known */
    uint8_t re[SOTTO_X25519_LEN];
    struct sotto_symmetric symmetric;
};

/* Writes the protocol name without a final zero; returns its length. */
size_t sotto_protocol_name(const struct sotto_pattern *pattern,
                           enum sotto_suite suite,
                           char out[static SOTTO_PROTOCOL_NAME_MAX]);

/*
 * Initialize, with the pre-messages. NOT_FOUND when a key that the pattern
 * needs is missing, or the number of psks is another: the state is FAILED.
 */
enum sotto_err sotto_handshake_init(struct sotto_handshake *handshake,
                                    const struct sotto_handshake_config *config)
    SOTTO_MUST_CHECK;

void sotto_handshake_wipe(struct sotto_handshake *handshake);

/* How long the next message (ours or the peer's) is with `payload_len` bytes
 * of payload. In state WRITE or READ. */
size_t sotto_handshake_message_len(const struct sotto_handshake *handshake,
                                   size_t payload_len);

/*
 * WriteMessage, in state WRITE. `payload` may be NULL when `payload_len` is 0.
 * SPACE when `cap` is less than sotto_handshake_message_len(): nothing has
 * happened. RANDOM, CRYPTO, and AUTH (a low-order key of the peer's) are
 * final; `out` is then wiped.
 */
enum sotto_err sotto_handshake_write_message(struct sotto_handshake *handshake,
                                             const uint8_t *payload,
                                             size_t payload_len, uint8_t *out,
                                             size_t cap, size_t *len)
    SOTTO_MUST_CHECK;

/*
 * ReadMessage, in state READ. The message is opened in place; `*payload` is
 * the part of `in` that holds the plaintext. FORMAT when it is too short, AUTH
 * when a tag is wrong or a key of low order: final, `in` is then wiped.
 */
enum sotto_err sotto_handshake_read_message(struct sotto_handshake *handshake,
                                            uint8_t *in, size_t len,
                                            struct sotto_span *payload)
    SOTTO_MUST_CHECK;

/* The handshake hash, for channel binding: 32 bytes. In state DONE. */
const uint8_t *sotto_handshake_hash(const struct sotto_handshake *handshake);

/*
 * Split, in state DONE: makes the transport keys and wipes the handshake.
 * `pair` may lie over the handshake itself, as two members of a union do. In a
 * one-way pattern the responder's `send` and the initiator's `receive` are not
 * to be used.
 */
void sotto_handshake_split(struct sotto_handshake *handshake,
                           struct sotto_cipher_pair *pair);

#endif
