#include "core/chat/client_inner.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

#define NONCE_BYTES 18

/* ---- memory ------------------------------------------------------------ */

static size_t rounded(size_t size)
{
    return (size + 15U) & ~(size_t)15U;
}

/* Handshake messages have to fit as well. */
static size_t record_room(uint16_t receive_limit)
{
    const size_t handshake =
        SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD + SOTTO_HANDSHAKE_MESSAGE_MAX;
    const size_t record = (size_t)receive_limit + SOTTO_RECORD_HEAD;
    return rounded(record > handshake ? record : handshake);
}

size_t sotto_client_size(uint16_t receive_limit, size_t queue)
{
    return 2 * record_room(receive_limit) + rounded(SOTTO_FRAME_MAX) + queue;
}

enum sotto_err sotto_client_init(struct sotto_client *client,
                                 const struct sotto_client_config *config)
{
    const size_t room = record_room(config->link.receive_limit);
    const size_t fixed = sotto_client_size(config->link.receive_limit, 0);
    const struct sotto_random *random = &config->link.random;
    uint64_t instance = 0;
    if (!sotto_name_valid(config->name, strlen(config->name)) &&
        !(config->enrols && config->name[0] == 0)) {
        return SOTTO_ERR_LIMIT;
    }
    if (config->memory_len < fixed) {
        return SOTTO_ERR_SPACE;
    }
    enum sotto_err err =
        random->fill(random->ctx, (uint8_t *)&instance, sizeof instance);
    if (err != SOTTO_OK) {
        return err;
    }
    *client = (struct sotto_client){.config = *config};
    client->config.link.is_client = true;
    client->config.link.cuts_long = true; /* see whole_letters() */
    client->instance = instance | 1U;     /* 0 stands for none */
    client->max_text = SOTTO_MAX_TEXT;
    client->in = config->memory;
    client->in_cap = room;
    client->out = client->in + room;
    client->out_cap = room;
    client->assembly = client->out + room;
    client->assembly_cap = rounded(SOTTO_FRAME_MAX);
    sotto_queue_init(&client->queue, config->memory + fixed,
                     config->memory_len - fixed);
    return SOTTO_OK;
}

void sotto_client_wipe(struct sotto_client *client)
{
    sotto_wipe(client->config.memory, client->config.memory_len);
    sotto_link_wipe(&client->link);
    sotto_wipe(client, sizeof *client);
}

/* ---- keys -------------------------------------------------------------- */

void sotto_client_start_kdf(struct sotto_client *client, const uint8_t *salt,
                            size_t salt_len, uint32_t iterations)
{
    memcpy(client->verifier.salt, salt, salt_len);
    client->verifier.salt_len = (uint8_t)salt_len;
    client->verifier.iterations = iterations;
    client->has_keys = false;
    client->is_deriving = true;
    sotto_pbkdf2_init(&client->kdf, client->password, client->password_len,
                      salt, salt_len, iterations);
}

/* An account is to be made: with keys for a salt of our own. */
static enum sotto_err begin_registering(struct sotto_client *client)
{
    uint8_t salt[SOTTO_SCRAM_SALT_MIN];
    const struct sotto_random *random = &client->config.link.random;
    enum sotto_err err = random->fill(random->ctx, salt, sizeof salt);
    if (err == SOTTO_OK) {
        client->wants_register = true;
        client->sent_register = false;
        client->lost_register = false;
        client->assumes_own = false;
        sotto_client_start_kdf(client, salt, sizeof salt,
                               client->config.iterations_new);
    }
    return err;
}

enum sotto_err sotto_client_set_password(struct sotto_client *client,
                                         const uint8_t *password, size_t len,
                                         bool registers)
{
    client->password = password;
    client->password_len = len;
    if (registers) {
        return begin_registering(client);
    }
    client->has_keys = false;
    client->is_deriving = false;
    if (client->state == SOTTO_CLIENT_DERIVE) {
        client->is_told = false;
        sotto_client_start_kdf(client, client->scram.salt,
                               client->scram.salt_len,
                               client->scram.iterations);
    } else if (client->is_refused) {
        return sotto_client_send_first(client); /* one more try */
    }
    return SOTTO_OK;
}

void sotto_client_forget_password(struct sotto_client *client)
{
    client->password = NULL;
    client->password_len = 0;
}

void sotto_client_set_keys(struct sotto_client *client,
                           const struct sotto_verifier *verifier,
                           const struct sotto_scram_keys *keys)
{
    client->verifier = *verifier;
    client->keys = *keys;
    client->has_keys = true;
}

void sotto_client_resume(struct sotto_client *client, uint64_t seen)
{
    client->has_joined = true;
    client->seen = seen;
}

bool sotto_client_is_deriving(const struct sotto_client *client)
{
    return client->is_deriving;
}

/* Goes on with the keys, if something waits for them. */
static enum sotto_err use_keys(struct sotto_client *client)
{
    if (client->state == SOTTO_CLIENT_DERIVE) {
        return sotto_client_send_proof(client);
    }
    if (client->state == SOTTO_CLIENT_REGISTER && client->wants_register) {
        return sotto_client_opened(client);
    }
    return SOTTO_OK;
}

bool sotto_client_derive(struct sotto_client *client, uint32_t rounds)
{
    if (!client->is_deriving) {
        return true;
    }
    if (!sotto_pbkdf2_run(&client->kdf, rounds)) {
        return false;
    }
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    sotto_pbkdf2_end(&client->kdf, salted);
    sotto_scram_keys_derive(salted, &client->keys);
    sotto_scram_stored_key(&client->keys, client->verifier.stored_key);
    memcpy(client->verifier.server_key, client->keys.server_key,
           SOTTO_SCRAM_KEY_LEN);
    sotto_wipe(salted, sizeof salted);
    client->has_keys = true;
    client->is_deriving = false;
    enum sotto_err err = use_keys(client);
    if (err != SOTTO_OK) {
        sotto_client_end(client, err);
    }
    return true;
}

/* ---- connections ------------------------------------------------------- */

void sotto_client_connected(struct sotto_client *client, uint64_t now_ms)
{
    sotto_link_wipe(&client->link);
    sotto_link_init(&client->link, &client->config.link);
    client->state = SOTTO_CLIENT_HANDSHAKE;
    client->is_told = false;
    client->is_over = false;
    client->is_refused = false;
    client->is_server_proved = false;
    client->is_caught_up = false;
    client->is_post_part = false;
    client->said_close = false;
    client->unsure_below = 0;
    client->in_at = client->in_len = 0;
    client->out_at = client->out_len = 0;
    client->control_at = client->control_len = 0;
    client->part_done = 0;
    client->input_ms = now_ms;
    client->said_ms = now_ms;
    sotto_queue_rewind(&client->queue);
}

void sotto_client_end(struct sotto_client *client, enum sotto_err why)
{
    if (client->is_over) {
        return;
    }
    client->end =
        (struct sotto_client_event){.kind = SOTTO_EVENT_CLOSED,
                                    .error = why,
                                    .reason = client->link.close_reason,
                                    .refusal = client->link.refusal,
                                    .before_login = !client->is_server_proved};
    client->is_over = true;
    client->is_refused = false;
    client->is_caught_up = false;
    client->state = SOTTO_CLIENT_OFFLINE;
    sotto_link_wipe(&client->link);
}

void sotto_client_end_left(struct sotto_client *client)
{
    sotto_client_end(client, SOTTO_OK);
    client->end.reason = SOTTO_CLOSE_BYE;
    client->is_leaving = false;
    client->leaves_at_once = false;
}

void sotto_client_disconnected(struct sotto_client *client, enum sotto_err why)
{
    if (client->said_close && client->state != SOTTO_CLIENT_OFFLINE) {
        sotto_client_end_left(client); /* we were going anyway */
    } else {
        sotto_client_end(client, why);
    }
}

void sotto_client_accept(struct sotto_client *client)
{
    SOTTO_ASSERT(client->state == SOTTO_CLIENT_IDENTITY);
    client->state = SOTTO_CLIENT_HANDSHAKE;
    sotto_link_accept(&client->link);
}

/* ---- what is said ------------------------------------------------------ */

enum sotto_err sotto_client_put(struct sotto_client *client, uint8_t type,
                                const uint8_t *body, size_t len)
{
    if (client->control_at == client->control_len) {
        client->control_at = client->control_len = 0;
    }
    struct sotto_writer w;
    sotto_writer_init(&w, client->control + client->control_len,
                      sizeof client->control - client->control_len);
    enum sotto_err err = sotto_frame_encode(&w, type, body, len);
    if (err == SOTTO_OK) {
        client->control_len += w.len;
    }
    return err;
}

static struct sotto_scram_binding binding_of(const struct sotto_client *client)
{
    return (struct sotto_scram_binding){.flag = 'p',
                                        .name = SOTTO_SCRAM_BINDING_NAME,
                                        .data = client->link.hash,
                                        .data_len = sizeof client->link.hash};
}

enum sotto_err sotto_client_send_first(struct sotto_client *client)
{
    uint8_t random[NONCE_BYTES];
    char nonce[4 * NONCE_BYTES / 3 + 1];
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_random *source = &client->config.link.random;
    const struct sotto_scram_binding binding = binding_of(client);
    enum sotto_err err = source->fill(source->ctx, random, sizeof random);
    if (err == SOTTO_OK) {
        err = sotto_base64_encode(random, sizeof random, nonce, sizeof nonce,
                                  &len);
    }
    if (err == SOTTO_OK) {
        err = sotto_scram_client_first(&client->scram, client->config.name,
                                       strlen(client->config.name), &binding,
                                       nonce, text, sizeof text, &len);
    }
    if (err == SOTTO_OK) {
        err = sotto_client_put(client, SOTTO_MSG_AUTH, (const uint8_t *)text,
                               len);
    }
    client->state = SOTTO_CLIENT_AUTH;
    client->is_refused = false;
    client->is_server_proved = false;
    return err;
}

enum sotto_err sotto_client_send_proof(struct sotto_client *client)
{
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    enum sotto_err err = sotto_scram_client_final(&client->scram, &client->keys,
                                                  text, sizeof text, &len);
    client->state = SOTTO_CLIENT_PROOF;
    return err == SOTTO_OK ? sotto_client_put(client, SOTTO_MSG_AUTH,
                                              (const uint8_t *)text, len)
                           : err;
}

static enum sotto_err send_register(struct sotto_client *client)
{
    uint8_t body[256];
    struct sotto_writer w;
    const struct sotto_register msg = {
        .name = {(const uint8_t *)client->config.name,
                 strlen(client->config.name)},
        .verifier = client->verifier,
        .code = {client->config.code, client->config.code_len}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_register_encode(&w, &msg);
    SOTTO_ASSERT(!w.bad);
    client->lost_register |= client->sent_register;
    client->sent_register = true;
    return sotto_client_put(client, SOTTO_MSG_REGISTER, body, w.len);
}

enum sotto_err sotto_client_send_join(struct sotto_client *client)
{
    uint8_t body[SOTTO_ROOM_NAME_MAX + 32];
    struct sotto_writer w;
    uint64_t from = client->has_joined ? client->seen + 1 : 0;
    uint64_t earlier = 0;
    /* The server tells by number which of our posts have arrived: far enough
     * back to see all of those that are open. */
    if (sotto_queue_since(&client->queue, &earlier) && earlier + 1 < from) {
        from = earlier + 1;
    }
    const struct sotto_join msg = {.room = {(const uint8_t *)SOTTO_LOBBY_NAME,
                                            strlen(SOTTO_LOBBY_NAME)},
                                   .instance = client->instance,
                                   .from = from,
                                   .history = client->config.history};
    sotto_writer_init(&w, body, sizeof body);
    sotto_join_encode(&w, &msg);
    client->join_from = from;
    client->state = SOTTO_CLIENT_JOINING;
    return sotto_client_put(client, SOTTO_MSG_JOIN, body, w.len);
}

enum sotto_err sotto_client_opened(struct sotto_client *client)
{
    if (SOTTO_DEVICES && (client->link.is_ik || client->config.enrols)) {
        return sotto_client_send_device(client);
    }
    if (!client->wants_register) {
        return sotto_client_send_first(client);
    }
    client->state = SOTTO_CLIENT_REGISTER;
    client->is_told = client->has_keys; /* or DERIVE is to be told */
    return client->has_keys ? send_register(client) : SOTTO_OK;
}

enum sotto_err sotto_client_post(struct sotto_client *client,
                                 const uint8_t *text, size_t len, uint64_t *id)
{
    if (len > client->max_text) {
        return SOTTO_ERR_LIMIT;
    }
    if (len == 0 || !sotto_utf8_valid(text, len)) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_queue_push(&client->queue, SOTTO_LOBBY, text, len, id);
}

enum sotto_err sotto_client_who(struct sotto_client *client)
{
    uint8_t body[2];
    struct sotto_writer w;
    if (client->state != SOTTO_CLIENT_ROOM) {
        return SOTTO_ERR_AGAIN;
    }
    sotto_writer_init(&w, body, sizeof body);
    sotto_room_encode(&w, SOTTO_LOBBY);
    return sotto_client_put(client, SOTTO_MSG_WHO, body, w.len);
}

void sotto_client_leave(struct sotto_client *client, bool at_once)
{
    client->is_leaving = true;
    client->leaves_at_once |= at_once;
}

size_t sotto_client_unsettled(const struct sotto_client *client)
{
    return client->queue.count;
}
