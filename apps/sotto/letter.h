/*
 * letter.h - what the hub and a worker with a thread of its own send each
 * other: requests and replies with what they point to, and a few words more.
 *
 *     mailbox message = struct letter | body, by kind | text pointed to
 *
 * A letter is written and read in its mailbox; what was read points into it.
 */
#ifndef SOTTO_APP_LETTER_H
#define SOTTO_APP_LETTER_H

#include "apps/sotto/mailbox.h"
#include "core/chat/hub.h"
#include "port/port.h"

enum letter_kind {
    /* to the hub */
    LETTER_REQUEST, /* of the session in that seat */
    LETTER_LEAVE,   /* the connection is closed, the seat is free */
    /* to a worker */
    LETTER_WELCOME,   /* stream: somebody came, for that seat */
    LETTER_REPLY,     /* for the session in that seat */
    LETTER_ENTRY,     /* item: for the feed */
    LETTER_SEND_AWAY, /* close that seat's connection */
    LETTER_CLOSE_ALL  /* reason: say goodbye to everybody */
};

struct letter {
    enum letter_kind kind;
    struct sotto_seat_id seat;
    uint32_t reason;
};

/* Room that a letter takes: any to a worker; a request; a leave. */
#define LETTER_ROOM_MAX                                                        \
    MAILBOX_SPAN(sizeof(struct letter) + sizeof(struct sotto_reply) +          \
                 SOTTO_HUB_PAGE_MAX + (size_t)2 * SOTTO_NAME_MAX)
#define LETTER_ROOM_REQUEST                                                    \
    MAILBOX_SPAN(sizeof(struct letter) + sizeof(struct sotto_request) +        \
                 SOTTO_FRAME_MAX + SOTTO_DEVICE_ID_LEN)
#define LETTER_ROOM_LEAVE MAILBOX_SPAN(sizeof(struct letter))

/* Each writes and sends one; there is room. */
void letter_send(struct mailbox *box, const struct letter *letter);
void letter_send_request(struct mailbox *box, struct sotto_seat_id seat,
                         const struct sotto_request *request);
void letter_send_reply(struct mailbox *box, const struct sotto_reply *reply);
void letter_send_entry(struct mailbox *box, const struct sotto_feed_item *item);
void letter_send_stream(struct mailbox *box, struct sotto_seat_id seat,
                        struct port_stream *stream);

/* The oldest one, or NULL; until letter_done(), which erases what it held when
 * that may have been secret, and answers as mailbox_done(). */
const struct letter *letter_peek(struct mailbox *box);
bool letter_done(struct mailbox *box);

/* What it holds, by its kind; valid as long as the letter. */
void letter_read_request(const struct letter *letter,
                         struct sotto_request *request);
void letter_read_reply(const struct letter *letter, struct sotto_reply *reply);
void letter_read_entry(const struct letter *letter,
                       struct sotto_feed_item *item);
struct port_stream *letter_read_stream(const struct letter *letter);

#endif
