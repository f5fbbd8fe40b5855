#include "core/chat/session_inner.h"

#include "core/base/assert.h"
#include <string.h>

/* ---- bytes that come --------------------------------------------------- */

bool sotto_session_is_pinned(const struct sotto_session *session)
{
    return session->has_frame || session->is_asking ||
           session->link.plain_left > 0;
}

bool sotto_session_input(struct sotto_session *session, uint8_t **at,
                         size_t *cap)
{
    if (sotto_session_is_ending(session) || session->is_waiting ||
        session->is_paced || sotto_session_is_pinned(session)) {
        return false;
    }
    if (!sotto_session_has_in(session)) {
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

static void charge(struct sotto_session *session, uint32_t messages,
                   size_t bytes, uint64_t now_ms)
{
    if (SOTTO_PACED) {
        sotto_pace_charge(&session->pace,
                          sotto_rate_cost_ns(&session->config->rate, messages,
                                             (uint32_t)bytes),
                          now_ms);
    }
}

void sotto_session_input_done(struct sotto_session *session, size_t len,
                              uint64_t now_ms)
{
    session->in_len += len;
    session->input_ms = len > 0 ? now_ms : session->input_ms;
    charge(session, 0, len, now_ms);
    sotto_session_release_input(session);
}

void sotto_session_input_ended(struct sotto_session *session)
{
    sotto_session_finish(session);
}

/* Gets the next frame of the record at hand; false when there is none, or no
 * buffer to join it in. */
static bool get_frame(struct sotto_session *session, uint64_t now_ms)
{
    enum sotto_err err = SOTTO_OK;
    while (!sotto_link_next(&session->link, &session->frame, &err)) {
        if (err == SOTTO_ERR_SPACE && sotto_session_has_assembly(session)) {
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
    charge(session, 1, 0, now_ms);
    return true;
}

/* Feeds the link one unit; false when there is no whole one. */
static bool feed_unit(struct sotto_session *session)
{
    size_t used = 0;
    const bool was_open = session->link.state == SOTTO_LINK_OPEN;
    enum sotto_err err =
        sotto_link_feed(&session->link, session->in + session->in_at,
                        session->in_len - session->in_at, &used);
    session->in_at += used;
    sotto_session_count(session, SOTTO_COUNT_RECORDS,
                        was_open && used > 0 && err == SOTTO_OK);
    if (err != SOTTO_OK) {
        sotto_session_close(session, SOTTO_CLOSE_PROTOCOL);
        return false;
    }
    if (session->state == SOTTO_SESSION_HANDSHAKE &&
        session->link.state == SOTTO_LINK_OPEN) {
        session->state = SOTTO_SESSION_LOGIN;
    }
    if (SOTTO_DEVICES && session->link.state == SOTTO_LINK_IDENTITY) {
        sotto_session_knock(session);
    }
    return used > 0;
}

/* Whether the frame may be dealt with now: the window of posts is open, one
 * list of who is here was told before the next one is made. */
static bool has_turn(const struct sotto_session *session)
{
    switch (session->frame.type) {
    case SOTTO_MSG_POST:
        return session->unacked < session->config->window;
    case SOTTO_MSG_WHO:
        return !session->wants_who;
    case SOTTO_MSG_DEVICES:
        return session->outbox_len == 0; /* the list may need all of it */
    default:
        return true;
    }
}

/* One step with what was read; false when it can go no further now. */
static bool advance(struct sotto_session *session, uint64_t now_ms)
{
    if (!session->has_frame && !get_frame(session, now_ms)) {
        return !sotto_session_is_ending(session) &&
               session->link.plain_left == 0 &&
               session->in_len > session->in_at && feed_unit(session);
    }
    if (!has_turn(session)) {
        return false;
    }
    if (sotto_session_take_frame(session) != SOTTO_OK) {
        sotto_session_close(session, SOTTO_CLOSE_PROTOCOL);
        return false;
    }
    session->has_frame = false;
    return true;
}

static bool wants_page(const struct sotto_session *session)
{
    return session->source == SOTTO_SOURCE_PAST || session->wants_who;
}

/* Asks for more of the past, or of who is here, when the outbox is free. */
static bool ask_page(struct sotto_session *session)
{
    const bool wants_past = session->source == SOTTO_SOURCE_PAST;
    if (!wants_page(session) || session->outbox_len > 0 ||
        !sotto_session_can_answer(session)) {
        return false;
    }
    session->request =
        (struct sotto_request){.kind = wants_past ? SOTTO_REQUEST_FETCH
                                                  : SOTTO_REQUEST_WHO,
                               .room = SOTTO_LOBBY,
                               .from = wants_past ? session->next_number
                                                  : session->who_from,
                               .room_bytes = sotto_session_room(session)};
    session->is_asking = true;
    session->is_waiting = true;
    return true;
}

bool sotto_session_has_input(const struct sotto_session *session)
{
    return session->has_frame || session->link.plain_left > 0 ||
           session->in_len > session->in_at;
}

bool sotto_session_can_go_on(const struct sotto_session *session)
{
    if (session->is_asking || session->is_waiting || session->is_starved ||
        (session->outbox != NULL && !sotto_session_has_answer_room(session))) {
        return false;
    }
    return (wants_page(session) && session->outbox_len == 0) ||
           (sotto_session_has_input(session) && !session->is_paced &&
            (!session->has_frame || has_turn(session)));
}

/* Whether what its client has sent is to wait because it was too much. */
static bool must_pause(struct sotto_session *session, uint64_t now_ms)
{
    if (!SOTTO_PACED) {
        return false;
    }
    session->is_paced = session->is_paced
                            ? sotto_pace_left_ms(&session->pace, now_ms) > 0
                            : sotto_pace_is_exceeded(&session->pace, now_ms);
    return session->is_paced;
}

uint64_t sotto_session_pause_ms(const struct sotto_session *session,
                                uint64_t now_ms)
{
    return SOTTO_PACED && session->is_paced
               ? sotto_pace_left_ms(&session->pace, now_ms)
               : 0;
}

const struct sotto_request *sotto_session_next(struct sotto_session *session,
                                               uint64_t now_ms)
{
    while (!sotto_session_is_ending(session)) {
        if (session->is_asking) {
            return &session->request;
        }
        if (session->is_waiting) {
            break;
        }
        if (ask_page(session)) {
            continue;
        }
        if (!sotto_session_has_input(session) || must_pause(session, now_ms) ||
            !sotto_session_can_answer(session) || !advance(session, now_ms)) {
            break;
        }
    }
    sotto_session_release_input(session);
    sotto_session_release_output(session);
    return NULL;
}

void sotto_session_asked(struct sotto_session *session)
{
    session->is_asking = false;
}
