#include "tests/constant_time/secrets.h"
#include "core/crypto/aead.h"
#include "core/crypto/x25519.h"

#include <valgrind/memcheck.h>

static bool ends_early;

void secrets_hide(void *memory, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(memory, len);
}

void secrets_show(void *memory, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(memory, len);
}

void secrets_make(void *memory, size_t len, uint8_t first)
{
    uint8_t *at = memory;

    for (size_t i = 0; i < len; i++) {
        at[i] = (uint8_t)(first + i);
    }
    secrets_hide(memory, len);
}

unsigned secrets_leaks(void)
{
    return (unsigned)VALGRIND_COUNT_ERRORS;
}

bool secrets_are_watched(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void secrets_plant_early_end(bool planted)
{
    ends_early = planted;
}

/* ---- what may be known (see secrets.h) ---------------------------------- */

bool __real_sotto_equal(const void *a, const void *b, size_t len);
bool __wrap_sotto_equal(const void *a, const void *b, size_t len);
enum sotto_err __real_sotto_aead_open(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out,
                                      size_t *out_len);
enum sotto_err __wrap_sotto_aead_open(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out,
                                      size_t *out_len);
int __real_mbedtls_ct_memcmp(const void *a, const void *b, size_t len);
int __wrap_mbedtls_ct_memcmp(const void *a, const void *b, size_t len);
void __real_sotto_x25519_public(const uint8_t private_key[static 32],
                                uint8_t public_key[static 32]);
void __wrap_sotto_x25519_public(const uint8_t private_key[static 32],
                                uint8_t public_key[static 32]);

/* What sotto_equal() must not be. */
static bool equal_with_early_end(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;

    for (size_t i = 0; i < len; i++) {
        if (x[i] != y[i]) {
            return false;
        }
    }
    return true;
}

bool __wrap_sotto_equal(const void *a, const void *b, size_t len)
{
    bool same = ends_early ? equal_with_early_end(a, b, len)
                           : __real_sotto_equal(a, b, len);
    secrets_show(&same, sizeof same);
    return same;
}

int __wrap_mbedtls_ct_memcmp(const void *a, const void *b, size_t len)
{
    int difference = __real_mbedtls_ct_memcmp(a, b, len);
    secrets_show(&difference, sizeof difference);
    return difference;
}

enum sotto_err __wrap_sotto_aead_open(const struct sotto_aead *aead,
                                      const uint8_t *nonce, const uint8_t *ad,
                                      size_t ad_len, const uint8_t *in,
                                      size_t len, uint8_t *out, size_t *out_len)
{
    enum sotto_err err =
        __real_sotto_aead_open(aead, nonce, ad, ad_len, in, len, out, out_len);
    if (err == SOTTO_OK) {
        secrets_show(out_len, sizeof *out_len);
        secrets_show(out, *out_len);
    }
    return err;
}

void __wrap_sotto_x25519_public(const uint8_t private_key[static 32],
                                uint8_t public_key[static 32])
{
    __real_sotto_x25519_public(private_key, public_key);
    secrets_show(public_key, 32);
}
