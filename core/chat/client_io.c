#include "core/chat/client_inner.h"

#include "core/base/assert.h"
#include <string.h>

/* How long a server may take for its side of the handshake. */
#define HANDSHAKE_MS 20000U

/* ---- bytes that come --------------------------------------------------- */

static bool is_connected(const struct sotto_client *client)
{
    return client->state != SOTTO_CLIENT_OFFLINE;
}

bool sotto_client_input(struct sotto_client *client, uint8_t **at, size_t *cap)
{
    if (!is_connected(client) || client->state == SOTTO_CLIENT_IDENTITY ||
        client->link.plain_left > 0) {
        return false;
    }
    if (client->in_at > 0) {
        client->in_len -= client->in_at;
        memmove(client->in, client->in + client->in_at, client->in_len);
        client->in_at = 0;
    }
    *at = client->in + client->in_len;
    *cap = client->in_cap - client->in_len;
    return *cap > 0;
}

void sotto_client_input_done(struct sotto_client *client, size_t len,
                             uint64_t now_ms)
{
    client->in_len += len;
    client->input_ms = len > 0 ? now_ms : client->input_ms;
}

/* LIMIT stands for a key derivation that is out of bounds (client.h); to the
 * link it is a length, and so one more way not to be the protocol. */
static enum sotto_err why_link_failed(const struct sotto_client *client,
                                      enum sotto_err err)
{
    if (client->link.refusal != SOTTO_REFUSAL_NONE) {
        return SOTTO_ERR_REFUSED;
    }
    return err == SOTTO_ERR_LIMIT ? SOTTO_ERR_FORMAT : err;
}

/* Gets the next frame of the record at hand. */
static bool get_frame(struct sotto_client *client, struct sotto_frame *frame)
{
    enum sotto_err err = SOTTO_OK;
    if (sotto_link_next(&client->link, frame, &err)) {
        return true;
    }
    if (err == SOTTO_ERR_SPACE) {
        sotto_link_lend(&client->link, client->assembly, client->assembly_cap);
        return sotto_link_next(&client->link, frame, &err);
    }
    if (err != SOTTO_OK) {
        sotto_client_end(client, why_link_failed(client, err));
    } else if (client->link.state == SOTTO_LINK_ENDED) {
        sotto_client_end(client, SOTTO_OK);
    }
    return false;
}

/* Feeds the link one unit; false when there is no whole one. */
static bool feed_unit(struct sotto_client *client)
{
    size_t used = 0;
    enum sotto_err err =
        sotto_link_feed(&client->link, client->in + client->in_at,
                        client->in_len - client->in_at, &used);
    client->in_at += used;
    if (err == SOTTO_OK && client->state == SOTTO_CLIENT_HANDSHAKE &&
        client->link.state == SOTTO_LINK_IDENTITY) {
        client->state = SOTTO_CLIENT_IDENTITY;
        client->is_told = false;
    }
    if (err != SOTTO_OK) {
        sotto_client_end(client, why_link_failed(client, err));
        return false;
    }
    return used > 0;
}

/* ---- events ------------------------------------------------------------ */

/* What a state itself has to say, once. */
static bool tell_state(struct sotto_client *client,
                       struct sotto_client_event *event)
{
    if (client->is_told) {
        return false;
    }
    switch (client->state) {
    case SOTTO_CLIENT_IDENTITY:
        event->kind = SOTTO_EVENT_IDENTITY;
        memcpy(event->key, client->link.peer_static, sizeof event->key);
        break;
    case SOTTO_CLIENT_REGISTER:
    case SOTTO_CLIENT_DERIVE:
        event->kind =
            client->is_deriving ? SOTTO_EVENT_DERIVE : SOTTO_EVENT_PASSWORD;
        break;
    default:
        return false;
    }
    client->is_told = true;
    return true;
}

/*
 * Caught up, and still no answer to a post that may have got a number in a part
 * of the log that is gone: saying it again could be saying it twice.
 */
static bool tell_unsure(struct sotto_client *client,
                        struct sotto_client_event *event)
{
    uint64_t id = 0;
    if (!client->is_caught_up || client->unsure_below == 0) {
        return false;
    }
    if (!sotto_queue_unsure(&client->queue, client->unsure_below, &id)) {
        client->unsure_below = 0;
        return false;
    }
    (void)sotto_queue_settle(&client->queue, id);
    event->kind = SOTTO_EVENT_PROBLEM;
    event->problem =
        (struct sotto_error){.problem = SOTTO_PROBLEM_UNSURE, .ref = id};
    return true;
}

/* A client that leaves before a link is open is simply gone. */
static void leave_early(struct sotto_client *client)
{
    const bool is_open = client->link.state == SOTTO_LINK_OPEN ||
                         client->link.state == SOTTO_LINK_ENDED;
    if (client->is_leaving && !client->is_over &&
        !(is_connected(client) && is_open) &&
        (client->leaves_at_once || client->queue.count == 0)) {
        sotto_client_end_left(client);
    }
}

static bool tell_end(struct sotto_client *client,
                     struct sotto_client_event *event)
{
    if (!client->is_over) {
        return false;
    }
    *event = client->end;
    client->is_over = false;
    return true;
}

static bool take_one(struct sotto_client *client,
                     const struct sotto_frame *frame,
                     struct sotto_client_event *event)
{
    bool has_event = false;
    enum sotto_err err = sotto_client_take(client, frame, event, &has_event);
    if (err != SOTTO_OK) {
        sotto_client_end(client, err);
        return false;
    }
    return has_event;
}

/* Goes on with what was read: a frame, or the next unit; false when there is
 * nothing more to do now. `*has_event` when `event` is to be handed out. */
static bool advance(struct sotto_client *client,
                    struct sotto_client_event *event, bool *has_event)
{
    struct sotto_frame frame;
    const bool is_open = client->link.state == SOTTO_LINK_OPEN ||
                         client->link.state == SOTTO_LINK_ENDED;
    if (is_open && get_frame(client, &frame)) {
        *has_event = take_one(client, &frame, event);
        return true;
    }
    return is_connected(client) && client->in_len > client->in_at &&
           feed_unit(client);
}

bool sotto_client_next(struct sotto_client *client,
                       struct sotto_client_event *event)
{
    *event = (struct sotto_client_event){0};
    leave_early(client);
    while (is_connected(client)) {
        bool has_event = false;
        if (tell_state(client, event) || tell_unsure(client, event)) {
            return true;
        }
        if (client->state == SOTTO_CLIENT_IDENTITY ||
            !advance(client, event, &has_event)) {
            break;
        }
        if (has_event) {
            return true;
        }
    }
    return tell_end(client, event);
}

/* ---- bytes that go ----------------------------------------------------- */

static bool can_post(const struct sotto_client *client)
{
    return client->is_caught_up && client->unsure_below == 0;
}

static bool can_leave(const struct sotto_client *client)
{
    return client->is_leaving && !client->said_close &&
           (client->leaves_at_once || client->queue.count == 0);
}

/* Adds a whole frame or, when it fits no record, a part of it; false when the
 * record is full before its end. */
static bool add_frame(struct sotto_client *client, struct sotto_record *record,
                      uint8_t type, struct sotto_span body)
{
    if (client->part_done == 0) {
        if (sotto_record_add(record, type, body.at, body.len) == SOTTO_OK) {
            return true;
        }
        if (record->len > 0) {
            return false; /* it is to begin in a record of its own */
        }
    }
    if (!sotto_record_add_part(record, type, body.at, body.len,
                               &client->part_done)) {
        return false;
    }
    client->part_done = 0;
    return true;
}

static bool has_control(const struct sotto_client *client)
{
    return client->control_at < client->control_len;
}

static void add_control(struct sotto_client *client,
                        struct sotto_record *record)
{
    while (has_control(client)) {
        struct sotto_reader r;
        const uint8_t *frame = client->control + client->control_at;
        const size_t left = client->control_len - client->control_at;
        sotto_reader_init(&r, frame, left);
        const uint8_t type = sotto_read_u8(&r);
        const struct sotto_span body =
            sotto_read_vector(&r, 0, sizeof client->control);
        SOTTO_ASSERT(!r.bad);
        if (!add_frame(client, record, type, body)) {
            return;
        }
        client->control_at += left - r.left;
    }
}

static void add_posts(struct sotto_client *client, struct sotto_record *record)
{
    struct sotto_queue_item item;
    while (sotto_queue_peek(&client->queue, &item)) {
        client->is_post_part = true;
        if (!add_frame(client, record, SOTTO_MSG_POST, item.body)) {
            return;
        }
        sotto_queue_sent(&client->queue, client->seen);
    }
}

static bool has_posts(struct sotto_client *client)
{
    struct sotto_queue_item item;
    return can_post(client) && sotto_queue_peek(&client->queue, &item);
}

static enum sotto_err seal_close(struct sotto_client *client, uint64_t now_ms)
{
    client->said_close = true;
    return sotto_link_close(&client->link, SOTTO_CLOSE_BYE, client->out,
                            client->out_cap, now_ms, &client->out_len);
}

static enum sotto_err seal_record(struct sotto_client *client, uint64_t now_ms)
{
    struct sotto_record record;
    client->said_ms = now_ms;
    sotto_link_begin(&client->link, &record, client->out, client->out_cap);
    /* A post that is half sent goes on before anything else is said. */
    if (client->part_done == 0 || !client->is_post_part) {
        client->is_post_part = false;
        add_control(client, &record);
    }
    if (can_post(client) && (client->is_post_part || !has_control(client))) {
        add_posts(client, &record);
    }
    return sotto_link_end(&client->link, &record, now_ms, &client->out_len);
}

/* Seals or writes what is next to go. */
static enum sotto_err fill_output(struct sotto_client *client, uint64_t now_ms)
{
    if (client->link.has_output) {
        return sotto_link_out(&client->link, client->out, client->out_cap,
                              &client->out_len);
    }
    if (client->link.state != SOTTO_LINK_OPEN || client->said_close) {
        return SOTTO_OK;
    }
    if (client->state == SOTTO_CLIENT_HANDSHAKE) {
        enum sotto_err err = sotto_client_opened(client);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    if (has_control(client) || has_posts(client)) {
        return seal_record(client, now_ms);
    }
    return can_leave(client) ? seal_close(client, now_ms) : SOTTO_OK;
}

bool sotto_client_output(struct sotto_client *client, uint64_t now_ms,
                         const uint8_t **at, size_t *len)
{
    if (!is_connected(client)) {
        return false;
    }
    if (client->out_at == client->out_len) {
        client->out_at = client->out_len = 0;
        enum sotto_err err = fill_output(client, now_ms);
        if (err != SOTTO_OK) {
            sotto_client_end(client, err);
            return false;
        }
    }
    *at = client->out + client->out_at;
    *len = client->out_len - client->out_at;
    return *len > 0;
}

void sotto_client_output_done(struct sotto_client *client, size_t len)
{
    client->out_at += len;
    SOTTO_ASSERT(client->out_at <= client->out_len);
    if (client->said_close && client->out_at == client->out_len) {
        sotto_client_end_left(client);
    }
}

/* ---- time -------------------------------------------------------------- */

/* Whether the server, or a person, is given some time at all. */
static bool is_timed(const struct sotto_client *client)
{
    return is_connected(client) && client->state != SOTTO_CLIENT_IDENTITY;
}

uint64_t sotto_client_deadline_ms(const struct sotto_client *client)
{
    const uint64_t ping_ms = client->config.ping_ms;
    if (!is_timed(client)) {
        return UINT64_MAX;
    }
    if (client->state == SOTTO_CLIENT_HANDSHAKE) {
        return client->input_ms + HANDSHAKE_MS + 1;
    }
    const uint64_t end_ms = client->input_ms + 3 * ping_ms;
    const uint64_t due_ms = client->said_ms + ping_ms;
    return (due_ms < end_ms ? due_ms : end_ms) + 1;
}

void sotto_client_tick(struct sotto_client *client, uint64_t now_ms)
{
    const uint64_t quiet_ms = now_ms - client->input_ms;
    const uint64_t ping_ms = client->config.ping_ms;
    if (!is_timed(client)) {
        return;
    }
    if (client->state == SOTTO_CLIENT_HANDSHAKE) {
        if (quiet_ms > HANDSHAKE_MS) {
            sotto_client_end(client, SOTTO_ERR_TIMEOUT);
        }
    } else if (quiet_ms > 3 * ping_ms) {
        sotto_client_end(client, SOTTO_ERR_TIMEOUT);
    } else if (now_ms - client->said_ms > ping_ms) {
        client->said_ms = now_ms;
        /* Without room for it something else is on its way. */
        enum sotto_err err = sotto_client_put(client, SOTTO_MSG_PING, NULL, 0);
        SOTTO_ASSERT(err == SOTTO_OK || err == SOTTO_ERR_SPACE);
    }
}
