/*
 * test_residue.c - what is left on the stack when secrets have done their work:
 * what returned from there is still to be read below us.
 */
#include "core/auth/scram.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/chat/client.h"
#include "core/crypto/hash.h"
#include "core/crypto/x25519.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

#define DEPTH 12000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define OWN_FRAMES false /* a sanitizer lays them out in its own way */
#else
#    define OWN_FRAMES true
#endif

static struct pair pair;

/* Code that might do anything with that memory. */
#define TOUCH(memory) __asm__ volatile("" : : "r"(memory) : "memory")

__attribute__((noinline)) static void clear_stack(void)
{
    uint8_t below[DEPTH];

    memset(below, 0, sizeof below);
    TOUCH(below);
}

/* Whether 12 bytes of the secret, which no chance puts there, stand anywhere. */
__attribute__((noinline)) static bool stack_holds(const uint8_t secret[32])
{
    uint8_t below[DEPTH];

    TOUCH(below);
    for (size_t i = 0; i + 12 <= sizeof below; i++) {
        for (size_t part = 0; part + 12 <= 32; part += 4) {
            if (below[i] == secret[part] &&
                memcmp(below + i, secret + part, 12) == 0) {
                return true;
            }
        }
    }
    return false;
}

__attribute__((noinline)) static void leave(const uint8_t secret[32])
{
    uint8_t copy[64];

    memcpy(copy, secret, 32);
    TOUCH(copy);
}

static void make(uint8_t secret[32])
{
    for (size_t i = 0; i < 32; i++) {
        secret[i] = (uint8_t)(37 * i + 11);
    }
}

static void test_residue_is_found_and_wiped(void **state)
{
    static uint8_t secret[32];

    (void)state;
    make(secret);
    clear_stack();
    assert_false(stack_holds(secret));
    leave(secret);
    assert_true(!OWN_FRAMES || stack_holds(secret));
    leave(secret);
    sotto_wipe_stack();
    assert_true(!OWN_FRAMES || !stack_holds(secret));
}

static void test_residue_of_x25519(void **state)
{
    static uint8_t secret[32];
    static uint8_t point[32];
    static uint8_t shared[32];

    (void)state;
    make(secret);
    clear_stack();
    sotto_x25519_public(secret, point);
    assert_true(!OWN_FRAMES || !stack_holds(secret));
    point[0] ^= 1;
    assert_int_equal(sotto_x25519_agree(secret, point, shared), SOTTO_OK);
    assert_true(!OWN_FRAMES || !stack_holds(secret));
    assert_int_equal(sotto_x25519_agree(secret, point, shared), SOTTO_OK);
    assert_true(!OWN_FRAMES || !stack_holds(shared));
}

/* The keys that both links have now: client's and server's. */
static void keep_keys(uint8_t keys[2][32])
{
    memcpy(keys[0], pair.client.keys.transport.send.k, 32);
    memcpy(keys[1], pair.client.keys.transport.receive.k, 32);
}

static void talk(bool renews)
{
    for (int i = 0; i < 2; i++) {
        struct sotto_link *from = i == 0 ? &pair.client : &pair.server;
        struct sotto_link *to = i == 0 ? &pair.server : &pair.client;

        from->send_records = renews ? SOTTO_REKEY_RECORDS : 0;
        pair_send(&pair, from, 16, "hello", 5, 0);
        assert_int_equal(pair_feed(&pair, to), SOTTO_OK);
        pair_expect_frame(to, 16, "hello", 5);
        pair_expect_no_frame(to); /* the key is renewed */
    }
}

static void expect_none(uint8_t secrets[2][32])
{
    assert_true(!OWN_FRAMES || !stack_holds(secrets[0]));
    assert_true(!OWN_FRAMES || !stack_holds(secrets[1]));
}

/* Ephemeral keys after the handshake, a key after its renewal, any key after the
 * end. */
static void test_residue_of_links(void **state)
{
    static uint8_t ephemeral[2][32];
    static uint8_t keys[2][32];
    static uint8_t renewed[2][32];

    (void)state;
    for (uint8_t i = 0; i < 32; i++) { /* pair.c draws them by counting */
        ephemeral[0][i] = (uint8_t)(1 + i);
        ephemeral[1][i] = (uint8_t)(101 + i);
    }
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        clear_stack();
        pair_open(&pair, pair_suites[i], 1024);
        expect_none(ephemeral);
        keep_keys(keys);
        talk(true);
        assert_memory_not_equal(keys[0], pair.client.keys.transport.send.k, 32);
        expect_none(keys);
        keep_keys(renewed);
        talk(false);
        sotto_link_wipe(&pair.client);
        sotto_link_wipe(&pair.server);
        expect_none(renewed);
    }
}

/* ---- a login -------------------------------------------------------------- */

/* Static, as all that is searched for: a copy on the stack would be found. */
static struct sotto_verifier verifier;
static struct sotto_scram_keys keys;
static uint8_t salted[32];
static uint8_t password[32];
static uint8_t proof[32];

static void derive(void)
{
    static struct sotto_pbkdf2 kdf;

    make(password);
    memset(&verifier, 0, sizeof verifier);
    verifier.salt_len = 16;
    verifier.iterations = 3;
    sotto_pbkdf2_init(&kdf, password, sizeof password, verifier.salt,
                      verifier.salt_len, verifier.iterations);
    while (!sotto_pbkdf2_run(&kdf, 2)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, verifier.stored_key);
    memcpy(verifier.server_key, keys.server_key, sizeof verifier.server_key);
}

static void test_residue_of_a_password(void **state)
{
    (void)state;
    clear_stack();
    derive();
    assert_true(!OWN_FRAMES || !stack_holds(password));
    derive();
    assert_true(!OWN_FRAMES || !stack_holds(salted));
    derive();
    assert_true(!OWN_FRAMES || !stack_holds(keys.client_key));
}

/* What PBKDF2 gives is worth as much as the password: a client keeps it no longer
 * than it takes to make its keys. */
static void test_residue_of_what_a_client_derives(void **state)
{
    static struct sotto_client whole;

    (void)state;
    derive();
    memset(&whole, 0, sizeof whole);
    whole.is_deriving = true;
    sotto_pbkdf2_init(&whole.kdf, password, sizeof password, verifier.salt,
                      verifier.salt_len, verifier.iterations);
    clear_stack();
    assert_true(sotto_client_derive(&whole, verifier.iterations));
    assert_true(!OWN_FRAMES || !stack_holds(salted));
    assert_memory_equal(&whole.keys, &keys, sizeof keys);
}

static struct sotto_scram_client client;
static struct sotto_scram_server server;
static char text[SOTTO_SCRAM_MESSAGE_MAX];

static const struct sotto_scram_binding binding = {.flag = 'n'};

/* As far as the client's proof, in `text`; its length. */
static size_t make_proof(void)
{
    size_t len = 0;

    assert_int_equal(sotto_scram_client_first(&client, "ann", 3, &binding,
                                              "abc", text, sizeof text, &len),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_first(&server, text, len, &binding),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_challenge(&server, &verifier, "def",
                                                  text, sizeof text, &len),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_challenge(&client, text, len, 1, 9, 16),
                     SOTTO_OK);
    clear_stack();
    assert_int_equal(sotto_scram_client_final(&client, &keys, text, sizeof text,
                                              &len),
                     SOTTO_OK);
    return len;
}

/* The server gets it with `first` as its first letter, and with one of its last
 * letters changed where it is to be wrong. */
static enum sotto_err prove(char first, bool is_wrong)
{
    size_t len = make_proof();
    size_t proof_len = 0;

    text[0] = first;
    text[len - 5] ^= is_wrong ? 1 : 0;
    assert_int_equal(sotto_base64_decode(text + len - 44, 44, proof,
                                         sizeof proof, &proof_len),
                     SOTTO_OK);
    clear_stack();
    enum sotto_err err =
        sotto_scram_server_final(&server, text, len, &binding, text,
                                 sizeof text, &len, NULL);
    sotto_scram_server_wipe(&server);
    sotto_scram_client_wipe(&client);
    return err;
}

/* With StoredKey, which the server has, a proof gives ClientKey. */
static void test_residue_of_a_proof(void **state)
{
    (void)state;
    derive();
    assert_int_equal(prove('c', false), SOTTO_OK);
    assert_true(!OWN_FRAMES || !stack_holds(proof));
    assert_int_equal(prove('c', false), SOTTO_OK);
    assert_true(!OWN_FRAMES || !stack_holds(keys.client_key));
    assert_int_equal(prove('c', true), SOTTO_ERR_AUTH);
    assert_true(!OWN_FRAMES || !stack_holds(proof));
    assert_int_equal(prove('x', false), SOTTO_ERR_FORMAT);
    assert_true(!OWN_FRAMES || !stack_holds(proof));
}

/* The same of who makes it. */
static void test_residue_of_ones_own_proof(void **state)
{
    (void)state;
    derive();
    assert_int_equal(prove('c', false), SOTTO_OK); /* now `proof` is known */
    (void)make_proof();
    assert_true(!OWN_FRAMES || !stack_holds(proof));
    (void)make_proof();
    assert_true(!OWN_FRAMES || !stack_holds(verifier.stored_key));
    (void)make_proof();
    assert_true(!OWN_FRAMES || !stack_holds(keys.client_key));
}

int test_residue(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_residue_is_found_and_wiped),
        cmocka_unit_test(test_residue_of_x25519),
        cmocka_unit_test(test_residue_of_links),
        cmocka_unit_test(test_residue_of_a_password),
        cmocka_unit_test(test_residue_of_what_a_client_derives),
        cmocka_unit_test(test_residue_of_a_proof),
        cmocka_unit_test(test_residue_of_ones_own_proof),
    };
    return cmocka_run_group_tests_name("chat/residue", tests, NULL, NULL);
}
