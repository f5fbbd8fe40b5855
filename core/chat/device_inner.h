/*
 * device_inner.h - what the files of the device share: device.c (what happens,
 * time, the stream), device_end.c (how connections fail), device_state.c (the
 * state as bytes).
 */
#ifndef SOTTO_CHAT_DEVICE_INNER_H
#define SOTTO_CHAT_DEVICE_INNER_H

#include "core/chat/client.h"
#include <sotto/device.h>

/*
 *            tick, when it is time          connected
 *   WAITING ----------------------> DIALLING ---------> UP
 *      ^  ^------------------------------'               |
 *      '--- the end; OFFLINE is to be told --------------'
 */
enum sotto_device_phase {
    SOTTO_DEVICE_WAITING,
    SOTTO_DEVICE_DIALLING,
    SOTTO_DEVICE_UP
};

struct sotto_device {
    struct sotto_client client;
    struct sotto_random random;
    enum sotto_device_phase phase;
    bool has_save; /* SAVE is to be told */
    bool has_end;  /* OFFLINE is to be told: `end` */
    bool has_lost; /* the stream is gone, as `lost` says; what was read
                           before comes first */
    enum sotto_err lost;
    bool has_kept_keys; /* client.keys are right, and in the state */
    bool is_saved;      /* a state with keys and a place in the room is */
    bool is_known;      /* its key is a device's: no password */
    bool is_looking;    /* a login with the key failed: the next connection
                           looks whether the server has another one */
    bool was_refused;   /* that login */
    bool is_leaving;
    uint32_t rounds;
    uint64_t now_ms;
    uint64_t dial_ms; /* WAITING until then; SOTTO_DEVICE_NEVER */
    uint64_t backoff_ms;
    struct sotto_device_event end;
    struct sotto_span password; /* borrowed */
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    uint8_t private_key[32];
    uint8_t public_key[32];
    uint8_t server_key[32];         /* IK: the server's; else what it shows */
    char label[SOTTO_NAME_MAX + 1]; /* IK: the device's name */
};

/* ---- device_end.c ---- */

/* It is offline, and dials again in about `wait_ms`, or never. */
void sotto_device_end(struct sotto_device *device, enum sotto_device_why why,
                      enum sotto_err err, uint64_t wait_ms);
/* The same, soon at first and then less and less often. */
void sotto_device_end_for_now(struct sotto_device *device,
                              enum sotto_device_why why, enum sotto_err err);
/* The server refuses a login, a registration, the room. */
void sotto_device_take_problem(struct sotto_device *device,
                               const struct sotto_error *problem);
/* The connection is over. */
void sotto_device_take_closed(struct sotto_device *device,
                              const struct sotto_client_event *event);
/* The server shows its key: accepts it, or ends. */
void sotto_device_look_at_key(struct sotto_device *device,
                              const uint8_t key[static 32]);

#define SOTTO_DEVICE_BACKOFF_MIN_MS 500U
/* Where trying again helps little: a quarter of an hour. */
#define SOTTO_DEVICE_LONG_MS 900000U

/* ---- device_state.c ---- */

/* Takes what the state has for this server and account; otherwise only the
 * device's own key. FORMAT. */
enum sotto_err sotto_device_load(struct sotto_device *device,
                                 struct sotto_span in) SOTTO_MUST_CHECK;

#endif
