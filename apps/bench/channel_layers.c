/*
 * channel_layers.c - records sealed and opened by core/channel.
 *
 * Layer "link" is what a server and a client do: a frame is put into a record,
 * sealed with its length before it, taken in as bytes of a peer, opened,
 * checked and handed out; every 65,536th record renews the key. Layer "cipher"
 * is the Noise cipher alone: nonce, counter and sealing.
 */
#include "apps/bench/channel.h"

/* ---- link --------------------------------------------------------------- */

static bool link_start(struct channel_work *work)
{
    return channel_pair_open(&work->pair, work->suite, work->world);
}

static bool link_seal(struct channel_work *work)
{
    for (size_t at = 0; at < work->count; at++) {
        struct channel_slot *slot = &work->slots[at];
        struct sotto_record record;
        sotto_link_begin(&work->pair.client, &record, slot->at, work->slot_cap);
        if (sotto_record_add(&record, SOTTO_FRAME_APPLICATION, work->body,
                             work->body_len) != SOTTO_OK ||
            sotto_link_end(&work->pair.client, &record, 1, &slot->len) !=
                SOTTO_OK) {
            return false;
        }
    }
    return true;
}

static bool link_open(struct channel_work *work)
{
    for (size_t at = 0; at < work->count; at++) {
        struct channel_slot *slot = &work->slots[at];
        struct sotto_frame frame;
        size_t used = 0;
        enum sotto_err err;
        if (sotto_link_feed(&work->pair.server, slot->at, slot->len, &used) !=
                SOTTO_OK ||
            used != slot->len ||
            !sotto_link_next(&work->pair.server, &frame, &err)) {
            return false;
        }
        slot->opened = frame.body;
        slot->opened_len = frame.len;
        if (sotto_link_next(&work->pair.server, &frame, &err) ||
            err != SOTTO_OK) {
            return false;
        }
    }
    return true;
}

const struct channel_layer channel_layer_link = {
    .name = "link",
    .has_frame = true,
    .start = link_start,
    .seal = link_seal,
    .open = link_open,
};

/* ---- cipher ------------------------------------------------------------- */

static bool cipher_start(struct channel_work *work)
{
    const struct sotto_random *random = &work->world->random;
    uint8_t k[SOTTO_CIPHER_KEY_LEN];

    if (random->fill(random->ctx, k, sizeof k) != SOTTO_OK) {
        return false;
    }
    sotto_cipher_init(&work->sender, work->suite);
    sotto_cipher_init(&work->receiver, work->suite);
    sotto_cipher_initialize_key(&work->sender, k);
    sotto_cipher_initialize_key(&work->receiver, k);
    return true;
}

static bool cipher_seal(struct channel_work *work)
{
    for (size_t at = 0; at < work->count; at++) {
        struct channel_slot *slot = &work->slots[at];
        if (sotto_cipher_encrypt_with_ad(&work->sender, NULL, 0, work->plain,
                                         work->plain_len,
                                         slot->at) != SOTTO_OK) {
            return false;
        }
        slot->len = sotto_cipher_sealed_len(&work->sender, work->plain_len);
    }
    return true;
}

static bool cipher_open(struct channel_work *work)
{
    for (size_t at = 0; at < work->count; at++) {
        struct channel_slot *slot = &work->slots[at];
        if (sotto_cipher_decrypt_with_ad(&work->receiver, NULL, 0, slot->at,
                                         slot->len, slot->at,
                                         &slot->opened_len) != SOTTO_OK) {
            return false;
        }
        slot->opened = slot->at;
    }
    return true;
}

const struct channel_layer channel_layer_cipher = {
    .name = "cipher",
    .has_frame = false,
    .start = cipher_start,
    .seal = cipher_seal,
    .open = cipher_open,
};
