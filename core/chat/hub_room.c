#include "core/chat/hub_state.h"

#include <string.h>

/* The number of the `count`th entry from the end; the next one for 0. */
static uint64_t history_start(const struct sotto_hub *hub, size_t count)
{
    size_t known = hub->recent_count < SOTTO_HISTORY_MAX ? hub->recent_count
                                                         : SOTTO_HISTORY_MAX;
    count = count < known ? count : known;
    if (count == 0) {
        return sotto_log_next_number(hub->lobby);
    }
    return hub->recent[(hub->recent_count - count) % SOTTO_HISTORY_MAX];
}

/*
 * Ends an earlier connection of the same run of the same client: it may be
 * half dead, with posts still on the way, and the client is about to learn
 * which of its posts have arrived and to repeat the others.
 */
static void replace_instance(struct sotto_hub *hub,
                             const struct sotto_seat *seat, uint64_t instance)
{
    for (size_t i = 0; i < hub->config.sessions; i++) {
        struct sotto_seat *other = &hub->seats[i];
        if (other != seat && other->taken && other->in_room &&
            other->instance == instance &&
            sotto_hub_same_account(other, seat)) {
            other->in_room = false;
            other->is_primary = false;
            sotto_hub_set_waiting(hub, other, WAIT_KICK);
        }
    }
}

static bool is_primary_missing(struct sotto_hub *hub,
                               const struct sotto_seat *seat)
{
    for (size_t i = 0; i < hub->config.sessions; i++) {
        const struct sotto_seat *other = &hub->seats[i];
        if (other->taken && other->is_primary &&
            sotto_hub_same_account(other, seat)) {
            return false;
        }
    }
    return true;
}

/* True when the account was here until now: its LEFT need not be written. */
static bool take_over_leaving(struct sotto_hub *hub,
                              const struct sotto_seat *seat)
{
    for (size_t i = 0; hub->leaving_count > 0 && i < hub->config.sessions;
         i++) {
        struct sotto_seat *other = &hub->seats[i];
        if (other->leaving && sotto_hub_same_account(other, seat)) {
            other->leaving = false;
            hub->leaving_count--;
            return true;
        }
    }
    return false;
}

enum sotto_err sotto_hub_join(struct sotto_hub *hub, struct sotto_seat *seat,
                              const struct sotto_request *request,
                              uint64_t wall_s, struct sotto_reply *reply)
{
    const struct sotto_join *join = &request->join;
    if (!seat->logged_in || seat->in_room ||
        join->room.len != strlen(SOTTO_LOBBY_NAME) ||
        memcmp(join->room.at, SOTTO_LOBBY_NAME, join->room.len) != 0) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_ROOM, 0, 0);
        return SOTTO_OK;
    }
    const bool was_here = !is_primary_missing(hub, seat);
    replace_instance(hub, seat, join->instance);
    const uint64_t start = history_start(hub, join->history);
    seat->instance = join->instance;
    if (!was_here && !take_over_leaving(hub, seat)) {
        enum sotto_err err =
            sotto_hub_append_notice(hub, SOTTO_MSG_ENTERED, seat, wall_s);
        if (err == SOTTO_ERR_AGAIN) {
            return err;
        }
        /* Without room on the disk people still come in, unannounced. */
    }
    seat->in_room = true;
    seat->is_primary = is_primary_missing(hub, seat);

    const uint64_t oldest = sotto_log_first(hub->lobby);
    const uint64_t next = sotto_log_next_number(hub->lobby);
    /* A number that is yet to come is of another log than this one. */
    const bool is_known = join->from != 0 && join->from <= next;
    uint64_t first = is_known ? join->from : start;
    first = first < oldest ? oldest : first;
    reply->kind = SOTTO_REPLY_JOINED;
    reply->joined = (struct sotto_joined){
        .room = SOTTO_LOBBY,
        .name = {(const uint8_t *)SOTTO_LOBBY_NAME, strlen(SOTTO_LOBBY_NAME)},
        .first = first,
        .next = next,
    };
    return SOTTO_OK;
}

/* What waits for its acknowledgement, in the order of the numbers. */
static void put_pending(struct sotto_hub *hub,
                        const struct sotto_pending *pending)
{
    SOTTO_ASSERT(hub->pending_count < hub->config.pending);
    size_t at = (hub->pending_head + hub->pending_count) % hub->config.pending;
    hub->pending[at] = *pending;
    hub->pending_count++;
}

/* The account pays for a post. How long its author is to pause, because he has
 * said too much on all his connections together. */
static uint32_t charge_account(struct sotto_hub *hub,
                               const struct sotto_seat *seat, size_t text_len,
                               uint64_t now_ms)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    if (!SOTTO_PACED || hub->by_poster == NULL) {
        return 0;
    }
    const uint64_t cost_ns =
        sotto_rate_cost_ns(&hub->config.post_rate, 1, (uint32_t)text_len);
    sotto_throttle_key_name(seat->name, seat->name_len, key);
    const uint64_t wait_us =
        sotto_throttle_charge(hub->by_poster, key, (cost_ns + 999) / 1000,
                              now_ms * 1000);
    const uint64_t wait_ms = (wait_us + 999) / 1000;
    return wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
}

enum sotto_err sotto_hub_post(struct sotto_hub *hub, struct sotto_seat *seat,
                              const struct sotto_request *request,
                              uint64_t now_ms, uint64_t wall_s,
                              struct sotto_reply *reply)
{
    const struct sotto_post *post = &request->post;
    if (!seat->in_room || post->room != SOTTO_LOBBY) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_ROOM, post->id, 0);
        return SOTTO_OK;
    }
    SOTTO_ASSERT(post->text.len > 0); /* the session has looked at it */
    SOTTO_ASSERT(post->text.len <= SOTTO_MAX_TEXT);
    if (hub->pending_count == hub->config.pending) {
        return SOTTO_ERR_AGAIN;
    }
    const struct sotto_stored entry = {.type = SOTTO_MSG_MESSAGE,
                                       .time_s = sotto_hub_wire_time(wall_s),
                                       .instance = seat->instance,
                                       .id = post->id,
                                       .sender = sotto_hub_seat_name(seat),
                                       .text = post->text};
    uint64_t number = 0;
    enum sotto_err err = sotto_hub_append(hub, &entry, &number);
    if (err == SOTTO_ERR_AGAIN) {
        return err;
    }
    if (err != SOTTO_OK) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_STORAGE, post->id, 0);
        return SOTTO_OK;
    }
    hub->counters.posts++;
    put_pending(hub, &(struct sotto_pending){.seat = reply->seat,
                                             .id = post->id,
                                             .number = number,
                                             .pause_ms =
                                                 charge_account(hub, seat,
                                                                post->text.len,
                                                                now_ms)});
    return SOTTO_OK;
}

/* ---- pages ---- */

/* Tells a client that came back that its post is in the log: at once when it
 * is durable, later otherwise. SPACE. */
static enum sotto_err write_past_ack(struct sotto_hub *hub,
                                     const struct sotto_seat *seat, uint64_t id,
                                     uint64_t number, struct sotto_writer *page,
                                     struct sotto_reply *reply)
{
    if (number > sotto_log_durable(hub->lobby, NULL)) {
        if (hub->pending_count == hub->config.pending ||
            page->cap - page->len < SOTTO_ACK_FRAME_MAX) {
            return SOTTO_ERR_SPACE;
        }
        page->cap -= SOTTO_ACK_FRAME_MAX;
        reply->promised++;
        put_pending(hub,
                    &(struct sotto_pending){.seat =
                                                sotto_hub_seat_id(hub, seat),
                                            .id = id,
                                            .number = number,
                                            .is_promised = true});
        return SOTTO_OK;
    }
    uint8_t body[SOTTO_ACK_FRAME_MAX];
    struct sotto_writer w;
    const struct sotto_ack ack = {SOTTO_LOBBY, id, number};
    sotto_writer_init(&w, body, sizeof body);
    sotto_ack_encode(&w, &ack);
    return sotto_frame_encode(page, SOTTO_MSG_ACK, body, w.len);
}

/* How an entry appears to this seat: as an entry, or, when the seat's own
 * client posted it, as its acknowledgement. SPACE when the page is full. */
static enum sotto_err write_past(struct sotto_hub *hub,
                                 const struct sotto_seat *seat, uint64_t number,
                                 size_t entry_len, struct sotto_writer *page,
                                 struct sotto_reply *reply)
{
    struct sotto_stored entry;
    if (sotto_stored_decode(&entry, hub->entry, entry_len) != SOTTO_OK) {
        hub->counters.left_out++;
        return SOTTO_OK; /* of a later version */
    }
    const bool is_own =
        entry.instance == seat->instance &&
        entry.sender.len == seat->name_len &&
        memcmp(entry.sender.at, seat->name, seat->name_len) == 0;
    if (is_own) {
        return entry.type == SOTTO_MSG_MESSAGE
                   ? write_past_ack(hub, seat, entry.id, number, page, reply)
                   : SOTTO_OK;
    }
    size_t len = 0;
    enum sotto_err err =
        sotto_stored_frame(&entry, SOTTO_LOBBY, number, page->out + page->len,
                           page->cap - page->len, &len);
    if (err == SOTTO_OK) {
        page->len += len;
        reply->entries++;
    }
    return err;
}

/* Puts the entry `number` of `len` bytes, in hub->entry, into the page. */
static enum sotto_err add_past(struct sotto_hub *hub,
                               const struct sotto_seat *seat, uint64_t number,
                               size_t len, struct sotto_writer *page,
                               struct sotto_reply *reply)
{
    const bool is_empty = page->len == 0 && reply->promised == 0;
    enum sotto_err err = write_past(hub, seat, number, len, page, reply);
    if (err == SOTTO_ERR_SPACE && is_empty &&
        hub->pending_count < hub->config.pending) {
        /* Of a server with larger buffers: no page will ever hold it. */
        hub->counters.left_out++;
        return SOTTO_OK;
    }
    return err;
}

/* Fills a page from reply->next on. SPACE when it is full, NOT_FOUND at the
 * end of the log, IO. */
static enum sotto_err fill_page(struct sotto_hub *hub,
                                const struct sotto_seat *seat,
                                struct sotto_writer *page,
                                struct sotto_reply *reply)
{
    for (;;) {
        size_t len = 0;
        uint64_t number = reply->next;
        enum sotto_err err = sotto_log_read(hub->lobby, reply->next, hub->entry,
                                            sizeof hub->entry, &len, &number);
        if (err == SOTTO_OK) {
            err = add_past(hub, seat, number, len, page, reply);
        } else if (err == SOTTO_ERR_FORMAT || err == SOTTO_ERR_SPACE) {
            hub->counters.left_out++;
            err = SOTTO_OK; /* a damaged entry: the reader goes on after it */
        }
        if (err != SOTTO_OK) {
            return err;
        }
        reply->next = number + 1;
    }
}

enum sotto_err sotto_hub_fetch(struct sotto_hub *hub,
                               const struct sotto_seat *seat,
                               const struct sotto_request *request,
                               struct sotto_reply *reply)
{
    if (request->from < sotto_log_first(hub->lobby)) {
        /* The log has dropped what this reader was about to get. JOIN tells a
         * client that something is missing, so it has to come back. */
        reply->kind = SOTTO_REPLY_KICK;
        reply->reason = SOTTO_CLOSE_SLOW;
        return SOTTO_OK;
    }
    struct sotto_writer page;
    SOTTO_ASSERT(!hub->has_fresh);
    const size_t cap = request->room_bytes < sizeof hub->page
                           ? request->room_bytes
                           : sizeof hub->page;
    sotto_writer_init(&page, hub->page, cap);
    reply->next = request->from;
    enum sotto_err err = fill_page(hub, seat, &page, reply);
    if (err == SOTTO_ERR_IO) {
        hub->counters.storage_errors++;
        reply->kind = SOTTO_REPLY_KICK;
        reply->reason = SOTTO_CLOSE_STORAGE;
        return SOTTO_OK;
    }
    if (err == SOTTO_ERR_SPACE && reply->next == request->from) {
        return SOTTO_ERR_AGAIN; /* too much waits for the disk */
    }
    reply->kind = SOTTO_REPLY_PAGE;
    reply->is_last = err == SOTTO_ERR_NOT_FOUND;
    if (reply->is_last) {
        /* Over numbers that a crash left unused: what comes next is in the
         * feed, or will be. */
        reply->next = sotto_log_next_number(hub->lobby);
    }
    reply->frames = (struct sotto_span){hub->page, page.len};
    return SOTTO_OK;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    const size_t less = a < b ? a : b;
    return less < c ? less : c;
}

/* Writes the names from the seat at `from` on, as many as fit; returns the
 * first seat that did not. */
static size_t write_names(const struct sotto_hub *hub, size_t from,
                          struct sotto_writer *w)
{
    size_t at = from;
    for (; at < hub->config.sessions; at++) {
        const struct sotto_seat *seat = &hub->seats[at];
        if (!seat->taken || !seat->is_primary) {
            continue;
        }
        if (w->cap - w->len < 1U + seat->name_len) {
            break;
        }
        sotto_write_vector(w, seat->name, seat->name_len);
    }
    return at;
}

/* One PRESENT frame; `from` is a seat's place. */
void sotto_hub_who(struct sotto_hub *hub, const struct sotto_request *request,
                   struct sotto_reply *reply)
{
    const size_t head = 1 + 2; /* of the frame */
    const size_t from = (size_t)request->from;
    uint8_t *body = hub->entry;
    struct sotto_writer w;
    struct sotto_writer page;
    SOTTO_ASSERT(!hub->has_fresh);
    SOTTO_ASSERT(request->room_bytes > head + 3 + 1 + SOTTO_NAME_MAX);
    sotto_writer_init(&w, body,
                      smallest(request->room_bytes - head, sizeof hub->entry,
                               SOTTO_PRESENT_MAX));
    sotto_write_u16(&w, SOTTO_LOBBY);
    sotto_write_u8(&w, 0);
    reply->next = write_names(hub, from, &w);
    reply->is_last = reply->next >= hub->config.sessions;
    body[2] = reply->is_last;
    sotto_writer_init(&page, hub->page, sizeof hub->page);
    enum sotto_err err =
        sotto_frame_encode(&page, SOTTO_MSG_PRESENT, body, w.len);
    SOTTO_ASSERT(err == SOTTO_OK);
    reply->kind = SOTTO_REPLY_PAGE;
    reply->frames = (struct sotto_span){hub->page, page.len};
}
