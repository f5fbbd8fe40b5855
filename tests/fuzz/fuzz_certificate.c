/*
 * fuzz_certificate.c - what a server shows beside its key, and the files that it
 * is made of, by libFuzzer. The first byte says what the others are: a
 * certificate as in message 2, PEM, or a private key in DER.
 */
#include "choices.h"
#include "core/channel/certificate.h"
#include "core/crypto/p256_key.h"
#include "core/crypto/pem.h"
#include <string.h>

#define BLOCK_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last of the certificates; an empty span if there is none. */
static struct sotto_span find_last(struct sotto_span in)
{
    struct sotto_span last = {NULL, 0};
    struct sotto_reader r;

    sotto_reader_init(&r, in.at, in.len);
    (void)sotto_read_vector(&r, 0, in.len);
    while (!r.bad && r.left > 0) {
        last = sotto_read_vector(&r, 0, in.len);
    }
    return last;
}

/* The last certificate is trusted; nobody has signed this static key. */
static void try_certificate(struct sotto_span in)
{
    static const uint8_t static_key[32] = {9};
    const struct sotto_span anchor = find_last(in);
    const struct sotto_x509_trust trust = {.anchors = &anchor,
                                           .anchor_count = 1,
                                           .now = 1800000000,
                                           .usage = SOTTO_X509_SERVER,
                                           .name = "chat.example"};
    struct sotto_x509_report report = {0};

    must(sotto_certificate_verify(in, static_key, &trust, &report) != SOTTO_OK);
}

/* What is decoded gives the same when it was encoded again. */
static void try_pem(struct sotto_span text)
{
    static uint8_t block[BLOCK_MAX];
    static uint8_t again[BLOCK_MAX];
    static char written[SOTTO_PEM_TEXT(BLOCK_MAX, 1)];
    struct sotto_span label;
    enum sotto_err err = SOTTO_OK;

    while (err != SOTTO_ERR_NOT_FOUND) {
        const size_t left = text.len;
        size_t len = 0;

        err = sotto_pem_next(&text, &label, block, sizeof block, &len);
        must(text.len < left || err == SOTTO_ERR_NOT_FOUND);
        if (err == SOTTO_OK) {
            struct sotto_span out = {(const uint8_t *)written, 0};
            size_t again_len = 0;

            must(sotto_pem_encode("A", block, len, written, sizeof written,
                                  &out.len) == SOTTO_OK);
            must(sotto_pem_next(&out, &label, again, sizeof again,
                                &again_len) == SOTTO_OK);
            must(again_len == len && memcmp(block, again, len) == 0);
        }
    }
}

static void try_key(struct sotto_span der)
{
    uint8_t key[SOTTO_P256_PRIVATE_LEN];
    uint8_t again[SOTTO_P256_PRIVATE_LEN];
    uint8_t out[SOTTO_P256_KEY_DER];

    if (sotto_p256_key_decode(der, key) == SOTTO_OK) {
        must(sotto_p256_key_encode(key, out) == SOTTO_OK);
        must(sotto_p256_key_decode((struct sotto_span){out, sizeof out},
                                   again) == SOTTO_OK);
        must(memcmp(key, again, sizeof key) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        const struct sotto_span in = {data + 1, size - 1};

        switch (data[0] % 3) {
        case 0:
            try_certificate(in);
            break;
        case 1:
            try_pem(in);
            break;
        default:
            try_key(in);
            break;
        }
    }
    return 0;
}
