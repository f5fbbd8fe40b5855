#include "core/chat/session_inner.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/chat/message_devices.h"
#include <string.h>

void sotto_session_init(struct sotto_session *session,
                        const struct sotto_session_config *config,
                        uint64_t now_ms)
{
    SOTTO_ASSERT(config->window >= 1);
    SOTTO_ASSERT(config->buffers->count >= SOTTO_SESSION_BUFFERS_MIN);
    SOTTO_ASSERT(sotto_session_max_text(config) <= SOTTO_MAX_TEXT);
    SOTTO_ASSERT(config->buffers->size >= sotto_session_buffer_min(config));
    *session = (struct sotto_session){.config = config};
    session->opened_ms = now_ms;
    session->input_ms = now_ms;
    session->output_ms = now_ms;
    sotto_link_init(&session->link, &config->link);
}

static void give_back(struct sotto_pool *pool, uint8_t **buffer)
{
    if (*buffer != NULL) {
        sotto_pool_give(pool, *buffer);
        *buffer = NULL;
    }
}

void sotto_session_end_login(struct sotto_session *session)
{
    if (session->login != NULL) {
        sotto_scram_server_wipe(session->login);
        sotto_pool_give(session->config->logins, session->login);
        session->login = NULL;
    }
}

void sotto_session_wipe(struct sotto_session *session)
{
    struct sotto_pool *buffers = session->config->buffers;
    sotto_session_finish(session);
    sotto_session_release_input(session);
    give_back(buffers, &session->outbox);
    give_back(buffers, &session->out);
    sotto_link_wipe(&session->link);
}

/* ---- frames to send ---------------------------------------------------- */

void sotto_session_put(struct sotto_session *session, uint8_t type,
                       const uint8_t *body, size_t len)
{
    struct sotto_writer w;
    SOTTO_ASSERT(session->outbox != NULL);
    sotto_writer_init(&w, session->outbox + session->outbox_len,
                      session->config->buffers->size - session->outbox_len);
    enum sotto_err err = sotto_frame_encode(&w, type, body, len);
    SOTTO_ASSERT(err == SOTTO_OK);
    session->outbox_len += w.len;
}

void sotto_session_put_problem(struct sotto_session *session,
                               const struct sotto_error *problem)
{
    uint8_t body[SOTTO_ACK_FRAME_MAX];
    struct sotto_writer w;
    SOTTO_ASSERT(SOTTO_COUNT_PROBLEMS + problem->problem < SOTTO_COUNT_KINDS);
    sotto_session_count(session, SOTTO_COUNT_PROBLEMS + problem->problem, 1);
    sotto_writer_init(&w, body, sizeof body);
    sotto_error_encode(&w, problem);
    sotto_session_put(session, SOTTO_MSG_ERROR, body, w.len);
}

/* ---- ending ------------------------------------------------------------ */

bool sotto_session_is_ending(const struct sotto_session *session)
{
    return session->state == SOTTO_SESSION_CLOSING ||
           session->state == SOTTO_SESSION_FINISHED;
}

void sotto_session_close(struct sotto_session *session,
                         enum sotto_close_reason reason)
{
    if (sotto_session_is_ending(session)) {
        return;
    }
    if (session->state == SOTTO_SESSION_HANDSHAKE &&
        reason == SOTTO_CLOSE_OVERLOAD) {
        (void)sotto_link_refuse(&session->link, SOTTO_REFUSAL_BUSY);
    }
    sotto_session_end_login(session);
    sotto_session_leave_turn(session);
    session->outbox_len -= session->held;
    session->held = 0;
    session->reason = reason;
    session->state = SOTTO_SESSION_CLOSING;
    session->close_now = reason == SOTTO_CLOSE_SLOW && session->out != NULL;
}

void sotto_session_finish(struct sotto_session *session)
{
    sotto_session_end_login(session);
    sotto_session_leave_turn(session);
    session->state = SOTTO_SESSION_FINISHED;
}

bool sotto_session_is_finished(const struct sotto_session *session)
{
    return session->state == SOTTO_SESSION_FINISHED;
}

/* ---- what a client asks ------------------------------------------------ */

static struct sotto_scram_binding binding_of(const struct sotto_session *s)
{
    return (struct sotto_scram_binding){.flag = 'p',
                                        .name = SOTTO_SCRAM_BINDING_NAME,
                                        .data = s->link.hash,
                                        .data_len = sizeof s->link.hash};
}

static void ask(struct sotto_session *session, enum sotto_request_kind kind)
{
    session->request.kind = kind;
    session->is_asking = true;
}

static void ask_and_wait(struct sotto_session *session,
                         enum sotto_request_kind kind)
{
    ask(session, kind);
    session->is_waiting = true;
}

static enum sotto_err begin_login(struct sotto_session *session)
{
    const struct sotto_scram_binding binding = binding_of(session);
    if (session->login == NULL) {
        session->login = sotto_pool_take(session->config->logins);
    }
    if (session->login == NULL) {
        sotto_session_close(session, SOTTO_CLOSE_OVERLOAD);
        return SOTTO_OK;
    }
    enum sotto_err err =
        sotto_scram_server_first(session->login,
                                 (const char *)session->frame.body,
                                 session->frame.len, &binding);
    if (err != SOTTO_OK) {
        return err;
    }
    session->request =
        (struct sotto_request){.name = {(const uint8_t *)session->login->user,
                                        session->login->user_len}};
    ask_and_wait(session, SOTTO_REQUEST_LOOKUP);
    return SOTTO_OK;
}

/* Looks at the proof; the hub has the last word. */
static enum sotto_err check_proof(struct sotto_session *session)
{
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_scram_binding binding = binding_of(session);
    enum sotto_err err =
        sotto_scram_server_final(session->login,
                                 (const char *)session->frame.body,
                                 session->frame.len, &binding, answer,
                                 sizeof answer, &len, NULL);
    if (err != SOTTO_OK && err != SOTTO_ERR_AUTH) {
        return err;
    }
    if (err == SOTTO_OK) {
        /* Not sent before the hub has agreed. */
        const size_t before = session->outbox_len;
        sotto_session_put(session, SOTTO_MSG_AUTH, (const uint8_t *)answer,
                          len);
        session->held = session->outbox_len - before;
    }
    session->request =
        (struct sotto_request){.proof_ok = err == SOTTO_OK,
                               .verifier = &session->login->verifier};
    ask_and_wait(session, SOTTO_REQUEST_LOGIN);
    return SOTTO_OK;
}

static enum sotto_err ask_register(struct sotto_session *session)
{
    struct sotto_register account; /* the hub decodes it again */
    enum sotto_err err = sotto_register_decode(&account, session->frame.body,
                                               session->frame.len);
    sotto_wipe(&account, sizeof account);
    if (err == SOTTO_OK) {
        session->request = (struct sotto_request){
            .account = {session->frame.body, session->frame.len}};
        ask_and_wait(session, SOTTO_REQUEST_REGISTER);
    }
    return err;
}

static enum sotto_err ask_join(struct sotto_session *session)
{
    session->request = (struct sotto_request){0};
    enum sotto_err err =
        sotto_join_decode(&session->request.join, session->frame.body,
                          session->frame.len);
    if (err == SOTTO_OK) {
        session->instance = session->request.join.instance;
        ask_and_wait(session, SOTTO_REQUEST_JOIN);
    }
    return err;
}

/* A refusal of what was asked, without asking the hub. */
static void refuse(struct sotto_session *session, enum sotto_problem problem,
                   uint64_t ref)
{
    sotto_session_put_problem(session,
                              &(struct sotto_error){.problem =
                                                        (uint16_t)problem,
                                                    .ref = ref});
}

static bool is_text_allowed(const struct sotto_session *session,
                            struct sotto_span text)
{
    return text.len > 0 &&
           text.len <= sotto_session_max_text(session->config) &&
           sotto_utf8_valid(text.at, text.len);
}

static enum sotto_err ask_post(struct sotto_session *session)
{
    struct sotto_post post;
    enum sotto_err err =
        sotto_post_decode(&post, session->frame.body, session->frame.len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (post.id <= session->last_post) {
        return SOTTO_ERR_REPLAY;
    }
    session->last_post = post.id;
    if (!is_text_allowed(session, post.text)) {
        refuse(session, SOTTO_PROBLEM_TEXT, post.id);
        return SOTTO_OK;
    }
    session->unacked++;
    session->request = (struct sotto_request){.post = post};
    ask(session, SOTTO_REQUEST_POST);
    return SOTTO_OK;
}

static enum sotto_err note_who(struct sotto_session *session)
{
    uint16_t room = 0;
    enum sotto_err err =
        sotto_room_decode(&room, session->frame.body, session->frame.len);
    if (err == SOTTO_OK &&
        (room != SOTTO_LOBBY || session->state != SOTTO_SESSION_ROOM)) {
        refuse(session, SOTTO_PROBLEM_ROOM, 0);
    } else if (err == SOTTO_OK) {
        session->wants_who = true;
        session->who_from = 0;
    }
    return err;
}

/* Asks the hub about devices: `body` is the frame's. */
static void ask_device(struct sotto_session *session, uint8_t type,
                       struct sotto_span body)
{
    session->request =
        (struct sotto_request){.device = {type,
                                          body,
                                          {session->link.peer_static,
                                           sizeof session->link.peer_static}}};
    ask_and_wait(session, SOTTO_REQUEST_DEVICE);
}

void sotto_session_knock(struct sotto_session *session)
{
    ask_device(session, 0, (struct sotto_span){NULL, 0});
}

static enum sotto_err take_device(struct sotto_session *session)
{
    const struct sotto_frame *frame = &session->frame;
    if (SOTTO_DEVICES &&
        !sotto_device_request_ok(frame->type, frame->body, frame->len)) {
        return SOTTO_ERR_FORMAT;
    }
    ask_device(session, frame->type,
               (struct sotto_span){frame->body, frame->len});
    return SOTTO_OK;
}

static enum sotto_err answer_ping(struct sotto_session *session)
{
    if (session->frame.len > SOTTO_PING_MAX) {
        return SOTTO_ERR_FORMAT;
    }
    sotto_session_put(session, SOTTO_MSG_PONG, session->frame.body,
                      session->frame.len);
    return SOTTO_OK;
}

/* A frame of an active client. */
static enum sotto_err take_request(struct sotto_session *session)
{
    switch (session->frame.type) {
    case SOTTO_MSG_JOIN:
        return ask_join(session);
    case SOTTO_MSG_POST:
        return ask_post(session);
    case SOTTO_MSG_WHO:
        return note_who(session);
    case SOTTO_MSG_DEVICE_ADD:
    case SOTTO_MSG_EXPECT:
    case SOTTO_MSG_REVOKE:
    case SOTTO_MSG_DEVICES:
    case SOTTO_MSG_PASSWORD:
        return take_device(session);
    default:
        return SOTTO_ERR_FORMAT;
    }
}

/* A frame of somebody who is not logged in. */
static enum sotto_err take_login(struct sotto_session *session)
{
    switch (session->frame.type) {
    case SOTTO_MSG_AUTH:
        return begin_login(session);
    case SOTTO_MSG_REGISTER:
        return ask_register(session);
    case SOTTO_MSG_DEVICE_LOGIN:
        return SOTTO_DEVICES && session->link.is_ik ? take_device(session)
                                                    : SOTTO_ERR_FORMAT;
    case SOTTO_MSG_ENROL:
        return SOTTO_DEVICES && session->config->link.takes_ik
                   ? take_device(session)
                   : SOTTO_ERR_FORMAT;
    default:
        return SOTTO_ERR_FORMAT;
    }
}

/* What it takes to come in, and another password: proofs, verifiers, codes. They
 * are wiped with the buffer that they came in, whatever becomes of them. */
static bool is_secret(const struct sotto_session *session)
{
    return session->state < SOTTO_SESSION_ACTIVE ||
           session->frame.type == SOTTO_MSG_PASSWORD;
}

enum sotto_err sotto_session_take_frame(struct sotto_session *session)
{
    const uint8_t type = session->frame.type;
    session->is_input_secret |= is_secret(session);
    if (type == SOTTO_MSG_PING) {
        return answer_ping(session);
    }
    switch (session->state) {
    case SOTTO_SESSION_LOGIN:
        return take_login(session);
    case SOTTO_SESSION_PROOF:
        return type == SOTTO_MSG_AUTH ? check_proof(session) : SOTTO_ERR_FORMAT;
    case SOTTO_SESSION_ACTIVE:
    case SOTTO_SESSION_ROOM:
        return take_request(session);
    case SOTTO_SESSION_HANDSHAKE:
    case SOTTO_SESSION_CLOSING:
    case SOTTO_SESSION_FINISHED:
        break;
    }
    return SOTTO_ERR_FORMAT;
}
