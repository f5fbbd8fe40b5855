/*
 * test_hash.c - SHA-256, HMAC, HKDF and PBKDF2 against their RFCs.
 */
#include "core/crypto/hash.h"
#include "tests/unit/crypto/hex.h"

/* ------------------------------------------------------------- SHA-256 */

static void test_sha256_gives_published_digests(void **state)
{
    static const struct {
        const char *in;
        const char *digest;
    } cases[] = {
        /* FIPS 180-2 B.1, B.2, and the empty message */
        {"abc",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    };
    uint8_t digest[SOTTO_HASH_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sotto_sha256(cases[i].in, strlen(cases[i].in), digest);
        assert_hex(digest, sizeof digest, cases[i].digest);
    }
}

static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i * 7 + 1);
    }
}

static void test_sha256_ignores_how_input_is_cut(void **state)
{
    struct sotto_sha256 hash;
    uint8_t in[150];
    uint8_t whole[SOTTO_HASH_LEN];
    uint8_t cut[SOTTO_HASH_LEN];

    (void)state;
    fill(in, sizeof in);
    sotto_sha256(in, sizeof in, whole);
    for (size_t at = 0; at <= sizeof in; at++) {
        sotto_sha256_init(&hash);
        sotto_sha256_add(&hash, in, at);
        sotto_sha256_add(&hash, NULL, 0);
        sotto_sha256_add(&hash, in + at, sizeof in - at);
        sotto_sha256_end(&hash, cut);
        assert_memory_equal(cut, whole, sizeof whole);
    }
}

static void test_sha256_goes_on_after_a_copy_was_ended(void **state)
{
    struct sotto_sha256 hash;
    struct sotto_sha256 copy;
    uint8_t digest[SOTTO_HASH_LEN];
    uint8_t expected[SOTTO_HASH_LEN];

    (void)state;
    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, "ab", 2);
    copy = hash;
    sotto_sha256_end(&copy, digest);
    sotto_sha256("ab", 2, expected);
    assert_memory_equal(digest, expected, sizeof expected);

    sotto_sha256_add(&hash, "c", 1);
    sotto_sha256_end(&hash, digest);
    sotto_sha256("abc", 3, expected);
    assert_memory_equal(digest, expected, sizeof expected);
}

static void test_sha256_end_wipes_the_context(void **state)
{
    static const struct sotto_sha256 zeros;
    struct sotto_sha256 hash;
    uint8_t digest[SOTTO_HASH_LEN];

    (void)state;
    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, "secret", 6);
    sotto_sha256_end(&hash, digest);
    assert_memory_equal(&hash, &zeros, sizeof zeros);
}

/* ---------------------------------------------------------------- HMAC */

/* RFC 4231 4.2 to 4.8; the fifth is truncated to 128 bits there. */
static const struct {
    const char *key;
    const char *data;
    const char *mac;
} rfc4231[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddddddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
     "546573742057697468205472756e636174696f6e",
     "a3b6167473100ee06e0c796c2955552b"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b"
     "6579202d2048617368204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static void test_hmac_gives_the_macs_of_rfc4231(void **state)
{
    uint8_t key[160];
    uint8_t data[160];
    uint8_t mac[SOTTO_HASH_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof rfc4231 / sizeof *rfc4231; i++) {
        size_t key_len = unhex(rfc4231[i].key, key, sizeof key);
        size_t len = unhex(rfc4231[i].data, data, sizeof data);
        const struct sotto_piece piece = {data, len};

        sotto_hmac(key, key_len, &piece, 1, mac);
        assert_hex(mac, strlen(rfc4231[i].mac) / 2, rfc4231[i].mac);
    }
}

static void test_hmac_joins_pieces(void **state)
{
    static const uint8_t key[] = {'J', 'e', 'f', 'e'};
    static const struct sotto_piece pieces[] = {{"what do ", 8},
                                                {NULL, 0},
                                                {"ya want for ", 12},
                                                {"nothing?", 8}};
    uint8_t mac[SOTTO_HASH_LEN];

    (void)state;
    sotto_hmac(key, sizeof key, pieces, 4, mac);
    assert_hex(mac, sizeof mac, rfc4231[1].mac);
}

static void test_hmac_starts_again_from_a_copy_of_the_keyed_context(void **s)
{
    static const uint8_t key[] = {'J', 'e', 'f', 'e'};
    struct sotto_hmac keyed;
    uint8_t mac[SOTTO_HASH_LEN];

    (void)s;
    sotto_hmac_init(&keyed, key, sizeof key);
    for (int i = 0; i < 2; i++) {
        struct sotto_hmac one = keyed;

        sotto_hmac_add(&one, "what do ya want for nothing?", 28);
        sotto_hmac_end(&one, mac);
        assert_hex(mac, sizeof mac, rfc4231[1].mac);
    }
}

/* ---------------------------------------------------------------- HKDF */

/* RFC 5869 A.1 to A.3. */
static const struct {
    const char *ikm;
    const char *salt;
    const char *info;
    const char *prk;
    const char *okm;
} rfc5869[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208"
     "d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
     "2425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647"
     "48494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
     "8485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7"
     "a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3"
     "d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7"
     "f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99"
     "cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87"
     "c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395"
     "faa4b61a96c8"},
};

static void test_hkdf_gives_the_keys_of_rfc5869(void **state)
{
    uint8_t ikm[80];
    uint8_t salt[80];
    uint8_t info[80];
    uint8_t prk[SOTTO_HASH_LEN];
    uint8_t okm[82];

    (void)state;
    for (size_t i = 0; i < sizeof rfc5869 / sizeof *rfc5869; i++) {
        size_t ikm_len = unhex(rfc5869[i].ikm, ikm, sizeof ikm);
        size_t salt_len = unhex(rfc5869[i].salt, salt, sizeof salt);
        size_t info_len = unhex(rfc5869[i].info, info, sizeof info);
        size_t len = strlen(rfc5869[i].okm) / 2;

        sotto_hkdf_extract(salt_len > 0 ? salt : NULL, salt_len, ikm, ikm_len,
                           prk);
        assert_hex(prk, sizeof prk, rfc5869[i].prk);
        assert_int_equal(sotto_hkdf_expand(prk, info, info_len, okm, len),
                         SOTTO_OK);
        assert_hex(okm, len, rfc5869[i].okm);
    }
}

static void test_hkdf_refuses_more_than_255_blocks(void **state)
{
    static const uint8_t prk[SOTTO_HASH_LEN] = {1};
    static uint8_t okm[255 * SOTTO_HASH_LEN + 1];
    uint8_t first[SOTTO_HASH_LEN];

    (void)state;
    assert_int_equal(sotto_hkdf_expand(prk, NULL, 0, okm, sizeof okm),
                     SOTTO_ERR_LIMIT);
    assert_true(all_zero(okm, sizeof okm));
    assert_int_equal(sotto_hkdf_expand(prk, NULL, 0, okm, sizeof okm - 1),
                     SOTTO_OK);
    assert_int_equal(sotto_hkdf_expand(prk, NULL, 0, first, sizeof first),
                     SOTTO_OK);
    assert_memory_equal(okm, first, sizeof first);
}

static void test_hkdf_expands_to_nothing(void **state)
{
    static const uint8_t prk[SOTTO_HASH_LEN] = {1};

    (void)state;
    assert_int_equal(sotto_hkdf_expand(prk, "info", 4, NULL, 0), SOTTO_OK);
}

/* -------------------------------------------------------------- PBKDF2 */

static void derive(const char *password, const char *salt_hex, uint32_t rounds,
                   uint32_t slice, uint8_t key[static SOTTO_HASH_LEN])
{
    struct sotto_pbkdf2 kdf;
    uint8_t salt[32];
    size_t salt_len = unhex(salt_hex, salt, sizeof salt);

    sotto_pbkdf2_init(&kdf, (const uint8_t *)password, strlen(password), salt,
                      salt_len, rounds);
    while (!sotto_pbkdf2_run(&kdf, slice)) {
    }
    sotto_pbkdf2_end(&kdf, key);
}

static void test_pbkdf2_gives_published_keys(void **state)
{
    static const struct {
        const char *password;
        const char *salt;
        uint32_t rounds;
        const char *key;
    } cases[] = {
        /* RFC 7914 11, first half of the output (the salt is "salt") */
        {"passwd", "73616c74", 1,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"},
        /* RFC 7677 3: the salted password of its example, which the RFC does
         * not print; computed with Python's hashlib */
        {"pencil", "5b6d99689d12358eeca04b141236fa81", 4096,
         "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d"},
    };
    uint8_t key[SOTTO_HASH_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        derive(cases[i].password, cases[i].salt, cases[i].rounds, 1000, key);
        assert_hex(key, sizeof key, cases[i].key);
    }
}

/* A second implementation, straight from RFC 8018 5.2. */
static void derive_naively(const char *password, const char *salt,
                           uint32_t rounds, uint8_t key[static SOTTO_HASH_LEN])
{
    static const uint8_t block_one[4] = {0, 0, 0, 1};
    const struct sotto_piece first[] = {{salt, strlen(salt)}, {block_one, 4}};
    uint8_t u[SOTTO_HASH_LEN];
    const struct sotto_piece next = {u, sizeof u};

    sotto_hmac((const uint8_t *)password, strlen(password), first, 2, u);
    memcpy(key, u, sizeof u);
    for (uint32_t i = 1; i < rounds; i++) {
        sotto_hmac((const uint8_t *)password, strlen(password), &next, 1, u);
        for (size_t j = 0; j < sizeof u; j++) {
            key[j] ^= u[j];
        }
    }
}

static void test_pbkdf2_agrees_with_a_naive_one_in_any_slices(void **state)
{
    uint8_t key[SOTTO_HASH_LEN];
    uint8_t expected[SOTTO_HASH_LEN];

    (void)state;
    for (uint32_t rounds = 1; rounds <= 12; rounds++) {
        derive_naively("correct horse", "aXb", rounds, expected);
        for (uint32_t slice = 1; slice <= 13; slice++) {
            derive("correct horse", "615862", rounds, slice, key);
            assert_memory_equal(key, expected, sizeof key);
        }
    }
}

int test_hash(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_gives_published_digests),
        cmocka_unit_test(test_sha256_ignores_how_input_is_cut),
        cmocka_unit_test(test_sha256_goes_on_after_a_copy_was_ended),
        cmocka_unit_test(test_sha256_end_wipes_the_context),
        cmocka_unit_test(test_hmac_gives_the_macs_of_rfc4231),
        cmocka_unit_test(test_hmac_joins_pieces),
        cmocka_unit_test(
            test_hmac_starts_again_from_a_copy_of_the_keyed_context),
        cmocka_unit_test(test_hkdf_gives_the_keys_of_rfc5869),
        cmocka_unit_test(test_hkdf_refuses_more_than_255_blocks),
        cmocka_unit_test(test_hkdf_expands_to_nothing),
        cmocka_unit_test(test_pbkdf2_gives_published_keys),
        cmocka_unit_test(test_pbkdf2_agrees_with_a_naive_one_in_any_slices),
    };

    return cmocka_run_group_tests_name("crypto/hash", tests, NULL, NULL);
}
