/*
 * feed.h - the recent entries of a room, each framed once for everybody.
 *
 * A ring of ready frames in memory handed in. Every connection holds a cursor
 * into it, so that a delivery costs no queue and no copy until the record is
 * made. A reader that falls behind the ring is told so and goes on from the
 * log.
 */
#ifndef SOTTO_CHAT_FEED_H
#define SOTTO_CHAT_FEED_H

#include "core/base/reader.h"
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_feed {
    uint8_t *ring;   /* borrowed */
    size_t cap;      /* bytes, a power of two */
    uint64_t head;   /* where the next item goes; counts all bytes ever put */
    uint64_t tail;   /* where the oldest whole item begins */
    uint64_t lost;   /* where the newest item ended that is gone */
    uint64_t next;   /* a number above the newest item's */
    uint64_t oldest; /* every item with this number or higher is here */
};

/* Where a reader stands. */
struct sotto_cursor {
    uint64_t at; /* position of the next item, as head and tail */
};

struct sotto_feed_item {
    uint64_t number;         /* the entry's */
    uint64_t instance;       /* of the client that posted it, 0 for none */
    struct sotto_span frame; /* type, length, body; borrowed until put() */
    uint64_t position;       /* the feed's own */
};

/* `cap` is a power of two of at least 3 * SOTTO_FRAME_MAX bytes: an item, what
 * it leaves empty at the ring's end, and one for readers. `next` is the
 * number from which on entries will be put. */
void sotto_feed_init(struct sotto_feed *feed, uint8_t *ring, size_t cap,
                     uint64_t next);

/* Adds an entry; numbers only go up. Old ones make room. */
void sotto_feed_put(struct sotto_feed *feed,
                    const struct sotto_feed_item *item);

/* Sets a cursor so that the next item read is the first with a number of at
 * least `from`; false when items from there on are no longer in the ring. */
bool sotto_feed_seek(const struct sotto_feed *feed, uint64_t from,
                     struct sotto_cursor *cursor);

/*
 * Looks at the item under the cursor, without moving it. NOT_FOUND: the reader
 * has read everything. LIMIT: the ring has gone over the cursor.
 */
enum sotto_err sotto_feed_peek(const struct sotto_feed *feed,
                               const struct sotto_cursor *cursor,
                               struct sotto_feed_item *item) SOTTO_MUST_CHECK;

/* Moves past the item that was peeked at. */
void sotto_feed_skip(struct sotto_cursor *cursor,
                     const struct sotto_feed_item *item);

#endif
