/*
 * queue.h - what a client has said and the server has not acknowledged.
 *
 * Posts in the order of their ids, each kept as the body of its frame until
 * it is settled (acknowledged or refused). A new connection begins again at the
 * oldest that is not. Memory is the caller's.
 */
#ifndef SOTTO_CHAT_QUEUE_H
#define SOTTO_CHAT_QUEUE_H

#include "core/base/reader.h"
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_queue {
    uint8_t *memory; /* borrowed */
    size_t cap;
    size_t head;    /* the oldest post that is not settled */
    size_t send_at; /* the next to be sent */
    size_t tail;    /* where the next one goes */
    size_t count;   /* posts that are not settled */
    uint64_t next_id;
};

struct sotto_queue_item {
    uint64_t id;
    struct sotto_span body; /* of a POST frame; borrowed until the next push */
};

void sotto_queue_init(struct sotto_queue *queue, uint8_t *memory, size_t cap);

/* Adds a post to `room` and gives it an id, from 1 on. SPACE. */
enum sotto_err sotto_queue_push(struct sotto_queue *queue, uint16_t room,
                                const uint8_t *text, size_t len, uint64_t *id)
    SOTTO_MUST_CHECK;

/* The next post to send; false when all were. */
bool sotto_queue_peek(struct sotto_queue *queue, struct sotto_queue_item *item);
/* It was sent, when everything up to the entry `seen` had been read. */
void sotto_queue_sent(struct sotto_queue *queue, uint64_t seen);

/* The post is acknowledged or refused; false when it is not in the queue, or
 * was never sent. */
bool sotto_queue_settle(struct sotto_queue *queue, uint64_t id);

/* A new connection: everything that is not settled is sent again. */
void sotto_queue_rewind(struct sotto_queue *queue);

/* What had been read when the oldest unsettled post was first sent: its own
 * number in the room, if it has one, is higher. False when none was sent. */
bool sotto_queue_since(const struct sotto_queue *queue, uint64_t *seen);

/* The oldest unsettled post that was sent and may have got a number below
 * `first`; false when there is none. */
bool sotto_queue_unsure(const struct sotto_queue *queue, uint64_t first,
                        uint64_t *id);

/* The room has begun anew: no post that is not settled is in it. */
void sotto_queue_forget_sent(struct sotto_queue *queue);

#endif
