/*
 * message.h - what client and server say to each other once a link is open.
 *
 * One struct and one encoder and decoder for each frame type. Encoders write
 * the body of the frame; spans in decoded structs borrow the body. Every
 * decoder refuses trailing bytes and lengths outside the named limits with
 * FORMAT. Bytes: PROTOCOL.md, "Logging in", "Registering", "Rooms".
 */
#ifndef SOTTO_CHAT_MESSAGE_H
#define SOTTO_CHAT_MESSAGE_H

#include "core/auth/scram.h"
#include "core/base/reader.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/channel/frame.h"
#include <sotto/err.h>
#include <sotto/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frame types; those below 32 go to the server, AUTH and PING both ways. */
enum sotto_message_type {
    SOTTO_MSG_AUTH = 16,     /* a SCRAM message, the text itself */
    SOTTO_MSG_REGISTER = 17, /* sotto_register */
    SOTTO_MSG_JOIN = 18,     /* sotto_join */
    SOTTO_MSG_POST = 19,     /* sotto_post */
    SOTTO_MSG_WHO = 20,      /* uint16 room */
    SOTTO_MSG_PING = 21,     /* up to 8 bytes, sent back as PONG */
    /* message_devices.h: */
    SOTTO_MSG_DEVICE_LOGIN = 22, /* an account's name, or none; with IK */
    SOTTO_MSG_ENROL = 23,        /* a code, SOTTO_DEVICE_CODE_LEN bytes */
    SOTTO_MSG_DEVICE_ADD = 24,   /* a name for the key of this handshake */
    SOTTO_MSG_EXPECT = 25,       /* sotto_expect */
    SOTTO_MSG_REVOKE = 26,       /* a device's name, or none for all */
    SOTTO_MSG_DEVICES = 27,      /* empty: list them */
    SOTTO_MSG_PASSWORD = 28,     /* sotto_new_password */

    SOTTO_MSG_REGISTERED = 32, /* empty: the account is stored */
    SOTTO_MSG_WELCOME = 33,    /* sotto_welcome: logged in */
    SOTTO_MSG_ERROR = 34,      /* sotto_error */
    SOTTO_MSG_JOINED = 35,     /* sotto_joined */
    SOTTO_MSG_MESSAGE = 36,    /* sotto_entry with text */
    SOTTO_MSG_ENTERED = 37,    /* sotto_entry: somebody joined */
    SOTTO_MSG_LEFT = 38,       /* sotto_entry: somebody left */
    SOTTO_MSG_CAUGHT_UP = 39,  /* uint16 room: the past ends, now is live */
    SOTTO_MSG_ACK = 40,        /* sotto_ack */
    SOTTO_MSG_PRESENT = 41,    /* sotto_present: one page of who */
    SOTTO_MSG_PONG = 42,       /* the bytes of a PING */
    /* message_devices.h: */
    SOTTO_MSG_ENROLLED = 43,   /* sotto_enrolled; WELCOME follows */
    SOTTO_MSG_DONE = 44,       /* uint8: the type of what was asked; durable */
    SOTTO_MSG_DEVICE_LIST = 45 /* sotto_device_item up to the end */
};

#define SOTTO_ROOM_NAME_MAX 32
#define SOTTO_CODE_MAX      64 /* bytes of an invitation code */
#define SOTTO_PING_MAX      8
#define SOTTO_PRESENT_MAX   512 /* bytes of one page of names */

/* The room everybody is in. */
#define SOTTO_LOBBY      0
#define SOTTO_LOBBY_NAME "#lobby"

/* The most bytes of an entry's frame: what is not its text, and in all. */
#define SOTTO_ENTRY_HEAD_MAX 64
#define SOTTO_FRAME_MAX      (SOTTO_ENTRY_HEAD_MAX + SOTTO_MAX_TEXT)

/* What can be wrong with a request, in ERROR. */
enum sotto_problem {
    SOTTO_PROBLEM_NONE = 0,
    SOTTO_PROBLEM_LOGIN = 1,      /* no such account, or wrong password */
    SOTTO_PROBLEM_DISABLED = 2,   /* right password, account disabled */
    SOTTO_PROBLEM_THROTTLED = 3,  /* too many attempts: `detail` ms to wait */
    SOTTO_PROBLEM_NAME_TAKEN = 4, /* registration */
    SOTTO_PROBLEM_NAME_BAD = 5,   /* not a name that is allowed */
    SOTTO_PROBLEM_CLOSED = 6,     /* registration is closed */
    SOTTO_PROBLEM_CODE = 7,       /* wrong or missing invitation code */
    SOTTO_PROBLEM_FULL = 8,       /* no room for more accounts or members */
    SOTTO_PROBLEM_STORAGE = 9,    /* cannot be stored now; disk full */
    SOTTO_PROBLEM_ROOM = 10,      /* no such room, or not in it */
    SOTTO_PROBLEM_TEXT = 11,      /* empty, too long, or not UTF-8 */
    SOTTO_PROBLEM_WEAK = 12,      /* too few iterations or too short a salt */
    SOTTO_PROBLEM_DEVICE_TAKEN = 13,   /* that name or key is a device's */
    SOTTO_PROBLEM_DEVICE_UNKNOWN = 14, /* no such device, or code */
    SOTTO_PROBLEM_PASSWORD = 15, /* only after a login with the password */
    SOTTO_PROBLEM_UNSURE = 255   /* a client's own, never sent: `ref` may or may
                                  not have been said; the part of the log that
                                  would tell is gone */
};

struct sotto_register {
    struct sotto_span name;
    struct sotto_verifier verifier;
    struct sotto_span code; /* may be empty */
};

struct sotto_join {
    struct sotto_span room; /* its name */
    uint64_t instance;      /* random, of this run of the client, not 0 */
    uint64_t from;          /* the first number wanted; 0: nothing was seen */
    uint16_t history;       /* with from 0: how many past entries to show */
};

struct sotto_post {
    uint16_t room;
    uint64_t id; /* the client's own, increasing in an instance, not 0 */
    struct sotto_span text;
};

struct sotto_welcome {
    struct sotto_span name; /* the account that is logged in */
    uint16_t max_text;      /* the longest text this server takes */
};

struct sotto_error {
    uint16_t problem;
    uint64_t ref;    /* the id of the POST it is about, or 0 */
    uint32_t detail; /* see enum sotto_problem */
};

struct sotto_joined {
    uint16_t room;
    struct sotto_span name;
    uint64_t first; /* the first number that will be sent from the past; more
                       than `from` of JOIN when older entries are gone */
    uint64_t next;  /* the number the room's next entry had at this moment */
};

struct sotto_entry {
    uint16_t room;
    uint64_t number;
    uint32_t time_s; /* since 1970, or SOTTO_TIME_UNKNOWN */
    struct sotto_span sender;
    struct sotto_span text; /* MESSAGE only */
};

struct sotto_ack {
    uint16_t room;
    uint64_t id;
    uint64_t number;
};

/* PRESENT: uint16 room, uint8 last page, then opaque name<V> up to the end;
 * SOTTO_PRESENT_MAX bytes at most. */
struct sotto_present {
    uint16_t room;
    bool is_last;
    struct sotto_span names; /* take apart with sotto_present_next() */
};

/* A verifier in REGISTER and PASSWORD: salt, iterations, keys. */
void sotto_write_verifier(struct sotto_writer *w,
                          const struct sotto_verifier *verifier);
void sotto_read_verifier(struct sotto_reader *r,
                         struct sotto_verifier *verifier);

void sotto_register_encode(struct sotto_writer *w,
                           const struct sotto_register *msg);
enum sotto_err sotto_register_decode(struct sotto_register *msg,
                                     const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

void sotto_join_encode(struct sotto_writer *w, const struct sotto_join *msg);
enum sotto_err sotto_join_decode(struct sotto_join *msg, const uint8_t *in,
                                 size_t len) SOTTO_MUST_CHECK;

void sotto_post_encode(struct sotto_writer *w, const struct sotto_post *msg);
/* An empty or too long text is decoded: the server answers it with TEXT. */
enum sotto_err sotto_post_decode(struct sotto_post *msg, const uint8_t *in,
                                 size_t len) SOTTO_MUST_CHECK;

void sotto_room_encode(struct sotto_writer *w, uint16_t room);
enum sotto_err sotto_room_decode(uint16_t *room, const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

void sotto_welcome_encode(struct sotto_writer *w,
                          const struct sotto_welcome *msg);
enum sotto_err sotto_welcome_decode(struct sotto_welcome *msg,
                                    const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

void sotto_error_encode(struct sotto_writer *w, const struct sotto_error *msg);
enum sotto_err sotto_error_decode(struct sotto_error *msg, const uint8_t *in,
                                  size_t len) SOTTO_MUST_CHECK;

void sotto_joined_encode(struct sotto_writer *w,
                         const struct sotto_joined *msg);
enum sotto_err sotto_joined_decode(struct sotto_joined *msg, const uint8_t *in,
                                   size_t len) SOTTO_MUST_CHECK;

/* `type` is MESSAGE, ENTERED or LEFT: only the first has a text. */
void sotto_entry_encode(struct sotto_writer *w, uint8_t type,
                        const struct sotto_entry *msg);
enum sotto_err sotto_entry_decode(struct sotto_entry *msg, uint8_t type,
                                  const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

void sotto_ack_encode(struct sotto_writer *w, const struct sotto_ack *msg);
enum sotto_err sotto_ack_decode(struct sotto_ack *msg, const uint8_t *in,
                                size_t len) SOTTO_MUST_CHECK;

enum sotto_err sotto_present_decode(struct sotto_present *msg,
                                    const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;
/* The next name of a page; false at its end. */
bool sotto_present_next(struct sotto_present *msg, struct sotto_span *name);

/* Writes a whole frame: type, length and body. SPACE, and nothing written. */
enum sotto_err sotto_frame_encode(struct sotto_writer *w, uint8_t type,
                                  const uint8_t *body, size_t len)
    SOTTO_MUST_CHECK;

#endif
