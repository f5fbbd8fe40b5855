/*
 * mls_counts.c - what of cryptography is done: each function of core/crypto
 * that counts is wrapped by the linker (--wrap in CMakeLists.txt).
 */
#include "apps/bench/mls.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include <string.h>

/* The functions in between have no other place to count in. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static struct mls_counts counts;

struct mls_counts mls_counts_now(void)
{
    return counts;
}

struct mls_counts mls_counts_since(const struct mls_counts *start)
{
    struct mls_counts since = counts;

    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        since.of[i] -= start->of[i];
    }
    return since;
}

/* ---- in between --------------------------------------------------------- */

/* NOLINTBEGIN(bugprone-reserved-identifier) names that the linker makes */

/* What an operation on the curve hashes is part of its own time. */
static enum sotto_err count_one(enum mls_primitive kind,
                                const struct mls_counts *before,
                                enum sotto_err err)
{
    counts = *before;
    counts.of[kind]++;
    return err;
}

enum sotto_err __real_sotto_p256_public(const uint8_t *private_key,
                                        uint8_t *public_key);
enum sotto_err __wrap_sotto_p256_public(const uint8_t *private_key,
                                        uint8_t *public_key);
enum sotto_err __wrap_sotto_p256_public(const uint8_t *private_key,
                                        uint8_t *public_key)
{
    const struct mls_counts before = counts;

    return count_one(MLS_KEY_PAIR, &before,
                     __real_sotto_p256_public(private_key, public_key));
}

enum sotto_err __real_sotto_p256_agree(const uint8_t *private_key,
                                       const uint8_t *peer, uint8_t *shared);
enum sotto_err __wrap_sotto_p256_agree(const uint8_t *private_key,
                                       const uint8_t *peer, uint8_t *shared);
enum sotto_err __wrap_sotto_p256_agree(const uint8_t *private_key,
                                       const uint8_t *peer, uint8_t *shared)
{
    const struct mls_counts before = counts;

    return count_one(MLS_AGREE, &before,
                     __real_sotto_p256_agree(private_key, peer, shared));
}

enum sotto_err __real_sotto_p256_sign(const uint8_t *private_key,
                                      const uint8_t *digest, uint8_t *signature,
                                      size_t *len);
enum sotto_err __wrap_sotto_p256_sign(const uint8_t *private_key,
                                      const uint8_t *digest, uint8_t *signature,
                                      size_t *len);
enum sotto_err __wrap_sotto_p256_sign(const uint8_t *private_key,
                                      const uint8_t *digest, uint8_t *signature,
                                      size_t *len)
{
    const struct mls_counts before = counts;

    return count_one(MLS_SIGN, &before,
                     __real_sotto_p256_sign(private_key, digest, signature,
                                            len));
}

enum sotto_err __real_sotto_p256_verify(const uint8_t *public_key,
                                        const uint8_t *digest,
                                        const uint8_t *signature, size_t len);
enum sotto_err __wrap_sotto_p256_verify(const uint8_t *public_key,
                                        const uint8_t *digest,
                                        const uint8_t *signature, size_t len);
enum sotto_err __wrap_sotto_p256_verify(const uint8_t *public_key,
                                        const uint8_t *digest,
                                        const uint8_t *signature, size_t len)
{
    const struct mls_counts before = counts;

    return count_one(MLS_VERIFY, &before,
                     __real_sotto_p256_verify(public_key, digest, signature,
                                              len));
}

void __real_sotto_sha256_add(struct sotto_sha256 *hash, const void *in,
                             size_t len);
void __wrap_sotto_sha256_add(struct sotto_sha256 *hash, const void *in,
                             size_t len);
void __wrap_sotto_sha256_add(struct sotto_sha256 *hash, const void *in,
                             size_t len)
{
    counts.of[MLS_BYTE] += len;
    __real_sotto_sha256_add(hash, in, len);
}

void __real_sotto_sha256_end(struct sotto_sha256 *hash, uint8_t *out);
void __wrap_sotto_sha256_end(struct sotto_sha256 *hash, uint8_t *out);
void __wrap_sotto_sha256_end(struct sotto_sha256 *hash, uint8_t *out)
{
    counts.of[MLS_HASH]++;
    __real_sotto_sha256_end(hash, out);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- by themselves ------------------------------------------------------ */

#define HASHES      256U /* in one go, because a clock ticks in microseconds */
#define LONG_LEN    16384U
#define LONG_HASHES 4U

/* What they are tried on. */
struct inputs {
    uint8_t private_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t shared[SOTTO_P256_SHARED_LEN];
    uint8_t digest[SOTTO_HASH_LEN];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t signature_len;
    uint8_t text[LONG_LEN];
};

static void hash(const uint8_t *in, size_t len, uint8_t *out)
{
    struct sotto_sha256 running;

    sotto_sha256_init(&running);
    sotto_sha256_add(&running, in, len);
    sotto_sha256_end(&running, out);
}

/* Does one kind; gives how many, 0 when one failed. */
static uint64_t do_some(enum mls_primitive kind, struct inputs *in)
{
    enum sotto_err err = SOTTO_OK;

    switch (kind) {
    case MLS_KEY_PAIR:
        err = sotto_p256_public(in->private_key, in->public_key);
        break;
    case MLS_AGREE:
        err = sotto_p256_agree(in->private_key, in->public_key, in->shared);
        break;
    case MLS_SIGN:
        err = sotto_p256_sign(in->private_key, in->digest, in->signature,
                              &in->signature_len);
        break;
    case MLS_VERIFY:
        err = sotto_p256_verify(in->public_key, in->digest, in->signature,
                                in->signature_len);
        break;
    case MLS_HASH:
        for (size_t i = 0; i < HASHES; i++) {
            hash(in->text, 0, in->digest);
        }
        return HASHES;
    case MLS_BYTE:
        for (size_t i = 0; i < LONG_HASHES; i++) {
            hash(in->text, LONG_LEN, in->digest);
        }
        return (uint64_t)LONG_HASHES * LONG_LEN;
    }
    return err == SOTTO_OK ? 1 : 0;
}

/* Some of each, in the order in which one gives the next its input. */
static bool take_turns(struct inputs *in, double *ns, uint64_t *done)
{
    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        double start = figure_now_ns();
        uint64_t some = do_some((enum mls_primitive)i, in);

        ns[i] += figure_now_ns() - start;
        done[i] += some;
        if (some == 0) {
            return false;
        }
    }
    return true;
}

bool mls_measure_primitives(double slice_ns,
                            struct figure primitives[static MLS_PRIMITIVES])
{
    struct inputs in = {.private_key = {1, 2, 3}, .digest = {4, 5, 6}};
    double ns[MLS_PRIMITIVES] = {0};
    uint64_t done[MLS_PRIMITIVES] = {0};
    double end_ns = figure_now_ns() + slice_ns * MLS_PRIMITIVES;

    while (figure_now_ns() < end_ns) {
        if (!take_turns(&in, ns, done)) {
            return false;
        }
    }
    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        figure_add(&primitives[i], ns[i], done[i]);
    }
    return true;
}
