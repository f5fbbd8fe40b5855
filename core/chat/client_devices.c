/*
 * client_devices.c - a client that is a device, or whose person looks after
 * some.
 */
#include "core/chat/client_inner.h"

#include "core/base/secret.h"
#include <string.h>

static struct sotto_span span_of(const char *name)
{
    return (struct sotto_span){(const uint8_t *)name, strlen(name)};
}

/* ---- logging in --------------------------------------------------------- */

void sotto_client_dial(struct sotto_client *client, const uint8_t *server_key)
{
    client->config.link.server_key = server_key;
}

static enum sotto_err put_name(struct sotto_client *client, uint8_t type,
                               struct sotto_span name)
{
    uint8_t body[SOTTO_NAME_MAX + 1];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_one_name_encode(&w, name);
    return sotto_client_put(client, type, body, w.len);
}

enum sotto_err sotto_client_send_device(struct sotto_client *client)
{
    client->state = SOTTO_CLIENT_DEVICE;
    if (client->link.is_ik) {
        client->config.enrols = false; /* it is known: it has enrolled */
        return put_name(client, SOTTO_MSG_DEVICE_LOGIN,
                        span_of(client->config.name));
    }
    return sotto_client_put(client, SOTTO_MSG_ENROL, client->config.device_code,
                            sizeof client->config.device_code);
}

/* ---- what the server says ----------------------------------------------- */

static enum sotto_err take_enrolled(struct sotto_client *client,
                                    const struct sotto_frame *frame,
                                    struct sotto_client_event *event)
{
    struct sotto_enrolled *enrolled = &event->enrolled;
    struct sotto_client_config *config = &client->config;
    enum sotto_err err =
        sotto_enrolled_decode(enrolled, frame->body, frame->len);
    if (err != SOTTO_OK) {
        return err;
    }
    if (client->state != SOTTO_CLIENT_DEVICE || !config->enrols) {
        return SOTTO_ERR_FORMAT;
    }
    memset(config->name, 0, sizeof config->name);
    memcpy(config->name, enrolled->account.at, enrolled->account.len);
    config->enrols = false;
    sotto_wipe(config->device_code, sizeof config->device_code);
    return SOTTO_OK;
}

static enum sotto_err take_done(const struct sotto_client *client,
                                const struct sotto_frame *frame,
                                struct sotto_client_event *event)
{
    if (client->state != SOTTO_CLIENT_ROOM || frame->len != 1) {
        return SOTTO_ERR_FORMAT;
    }
    event->type = frame->body[0];
    return SOTTO_OK;
}

static enum sotto_err take_list(const struct sotto_client *client,
                                const struct sotto_frame *frame,
                                struct sotto_client_event *event)
{
    event->devices = (struct sotto_span){frame->body, frame->len};
    return client->state == SOTTO_CLIENT_ROOM
               ? sotto_device_list_check(frame->body, frame->len)
               : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_client_take_device(struct sotto_client *client,
                                        const struct sotto_frame *frame,
                                        struct sotto_client_event *event)
{
    switch (frame->type) {
    case SOTTO_MSG_ENROLLED:
        event->kind = SOTTO_EVENT_ENROLLED;
        return take_enrolled(client, frame, event);
    case SOTTO_MSG_DONE:
        event->kind = SOTTO_EVENT_DONE;
        return take_done(client, frame, event);
    default:
        event->kind = SOTTO_EVENT_DEVICES;
        return take_list(client, frame, event);
    }
}

/* ---- what a person asks ------------------------------------------------- */

static enum sotto_err ask(struct sotto_client *client, uint8_t type,
                          const uint8_t *body, size_t len)
{
    return client->state == SOTTO_CLIENT_ROOM
               ? sotto_client_put(client, type, body, len)
               : SOTTO_ERR_AGAIN;
}

static enum sotto_err ask_about(struct sotto_client *client, uint8_t type,
                                struct sotto_span name)
{
    if (client->state != SOTTO_CLIENT_ROOM) {
        return SOTTO_ERR_AGAIN;
    }
    return put_name(client, type, name);
}

static bool is_name(const char *name)
{
    return sotto_name_valid(name, strlen(name));
}

enum sotto_err sotto_client_add_device(struct sotto_client *client,
                                       const char *name)
{
    return is_name(name)
               ? ask_about(client, SOTTO_MSG_DEVICE_ADD, span_of(name))
               : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_client_expect(
    struct sotto_client *client, const char *name,
    const uint8_t hash[static SOTTO_DEVICE_ID_LEN], uint32_t seconds)
{
    uint8_t body[SOTTO_NAME_MAX + 1 + SOTTO_DEVICE_ID_LEN + 4];
    struct sotto_writer w;
    struct sotto_expect msg = {.device = span_of(name), .seconds = seconds};
    if (!is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(msg.hash, hash, sizeof msg.hash);
    sotto_writer_init(&w, body, sizeof body);
    sotto_expect_encode(&w, &msg);
    return ask(client, SOTTO_MSG_EXPECT, body, w.len);
}

enum sotto_err sotto_client_revoke(struct sotto_client *client,
                                   const char *name)
{
    if (name != NULL && !is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    return ask_about(client, SOTTO_MSG_REVOKE,
                     name == NULL ? (struct sotto_span){NULL, 0}
                                  : span_of(name));
}

enum sotto_err sotto_client_list_devices(struct sotto_client *client)
{
    return ask(client, SOTTO_MSG_DEVICES, NULL, 0);
}

enum sotto_err sotto_client_change_password(
    struct sotto_client *client, const struct sotto_verifier *verifier,
    bool revokes_devices)
{
    uint8_t body[SOTTO_SCRAM_SALT_MAX + 2 * SOTTO_SCRAM_KEY_LEN + 8];
    struct sotto_writer w;
    const struct sotto_new_password msg = {*verifier, revokes_devices};
    sotto_writer_init(&w, body, sizeof body);
    sotto_new_password_encode(&w, &msg);
    enum sotto_err err = ask(client, SOTTO_MSG_PASSWORD, body, w.len);
    sotto_wipe(body, sizeof body);
    return err;
}
