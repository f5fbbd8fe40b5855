#include "core/chat/hub_state.h"

#include <string.h>

_Static_assert(SOTTO_HUB_PAGE_MAX >= SOTTO_FRAME_MAX,
               "a page holds at least one entry");

/* ---- memory ---- */

static size_t rounded(size_t size)
{
    return (size + 15U) & ~(size_t)15U;
}

static bool limits_connects(const struct sotto_hub_config *config)
{
    return config->connect_rate.burst > 0;
}

static bool limits_posts(const struct sotto_hub_config *config)
{
    return SOTTO_PACED &&
           (config->post_rate.messages > 0 || config->post_rate.bytes > 0);
}

size_t sotto_hub_size(const struct sotto_hub_config *config)
{
    const size_t tables = 4 + (limits_connects(config) ? 1U : 0U) +
                          (limits_posts(config) ? 1U : 0U);
    return rounded(sizeof(struct sotto_hub)) +
           rounded(config->sessions * sizeof(struct sotto_seat)) +
           rounded(config->pending * sizeof(struct sotto_pending)) +
           tables * rounded(sotto_throttle_size(config->throttle_entries));
}

static void *carve(uint8_t **at, size_t size)
{
    void *piece = *at;
    *at += rounded(size);
    return piece;
}

static void note_number(struct sotto_hub *hub, uint64_t number)
{
    hub->recent[hub->recent_count % SOTTO_HISTORY_MAX] = number;
    hub->recent_count++;
}

/* Notes the numbers of all entries from `from` on. */
static enum sotto_err note_from(struct sotto_hub *hub, uint64_t from)
{
    hub->recent_count = 0;
    for (;;) {
        size_t len = 0;
        uint64_t number = from;
        enum sotto_err err = sotto_log_read(hub->lobby, from, hub->entry,
                                            sizeof hub->entry, &len, &number);
        if (err == SOTTO_ERR_NOT_FOUND) {
            return SOTTO_OK;
        }
        if (err == SOTTO_OK) {
            note_number(hub, number);
        } else if (err != SOTTO_ERR_FORMAT && err != SOTTO_ERR_SPACE) {
            return err;
        }
        from = number + 1;
    }
}

/* Remembers the numbers of the last entries, for JOIN's history. Numbers may
 * skip: looks further back until there are enough, or no more. */
static enum sotto_err read_recent(struct sotto_hub *hub)
{
    const uint64_t first = sotto_log_first(hub->lobby);
    const uint64_t last = sotto_log_last(hub->lobby);
    uint64_t back = SOTTO_HISTORY_MAX;
    for (;;) {
        const bool is_all = last - first <= back;
        enum sotto_err err = note_from(hub, is_all ? first : last - back);
        if (err != SOTTO_OK || is_all ||
            hub->recent_count >= SOTTO_HISTORY_MAX) {
            return err;
        }
        back *= 4;
    }
}

/* An account may owe as much as a connection. */
static const struct sotto_throttle_rate poster_rate = {
    .burst = SOTTO_PACE_BURST_MS * 1000U + 1U, .refill_ms = 1};

static void open_table(const struct sotto_hub *hub, uint8_t **at,
                       struct sotto_throttle **table,
                       const struct sotto_throttle_rate *rate)
{
    const size_t entries = hub->config.throttle_entries;
    sotto_throttle_init(table, carve(at, sotto_throttle_size(entries)), entries,
                        rate);
}

enum sotto_err sotto_hub_init(struct sotto_hub **hub_out, void *memory,
                              const struct sotto_hub_config *config,
                              struct sotto_accounts *accounts,
                              struct sotto_log *lobby)
{
    SOTTO_ASSERT(config->sessions >= 1);
    SOTTO_ASSERT(config->pending >= 1);
    uint8_t *at = memory;
    struct sotto_hub *hub = carve(&at, sizeof *hub);
    hub->config = *config;
    hub->accounts = accounts;
    hub->lobby = lobby;
    hub->seats = carve(&at, config->sessions * sizeof(struct sotto_seat));
    hub->pending = carve(&at, config->pending * sizeof(struct sotto_pending));

    hub->oldest_stranger = SOTTO_HUB_NOBODY;
    hub->newest_stranger = SOTTO_HUB_NOBODY;
    open_table(hub, &at, &hub->by_login, &config->login_rate);
    open_table(hub, &at, &hub->by_account, &config->account_rate);
    open_table(hub, &at, &hub->by_address, &config->address_rate);
    open_table(hub, &at, &hub->by_register, &config->register_rate);
    if (limits_connects(config)) {
        open_table(hub, &at, &hub->by_connect, &config->connect_rate);
    }
    if (limits_posts(config)) {
        open_table(hub, &at, &hub->by_poster, &poster_rate);
    }
    enum sotto_err err = read_recent(hub);
    if (err == SOTTO_OK) {
        *hub_out = hub;
    }
    return err;
}

enum sotto_err sotto_hub_set_codes(struct sotto_hub *hub,
                                   const struct sotto_span *codes, size_t count)
{
    if (count > SOTTO_CODES_MAX) {
        return SOTTO_ERR_SPACE;
    }
    for (size_t i = 0; i < count; i++) {
        sotto_sha256(codes[i].at, codes[i].len, hub->codes[i]);
    }
    hub->code_count = count;
    return SOTTO_OK;
}

/* ---- seats ---- */

/* The seat of that connection, or NULL when it has gone. */
struct sotto_seat *sotto_hub_find_seat(struct sotto_hub *hub,
                                       struct sotto_seat_id id)
{
    SOTTO_ASSERT(id.place < hub->config.sessions);
    struct sotto_seat *seat = &hub->seats[id.place];
    return seat->taken && seat->generation == id.generation ? seat : NULL;
}

struct sotto_seat_id sotto_hub_seat_id(const struct sotto_hub *hub,
                                       const struct sotto_seat *seat)
{
    return (struct sotto_seat_id){.place = (uint32_t)(seat - hub->seats),
                                  .generation = seat->generation};
}

struct sotto_span sotto_hub_seat_name(const struct sotto_seat *seat)
{
    return (struct sotto_span){(const uint8_t *)seat->name, seat->name_len};
}

bool sotto_hub_same_account(const struct sotto_seat *a,
                            const struct sotto_seat *b)
{
    return a->name_len == b->name_len &&
           memcmp(a->name, b->name, a->name_len) == 0;
}

void sotto_hub_set_waiting(struct sotto_hub *hub, struct sotto_seat *seat,
                           enum sotto_hub_waiting waiting)
{
    hub->waiting_count += waiting != WAIT_NOTHING;
    hub->waiting_count -= seat->waiting != WAIT_NOTHING;
    seat->waiting = waiting;
}

void sotto_hub_enter(struct sotto_hub *hub, struct sotto_seat_id id,
                     const uint8_t ip[static 16])
{
    SOTTO_ASSERT(id.place < hub->config.sessions);
    struct sotto_seat *seat = &hub->seats[id.place];
    SOTTO_ASSERT(!seat->taken);
    if (seat->leaving) {
        /* Its last user's LEFT could not be written yet: now it never is. */
        hub->leaving_count--;
    }
    *seat = (struct sotto_seat){.generation = id.generation, .taken = true};
    memcpy(seat->ip, ip, sizeof seat->ip);
    sotto_hub_list_stranger(hub, seat);
}

/* Another seat of the account in the room; NULL when there is none. */
static struct sotto_seat *other_seat(struct sotto_hub *hub,
                                     const struct sotto_seat *seat)
{
    for (size_t i = 0; i < hub->config.sessions; i++) {
        struct sotto_seat *other = &hub->seats[i];
        if (other != seat && other->taken && other->in_room &&
            sotto_hub_same_account(other, seat)) {
            return other;
        }
    }
    return NULL;
}

/* Takes a seat out of the room; its account leaves with its last seat. */
static void leave_room(struct sotto_hub *hub, struct sotto_seat *seat)
{
    seat->in_room = false;
    if (!seat->is_primary) {
        return;
    }
    seat->is_primary = false;
    struct sotto_seat *heir = other_seat(hub, seat);
    if (heir != NULL) {
        heir->is_primary = true;
    } else if (!hub->draining) {
        seat->leaving = true;
        hub->leaving_count++;
    }
}

void sotto_hub_leave(struct sotto_hub *hub, struct sotto_seat_id id)
{
    struct sotto_seat *seat = sotto_hub_find_seat(hub, id);
    if (seat == NULL) {
        return;
    }
    if (seat->in_room) {
        leave_room(hub, seat);
    }
    if (seat->logged_in) {
        hub->present--;
    }
    sotto_hub_unlist_stranger(hub, seat);
    sotto_hub_set_waiting(hub, seat, WAIT_NOTHING);
    seat->taken = false;
}

/* ---- entries ---- */

/*
 * Appends an entry and makes it ready for delivery. AGAIN while the log waits
 * for its disk; FULL and IO as the log says.
 */
enum sotto_err sotto_hub_append(struct sotto_hub *hub,
                                const struct sotto_stored *entry,
                                uint64_t *number)
{
    SOTTO_ASSERT(!hub->has_fresh);
    size_t len = 0;
    enum sotto_err err =
        sotto_stored_encode(entry, hub->entry, sizeof hub->entry, &len);
    SOTTO_ASSERT(err == SOTTO_OK);
    err = sotto_log_append(hub->lobby, hub->entry, len, number);
    if (err != SOTTO_OK) {
        hub->counters.storage_errors += err != SOTTO_ERR_AGAIN;
        return err;
    }
    err = sotto_stored_frame(entry, SOTTO_LOBBY, *number, hub->frame,
                             sizeof hub->frame, &len);
    SOTTO_ASSERT(err == SOTTO_OK);
    hub->fresh = (struct sotto_feed_item){.number = *number,
                                          .instance = entry->instance,
                                          .frame = {hub->frame, len}};
    hub->has_fresh = true;
    note_number(hub, *number);
    return SOTTO_OK;
}

uint32_t sotto_hub_wire_time(uint64_t wall_s)
{
    return wall_s > UINT32_MAX ? SOTTO_TIME_UNKNOWN : (uint32_t)wall_s;
}

enum sotto_err sotto_hub_append_notice(struct sotto_hub *hub, uint8_t type,
                                       const struct sotto_seat *seat,
                                       uint64_t wall_s)
{
    uint64_t number = 0;
    const struct sotto_stored entry = {.type = type,
                                       .time_s = sotto_hub_wire_time(wall_s),
                                       .instance = seat->instance,
                                       .sender = sotto_hub_seat_name(seat)};
    return sotto_hub_append(hub, &entry, &number);
}

void sotto_hub_answer_problem(struct sotto_reply *reply,
                              enum sotto_problem problem, uint64_t ref,
                              uint32_t detail)
{
    reply->kind = SOTTO_REPLY_PROBLEM;
    reply->problem = (struct sotto_error){.problem = (uint16_t)problem,
                                          .ref = ref,
                                          .detail = detail};
}

/* ---- the outside ---- */

/* Requests that an ending hub takes no more. */
static bool writes(const struct sotto_request *request)
{
    const enum sotto_request_kind kind = request->kind;
    const uint8_t type = request->device.type;
    if (kind == SOTTO_REQUEST_DEVICE) {
        return type != 0 && type != SOTTO_MSG_DEVICE_LOGIN &&
               type != SOTTO_MSG_DEVICES;
    }
    return kind == SOTTO_REQUEST_REGISTER || kind == SOTTO_REQUEST_JOIN ||
           kind == SOTTO_REQUEST_POST;
}

/* In the middle of a handshake. */
static bool is_knock(const struct sotto_request *request)
{
    return request->kind == SOTTO_REQUEST_DEVICE && request->device.type == 0;
}

static enum sotto_err take(struct sotto_hub *hub, struct sotto_seat *seat,
                           const struct sotto_request *request, uint64_t now_ms,
                           uint64_t wall_s, struct sotto_reply *reply)
{
    switch (request->kind) {
    case SOTTO_REQUEST_NONE:
        break;
    case SOTTO_REQUEST_LOOKUP:
        return sotto_hub_lookup(hub, seat, request, now_ms, reply);
    case SOTTO_REQUEST_LOGIN:
        sotto_hub_login(hub, seat, request, now_ms, reply);
        break;
    case SOTTO_REQUEST_REGISTER:
        return sotto_hub_register(hub, seat, request, now_ms, wall_s, reply);
    case SOTTO_REQUEST_JOIN:
        return sotto_hub_join(hub, seat, request, wall_s, reply);
    case SOTTO_REQUEST_FETCH:
        return sotto_hub_fetch(hub, seat, request, reply);
    case SOTTO_REQUEST_POST:
        return sotto_hub_post(hub, seat, request, now_ms, wall_s, reply);
    case SOTTO_REQUEST_WHO:
        sotto_hub_who(hub, request, reply);
        break;
    case SOTTO_REQUEST_DEVICE:
        return sotto_hub_device(hub, seat, request, now_ms, wall_s, reply);
    }
    return SOTTO_OK;
}

/* A refusal says whose it is, as far as that is known. */
static void name_refused(const struct sotto_seat *seat,
                         struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_PROBLEM && reply->name.len == 0) {
        reply->name = sotto_hub_seat_name(seat);
    }
}

enum sotto_err sotto_hub_request(struct sotto_hub *hub, struct sotto_seat_id id,
                                 const struct sotto_request *request,
                                 uint64_t now_ms, uint64_t wall_s,
                                 struct sotto_reply *reply)
{
    *reply = (struct sotto_reply){.seat = id};
    hub->wall_s = wall_s;
    struct sotto_seat *seat = sotto_hub_find_seat(hub, id);
    if (seat == NULL || seat->is_cut_off) {
        return SOTTO_OK; /* gone meanwhile, or about to be told to go: nobody
                            waits for an answer */
    }
    if (hub->draining && writes(request)) {
        return SOTTO_ERR_AGAIN;
    }
    seat->has_asked |= !is_knock(request);
    enum sotto_err err = take(hub, seat, request, now_ms, wall_s, reply);
    name_refused(seat, reply);
    return err;
}

bool sotto_hub_run(struct sotto_hub *hub, uint64_t wall_s)
{
    hub->wall_s = wall_s;
    const bool accounts = sotto_accounts_run(hub->accounts);
    const bool log = sotto_log_run(hub->lobby);
    return accounts || log;
}

/* Writes down one leaving that is due; true when an entry was made. */
static bool write_leaving(struct sotto_hub *hub)
{
    for (size_t i = 0; hub->leaving_count > 0 && i < hub->config.sessions;
         i++) {
        struct sotto_seat *seat = &hub->seats[i];
        if (!seat->leaving) {
            continue;
        }
        enum sotto_err err =
            sotto_hub_append_notice(hub, SOTTO_MSG_LEFT, seat, hub->wall_s);
        if (err == SOTTO_ERR_AGAIN) {
            return false;
        }
        seat->leaving = false; /* without room on the disk: unannounced */
        hub->leaving_count--;
        if (err == SOTTO_OK) {
            return true;
        }
    }
    return false;
}

static bool next_ack(struct sotto_hub *hub, struct sotto_reply *reply)
{
    enum sotto_err failed = SOTTO_OK;
    const uint64_t durable = sotto_log_durable(hub->lobby, &failed);
    while (hub->pending_count > 0) {
        const struct sotto_pending *first = &hub->pending[hub->pending_head];
        const bool is_durable = first->number <= durable;
        if (!is_durable && failed == SOTTO_OK) {
            return false;
        }
        reply->seat = first->seat;
        reply->ack = (struct sotto_ack){.room = SOTTO_LOBBY,
                                        .id = first->id,
                                        .number = first->number};
        reply->is_promised = first->is_promised;
        reply->pause_ms = first->pause_ms;
        hub->pending_head = (hub->pending_head + 1) % hub->config.pending;
        hub->pending_count--;
        if (sotto_hub_find_seat(hub, reply->seat) == NULL) {
            continue;
        }
        if (is_durable) {
            reply->kind = SOTTO_REPLY_ACK;
            hub->counters.acked++;
        } else {
            sotto_hub_answer_problem(reply, SOTTO_PROBLEM_STORAGE,
                                     reply->ack.id, 0);
        }
        return true;
    }
    return false;
}

/* What it asked for is stored, or cannot be. */
static void answer_stored(struct sotto_hub *hub, struct sotto_seat *seat,
                          bool is_stored, struct sotto_reply *reply)
{
    if (!is_stored) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_STORAGE, 0, 0);
    } else if (SOTTO_DEVICES && seat->waiting == WAIT_DEVICE) {
        sotto_hub_device_done(hub, seat, reply);
    } else {
        reply->kind = SOTTO_REPLY_REGISTERED;
        reply->name = sotto_hub_seat_name(seat);
        hub->counters.registrations++;
    }
}

/* Answers one seat that waits, when its time has come. */
static bool answer_waiting(struct sotto_hub *hub, struct sotto_seat *seat,
                           uint64_t durable, enum sotto_err failed,
                           struct sotto_reply *reply)
{
    reply->seat = sotto_hub_seat_id(hub, seat);
    switch (seat->waiting) {
    case WAIT_NOTHING:
        return false;
    case WAIT_KICK:
    case WAIT_REVOKED:
        reply->kind = SOTTO_REPLY_KICK;
        reply->reason = seat->waiting == WAIT_KICK ? SOTTO_CLOSE_REPLACED
                                                   : SOTTO_CLOSE_REVOKED;
        break;
    case WAIT_REGISTER:
    case WAIT_DEVICE:
        if (seat->ticket > durable && failed == SOTTO_OK) {
            return false;
        }
        answer_stored(hub, seat, seat->ticket <= durable, reply);
        name_refused(seat, reply);
        break;
    }
    sotto_hub_set_waiting(hub, seat, WAIT_NOTHING);
    return true;
}

static bool next_waiting(struct sotto_hub *hub, struct sotto_reply *reply)
{
    if (hub->waiting_count == 0) {
        return false;
    }
    enum sotto_err failed = SOTTO_OK;
    const uint64_t durable = sotto_accounts_durable(hub->accounts, &failed);
    for (size_t i = 0; i < hub->config.sessions; i++) {
        struct sotto_seat *seat = &hub->seats[hub->scan_at];
        hub->scan_at = (hub->scan_at + 1) % hub->config.sessions;
        if (seat->taken && answer_waiting(hub, seat, durable, failed, reply)) {
            return true;
        }
    }
    return false;
}

bool sotto_hub_next(struct sotto_hub *hub, struct sotto_reply *reply)
{
    *reply = (struct sotto_reply){0};
    if (hub->has_fresh || write_leaving(hub)) {
        hub->has_fresh = false;
        reply->kind = SOTTO_REPLY_ENTRY;
        reply->item = hub->fresh;
        return true;
    }
    return next_ack(hub, reply) || next_waiting(hub, reply);
}

void sotto_hub_drain(struct sotto_hub *hub)
{
    hub->draining = true;
}

bool sotto_hub_is_idle(const struct sotto_hub *hub)
{
    return hub->pending_count == 0 && hub->waiting_count == 0 &&
           !hub->has_fresh && sotto_accounts_is_idle(hub->accounts) &&
           sotto_log_is_idle(hub->lobby);
}

uint64_t sotto_hub_next_number(const struct sotto_hub *hub)
{
    return sotto_log_next_number(hub->lobby);
}

const struct sotto_hub_counters *sotto_hub_counters(const struct sotto_hub *hub)
{
    return &hub->counters;
}

size_t sotto_hub_pending(const struct sotto_hub *hub)
{
    return hub->pending_count;
}

size_t sotto_hub_present(const struct sotto_hub *hub)
{
    return hub->present;
}
