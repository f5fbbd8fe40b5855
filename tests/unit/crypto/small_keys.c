/*
 * small_keys.c - the tests of ciphers once more, with keys kept as on a board
 * (core/crypto/mbedtls/keys_small.c).
 */
#include "tests/unit/test.h"

int main(void)
{
    return (test_aead() != 0) | (test_cipher() != 0);
}
