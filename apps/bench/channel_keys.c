/*
 * channel_keys.c - one X25519 multiplication, and one round of PBKDF2: by the
 * core's functions, and by the code of the library that they stand on.
 */
#include "apps/bench/channel.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include "core/crypto/x25519.h"
#include <string.h>

/* ---- X25519 ------------------------------------------------------------- */

#define X25519_BATCH 16

struct exchange {
    uint8_t scalar[SOTTO_X25519_LEN];
    uint8_t peer_scalar[SOTTO_X25519_LEN];
    uint8_t peer_public[SOTTO_X25519_LEN];
    uint8_t shared[SOTTO_X25519_LEN];
};

static bool make_exchange(struct exchange *x, const struct channel_world *world)
{
    const struct sotto_random *random = &world->random;

    if (random->fill(random->ctx, x->scalar, sizeof x->scalar) != SOTTO_OK ||
        random->fill(random->ctx, x->peer_scalar, sizeof x->peer_scalar) !=
            SOTTO_OK) {
        return false;
    }
    sotto_x25519_public(x->peer_scalar, x->peer_public);
    return true;
}

/* The peer comes to the same secret. */
static bool is_shared(const struct exchange *x)
{
    uint8_t public_key[SOTTO_X25519_LEN];
    uint8_t shared[SOTTO_X25519_LEN];

    sotto_x25519_public(x->scalar, public_key);
    return sotto_x25519_agree(x->peer_scalar, public_key, shared) == SOTTO_OK &&
           sotto_equal(shared, x->shared, sizeof shared);
}

static bool agree_by_core(struct exchange *x)
{
    return sotto_x25519_agree(x->scalar, x->peer_public, x->shared) == SOTTO_OK;
}

static bool agree_barely(struct exchange *x)
{
    return channel_bare_x25519(x->shared);
}

/* A batch of agreements, checked; adds what they took. */
static bool time_agree(bool (*agree)(struct exchange *x), struct exchange *x,
                       double *ns)
{
    bool ok = true;
    double start = figure_now_ns();

    for (size_t at = 0; at < X25519_BATCH; at++) {
        ok &= agree(x);
    }
    *ns += figure_now_ns() - start;
    ok = ok && is_shared(x);
    memset(x->shared, 0, sizeof x->shared);
    return ok;
}

bool channel_measure_x25519(const struct channel_world *world, double slice_ns,
                            struct figure figures[static 2])
{
    struct exchange x;
    double ns[2] = {0};
    uint64_t count = 0;

    if (!make_exchange(&x, world) ||
        !channel_bare_x25519_start(x.scalar, x.peer_public)) {
        return false;
    }
    do {
        if (!time_agree(agree_by_core, &x, &ns[0]) ||
            !time_agree(agree_barely, &x, &ns[1])) {
            return false;
        }
        count += X25519_BATCH;
    } while (ns[0] + ns[1] < slice_ns);
    figure_add(&figures[0], ns[0], count);
    figure_add(&figures[1], ns[1], count);
    return true;
}

/* ---- PBKDF2 ------------------------------------------------------------- */

#define PBKDF2_BATCH 1000U

bool channel_check_pbkdf2(void)
{
    static const uint8_t password[] = {'P', 'a', 's', 's', 'w', 'o', 'r', 'd'};
    static const uint8_t salt[] = {'N', 'a', 'C', 'l'};
    static const uint8_t expected[SOTTO_HASH_LEN] = {
        /* RFC 7914 11: the first half of 64 bytes after 80,000 rounds */
        0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21, 0x83, 0x0c, 0xee,
        0x5e, 0xf2, 0x27, 0x01, 0xf9, 0x64, 0x1a, 0x44, 0x18, 0xd0, 0x4c,
        0x04, 0x14, 0xae, 0xff, 0x08, 0x87, 0x6b, 0x34, 0xab, 0x56};
    struct sotto_pbkdf2 kdf;
    uint8_t key[SOTTO_HASH_LEN];

    sotto_pbkdf2_init(&kdf, password, sizeof password, salt, sizeof salt,
                      80000);
    while (!sotto_pbkdf2_run(&kdf, PBKDF2_BATCH)) {
    }
    sotto_pbkdf2_end(&kdf, key);
    return sotto_equal(key, expected, sizeof key);
}

static double time_core(struct sotto_pbkdf2 *kdf)
{
    double start = figure_now_ns();
    bool done = sotto_pbkdf2_run(kdf, PBKDF2_BATCH);

    SOTTO_ASSERT(!done); /* that would take half an hour */
    return figure_now_ns() - start;
}

/* A round cannot be less than two compressions of SHA-256. */
static double time_compressions(bool *ok)
{
    double start = figure_now_ns();

    *ok &= channel_bare_compress(2 * (size_t)PBKDF2_BATCH);
    return figure_now_ns() - start;
}

bool channel_measure_pbkdf2(double slice_ns, struct figure figures[static 2])
{
    static const uint8_t password[12] = {1};
    static const uint8_t salt[16] = {2};
    struct sotto_pbkdf2 kdf;
    double ns[2] = {0};
    uint64_t count = 0;
    bool ok = true;

    sotto_pbkdf2_init(&kdf, password, sizeof password, salt, sizeof salt,
                      UINT32_MAX);
    do {
        ns[0] += time_core(&kdf);
        ns[1] += time_compressions(&ok);
        count += PBKDF2_BATCH;
    } while (ns[0] + ns[1] < slice_ns);
    sotto_wipe(&kdf, sizeof kdf);
    figure_add(&figures[0], ns[0], count);
    figure_add(&figures[1], ns[1], count);
    return ok;
}
