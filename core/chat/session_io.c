#include "core/chat/session_inner.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

/* ---- bytes that come --------------------------------------------------- */

/* The client's bytes or frames in `in` are still borrowed by somebody. */
static bool is_input_pinned(const struct sotto_session *session)
{
    return session->has_frame || session->is_asking ||
           session->link.plain_left > 0;
}

static bool is_ending(const struct sotto_session *session)
{
    return session->state == SOTTO_SESSION_CLOSING ||
           session->state == SOTTO_SESSION_FINISHED;
}

static void release_input(struct sotto_session *session)
{
    if (session->in != NULL && session->in_at == session->in_len &&
        !is_input_pinned(session)) {
        sotto_pool_give(session->config->buffers, session->in);
        session->in = NULL;
        session->in_at = 0;
        session->in_len = 0;
    }
}

bool sotto_session_input(struct sotto_session *session, uint8_t **at,
                         size_t *cap)
{
    if (is_ending(session) || session->is_waiting || is_input_pinned(session)) {
        return false;
    }
    if (session->in == NULL) {
        session->in = sotto_pool_take(session->config->buffers);
    }
    if (session->in == NULL) {
        return false;
    }
    if (session->in_at > 0) {
        session->in_len -= session->in_at;
        memmove(session->in, session->in + session->in_at, session->in_len);
        session->in_at = 0;
    }
    *at = session->in + session->in_len;
    *cap = session->config->buffers->size - session->in_len;
    return *cap > 0;
}

void sotto_session_input_done(struct sotto_session *session, size_t len,
                              uint64_t now_ms)
{
    session->in_len += len;
    session->input_ms = len > 0 ? now_ms : session->input_ms;
    release_input(session);
}

/* Joins CHUNKs in a buffer of the pool, as long as there are some. */
static bool lend_assembly(struct sotto_session *session)
{
    uint8_t *buffer = sotto_pool_take(session->config->buffers);
    if (buffer == NULL) {
        return false;
    }
    sotto_link_lend(&session->link, buffer, session->config->buffers->size);
    return true;
}

static void return_assembly(struct sotto_session *session)
{
    if (session->link.assembly != NULL &&
        !sotto_link_is_assembling(&session->link)) {
        sotto_pool_give(session->config->buffers,
                        sotto_link_take_back(&session->link));
    }
}

/* Gets the next frame of the record at hand; false when there is none, or no
 * buffer to join it in. */
static bool get_frame(struct sotto_session *session)
{
    enum sotto_err err = SOTTO_OK;
    while (!sotto_link_next(&session->link, &session->frame, &err)) {
        if (err == SOTTO_ERR_SPACE && lend_assembly(session)) {
            continue;
        }
        if (err != SOTTO_OK && err != SOTTO_ERR_SPACE) {
            sotto_session_close(session, SOTTO_CLOSE_PROTOCOL);
        } else if (session->link.state == SOTTO_LINK_ENDED) {
            sotto_session_finish(session);
        }
        return false;
    }
    session->has_frame = true;
    return true;
}

/* Feeds the link one unit; false when there is no whole one. */
static bool feed_unit(struct sotto_session *session)
{
    size_t used = 0;
    enum sotto_err err =
        sotto_link_feed(&session->link, session->in + session->in_at,
                        session->in_len - session->in_at, &used);
    session->in_at += used;
    if (err != SOTTO_OK) {
        sotto_session_close(session, SOTTO_CLOSE_PROTOCOL);
        return false;
    }
    if (session->state == SOTTO_SESSION_HANDSHAKE &&
        session->link.state == SOTTO_LINK_OPEN) {
        session->state = SOTTO_SESSION_LOGIN;
    }
    return used > 0;
}

static bool has_window(const struct sotto_session *session)
{
    return session->frame.type != SOTTO_MSG_POST ||
           session->unacked < session->config->window;
}

/* One step with what was read; false when it can go no further now. */
static bool advance(struct sotto_session *session)
{
    if (!session->has_frame && !get_frame(session)) {
        return_assembly(session);
        return !is_ending(session) && session->link.plain_left == 0 &&
               session->in_len > session->in_at && feed_unit(session);
    }
    if (!has_window(session)) {
        return false;
    }
    if (sotto_session_take_frame(session) != SOTTO_OK) {
        sotto_session_close(session, SOTTO_CLOSE_PROTOCOL);
        return false;
    }
    session->has_frame = false;
    return true;
}

/* Asks for more of the past, or of who is here, when the outbox is free. */
static bool ask_page(struct sotto_session *session)
{
    const bool wants_past = session->source == SOTTO_SOURCE_PAST;
    if ((!wants_past && !session->wants_who) || session->outbox_len > 0 ||
        !sotto_session_can_answer(session)) {
        return false;
    }
    session->request = (struct sotto_request){
        .kind = wants_past ? SOTTO_REQUEST_FETCH : SOTTO_REQUEST_WHO,
        .room = SOTTO_LOBBY,
        .from = wants_past ? session->next_number : session->who_from,
        .room_bytes = sotto_session_room(session) - SOTTO_ACK_FRAME_MAX};
    session->is_asking = true;
    session->is_waiting = true;
    return true;
}

const struct sotto_request *sotto_session_next(struct sotto_session *session,
                                               uint64_t now_ms)
{
    (void)now_ms;
    while (!is_ending(session)) {
        if (session->is_asking) {
            return &session->request;
        }
        if (session->is_waiting) {
            return NULL;
        }
        if (ask_page(session)) {
            continue;
        }
        const bool has_input = session->has_frame ||
                               session->link.plain_left > 0 ||
                               session->in_len > session->in_at;
        if (!has_input || !sotto_session_can_answer(session) ||
            !advance(session)) {
            break;
        }
    }
    release_input(session);
    return NULL;
}

void sotto_session_asked(struct sotto_session *session)
{
    session->is_asking = false;
}

/* ---- bytes that go ----------------------------------------------------- */

/* The frame at `at`: its type, its body, its whole length. */
static size_t look_at_frame(const uint8_t *at, size_t left, uint8_t *type,
                            struct sotto_span *body)
{
    struct sotto_reader r;
    sotto_reader_init(&r, at, left);
    *type = sotto_read_u8(&r);
    *body = sotto_read_vector(&r, 0, SOTTO_VARINT_MAX);
    SOTTO_ASSERT(!r.bad);
    return left - r.left;
}

/*
 * Adds one whole frame to the record, or, when the record is empty and the
 * frame larger than any, a part of it. True when all of the frame is in.
 */
static bool add_frame(struct sotto_session *session,
                      struct sotto_record *record, const uint8_t *frame,
                      size_t len)
{
    if (session->part_done == 0 &&
        sotto_record_add_frames(record, frame, len) == SOTTO_OK) {
        return true;
    }
    if (record->len > 0 && session->part_done == 0) {
        return false;
    }
    uint8_t type = 0;
    struct sotto_span body;
    look_at_frame(frame, len, &type, &body);
    if (!sotto_record_add_part(record, type, body.at, body.len,
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
        uint8_t type = 0;
        struct sotto_span body;
        const uint8_t *frame = session->outbox + session->outbox_at;
        const size_t len =
            look_at_frame(frame, end - session->outbox_at, &type, &body);
        if (!add_frame(session, record, frame, len)) {
            return;
        }
        session->outbox_at += len;
    }
    if (session->outbox_at == session->outbox_len) {
        session->outbox_at = 0;
        session->outbox_len = 0;
    }
}

/* The room has gone on without this reader: it goes on from the log. */
static void fall_behind(struct sotto_session *session)
{
    if (session->part_done > 0) {
        /* Half an entry is sent, the rest is gone: no way to say so. */
        sotto_session_close(session, SOTTO_CLOSE_SLOW);
    }
    session->source = SOTTO_SOURCE_PAST;
}

static void add_live(struct sotto_session *session,
                     const struct sotto_feed *feed, struct sotto_record *record)
{
    if (session->cursor.at == SOTTO_SESSION_UNSOUGHT &&
        !sotto_feed_seek(feed, session->next_number, &session->cursor)) {
        fall_behind(session);
        return;
    }
    for (;;) {
        struct sotto_feed_item item;
        enum sotto_err err = sotto_feed_peek(feed, &session->cursor, &item);
        if (err == SOTTO_ERR_LIMIT) {
            fall_behind(session);
        }
        if (err != SOTTO_OK) {
            return;
        }
        const bool is_own =
            item.instance == session->instance && session->instance != 0;
        if (!is_own &&
            !add_frame(session, record, item.frame.at, item.frame.len)) {
            return;
        }
        session->next_number = item.number + 1;
        sotto_feed_skip(&session->cursor, &item);
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
    if (session->source == SOTTO_SOURCE_LIVE && session->outbox_len == 0) {
        add_live(session, feed, &record);
    }
    enum sotto_err err =
        sotto_link_end(&session->link, &record, now_ms, &session->out_len);
    if (err == SOTTO_OK && session->out_len == 0 &&
        session->state == SOTTO_SESSION_CLOSING && !session->said_close) {
        session->said_close = true;
        err = sotto_link_close(&session->link, session->reason, session->out,
                               cap, now_ms, &session->out_len);
    }
    return err;
}

static bool has_output(const struct sotto_session *session,
                       const struct sotto_feed *feed)
{
    if (session->link.has_output) {
        return true;
    }
    if (session->link.state != SOTTO_LINK_OPEN) {
        return false;
    }
    return session->outbox_len > session->held ||
           (session->state == SOTTO_SESSION_CLOSING && !session->said_close) ||
           has_live(session, feed);
}

static void release_output(struct sotto_session *session)
{
    struct sotto_pool *buffers = session->config->buffers;
    if (session->out != NULL && session->out_at == session->out_len) {
        sotto_pool_give(buffers, session->out);
        session->out = NULL;
        session->out_at = 0;
        session->out_len = 0;
    }
    if (session->outbox != NULL && session->outbox_len == 0 &&
        session->unacked == 0 && !session->is_waiting && !session->has_frame) {
        sotto_pool_give(buffers, session->outbox);
        session->outbox = NULL;
    }
}

/* Fills `out`; the first error ends the session. */
static void fill_output(struct sotto_session *session,
                        const struct sotto_feed *feed, uint64_t now_ms)
{
    enum sotto_err err =
        session->link.has_output
            ? sotto_link_out(&session->link, session->out,
                             session->config->buffers->size, &session->out_len)
            : seal_record(session, feed, now_ms);
    if (err != SOTTO_OK) {
        session->out_len = 0;
        sotto_session_finish(session);
    }
    session->output_ms = now_ms;
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
        session->out = sotto_pool_take(session->config->buffers);
        if (session->out == NULL) {
            return false;
        }
        fill_output(session, feed, now_ms);
    }
    release_output(session);
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
    }
    release_output(session);
}

/* ---- deadlines --------------------------------------------------------- */

void sotto_session_tick(struct sotto_session *session, uint64_t now_ms)
{
    const struct sotto_session_config *config = session->config;
    const bool is_stalled =
        session->out != NULL && now_ms - session->output_ms > config->stall_ms;
    switch (session->state) {
    case SOTTO_SESSION_HANDSHAKE:
    case SOTTO_SESSION_LOGIN:
    case SOTTO_SESSION_PROOF:
        if (now_ms - session->opened_ms > config->login_ms) {
            sotto_session_close(session, SOTTO_CLOSE_TIMEOUT);
        }
        break;
    case SOTTO_SESSION_ACTIVE:
    case SOTTO_SESSION_ROOM:
        if (is_stalled) {
            sotto_session_close(session, SOTTO_CLOSE_SLOW);
        } else if (now_ms - session->input_ms > config->idle_ms &&
                   !session->is_waiting) {
            sotto_session_close(session, SOTTO_CLOSE_TIMEOUT);
        }
        break;
    case SOTTO_SESSION_CLOSING:
        if (is_stalled) {
            sotto_session_finish(session);
        }
        break;
    case SOTTO_SESSION_FINISHED:
        break;
    }
}
