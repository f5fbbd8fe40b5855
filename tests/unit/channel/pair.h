/*
 * pair.h - two links that talk to each other in memory, for the tests of the
 * channel: fixed keys, fixed "random" bytes, no socket.
 */
#ifndef SOTTO_TESTS_UNIT_CHANNEL_PAIR_H
#define SOTTO_TESTS_UNIT_CHANNEL_PAIR_H

#include "core/channel/link.h"
#include "tests/unit/test.h"

#define PAIR_OUT_MAX                                                           \
    (SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD + SOTTO_HANDSHAKE_MESSAGE_MAX)
#define PAIR_RECORD_MAX (SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_HOST)

/* A random source that counts: each byte is one more than the last. */
struct pair_random {
    uint8_t next;
    bool fails;
};

struct sotto_random pair_random_source(struct pair_random *random);

struct pair_keys {
    uint8_t s_private[32];
    uint8_t s_public[32];
};

/* Keys from a private key of 32 times the same byte. */
void pair_make_keys(struct pair_keys *keys, uint8_t byte);

/* The two ends, and a buffer for what is on its way. */
struct pair {
    struct sotto_link client;
    struct sotto_link server;
    struct pair_keys client_keys;
    struct pair_keys server_keys;
    struct pair_random client_random;
    struct pair_random server_random;
    uint8_t wire[PAIR_RECORD_MAX];
    size_t wire_len;
};

/* Both ends before the first byte; each takes records of `limit` bytes. */
void pair_init(struct pair *pair, enum sotto_suite suite, uint16_t limit);

/* The same for IK: the client dials `server_key`, or the server's own when that
 * is NULL. */
void pair_init_ik(struct pair *pair, enum sotto_suite suite, uint16_t limit,
                  const uint8_t *server_key, bool takes_ik);

/* Moves the output of `from` to the wire. */
void pair_out(struct pair *pair, struct sotto_link *from);

/* Feeds all of the wire to `to`, unit by unit; gives the first error. */
enum sotto_err pair_feed(struct pair *pair, struct sotto_link *to);

/* The whole handshake, as far as OPEN on both sides. */
void pair_open(struct pair *pair, enum sotto_suite suite, uint16_t limit);

/* Lets `from` seal one frame into the wire. */
void pair_send(struct pair *pair, struct sotto_link *from, uint8_t type,
               const void *body, size_t len, uint64_t now_ms);

/* A record of `frames` as they are, good or bad, with the sender's key; gives
 * its length. */
size_t pair_seal(struct sotto_link *from, const uint8_t *frames, size_t len,
                 uint8_t *out);
/* The same, into the wire. */
void pair_send_raw(struct pair *pair, struct sotto_link *from,
                   const uint8_t *frames, size_t len);

/* Expects the next frame to be this one. */
void pair_expect_frame(struct sotto_link *link, uint8_t type, const void *body,
                       size_t len);
/* Expects that there is no frame, and no error. */
void pair_expect_no_frame(struct sotto_link *link);
/* Expects that the link has failed, says so again, and hands nothing out. */
void pair_expect_failed(struct sotto_link *link, enum sotto_err expected);

/* All suites, and their count. */
#define PAIR_SUITES 3
extern const enum sotto_suite pair_suites[PAIR_SUITES];

/* The points of order 1, 2, 4 and 8, and those above p that mean the same: an
 * agreement with any of them gives zeros, whatever the private key. */
#define PAIR_LOW_ORDER 7
extern const uint8_t pair_low_order[PAIR_LOW_ORDER][32];

#endif
