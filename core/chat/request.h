/*
 * request.h - what sessions ask of the hub, and what it answers.
 *
 * Sessions (one for each connection) and the hub (rooms, accounts, logs) meet
 * in these two structs only, so that they may live in one thread, where a
 * request is a plain call, or in several, with mailboxes between.
 */
#ifndef SOTTO_CHAT_REQUEST_H
#define SOTTO_CHAT_REQUEST_H

#include "core/auth/scram.h"
#include "core/base/reader.h"
#include "core/chat/feed.h"
#include "core/chat/message.h"
#include <stdbool.h>
#include <stdint.h>

/* The most bytes of an ACK's or a post's PROBLEM's frame. */
#define SOTTO_ACK_FRAME_MAX 24

/* Which connection: a place below the greatest number of sessions, and a
 * count that tells its present user from earlier ones. */
struct sotto_seat_id {
    uint32_t place;
    uint32_t generation;
};

enum sotto_request_kind {
    SOTTO_REQUEST_NONE = 0,
    SOTTO_REQUEST_LOOKUP,   /* a login begins        -> ACCOUNT, PROBLEM */
    SOTTO_REQUEST_LOGIN,    /* the proof fitted, or not -> LOGGED_IN, PROBLEM */
    SOTTO_REQUEST_REGISTER, /*                       -> REGISTERED, PROBLEM */
    SOTTO_REQUEST_JOIN,     /*                       -> JOINED, PROBLEM */
    SOTTO_REQUEST_FETCH,    /* entries of the past   -> PAGE */
    SOTTO_REQUEST_POST,     /*                       -> ACK later, PROBLEM */
    SOTTO_REQUEST_WHO,      /*                       -> PAGE */
    SOTTO_REQUEST_DEVICE    /* about devices         -> DEVICE, PROBLEM */
};

struct sotto_request {
    enum sotto_request_kind kind;
    union {
        struct sotto_span name;    /* LOOKUP */
        struct sotto_span account; /* REGISTER: encoded, see message.h */
        struct sotto_join join;    /* JOIN */
        struct sotto_post post;    /* POST */
        struct {                   /* LOGIN */
            bool proof_ok;
            const struct sotto_verifier *verifier; /* what was proved */
        };
        struct { /* FETCH, WHO */
            uint16_t room;
            uint64_t from;     /* FETCH: a number; WHO: 0, then PAGE's next */
            size_t room_bytes; /* the most frames that the page may hold */
        };
        struct {                    /* DEVICE */
            uint8_t type;           /* of the frame; 0: a device knocks (IK) */
            struct sotto_span body; /* encoded, see message_devices.h */
            struct sotto_span key;  /* the connection's peer, 32 bytes */
        } device;
    };
};

enum sotto_reply_kind {
    SOTTO_REPLY_NONE = 0,
    SOTTO_REPLY_ACCOUNT,    /* verifier: real or made up */
    SOTTO_REPLY_LOGGED_IN,  /* name */
    SOTTO_REPLY_REGISTERED, /* name; durable */
    SOTTO_REPLY_JOINED,     /* joined */
    SOTTO_REPLY_PAGE,       /* frames, next, is_last */
    SOTTO_REPLY_ACK,        /* ack */
    SOTTO_REPLY_PROBLEM,    /* problem, ref, detail */
    SOTTO_REPLY_KICK,       /* close with reason */
    SOTTO_REPLY_DEVICE, /* frames to send, and a name: logged in; both may be
                               empty: it may come in */
    SOTTO_REPLY_TAKEN,  /* nothing to do: a change was made, see `about`. Its
                               answer comes when it is stored */
    SOTTO_REPLY_ENTRY   /* to nobody and all: a new item for the feed */
};

/* Why a device is not let in: for the server's log, its client is not told. */
enum sotto_why {
    SOTTO_WHY_NONE,
    SOTTO_WHY_KEY,      /* is no device's, or was revoked */
    SOTTO_WHY_CODE,     /* was not made, or used, or replaced, or revoked */
    SOTTO_WHY_EXPIRED,  /* the code came too late */
    SOTTO_WHY_DISABLED, /* its account is */
    SOTTO_WHY_ACCOUNT   /* is another one than its client says */
};

struct sotto_reply {
    enum sotto_reply_kind kind;
    struct sotto_seat_id seat; /* but for ENTRY */
    struct sotto_verifier verifier;
    struct sotto_span name;   /* LOGGED_IN, REGISTERED, DEVICE, TAKEN; PROBLEM,
                                 for the log; borrowed until the hub's next call */
    struct sotto_span device; /* for the log: its name; borrowed likewise */
    uint8_t about;            /* TAKEN: the frame's type */
    bool is_all;              /* TAKEN: all devices were revoked */
    enum sotto_why why;       /* PROBLEM */
    struct sotto_joined joined;
    struct sotto_span frames; /* whole frames; borrowed likewise */
    uint64_t next;            /* PAGE: go on here */
    bool is_last;             /* PAGE: nothing more for now */
    uint16_t promised;        /* PAGE: ACKs that will follow later */
    uint16_t entries;         /* PAGE: of the room, in `frames` */
    bool is_promised;         /* ACK, PROBLEM: one of those */
    uint32_t pause_ms;        /* ACK: take nothing for so long */
    struct sotto_ack ack;
    struct sotto_error problem;
    enum sotto_close_reason reason;
    struct sotto_feed_item item; /* ENTRY */
};

#endif
