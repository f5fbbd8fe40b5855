#include "core/chat/client_inner.h"

#include "core/base/assert.h"
#include <string.h>

/* ---- logging in -------------------------------------------------------- */

/* Whether the keys at hand, or being made, are for what the server asks. */
static bool is_same_salt(const struct sotto_client *client)
{
    const struct sotto_verifier *kept = &client->verifier;
    const struct sotto_scram_client *scram = &client->scram;
    return kept->iterations == scram->iterations &&
           kept->salt_len == scram->salt_len &&
           memcmp(kept->salt, scram->salt, scram->salt_len) == 0;
}

static enum sotto_err take_challenge(struct sotto_client *client,
                                     const struct sotto_frame *frame)
{
    struct sotto_scram_client *scram = &client->scram;
    enum sotto_err err =
        sotto_scram_client_challenge(scram, (const char *)frame->body,
                                     frame->len, client->config.iterations_min,
                                     SOTTO_SCRAM_ITERATIONS_MAX,
                                     SOTTO_SCRAM_SALT_MIN);
    if (err != SOTTO_OK) {
        return err;
    }
    if (client->has_keys && is_same_salt(client)) {
        return sotto_client_send_proof(client);
    }
    client->state = SOTTO_CLIENT_DERIVE;
    client->is_told = false;
    if (client->is_deriving && is_same_salt(client)) {
        return SOTTO_OK; /* begun on an earlier connection */
    }
    client->has_keys = false;
    client->is_deriving = false;
    if (client->password != NULL) {
        sotto_client_start_kdf(client, scram->salt, scram->salt_len,
                               scram->iterations);
    }
    return SOTTO_OK;
}

static enum sotto_err take_auth(struct sotto_client *client,
                                const struct sotto_frame *frame)
{
    if (client->state == SOTTO_CLIENT_AUTH && !client->is_refused) {
        return take_challenge(client, frame);
    }
    if (client->state != SOTTO_CLIENT_PROOF || client->is_server_proved) {
        return SOTTO_ERR_FORMAT;
    }
    enum sotto_err err =
        sotto_scram_client_verify(&client->scram, (const char *)frame->body,
                                  frame->len);
    client->is_server_proved = err == SOTTO_OK;
    return err;
}

static enum sotto_err take_welcome(struct sotto_client *client,
                                   const struct sotto_frame *frame)
{
    struct sotto_welcome welcome;
    enum sotto_err err =
        sotto_welcome_decode(&welcome, frame->body, frame->len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (client->state == SOTTO_CLIENT_DEVICE && !client->config.enrols) {
        /* A server that has the key it is known by says who we are; that has
         * to be whom we take ourselves for. */
        const char *name = client->config.name;
        if (welcome.name.len != strlen(name) ||
            memcmp(welcome.name.at, name, welcome.name.len) != 0) {
            return SOTTO_ERR_AUTH;
        }
        client->is_server_proved = true;
    } else if (client->state != SOTTO_CLIENT_PROOF ||
               !client->is_server_proved) {
        return SOTTO_ERR_FORMAT;
    }
    client->max_text = welcome.max_text;
    client->assumes_own = false;
    return sotto_client_send_join(client);
}

static enum sotto_err take_registered(struct sotto_client *client,
                                      const struct sotto_frame *frame)
{
    if (client->state != SOTTO_CLIENT_REGISTER || !client->sent_register ||
        frame->len != 0) {
        return SOTTO_ERR_FORMAT;
    }
    client->wants_register = false;
    client->sent_register = false;
    return sotto_client_send_first(client);
}

/* ---- refusals ---------------------------------------------------------- */

static enum sotto_err refuse_register(struct sotto_client *client,
                                      const struct sotto_error *problem,
                                      bool *has_event)
{
    if (!client->sent_register) {
        return SOTTO_ERR_FORMAT;
    }
    client->sent_register = false;
    if (problem->problem == SOTTO_PROBLEM_NAME_TAKEN && client->lost_register) {
        /* Most likely by ourselves: the answer was lost on the way. */
        *has_event = false;
        client->wants_register = false;
        client->assumes_own = true;
        return sotto_client_send_first(client);
    }
    return SOTTO_OK;
}

static void refuse_login(struct sotto_client *client,
                         struct sotto_error *problem)
{
    client->state = SOTTO_CLIENT_AUTH;
    client->is_refused = true;
    if (problem->problem != SOTTO_PROBLEM_LOGIN) {
        return; /* the keys may well be the right ones */
    }
    client->has_keys = false;
    client->is_deriving = false;
    if (client->assumes_own) {
        problem->problem = SOTTO_PROBLEM_NAME_TAKEN; /* not by us, then */
        client->assumes_own = false;
    }
}

/* A post has its answer. True when it was not known before. */
static enum sotto_err settle(struct sotto_client *client, uint64_t id,
                             bool *has_event)
{
    struct sotto_queue_item item;
    if (client->state != SOTTO_CLIENT_ROOM) {
        return SOTTO_ERR_FORMAT;
    }
    if (client->part_done > 0 && client->is_post_part &&
        sotto_queue_peek(&client->queue, &item) && item.id == id) {
        return SOTTO_ERR_FORMAT; /* half of it is on its way */
    }
    *has_event = sotto_queue_settle(&client->queue, id);
    return SOTTO_OK;
}

static enum sotto_err take_problem(struct sotto_client *client,
                                   const struct sotto_frame *frame,
                                   struct sotto_client_event *event,
                                   bool *has_event)
{
    struct sotto_error *problem = &event->problem;
    enum sotto_err err = sotto_error_decode(problem, frame->body, frame->len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (problem->ref != 0) {
        return settle(client, problem->ref, has_event);
    }
    switch (client->state) {
    case SOTTO_CLIENT_OFFLINE:
    case SOTTO_CLIENT_HANDSHAKE:
    case SOTTO_CLIENT_IDENTITY:
        return SOTTO_ERR_FORMAT;
    case SOTTO_CLIENT_REGISTER:
        return refuse_register(client, problem, has_event);
    case SOTTO_CLIENT_AUTH:
    case SOTTO_CLIENT_DERIVE:
    case SOTTO_CLIENT_PROOF:
        refuse_login(client, problem);
        break;
    case SOTTO_CLIENT_DEVICE:
    case SOTTO_CLIENT_JOINING:
    case SOTTO_CLIENT_ROOM:
        break;
    }
    return SOTTO_OK;
}

/* ---- the room ---------------------------------------------------------- */

static enum sotto_err take_joined(struct sotto_client *client,
                                  const struct sotto_frame *frame,
                                  struct sotto_client_event *event)
{
    struct sotto_joined *joined = &event->joined;
    enum sotto_err err = sotto_joined_decode(joined, frame->body, frame->len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (client->state != SOTTO_CLIENT_JOINING) {
        return SOTTO_ERR_FORMAT;
    }
    const bool is_new_log = client->has_joined && joined->next <= client->seen;
    event->missed =
        is_new_log || (client->has_joined && joined->first > client->seen + 1);
    if (is_new_log) {
        sotto_queue_forget_sent(&client->queue);
    } else if (client->has_joined && joined->first > client->join_from) {
        client->unsure_below = joined->first;
    }
    if (is_new_log || joined->first > client->seen + 1) {
        client->seen = joined->first - 1;
    }
    client->state = SOTTO_CLIENT_ROOM;
    client->has_joined = true;
    client->joined_next = joined->next;
    return SOTTO_OK;
}

static enum sotto_err take_caught_up(struct sotto_client *client,
                                     const struct sotto_frame *frame)
{
    uint16_t room = 0;
    enum sotto_err err = sotto_room_decode(&room, frame->body, frame->len);
    if (err == SOTTO_OK &&
        (client->state != SOTTO_CLIENT_ROOM || client->is_caught_up)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        client->is_caught_up = true;
        if (client->joined_next - 1 > client->seen) { /* it is at least 1 */
            client->seen = client->joined_next - 1;
        }
    }
    return err;
}

/* How much of `len` bytes of a text that was cut anywhere is whole letters. */
static size_t whole_letters(const uint8_t *text, size_t len)
{
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        const uint8_t *last = text + len - n;
        uint32_t code = 0;
        if ((*last & 0xc0U) != 0x80U) {
            return sotto_utf8_decode(last, n, &code) == n ? len : len - n;
        }
    }
    return len;
}

static enum sotto_err take_entry(struct sotto_client *client,
                                 const struct sotto_frame *frame,
                                 struct sotto_client_event *event,
                                 bool *has_event)
{
    struct sotto_entry *entry = &event->entry;
    const size_t len =
        frame->is_cut ? whole_letters(frame->body, frame->len) : frame->len;
    event->type = frame->type;
    event->is_cut = frame->is_cut;
    enum sotto_err err =
        sotto_entry_decode(entry, frame->type, frame->body, len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (entry->text.len > SOTTO_MAX_TEXT) {
        entry->text.len = whole_letters(entry->text.at, SOTTO_MAX_TEXT);
        event->is_cut = true;
    }
    if (client->state != SOTTO_CLIENT_ROOM) {
        return SOTTO_ERR_FORMAT;
    }
    *has_event = entry->number > client->seen;
    if (*has_event) {
        client->seen = entry->number;
    }
    return SOTTO_OK;
}

static enum sotto_err take_ack(struct sotto_client *client,
                               const struct sotto_frame *frame,
                               struct sotto_client_event *event,
                               bool *has_event)
{
    struct sotto_ack ack;
    enum sotto_err err = sotto_ack_decode(&ack, frame->body, frame->len);
    if (err == SOTTO_OK) {
        event->id = ack.id;
        event->number = ack.number;
        err = settle(client, ack.id, has_event);
    }
    return err;
}

enum sotto_err sotto_client_take(struct sotto_client *client,
                                 const struct sotto_frame *frame,
                                 struct sotto_client_event *event,
                                 bool *has_event)
{
    *has_event = true;
    if (frame->is_cut && frame->type != SOTTO_MSG_MESSAGE) {
        return SOTTO_ERR_LIMIT;
    }
    switch (frame->type) {
    case SOTTO_MSG_AUTH:
        *has_event = false;
        return take_auth(client, frame);
    case SOTTO_MSG_REGISTERED:
        event->kind = SOTTO_EVENT_REGISTERED;
        return take_registered(client, frame);
    case SOTTO_MSG_WELCOME:
        event->kind = SOTTO_EVENT_LOGGED_IN;
        return take_welcome(client, frame);
    case SOTTO_MSG_ERROR:
        event->kind = SOTTO_EVENT_PROBLEM;
        return take_problem(client, frame, event, has_event);
    case SOTTO_MSG_JOINED:
        event->kind = SOTTO_EVENT_JOINED;
        return take_joined(client, frame, event);
    case SOTTO_MSG_MESSAGE:
    case SOTTO_MSG_ENTERED:
    case SOTTO_MSG_LEFT:
        event->kind = SOTTO_EVENT_ENTRY;
        return take_entry(client, frame, event, has_event);
    case SOTTO_MSG_CAUGHT_UP:
        event->kind = SOTTO_EVENT_CAUGHT_UP;
        return take_caught_up(client, frame);
    case SOTTO_MSG_ACK:
        event->kind = SOTTO_EVENT_ACKED;
        return take_ack(client, frame, event, has_event);
    case SOTTO_MSG_PRESENT:
        event->kind = SOTTO_EVENT_PRESENT;
        return client->state == SOTTO_CLIENT_ROOM
                   ? sotto_present_decode(&event->present, frame->body,
                                          frame->len)
                   : SOTTO_ERR_FORMAT;
    case SOTTO_MSG_ENROLLED:
    case SOTTO_MSG_DONE:
    case SOTTO_MSG_DEVICE_LIST:
        return SOTTO_DEVICES ? sotto_client_take_device(client, frame, event)
                             : SOTTO_ERR_FORMAT; /* it was not asked */
    case SOTTO_MSG_PONG:
        *has_event = false;
        return frame->len <= SOTTO_PING_MAX ? SOTTO_OK : SOTTO_ERR_FORMAT;
    default:
        return SOTTO_ERR_FORMAT;
    }
}
