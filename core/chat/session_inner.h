/*
 * session_inner.h - what the files of the session share: session.c (what is
 * asked), session_reply.c (what the hub answers), session_in.c (bytes that come,
 * requests), session_out.c (bytes that go, deadlines), session_buffers.c (the
 * memory for it).
 */
#ifndef SOTTO_CHAT_SESSION_INNER_H
#define SOTTO_CHAT_SESSION_INNER_H

#include "core/auth/accounts.h" /* SOTTO_DEVICES */
#include "core/chat/session.h"

/* Room for any one answer: a SCRAM message, or JOINED with what follows. */
#define SOTTO_SESSION_ANSWER_MAX (SOTTO_SCRAM_MESSAGE_MAX + 32)

/* A cursor that has yet to be set to `next_number`. */
#define SOTTO_SESSION_UNSOUGHT UINT64_MAX

/* So many more of that kind. */
static inline void sotto_session_count(const struct sotto_session *session,
                                       unsigned kind, size_t by)
{
    if (session->config->counts != NULL) {
        session->config->counts[kind] += by;
    }
}

/* ---- session.c ---- */

/* Deals with `frame`; there is room for an answer. FORMAT, REPLAY,
 * UNSUPPORTED: the client broke the protocol. */
enum sotto_err sotto_session_take_frame(struct sotto_session *session)
    SOTTO_MUST_CHECK;

/* The link has met a device (IK): asks whether it may come in. */
void sotto_session_knock(struct sotto_session *session);

/* Puts a frame behind those to be sent; there is room for it. */
void sotto_session_put(struct sotto_session *session, uint8_t type,
                       const uint8_t *body, size_t len);
void sotto_session_put_problem(struct sotto_session *session,
                               const struct sotto_error *problem);

/* Wipes what was kept of a login under way, and gives it back. */
void sotto_session_end_login(struct sotto_session *session);

/* No more can be said to this client, or need not be. */
void sotto_session_finish(struct sotto_session *session);

/* CLOSING or FINISHED. */
bool sotto_session_is_ending(const struct sotto_session *session);

/* ---- session_in.c ---- */

/* Frames or bytes in `in` are still borrowed, or wait to be dealt with. */
bool sotto_session_is_pinned(const struct sotto_session *session);

/* Something was read that is not dealt with as a whole. */
bool sotto_session_has_input(const struct sotto_session *session);

/* sotto_session_next() would get further with what was read, or is to be told;
 * nobody has to do anything first. */
bool sotto_session_can_go_on(const struct sotto_session *session);

/* ---- session_buffers.c ---- */

uint16_t sotto_session_max_text(const struct sotto_session_config *config);

/*
 * Each takes a buffer from the pool where it lacks one, and says whether there
 * is one now (else it is_starved). As many have to stay free as the session may need beyond it to
 * go on. So whoever took one last can always go on, give back what it has, and
 * let the others go on (E. W. Dijkstra's banker).
 */
bool sotto_session_has_in(struct sotto_session *session);
bool sotto_session_has_outbox(struct sotto_session *session);
bool sotto_session_has_assembly(struct sotto_session *session);
bool sotto_session_has_out(struct sotto_session *session);

/* Bytes of the outbox that are neither used nor promised to ACKs. */
size_t sotto_session_room(const struct sotto_session *session);

/* Whether an outbox has room for an answer. */
bool sotto_session_has_answer_room(const struct sotto_session *session);

/* Makes sure that there is an outbox with room for an answer; false when there
 * is none now. */
bool sotto_session_can_answer(struct sotto_session *session);

/* It does not wait for its turn any more. */
void sotto_session_leave_turn(struct sotto_session *session);

/* Gives `in` and the assembly buffer back when nothing is in them. */
void sotto_session_release_input(struct sotto_session *session);

/* Gives `out` and the outbox back when nothing is, or will be, in them. */
void sotto_session_release_output(struct sotto_session *session);

#endif
