/*
 * device_inner.h - what the files of the device share: device.c (what happens,
 * time, the stream), device_state.c (the state as bytes).
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
};

/* ---- device_state.c ---- */

/* Takes what the state has for this server and account; otherwise only the
 * device's own key. FORMAT. */
enum sotto_err sotto_device_load(struct sotto_device *device,
                                 struct sotto_span in) SOTTO_MUST_CHECK;

#endif
