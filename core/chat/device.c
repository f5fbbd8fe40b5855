#include "core/chat/device_inner.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/x25519.h"
#include <string.h>

#define ROUNDS 100U

_Static_assert(sizeof(struct sotto_device) <= SOTTO_DEVICE_STRUCT,
               "SOTTO_DEVICE_MEMORY has room for the struct");

/* ---- making one -------------------------------------------------------- */

static size_t rounded(size_t size)
{
    return (size + 15U) & ~(size_t)15U;
}

size_t sotto_device_size(const struct sotto_device_config *config)
{
    return rounded(sizeof(struct sotto_device)) +
           sotto_client_size(config->receive_limit, config->queue);
}

static uint32_t or_else(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static enum sotto_err init_client(struct sotto_device *device,
                                  const struct sotto_device_config *config,
                                  uint8_t *memory, size_t len)
{
    uint8_t device_code[SOTTO_DEVICE_CODE_LEN];
    const size_t code_len = config->code != NULL ? strlen(config->code) : 0;
    const bool is_device =
        code_len > 0 &&
        sotto_device_code_parse(config->code, code_len, device_code);
    const size_t name_len =
        is_device || config->name == NULL ? 0 : strlen(config->name);
    const uint8_t suite =
        config->suite != 0 ? config->suite : SOTTO_SUITE_DEFAULT;
    struct sotto_client_config client = {
        .link = {.suite = (enum sotto_suite)suite,
                 .receive_limit = config->receive_limit,
                 .random = config->random,
                 .static_private = device->private_key,
                 .static_public = device->public_key},
        .iterations_min =
            or_else(config->iterations_min, SOTTO_SCRAM_ITERATIONS_MIN),
        .iterations_new =
            or_else(config->iterations, SOTTO_SCRAM_ITERATIONS_BOARD),
        .history = config->history,
        .ping_ms = SOTTO_CLIENT_PING_MS,
        .memory_len = len};
    if (name_len > SOTTO_NAME_MAX || code_len > sizeof client.code ||
        !sotto_suite_is_known(suite) ||
        config->receive_limit < SOTTO_RECORD_LIMIT_MIN ||
        config->receive_limit > SOTTO_RECORD_LIMIT_HOST) {
        return SOTTO_ERR_LIMIT;
    }
    client.memory = memory;
    client.enrols = name_len == 0; /* or the state has been let in */
    if (name_len > 0) {
        memcpy(client.name, config->name, name_len);
    }
    if (is_device) {
        memcpy(client.device_code, device_code, sizeof device_code);
    } else if (code_len > 0) {
        memcpy(client.code, config->code, code_len);
        client.code_len = (uint8_t)code_len;
    }
    return sotto_client_init(&device->client, &client);
}

/* The device's own key, and what else an earlier run knew. */
static enum sotto_err init_keys(struct sotto_device *device,
                                const struct sotto_device_config *config)
{
    const struct sotto_random *random = &config->random;
    enum sotto_err err = SOTTO_OK;
    device->has_save = config->state.len == 0;
    if (config->state.len > 0) {
        err = sotto_device_load(device, config->state);
    }
    /* A key that lets one in is made for one server. */
    if (err == SOTTO_OK && device->has_save &&
        (config->state.len == 0 || device->client.config.enrols)) {
        err = random->fill(random->ctx, device->private_key,
                           sizeof device->private_key);
    }
    if (err == SOTTO_OK) {
        sotto_x25519_public(device->private_key, device->public_key);
    }
    return err;
}

static bool has_code(const struct sotto_device_config *config)
{
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    return config->code != NULL &&
           sotto_device_code_parse(config->code, strlen(config->code), code);
}

/* The password, as far as it is needed; keys that were kept come first. */
static enum sotto_err init_password(struct sotto_device *device,
                                    const struct sotto_device_config *config)
{
    struct sotto_client *client = &device->client;
    if (device->is_known) {
        return SOTTO_OK;
    }
    if (client->config.enrols) {
        return has_code(config) ? SOTTO_OK : SOTTO_ERR_AUTH;
    }
    if (device->has_kept_keys) {
        client->password = config->password.at;
        client->password_len = config->password.len;
        return SOTTO_OK;
    }
    if (config->password.len == 0) {
        return SOTTO_ERR_AUTH;
    }
    enum sotto_err err =
        sotto_client_set_password(client, config->password.at,
                                  config->password.len, config->registers);
    /* An earlier run may have registered, and lost power before the answer. */
    client->lost_register = config->registers;
    return err;
}

enum sotto_err sotto_device_init(struct sotto_device **device,
                                 const struct sotto_device_config *config,
                                 void *memory, size_t len)
{
    const size_t own = rounded(sizeof(struct sotto_device));
    struct sotto_device *made = memory;
    if (len < sotto_device_size(config)) {
        return SOTTO_ERR_SPACE;
    }
    memset(made, 0, sizeof *made);
    made->random = config->random;
    made->password = config->password;
    made->rounds = or_else(config->rounds, ROUNDS);
    made->backoff_ms = SOTTO_DEVICE_BACKOFF_MIN_MS;
    enum sotto_err err =
        sotto_fingerprint_parse(config->fingerprint,
                                strlen(config->fingerprint), made->fingerprint);
    if (err == SOTTO_OK) {
        err = init_client(made, config, (uint8_t *)memory + own, len - own);
    }
    if (err == SOTTO_OK) {
        err = init_keys(made, config);
    }
    if (err == SOTTO_OK) {
        err = init_password(made, config);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(memory, len);
        return err;
    }
    *device = made;
    return SOTTO_OK;
}

const char *sotto_device_name(const struct sotto_device *device)
{
    return device->is_known ? device->label : device->client.config.name;
}

void sotto_device_wipe(struct sotto_device *device)
{
    sotto_client_wipe(&device->client);
    sotto_wipe(device, sizeof *device);
}

/* ---- what happens ------------------------------------------------------- */

/* Something that was said. */
static bool tell_unsent(const struct sotto_error *problem,
                        struct sotto_device_event *out)
{
    out->kind = SOTTO_DEVICE_UNSENT;
    out->id = problem->ref;
    out->err = problem->problem == SOTTO_PROBLEM_STORAGE  ? SOTTO_ERR_FULL
               : problem->problem == SOTTO_PROBLEM_UNSURE ? SOTTO_ERR_IO
                                                          : SOTTO_ERR_FORMAT;
    return true;
}

/* From now on its key is enough. */
static void take_enrolled(struct sotto_device *device,
                          const struct sotto_enrolled *enrolled)
{
    memset(device->label, 0, sizeof device->label);
    memcpy(device->label, enrolled->device.at, enrolled->device.len);
    device->is_known = true;
    device->has_save = true;
    sotto_client_dial(&device->client, device->server_key);
}

static bool take_joined(struct sotto_device *device, bool missed,
                        struct sotto_device_event *out)
{
    device->has_save |= !device->is_saved || missed;
    device->is_saved = true;
    out->kind = SOTTO_DEVICE_MISSED;
    return missed; /* or there is nothing to be told */
}

static bool tell_entry(const struct sotto_device *device,
                       const struct sotto_client_event *event,
                       struct sotto_device_event *out)
{
    const char *name = device->client.config.name;
    const struct sotto_entry *entry = &event->entry;
    out->kind = event->type == SOTTO_MSG_MESSAGE   ? SOTTO_DEVICE_MESSAGE
                : event->type == SOTTO_MSG_ENTERED ? SOTTO_DEVICE_ENTERED
                                                   : SOTTO_DEVICE_LEFT;
    out->number = entry->number;
    out->time_s = entry->time_s;
    out->from = entry->sender;
    out->text = entry->text;
    out->is_cut = event->is_cut;
    out->is_own = entry->sender.len == strlen(name) &&
                  memcmp(entry->sender.at, name, entry->sender.len) == 0;
    return true;
}

/* True when `out` is to be handed out; an end is told by the caller. */
static bool take_event(struct sotto_device *device,
                       const struct sotto_client_event *event,
                       struct sotto_device_event *out)
{
    switch (event->kind) {
    case SOTTO_EVENT_IDENTITY:
        sotto_device_look_at_key(device, event->key);
        break;
    case SOTTO_EVENT_DERIVE: /* in ticks */
        device->has_kept_keys = false;
        device->is_saved = false;
        break;
    case SOTTO_EVENT_PASSWORD:
        sotto_device_end(device, SOTTO_DEVICE_WHY_PASSWORD, SOTTO_OK,
                         SOTTO_DEVICE_LONG_MS);
        break;
    case SOTTO_EVENT_LOGGED_IN:
        device->backoff_ms = SOTTO_DEVICE_BACKOFF_MIN_MS;
        device->has_kept_keys = !device->is_known;
        break;
    case SOTTO_EVENT_JOINED:
        return take_joined(device, event->missed, out);
    case SOTTO_EVENT_CAUGHT_UP:
        out->kind = SOTTO_DEVICE_ONLINE;
        return true;
    case SOTTO_EVENT_ENTRY:
        return tell_entry(device, event, out);
    case SOTTO_EVENT_ACKED:
        out->kind = SOTTO_DEVICE_SENT;
        out->id = event->id;
        out->number = event->number;
        return true;
    case SOTTO_EVENT_PROBLEM:
        if (event->problem.ref != 0) {
            return tell_unsent(&event->problem, out);
        }
        sotto_device_take_problem(device, &event->problem);
        break;
    case SOTTO_EVENT_CLOSED:
        sotto_device_take_closed(device, event);
        break;
    case SOTTO_EVENT_ENROLLED:
        take_enrolled(device, &event->enrolled);
        break;
    case SOTTO_EVENT_REGISTERED:
    case SOTTO_EVENT_DONE:
    case SOTTO_EVENT_DEVICES:
    case SOTTO_EVENT_PRESENT:
        break;
    }
    return false;
}

/* The client's next event; the end of the stream is one, after all others. */
static bool get_event(struct sotto_device *device,
                      struct sotto_client_event *event)
{
    if (sotto_client_next(&device->client, event)) {
        return true;
    }
    if (!device->has_lost) {
        return false;
    }
    device->has_lost = false;
    sotto_client_disconnected(&device->client, device->lost);
    return sotto_client_next(&device->client, event);
}

bool sotto_device_next(struct sotto_device *device,
                       struct sotto_device_event *out)
{
    struct sotto_client_event event;
    while (!device->has_save && !device->has_end && get_event(device, &event)) {
        *out = (struct sotto_device_event){.kind = SOTTO_DEVICE_SAVE};
        if (take_event(device, &event, out)) {
            return true;
        }
    }
    if (device->has_save) {
        device->has_save = false;
        *out = (struct sotto_device_event){.kind = SOTTO_DEVICE_SAVE};
        return true;
    }
    if (device->has_end) {
        device->has_end = false;
        *out = device->end;
        return true;
    }
    return false;
}

/* ---- time -------------------------------------------------------------- */

void sotto_device_tick(struct sotto_device *device, uint64_t now_ms)
{
    struct sotto_client *client = &device->client;
    device->now_ms = now_ms;
    if (sotto_client_is_deriving(client)) {
        (void)sotto_client_derive(client, device->rounds);
    }
    if (device->phase == SOTTO_DEVICE_UP) {
        sotto_client_tick(client, now_ms);
    }
    /* A server does not wait while keys are made: it is dialled after. */
    if (device->phase == SOTTO_DEVICE_WAITING && !device->has_end &&
        now_ms >= device->dial_ms && !sotto_client_is_deriving(client)) {
        device->phase = SOTTO_DEVICE_DIALLING;
    }
}

uint64_t sotto_device_deadline_ms(const struct sotto_device *device)
{
    if (sotto_client_is_deriving(&device->client) || device->has_save ||
        device->has_end || device->has_lost || device->client.is_over) {
        return 0;
    }
    switch (device->phase) {
    case SOTTO_DEVICE_WAITING:
        return device->dial_ms;
    case SOTTO_DEVICE_DIALLING:
        break; /* the stream will tell */
    case SOTTO_DEVICE_UP:
        return sotto_client_deadline_ms(&device->client);
    }
    return UINT64_MAX;
}

/* ---- the stream -------------------------------------------------------- */

bool sotto_device_wants_stream(const struct sotto_device *device)
{
    return device->phase != SOTTO_DEVICE_WAITING;
}

void sotto_device_connected(struct sotto_device *device)
{
    struct sotto_client *client = &device->client;
    SOTTO_ASSERT(device->phase == SOTTO_DEVICE_DIALLING);
    device->phase = SOTTO_DEVICE_UP;
    if (device->has_kept_keys && device->password.len == 0) {
        client->has_keys = true; /* refused or not: there are no others */
    }
    sotto_client_connected(client, device->now_ms);
}

void sotto_device_disconnected(struct sotto_device *device, enum sotto_err why)
{
    switch (device->phase) {
    case SOTTO_DEVICE_WAITING:
        break; /* it knows */
    case SOTTO_DEVICE_DIALLING:
        sotto_device_end_for_now(device, SOTTO_DEVICE_WHY_NETWORK, why);
        break;
    case SOTTO_DEVICE_UP:
        device->has_lost = true;
        device->lost = why;
        break;
    }
}

bool sotto_device_input(struct sotto_device *device, uint8_t **at, size_t *cap)
{
    return !device->has_lost && sotto_client_input(&device->client, at, cap);
}

void sotto_device_input_done(struct sotto_device *device, size_t len)
{
    sotto_client_input_done(&device->client, len, device->now_ms);
}

bool sotto_device_output(struct sotto_device *device, const uint8_t **at,
                         size_t *len)
{
    return !device->has_lost &&
           sotto_client_output(&device->client, device->now_ms, at, len);
}

void sotto_device_output_done(struct sotto_device *device, size_t len)
{
    sotto_client_output_done(&device->client, len);
}

/* ---- what it says ------------------------------------------------------ */

enum sotto_err sotto_device_say(struct sotto_device *device, const char *text,
                                size_t len, uint64_t *id)
{
    return len > SOTTO_MAX_TEXT
               ? SOTTO_ERR_LIMIT
               : sotto_client_post(&device->client, (const uint8_t *)text, len,
                                   id);
}

size_t sotto_device_unsent(const struct sotto_device *device)
{
    return sotto_client_unsettled(&device->client);
}

void sotto_device_leave(struct sotto_device *device)
{
    device->is_leaving = true;
    sotto_client_leave(&device->client, false);
}

void sotto_device_retry(struct sotto_device *device)
{
    device->dial_ms = device->now_ms;
}
