#include "core/chat/queue.h"

#include "core/base/assert.h"
#include "core/base/writer.h"
#include <string.h>

/* Items lie one behind the other, each 8-aligned behind this head. */
struct item_head {
    uint64_t id;
    uint64_t seen;
    uint32_t len; /* of the body */
    bool is_sent; /* once, on whatever connection */
    bool is_settled;
};

static size_t span_of(size_t len)
{
    return sizeof(struct item_head) + ((len + 7U) & ~(size_t)7U);
}

static struct item_head head_at(const struct sotto_queue *queue, size_t at)
{
    struct item_head head;
    memcpy(&head, queue->memory + at, sizeof head);
    return head;
}

static void set_head(struct sotto_queue *queue, size_t at,
                     const struct item_head *head)
{
    memcpy(queue->memory + at, head, sizeof *head);
}

void sotto_queue_init(struct sotto_queue *queue, uint8_t *memory, size_t cap)
{
    *queue = (struct sotto_queue){.cap = cap, .next_id = 1};
    queue->memory = memory;
}

static void close_gap(struct sotto_queue *queue)
{
    memmove(queue->memory, queue->memory + queue->head,
            queue->tail - queue->head);
    queue->send_at -= queue->head;
    queue->tail -= queue->head;
    queue->head = 0;
}

enum sotto_err sotto_queue_push(struct sotto_queue *queue, uint16_t room,
                                const uint8_t *text, size_t len, uint64_t *id)
{
    const size_t body_len = 2 + 8 + len;
    if (len > queue->cap ||
        queue->cap - (queue->tail - queue->head) < span_of(body_len)) {
        return SOTTO_ERR_SPACE;
    }
    if (queue->cap - queue->tail < span_of(body_len)) {
        close_gap(queue);
    }
    const struct item_head head = {.id = queue->next_id,
                                   .len = (uint32_t)body_len};
    set_head(queue, queue->tail, &head);
    struct sotto_writer w;
    sotto_writer_init(&w, queue->memory + queue->tail + sizeof head, body_len);
    sotto_write_u16(&w, room);
    sotto_write_u64(&w, head.id);
    sotto_write_bytes(&w, text, len);
    SOTTO_ASSERT(!w.bad);
    queue->tail += span_of(body_len);
    queue->count++;
    *id = queue->next_id++;
    return SOTTO_OK;
}

/* Moves `send_at` over what needs no sending any more. */
static void pass_settled(struct sotto_queue *queue)
{
    while (queue->send_at < queue->tail) {
        const struct item_head head = head_at(queue, queue->send_at);
        if (!head.is_settled) {
            return;
        }
        queue->send_at += span_of(head.len);
    }
}

bool sotto_queue_peek(struct sotto_queue *queue, struct sotto_queue_item *item)
{
    pass_settled(queue);
    if (queue->send_at == queue->tail) {
        return false;
    }
    const struct item_head head = head_at(queue, queue->send_at);
    item->id = head.id;
    item->body.at = queue->memory + queue->send_at + sizeof head;
    item->body.len = head.len;
    return true;
}

void sotto_queue_sent(struct sotto_queue *queue, uint64_t seen)
{
    struct item_head head = head_at(queue, queue->send_at);
    if (!head.is_sent) {
        head.is_sent = true;
        head.seen = seen;
        set_head(queue, queue->send_at, &head);
    }
    queue->send_at += span_of(head.len);
}

/* Frees what is settled at the front. */
static void drop_settled(struct sotto_queue *queue)
{
    while (queue->head < queue->tail) {
        const struct item_head head = head_at(queue, queue->head);
        if (!head.is_settled) {
            break;
        }
        queue->head += span_of(head.len);
    }
    if (queue->send_at < queue->head) {
        queue->send_at = queue->head;
    }
}

/* Where the post is; `tail` when it is not. */
static size_t place_of(const struct sotto_queue *queue, uint64_t id)
{
    size_t at = queue->head;
    while (at < queue->tail) {
        const struct item_head head = head_at(queue, at);
        if (head.id == id) {
            break;
        }
        at += span_of(head.len);
    }
    return at;
}

bool sotto_queue_settle(struct sotto_queue *queue, uint64_t id)
{
    const size_t at = place_of(queue, id);
    if (at == queue->tail) {
        return false;
    }
    struct item_head head = head_at(queue, at);
    if (head.is_settled || !head.is_sent) {
        return false;
    }
    head.is_settled = true;
    set_head(queue, at, &head);
    queue->count--;
    drop_settled(queue);
    return true;
}

void sotto_queue_rewind(struct sotto_queue *queue)
{
    queue->send_at = queue->head;
}

bool sotto_queue_since(const struct sotto_queue *queue, uint64_t *seen)
{
    if (queue->head == queue->tail) {
        return false;
    }
    const struct item_head head = head_at(queue, queue->head);
    if (head.is_sent) {
        *seen = head.seen;
    }
    return head.is_sent;
}

bool sotto_queue_unsure(const struct sotto_queue *queue, uint64_t first,
                        uint64_t *id)
{
    for (size_t at = queue->head; at < queue->tail;) {
        const struct item_head head = head_at(queue, at);
        if (head.is_sent && !head.is_settled && head.seen + 1 < first) {
            *id = head.id;
            return true;
        }
        at += span_of(head.len);
    }
    return false;
}

void sotto_queue_forget_sent(struct sotto_queue *queue)
{
    for (size_t at = queue->head; at < queue->tail;) {
        struct item_head head = head_at(queue, at);
        head.is_sent = false;
        set_head(queue, at, &head);
        at += span_of(head.len);
    }
}
