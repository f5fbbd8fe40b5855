/*
 * small_keys.c - the tests of ciphers once more, with keys kept as on a board
 * (core/crypto/mbedtls/keys_small.c).
 */
#include "tests/unit/test.h"

int main(void)
{
    const int failed = test_aead();
    return test_cipher() != 0 || failed != 0;
}
