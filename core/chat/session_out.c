#include "core/chat/session_inner.h"

#include "core/base/assert.h"
#include <string.h>

/* ---- records ----------------------------------------------------------- */

/* The first frame of some: its body and its whole length. */
static size_t look_at_frame(const uint8_t *at, size_t left,
                            struct sotto_span *body)
{
    struct sotto_reader r;
    sotto_reader_init(&r, at, left);
    (void)sotto_read_u8(&r);
    *body = sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
    SOTTO_ASSERT(!r.bad);
    return left - r.left;
}

/* Adds the outbox's first frame, or a part of it; false when the record is
 * full before its end. */
static bool add_first(struct sotto_session *session,
                      struct sotto_record *record, const uint8_t *frame,
                      size_t len, struct sotto_span body)
{
    if (session->part_done == 0) {
        if (sotto_record_add_frames(record, frame, len) == SOTTO_OK) {
            return true;
        }
        if (record->len > 0) {
            return false; /* it is to begin in a record of its own */
        }
    }
    if (!sotto_record_add_part(record, frame[0], body.at, body.len,
                               &session->part_done)) {
        return false;
    }
    session->part_done = 0;
    return true;
}

static void add_outbox(struct sotto_session *session,
                       struct sotto_record *record)
{
    const size_t end = session->outbox_len - session->held;
    while (session->outbox_at < end) {
        struct sotto_span body;
        const uint8_t *frame = session->outbox + session->outbox_at;
        const size_t len =
            look_at_frame(frame, end - session->outbox_at, &body);
        if (!add_first(session, record, frame, len, body)) {
            return;
        }
        session->outbox_at += len;
    }
    if (session->outbox_at == session->outbox_len) {
        session->outbox_at = 0;
        session->outbox_len = 0;
    }
}

/*
 * An entry that fits no record: it goes through the outbox, in parts. There it
 * cannot be lost to the ring, and no other frame comes between the parts.
 */
static bool move_to_outbox(struct sotto_session *session,
                           struct sotto_span frame)
{
    if (!sotto_session_has_outbox(session) ||
        sotto_session_room(session) < frame.len) {
        return false;
    }
    memcpy(session->outbox, frame.at, frame.len);
    session->outbox_len = frame.len;
    return true;
}

/* Adds one entry; false when it has to wait, or is sent in parts. */
static bool add_entry(struct sotto_session *session,
                      const struct sotto_feed_item *item,
                      struct sotto_record *record)
{
    const bool is_own = item->instance == session->instance;
    const bool is_past = item->number < session->next_number;
    if (!is_own && !is_past &&
        sotto_record_add_frames(record, item->frame.at, item->frame.len) !=
            SOTTO_OK &&
        (record->len > 0 || !move_to_outbox(session, item->frame))) {
        return false;
    }
    sotto_session_count(session, SOTTO_COUNT_DELIVERIES, !is_own && !is_past);
    sotto_feed_skip(&session->cursor, item);
    if (!is_past) {
        session->next_number = item->number + 1;
    }
    if (session->outbox_len > 0) {
        add_outbox(session, record);
        return session->outbox_len == 0;
    }
    return true;
}

static void add_live(struct sotto_session *session,
                     const struct sotto_feed *feed, struct sotto_record *record)
{
    struct sotto_feed_item item;
    enum sotto_err err = SOTTO_ERR_LIMIT;
    if (session->cursor.at != SOTTO_SESSION_UNSOUGHT ||
        sotto_feed_seek(feed, session->next_number, &session->cursor)) {
        err = sotto_feed_peek(feed, &session->cursor, &item);
    }
    while (err == SOTTO_OK && add_entry(session, &item, record)) {
        err = sotto_feed_peek(feed, &session->cursor, &item);
    }
    if (err == SOTTO_ERR_LIMIT) {
        /* The room has gone on without this reader: on from the log. */
        session->source = SOTTO_SOURCE_PAST;
    }
}

static bool has_live(const struct sotto_session *session,
                     const struct sotto_feed *feed)
{
    struct sotto_feed_item item;
    return session->source == SOTTO_SOURCE_LIVE &&
           (session->cursor.at == SOTTO_SESSION_UNSOUGHT ||
            sotto_feed_peek(feed, &session->cursor, &item) !=
                SOTTO_ERR_NOT_FOUND);
}

/* CLOSE is due: also when the client broke the protocol, as long as there are
 * keys to say it with. */
static bool wants_close(const struct sotto_session *session)
{
    return session->state == SOTTO_SESSION_CLOSING && !session->said_close &&
           session->link.has_keys;
}

static bool has_frames(const struct sotto_session *session,
                       const struct sotto_feed *feed)
{
    if (session->link.state != SOTTO_LINK_OPEN || session->said_close) {
        return false;
    }
    return session->outbox_len > session->held ||
           (session->state != SOTTO_SESSION_CLOSING && has_live(session, feed));
}

/* Seals one record of all that waits into `out`. */
static enum sotto_err seal_record(struct sotto_session *session,
                                  const struct sotto_feed *feed,
                                  uint64_t now_ms)
{
    struct sotto_record record;
    const size_t cap = session->config->buffers->size;
    sotto_link_begin(&session->link, &record, session->out, cap);
    if (session->outbox != NULL) {
        add_outbox(session, &record);
    }
    if (session->source == SOTTO_SOURCE_LIVE && session->outbox_len == 0 &&
        session->state != SOTTO_SESSION_CLOSING) {
        add_live(session, feed, &record);
    }
    return sotto_link_end(&session->link, &record, now_ms, &session->out_len);
}

/* Fills `out` with what is due next; the first error ends the session. */
static void fill_output(struct sotto_session *session,
                        const struct sotto_feed *feed, uint64_t now_ms)
{
    enum sotto_err err = SOTTO_OK;
    const size_t cap = session->config->buffers->size;
    if (session->link.has_output) {
        err = sotto_link_out_with(&session->link, session->config->certificate,
                                  session->out, cap, &session->out_len);
    } else if (has_frames(session, feed)) {
        err = seal_record(session, feed, now_ms);
    } else {
        session->said_close = true;
        err = sotto_link_close(&session->link, session->reason, session->out,
                               cap, now_ms, &session->out_len);
    }
    if (err != SOTTO_OK) {
        session->out_len = 0;
        sotto_session_finish(session);
    }
    session->output_ms = now_ms;
}

static bool has_output(const struct sotto_session *session,
                       const struct sotto_feed *feed)
{
    return session->link.has_output || has_frames(session, feed) ||
           wants_close(session);
}

/* Has something to write, and could begin now: what was begun goes on when the
 * driver can write again. */
static bool can_write(const struct sotto_session *session,
                      const struct sotto_feed *feed)
{
    const struct sotto_pool *buffers = session->config->buffers;
    return session->out == NULL && has_output(session, feed) &&
           buffers->taken < buffers->count;
}

bool sotto_session_is_busy(const struct sotto_session *session,
                           const struct sotto_feed *feed)
{
    if (session->state == SOTTO_SESSION_FINISHED) {
        return true;
    }
    if (session->state == SOTTO_SESSION_CLOSING) {
        return session->close_now || can_write(session, feed) ||
               (session->out == NULL && !has_output(session, feed));
    }
    return can_write(session, feed) || sotto_session_can_go_on(session);
}

bool sotto_session_output(struct sotto_session *session,
                          const struct sotto_feed *feed, uint64_t now_ms,
                          const uint8_t **at, size_t *len)
{
    if (session->state == SOTTO_SESSION_CLOSING && session->close_now) {
        sotto_session_finish(session);
    }
    if (session->state == SOTTO_SESSION_FINISHED) {
        return false;
    }
    if (session->out == NULL && has_output(session, feed)) {
        if (!sotto_session_has_out(session)) {
            return false; /* until somebody gives one back */
        }
        fill_output(session, feed, now_ms);
    }
    sotto_session_release_output(session);
    if (session->out == NULL) {
        if (session->state == SOTTO_SESSION_CLOSING &&
            !has_output(session, feed)) {
            sotto_session_finish(session);
        }
        return false;
    }
    *at = session->out + session->out_at;
    *len = session->out_len - session->out_at;
    return true;
}

void sotto_session_output_done(struct sotto_session *session, size_t len,
                               uint64_t now_ms)
{
    session->out_at += len;
    SOTTO_ASSERT(session->out_at <= session->out_len);
    if (len > 0) {
        session->output_ms = now_ms;
        session->is_holding = false;
    }
    sotto_session_release_output(session);
}

/* ---- deadlines --------------------------------------------------------- */

/* Logged in: it has to take what it gets, and to be heard of now and then. */
static void tick_active(struct sotto_session *session, uint64_t now_ms)
{
    const struct sotto_session_config *config = session->config;
    if (session->is_waiting || session->is_paced ||
        sotto_session_is_pinned(session)) {
        session->input_ms = now_ms; /* we do not read; it may well write */
    }
    if (session->out != NULL &&
        now_ms - session->output_ms > config->stall_ms) {
        sotto_session_close(session, SOTTO_CLOSE_SLOW);
    } else if (now_ms - session->input_ms > config->idle_ms) {
        sotto_session_close(session, SOTTO_CLOSE_TIMEOUT);
    }
}

/* It waits for its client to send the rest of a record, or to read. */
static bool holds_buffer(const struct sotto_session *session, uint64_t now_ms)
{
    const bool has_half = session->in != NULL && !session->is_waiting &&
                          !session->is_paced &&
                          !sotto_session_is_pinned(session);
    return has_half || (session->out != NULL && session->output_ms < now_ms);
}

/* Who has not logged in may be anybody, and dial again and again. */
static uint32_t hold_ms(const struct sotto_session *session)
{
    const uint32_t ms = session->config->hold_ms;
    return session->state < SOTTO_SESSION_ACTIVE ? ms / 4 : ms;
}

/* Nobody keeps a buffer for long that others wait for. */
static void tick_holding(struct sotto_session *session, uint64_t now_ms)
{
    if (session->config->turns->waiting == 0 ||
        !holds_buffer(session, now_ms)) {
        session->is_holding = false;
    } else if (!session->is_holding) {
        session->is_holding = true;
        session->since_ms = now_ms;
    } else if (now_ms - session->since_ms > hold_ms(session)) {
        sotto_session_close(session, SOTTO_CLOSE_SLOW);
    }
}

static void tick_closing(struct sotto_session *session, uint64_t now_ms)
{
    if (!session->was_closing) {
        session->was_closing = true;
        session->since_ms = now_ms;
    }
    if (now_ms - session->since_ms > session->config->stall_ms) {
        sotto_session_finish(session);
    }
}

void sotto_session_tick(struct sotto_session *session, uint64_t now_ms)
{
    if (!sotto_session_is_ending(session)) {
        tick_holding(session, now_ms);
    }
    switch (session->state) {
    case SOTTO_SESSION_HANDSHAKE:
    case SOTTO_SESSION_LOGIN:
    case SOTTO_SESSION_PROOF:
        if (now_ms - session->opened_ms > session->config->login_ms) {
            sotto_session_close(session, SOTTO_CLOSE_TIMEOUT);
        }
        break;
    case SOTTO_SESSION_ACTIVE:
    case SOTTO_SESSION_ROOM:
        tick_active(session, now_ms);
        break;
    case SOTTO_SESSION_CLOSING:
        tick_closing(session, now_ms);
        break;
    case SOTTO_SESSION_FINISHED:
        break;
    }
}
