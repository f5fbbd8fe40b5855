/*
 * device_state.c - a device's state as bytes.
 *
 *     uint8  version                1
 *     opaque private_key[32]        the device's own
 *     opaque fingerprint[32]        of the server that the rest belongs to
 *     opaque name<V>                and the account
 *     uint8  flags                  1: was in the room; 2: has keys
 *     uint64 seen                   the last entry that was handed out
 *     uint32 iterations             what the keys were made with; zeros and
 *     opaque salt<V>                nothing where there are none
 *     opaque client_key[32]
 *     opaque server_key[32]
 *     uint32 checksum               CRC-32C of all before
 *
 * Of a device that was enrolled, or is about to be, version 2 has the same up
 * to `seen`, where the name may be empty and flag 2 means "is enrolled"; then
 *     opaque device<V>              its own name
 *     opaque server_static[32]      what to dial with IK
 *     uint32 checksum
 */
#include "core/base/assert.h"
#include "core/base/crc.h"
#include "core/base/secret.h"
#include "core/chat/device_inner.h"
#include <string.h>

#define VERSION      1
#define VERSION_IK   2
#define FLAG_JOINED  1U
#define FLAG_KEYS    2U
#define CHECKSUM_LEN 4U

struct state {
    bool is_ik;
    uint8_t flags;
    uint64_t seen;
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    struct sotto_span name;
    struct sotto_span label;
    uint8_t server_key[32];
    struct sotto_verifier verifier; /* salt and iterations only */
    struct sotto_scram_keys keys;
    uint8_t private_key[32];
};

static void write_password_keys(struct sotto_writer *w,
                                const struct sotto_device *device)
{
    static const uint8_t none[SOTTO_SCRAM_KEY_LEN];
    const struct sotto_client *client = &device->client;
    const bool has_keys = device->has_kept_keys;
    sotto_write_u32(w, has_keys ? client->verifier.iterations : 0);
    sotto_write_vector(w, client->verifier.salt,
                       has_keys ? client->verifier.salt_len : 0);
    sotto_write_bytes(w, has_keys ? client->keys.client_key : none,
                      SOTTO_SCRAM_KEY_LEN);
    sotto_write_bytes(w, has_keys ? client->keys.server_key : none,
                      SOTTO_SCRAM_KEY_LEN);
}

size_t sotto_device_state(const struct sotto_device *device,
                          uint8_t out[static SOTTO_DEVICE_STATE_MAX])
{
    const struct sotto_client *client = &device->client;
    const bool is_ik = device->is_known || client->config.enrols;
    const bool has_keys = is_ik ? device->is_known : device->has_kept_keys;
    struct sotto_writer w;
    sotto_writer_init(&w, out, SOTTO_DEVICE_STATE_MAX);
    sotto_write_u8(&w, is_ik ? VERSION_IK : VERSION);
    sotto_write_bytes(&w, device->private_key, sizeof device->private_key);
    sotto_write_bytes(&w, device->fingerprint, sizeof device->fingerprint);
    sotto_write_vector(&w, client->config.name, strlen(client->config.name));
    sotto_write_u8(&w, (uint8_t)((client->has_joined ? FLAG_JOINED : 0) |
                                 (has_keys ? FLAG_KEYS : 0)));
    sotto_write_u64(&w, client->seen);
    if (is_ik) {
        sotto_write_vector(&w, device->label, strlen(device->label));
        sotto_write_bytes(&w, device->server_key, sizeof device->server_key);
    } else {
        write_password_keys(&w, device);
    }
    sotto_write_u32(&w, sotto_crc32c(0, out, w.len));
    SOTTO_ASSERT(!w.bad);
    return w.len;
}

static void read_password_keys(struct sotto_reader *r, struct state *state)
{
    state->verifier.iterations = sotto_read_u32(r);
    const struct sotto_span salt =
        sotto_read_vector(r, 0, sizeof state->verifier.salt);
    if (salt.len > 0) {
        memcpy(state->verifier.salt, salt.at, salt.len);
    }
    state->verifier.salt_len = (uint8_t)salt.len;
    sotto_read_bytes(r, state->keys.client_key, SOTTO_SCRAM_KEY_LEN);
    sotto_read_bytes(r, state->keys.server_key, SOTTO_SCRAM_KEY_LEN);
}

static enum sotto_err decode(struct state *state, struct sotto_span in)
{
    struct sotto_reader r;
    if (in.len > SOTTO_DEVICE_STATE_MAX || in.len < CHECKSUM_LEN) {
        return SOTTO_ERR_FORMAT;
    }
    sotto_reader_init(&r, in.at, in.len);
    const uint8_t version = sotto_read_u8(&r);
    if (version != VERSION && version != VERSION_IK) {
        return SOTTO_ERR_FORMAT;
    }
    state->is_ik = version == VERSION_IK;
    sotto_read_bytes(&r, state->private_key, sizeof state->private_key);
    sotto_read_bytes(&r, state->fingerprint, sizeof state->fingerprint);
    state->name = sotto_read_vector(&r, state->is_ik ? 0 : 1, SOTTO_NAME_MAX);
    state->flags = sotto_read_u8(&r);
    state->seen = sotto_read_u64(&r);
    if (state->is_ik) {
        state->label = sotto_read_vector(&r, 0, SOTTO_NAME_MAX);
        sotto_read_bytes(&r, state->server_key, sizeof state->server_key);
    } else {
        read_password_keys(&r, state);
    }
    if (sotto_read_u32(&r) != sotto_crc32c(0, in.at, in.len - CHECKSUM_LEN)) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_reader_finish(&r);
}

static bool is_ours(const struct sotto_device *device,
                    const struct state *state)
{
    const char *name = device->client.config.name;
    const bool is_named = state->name.len == strlen(name) &&
                          (state->name.len == 0 ||
                           memcmp(state->name.at, name, state->name.len) == 0);
    return (is_named || (state->is_ik && name[0] == '\0')) &&
           memcmp(state->fingerprint, device->fingerprint,
                  sizeof device->fingerprint) == 0;
}

static void take_keys(struct sotto_device *device, struct state *state)
{
    struct sotto_client *client = &device->client;
    sotto_scram_stored_key(&state->keys, state->verifier.stored_key);
    memcpy(state->verifier.server_key, state->keys.server_key,
           SOTTO_SCRAM_KEY_LEN);
    sotto_client_set_keys(client, &state->verifier, &state->keys);
    device->has_kept_keys = true;
    if (state->verifier.iterations > client->config.iterations_min) {
        client->config.iterations_min = state->verifier.iterations;
    }
}

/* It was enrolled: whose it is, and how the server is dialled. */
static void take_device(struct sotto_device *device, const struct state *state)
{
    struct sotto_client *client = &device->client;
    memset(client->config.name, 0, sizeof client->config.name);
    memcpy(client->config.name, state->name.at, state->name.len);
    memcpy(device->label, state->label.at, state->label.len);
    memcpy(device->server_key, state->server_key, sizeof device->server_key);
    device->is_known = true;
    sotto_client_dial(client, device->server_key);
}

enum sotto_err sotto_device_load(struct sotto_device *device,
                                 struct sotto_span in)
{
    struct state state;
    memset(&state, 0, sizeof state);
    enum sotto_err err = decode(&state, in);
    if (err == SOTTO_OK) {
        memcpy(device->private_key, state.private_key,
               sizeof device->private_key);
        device->has_save = !is_ours(device, &state);
    }
    if (err == SOTTO_OK && is_ours(device, &state)) {
        if ((state.flags & FLAG_JOINED) != 0) {
            sotto_client_resume(&device->client, state.seen);
        }
        if ((state.flags & FLAG_KEYS) != 0 && state.is_ik) {
            take_device(device, &state);
        } else if ((state.flags & FLAG_KEYS) != 0) {
            take_keys(device, &state);
        }
        device->is_saved = state.flags == (FLAG_JOINED | FLAG_KEYS);
    }
    sotto_wipe(&state, sizeof state);
    return err;
}
