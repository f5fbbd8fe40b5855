/*
 * mailbox.h - a bounded queue of messages from one thread to one other.
 *
 * A ring of bytes in memory handed in. Messages of any length lie in it one
 * behind the other, each whole and 8-aligned, so that the writer builds one
 * where the reader finds it: nothing is copied in between. Neither side ever
 * waits; a full mailbox says so, and whoever empties it learns that the writer
 * wants to know.
 *
 * Each function says whose it is. One thread may be both.
 */
#ifndef SOTTO_APP_MAILBOX_H
#define SOTTO_APP_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message takes in the ring: a head, and the next multiple of 8. */
#define MAILBOX_SPAN(len) (((size_t)(len) + 15U) & ~(size_t)7U)

/* What one side writes often stays this far from what the other reads. */
#define MAILBOX_APART 64

struct mailbox {
    uint8_t *ring; /* borrowed */
    size_t cap;    /* bytes, a power of two */

    uint8_t apart[MAILBOX_APART];
    size_t head;      /* the writer's: where it goes on; counts all bytes */
    size_t reserved;  /* ... and where the reserved message will end */
    size_t read_seen; /* `read`, when last looked at */
    atomic_size_t written;  /* the reader may read up to here */
    atomic_bool wants_room; /* the writer waits for some */

    uint8_t apart_too[MAILBOX_APART];
    size_t tail;         /* the reader's: where it goes on */
    size_t written_seen; /* `written`, when last looked at */
    size_t most;         /* bytes that were found waiting at a time, at most */
    atomic_size_t read;  /* the writer may overwrite up to here */
};

/* `cap` is a power of two, `memory` that long and 8-aligned. */
void mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap);

/*
 * Writer: whether messages that take `span` bytes together (MAILBOX_SPAN; at
 * most half of the ring) fit now. If not, mailbox_done() will tell the reader
 * that the writer waits.
 */
bool mailbox_has_room(struct mailbox *box, size_t span);

/* Writer: a place for a message of `len` bytes; there is room for it. */
void *mailbox_reserve(struct mailbox *box, size_t len);
/* Writer: it is complete, the reader may have it. */
void mailbox_send(struct mailbox *box);

/* Reader: the oldest message, or NULL when there is none. It stays where it
 * is, and may be changed there, until mailbox_done(). */
void *mailbox_peek(struct mailbox *box, size_t *len);
/* Reader: true once after the writer found no room: wake it. */
bool mailbox_done(struct mailbox *box);

/* Reader: whether there is none. What was sent before whatever made the caller
 * ask is seen. */
bool mailbox_is_empty(struct mailbox *box);

#endif
