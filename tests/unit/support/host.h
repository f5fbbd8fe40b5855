/*
 * host.h - a client alone, and at the other end of its wire a server that says
 * whatever a test wants, frame by frame.
 */
#ifndef SOTTO_TESTS_UNIT_SUPPORT_HOST_H
#define SOTTO_TESTS_UNIT_SUPPORT_HOST_H

#include "core/chat/client.h"
#include "tests/unit/support/seed.h"

struct host {
    struct sotto_client client;
    struct sotto_client_event event; /* the last one */
    struct sotto_link link;
    struct sotto_scram_server scram;
    struct sotto_verifier verifier;      /* of "password" */
    char proof[SOTTO_SCRAM_MESSAGE_MAX]; /* that it knows that */
    size_t proof_len;
    struct seed seed;
    uint64_t now_ms;
    uint8_t private_key[32];
    uint8_t public_key[32];
    uint8_t memory[3 * SOTTO_RECORD_LIMIT_HOST];
    uint8_t up[4 * SOTTO_RECORD_LIMIT_HOST]; /* what the client wrote */
    size_t up_len;
    size_t up_used;
    uint8_t assembly[SOTTO_FRAME_MAX];
};

/* A client "ann" that has the password, its stream just opened. */
void host_begin(struct host *host);
/* Another stream is open, after the last one has ended. */
void host_dial(struct host *host);
/* The handshake; the key is accepted. */
void host_open(struct host *host);
/* ... and as much of a login as it takes to know each other. */
void host_prove(struct host *host);
/* ... and the login. */
void host_login(struct host *host);
/* ... and JOIN, answered so; returns what JOIN said. */
struct sotto_join host_join(struct host *host, uint64_t first, uint64_t next);
/* ... and CAUGHT_UP. */
void host_enter(struct host *host);
/* The stream breaks; the client dials again, and logs in. */
void host_reconnect(struct host *host);

/* Sends a frame, in parts where it is too long for a record. */
void host_send(struct host *host, uint8_t type, const void *body, size_t len);
void host_send_ack(struct host *host, uint64_t id, uint64_t number);
void host_send_problem(struct host *host, enum sotto_problem problem,
                       uint64_t ref);
/* A message of somebody. */
void host_send_message(struct host *host, uint64_t number, const char *text,
                       size_t len);
/* Bytes as they are. */
void host_send_bytes(struct host *host, const void *bytes, size_t len);
void host_send_close(struct host *host, enum sotto_close_reason reason);

/* Takes what the client writes, up to `most` records. */
void host_fetch(struct host *host, size_t most);
/* The next frame of the client; false when there is none. */
bool host_next(struct host *host, struct sotto_frame *frame);
struct sotto_frame host_expect(struct host *host, uint8_t type);

/* The client's next event is of this kind (in host->event). */
void host_expect_event(struct host *host, enum sotto_client_event_kind kind);
/* It has none. */
void host_expect_no_event(struct host *host);
/* It is CLOSED, with this error. */
void host_expect_closed(struct host *host, enum sotto_err error);

#endif
