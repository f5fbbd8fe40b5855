/*
 * channel.h - the parts of `sotto-bench channel`.
 *
 * channel.c has the options, the order of the runs and the report;
 * channel_handshake.c, channel_records.c and channel_keys.c measure;
 * channel_layers.c and channel_bare.c seal and open records, each layer in its
 * way. Every part checks what it measured, and says false when that is
 * not what it should be.
 */
#ifndef SOTTO_BENCH_CHANNEL_H
#define SOTTO_BENCH_CHANNEL_H

#include "apps/bench/channel_bare.h"
#include "apps/bench/figure.h"
#include "core/channel/link.h"
#include <sotto/env.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- two links in memory (channel_handshake.c) -------------------------- */

/* The receive limit of both sides: a record for the largest body measured
 * (a host's limit, 16 KiB, would cut it in two). */
#define CHANNEL_BODY_MAX 16384U
#define CHANNEL_LIMIT    (CHANNEL_BODY_MAX + 256U)
#define CHANNEL_UNITS_MAX                                                      \
    (SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD + SOTTO_HANDSHAKE_MESSAGE_MAX)

struct channel_pair {
    struct sotto_link client;
    struct sotto_link server;
    uint8_t wire[CHANNEL_UNITS_MAX]; /* what is on its way */
    size_t wire_len;
};

struct channel_keys {
    uint8_t s_private[SOTTO_X25519_LEN];
    uint8_t s_public[SOTTO_X25519_LEN];
};

/* What all measurements share. */
struct channel_world {
    struct sotto_random random;
    struct channel_keys client;
    struct channel_keys server;
};

/* Makes the two static keys. False: no random bytes. */
bool channel_world_init(struct channel_world *world,
                        const struct sotto_random *random);

/* A handshake from the first byte to OPEN on both sides, checked. */
bool channel_pair_open(struct channel_pair *pair, enum sotto_suite suite,
                       const struct channel_world *world);

enum channel_side {
    CHANNEL_BOTH,
    CHANNEL_CLIENT,
    CHANNEL_SERVER
};
#define CHANNEL_SIDES 3

/* What the sides do in turn; each takes what the one before put on the wire. */
struct channel_step {
    enum channel_side side;
    bool (*run)(struct channel_pair *pair, enum sotto_suite suite,
                const struct channel_world *world);
};
#define CHANNEL_STEPS 4
extern const struct channel_step channel_steps[CHANNEL_STEPS];

/* Both are open, know each other, and heard the same. */
bool channel_pair_is_open(const struct channel_pair *pair,
                          const struct channel_world *world);

/* Measures XX handshakes for `slice_ns`, and adds a run to each of the
 * figures, which stand in the order of enum channel_side. */
bool channel_measure_handshakes(enum sotto_suite suite,
                                const struct channel_world *world,
                                double slice_ns,
                                struct figure figures[static CHANNEL_SIDES]);

/* ---- records (channel_records.c) ---------------------------------------- */

/*
 * Sealed records lie in slots, one behind the other, and are opened in place.
 * So opening has something new each time, and every layer meets the same
 * memory.
 */
#define CHANNEL_SLOTS_MAX  512
#define CHANNEL_RING       (512U * 1024U)
#define CHANNEL_BLOCK_LEN  16 /* of AES */
#define CHANNEL_HEAD_MAX   5  /* of the frame around a body */
#define CHANNEL_LAYERS_MAX 3

struct channel_slot {
    uint8_t *at;
    size_t len;            /* sealed */
    const uint8_t *opened; /* where in the slot the text was found */
    size_t opened_len;
};

struct channel_work {
    enum sotto_suite suite;
    const struct channel_world *world; /* borrowed */
    /* What is sealed: the body, and the frame around it as a record has it. */
    uint8_t plain[CHANNEL_HEAD_MAX + CHANNEL_BODY_MAX + CHANNEL_BLOCK_LEN];
    size_t plain_len;
    size_t padded_len;   /* with padding to whole blocks (PKCS #7) behind it */
    const uint8_t *body; /* its last part, before the padding */
    size_t body_len;
    struct channel_slot slots[CHANNEL_SLOTS_MAX];
    size_t slot_cap; /* bytes */
    size_t count;    /* slots in use */
    uint8_t ring[CHANNEL_RING];
    /* The layers' keys. */
    struct channel_pair pair;
    struct sotto_cipher sender;
    struct sotto_cipher receiver;
    uint64_t sent; /* messages so far of the bare layer, whose contexts are in
                      its file */
    uint64_t received;
};

/*
 * One way to seal and open: start() sets keys, and then seal() fills all slots
 * and open() opens them, in turns. `has_frame`: opened is the body; otherwise
 * the frame is part of it. False when anything fails.
 */
struct channel_layer {
    const char *name;
    bool has_frame;
    bool (*start)(struct channel_work *work);
    bool (*seal)(struct channel_work *work);
    bool (*open)(struct channel_work *work);
};

extern const struct channel_layer channel_layer_link;   /* core/channel/link */
extern const struct channel_layer channel_layer_cipher; /* ../cipher */
extern const struct channel_layer channel_layer_bare;

/* The bare layer's suites, by enum sotto_suite, of whichever library: 0 where
 * all is well. The text that is sealed is padded beforehand where that counts. */
struct channel_bare_suite {
    int (*start)(const uint8_t *key);
    int (*seal)(const struct channel_work *work, struct channel_slot *slot);
    int (*open)(const struct channel_work *work, struct channel_slot *slot);
};
#define CHANNEL_BARE_SUITES (SOTTO_SUITE_CHACHAPOLY + 1)
extern const struct channel_bare_suite channel_bare_suites[CHANNEL_BARE_SUITES];

/* Prepares for messages of `len` bytes. */
void channel_work_init(struct channel_work *work, enum sotto_suite suite,
                       const struct channel_world *world, size_t len);

/* True when the layer's sealed text is not the plain one, opens to it, and is
 * refused with one bit changed. */
bool channel_check_layer(struct channel_work *work,
                         const struct channel_layer *layer);

/* Sealing and opening by one layer. */
struct channel_record {
    struct figure seal;
    struct figure open;
};

/* Measures `count` layers in short turns, `slice_ns` in all, and adds a run to
 * each one's figures. */
bool channel_measure_records(struct channel_work *work,
                             const struct channel_layer *const *layers,
                             size_t count, double slice_ns,
                             struct channel_record *records);

/* ---- keys (channel_keys.c) ---------------------------------------------- */

/* Each measures the core's function and what it is made of in short turns,
 * `slice_ns` in all, and adds a run to two figures: core, then bare. */
bool channel_measure_x25519(const struct channel_world *world, double slice_ns,
                            struct figure figures[static 2]);
bool channel_measure_pbkdf2(double slice_ns, struct figure figures[static 2]);

/* True when PBKDF2 gives what RFC 7914 says. */
bool channel_check_pbkdf2(void);

#endif
