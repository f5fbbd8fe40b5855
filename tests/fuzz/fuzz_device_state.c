/*
 * fuzz_device_state.c - what a device has stored, by libFuzzer: any bytes, with
 * the right checksum behind them or not. A device that takes them says of itself
 * what makes the same device again.
 */
#include "choices.h"
#include "core/base/crc.h"
#include <sotto/device.h>
#include <string.h>

#define LIMIT 256
#define QUEUE 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(16) uint8_t memory[SOTTO_DEVICE_MEMORY(LIMIT, QUEUE)];

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 5, len);
    return SOTTO_OK;
}

/* As somebody may have set it up: with a name or without, and so on. */
static struct sotto_device_config choose_config(char *fingerprint)
{
    static const uint8_t key[32] = {9};
    static const char *const names[] = {"sensor", "ann", NULL, "No Name"};
    static const char *const codes[] = {
        NULL, "device-000102030405060708090a0b0c0d0e0f", "invitation",
        "device-"};
    uint8_t of_key[SOTTO_FINGERPRINT_LEN];
    const uint8_t what = choose_byte();
    struct sotto_device_config config = {.fingerprint = fingerprint,
                                         .name = names[what % 4],
                                         .code = codes[what / 4 % 4],
                                         .random = {NULL, fill},
                                         .receive_limit = LIMIT,
                                         .queue = QUEUE,
                                         .registers = what >= 128};
    sotto_fingerprint_of_key(key, of_key);
    sotto_fingerprint_text(of_key, fingerprint);
    if (what / 16 % 2 == 0) {
        config.password = (struct sotto_span){(const uint8_t *)"secret", 6};
    }
    return config;
}

/* What is given as state; the checksum is right unless it was to be wrong. */
static size_t choose_state(uint8_t out[static SOTTO_DEVICE_STATE_MAX + 4])
{
    static const uint8_t key[32] = {9};
    const uint8_t what = choose_byte();
    const struct sotto_span in = choose_bytes(SOTTO_DEVICE_STATE_MAX);
    memcpy(out, in.at, in.len);
    if (what % 2 == 0 && in.len >= 65) { /* of the server that is meant */
        sotto_fingerprint_of_key(key, out + 33);
    }
    if (what % 8 == 7) {
        return in.len;
    }
    const uint32_t crc = sotto_crc32c(0, out, in.len);
    for (size_t i = 0; i < 4; i++) {
        out[in.len + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    return in.len + 4;
}

/* Makes a device of the state; false when it will not. */
static bool make(struct sotto_device_config *config, const uint8_t *state,
                 size_t len, uint8_t out[static SOTTO_DEVICE_STATE_MAX],
                 size_t *out_len)
{
    struct sotto_device *device = NULL;
    struct sotto_device_event event;
    config->state = (struct sotto_span){state, len};
    enum sotto_err err =
        sotto_device_init(&device, config, memory, sizeof memory);
    if (err != SOTTO_OK) {
        must(err == SOTTO_ERR_FORMAT || err == SOTTO_ERR_AUTH ||
             err == SOTTO_ERR_LIMIT);
        return false;
    }
    *out_len = sotto_device_state(device, out);
    must(*out_len > 0 && *out_len <= SOTTO_DEVICE_STATE_MAX);
    must(strlen(sotto_device_name(device)) <= SOTTO_NAME_MAX);
    sotto_device_tick(device, 1000);
    while (sotto_device_next(device, &event)) {
        must(event.kind == SOTTO_DEVICE_SAVE ||
             event.kind == SOTTO_DEVICE_OFFLINE);
    }
    sotto_device_wipe(device);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char fingerprint[SOTTO_FINGERPRINT_TEXT];
    uint8_t state[SOTTO_DEVICE_STATE_MAX + 4];
    uint8_t first[SOTTO_DEVICE_STATE_MAX];
    uint8_t second[SOTTO_DEVICE_STATE_MAX];
    size_t first_len = 0;
    size_t second_len = 0;
    choices_start(data, size);
    struct sotto_device_config config = choose_config(fingerprint);
    const size_t len = choose_state(state);
    if (make(&config, state, len, first, &first_len)) {
        must(make(&config, first, first_len, second, &second_len));
        must(first_len == second_len && memcmp(first, second, first_len) == 0);
    }
    return 0;
}
