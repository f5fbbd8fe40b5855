/*
 * client_inner.h - what the files of the client share: client.c (keys,
 * connections, what it says), client_devices.c, client_take.c (what the server says),
 * client_io.c (bytes, buffers, time).
 */
#ifndef SOTTO_CHAT_CLIENT_INNER_H
#define SOTTO_CHAT_CLIENT_INNER_H

#include "core/auth/accounts.h" /* SOTTO_DEVICES */
#include "core/chat/client.h"

/* ---- client.c ---- */

/* The connection is over; the event CLOSED will say why. */
void sotto_client_end(struct sotto_client *client, enum sotto_err why);

/* The same: it has left, as it was asked to. */
void sotto_client_end_left(struct sotto_client *client);

/* Begins to make keys of the password, which is there. */
void sotto_client_start_kdf(struct sotto_client *client, const uint8_t *salt,
                            size_t salt_len, uint32_t iterations);

/* The link is open: begins to register or to log in. SPACE, RANDOM. */
enum sotto_err sotto_client_opened(struct sotto_client *client)
    SOTTO_MUST_CHECK;

/* The steps of a login, and JOIN. FORMAT, SPACE, RANDOM. */
enum sotto_err sotto_client_send_first(struct sotto_client *client)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_client_send_proof(struct sotto_client *client)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_client_send_join(struct sotto_client *client)
    SOTTO_MUST_CHECK;

/* Puts a frame among those to be sent. SPACE. */
enum sotto_err sotto_client_put(struct sotto_client *client, uint8_t type,
                                const uint8_t *body, size_t len)
    SOTTO_MUST_CHECK;

/* ---- client_devices.c ---- */

/* The link is open: a device that is known, or brings a code. SPACE. */
enum sotto_err sotto_client_send_device(struct sotto_client *client)
    SOTTO_MUST_CHECK;
/* ENROLLED, DONE or DEVICE_LIST came. FORMAT. */
enum sotto_err sotto_client_take_device(struct sotto_client *client,
                                        const struct sotto_frame *frame,
                                        struct sotto_client_event *event)
    SOTTO_MUST_CHECK;

/* ---- client_take.c ---- */

/* Deals with one frame of the server; `*has_event` when `event` is to be handed
 * out. Errors end the connection. */
enum sotto_err sotto_client_take(struct sotto_client *client,
                                 const struct sotto_frame *frame,
                                 struct sotto_client_event *event,
                                 bool *has_event) SOTTO_MUST_CHECK;

#endif
