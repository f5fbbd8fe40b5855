/*
 * mailbox.c - see mailbox.h.
 *
 * `written` and `read` only grow; the difference is what the ring holds. They
 * are stored and loaded in one order that all threads agree on (seq_cst), not
 * only released and acquired: each side first says that it is about to sleep,
 * then looks once more; the other first moves on, then looks whether somebody
 * sleeps. One of the two sees what the other did. On x86 that costs a locked
 * instruction a message, a few nanoseconds.
 */
#include "apps/sotto/mailbox.h"

#include "core/base/assert.h"

/* In front of each message; `len` 0 means: nothing more before the end of the
 * ring. */
struct head {
    uint64_t len;
};

_Static_assert(MAILBOX_SPAN(1) == sizeof(struct head) + 8,
               "a span is head and message");

void mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap)
{
    SOTTO_ASSERT(cap >= 16 && (cap & (cap - 1)) == 0);
    *box = (struct mailbox){.cap = cap};
    box->ring = memory;
}

static struct head *head_at(const struct mailbox *box, size_t at)
{
    return (struct head *)(void *)(box->ring + (at & (box->cap - 1)));
}

static size_t to_end(const struct mailbox *box, size_t at)
{
    return box->cap - (at & (box->cap - 1));
}

/* ---- the writer --------------------------------------------------------- */

/* As messages do not wrap, the end of the ring may have to be left empty. */
static bool fits(const struct mailbox *box, size_t span)
{
    const size_t left = to_end(box, box->head);
    const size_t need = span > left ? left + span : span;
    return need <= box->cap - (box->head - box->read_seen);
}

bool mailbox_has_room(struct mailbox *box, size_t span)
{
    SOTTO_ASSERT(span <= box->cap / 2);
    if (fits(box, span)) {
        return true;
    }
    box->read_seen = atomic_load(&box->read);
    if (fits(box, span)) {
        return true;
    }
    atomic_store(&box->wants_room, true);
    box->read_seen = atomic_load(&box->read); /* it may just have gone on */
    return fits(box, span);
}

void *mailbox_reserve(struct mailbox *box, size_t len)
{
    const size_t span = MAILBOX_SPAN(len);
    const size_t left = to_end(box, box->head);
    SOTTO_ASSERT(len > 0 && fits(box, span));
    if (span > left) {
        head_at(box, box->head)->len = 0;
        box->head += left;
    }
    struct head *head = head_at(box, box->head);
    head->len = len;
    box->reserved = box->head + span;
    return head + 1;
}

void mailbox_send(struct mailbox *box)
{
    box->head = box->reserved;
    atomic_store(&box->written, box->head);
}

/* ---- the reader --------------------------------------------------------- */

bool mailbox_is_empty(struct mailbox *box)
{
    if (box->tail == box->written_seen) {
        box->written_seen = atomic_load(&box->written);
        const size_t waiting = box->written_seen - box->tail;
        box->most = waiting > box->most ? waiting : box->most;
    }
    return box->tail == box->written_seen;
}

void *mailbox_peek(struct mailbox *box, size_t *len)
{
    if (mailbox_is_empty(box)) {
        return NULL;
    }
    if (head_at(box, box->tail)->len == 0) {
        box->tail += to_end(box, box->tail); /* a message follows */
    }
    struct head *head = head_at(box, box->tail);
    *len = (size_t)head->len;
    return head + 1;
}

bool mailbox_done(struct mailbox *box)
{
    box->tail += MAILBOX_SPAN(head_at(box, box->tail)->len);
    atomic_store(&box->read, box->tail);
    return atomic_load(&box->wants_room) &&
           atomic_exchange(&box->wants_room, false);
}
