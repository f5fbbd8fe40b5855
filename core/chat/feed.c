#include "core/chat/feed.h"

#include "core/base/assert.h"
#include <string.h>

/*
 * Items lie one behind the other, 8-aligned, and never wrap: when one does not
 * fit before the ring's end, a filler with length 0 covers the rest.
 */
struct head {
    uint64_t number;
    uint64_t instance;
    uint64_t len; /* of the frame; 0 for a filler up to the ring's end */
};

static size_t span_of(size_t frame_len)
{
    return sizeof(struct head) + ((frame_len + 7U) & ~(size_t)7U);
}

static size_t offset_of(const struct sotto_feed *feed, uint64_t at)
{
    return (size_t)(at & (feed->cap - 1));
}

static size_t to_end(const struct sotto_feed *feed, uint64_t at)
{
    return feed->cap - offset_of(feed, at);
}

static struct head head_at(const struct sotto_feed *feed, uint64_t at)
{
    struct head head;
    memcpy(&head, feed->ring + offset_of(feed, at), sizeof head);
    return head;
}

/* A place too short for a head is a filler without one. */
static bool is_filler(const struct sotto_feed *feed, uint64_t at)
{
    return to_end(feed, at) < sizeof(struct head) || head_at(feed, at).len == 0;
}

static uint64_t past_fillers(const struct sotto_feed *feed, uint64_t at)
{
    if (at < feed->head && is_filler(feed, at)) {
        at += to_end(feed, at);
    }
    return at;
}

static uint64_t after(const struct sotto_feed *feed, uint64_t at)
{
    return past_fillers(feed, at + span_of((size_t)head_at(feed, at).len));
}

void sotto_feed_init(struct sotto_feed *feed, uint8_t *ring, size_t cap,
                     uint64_t next)
{
    SOTTO_ASSERT((cap & (cap - 1)) == 0);
    *feed = (struct sotto_feed){.cap = cap, .next = next, .oldest = next};
    feed->ring = ring;
}

/* Drops the oldest items until `need` bytes are free. */
static void make_room(struct sotto_feed *feed, size_t need)
{
    while (feed->head - feed->tail + need > feed->cap) {
        feed->tail = past_fillers(feed, feed->tail);
        if (feed->tail >= feed->head) {
            feed->tail = feed->head;
            break;
        }
        const struct head gone = head_at(feed, feed->tail);
        feed->oldest = gone.number + 1;
        feed->lost = feed->tail + span_of((size_t)gone.len);
        feed->tail = past_fillers(feed, feed->lost);
    }
}

void sotto_feed_put(struct sotto_feed *feed, const struct sotto_feed_item *item)
{
    size_t need = span_of(item->frame.len);
    SOTTO_ASSERT(need <= feed->cap / 2);
    SOTTO_ASSERT(item->number >= feed->next);
    SOTTO_ASSERT(item->frame.len > 0);

    size_t room = to_end(feed, feed->head);
    if (room < need) {
        make_room(feed, room);
        if (room >= sizeof(struct head)) {
            struct head filler = {0};
            memcpy(feed->ring + offset_of(feed, feed->head), &filler,
                   sizeof filler);
        }
        feed->head += room;
    }
    make_room(feed, need);

    struct head head = {item->number, item->instance, item->frame.len};
    uint8_t *place = feed->ring + offset_of(feed, feed->head);
    memcpy(place, &head, sizeof head);
    memcpy(place + sizeof head, item->frame.at, item->frame.len);
    feed->head += need;
    feed->next = item->number + 1;
}

bool sotto_feed_seek(const struct sotto_feed *feed, uint64_t from,
                     struct sotto_cursor *cursor)
{
    if (from >= feed->next) {
        cursor->at = feed->head;
        return true;
    }
    if (from < feed->oldest) {
        return false;
    }
    /* A walk from the oldest: readers seek once, when they catch up. */
    uint64_t at = past_fillers(feed, feed->tail);
    while (at < feed->head && head_at(feed, at).number < from) {
        at = after(feed, at);
    }
    cursor->at = at;
    return true;
}

enum sotto_err sotto_feed_peek(const struct sotto_feed *feed,
                               const struct sotto_cursor *cursor,
                               struct sotto_feed_item *item)
{
    if (cursor->at < feed->lost) {
        return SOTTO_ERR_LIMIT;
    }
    /* A filler before the tail may have been written over. */
    uint64_t at =
        cursor->at < feed->tail ? feed->tail : past_fillers(feed, cursor->at);
    if (at >= feed->head) {
        return SOTTO_ERR_NOT_FOUND;
    }
    struct head head = head_at(feed, at);
    item->number = head.number;
    item->instance = head.instance;
    item->frame.at = feed->ring + offset_of(feed, at) + sizeof head;
    item->frame.len = (size_t)head.len;
    item->position = at;
    return SOTTO_OK;
}

void sotto_feed_skip(struct sotto_cursor *cursor,
                     const struct sotto_feed_item *item)
{
    cursor->at = item->position + span_of(item->frame.len);
}
