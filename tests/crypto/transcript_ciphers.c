/*
 * transcript_ciphers.c - sealing and opening, of all lengths, in place and not,
 * and what was damaged.
 */
#include "core/crypto/aead.h"
#include "tests/crypto/transcript.h"
#include <string.h>

#define SHORT_MAX 300U
#define TEXT_MAX  16384U
#define AD_MAX    70U

static const struct {
    enum sotto_aead_alg alg;
    const char *name;
} algs[] = {{SOTTO_AEAD_A128CBC_HS256, "a128cbc-hs256"},
            {SOTTO_AEAD_AES256_GCM, "aes256-gcm"},
            {SOTTO_AEAD_CHACHA20_POLY1305, "chacha20-poly1305"},
            {SOTTO_AEAD_AES128_GCM, "aes128-gcm"}};

struct message {
    const char *name;
    struct sotto_aead aead;
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];
    uint8_t ad[AD_MAX];
    size_t ad_len;
    uint8_t text[TEXT_MAX];
    size_t len;
    uint8_t sealed[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
    size_t sealed_len;
};

static void open_it(struct message *m, const uint8_t *in, size_t len,
                    uint8_t *out)
{
    size_t out_len = 0;
    enum sotto_err err = sotto_aead_open(&m->aead, m->nonce, m->ad, m->ad_len,
                                         in, len, out, &out_len);

    transcript_say(m->name, err, out, err == SOTTO_OK ? out_len : 0);
}

/* Apart, in place, damaged, cut. */
static void open_all(struct message *m, struct seed *seed)
{
    static uint8_t out[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
    static uint8_t copy[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];

    open_it(m, m->sealed, m->sealed_len, out);
    memcpy(copy, m->sealed, m->sealed_len);
    open_it(m, copy, m->sealed_len, copy);
    memcpy(copy, m->sealed, m->sealed_len);
    transcript_damage(seed, copy, m->sealed_len);
    open_it(m, copy, m->sealed_len, out);
    transcript_say("left", SOTTO_OK, out, m->sealed_len - SOTTO_AEAD_TAG_LEN);
    open_it(m, m->sealed, seed_below(seed, m->sealed_len), out);
    if (m->ad_len > 0) {
        transcript_damage(seed, m->ad, m->ad_len);
        open_it(m, m->sealed, m->sealed_len, out);
    }
}

static void run(struct message *m, size_t at, size_t len, struct seed *seed)
{
    static uint8_t copy[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX];
    uint8_t key[SOTTO_AEAD_KEY_MAX];
    enum sotto_err err;

    m->name = algs[at].name;
    m->ad_len = seed_below(seed, AD_MAX + 1);
    m->len = len;
    m->sealed_len = sotto_aead_sealed_len(algs[at].alg, len);
    transcript_fill(seed, key, sizeof key);
    transcript_fill(seed, m->nonce, sizeof m->nonce);
    transcript_fill(seed, m->ad, m->ad_len);
    transcript_fill(seed, m->text, len);
    sotto_aead_init(&m->aead, algs[at].alg, key);
    err = sotto_aead_seal(&m->aead, m->nonce, m->ad, m->ad_len, m->text, len,
                          m->sealed);
    transcript_say(m->name, err, m->sealed, m->sealed_len);
    memcpy(copy, m->text, len);
    err =
        sotto_aead_seal(&m->aead, m->nonce, m->ad, m->ad_len, copy, len, copy);
    transcript_say(m->name, err, copy, m->sealed_len);
    if (algs[at].alg == SOTTO_AEAD_A128CBC_HS256) {
        uint8_t iv[16];

        sotto_aead_cbc_iv(&m->aead, seed_next(seed), iv);
        transcript_say("iv", SOTTO_OK, iv, sizeof iv);
    }
    open_all(m, seed);
    sotto_aead_wipe(&m->aead);
}

void transcript_ciphers(struct seed *seed)
{
    static const size_t longer[] = {511, 512, 1000, 4096, 5000, TEXT_MAX};
    static struct message m;

    for (size_t at = 0; at < sizeof algs / sizeof *algs; at++) {
        for (size_t len = 0; len <= SHORT_MAX; len++) {
            run(&m, at, len, seed);
        }
        for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
            run(&m, at, longer[i], seed);
        }
    }
}
