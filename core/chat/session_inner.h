/*
 * session_inner.h - what the two files of the session share: session.c (what
 * is said) and session_io.c (bytes, buffers, deadlines).
 */
#ifndef SOTTO_CHAT_SESSION_INNER_H
#define SOTTO_CHAT_SESSION_INNER_H

#include "core/chat/session.h"

/* Room for any one answer: a SCRAM message, or JOINED with what follows. */
#define SOTTO_SESSION_ANSWER_MAX (SOTTO_SCRAM_MESSAGE_MAX + 32)

/* A cursor that has yet to be set to `next_number`. */
#define SOTTO_SESSION_UNSOUGHT UINT64_MAX

/* Bytes of the outbox that are neither used nor promised to ACKs. */
size_t sotto_session_room(const struct sotto_session *session);

/* Makes sure that there is an outbox, with room for an answer; false when
 * there is none now. */
bool sotto_session_can_answer(struct sotto_session *session);

/* Deals with `frame`. FORMAT, REPLAY, UNSUPPORTED: the client broke the
 * protocol. */
enum sotto_err sotto_session_take_frame(struct sotto_session *session)
    SOTTO_MUST_CHECK;

/* No more can be said to this client, or need not be. */
void sotto_session_finish(struct sotto_session *session);

#endif
