/*
 * frame.h - what a record carries: frames, one after the other.
 *
 *   struct { uint8 type; opaque body<V>; } frame;      (PROTOCOL.md, "Frames")
 *
 * Types below 16 belong to the channel and never reach the application; the
 * others are the application's (chat/message.h). A body that is larger than
 * the room in a record is cut: its first parts travel as CHUNK frames, the last
 * part as a frame of the real type.
 */
#ifndef SOTTO_CHANNEL_FRAME_H
#define SOTTO_CHANNEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sotto_frame_type {
    SOTTO_FRAME_PADDING = 0, /* any bytes, ignored */
    SOTTO_FRAME_CHUNK = 1,   /* a part of a body that goes on */
    SOTTO_FRAME_REKEY = 2,   /* empty, the last of its record: the sender's
                                direction has a new key from the next on */
    SOTTO_FRAME_CLOSE = 3,   /* uint8 reason; the last frame of a direction */
    SOTTO_FRAME_APPLICATION = 16 /* the first type that is not ours */
};

/* Why a side ends the connection (CLOSE). Unknown values read as PROTOCOL. */
enum sotto_close_reason {
    SOTTO_CLOSE_BYE = 0,      /* wanted by the person or program */
    SOTTO_CLOSE_PROTOCOL = 1, /* the other side broke the protocol */
    SOTTO_CLOSE_SHUTDOWN = 2, /* the server ends; come back later */
    SOTTO_CLOSE_TIMEOUT = 3,  /* a deadline passed */
    SOTTO_CLOSE_SLOW = 4,     /* does not read what is sent; resume later */
    SOTTO_CLOSE_REPLACED = 5, /* the same client logged in again */
    SOTTO_CLOSE_OVERLOAD = 6, /* no room; come back later */
    SOTTO_CLOSE_REFUSED = 7,  /* login or registration refused for good */
    SOTTO_CLOSE_REVOKED = 8,  /* what let it in counts no more */
    SOTTO_CLOSE_STORAGE = 9   /* the server cannot store; come back later */
};

/* A whole application message, as it came out of one or more records. */
struct sotto_frame {
    uint8_t type;
    const uint8_t *body; /* borrowed until the next call into the link */
    size_t len;
    bool is_cut; /* its end did not fit: see cuts_long in link.h */
};

#endif
