/*
 * transcript_hashes.c - SHA-256 in pieces, and what is built on it.
 */
#include "core/crypto/drbg.h"
#include "core/crypto/hash.h"
#include "tests/crypto/transcript.h"

#define INPUT_MAX 300U

static void hash_pieces(const uint8_t *in, size_t len, struct seed *seed)
{
    struct sotto_sha256 hash;
    struct sotto_sha256 copy;
    uint8_t out[SOTTO_HASH_LEN];
    size_t at = 0;

    sotto_sha256_init(&hash);
    while (at < len) {
        size_t take = 1 + seed_below(seed, len - at);

        sotto_sha256_add(&hash, in + at, take);
        at += take;
        copy = hash;
        sotto_sha256_end(&copy, out);
        transcript_say("sha256 so far", SOTTO_OK, out, sizeof out);
    }
    sotto_sha256_end(&hash, out);
    transcript_say("sha256", SOTTO_OK, out, sizeof out);
    sotto_sha256(in, len, out);
    transcript_say("sha256 at once", SOTTO_OK, out, sizeof out);
}

static void derive(const uint8_t *in, size_t len, struct seed *seed)
{
    const size_t key_len = seed_below(seed, len + 1);
    const struct sotto_piece pieces[] = {{in + key_len, len - key_len},
                                         {in, key_len}};
    uint8_t prk[SOTTO_HASH_LEN];
    uint8_t out[200];
    enum sotto_err err;

    sotto_hmac(in, key_len, pieces, 2, prk);
    transcript_say("hmac", SOTTO_OK, prk, sizeof prk);
    sotto_hkdf_extract(in, key_len, in + key_len, len - key_len, prk);
    transcript_say("extract", SOTTO_OK, prk, sizeof prk);
    err = sotto_hkdf_expand(prk, in, key_len, out, len % sizeof out);
    transcript_say("expand", err, out, len % sizeof out);
}

static void stretch(const uint8_t *in, size_t len, struct seed *seed)
{
    const size_t password_len = seed_below(seed, len + 1);
    struct sotto_pbkdf2 kdf;
    uint8_t out[SOTTO_HASH_LEN];

    sotto_pbkdf2_init(&kdf, in, password_len, in + password_len,
                      len - password_len, 1 + (uint32_t)seed_below(seed, 50));
    while (!sotto_pbkdf2_run(&kdf, (uint32_t)seed_below(seed, 20))) {
    }
    sotto_pbkdf2_end(&kdf, out);
    transcript_say("pbkdf2", SOTTO_OK, out, sizeof out);
}

static void generate(const uint8_t *in, size_t len)
{
    struct sotto_drbg drbg;
    uint8_t out[100];

    sotto_drbg_init(&drbg, (struct sotto_piece){in, len / 2},
                    (struct sotto_piece){in + len / 2, len - len / 2});
    for (size_t i = 0; i < 3; i++) {
        sotto_drbg_next(&drbg, out, sizeof out - i);
        transcript_say("drbg", SOTTO_OK, out, sizeof out - i);
    }
    sotto_drbg_wipe(&drbg);
}

void transcript_hashes(struct seed *seed)
{
    uint8_t in[INPUT_MAX];

    for (size_t len = 0; len <= INPUT_MAX; len++) {
        transcript_fill(seed, in, len);
        hash_pieces(in, len, seed);
        derive(in, len, seed);
        stretch(in, len, seed);
        generate(in, len);
    }
}
