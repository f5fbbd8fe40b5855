/*
 * transcript_curves.c - X25519 and P-256, with numbers and points at and beyond
 * the edges.
 */
#include "core/crypto/p256.h"
#include "core/crypto/x25519.h"
#include "tests/crypto/transcript.h"
#include <string.h>

#define ROUNDS 60

/* ---- X25519 ------------------------------------------------------------- */

/* A point: random, or one of low order, or one that is not reduced; the unused
 * bit is random. */
static void pick_point(struct seed *seed, uint8_t point[static 32])
{
    static const uint8_t special[][32] = {
        {0},
        {1},
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
         0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
         0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
        {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
         0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
         0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    };

    if (seed_once_in(seed, 2)) {
        transcript_fill(seed, point, 32);
    } else if (seed_once_in(seed, 2)) {
        memcpy(point, special[seed_below(seed, 4)], 32);
    } else { /* p - 1, p, p + 1 and so on: 2^255 - 19 and around it */
        memset(point, 0xff, 32);
        point[0] = (uint8_t)(0xe8 + seed_below(seed, 24));
        point[31] = 0x7f;
    }
    if (seed_once_in(seed, 2)) {
        point[31] |= 0x80;
    }
}

static void agree_x25519(struct seed *seed)
{
    uint8_t scalar[SOTTO_X25519_LEN];
    uint8_t point[SOTTO_X25519_LEN];
    uint8_t out[SOTTO_X25519_LEN];
    enum sotto_err err;

    transcript_fill(seed, scalar, sizeof scalar);
    pick_point(seed, point);
    sotto_x25519_public(scalar, out);
    transcript_say("x25519 public", SOTTO_OK, out, sizeof out);
    err = sotto_x25519_agree(scalar, point, out);
    transcript_say("x25519 agree", err, out, sizeof out);
}

/* ---- P-256 -------------------------------------------------------------- */

/* Mostly in [1, n-1]; at times 0, n or near them, or small. */
static void pick_number(struct seed *seed, uint8_t number[static 32])
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
                                      0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
                                      0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
                                      0xfc, 0x63, 0x25, 0x51};

    memset(number, 0, 32);
    switch (seed_below(seed, 8)) {
    case 0: /* n - 2 to n + 2 */
        memcpy(number, order, 32);
        number[31] = (uint8_t)(number[31] - 2 + (int)seed_below(seed, 5));
        break;
    case 1:
        number[31] = (uint8_t)seed_below(seed, 4);
        break;
    case 2:
        memset(number, 0xff, 32);
        break;
    default:
        transcript_fill(seed, number, 32);
        break;
    }
}

/* Mostly a point of the curve. */
static void pick_public(struct seed *seed, uint8_t point[static 65])
{
    uint8_t number[32];

    memset(point, 0, SOTTO_P256_PUBLIC_LEN);
    do {
        transcript_fill(seed, number, sizeof number);
    } while (sotto_p256_public(number, point) != SOTTO_OK);
    switch (seed_below(seed, 6)) {
    case 0:
        transcript_damage(seed, point, SOTTO_P256_PUBLIC_LEN);
        break;
    case 1: /* x is not below p */
        memset(point + 1, 0xff, 32);
        break;
    case 2:
        point[0] = (uint8_t)seed_below(seed, 8);
        break;
    default:
        break;
    }
}

static void agree_p256(struct seed *seed)
{
    uint8_t number[32];
    uint8_t point[SOTTO_P256_PUBLIC_LEN];
    uint8_t out[SOTTO_P256_PUBLIC_LEN] = {0};
    enum sotto_err err;

    pick_number(seed, number);
    err = sotto_p256_public(number, out);
    transcript_say("p256 public", err, out, sizeof out);
    pick_public(seed, point);
    err = sotto_p256_check_public(point);
    transcript_say("p256 check", err, point, sizeof point);
    memset(out, 0, sizeof out);
    err = sotto_p256_agree(number, point, out);
    transcript_say("p256 agree", err, out, sizeof out);
}

static void verify(const uint8_t *point, const uint8_t *digest,
                   const uint8_t *signature, size_t len)
{
    enum sotto_err err = sotto_p256_verify(point, digest, signature, len);

    transcript_say("p256 verify", err, signature, len);
}

static void sign_p256(struct seed *seed)
{
    uint8_t number[32];
    uint8_t digest[32];
    uint8_t point[SOTTO_P256_PUBLIC_LEN] = {0};
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t len = 0;
    enum sotto_err err;

    pick_number(seed, number);
    pick_number(seed, digest); /* these edges matter here, too */
    err = sotto_p256_sign(number, digest, signature, &len);
    transcript_say("p256 sign", err, signature, len);
    if (err == SOTTO_OK) {
        err = sotto_p256_public(number, point);
        transcript_say("p256 public", err, point, sizeof point);
        verify(point, digest, signature, len);
        transcript_damage(seed, signature, len);
        verify(point, digest, signature, len);
    }
    pick_public(seed, point);
    pick_number(seed, raw);
    pick_number(seed, raw + 32);
    err = sotto_p256_verify_raw(point, digest, raw);
    transcript_say("p256 verify raw", err, raw, sizeof raw);
}

void transcript_curves(struct seed *seed)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 8; i++) {
            agree_x25519(seed);
        }
        agree_p256(seed);
        sign_p256(seed);
    }
}
