/*
 * session_reply.c - what the hub answers, and what the client is told of it.
 */
#include "core/chat/session_inner.h"

#include "core/base/assert.h"
#include <string.h>

/* Characters of a nonce: base64 of 18 bytes. */
#define NONCE_BYTES 18

/* ---- frames to send ---------------------------------------------------- */

static void put_ack(struct sotto_session *session, const struct sotto_ack *ack)
{
    uint8_t body[SOTTO_ACK_FRAME_MAX];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_ack_encode(&w, ack);
    sotto_session_put(session, SOTTO_MSG_ACK, body, w.len);
}

/* Whole ones, as the hub made them. */
static void put_frames(struct sotto_session *session, struct sotto_span frames)
{
    SOTTO_ASSERT(frames.len <= sotto_session_room(session));
    if (frames.len > 0) {
        memcpy(session->outbox + session->outbox_len, frames.at, frames.len);
        session->outbox_len += frames.len;
    }
}

/* ---- answers ------------------------------------------------------------ */

static void send_challenge(struct sotto_session *session,
                           const struct sotto_verifier *verifier)
{
    uint8_t random[NONCE_BYTES];
    char nonce[4 * NONCE_BYTES / 3 + 1];
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_random *source = &session->config->link.random;
    if (source->fill(source->ctx, random, sizeof random) != SOTTO_OK ||
        sotto_base64_encode(random, sizeof random, nonce, sizeof nonce, &len) !=
            SOTTO_OK ||
        sotto_scram_server_challenge(session->login, verifier, nonce, text,
                                     sizeof text, &len) != SOTTO_OK) {
        sotto_session_close(session, SOTTO_CLOSE_OVERLOAD);
        return;
    }
    sotto_session_put(session, SOTTO_MSG_AUTH, (const uint8_t *)text, len);
    session->state = SOTTO_SESSION_PROOF;
}

static void welcome(struct sotto_session *session, struct sotto_span name)
{
    uint8_t body[SOTTO_NAME_MAX + 8];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_welcome_encode(&w, &(struct sotto_welcome){.name = name,
                                                     .max_text =
                                                         sotto_session_max_text(
                                                             session->config)});
    sotto_session_put(session, SOTTO_MSG_WELCOME, body, w.len);
    sotto_session_end_login(session);
    session->state = SOTTO_SESSION_ACTIVE;
}

static void enter_room(struct sotto_session *session,
                       const struct sotto_joined *joined)
{
    uint8_t body[SOTTO_ROOM_NAME_MAX + 24];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_joined_encode(&w, joined);
    sotto_session_put(session, SOTTO_MSG_JOINED, body, w.len);
    session->state = SOTTO_SESSION_ROOM;
    session->source = SOTTO_SOURCE_PAST;
    session->next_number = joined->first;
    session->announce_live = true;
}

/* All that was said before JOINED has been sent, answers included: what the
 * client has no answer for did not arrive, and it may say that again. */
static void announce_live(struct sotto_session *session)
{
    uint8_t body[2];
    struct sotto_writer w;
    if (!session->announce_live || session->source != SOTTO_SOURCE_LIVE ||
        session->promised > 0) {
        return;
    }
    sotto_writer_init(&w, body, sizeof body);
    sotto_room_encode(&w, SOTTO_LOBBY);
    sotto_session_put(session, SOTTO_MSG_CAUGHT_UP, body, w.len);
    session->announce_live = false;
}

/* A post has its answer. */
static void count_answer(struct sotto_session *session,
                         const struct sotto_reply *reply)
{
    SOTTO_ASSERT(session->unacked > 0);
    session->unacked--;
    if (reply->is_promised) {
        SOTTO_ASSERT(session->promised > 0);
        session->promised--;
        announce_live(session);
    }
}

/* A refusal: of a post, of one more try, or for good. */
static void take_problem(struct sotto_session *session,
                         const struct sotto_reply *reply)
{
    if (session->state == SOTTO_SESSION_HANDSHAKE) { /* it knocked */
        (void)sotto_link_refuse(&session->link, SOTTO_REFUSAL_KEY);
        sotto_session_close(session, SOTTO_CLOSE_REFUSED);
        return;
    }
    session->outbox_len -= session->held;
    session->held = 0;
    sotto_session_put_problem(session, &reply->problem);
    if (reply->problem.ref != 0) {
        count_answer(session, reply);
        return;
    }
    session->is_waiting = false;
    if (session->state == SOTTO_SESSION_LOGIN ||
        session->state == SOTTO_SESSION_PROOF) {
        sotto_session_end_login(session);
        session->state = SOTTO_SESSION_LOGIN;
        if (++session->tries >= SOTTO_SESSION_TRIES) {
            sotto_session_close(session, SOTTO_CLOSE_REFUSED);
        }
    }
}

static void take_past(struct sotto_session *session,
                      const struct sotto_reply *reply)
{
    session->unacked = (uint16_t)(session->unacked + reply->promised);
    session->promised = (uint16_t)(session->promised + reply->promised);
    session->next_number = reply->next;
    if (reply->is_last) {
        session->source = SOTTO_SOURCE_LIVE;
        session->cursor.at = SOTTO_SESSION_UNSOUGHT;
        announce_live(session);
    }
}

static void take_page(struct sotto_session *session,
                      const struct sotto_reply *reply)
{
    session->is_waiting = false;
    put_frames(session, reply->frames);
    sotto_session_count(session, SOTTO_COUNT_DELIVERIES, reply->entries);
    if (session->request.kind == SOTTO_REQUEST_WHO) {
        session->who_from = reply->next;
        session->wants_who = !reply->is_last;
    } else {
        take_past(session, reply);
    }
}

static void take_logged_in(struct sotto_session *session,
                           const struct sotto_reply *reply)
{
    session->is_waiting = false;
    session->held = 0;
    welcome(session, reply->name);
}

static void take_device_reply(struct sotto_session *session,
                              const struct sotto_reply *reply)
{
    session->is_waiting = false;
    if (session->state == SOTTO_SESSION_HANDSHAKE) {
        sotto_link_accept(&session->link);
        return;
    }
    put_frames(session, reply->frames);
    if (reply->name.len > 0) {
        welcome(session, reply->name);
    }
}

void sotto_session_reply(struct sotto_session *session,
                         const struct sotto_reply *reply, uint64_t now_ms)
{
    if (sotto_session_is_ending(session)) {
        return;
    }
    switch (reply->kind) {
    case SOTTO_REPLY_ACCOUNT:
        session->is_waiting = false;
        send_challenge(session, &reply->verifier);
        break;
    case SOTTO_REPLY_LOGGED_IN:
        take_logged_in(session, reply);
        break;
    case SOTTO_REPLY_REGISTERED:
        session->is_waiting = false;
        sotto_session_put(session, SOTTO_MSG_REGISTERED, NULL, 0);
        break;
    case SOTTO_REPLY_JOINED:
        session->is_waiting = false;
        enter_room(session, &reply->joined);
        break;
    case SOTTO_REPLY_PAGE:
        take_page(session, reply);
        break;
    case SOTTO_REPLY_ACK:
        if (SOTTO_PACED) {
            sotto_pace_hold(&session->pace, reply->pause_ms, now_ms);
        }
        put_ack(session, &reply->ack);
        count_answer(session, reply);
        break;
    case SOTTO_REPLY_PROBLEM:
        take_problem(session, reply);
        break;
    case SOTTO_REPLY_KICK:
        sotto_session_close(session, reply->reason);
        break;
    case SOTTO_REPLY_DEVICE:
        if (SOTTO_DEVICES) {
            take_device_reply(session, reply);
        }
        break;
    case SOTTO_REPLY_NONE:
    case SOTTO_REPLY_TAKEN:
    case SOTTO_REPLY_ENTRY:
        break;
    }
}
