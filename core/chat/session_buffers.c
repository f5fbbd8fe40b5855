#include "core/chat/session_inner.h"

#include "core/base/secret.h"
#include "core/chat/hub.h"

/* ---- sizes -------------------------------------------------------------- */

uint16_t sotto_session_max_text(const struct sotto_session_config *config)
{
    return config->max_text != 0 ? config->max_text : SOTTO_MAX_TEXT;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t sotto_session_buffer_min(const struct sotto_session_config *config)
{
    const size_t record =
        (size_t)config->link.receive_limit + SOTTO_RECORD_HEAD;
    const size_t handshake =
        SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD + SOTTO_HANDSHAKE_MESSAGE_MAX;
    /* In the outbox, beside the answers to a window of posts and CAUGHT_UP: an
     * answer, a list of devices, or an entry that is sent in parts. */
    const size_t answers = ((size_t)config->window + 2) * SOTTO_ACK_FRAME_MAX;
    const size_t list = SOTTO_DEVICES ? SOTTO_DEVICE_LIST_FRAME_MAX : 0;
    const size_t entry = SOTTO_ENTRY_HEAD_MAX + sotto_session_max_text(config);
    return larger(larger(record, handshake),
                  answers +
                      larger(entry, larger(list, SOTTO_SESSION_ANSWER_MAX)));
}

/* ---- taking ------------------------------------------------------------- */

static size_t lacks(const uint8_t *buffer)
{
    return buffer == NULL ? 1 : 0;
}

/* A buffer, or NULL when no more than `keep` are free. */
static uint8_t *take(struct sotto_session *session, size_t keep)
{
    struct sotto_pool *buffers = session->config->buffers;
    uint8_t *taken = buffers->count - buffers->taken > keep
                         ? sotto_pool_take(buffers)
                         : NULL;
    /* Whoever waits for its turn goes on waiting for that. */
    session->is_starved = taken == NULL || session->has_turn;
    return taken;
}

static void wait_for_turn(struct sotto_session *session)
{
    struct sotto_turns *turns = session->config->turns;
    if (!session->has_turn) {
        const bool is_first = turns->waiting == 0;
        session->has_turn = true;
        session->turn = is_first ? turns->round : turns->round + 1;
        turns->waiting = (uint16_t)(turns->waiting + (is_first ? 1 : 0));
        turns->for_next = (uint16_t)(turns->for_next + (is_first ? 0 : 1));
    }
    session->is_starved = true;
}

void sotto_session_leave_turn(struct sotto_session *session)
{
    struct sotto_turns *turns = session->config->turns;
    if (!session->has_turn) {
        return;
    }
    session->has_turn = false;
    session->is_starved = false;
    if (session->turn != turns->round) {
        turns->for_next--;
    } else if (--turns->waiting == 0) {
        turns->round++;
        turns->waiting = turns->for_next;
        turns->for_next = 0;
    }
}

static bool is_its_turn(const struct sotto_session *session)
{
    const struct sotto_turns *turns = session->config->turns;
    return session->has_turn ? session->turn == turns->round
                             : turns->waiting == 0;
}

/* The same in turn, for what begins something new. */
static uint8_t *take_in_turn(struct sotto_session *session, size_t keep)
{
    uint8_t *taken = is_its_turn(session) ? take(session, keep) : NULL;
    if (taken == NULL) {
        wait_for_turn(session);
    } else {
        sotto_session_leave_turn(session);
    }
    return taken;
}

bool sotto_session_has_in(struct sotto_session *session)
{
    if (session->in == NULL) {
        session->in = take_in_turn(session, lacks(session->outbox) +
                                                lacks(session->link.assembly) +
                                                lacks(session->out));
    }
    return session->in != NULL;
}

bool sotto_session_has_outbox(struct sotto_session *session)
{
    if (session->outbox == NULL) {
        const bool is_new = session->in == NULL && session->out == NULL;
        /* It is taken before the frame is looked at that it is to answer, and
         * that may be the first CHUNK of one. */
        const size_t to_join =
            session->in != NULL ? lacks(session->link.assembly) : 0;
        const size_t keep = to_join + lacks(session->out);
        session->outbox =
            is_new ? take_in_turn(session, keep) : take(session, keep);
        session->outbox_at = 0;
        session->outbox_len = 0;
    }
    return session->outbox != NULL;
}

bool sotto_session_has_assembly(struct sotto_session *session)
{
    if (session->link.assembly == NULL) {
        uint8_t *buffer = take(session, lacks(session->out));
        if (buffer == NULL) {
            return false;
        }
        sotto_link_lend(&session->link, buffer, session->config->buffers->size);
    }
    return true;
}

bool sotto_session_has_out(struct sotto_session *session)
{
    if (session->out == NULL) {
        session->out = take(session, 0);
        session->out_at = 0;
        session->out_len = 0;
    }
    return session->out != NULL;
}

size_t sotto_session_room(const struct sotto_session *session)
{
    const size_t to_come =
        (size_t)session->unacked + (session->announce_live ? 1 : 0);
    const size_t promised = to_come * SOTTO_ACK_FRAME_MAX;
    const size_t left = session->config->buffers->size - session->outbox_len;
    return left > promised ? left - promised : 0;
}

bool sotto_session_has_answer_room(const struct sotto_session *session)
{
    return sotto_session_room(session) >=
           SOTTO_SESSION_ANSWER_MAX + SOTTO_ACK_FRAME_MAX;
}

bool sotto_session_can_answer(struct sotto_session *session)
{
    return sotto_session_has_outbox(session) &&
           sotto_session_has_answer_room(session);
}

/* ---- giving back -------------------------------------------------------- */

static void give_secret_back(struct sotto_session *session, uint8_t *buffer)
{
    struct sotto_pool *buffers = session->config->buffers;
    if (session->is_input_secret) {
        sotto_wipe(buffer, buffers->size);
    }
    sotto_pool_give(buffers, buffer);
}

void sotto_session_release_input(struct sotto_session *session)
{
    struct sotto_link *link = &session->link;
    const bool is_ending = sotto_session_is_ending(session);
    if (!is_ending && sotto_session_is_pinned(session)) {
        return;
    }
    if (link->assembly != NULL &&
        (is_ending || !sotto_link_is_assembling(link))) {
        link->assembly_len = 0; /* what an ending client half said is dropped */
        give_secret_back(session, sotto_link_take_back(link));
    }
    if (session->in != NULL &&
        (is_ending || session->in_at == session->in_len)) {
        give_secret_back(session, session->in);
        session->in = NULL;
        session->in_at = 0;
        session->in_len = 0;
        session->is_input_secret = false;
        session->is_holding = false;
    }
}

void sotto_session_release_output(struct sotto_session *session)
{
    struct sotto_pool *buffers = session->config->buffers;
    if (session->out != NULL && session->out_at == session->out_len) {
        sotto_pool_give(buffers, session->out);
        session->out = NULL;
        session->out_at = 0;
        session->out_len = 0;
    }
    if (session->outbox != NULL && session->outbox_len == 0 &&
        session->unacked == 0 && !session->announce_live &&
        !session->is_waiting && !session->has_frame) {
        sotto_pool_give(buffers, session->outbox);
        session->outbox = NULL;
    }
}
