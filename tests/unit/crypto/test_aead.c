/*
 * test_aead.c - the four ciphers: published vectors, and that nothing but what
 * was sealed opens.
 */
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "tests/unit/crypto/hex.h"

#define TEXT_MAX   80
#define SEALED_MAX (TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX)

static const enum sotto_aead_alg algs[] = {SOTTO_AEAD_A128CBC_HS256,
                                           SOTTO_AEAD_AES256_GCM,
                                           SOTTO_AEAD_CHACHA20_POLY1305,
                                           SOTTO_AEAD_AES128_GCM};

#define ALG_COUNT (sizeof algs / sizeof *algs)

/* A message under a fixed key, sealed; what most tests begin with. */
struct sealed {
    struct sotto_aead aead;
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];
    uint8_t ad[20];
    uint8_t text[TEXT_MAX];
    size_t text_len;
    uint8_t out[SEALED_MAX];
    size_t len;
};

static void seal(struct sealed *s, enum sotto_aead_alg alg, size_t text_len)
{
    uint8_t key[SOTTO_AEAD_KEY_MAX];

    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i + 1);
    }
    for (size_t i = 0; i < text_len; i++) {
        s->text[i] = (uint8_t)(0xa0 + i);
    }
    memset(s->nonce, 0x11, sizeof s->nonce);
    memset(s->ad, 0x22, sizeof s->ad);
    s->text_len = text_len;
    s->len = sotto_aead_sealed_len(alg, text_len);
    sotto_aead_init(&s->aead, alg, key);
    assert_int_equal(sotto_aead_seal(&s->aead, s->nonce, s->ad, sizeof s->ad,
                                     s->text, text_len, s->out),
                     SOTTO_OK);
}

/* Opening must fail, leave `out_len` alone and zeros in `out`. */
static void assert_refused(const struct sealed *s, size_t len)
{
    uint8_t out[SEALED_MAX];
    size_t out_len = 12345;

    memset(out, 0xee, sizeof out);
    assert_int_equal(sotto_aead_open(&s->aead, s->nonce, s->ad, sizeof s->ad,
                                     s->out, len, out, &out_len),
                     SOTTO_ERR_AUTH);
    assert_int_equal(out_len, 12345);
    if (len >= SOTTO_AEAD_TAG_LEN) {
        assert_true(all_zero(out, len - SOTTO_AEAD_TAG_LEN));
    }
}

static void assert_opens(const struct sealed *s)
{
    uint8_t out[SEALED_MAX];
    size_t out_len = 0;

    assert_int_equal(sotto_aead_open(&s->aead, s->nonce, s->ad, sizeof s->ad,
                                     s->out, s->len, out, &out_len),
                     SOTTO_OK);
    assert_int_equal(out_len, s->text_len);
    assert_memory_equal(out, s->text, s->text_len);
}

/* ------------------------------------------------------ published vectors */

static const struct {
    enum sotto_aead_alg alg;
    const char *key;
    const char *nonce;
    const char *ad;
    const char *text;
    const char *sealed; /* ciphertext and tag */
} vectors[] = {
    /* RFC 7518 B.1 */
    {SOTTO_AEAD_A128CBC_HS256,
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "1af38c2dc2b96ffdd86694092341bc04",
     "546865207365636f6e64207072696e6369706c65206f66204175677573746520"
     "4b6572636b686f666673",
     "41206369706865722073797374656d206d757374206e6f742062652072657175"
     "6972656420746f206265207365637265742c20616e64206974206d7573742062"
     "652061626c6520746f2066616c6c20696e746f207468652068616e6473206f66"
     "2074686520656e656d7920776974686f757420696e636f6e76656e69656e6365",
     "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9"
     "a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336"
     "09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b"
     "384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5"
     "4b8851ffb598f7f80074b9473c82e2db652c3fa36b0a7c5b3219fab3a30bc1c4"},
    /* RFC 8439 2.8.2 */
    {SOTTO_AEAD_CHACHA20_POLY1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd060"
     "0691"},
    /* "The Galois/Counter Mode of Operation" (the submission to NIST), test
     * cases 4 and 16 */
    {SOTTO_AEAD_AES128_GCM, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc"
     "3221a5db94fae95ae7121a47"},
    {SOTTO_AEAD_AES256_GCM,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece"
     "0f4e1768cddf8853bb2d551b"},
};

static void test_aead_gives_published_ciphertexts(void **state)
{
    uint8_t key[SOTTO_AEAD_KEY_MAX];
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX];
    uint8_t ad[64];
    uint8_t text[160];
    uint8_t out[160 + SOTTO_AEAD_OVERHEAD_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        enum sotto_aead_alg alg = vectors[i].alg;
        size_t ad_len = unhex(vectors[i].ad, ad, sizeof ad);
        size_t len = unhex(vectors[i].text, text, sizeof text);
        size_t sealed_len = sotto_aead_sealed_len(alg, len);
        struct sotto_aead aead;
        size_t out_len = 0;

        assert_int_equal(unhex(vectors[i].key, key, sizeof key),
                         sotto_aead_key_len(alg));
        assert_int_equal(unhex(vectors[i].nonce, nonce, sizeof nonce),
                         sotto_aead_nonce_len(alg));
        sotto_aead_init(&aead, alg, key);
        assert_int_equal(sotto_aead_seal(&aead, nonce, ad, ad_len, text, len,
                                         out),
                         SOTTO_OK);
        assert_hex(out, sealed_len, vectors[i].sealed);
        assert_int_equal(sotto_aead_open(&aead, nonce, ad, ad_len, out,
                                         sealed_len, out, &out_len),
                         SOTTO_OK);
        assert_int_equal(out_len, len);
        assert_memory_equal(out, text, len);
    }
}

/* ------------------------------------------------------------ what opens */

static void test_aead_opens_what_it_sealed_at_any_length(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        for (size_t len = 0; len <= TEXT_MAX; len++) {
            seal(&s, algs[i], len);
            assert_true(s.len <= len + SOTTO_AEAD_OVERHEAD_MAX);
            assert_opens(&s);
        }
    }
}

static void test_aead_works_in_place(void **state)
{
    struct sealed s;
    uint8_t buffer[SEALED_MAX];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        for (size_t text_len = 0; text_len <= TEXT_MAX; text_len++) {
            seal(&s, algs[i], text_len);
            memcpy(buffer, s.text, text_len);
            assert_int_equal(sotto_aead_seal(&s.aead, s.nonce, s.ad,
                                             sizeof s.ad, buffer, text_len,
                                             buffer),
                             SOTTO_OK);
            assert_memory_equal(buffer, s.out, s.len);
            assert_int_equal(sotto_aead_open(&s.aead, s.nonce, s.ad,
                                             sizeof s.ad, buffer, s.len, buffer,
                                             &len),
                             SOTTO_OK);
            assert_int_equal(len, text_len);
            assert_memory_equal(buffer, s.text, text_len);
        }
    }
}

static void test_aead_takes_no_text_and_no_associated_data(void **state)
{
    const uint8_t key[SOTTO_AEAD_KEY_MAX] = {7};
    const uint8_t nonce[SOTTO_AEAD_NONCE_MAX] = {8};
    uint8_t out[SOTTO_AEAD_OVERHEAD_MAX];
    size_t len = 1;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead aead;

        sotto_aead_init(&aead, algs[i], key);
        assert_int_equal(sotto_aead_seal(&aead, nonce, NULL, 0, NULL, 0, out),
                         SOTTO_OK);
        assert_int_equal(sotto_aead_open(&aead, nonce, NULL, 0, out,
                                         sotto_aead_sealed_len(algs[i], 0), out,
                                         &len),
                         SOTTO_OK);
        assert_int_equal(len, 0);
    }
}

static void test_aead_copies_are_keys_of_their_own(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead zeros;
        /* At an odd multiple of four, where a copy in a pool may well lie. */
        struct {
            uint32_t shift;
            struct sotto_aead aead;
        } moved;

        seal(&s, algs[i], 33);
        moved.aead = s.aead;
        sotto_aead_wipe(&s.aead);
        memset(&zeros, 0, sizeof zeros);
        assert_memory_equal(&s.aead, &zeros, sizeof zeros);
        s.aead = moved.aead;
        assert_opens(&s);
    }
}

static void test_aead_keys_do_not_change_in_use(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead before;

        seal(&s, algs[i], 40);
        before = s.aead;
        assert_opens(&s);
        assert_refused(&s, s.len - 1);
        assert_memory_equal(&s.aead, &before, sizeof before);
    }
}

/* ----------------------------------------------------- what does not open */

static void test_aead_refuses_every_truncation(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        seal(&s, algs[i], 33);
        for (size_t len = 0; len < s.len; len++) {
            assert_refused(&s, len);
        }
    }
}

static void test_aead_refuses_trailing_bytes(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        seal(&s, algs[i], 33);
        assert_refused(&s, s.len + 1);
        assert_refused(&s, s.len + 16);
    }
}

/* Flips every bit of `len` bytes at `at`, which is a part of `s`. */
static void assert_no_bit_may_flip(struct sealed *s, uint8_t *at, size_t len)
{
    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t mask = (uint8_t)(1U << bit % 8);

        at[bit / 8] ^= mask;
        assert_refused(s, s->len);
        at[bit / 8] ^= mask;
    }
    assert_opens(s);
}

static void test_aead_refuses_every_flipped_bit(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        for (size_t len = 0; len <= 33; len += 11) {
            seal(&s, algs[i], len);
            assert_no_bit_may_flip(&s, s.out, s.len);
            assert_no_bit_may_flip(&s, s.ad, sizeof s.ad);
            assert_no_bit_may_flip(&s, s.nonce, sotto_aead_nonce_len(algs[i]));
        }
    }
}

static void test_aead_erases_the_text_when_refusing_in_place(void **state)
{
    struct sealed s;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        seal(&s, algs[i], 33);
        s.out[s.len - 1] ^= 1;
        assert_int_equal(sotto_aead_open(&s.aead, s.nonce, s.ad, sizeof s.ad,
                                         s.out, s.len, s.out, &len),
                         SOTTO_ERR_AUTH);
        assert_true(all_zero(s.out, s.len - SOTTO_AEAD_TAG_LEN));
    }
}

/*
 * Of A128CBC-HS256 only the MAC key decides: with the right one and a wrong
 * cipher key (which no key agreement gives) the text is noise, and its padding
 * is right once in 256 times.
 */
static void test_aead_refuses_another_key(void **state)
{
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        size_t len = sotto_aead_key_len(algs[i]);

        if (algs[i] == SOTTO_AEAD_A128CBC_HS256) {
            len = 16;
        }
        for (size_t at = 0; at < len; at++) {
            uint8_t key[SOTTO_AEAD_KEY_MAX];

            seal(&s, algs[i], 20);
            for (size_t j = 0; j < sizeof key; j++) {
                key[j] = (uint8_t)(j + 1);
            }
            key[at] ^= 0x80;
            sotto_aead_init(&s.aead, algs[i], key);
            assert_refused(&s, s.len);
        }
    }
}

/* ------------------------------------------------------ A128CBC-HS256 only */

/*
 * One block `text` encrypted without padding, under a valid tag: the holder of
 * the key can make such messages. Sealing adds a block of padding, which is cut
 * off here, and the tag is made anew.
 */
static void seal_raw_block(struct sealed *s, const uint8_t text[static 16])
{
    static const uint8_t al[8] = {0, 0, 0, 0, 0, 0, 0, 8 * sizeof s->ad};
    uint8_t mac_key[16];
    uint8_t mac[SOTTO_HASH_LEN];

    seal(s, SOTTO_AEAD_A128CBC_HS256, 0);
    assert_int_equal(sotto_aead_seal(&s->aead, s->nonce, s->ad, sizeof s->ad,
                                     text, 16, s->out),
                     SOTTO_OK);
    for (size_t i = 0; i < sizeof mac_key; i++) {
        mac_key[i] = (uint8_t)(i + 1); /* as in seal() */
    }
    const struct sotto_piece pieces[] = {{s->ad, sizeof s->ad},
                                         {s->nonce, 16},
                                         {s->out, 16},
                                         {al, sizeof al}};
    sotto_hmac(mac_key, sizeof mac_key, pieces, 4, mac);
    memcpy(s->out + 16, mac, SOTTO_AEAD_TAG_LEN);
    s->len = 32;
}

static void test_aead_cbc_refuses_bad_padding_under_a_valid_tag(void **state)
{
    static const char *const bad[] = {"00000000000000000000000000000000",
                                      "11111111111111111111111111111111",
                                      "000000000000000000000000000000ff",
                                      "00000000000000000000000000000302",
                                      "00000000000000000000000000000203",
                                      "00101010101010101010101010101010",
                                      "0f0e0f0f0f0f0f0f0f0f0f0f0f0f0f0f"};
    struct sealed s;
    uint8_t block[16];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unhex(bad[i], block, sizeof block);
        seal_raw_block(&s, block);
        assert_refused(&s, s.len);
    }
}

static void test_aead_cbc_strips_every_good_padding(void **state)
{
    struct sealed s;
    uint8_t block[16];

    (void)state;
    for (size_t padding = 1; padding <= 16; padding++) {
        memset(block, 0x77, sizeof block);
        memset(block + 16 - padding, (int)padding, padding);
        seal_raw_block(&s, block);
        s.text_len = 16 - padding;
        memcpy(s.text, block, s.text_len);
        assert_opens(&s);
    }
}

/* Two of the cases that the project's Noise vectors for A128CBCHS256 give. */
static void test_aead_cbc_iv_encrypts_the_counter(void **state)
{
    static const struct {
        const char *key;
        uint64_t n;
        const char *iv;
    } cases[] = {
        {"f9dea865357dea7611bc3e59e2d3765190c015242ffea9b0394618d918029232", 2,
         "a1125d9d89a1db410e642626be465087"},
        {"330bf0d5d36daf6bd1390de13c4b1ba3c1b220ae92c0dc35f3a5954c9dc18609",
         256, "71e66639b78d5b12264314551c9980b3"},
    };
    uint8_t key[SOTTO_AEAD_KEY_MAX];
    uint8_t iv[16];
    struct sotto_aead aead;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unhex(cases[i].key, key, sizeof key);
        sotto_aead_init(&aead, SOTTO_AEAD_A128CBC_HS256, key);
        sotto_aead_cbc_iv(&aead, cases[i].n, iv);
        assert_hex(iv, sizeof iv, cases[i].iv);
    }
}

static void test_aead_sealed_lengths(void **state)
{
    (void)state;
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_A128CBC_HS256, 0), 32);
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_A128CBC_HS256, 15), 32);
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_A128CBC_HS256, 16), 48);
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_AES256_GCM, 16), 32);
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_AES128_GCM, 0), 16);
    assert_int_equal(sotto_aead_sealed_len(SOTTO_AEAD_CHACHA20_POLY1305, 1),
                     17);
}

int test_aead(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead_gives_published_ciphertexts),
        cmocka_unit_test(test_aead_opens_what_it_sealed_at_any_length),
        cmocka_unit_test(test_aead_works_in_place),
        cmocka_unit_test(test_aead_takes_no_text_and_no_associated_data),
        cmocka_unit_test(test_aead_copies_are_keys_of_their_own),
        cmocka_unit_test(test_aead_keys_do_not_change_in_use),
        cmocka_unit_test(test_aead_refuses_every_truncation),
        cmocka_unit_test(test_aead_refuses_trailing_bytes),
        cmocka_unit_test(test_aead_refuses_every_flipped_bit),
        cmocka_unit_test(test_aead_erases_the_text_when_refusing_in_place),
        cmocka_unit_test(test_aead_refuses_another_key),
        cmocka_unit_test(test_aead_cbc_refuses_bad_padding_under_a_valid_tag),
        cmocka_unit_test(test_aead_cbc_strips_every_good_padding),
        cmocka_unit_test(test_aead_cbc_iv_encrypts_the_counter),
        cmocka_unit_test(test_aead_sealed_lengths),
    };

    return cmocka_run_group_tests_name("crypto/aead", tests, NULL, NULL);
}
