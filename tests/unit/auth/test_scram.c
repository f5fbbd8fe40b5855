/*
 * test_scram.c - SCRAM-SHA-256: the RFC's conversation, the product's, and
 * what must be refused. More conversations: tests/vectors/vectors_scram.c.
 */
#include "core/auth/scram.h"
#include "core/base/text.h"
#include "tests/unit/test.h"
#include <string.h>

#define OTHER_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define NONCE       "rOprNGfwEbeRWgbNEkqO"

/* RFC 7677, section 3. */
static const char rfc_first[] = "n,,n=user,r=" NONCE;
static const char rfc_challenge[] =
    "r=" NONCE OTHER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char rfc_final[] =
    "c=biws,r=" NONCE OTHER_NONCE
    ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char rfc_verifier[] =
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
static const char rfc_salted[] = "c4a49510323ab4f952cac1fa99441939"
                                 "e78ea74d6be81ddf7096e87513dc615d";

static const struct sotto_scram_binding no_binding = {.flag = 'n'};
static const uint8_t handshake_hash[32] = {1, 2, 3, 4};
static const struct sotto_scram_binding noise_binding = {
    .flag = 'p',
    .name = SOTTO_SCRAM_BINDING_NAME,
    .data = handshake_hash,
    .data_len = sizeof handshake_hash,
};

/* One conversation, for the password "pencil" of the RFC's account. */
static struct {
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    struct sotto_scram_keys keys;
    struct sotto_verifier verifier;
    char message[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len;
} t;

static void begin(void)
{
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    memset(&t, 0, sizeof t);
    assert_int_equal(sotto_hex_decode(rfc_salted, 64, salted, sizeof salted),
                     SOTTO_OK);
    sotto_scram_keys_derive(salted, &t.keys);
    assert_int_equal(sotto_hex_decode("5b6d99689d12358eeca04b141236fa81", 32,
                                      t.verifier.salt, 16),
                     SOTTO_OK);
    t.verifier.salt_len = 16;
    t.verifier.iterations = 4096;
    sotto_scram_stored_key(&t.keys, t.verifier.stored_key);
    memcpy(t.verifier.server_key, t.keys.server_key, SOTTO_SCRAM_KEY_LEN);
}

static enum sotto_err first_of(const char *user, size_t len,
                               const struct sotto_scram_binding *binding,
                               const char *nonce)
{
    return sotto_scram_client_first(&t.client, user, len, binding, nonce,
                                    t.message, sizeof t.message, &t.len);
}

static enum sotto_err client_first(const struct sotto_scram_binding *binding)
{
    return first_of("user", 4, binding, NONCE);
}

static enum sotto_err server_first(const char *in, size_t len,
                                   const struct sotto_scram_binding *binding)
{
    return sotto_scram_server_first(&t.server, in, len, binding);
}

static enum sotto_err challenge(void)
{
    return sotto_scram_server_challenge(&t.server, &t.verifier, OTHER_NONCE,
                                        t.message, sizeof t.message, &t.len);
}

static enum sotto_err take_challenge(const char *in, size_t len)
{
    return sotto_scram_client_challenge(&t.client, in, len, 4096,
                                        SOTTO_SCRAM_ITERATIONS_MAX,
                                        SOTTO_SCRAM_SALT_MIN);
}

static enum sotto_err client_final(void)
{
    return sotto_scram_client_final(&t.client, &t.keys, t.message,
                                    sizeof t.message, &t.len);
}

static enum sotto_err server_final(const char *in, size_t len,
                                   const struct sotto_scram_binding *binding,
                                   bool *binding_failed)
{
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t answer_len = 0;
    enum sotto_err err =
        sotto_scram_server_final(&t.server, in, len, binding, answer,
                                 sizeof answer, &answer_len, binding_failed);
    if (err == SOTTO_OK) {
        memcpy(t.message, answer, answer_len);
        t.len = answer_len;
    }
    return err;
}

/* Both sides up to and with server-first at the client. */
static void run_to_challenge(const struct sotto_scram_binding *client_binding,
                             const struct sotto_scram_binding *server_binding)
{
    begin();
    assert_int_equal(client_first(client_binding), SOTTO_OK);
    assert_int_equal(server_first(t.message, t.len, server_binding), SOTTO_OK);
    assert_int_equal(challenge(), SOTTO_OK);
    assert_int_equal(take_challenge(t.message, t.len), SOTTO_OK);
}

static void assert_message(const char *expected)
{
    assert_int_equal(t.len, strlen(expected));
    assert_memory_equal(t.message, expected, t.len);
}

static void test_scram_speaks_rfc7677_conversation(void **state)
{
    (void)state;
    begin();
    assert_int_equal(client_first(&no_binding), SOTTO_OK);
    assert_message(rfc_first);
    assert_int_equal(server_first(t.message, t.len, &no_binding), SOTTO_OK);
    assert_string_equal(t.server.user, "user");
    assert_int_equal(challenge(), SOTTO_OK);
    assert_message(rfc_challenge);
    assert_int_equal(take_challenge(t.message, t.len), SOTTO_OK);
    assert_int_equal(t.client.iterations, 4096);
    assert_int_equal(t.client.salt_len, 16);
    assert_memory_equal(t.client.salt, t.verifier.salt, 16);
    assert_int_equal(client_final(), SOTTO_OK);
    assert_message(rfc_final);
    bool binding_failed = true;
    assert_int_equal(server_final(t.message, t.len, &no_binding,
                                  &binding_failed),
                     SOTTO_OK);
    assert_false(binding_failed);
    assert_message(rfc_verifier);
    assert_int_equal(sotto_scram_client_verify(&t.client, t.message, t.len),
                     SOTTO_OK);
    assert_int_equal(t.client.step, SOTTO_SCRAM_DONE);
    assert_int_equal(t.server.step, SOTTO_SCRAM_DONE);
}

static void test_scram_binds_to_the_handshake(void **state)
{
    (void)state;
    run_to_challenge(&noise_binding, &noise_binding);
    assert_int_equal(client_final(), SOTTO_OK);
    assert_int_equal(server_final(t.message, t.len, &noise_binding, NULL),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_verify(&t.client, t.message, t.len),
                     SOTTO_OK);
}

static void test_scram_server_refuses_another_handshake(void **state)
{
    (void)state;
    uint8_t other[32] = {1, 2, 3, 5};
    struct sotto_scram_binding theirs = noise_binding;
    theirs.data = other;
    run_to_challenge(&theirs, &noise_binding);
    assert_int_equal(client_final(), SOTTO_OK);
    bool binding_failed = false;
    assert_int_equal(server_final(t.message, t.len, &noise_binding,
                                  &binding_failed),
                     SOTTO_ERR_AUTH);
    assert_true(binding_failed);
}

static void test_scram_server_refuses_wrong_password(void **state)
{
    (void)state;
    run_to_challenge(&noise_binding, &noise_binding);
    t.keys.client_key[0] ^= 1;
    assert_int_equal(client_final(), SOTTO_OK);
    bool binding_failed = true;
    assert_int_equal(server_final(t.message, t.len, &noise_binding,
                                  &binding_failed),
                     SOTTO_ERR_AUTH);
    assert_false(binding_failed);
}

static void test_scram_server_takes_one_guess_only(void **state)
{
    (void)state;
    run_to_challenge(&no_binding, &no_binding);
    assert_int_equal(client_final(), SOTTO_OK);
    t.message[t.len - 5] = t.message[t.len - 5] == 'A' ? 'B' : 'A';
    assert_int_equal(server_final(t.message, t.len, &no_binding, NULL),
                     SOTTO_ERR_AUTH);
    assert_int_equal(server_final(rfc_final, strlen(rfc_final), &no_binding,
                                  NULL),
                     SOTTO_ERR_FORMAT);
}

static void test_scram_client_refuses_server_without_keys(void **state)
{
    (void)state;
    run_to_challenge(&no_binding, &no_binding);
    assert_int_equal(client_final(), SOTTO_OK);
    t.server.verifier.server_key[31] ^= 0x80;
    assert_int_equal(server_final(t.message, t.len, &no_binding, NULL),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_verify(&t.client, t.message, t.len),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_scram_client_verify(&t.client, rfc_verifier,
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
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sotto_err err =
            server_first(cases[i].in, strlen(cases[i].in), &no_binding);
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
    begin();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(server_first(refused[i], strlen(refused[i]),
                                      &noise_binding),
                         SOTTO_ERR_UNSUPPORTED);
        assert_int_equal(challenge(), SOTTO_ERR_FORMAT);
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
        begin();
        assert_int_equal(client_first(&no_binding), SOTTO_OK);
        enum sotto_err err = take_challenge(cases[i].in, strlen(cases[i].in));
        if (err != cases[i].err) {
            print_message("%s: %s\n", cases[i].in, sotto_err_name(err));
        }
        assert_int_equal(err, cases[i].err);
        if (err != SOTTO_OK) {
            assert_int_equal(client_final(), SOTTO_ERR_FORMAT);
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
        run_to_challenge(&no_binding, &no_binding);
        enum sotto_err err =
            server_final(cases[i].in, strlen(cases[i].in), &no_binding, NULL);
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
    run_to_challenge(&noise_binding, &noise_binding);
    t.client.transcript.nonce_len--;
    assert_int_equal(client_final(), SOTTO_OK);
    assert_int_equal(server_final(t.message, t.len, &noise_binding, NULL),
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
        run_to_challenge(&no_binding, &no_binding);
        assert_int_equal(client_final(), SOTTO_OK);
        assert_int_equal(sotto_scram_client_verify(&t.client, cases[i].in,
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
    run_to_challenge(&no_binding, &no_binding);
    assert_int_equal(server_first(extended, strlen(extended), &no_binding),
                     SOTTO_OK);
    assert_int_equal(challenge(), SOTTO_OK);
    assert_int_equal(client_final(), SOTTO_OK);
    assert_int_equal(server_final(t.message, t.len, &no_binding, NULL),
                     SOTTO_ERR_AUTH);
}

/* ---- every cut, every further byte, every flipped bit ---- */

/* The four messages of the product's conversation. */
static struct {
    char text[4][SOTTO_SCRAM_MESSAGE_MAX];
    size_t len[4];
} real;

/* Plays the conversation with message `which` replaced; true when both sides
 * end up convinced. */
static bool play(size_t which, const char *in, size_t in_len)
{
    begin();
    for (size_t i = 0; i < 4; i++) {
        const bool is_changed = i == which;
        enum sotto_err err = i == 0   ? client_first(&noise_binding)
                             : i == 1 ? challenge()
                             : i == 2 ? client_final()
                                      : SOTTO_OK;
        assert_int_equal(err, SOTTO_OK);
        if (which == 4) {
            memcpy(real.text[i], t.message, t.len);
            real.len[i] = t.len;
        }
        const char *text = is_changed ? in : t.message;
        const size_t len = is_changed ? in_len : t.len;
        err = i == 0   ? server_first(text, len, &noise_binding)
              : i == 1 ? take_challenge(text, len)
              : i == 2 ? server_final(text, len, &noise_binding, NULL)
                       : sotto_scram_client_verify(&t.client, text, len);
        if (err != SOTTO_OK) {
            return false;
        }
    }
    return true;
}

static void test_scram_refuses_every_cut_and_longer_message(void **state)
{
    (void)state;
    char changed[SOTTO_SCRAM_MESSAGE_MAX];
    assert_true(play(4, NULL, 0));
    for (size_t which = 0; which < 4; which++) {
        const size_t len = real.len[which];
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(play(which, real.text[which], cut));
        }
        memcpy(changed, real.text[which], len);
        for (unsigned byte = 0; byte < 256; byte++) {
            changed[len] = (char)(unsigned char)byte;
            assert_false(play(which, changed, len + 1));
        }
    }
}

static void test_scram_refuses_every_flipped_bit(void **state)
{
    (void)state;
    char changed[SOTTO_SCRAM_MESSAGE_MAX];
    assert_true(play(4, NULL, 0));
    for (size_t which = 0; which < 4; which++) {
        const size_t len = real.len[which];
        for (size_t bit = 0; bit < 8 * len; bit++) {
            memcpy(changed, real.text[which], len);
            changed[bit / 8] =
                (char)((unsigned char)changed[bit / 8] ^ (1U << bit % 8));
            assert_false(play(which, changed, len));
        }
    }
}

/* ---- limits and room ---- */

static void test_scram_client_first_checks_its_input(void **state)
{
    (void)state;
    char long_name[SOTTO_SCRAM_USER_MAX + 1];
    char long_nonce[SOTTO_SCRAM_NONCE_MAX + 2];
    memset(long_name, ',', sizeof long_name);
    memset(long_nonce, 'x', sizeof long_nonce);
    long_nonce[sizeof long_nonce - 1] = 0;
    struct sotto_scram_binding odd = no_binding;
    odd.flag = 'q';
    begin();
    assert_int_equal(first_of(long_name, 65, &no_binding, "x"),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(first_of(long_name, 64, &no_binding, "x"), SOTTO_OK);
    assert_int_equal(server_first(t.message, t.len, &no_binding), SOTTO_OK);
    assert_memory_equal(t.server.user, long_name, 64);
    assert_int_equal(first_of("", 0, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(first_of("a\0b", 3, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(first_of("\xc3", 1, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(first_of("a", 1, &no_binding, long_nonce),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(first_of("a", 1, &no_binding, long_nonce + 1), SOTTO_OK);
    assert_int_equal(first_of("a", 1, &no_binding, ""), SOTTO_ERR_FORMAT);
    assert_int_equal(first_of("a", 1, &no_binding, "a,b"), SOTTO_ERR_FORMAT);
    assert_int_equal(first_of("a", 1, &odd, "x"), SOTTO_ERR_FORMAT);
    odd = noise_binding;
    odd.name = "a=b";
    assert_int_equal(first_of("a", 1, &odd, "x"), SOTTO_ERR_FORMAT);
    odd = noise_binding;
    odd.data_len = SOTTO_SCRAM_BINDING_MAX + 1;
    assert_int_equal(first_of("a", 1, &odd, "x"), SOTTO_ERR_LIMIT);
}

static void test_scram_server_bounds_client_first(void **state)
{
    (void)state;
    char text[SOTTO_SCRAM_FIRST_MAX + 2];
    const size_t head = strlen("n,,n=user,r=a,x=");
    begin();
    memset(text, 'x', sizeof text);
    memcpy(text, "n,,n=user,r=a,x=", head);
    assert_int_equal(server_first(text, SOTTO_SCRAM_FIRST_MAX, &no_binding),
                     SOTTO_OK);
    assert_int_equal(challenge(), SOTTO_OK);
    assert_int_equal(server_first(text, SOTTO_SCRAM_FIRST_MAX + 1, &no_binding),
                     SOTTO_ERR_LIMIT);
    memcpy(text, "n,,n=user,r=axx", 15);
    assert_int_equal(server_first(text, 12 + 64, &no_binding), SOTTO_OK);
    assert_int_equal(server_first(text, 12 + 65, &no_binding), SOTTO_ERR_LIMIT);
    memset(text, 'x', sizeof text);
    memcpy(text, "n,,n=", 5);
    memcpy(text + 5 + 65, ",r=a", 4);
    assert_int_equal(server_first(text, 5 + 65 + 4, &no_binding),
                     SOTTO_ERR_LIMIT);
}

/* Each message fits exactly, and one byte less is SPACE. */
static void test_scram_answers_space_when_room_is_short(void **state)
{
    (void)state;
    char out[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    assert_true(play(4, NULL, 0));
    begin();
    assert_int_equal(sotto_scram_client_first(&t.client, "user", 4,
                                              &noise_binding, NONCE, out,
                                              real.len[0] - 1, &len),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_scram_client_first(&t.client, "user", 4,
                                              &noise_binding, NONCE, out,
                                              real.len[0], &len),
                     SOTTO_OK);
    assert_int_equal(server_first(out, len, &noise_binding), SOTTO_OK);
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_server_challenge(&t.server, &t.verifier,
                                                      OTHER_NONCE, out,
                                                      real.len[1] - missing,
                                                      &len),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    assert_int_equal(take_challenge(out, len), SOTTO_OK);
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_client_final(&t.client, &t.keys, out,
                                                  real.len[2] - missing, &len),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t answer_len = 0;
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_server_final(&t.server, out, len,
                                                  &noise_binding, answer,
                                                  real.len[3] - missing,
                                                  &answer_len, NULL),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    assert_int_equal(sotto_scram_client_verify(&t.client, answer, answer_len),
                     SOTTO_OK);
}

static void test_scram_refuses_steps_out_of_turn(void **state)
{
    (void)state;
    begin();
    assert_int_equal(challenge(), SOTTO_ERR_FORMAT);
    assert_int_equal(client_final(), SOTTO_ERR_FORMAT);
    begin();
    assert_int_equal(server_final(rfc_final, strlen(rfc_final), &no_binding,
                                  NULL),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(take_challenge(rfc_challenge, strlen(rfc_challenge)),
                     SOTTO_ERR_FORMAT);
    run_to_challenge(&no_binding, &no_binding);
    assert_int_equal(sotto_scram_client_verify(&t.client, rfc_verifier,
                                               strlen(rfc_verifier)),
                     SOTTO_ERR_FORMAT);
}

static void test_scram_wipes(void **state)
{
    (void)state;
    static const struct sotto_scram_client no_client;
    static const struct sotto_scram_server no_server;
    assert_true(play(4, NULL, 0));
    sotto_scram_client_wipe(&t.client);
    sotto_scram_server_wipe(&t.server);
    assert_memory_equal(&t.client, &no_client, sizeof no_client);
    assert_memory_equal(&t.server, &no_server, sizeof no_server);
}

int test_scram(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scram_speaks_rfc7677_conversation),
        cmocka_unit_test(test_scram_binds_to_the_handshake),
        cmocka_unit_test(test_scram_server_refuses_another_handshake),
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
        cmocka_unit_test(test_scram_refuses_every_cut_and_longer_message),
        cmocka_unit_test(test_scram_refuses_every_flipped_bit),
        cmocka_unit_test(test_scram_client_first_checks_its_input),
        cmocka_unit_test(test_scram_server_bounds_client_first),
        cmocka_unit_test(test_scram_answers_space_when_room_is_short),
        cmocka_unit_test(test_scram_refuses_steps_out_of_turn),
        cmocka_unit_test(test_scram_wipes),
    };
    return cmocka_run_group_tests_name("scram", tests, NULL, NULL);
}
