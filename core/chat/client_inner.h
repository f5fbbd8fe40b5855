/*
 * client_inner.h - what the two files of the client share: client.c (what is
 * said) and client_io.c (bytes, buffers, time).
 */
#ifndef SOTTO_CHAT_CLIENT_INNER_H
#define SOTTO_CHAT_CLIENT_INNER_H

#include "core/chat/client.h"

/* The connection is over; the event CLOSED will say why. */
void sotto_client_end(struct sotto_client *client, enum sotto_err why);

/* The link is open: begins to register or to log in. FORMAT, SPACE, RANDOM. */
enum sotto_err sotto_client_opened(struct sotto_client *client)
    SOTTO_MUST_CHECK;

/* Deals with one frame of the server; true when `event` is to be handed out.
 * Errors end the connection. */
enum sotto_err sotto_client_take(struct sotto_client *client,
                                 const struct sotto_frame *frame,
                                 struct sotto_client_event *event,
                                 bool *has_event) SOTTO_MUST_CHECK;

/* Puts a frame among those to be sent. SPACE. */
enum sotto_err sotto_client_put(struct sotto_client *client, uint8_t type,
                                const uint8_t *body, size_t len)
    SOTTO_MUST_CHECK;

#endif
