/*
 * test_mls_hpke.c - HPKE against RFC 9180, Appendix A.3.1 (DHKEM(P-256,
 * HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode).
 */
#include "core/mls/hpke.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

static const char info_hex[] = "4f6465206f6e2061204772656369616e2055726e";
static const char ikm_e_hex[] =
    "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e";
static const char sk_e_hex[] =
    "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb";
static const char pk_e_hex[] =
    "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b6"
    "1a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4";
static const char ikm_r_hex[] =
    "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550";
static const char sk_r_hex[] =
    "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2";
static const char pk_r_hex[] =
    "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4c"
    "f969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0";
static const char nonce_hex[] = "4e0bc5018beba4bf004cca59";
static const char pt_hex[] =
    "4265617574792069732074727574682c20747275746820626561757479";
/* The first message has associated data, which MLS never has. */
static const char aad_hex[] = "436f756e742d30";
static const char ct_hex[] =
    "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e"
    "3ab2523f39513434";
static const struct {
    const char *context;
    const char *value;
} exports[] = {
    {"", "5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d"},
    {"00", "6cff87658931bda83dc857e6353efe4987a201b849658d9b047aab4cf216e796"},
    {"54657374436f6e74657874",
     "d8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a"},
};

/* Both sides' keys and the info, from the hex above. */
struct vector {
    const struct sotto_mls_suite *suite;
    uint8_t info[32];
    struct sotto_piece piece;
    uint8_t ikm_e[32];
    uint8_t sk_r[32];
    uint8_t pk_r[65];
    uint8_t pk_e[65];
};

static enum sotto_err fill_ikm(void *ctx, uint8_t *out, size_t len)
{
    const struct vector *vector = ctx;

    assert_int_equal(len, sizeof vector->ikm_e);
    memcpy(out, vector->ikm_e, len);
    return SOTTO_OK;
}

static void load(struct vector *vector)
{
    vector->suite = sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    vector->piece.at = vector->info;
    vector->piece.len = unhex(info_hex, vector->info, sizeof vector->info);
    unhex(ikm_e_hex, vector->ikm_e, sizeof vector->ikm_e);
    unhex(sk_r_hex, vector->sk_r, sizeof vector->sk_r);
    unhex(pk_r_hex, vector->pk_r, sizeof vector->pk_r);
    unhex(pk_e_hex, vector->pk_e, sizeof vector->pk_e);
}

static void send_vector(struct vector *vector, struct sotto_mls_hpke *hpke,
                        uint8_t *kem_output)
{
    const struct sotto_random random = {vector, fill_ikm};

    assert_int_equal(sotto_mls_hpke_send(hpke, vector->suite,
                                         (struct sotto_span){vector->pk_r, 65},
                                         &vector->piece, 1, &random,
                                         kem_output),
                     SOTTO_OK);
}

static enum sotto_err receive_vector(const struct vector *vector,
                                     struct sotto_mls_hpke *hpke,
                                     struct sotto_span kem_output)
{
    return sotto_mls_hpke_receive(hpke, vector->suite, vector->sk_r,
                                  (struct sotto_span){vector->pk_r,
                                                      sizeof vector->pk_r},
                                  &vector->piece, 1, kem_output);
}

static void test_mls_suite_has_the_numbers_of_rfc_9180(void **state)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);

    (void)state;
    assert_int_equal(suite->kem_id, 0x0010);
    assert_int_equal(suite->kdf_id, 0x0001);
    assert_int_equal(suite->aead_id, 0x0001);
    assert_null(sotto_mls_suite_find(0x0001));
    assert_null(sotto_mls_suite_find(0x0a0a)); /* GREASE */
}

static void test_mls_hpke_derives_the_key_pairs(void **state)
{
    static const struct {
        const char *ikm;
        const char *private_key;
        const char *public_key;
    } pairs[] = {
        {ikm_e_hex, sk_e_hex, pk_e_hex},
        {ikm_r_hex, sk_r_hex, pk_r_hex},
    };
    uint8_t ikm[32];
    uint8_t private_key[32];
    uint8_t public_key[65];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t len = unhex(pairs[i].ikm, ikm, sizeof ikm);

        assert_int_equal(
            sotto_mls_hpke_derive_key_pair(sotto_mls_suite_find(2),
                                           (struct sotto_span){ikm, len},
                                           private_key, public_key),
            SOTTO_OK);
        assert_hex(private_key, sizeof private_key, pairs[i].private_key);
        assert_hex(public_key, sizeof public_key, pairs[i].public_key);
    }
}

static void test_mls_hpke_sends_the_vector(void **state)
{
    struct vector vector;
    struct sotto_mls_hpke hpke;
    struct sotto_aead aead;
    uint8_t kem_output[65];
    uint8_t pt[29];
    uint8_t aad[7];
    uint8_t ct[45];

    (void)state;
    load(&vector);
    send_vector(&vector, &hpke, kem_output);
    assert_hex(kem_output, sizeof kem_output, pk_e_hex);
    assert_hex(hpke.base_nonce, sizeof hpke.base_nonce, nonce_hex);

    unhex(pt_hex, pt, sizeof pt);
    unhex(aad_hex, aad, sizeof aad);
    sotto_aead_init(&aead, vector.suite->aead, hpke.key);
    assert_int_equal(sotto_aead_seal(&aead, hpke.base_nonce, aad, sizeof aad,
                                     pt, sizeof pt, ct),
                     SOTTO_OK);
    assert_hex(ct, sizeof ct, ct_hex);
}

static void test_mls_hpke_receives_what_was_sent(void **state)
{
    struct vector vector;
    struct sotto_mls_hpke sender;
    struct sotto_mls_hpke receiver;
    uint8_t kem_output[65];
    uint8_t sealed[5 + SOTTO_MLS_AEAD_TAG_LEN];
    uint8_t plain[5];
    size_t len;

    (void)state;
    load(&vector);
    send_vector(&vector, &sender, kem_output);
    assert_int_equal(receive_vector(&vector, &receiver,
                                    (struct sotto_span){kem_output, 65}),
                     SOTTO_OK);
    assert_int_equal(
        sotto_mls_hpke_seal(&sender,
                            (struct sotto_span){(const uint8_t *)"hello", 5},
                            sealed),
        SOTTO_OK);
    assert_int_equal(sotto_mls_hpke_open(&receiver,
                                         (struct sotto_span){sealed,
                                                             sizeof sealed},
                                         plain, &len),
                     SOTTO_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(plain, "hello", 5);
}

static void test_mls_hpke_exports_the_vectors(void **state)
{
    struct vector vector;
    struct sotto_mls_hpke hpke;
    uint8_t context[16];
    uint8_t value[32];

    (void)state;
    load(&vector);
    assert_int_equal(receive_vector(&vector, &hpke,
                                    (struct sotto_span){vector.pk_e, 65}),
                     SOTTO_OK);
    for (size_t i = 0; i < sizeof exports / sizeof exports[0]; i++) {
        size_t len = unhex(exports[i].context, context, sizeof context);

        sotto_mls_hpke_export(&hpke, (struct sotto_span){context, len}, value,
                              sizeof value);
        assert_hex(value, sizeof value, exports[i].value);
    }
}

static void test_mls_hpke_refuses_keys_that_are_none(void **state)
{
    struct vector vector;
    struct sotto_mls_hpke hpke;
    struct seed seed;
    struct sotto_random random;
    uint8_t kem_output[65];

    (void)state;
    load(&vector);
    seed_init(&seed, 1);
    random = seed_random(&seed);
    assert_int_equal(receive_vector(&vector, &hpke,
                                    (struct sotto_span){vector.pk_e, 64}),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_hpke_send(&hpke, vector.suite,
                                         (struct sotto_span){vector.pk_r, 64},
                                         NULL, 0, &random, kem_output),
                     SOTTO_ERR_AUTH);
    vector.pk_e[64] ^= 1; /* no point of the curve any more */
    assert_int_equal(receive_vector(&vector, &hpke,
                                    (struct sotto_span){vector.pk_e, 65}),
                     SOTTO_ERR_AUTH);
    vector.pk_r[1] ^= 1;
    assert_int_equal(sotto_mls_hpke_send(&hpke, vector.suite,
                                         (struct sotto_span){vector.pk_r, 65},
                                         NULL, 0, &random, kem_output),
                     SOTTO_ERR_AUTH);
}

static enum sotto_err fill_nothing(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return SOTTO_ERR_RANDOM;
}

static void test_mls_hpke_says_when_there_is_no_randomness(void **state)
{
    const struct sotto_random random = {NULL, fill_nothing};
    struct vector vector;
    struct sotto_mls_hpke hpke;
    uint8_t kem_output[65];

    (void)state;
    load(&vector);
    assert_int_equal(sotto_mls_hpke_send(&hpke, vector.suite,
                                         (struct sotto_span){vector.pk_r, 65},
                                         NULL, 0, &random, kem_output),
                     SOTTO_ERR_RANDOM);
}

static void test_mls_hpke_wipe_leaves_nothing(void **state)
{
    struct vector vector;
    struct sotto_mls_hpke hpke;
    uint8_t kem_output[65];

    (void)state;
    load(&vector);
    send_vector(&vector, &hpke, kem_output);
    sotto_mls_hpke_wipe(&hpke);
    assert_true(all_zero((const uint8_t *)&hpke, sizeof hpke));
}

int test_mls_hpke(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_suite_has_the_numbers_of_rfc_9180),
        cmocka_unit_test(test_mls_hpke_derives_the_key_pairs),
        cmocka_unit_test(test_mls_hpke_sends_the_vector),
        cmocka_unit_test(test_mls_hpke_receives_what_was_sent),
        cmocka_unit_test(test_mls_hpke_exports_the_vectors),
        cmocka_unit_test(test_mls_hpke_refuses_keys_that_are_none),
        cmocka_unit_test(test_mls_hpke_says_when_there_is_no_randomness),
        cmocka_unit_test(test_mls_hpke_wipe_leaves_nothing),
    };

    return cmocka_run_group_tests_name("mls_hpke", tests, NULL, NULL);
}
