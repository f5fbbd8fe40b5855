/*
 * device_end.c - how a device's connections fail, and when it tries again.
 */
#include "core/chat/device_inner.h"

#include <string.h>

#define BACKOFF_MAX_MS 60000U

/* ---- ends -------------------------------------------------------------- */

/* Half to one and a half times, so that not everybody comes back at once. */
static uint64_t with_jitter(const struct sotto_device *device, uint64_t ms)
{
    uint8_t byte = 128;
    if (device->random.fill(device->random.ctx, &byte, 1) != SOTTO_OK) {
        return ms;
    }
    return ms / 2 + ms * byte / 256;
}

/* It is offline, and dials again in about `wait_ms`, or never. */
void sotto_device_end(struct sotto_device *device, enum sotto_device_why why,
                      enum sotto_err err, uint64_t wait_ms)
{
    uint64_t retry_ms = wait_ms;
    if (device->phase == SOTTO_DEVICE_UP) {
        struct sotto_client_event gone;
        sotto_client_disconnected(&device->client, SOTTO_ERR_CLOSED);
        (void)sotto_client_next(&device->client, &gone);
    }
    if (wait_ms != SOTTO_DEVICE_NEVER) {
        retry_ms = with_jitter(device, wait_ms);
    }
    device->phase = SOTTO_DEVICE_WAITING;
    device->has_lost = false;
    device->dial_ms =
        wait_ms != SOTTO_DEVICE_NEVER ? device->now_ms + retry_ms : wait_ms;
    device->end = (struct sotto_device_event){.kind = SOTTO_DEVICE_OFFLINE,
                                              .why = why,
                                              .err = err,
                                              .retry_ms = retry_ms};
    device->has_end = true;
}

/* The same, soon at first and then less and less often. */
void sotto_device_end_for_now(struct sotto_device *device,
                              enum sotto_device_why why, enum sotto_err err)
{
    const uint64_t wait_ms = device->backoff_ms;
    device->backoff_ms =
        wait_ms < BACKOFF_MAX_MS / 2 ? 2 * wait_ms : BACKOFF_MAX_MS;
    sotto_device_end(device, why, err, wait_ms);
}

/* ---- what the server refuses -------------------------------------------- */

/* A login, a registration, the room. */
void sotto_device_take_problem(struct sotto_device *device,
                               const struct sotto_error *problem)
{
    switch (problem->problem) {
    case SOTTO_PROBLEM_DEVICE_UNKNOWN:
        sotto_device_end(device, SOTTO_DEVICE_WHY_REVOKED, SOTTO_OK,
                         SOTTO_DEVICE_LONG_MS);
        break;
    case SOTTO_PROBLEM_LOGIN:
    case SOTTO_PROBLEM_NAME_TAKEN: /* and the password does not fit */
        sotto_device_end(device, SOTTO_DEVICE_WHY_PASSWORD, SOTTO_OK,
                         SOTTO_DEVICE_LONG_MS);
        break;
    case SOTTO_PROBLEM_THROTTLED:
        /* At least half of this is waited: what it asks for. */
        sotto_device_end(device, SOTTO_DEVICE_WHY_BUSY, SOTTO_OK,
                         problem->detail < SOTTO_DEVICE_LONG_MS
                             ? 2U * problem->detail +
                                   SOTTO_DEVICE_BACKOFF_MIN_MS
                             : SOTTO_DEVICE_LONG_MS);
        break;
    case SOTTO_PROBLEM_STORAGE:
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_ENDED,
                                 SOTTO_ERR_FULL);
        break;
    default:
        sotto_device_end(device, SOTTO_DEVICE_WHY_REFUSED, SOTTO_OK,
                         SOTTO_DEVICE_LONG_MS);
        break;
    }
}

/* ---- how connections end ------------------------------------------------ */

static void take_goodbye(struct sotto_device *device,
                         enum sotto_close_reason reason)
{
    switch (reason) {
    case SOTTO_CLOSE_BYE:
        if (device->is_leaving) {
            device->is_leaving = false; /* it may come again */
            sotto_device_end(device, SOTTO_DEVICE_WHY_LEFT, SOTTO_OK,
                             SOTTO_DEVICE_NEVER);
            return;
        }
        break;
    case SOTTO_CLOSE_REFUSED:
    case SOTTO_CLOSE_REVOKED:
        sotto_device_end(device,
                         device->is_known ? SOTTO_DEVICE_WHY_REVOKED
                                          : SOTTO_DEVICE_WHY_REFUSED,
                         SOTTO_OK, SOTTO_DEVICE_LONG_MS);
        return;
    case SOTTO_CLOSE_OVERLOAD:
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_BUSY, SOTTO_OK);
        return;
    case SOTTO_CLOSE_STORAGE:
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_ENDED,
                                 SOTTO_ERR_FULL);
        return;
    case SOTTO_CLOSE_PROTOCOL:
    case SOTTO_CLOSE_SHUTDOWN:
    case SOTTO_CLOSE_TIMEOUT:
    case SOTTO_CLOSE_SLOW:
    case SOTTO_CLOSE_REPLACED:
        break;
    }
    sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_ENDED, SOTTO_OK);
}

/* Whether the next connection is only to see the server's key, because this one
 * can have failed by it. */
static void look_next(struct sotto_device *device,
                      const struct sotto_client_event *event)
{
    const bool can_be_key = event->error != SOTTO_OK &&
                            event->error != SOTTO_ERR_TIMEOUT &&
                            event->refusal != SOTTO_REFUSAL_BUSY;
    if (!device->is_known) {
        return;
    }
    device->is_looking =
        !device->is_looking && event->before_login && can_be_key;
    device->was_refused = event->refusal == SOTTO_REFUSAL_KEY;
    sotto_client_dial(&device->client,
                      device->is_looking ? NULL : device->server_key);
}

void sotto_device_take_closed(struct sotto_device *device,
                              const struct sotto_client_event *event)
{
    const bool is_proof =
        event->error == SOTTO_ERR_AUTH || event->error == SOTTO_ERR_LIMIT;
    device->phase = SOTTO_DEVICE_WAITING;
    look_next(device, event);
    if (event->error == SOTTO_OK) {
        take_goodbye(device, event->reason);
    } else if (event->error == SOTTO_ERR_REFUSED) {
        if (event->refusal == SOTTO_REFUSAL_BUSY) {
            sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_BUSY, SOTTO_OK);
        } else if (event->refusal == SOTTO_REFUSAL_KEY) {
            sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_REVOKED,
                                     SOTTO_OK);
        } else {
            sotto_device_end(device, SOTTO_DEVICE_WHY_PROTOCOL, SOTTO_OK,
                             SOTTO_DEVICE_LONG_MS);
        }
    } else if (is_proof && event->before_login) {
        sotto_device_end(device, SOTTO_DEVICE_WHY_UNPROVED, event->error,
                         SOTTO_DEVICE_LONG_MS);
    } else if (event->error == SOTTO_ERR_FORMAT) {
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_PROTOCOL,
                                 event->error);
    } else {
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_NETWORK,
                                 event->error);
    }
}

/* ---- the server's key ---------------------------------------------------- */

void sotto_device_look_at_key(struct sotto_device *device,
                              const uint8_t key[static 32])
{
    uint8_t seen[SOTTO_FINGERPRINT_LEN];
    sotto_fingerprint_of_key(key, seen);
    if (memcmp(seen, device->fingerprint, sizeof seen) != 0) {
        sotto_device_end(device, SOTTO_DEVICE_WHY_KEY, SOTTO_OK,
                         SOTTO_DEVICE_NEVER);
        memcpy(device->end.fingerprint, seen, sizeof seen);
    } else if (device->is_looking) { /* so it is ours that it does not know */
        device->is_looking = false;
        sotto_client_dial(&device->client, device->server_key);
        if (device->was_refused) {
            sotto_device_end(device, SOTTO_DEVICE_WHY_REVOKED, SOTTO_OK,
                             SOTTO_DEVICE_LONG_MS);
        } else {
            sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_NETWORK,
                                     SOTTO_ERR_CLOSED);
        }
    } else {
        memcpy(device->server_key, key, sizeof device->server_key);
        sotto_client_accept(&device->client);
    }
}

/* ---- words ------------------------------------------------------------- */

const char *sotto_device_why_text(enum sotto_device_why why)
{
    static const char *const texts[] = {
        [SOTTO_DEVICE_WHY_LEFT] = "it has left",
        [SOTTO_DEVICE_WHY_NETWORK] = "the network failed",
        [SOTTO_DEVICE_WHY_BUSY] = "the server is full, or asks to wait",
        [SOTTO_DEVICE_WHY_ENDED] = "the server ended the connection",
        [SOTTO_DEVICE_WHY_PROTOCOL] =
            "the server speaks another protocol, or another version of it",
        [SOTTO_DEVICE_WHY_PASSWORD] = "no such account, or wrong password",
        [SOTTO_DEVICE_WHY_REFUSED] = "the server refuses this account",
        [SOTTO_DEVICE_WHY_UNPROVED] =
            "the server could not prove that it knows this account",
        [SOTTO_DEVICE_WHY_REVOKED] =
            "the server does not know this device, or no longer",
        [SOTTO_DEVICE_WHY_KEY] = "the server shows another key than it should",
    };
    return texts[why];
}
