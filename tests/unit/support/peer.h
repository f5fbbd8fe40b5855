/*
 * peer.h - somebody at the end of a wire who says to the server of a world
 * whatever a test wants, frame by frame.
 */
#ifndef SOTTO_TESTS_UNIT_SUPPORT_PEER_H
#define SOTTO_TESTS_UNIT_SUPPORT_PEER_H

#include "tests/unit/support/world.h"

struct peer {
    struct world *world;
    struct world_wire *wire;
    struct sotto_link link;
    struct sotto_scram_client scram;
    uint8_t private_key[32];
    uint8_t public_key[32];
    uint8_t in[SOTTO_RECORD_LIMIT_HOST + SOTTO_RECORD_HEAD];
    size_t in_len;
    size_t in_used; /* by the record that frames are read from */
    uint8_t assembly[SOTTO_FRAME_MAX];
};

/* A wire, and nothing said on it yet. */
void peer_dial(struct peer *peer, struct world *world);
/* The handshake as well. */
void peer_open(struct peer *peer, struct world *world);
/* Ends the wire. */
void peer_hang_up(struct peer *peer);

/* Bytes as they are. */
void peer_send_bytes(struct peer *peer, const void *bytes, size_t len);
/* A frame in a record of its own, cut where it is too long. */
void peer_send(struct peer *peer, uint8_t type, const void *body, size_t len);

/* A frame in a record that is on the wire, and not looked at yet. */
void peer_put(struct peer *peer, uint8_t type, const void *body, size_t len);

/* Whole frames, in one record. */
void peer_send_frames(struct peer *peer, const void *frames, size_t len);

/* Lets the server work, and feeds the link one unit of what came: `in_used` is
 * its length, 0 when there is no whole one. */
enum sotto_err peer_take(struct peer *peer);
/* Lets the server work, and gives the next frame; false when there is none.
 * The frame is valid until the next call. */
bool peer_next(struct peer *peer, struct sotto_frame *frame);
/* The next frame is of this type. */
struct sotto_frame peer_expect(struct peer *peer, uint8_t type);
/* The next frame is ERROR with this problem. */
struct sotto_error peer_expect_problem(struct peer *peer,
                                       enum sotto_problem problem);
/* The next that comes is CLOSE with this reason, and the end of the wire. */
void peer_expect_close(struct peer *peer, enum sotto_close_reason reason);
/* Nothing more comes but the end of the wire. */
void peer_expect_end(struct peer *peer);

/* A login with its four messages; expects WELCOME. */
void peer_login(struct peer *peer, const char *name, const char *password);
/* The first message of a login; `flag`, as a client without binding says it. */
void peer_send_first(struct peer *peer, const char *name);
/* The second one, in answer to the challenge that has to come, or has. */
void peer_send_proof(struct peer *peer, const char *password);
void peer_prove(struct peer *peer, const struct sotto_frame *challenge,
                const char *password);
/* ... which is not sent yet; its length. */
size_t peer_make_proof(struct peer *peer, const struct sotto_frame *challenge,
                       const char *password,
                       char text[static SOTTO_SCRAM_MESSAGE_MAX]);
/* The keys that a challenge asks for. */
void peer_derive(const struct peer *peer, const char *password,
                 struct sotto_scram_keys *keys);
/* JOIN; expects JOINED. */
struct sotto_joined peer_join(struct peer *peer, uint64_t instance,
                              uint64_t from, uint16_t history);
/* All of that, for somebody whose password is "password" and who asks for nothing
 * of the past; expects CAUGHT_UP. */
void peer_enter(struct peer *peer, struct world *world, const char *name,
                uint64_t instance);
void peer_post(struct peer *peer, uint64_t id, const char *text);

#endif
