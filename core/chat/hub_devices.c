/*
 * hub_devices.c - devices that log in without a password: who may, who may
 * say so, and what becomes of them.
 */
#include "core/chat/hub_state.h"

#include "core/base/secret.h"
#include "core/chat/message_devices.h"
#include <string.h>

/* ---- who is it? ---- */

/* What a seat remembers of a key: enough to find it again. Never 0. */
static uint64_t mark_of(const uint8_t key[static SOTTO_DEVICE_ID_LEN])
{
    uint64_t mark = 0;
    memcpy(&mark, key, sizeof mark);
    return mark | 1U;
}

static struct sotto_span span_of(const char *text)
{
    return (struct sotto_span){(const uint8_t *)text, strlen(text)};
}

/* Why a device may not log in; NONE: it may. */
static enum sotto_why why_not(const struct sotto_hub *hub,
                              const struct sotto_account_device *device)
{
    if (device == NULL || device->is_expected) {
        return SOTTO_WHY_KEY;
    }
    const struct sotto_account *account =
        sotto_accounts_find(hub->accounts, device->account,
                            strlen(device->account));
    return account == NULL || account->disabled ? SOTTO_WHY_DISABLED
                                                : SOTTO_WHY_NONE;
}

/* `device` may be NULL. */
static void refuse(struct sotto_hub *hub,
                   const struct sotto_account_device *device,
                   enum sotto_problem problem, enum sotto_why why,
                   struct sotto_reply *reply)
{
    hub->counters.refused_logins += problem == SOTTO_PROBLEM_LOGIN;
    sotto_hub_answer_problem(reply, problem, 0, 0);
    reply->why = why;
    if (device != NULL) {
        reply->name = span_of(device->account);
        reply->device = span_of(device->name);
    }
}

static void set_owner(struct sotto_seat *seat,
                      const struct sotto_account_device *device)
{
    seat->name_len = (uint8_t)strlen(device->account);
    memcpy(seat->name, device->account, seat->name_len);
    seat->device = mark_of(device->id);
}

static void let_in(struct sotto_hub *hub, struct sotto_seat *seat,
                   const struct sotto_account_device *device,
                   struct sotto_reply *reply)
{
    set_owner(seat, device);
    sotto_hub_let_in(hub, seat);
    reply->name = sotto_hub_seat_name(seat);
    reply->device = span_of(device->name);
}

/* Whether a power cut could not take it back: as sotto_accounts_settled(). */
static enum sotto_err settled(const struct sotto_hub *hub,
                              const struct sotto_account_device *device)
{
    const struct sotto_account *account =
        sotto_accounts_find(hub->accounts, device->account,
                            strlen(device->account));
    enum sotto_err err = sotto_accounts_device_settled(hub->accounts, device);
    return err == SOTTO_OK ? sotto_accounts_settled(hub->accounts, account)
                           : err;
}

/* A device begins, or wants to go on, with IK. Whether it is on the disk decides
 * when it logs in. AGAIN: not taken. */
static enum sotto_err take_login(struct sotto_hub *hub, struct sotto_seat *seat,
                                 const struct sotto_request *request,
                                 uint64_t wall_s, struct sotto_reply *reply)
{
    const struct sotto_account_device *device =
        sotto_accounts_device(hub->accounts, request->device.key.at);
    enum sotto_why why = why_not(hub, device);
    struct sotto_span name = {NULL, 0};
    if (why == SOTTO_WHY_NONE &&
        request->device.type == SOTTO_MSG_DEVICE_LOGIN) {
        enum sotto_err err =
            sotto_one_name_decode(&name, true, request->device.body.at,
                                  request->device.body.len);
        SOTTO_ASSERT(err == SOTTO_OK); /* the session has looked */
    }
    if (name.len > 0 && (name.len != strlen(device->account) ||
                         memcmp(name.at, device->account, name.len) != 0)) {
        why = SOTTO_WHY_ACCOUNT;
    }
    if (why != SOTTO_WHY_NONE) {
        refuse(hub, device, SOTTO_PROBLEM_LOGIN, why, reply);
        return SOTTO_OK;
    }
    if (request->device.type == SOTTO_MSG_DEVICE_LOGIN) {
        const enum sotto_err err = settled(hub, device);
        if (err == SOTTO_ERR_AGAIN) {
            return err;
        }
        if (err != SOTTO_OK) { /* a restart may not know it */
            hub->counters.storage_errors++;
            refuse(hub, device, SOTTO_PROBLEM_STORAGE, SOTTO_WHY_NONE, reply);
            return SOTTO_OK;
        }
        let_in(hub, seat, device, reply);
        sotto_accounts_seen(hub->accounts, device->id, wall_s, seat->ip);
    }
    reply->kind = SOTTO_REPLY_DEVICE;
    return SOTTO_OK;
}

/* ---- changes ---- */

static enum sotto_problem problem_of(enum sotto_err err)
{
    switch ((int)err) {
    case SOTTO_OK:
        return SOTTO_PROBLEM_NONE;
    case SOTTO_ERR_EXISTS:
    case SOTTO_ERR_FORMAT: /* a key in another form: whoever made it knows */
        return SOTTO_PROBLEM_DEVICE_TAKEN;
    case SOTTO_ERR_NOT_FOUND:
        return SOTTO_PROBLEM_DEVICE_UNKNOWN;
    case SOTTO_ERR_SPACE:
        return SOTTO_PROBLEM_FULL;
    default:
        return SOTTO_PROBLEM_STORAGE;
    }
}

/* Of the seat's account the one after `last`, which may be NULL: the first. */
static const struct sotto_account_device *next_of(
    const struct sotto_hub *hub, const struct sotto_seat *seat,
    const struct sotto_account_device *last)
{
    return sotto_accounts_next_device(hub->accounts, seat->name, seat->name_len,
                                      last);
}

static size_t count_mine(const struct sotto_hub *hub,
                         const struct sotto_seat *seat)
{
    size_t count = 0;
    const struct sotto_account_device *device = NULL;
    while ((device = next_of(hub, seat, device)) != NULL) {
        count++;
    }
    return count;
}

static struct sotto_account_device new_device(const struct sotto_seat *seat,
                                              struct sotto_span name)
{
    struct sotto_account_device device = {.time_s = SOTTO_TIME_UNKNOWN};
    memcpy(device.account, seat->name, seat->name_len);
    memcpy(device.name, name.at, name.len);
    return device;
}

static enum sotto_err add(struct sotto_hub *hub, struct sotto_seat *seat,
                          const struct sotto_account_device *device)
{
    return count_mine(hub, seat) >= SOTTO_DEVICES_MAX
               ? SOTTO_ERR_SPACE
               : sotto_accounts_add_device(hub->accounts, device,
                                           &seat->ticket);
}

/* For the log: what is said about a device of that name; its answer needs the
 * page later. */
static void name_device(struct sotto_hub *hub, struct sotto_span name,
                        struct sotto_reply *reply)
{
    if (name.len > 0) {
        memcpy(hub->page, name.at, name.len);
    }
    reply->device = (struct sotto_span){hub->page, name.len};
}

static enum sotto_err take_add(struct sotto_hub *hub, struct sotto_seat *seat,
                               const struct sotto_request *request,
                               struct sotto_reply *reply)
{
    struct sotto_span name;
    enum sotto_err err =
        sotto_one_name_decode(&name, false, request->device.body.at,
                              request->device.body.len);
    SOTTO_ASSERT(err == SOTTO_OK);
    struct sotto_account_device device = new_device(seat, name);
    memcpy(device.id, request->device.key.at, sizeof device.id);
    name_device(hub, name, reply);
    return add(hub, seat, &device);
}

static enum sotto_err take_expect(struct sotto_hub *hub,
                                  struct sotto_seat *seat,
                                  const struct sotto_request *request,
                                  uint64_t wall_s, struct sotto_reply *reply)
{
    struct sotto_expect msg;
    enum sotto_err err = sotto_expect_decode(&msg, request->device.body.at,
                                             request->device.body.len);
    SOTTO_ASSERT(err == SOTTO_OK);
    struct sotto_account_device device = new_device(seat, msg.device);
    device.is_expected = true;
    memcpy(device.id, msg.hash, sizeof device.id);
    if (msg.seconds > 0 && wall_s != SOTTO_TIME_UNKNOWN) {
        device.time_s = wall_s + msg.seconds;
    }
    name_device(hub, msg.device, reply);
    return add(hub, seat, &device);
}

/* Cuts off whoever else of the account logged in with the key of that mark; 0:
 * with the password. */
static void cut_off(struct sotto_hub *hub, const struct sotto_seat *by,
                    uint64_t mark)
{
    for (size_t i = 0; i < hub->config.sessions; i++) {
        struct sotto_seat *seat = &hub->seats[i];
        if (seat != by && seat->taken && seat->logged_in &&
            sotto_hub_same_account(seat, by) && seat->device == mark) {
            seat->is_cut_off = true;
            sotto_hub_set_waiting(hub, seat, WAIT_REVOKED);
        }
    }
}

/* Cuts off the devices of that name, or all. */
static void cut_off_devices(struct sotto_hub *hub, const struct sotto_seat *by,
                            struct sotto_span name)
{
    const struct sotto_account_device *device = NULL;
    while ((device = next_of(hub, by, device)) != NULL) {
        if (!device->is_expected &&
            (name.len == 0 || (strlen(device->name) == name.len &&
                               memcmp(device->name, name.at, name.len) == 0))) {
            cut_off(hub, by, mark_of(device->id));
        }
    }
}

static enum sotto_err take_revoke(struct sotto_hub *hub,
                                  struct sotto_seat *seat,
                                  const struct sotto_request *request,
                                  struct sotto_reply *reply)
{
    struct sotto_span name;
    enum sotto_err err =
        sotto_one_name_decode(&name, true, request->device.body.at,
                              request->device.body.len);
    SOTTO_ASSERT(err == SOTTO_OK);
    /* Before they are gone; a change that is not stored does not bring back
     * whoever was cut off, it can come again. */
    cut_off_devices(hub, seat, name);
    name_device(hub, name, reply);
    reply->is_all = name.len == 0;
    return sotto_accounts_revoke(hub->accounts, seat->name, seat->name_len,
                                 (const char *)name.at, name.len,
                                 &seat->ticket);
}

/* Devices go first: when only one of the two is stored, it is that. */
static enum sotto_err take_password(struct sotto_hub *hub,
                                    struct sotto_seat *seat,
                                    const struct sotto_request *request,
                                    struct sotto_reply *reply,
                                    enum sotto_problem *problem)
{
    struct sotto_new_password msg;
    enum sotto_err err =
        sotto_new_password_decode(&msg, request->device.body.at,
                                  request->device.body.len);
    SOTTO_ASSERT(err == SOTTO_OK);
    if (!sotto_hub_is_strong(hub, &msg.verifier)) {
        *problem = SOTTO_PROBLEM_WEAK;
    } else {
        if (msg.revokes_devices) {
            cut_off_devices(hub, seat, (struct sotto_span){NULL, 0});
            err = sotto_accounts_revoke(hub->accounts, seat->name,
                                        seat->name_len, NULL, 0, &seat->ticket);
            err = err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
        }
        err = err == SOTTO_OK
                  ? sotto_accounts_set_verifier(hub->accounts, seat->name,
                                                seat->name_len, &msg.verifier,
                                                &seat->ticket)
                  : err;
        if (err == SOTTO_OK) {
            cut_off(hub, seat, 0);
            reply->is_all = msg.revokes_devices;
        }
    }
    sotto_wipe(&msg, sizeof msg);
    return err;
}

/* Why a code with that hash does not count, and whose it is. */
static void explain_code(const struct sotto_hub *hub,
                         const uint8_t hash[static SOTTO_DEVICE_ID_LEN],
                         struct sotto_reply *reply)
{
    const struct sotto_account_device *device =
        sotto_accounts_device(hub->accounts, hash);
    reply->why = SOTTO_WHY_CODE;
    if (device != NULL && device->is_expected) {
        reply->why = SOTTO_WHY_EXPIRED;
        reply->name = span_of(device->account);
        reply->device = span_of(device->name);
    }
}

/* A code is brought. Somebody whose key is a device's already has used it up
 * before, and did not hear of that. */
static enum sotto_err take_code(struct sotto_hub *hub, struct sotto_seat *seat,
                                const struct sotto_request *request,
                                uint64_t wall_s, struct sotto_reply *reply)
{
    uint8_t hash[SOTTO_DEVICE_ID_LEN];
    const uint8_t *key = request->device.key.at;
    const struct sotto_account_device *device =
        sotto_accounts_device(hub->accounts, key);
    enum sotto_err err = SOTTO_OK;
    if (device == NULL || device->is_expected) {
        sotto_sha256(request->device.body.at, request->device.body.len, hash);
        err = sotto_accounts_enrol(hub->accounts, hash, key, wall_s, &device,
                                   &seat->ticket);
    } else {
        seat->ticket = sotto_accounts_last_ticket(hub->accounts);
    }
    if (err == SOTTO_OK) {
        set_owner(seat, device);
    } else if (err == SOTTO_ERR_NOT_FOUND) {
        explain_code(hub, hash, reply);
    }
    return err;
}

/* ---- answers ---- */

/* A frame as the answer. */
static void answer_frame(struct sotto_hub *hub, uint8_t type,
                         struct sotto_writer *body, struct sotto_reply *reply)
{
    struct sotto_writer w;
    sotto_writer_init(&w, hub->page, sizeof hub->page);
    enum sotto_err err = sotto_frame_encode(&w, type, body->out, body->len);
    SOTTO_ASSERT(err == SOTTO_OK);
    reply->kind = SOTTO_REPLY_DEVICE;
    reply->frames = (struct sotto_span){hub->page, w.len};
}

/* The device of a seat; NULL when it is gone. */
static const struct sotto_account_device *device_of(
    const struct sotto_hub *hub, const struct sotto_seat *seat)
{
    const struct sotto_account_device *device = NULL;
    while ((device = next_of(hub, seat, device)) != NULL &&
           (device->is_expected || mark_of(device->id) != seat->device)) {
    }
    return device;
}

static void welcome_enrolled(struct sotto_hub *hub, struct sotto_seat *seat,
                             struct sotto_reply *reply)
{
    uint8_t body[2 * (SOTTO_NAME_MAX + 1)];
    struct sotto_writer w;
    const struct sotto_account_device *device = device_of(hub, seat);
    const enum sotto_why why = why_not(hub, device);
    if (why != SOTTO_WHY_NONE) { /* revoked meanwhile, or disabled */
        refuse(hub, device, SOTTO_PROBLEM_LOGIN, why, reply);
        return;
    }
    const struct sotto_enrolled msg = {span_of(device->account),
                                       span_of(device->name)};
    sotto_writer_init(&w, body, sizeof body);
    sotto_enrolled_encode(&w, &msg);
    answer_frame(hub, SOTTO_MSG_ENROLLED, &w, reply);
    let_in(hub, seat, device, reply);
    sotto_accounts_seen(hub->accounts, device->id, hub->wall_s, seat->ip);
}

void sotto_hub_device_done(struct sotto_hub *hub, struct sotto_seat *seat,
                           struct sotto_reply *reply)
{
    struct sotto_writer w;
    uint8_t body[1];
    if (seat->asked == SOTTO_MSG_ENROL) {
        welcome_enrolled(hub, seat, reply);
        return;
    }
    sotto_writer_init(&w, body, sizeof body);
    sotto_write_u8(&w, seat->asked);
    answer_frame(hub, SOTTO_MSG_DONE, &w, reply);
}

static bool is_here(const struct sotto_hub *hub,
                    const struct sotto_account_device *device)
{
    for (size_t i = 0; i < hub->config.sessions; i++) {
        const struct sotto_seat *seat = &hub->seats[i];
        if (seat->taken && seat->logged_in &&
            seat->device == mark_of(device->id)) {
            return true;
        }
    }
    return false;
}

/* As many as an account may have: in a file from elsewhere it can have more. */
static void answer_list(struct sotto_hub *hub, const struct sotto_seat *seat,
                        struct sotto_reply *reply)
{
    struct sotto_writer w;
    uint8_t body[SOTTO_DEVICES_MAX * SOTTO_DEVICE_ITEM_MAX];
    sotto_writer_init(&w, body, sizeof body);
    const struct sotto_account_device *device = next_of(hub, seat, NULL);
    for (size_t i = 0; i < SOTTO_DEVICES_MAX && device != NULL; i++) {
        struct sotto_device_item item = {
            .name = span_of(device->name),
            .flags = device->is_expected    ? SOTTO_DEVICE_EXPECTED
                     : is_here(hub, device) ? SOTTO_DEVICE_HERE
                                            : 0,
            .time_s = sotto_hub_wire_time(device->time_s)};
        memcpy(item.ip, device->ip, sizeof item.ip);
        sotto_device_item_encode(&w, &item);
        device = next_of(hub, seat, device);
    }
    SOTTO_ASSERT(!w.bad);
    answer_frame(hub, SOTTO_MSG_DEVICE_LIST, &w, reply);
}

/* ---- requests ---- */

static enum sotto_err change(struct sotto_hub *hub, struct sotto_seat *seat,
                             const struct sotto_request *request,
                             uint64_t wall_s, struct sotto_reply *reply,
                             enum sotto_problem *problem)
{
    enum sotto_err err = SOTTO_OK;
    switch (request->device.type) {
    case SOTTO_MSG_ENROL:
        err = take_code(hub, seat, request, wall_s, reply);
        break;
    case SOTTO_MSG_DEVICE_ADD:
        err = take_add(hub, seat, request, reply);
        break;
    case SOTTO_MSG_EXPECT:
        err = take_expect(hub, seat, request, wall_s, reply);
        break;
    case SOTTO_MSG_REVOKE:
        err = take_revoke(hub, seat, request, reply);
        break;
    default:
        SOTTO_ASSERT(request->device.type == SOTTO_MSG_PASSWORD);
        err = take_password(hub, seat, request, reply, problem);
        break;
    }
    if (err != SOTTO_OK) {
        *problem = problem_of(err);
    }
    return err;
}

enum sotto_err sotto_hub_device(struct sotto_hub *hub, struct sotto_seat *seat,
                                const struct sotto_request *request,
                                uint64_t now_ms, uint64_t wall_s,
                                struct sotto_reply *reply)
{
    const uint8_t type = request->device.type;
    enum sotto_problem problem = SOTTO_PROBLEM_NONE;
    if (!SOTTO_DEVICES) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_FULL, 0, 0);
        return SOTTO_OK;
    }
    if (type == 0 || type == SOTTO_MSG_DEVICE_LOGIN) {
        return take_login(hub, seat, request, wall_s, reply);
    }
    if (type == SOTTO_MSG_ENROL &&
        !sotto_hub_may_try(hub, seat, now_ms, reply)) {
        return SOTTO_OK;
    }
    if (type != SOTTO_MSG_ENROL && seat->device != 0) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_PASSWORD, 0, 0);
        return SOTTO_OK;
    }
    if (type == SOTTO_MSG_DEVICES) {
        answer_list(hub, seat, reply);
        return SOTTO_OK;
    }
    enum sotto_err err = change(hub, seat, request, wall_s, reply, &problem);
    if (type == SOTTO_MSG_ENROL &&
        (err == SOTTO_OK || err == SOTTO_ERR_AGAIN)) { /* it was no guess */
        sotto_hub_did_not_try(hub, seat, now_ms);
    }
    if (err == SOTTO_ERR_AGAIN) {
        return err;
    }
    if (problem != SOTTO_PROBLEM_NONE) {
        hub->counters.storage_errors += problem == SOTTO_PROBLEM_STORAGE;
        sotto_hub_answer_problem(reply, problem, 0, 0);
        return SOTTO_OK;
    }
    if (type != SOTTO_MSG_ENROL) { /* which is told of at its login */
        reply->kind = SOTTO_REPLY_TAKEN;
        reply->name = sotto_hub_seat_name(seat);
        reply->about = type;
    }
    seat->asked = type;
    sotto_hub_set_waiting(hub, seat, WAIT_DEVICE);
    return SOTTO_OK;
}
