/*
 * test_scram.c - SCRAM-SHA-256: the RFC's conversation, the product's, and
 * what must be refused. More conversations: tests/vectors/vectors_scram.c.
 */
#include "tests/unit/auth/talk.h"
#include "tests/unit/test.h"
#include <string.h>

/* RFC 7677, section 3. */
static const char rfc_first[] = "n,,n=user,r=" NONCE;
static const char rfc_challenge[] =
    "r=" NONCE OTHER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char rfc_final[] =
    "c=biws,r=" NONCE OTHER_NONCE
    ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char rfc_verifier[] =
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static void assert_message(const char *expected)
{
    assert_int_equal(talk.len, strlen(expected));
    assert_memory_equal(talk.message, expected, talk.len);
}

static void test_scram_speaks_rfc7677_conversation(void **state)
{
    (void)state;
    talk_begin();
    assert_int_equal(talk_client_first(&no_binding), SOTTO_OK);
    assert_message(rfc_first);
    assert_int_equal(talk_server_first(talk.message, talk.len, &no_binding),
                     SOTTO_OK);
    assert_string_equal(talk.server.user, "user");
    assert_int_equal(talk_challenge(), SOTTO_OK);
    assert_message(rfc_challenge);
    assert_int_equal(talk_take_challenge(talk.message, talk.len), SOTTO_OK);
    assert_int_equal(talk.client.iterations, 4096);
    assert_int_equal(talk.client.salt_len, 16);
    assert_memory_equal(talk.client.salt, talk.verifier.salt, 16);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    assert_message(rfc_final);
    bool binding_failed = true;
    assert_int_equal(talk_server_final(talk.message, talk.len, &no_binding,
                                       &binding_failed),
                     SOTTO_OK);
    assert_false(binding_failed);
    assert_message(rfc_verifier);
    assert_int_equal(sotto_scram_client_verify(&talk.client, talk.message,
                                               talk.len),
                     SOTTO_OK);
    assert_int_equal(talk.client.step, SOTTO_SCRAM_DONE);
    assert_int_equal(talk.server.step, SOTTO_SCRAM_DONE);
}

static void test_scram_binds_to_the_handshake(void **state)
{
    (void)state;
    talk_to_challenge(&noise_binding, &noise_binding);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    assert_int_equal(talk_server_final(talk.message, talk.len, &noise_binding,
                                       NULL),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_verify(&talk.client, talk.message,
                                               talk.len),
                     SOTTO_OK);
}

static void test_scram_server_refuses_another_handshake(void **state)
{
    (void)state;
    uint8_t other[32] = {1, 2, 3, 5};
    struct sotto_scram_binding theirs = noise_binding;
    theirs.data = other;
    talk_to_challenge(&theirs, &noise_binding);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    bool binding_failed = false;
    assert_int_equal(talk_server_final(talk.message, talk.len, &noise_binding,
                                       &binding_failed),
                     SOTTO_ERR_AUTH);
    assert_true(binding_failed);
}

/* Whoever is in between lets the server believe that its client knows of no
 * channel binding. */
static void test_scram_server_notices_a_changed_header(void **state)
{
    (void)state;
    talk_begin();
    assert_int_equal(talk_client_first(&no_binding), SOTTO_OK);
    assert_int_equal(talk.message[0], 'n');
    talk.message[0] = 'y';
    assert_int_equal(talk_server_first(talk.message, talk.len, &no_binding),
                     SOTTO_OK);
    assert_int_equal(talk_challenge(), SOTTO_OK);
    assert_int_equal(talk_take_challenge(talk.message, talk.len), SOTTO_OK);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    bool binding_failed = false;
    assert_int_equal(talk_server_final(talk.message, talk.len, &no_binding,
                                       &binding_failed),
                     SOTTO_ERR_AUTH);
    assert_true(binding_failed);
}

static void test_scram_server_refuses_wrong_password(void **state)
{
    (void)state;
    talk_to_challenge(&noise_binding, &noise_binding);
    talk.keys.client_key[0] ^= 1;
    assert_int_equal(talk_client_final(), SOTTO_OK);
    bool binding_failed = true;
    assert_int_equal(talk_server_final(talk.message, talk.len, &noise_binding,
                                       &binding_failed),
                     SOTTO_ERR_AUTH);
    assert_false(binding_failed);
}

static void test_scram_server_takes_one_guess_only(void **state)
{
    (void)state;
    talk_to_challenge(&no_binding, &no_binding);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    talk.message[talk.len - 5] = talk.message[talk.len - 5] == 'A' ? 'B' : 'A';
    assert_int_equal(talk_server_final(talk.message, talk.len, &no_binding,
                                       NULL),
                     SOTTO_ERR_AUTH);
    assert_int_equal(talk_server_final(rfc_final, strlen(rfc_final),
                                       &no_binding, NULL),
                     SOTTO_ERR_FORMAT);
}

static void test_scram_client_refuses_server_without_keys(void **state)
{
    (void)state;
    talk_to_challenge(&no_binding, &no_binding);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    talk.server.verifier.server_key[31] ^= 0x80;
    assert_int_equal(talk_server_final(talk.message, talk.len, &no_binding,
                                       NULL),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_verify(&talk.client, talk.message,
                                               talk.len),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_scram_client_verify(&talk.client, rfc_verifier,
                                               strlen(rfc_verifier)),
                     SOTTO_ERR_FORMAT);
}

/* A message and what it gets. */
struct answer {
    const char *in;
    enum sotto_err err;
};

static void test_scram_server_takes_client_first_strictly(void **state)
{
    (void)state;
    static const struct answer cases[] = {
        {"n,,n=user,r=a", SOTTO_OK},
        {"y,,n=user,r=a", SOTTO_OK}, /* a server without binding */
        {"n,,n=a=2Cb=3Dc,r=a", SOTTO_OK},
        {"n,,n=user,r=a,x=1", SOTTO_OK},
        {"n,,n=user,r=a,x=1,Y=2=3", SOTTO_OK},
        {"n,a=user,n=user,r=a", SOTTO_OK},
        {"n,a=root,n=user,r=a", SOTTO_ERR_UNSUPPORTED},
        {"p=sotto-noise-h,,n=user,r=a", SOTTO_ERR_UNSUPPORTED},
        {"n,,m=x,n=user,r=a", SOTTO_ERR_UNSUPPORTED},
        {"n,,n=user,r=a,m=x", SOTTO_ERR_UNSUPPORTED},
        {"n,,n=user,r=a,", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a,x=", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a,x", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a,1=2", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a,r=b", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a,n=b", SOTTO_ERR_FORMAT},
        {"n,,r=a,n=user", SOTTO_ERR_FORMAT},
        {"n,,n=user", SOTTO_ERR_FORMAT},
        {"n,,n=,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=a b", SOTTO_ERR_FORMAT},
        {"n,,n=user,r=\x7f", SOTTO_ERR_FORMAT},
        {"n,,n=us=er,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=us=2c,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=us=2,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=us=,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=us\xff,r=a", SOTTO_ERR_FORMAT},
        {"n,,n=us\xc3\xa9,r=a", SOTTO_OK},
        {"n,,N=user,r=a", SOTTO_ERR_FORMAT},
        {"n,,n:user,r=a", SOTTO_ERR_FORMAT},
        {"n,n=user,r=a", SOTTO_ERR_FORMAT},
        {"n,a=,n=user,r=a", SOTTO_ERR_FORMAT},
        {"n,b=user,n=user,r=a", SOTTO_ERR_FORMAT},
        {"n", SOTTO_ERR_FORMAT},
        {"n,", SOTTO_ERR_FORMAT},
        {"n,,", SOTTO_ERR_FORMAT},
        {"", SOTTO_ERR_FORMAT},
        {"x,,n=user,r=a", SOTTO_ERR_FORMAT},
        {"p,,n=user,r=a", SOTTO_ERR_FORMAT},
        {"p=,,n=user,r=a", SOTTO_ERR_FORMAT},
        {"p=no_such,,n=user,r=a", SOTTO_ERR_FORMAT},
        {" n,,n=user,r=a", SOTTO_ERR_FORMAT},
    };
    talk_begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sotto_err err =
            talk_server_first(cases[i].in, strlen(cases[i].in), &no_binding);
        if (err != cases[i].err) {
            print_message("%s: %s\n", cases[i].in, sotto_err_name(err));
        }
        assert_int_equal(err, cases[i].err);
    }
}

static void test_scram_server_with_binding_insists_on_it(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "n,,n=user,r=a",
        "y,,n=user,r=a", /* a downgrade */
        "p=tls-unique,,n=user,r=a",
        "p=sotto-noise,,n=user,r=a",
        "p=sotto-noise-hh,,n=user,r=a",
    };
    talk_begin();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(talk_server_first(refused[i], strlen(refused[i]),
                                           &noise_binding),
                         SOTTO_ERR_UNSUPPORTED);
        assert_int_equal(talk_challenge(), SOTTO_ERR_FORMAT);
    }
}

static void test_scram_client_takes_server_first_strictly(void **state)
{
    (void)state;
    static const struct answer cases[] = {
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SOTTO_OK},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=1", SOTTO_OK},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", SOTTO_ERR_LIMIT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=10000001", SOTTO_ERR_LIMIT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294971392",
         SOTTO_ERR_LIMIT}, /* 2^32 + 4096 */
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0", SOTTO_ERR_LIMIT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6,i=4096", SOTTO_ERR_LIMIT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=04096", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gR==,i=4096", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ=,i=4096", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=,i=4096", SOTTO_ERR_FORMAT},
        {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SOTTO_ERR_AUTH},
        {"r=rOprNGfwEbeRWgbNEkqPxx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
         SOTTO_ERR_AUTH},
        {"r=x" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SOTTO_ERR_AUTH},
        {"m=x,r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
         SOTTO_ERR_UNSUPPORTED},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,i=4096,s=W22ZaJ0SNY7soEsUEjb6gQ==", SOTTO_ERR_FORMAT},
        {"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,", SOTTO_ERR_FORMAT},
        {"e=unknown-user", SOTTO_ERR_FORMAT},
        {"", SOTTO_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_begin();
        assert_int_equal(talk_client_first(&no_binding), SOTTO_OK);
        enum sotto_err err =
            talk_take_challenge(cases[i].in, strlen(cases[i].in));
        if (err != cases[i].err) {
            print_message("%s: %s\n", cases[i].in, sotto_err_name(err));
        }
        assert_int_equal(err, cases[i].err);
        if (err != SOTTO_OK) {
            assert_int_equal(talk_client_final(), SOTTO_ERR_FORMAT);
        }
    }
}

static void test_scram_server_takes_client_final_strictly(void **state)
{
    (void)state;
#define PROOF "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    static const struct answer cases[] = {
        {"c=biws,r=" NONCE OTHER_NONCE "," PROOF, SOTTO_OK},
        {"c=biws,r=" NONCE OTHER_NONCE ",x=1," PROOF, SOTTO_ERR_AUTH},
        {"c=eSws,r=" NONCE OTHER_NONCE "," PROOF, SOTTO_ERR_AUTH},
        {"c=biws,r=" NONCE "," PROOF, SOTTO_ERR_AUTH},
        {"c=biws,r=" NONCE OTHER_NONCE "x," PROOF, SOTTO_ERR_AUTH},
        {"c=biws,r=" NONCE OTHER_NONCE "," PROOF ",x=1", SOTTO_ERR_FORMAT},
        {"c=biws,r=" NONCE OTHER_NONCE, SOTTO_ERR_FORMAT},
        {"c=biws,r=" NONCE OTHER_NONCE ",", SOTTO_ERR_FORMAT},
        {"c=biws,r=" NONCE OTHER_NONCE ",p=", SOTTO_ERR_FORMAT},
        {"c=biws,r=" NONCE OTHER_NONCE ",p=AAAA", SOTTO_ERR_FORMAT},
        {"c=biws,r=" NONCE OTHER_NONCE ",m=x," PROOF, SOTTO_ERR_UNSUPPORTED},
        {"m=x,c=biws,r=" NONCE OTHER_NONCE "," PROOF, SOTTO_ERR_UNSUPPORTED},
        {"c=,r=" NONCE OTHER_NONCE "," PROOF, SOTTO_ERR_FORMAT},
        {"c=biw,r=" NONCE OTHER_NONCE "," PROOF, SOTTO_ERR_FORMAT},
        {"r=" NONCE OTHER_NONCE ",c=biws," PROOF, SOTTO_ERR_FORMAT},
        {PROOF, SOTTO_ERR_FORMAT},
        {"," PROOF, SOTTO_ERR_FORMAT},
        {"", SOTTO_ERR_FORMAT},
    };
#undef PROOF
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_to_challenge(&no_binding, &no_binding);
        enum sotto_err err = talk_server_final(cases[i].in, strlen(cases[i].in),
                                               &no_binding, NULL);
        if (err != cases[i].err) {
            print_message("%s: %s\n", cases[i].in, sotto_err_name(err));
        }
        assert_int_equal(err, cases[i].err);
    }
}

/* Not even from somebody who knows the password, and so can prove another one. */
static void test_scram_server_takes_no_proof_with_another_nonce(void **state)
{
    (void)state;
    talk_to_challenge(&noise_binding, &noise_binding);
    talk.client.transcript.nonce_len--;
    assert_int_equal(talk_client_final(), SOTTO_OK);
    assert_int_equal(talk_server_final(talk.message, talk.len, &noise_binding,
                                       NULL),
                     SOTTO_ERR_AUTH);
}

static void test_scram_client_takes_server_final_strictly(void **state)
{
    (void)state;
    static const char ok[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    static const struct answer cases[] = {
        {ok, SOTTO_OK},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=1", SOTTO_OK},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,m=1",
         SOTTO_ERR_UNSUPPORTED},
        {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SOTTO_ERR_AUTH},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", SOTTO_ERR_FORMAT},
        {"v=AAAA", SOTTO_ERR_FORMAT},
        {"v=", SOTTO_ERR_FORMAT},
        {"e=invalid-proof", SOTTO_ERR_AUTH},
        {"e=", SOTTO_ERR_FORMAT},
        {"x=1", SOTTO_ERR_FORMAT},
        {"", SOTTO_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_to_challenge(&no_binding, &no_binding);
        assert_int_equal(talk_client_final(), SOTTO_OK);
        assert_int_equal(sotto_scram_client_verify(&talk.client, cases[i].in,
                                                   strlen(cases[i].in)),
                         cases[i].err);
    }
}

/* Signed extensions are part of AuthMessage: the other side must not be able
 * to drop one. */
static void test_scram_signs_extensions_along(void **state)
{
    (void)state;
    static const char extended[] = "n,,n=user,r=" NONCE ",x=1";
    talk_to_challenge(&no_binding, &no_binding);
    assert_int_equal(talk_server_first(extended, strlen(extended), &no_binding),
                     SOTTO_OK);
    assert_int_equal(talk_challenge(), SOTTO_OK);
    assert_int_equal(talk_client_final(), SOTTO_OK);
    assert_int_equal(talk_server_final(talk.message, talk.len, &no_binding,
                                       NULL),
                     SOTTO_ERR_AUTH);
}

static void test_scram_refuses_steps_out_of_turn(void **state)
{
    (void)state;
    talk_begin();
    assert_int_equal(talk_challenge(), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_client_final(), SOTTO_ERR_FORMAT);
    talk_begin();
    assert_int_equal(talk_server_final(rfc_final, strlen(rfc_final),
                                       &no_binding, NULL),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(talk_take_challenge(rfc_challenge, strlen(rfc_challenge)),
                     SOTTO_ERR_FORMAT);
    talk_to_challenge(&no_binding, &no_binding);
    assert_int_equal(sotto_scram_client_verify(&talk.client, rfc_verifier,
                                               strlen(rfc_verifier)),
                     SOTTO_ERR_FORMAT);
}

int test_scram(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scram_speaks_rfc7677_conversation),
        cmocka_unit_test(test_scram_binds_to_the_handshake),
        cmocka_unit_test(test_scram_server_refuses_another_handshake),
        cmocka_unit_test(test_scram_server_notices_a_changed_header),
        cmocka_unit_test(test_scram_server_refuses_wrong_password),
        cmocka_unit_test(test_scram_server_takes_one_guess_only),
        cmocka_unit_test(test_scram_client_refuses_server_without_keys),
        cmocka_unit_test(test_scram_server_takes_client_first_strictly),
        cmocka_unit_test(test_scram_server_with_binding_insists_on_it),
        cmocka_unit_test(test_scram_client_takes_server_first_strictly),
        cmocka_unit_test(test_scram_server_takes_client_final_strictly),
        cmocka_unit_test(test_scram_server_takes_no_proof_with_another_nonce),
        cmocka_unit_test(test_scram_client_takes_server_final_strictly),
        cmocka_unit_test(test_scram_signs_extensions_along),
        cmocka_unit_test(test_scram_refuses_steps_out_of_turn),
    };
    return cmocka_run_group_tests_name("scram", tests, NULL, NULL);
}
