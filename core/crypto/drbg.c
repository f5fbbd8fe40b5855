/*
 * drbg.c - HMAC-DRBG (RFC 6979 3.2; NIST SP 800-90A 10.1.2).
 */
#include "core/crypto/drbg.h"
#include "core/base/secret.h"
#include <string.h>

static void hmac(const struct sotto_drbg *drbg, const struct sotto_piece *in,
                 size_t count, uint8_t *out)
{
    sotto_hmac(drbg->key, sizeof drbg->key, in, count, out);
}

/* K = HMAC_K(V || round || first || second), V = HMAC_K(V) */
static void update(struct sotto_drbg *drbg, uint8_t round,
                   struct sotto_piece first, struct sotto_piece second)
{
    const struct sotto_piece value = {drbg->value, sizeof drbg->value};
    const struct sotto_piece pieces[] = {value, {&round, 1}, first, second};

    hmac(drbg, pieces, 4, drbg->key);
    hmac(drbg, &value, 1, drbg->value);
}

void sotto_drbg_init(struct sotto_drbg *drbg, struct sotto_piece first,
                     struct sotto_piece second)
{
    memset(drbg->value, 0x01, sizeof drbg->value);
    memset(drbg->key, 0x00, sizeof drbg->key);
    update(drbg, 0x00, first, second);
    update(drbg, 0x01, first, second);
}

void sotto_drbg_next(struct sotto_drbg *drbg, uint8_t *out, size_t len)
{
    const struct sotto_piece value = {drbg->value, sizeof drbg->value};
    const struct sotto_piece nothing = {NULL, 0};

    while (len > 0) {
        size_t take = len < sizeof drbg->value ? len : sizeof drbg->value;

        hmac(drbg, &value, 1, drbg->value);
        memcpy(out, drbg->value, take);
        out += take;
        len -= take;
    }
    update(drbg, 0x00, nothing, nothing);
}

void sotto_drbg_wipe(struct sotto_drbg *drbg)
{
    sotto_wipe(drbg, sizeof *drbg);
}
