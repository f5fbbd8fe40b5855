/*
 * transcript.c - a program that prints its back end's transcript: transcript_NAME
 * SEED.
 */
#include "tests/crypto/transcript.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void transcript_say(const char *what, enum sotto_err err, const void *out,
                    size_t len)
{
    const uint8_t *at = out;
    uint64_t sum = 14695981039346656037U; /* FNV-1a: no back end's own hash */

    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ at[i]) * 1099511628211U;
    }
    (void)printf("%s %d %zu %016" PRIx64 "\n", what, (int)err, len, sum);
}

void transcript_fill(struct seed *seed, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)seed_below(seed, 256);
    }
}

void transcript_damage(struct seed *seed, uint8_t *bytes, size_t len)
{
    bytes[seed_below(seed, len)] ^= (uint8_t)(1U << seed_below(seed, 8));
}

int main(int argc, char **argv)
{
    struct seed seed;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s SEED\n", argv[0]);
        return 2;
    }
    seed_init(&seed, strtoull(argv[1], NULL, 10));
    transcript_ciphers(&seed);
    transcript_hashes(&seed);
    transcript_curves(&seed);
    transcript_certificates(&seed);
    return 0;
}
