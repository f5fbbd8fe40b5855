/*
 * test_mls_label.c - the labelled functions, and encodings in pieces. The
 * values are from the MLS working group's test vectors (crypto-basics.json of
 * mlswg/mls-implementations, cipher suite 2).
 */
#include "core/base/writer.h"
#include "core/mls/label.h"
#include "core/mls/pieces.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

static const struct sotto_mls_suite *suite2(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

/* ------------------------------------------------------------------ pieces */

/* The bytes of a list. */
static size_t flatten(const struct sotto_mls_pieces *p, uint8_t *out,
                      size_t cap)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, cap);
    for (size_t i = 0; i < p->count; i++) {
        sotto_write_bytes(&w, p->at[i].at, p->at[i].len);
    }
    assert_false(w.bad);
    return w.len;
}

static void test_mls_pieces_give_the_bytes_of_a_writer(void **state)
{
    static const uint8_t body[300] = {1, 2, 3};
    const struct sotto_span span = {body, sizeof body};
    struct sotto_mls_pieces p;
    struct sotto_writer w;
    uint8_t expected[1024];
    uint8_t got[1024];

    (void)state;
    sotto_writer_init(&w, expected, sizeof expected);
    sotto_write_u8(&w, 1);
    sotto_write_u16(&w, 0x0203);
    sotto_write_vector(&w, body, sizeof body);
    sotto_write_u32(&w, 0x04050607);
    sotto_write_u64(&w, 0x08090a0b0c0d0e0f);
    sotto_write_vector(&w, NULL, 0);
    sotto_write_bytes(&w, body, 3);
    sotto_write_vector(&w, "MLS 1.0 x", 9);

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_u8(&p, 1);
    sotto_mls_pieces_u16(&p, 0x0203);
    sotto_mls_pieces_vector(&p, span);
    sotto_mls_pieces_u32(&p, 0x04050607);
    sotto_mls_pieces_u64(&p, 0x08090a0b0c0d0e0f);
    sotto_mls_pieces_vector(&p, (struct sotto_span){NULL, 0});
    sotto_mls_pieces_add(&p, body, 3);
    sotto_mls_pieces_label(&p, "x");

    assert_int_equal(sotto_mls_pieces_len(p.at, p.count), w.len);
    assert_int_equal(flatten(&p, got, sizeof got), w.len);
    assert_memory_equal(got, expected, w.len);
}

static void test_mls_pieces_join_numbers_that_touch(void **state)
{
    struct sotto_mls_pieces p;

    (void)state;
    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_u16(&p, 1);
    sotto_mls_pieces_u64(&p, 2);
    sotto_mls_pieces_prefix(&p, 3);
    assert_int_equal(p.count, 1);
    sotto_mls_pieces_add(&p, "abc", 3);
    sotto_mls_pieces_u8(&p, 4);
    assert_int_equal(p.count, 3);
}

/* ----------------------------------------------------------------- deriving */

static void test_mls_label_derives_the_vectors(void **state)
{
    uint8_t secret[32];
    uint8_t context[32];
    uint8_t out[32];

    (void)state;
    unhex("194d4e81c3f9fcfbc40e2cf3f5b104d0f51e71b5a7f1e4ddd70cc8d4a3620e5f",
          secret, sizeof secret);
    unhex("453c420d63ecb1a8da89d3569770c42bad572864f3709d1e9dd19a0961cbf5e1",
          context, sizeof context);
    sotto_mls_expand_with_label(suite2(), secret, "ExpandWithLabel",
                                (struct sotto_span){context, sizeof context},
                                out, 16);
    assert_hex(out, 16, "5710680c556304f4aec67aab4abbc1b1");

    unhex("7165576616048aa145d20f7c1d460e2d9d8bbde882bc3bb0750d50e369809f99",
          secret, sizeof secret);
    sotto_mls_derive_secret(suite2(), secret, "DeriveSecret", secret);
    assert_hex(secret, sizeof secret,
               "1ecafd3d40cb32cae416e09bc01da56357d00cb094f74e3c69c2969216e50af"
               "c");

    unhex("62db8a06300e98dbfd2c831e18544873cec3a2c1ba852fcee8423ff3c08e397e",
          secret, sizeof secret);
    sotto_mls_derive_tree_secret(suite2(), secret, "DeriveTreeSecret",
                                 2694881440U, out, sizeof out);
    assert_hex(out, sizeof out,
               "298ab27d2e621d9fc079126d9ffce5259fa0d58697267b40bfadf805b01d0d3"
               "c");
}

static void test_mls_label_refers_by_the_vector_s_hash(void **state)
{
    uint8_t value[32];
    uint8_t out[32];
    uint8_t cut[32];

    (void)state;
    unhex("feb64672017685dc26d0b7fc41cd96d8bef40af09002eb5aa9a52580c80f0b2e",
          value, sizeof value);
    sotto_mls_ref_hash(suite2(), "RefHash",
                       (struct sotto_span){value, sizeof value}, out);
    assert_hex(out, sizeof out,
               "8f508c2f89d2797b6882ee487dc2832b2b6d59b27681293c2c2c3f1f0e6cd54"
               "f");

    const struct sotto_piece pieces[] = {{value, 5}, {value + 5, 27}};
    sotto_mls_ref_hash_pieces(suite2(), "RefHash", pieces, 2, cut);
    assert_memory_equal(out, cut, sizeof out);
}

/* A long output: more than one block of the KDF, and as long as it may be. */
static void test_mls_expand_goes_beyond_one_block(void **state)
{
    static uint8_t out[255 * 32];
    static uint8_t expected[255 * 32];
    static const char info[] = "info";
    const struct sotto_piece pieces[] = {{info, 1}, {info + 1, 3}};
    uint8_t key[32] = {7};

    (void)state;
    assert_int_equal(sotto_mls_expand_max(suite2()), sizeof out);
    assert_int_equal(sotto_hkdf_expand(key, info, 4, expected, sizeof expected),
                     SOTTO_OK);
    sotto_mls_expand(suite2(), key, pieces, 2, out, sizeof out);
    assert_memory_equal(out, expected, sizeof out);
    sotto_mls_expand(suite2(), key, pieces, 2, out, 33);
    assert_memory_equal(out, expected, 33);
}

/* ------------------------------------------------------------------ signing */

struct pair {
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
};

static void make_pair(struct pair *pair, uint8_t number)
{
    const struct sotto_span ikm = {&number, 1};

    assert_int_equal(sotto_mls_derive_key_pair(suite2(), ikm, pair->private_key,
                                               pair->public_key),
                     SOTTO_OK);
}

static struct sotto_span public_of(const struct pair *pair)
{
    return (struct sotto_span){pair->public_key, sizeof pair->public_key};
}

static void test_mls_label_verifies_what_it_signs(void **state)
{
    const struct sotto_piece whole = {"content", 7};
    const struct sotto_piece parts[] = {{"con", 3}, {"tent", 4}};
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_span span = {signature, 0};
    struct pair pair;

    (void)state;
    make_pair(&pair, 1);
    assert_int_equal(sotto_mls_sign_with_label(suite2(), pair.private_key, "L",
                                               &whole, 1, signature, &span.len),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_verify_with_label(suite2(), public_of(&pair),
                                                 "L", parts, 2, span),
                     SOTTO_OK);
}

static void test_mls_label_verifies_nothing_else(void **state)
{
    const struct sotto_piece piece = {"content", 7};
    const struct sotto_piece other = {"Content", 7};
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_span span = {signature, 0};
    struct sotto_span key;
    struct pair pair;
    struct pair another;

    (void)state;
    make_pair(&pair, 1);
    make_pair(&another, 2);
    key = public_of(&pair);
    assert_int_equal(sotto_mls_sign_with_label(suite2(), pair.private_key, "L",
                                               &piece, 1, signature, &span.len),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_verify_with_label(suite2(), key, "M", &piece, 1,
                                                 span),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_verify_with_label(suite2(), key, "L", &other, 1,
                                                 span),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_verify_with_label(suite2(), public_of(&another),
                                                 "L", &piece, 1, span),
                     SOTTO_ERR_AUTH);
    key.len--;
    assert_int_equal(sotto_mls_verify_with_label(suite2(), key, "L", &piece, 1,
                                                 span),
                     SOTTO_ERR_AUTH);
    key.len++;
    for (size_t len = 0; len < span.len; len++) {
        const struct sotto_span cut = {signature, len};

        assert_int_equal(sotto_mls_verify_with_label(suite2(), key, "L", &piece,
                                                     1, cut),
                         SOTTO_ERR_AUTH);
    }
    for (size_t i = 0; i < span.len; i++) {
        signature[i] ^= (uint8_t)(1U << (i % 8));
        assert_int_equal(sotto_mls_verify_with_label(suite2(), key, "L", &piece,
                                                     1, span),
                         SOTTO_ERR_AUTH);
        signature[i] ^= (uint8_t)(1U << (i % 8));
    }
}

static void test_mls_label_refuses_a_private_key_that_is_none(void **state)
{
    const struct sotto_piece piece = {"content", 7};
    static const uint8_t zero[SOTTO_MLS_PRIVATE_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    size_t len;

    (void)state;
    assert_int_equal(sotto_mls_sign_with_label(suite2(), zero, "L", &piece, 1,
                                               signature, &len),
                     SOTTO_ERR_AUTH);
}

/* --------------------------------------------------------------- encryption */

#define PLAIN_LEN 20

struct encrypted {
    struct pair pair;
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t ciphertext[PLAIN_LEN + SOTTO_MLS_AEAD_TAG_LEN];
    struct sotto_mls_hpke_ciphertext in;
};

static const struct sotto_span context = {(const uint8_t *)"context", 7};

static void encrypt(struct encrypted *e)
{
    static const uint8_t plain[PLAIN_LEN] = "attack at dawn";
    struct seed seed;
    struct sotto_random random;

    seed_init(&seed, 7);
    random = seed_random(&seed);
    make_pair(&e->pair, 1);
    assert_int_equal(sotto_mls_encrypt_with_label(
                         suite2(), public_of(&e->pair), "L", context,
                         (struct sotto_span){plain, sizeof plain}, &random,
                         e->kem_output, e->ciphertext),
                     SOTTO_OK);
    e->in.kem_output = (struct sotto_span){e->kem_output, sizeof e->kem_output};
    e->in.ciphertext = (struct sotto_span){e->ciphertext, sizeof e->ciphertext};
}

static enum sotto_err decrypt(const struct encrypted *e, const char *label,
                              struct sotto_span with, size_t cap)
{
    uint8_t out[PLAIN_LEN];
    size_t len;
    enum sotto_err err =
        sotto_mls_decrypt_with_label(suite2(), e->pair.private_key,
                                     public_of(&e->pair), label, with, &e->in,
                                     out, cap, &len);

    if (err == SOTTO_OK) {
        assert_int_equal(len, PLAIN_LEN);
        assert_memory_equal(out, "attack at dawn", 15);
    }
    return err;
}

static void test_mls_label_decrypts_what_it_encrypts(void **state)
{
    struct encrypted e;

    (void)state;
    encrypt(&e);
    assert_int_equal(decrypt(&e, "L", context, PLAIN_LEN), SOTTO_OK);
    assert_int_equal(decrypt(&e, "L", context, PLAIN_LEN - 1), SOTTO_ERR_SPACE);
}

static void test_mls_label_decrypts_nothing_else(void **state)
{
    const struct sotto_span empty = {NULL, 0};
    struct encrypted e;

    (void)state;
    encrypt(&e);
    assert_int_equal(decrypt(&e, "M", context, PLAIN_LEN), SOTTO_ERR_AUTH);
    assert_int_equal(decrypt(&e, "L", empty, PLAIN_LEN), SOTTO_ERR_AUTH);
    for (size_t i = 0; i < sizeof e.ciphertext; i++) {
        e.ciphertext[i] ^= 0x80;
        assert_int_equal(decrypt(&e, "L", context, PLAIN_LEN), SOTTO_ERR_AUTH);
        e.ciphertext[i] ^= 0x80;
    }
    for (size_t i = 0; i < sizeof e.kem_output; i++) {
        e.kem_output[i] ^= 1;
        assert_int_equal(decrypt(&e, "L", context, PLAIN_LEN), SOTTO_ERR_AUTH);
        e.kem_output[i] ^= 1;
    }
    for (size_t len = 0; len < sizeof e.ciphertext; len++) {
        e.in.ciphertext.len = len;
        assert_int_equal(decrypt(&e, "L", context, PLAIN_LEN), SOTTO_ERR_AUTH);
    }
}

int test_mls_label(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_pieces_give_the_bytes_of_a_writer),
        cmocka_unit_test(test_mls_pieces_join_numbers_that_touch),
        cmocka_unit_test(test_mls_label_derives_the_vectors),
        cmocka_unit_test(test_mls_label_refers_by_the_vector_s_hash),
        cmocka_unit_test(test_mls_expand_goes_beyond_one_block),
        cmocka_unit_test(test_mls_label_verifies_what_it_signs),
        cmocka_unit_test(test_mls_label_verifies_nothing_else),
        cmocka_unit_test(test_mls_label_refuses_a_private_key_that_is_none),
        cmocka_unit_test(test_mls_label_decrypts_what_it_encrypts),
        cmocka_unit_test(test_mls_label_decrypts_nothing_else),
    };

    return cmocka_run_group_tests_name("mls_label", tests, NULL, NULL);
}
