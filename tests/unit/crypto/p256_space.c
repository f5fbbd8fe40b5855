/*
 * p256_space.c - what P-256 does when memory is used up: a program of its own,
 * for a host, because it comes between the crypto library and the heap.
 *
 * Every allocation of every function is made to fail in turn: the answer must
 * be SPACE each time and the results untouched, until so many are allowed that
 * the call succeeds. The sanitizer's build sees that nothing leaks.
 */
#include "tests/unit/crypto/p256_space.h"
#include "core/crypto/p256.h"
#include "tests/unit/test.h"
#include <string.h>

/* Keys and a signature that are valid, and room for results. */
struct fixture {
    uint8_t private_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t digest[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t len;
    struct {
        uint8_t bytes[SOTTO_P256_SIGNATURE_MAX];
        size_t len;
    } out;
};

static enum sotto_err make_public(struct fixture *f)
{
    return sotto_p256_public(f->private_key, f->out.bytes);
}

static enum sotto_err check_public(struct fixture *f)
{
    return sotto_p256_check_public(f->public_key);
}

static enum sotto_err agree(struct fixture *f)
{
    return sotto_p256_agree(f->private_key, f->public_key, f->out.bytes);
}

static enum sotto_err sign(struct fixture *f)
{
    return sotto_p256_sign(f->private_key, f->digest, f->out.bytes,
                           &f->out.len);
}

static enum sotto_err verify(struct fixture *f)
{
    return sotto_p256_verify(f->public_key, f->digest, f->signature, f->len);
}

static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->private_key[31] = 7;
    f->digest[0] = 9;
    p256_space_allow(-1);
    assert_int_equal(sotto_p256_public(f->private_key, f->public_key),
                     SOTTO_OK);
    assert_int_equal(sotto_p256_sign(f->private_key, f->digest, f->signature,
                                     &f->len),
                     SOTTO_OK);
}

static void fail_each_allocation(enum sotto_err (*call)(struct fixture *f))
{
    const struct fixture untouched = {.len = 0};
    struct fixture f;
    enum sotto_err err = SOTTO_ERR_SPACE;
    int count = 0;

    set_up(&f);
    while (err != SOTTO_OK) {
        assert_true(count < 100000);
        p256_space_allow(count++);
        err = call(&f);
        p256_space_allow(-1);
        if (err != SOTTO_OK) {
            assert_int_equal(err, SOTTO_ERR_SPACE);
            assert_memory_equal(&f.out, &untouched.out, sizeof f.out);
        }
    }
    assert_true(count > 1);
}

static void test_p256_says_space_when_any_allocation_fails(void **state)
{
    (void)state;
    fail_each_allocation(make_public);
    fail_each_allocation(check_public);
    fail_each_allocation(agree);
    fail_each_allocation(sign);
    fail_each_allocation(verify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p256_says_space_when_any_allocation_fails),
    };

    return cmocka_run_group_tests_name("crypto/p256_space", tests, NULL, NULL);
}
