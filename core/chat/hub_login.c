#include "core/chat/hub_state.h"

#include "core/base/secret.h"
#include <string.h>

/* ---- logging in ---- */

struct login_keys {
    uint8_t address[SOTTO_THROTTLE_KEY_LEN];
    uint8_t account[SOTTO_THROTTLE_KEY_LEN];
    uint8_t login[SOTTO_THROTTLE_KEY_LEN]; /* both together */
};

static void make_login_keys(const struct sotto_seat *seat,
                            struct login_keys *keys)
{
    sotto_throttle_key_ip(seat->ip, keys->address);
    sotto_throttle_key_name(seat->name, seat->name_len, keys->account);
    for (size_t i = 0; i < SOTTO_THROTTLE_KEY_LEN; i++) {
        keys->login[i] = keys->address[i] ^ keys->account[i];
    }
}

static uint32_t largest(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t most = a > b ? a : b;
    return most > c ? most : c;
}

/* Takes a token of each kind, or none and says how long to wait. */
static uint32_t throttle_login(struct sotto_hub *hub,
                               const struct sotto_seat *seat, uint64_t now_ms)
{
    struct login_keys keys;
    make_login_keys(seat, &keys);
    uint32_t wait =
        largest(sotto_throttle_wait_ms(hub->by_login, keys.login, now_ms),
                sotto_throttle_wait_ms(hub->by_account, keys.account, now_ms),
                sotto_throttle_wait_ms(hub->by_address, keys.address, now_ms));
    if (wait == 0) {
        (void)sotto_throttle_take(hub->by_login, keys.login, now_ms);
        (void)sotto_throttle_take(hub->by_account, keys.account, now_ms);
        (void)sotto_throttle_take(hub->by_address, keys.address, now_ms);
    }
    return wait;
}

static void forgive_login(struct sotto_hub *hub, const struct sotto_seat *seat,
                          uint64_t now_ms)
{
    struct login_keys keys;
    make_login_keys(seat, &keys);
    sotto_throttle_give(hub->by_login, keys.login, now_ms);
    sotto_throttle_give(hub->by_account, keys.account, now_ms);
    sotto_throttle_give(hub->by_address, keys.address, now_ms);
}

bool sotto_hub_may_try(struct sotto_hub *hub, const struct sotto_seat *seat,
                       uint64_t now_ms, struct sotto_reply *reply)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(seat->ip, key);
    if (sotto_throttle_take(hub->by_address, key, now_ms)) {
        return true;
    }
    hub->counters.throttled++;
    sotto_hub_answer_problem(reply, SOTTO_PROBLEM_THROTTLED, 0,
                             sotto_throttle_wait_ms(hub->by_address, key,
                                                    now_ms));
    return false;
}

void sotto_hub_did_not_try(struct sotto_hub *hub, const struct sotto_seat *seat,
                           uint64_t now_ms)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(seat->ip, key);
    sotto_throttle_give(hub->by_address, key, now_ms);
}

void sotto_hub_let_in(struct sotto_hub *hub, struct sotto_seat *seat)
{
    hub->counters.logins++;
    hub->present++;
    sotto_hub_unlist_stranger(hub, seat);
    seat->logged_in = true;
}

enum sotto_err sotto_hub_lookup(struct sotto_hub *hub, struct sotto_seat *seat,
                                const struct sotto_request *request,
                                uint64_t now_ms, struct sotto_reply *reply)
{
    const struct sotto_span name = request->name;
    if (!sotto_name_valid((const char *)name.at, name.len)) {
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_NAME_BAD, 0, 0);
        return SOTTO_OK;
    }
    const struct sotto_account *account =
        sotto_accounts_find(hub->accounts, (const char *)name.at, name.len);
    const enum sotto_err settled =
        account != NULL ? sotto_accounts_settled(hub->accounts, account)
                        : SOTTO_OK;
    if (settled == SOTTO_ERR_AGAIN) {
        return SOTTO_ERR_AGAIN;
    }
    if (settled != SOTTO_OK) { /* a restart may show another one, or none */
        hub->counters.storage_errors++;
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_STORAGE, 0, 0);
        return SOTTO_OK;
    }
    memcpy(seat->name, name.at, name.len);
    seat->name_len = (uint8_t)name.len;
    const uint32_t wait_ms = throttle_login(hub, seat, now_ms);
    if (wait_ms > 0) {
        hub->counters.throttled++;
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_THROTTLED, 0, wait_ms);
        return SOTTO_OK;
    }
    /* Made for everybody: the time it takes would tell who has none. */
    sotto_accounts_fake(hub->accounts, seat->name, seat->name_len,
                        hub->config.iterations_fake, &reply->verifier);
    if (account != NULL) {
        reply->verifier = account->verifier;
    }
    reply->kind = SOTTO_REPLY_ACCOUNT;
    return SOTTO_OK;
}

void sotto_hub_login(struct sotto_hub *hub, struct sotto_seat *seat,
                     const struct sotto_request *request, uint64_t now_ms,
                     struct sotto_reply *reply)
{
    const struct sotto_account *account =
        sotto_accounts_find(hub->accounts, seat->name, seat->name_len);
    const bool is_known =
        account != NULL && request->proof_ok &&
        sotto_equal(account->verifier.stored_key, request->verifier->stored_key,
                    SOTTO_SCRAM_KEY_LEN);
    if (!is_known) {
        hub->counters.refused_logins++;
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_LOGIN, 0, 0);
        return;
    }
    forgive_login(hub, seat, now_ms);
    if (account->disabled) {
        hub->counters.refused_logins++;
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_DISABLED, 0, 0);
        return;
    }
    seat->device = 0;
    sotto_hub_let_in(hub, seat);
    reply->kind = SOTTO_REPLY_LOGGED_IN;
    reply->name = sotto_hub_seat_name(seat);
}

/* ---- registering ---- */

static bool is_code_known(const struct sotto_hub *hub, struct sotto_span code)
{
    uint8_t hash[SOTTO_HASH_LEN];
    bool is_known = false;
    sotto_sha256(code.at, code.len, hash);
    for (size_t i = 0; i < hub->code_count; i++) {
        is_known |= sotto_equal(hash, hub->codes[i], sizeof hash);
    }
    sotto_wipe(hash, sizeof hash);
    return is_known;
}

bool sotto_hub_is_strong(const struct sotto_hub *hub,
                         const struct sotto_verifier *verifier)
{
    return verifier->salt_len >= SOTTO_SCRAM_SALT_MIN &&
           verifier->iterations >= hub->config.iterations_min &&
           verifier->iterations <= SOTTO_SCRAM_ITERATIONS_MAX;
}

/* What stands against it before the name is looked at. */
static enum sotto_problem check_register(struct sotto_hub *hub,
                                         const struct sotto_register *msg)
{
    if (hub->config.registration == SOTTO_REGISTRATION_CLOSED) {
        return SOTTO_PROBLEM_CLOSED;
    }
    if (hub->config.registration == SOTTO_REGISTRATION_INVITE &&
        !is_code_known(hub, msg->code)) {
        return SOTTO_PROBLEM_CODE;
    }
    if (!sotto_name_valid((const char *)msg->name.at, msg->name.len)) {
        return SOTTO_PROBLEM_NAME_BAD;
    }
    return sotto_hub_is_strong(hub, &msg->verifier) ? SOTTO_PROBLEM_NONE
                                                    : SOTTO_PROBLEM_WEAK;
}

static enum sotto_problem problem_of(enum sotto_err err)
{
    switch ((int)err) {
    case SOTTO_ERR_EXISTS:
        return SOTTO_PROBLEM_NAME_TAKEN;
    case SOTTO_ERR_SPACE:
        return SOTTO_PROBLEM_FULL;
    default:
        return SOTTO_PROBLEM_STORAGE;
    }
}

/* The account it asks for is written down, or `reply` says why it is not. AGAIN:
 * the file is being replaced, and enough waits for it. */
static enum sotto_err add_account(struct sotto_hub *hub,
                                  struct sotto_seat *seat,
                                  const struct sotto_register *msg,
                                  uint64_t wall_s, struct sotto_reply *reply)
{
    enum sotto_problem problem = check_register(hub, msg);
    if (problem == SOTTO_PROBLEM_NONE) {
        enum sotto_err err =
            sotto_accounts_add(hub->accounts, (const char *)msg->name.at,
                               msg->name.len, &msg->verifier, wall_s,
                               &seat->ticket);
        if (err == SOTTO_ERR_AGAIN) {
            return err;
        }
        problem = err != SOTTO_OK ? problem_of(err) : SOTTO_PROBLEM_NONE;
        hub->counters.storage_errors += problem == SOTTO_PROBLEM_STORAGE;
    }
    if (problem != SOTTO_PROBLEM_NONE) {
        sotto_hub_answer_problem(reply, problem, 0, 0);
        return SOTTO_OK;
    }
    memcpy(seat->name, msg->name.at, msg->name.len);
    seat->name_len = (uint8_t)msg->name.len;
    sotto_hub_set_waiting(hub, seat, WAIT_REGISTER);
    return SOTTO_OK;
}

enum sotto_err sotto_hub_register(struct sotto_hub *hub,
                                  struct sotto_seat *seat,
                                  const struct sotto_request *request,
                                  uint64_t now_ms, uint64_t wall_s,
                                  struct sotto_reply *reply)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(seat->ip, key);
    if (!sotto_throttle_take(hub->by_register, key, now_ms)) {
        hub->counters.throttled++;
        sotto_hub_answer_problem(reply, SOTTO_PROBLEM_THROTTLED, 0,
                                 sotto_throttle_wait_ms(hub->by_register, key,
                                                        now_ms));
        return SOTTO_OK;
    }
    struct sotto_register msg;
    enum sotto_err err =
        sotto_register_decode(&msg, request->account.at, request->account.len);
    SOTTO_ASSERT(err == SOTTO_OK); /* the session has done it before */
    err = add_account(hub, seat, &msg, wall_s, reply);
    if (err == SOTTO_ERR_AGAIN) {
        sotto_throttle_give(hub->by_register, key, now_ms);
    }
    sotto_wipe(&msg, sizeof msg);
    return err;
}
