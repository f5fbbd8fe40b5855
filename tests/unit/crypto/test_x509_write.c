/* test_x509_write.c - certificates that a private authority makes. */
#include "core/crypto/x509.h"
#include "core/crypto/x509_write.h"
#include "tests/unit/test.h"
#include <string.h>

#define NOW 1700000000U /* 2023-11-14 */

static const uint8_t ca_key[32] = {1, 1};
static const uint8_t server_key[32] = {2, 2};
static uint8_t ca_public[SOTTO_P256_PUBLIC_LEN];
static uint8_t server_public[SOTTO_P256_PUBLIC_LEN];

static uint8_t subject[SOTTO_X509_SUBJECT_DER];
static uint8_t ca_bytes[1024];
static uint8_t server_bytes[1024];
static struct sotto_x509_issuer issuer;
static struct sotto_x509_plan plan;
static struct sotto_span ca;

static const uint8_t ipv4[] = {192, 0, 2, 7};
static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static struct sotto_span span_of(const char *text)
{
    return (struct sotto_span){(const uint8_t *)text, strlen(text)};
}

static const struct sotto_x509_name names[] = {
    {false, {(const uint8_t *)"chat.example", 12}},
    {false, {(const uint8_t *)"*.room.example", 14}},
    {true, {ipv4, sizeof ipv4}},
    {true, {ipv6, sizeof ipv6}},
};

/* An authority, and the plan of a server. */
static int setup(void **state)
{
    struct sotto_x509_plan ca_plan = {.subject = "Our authority",
                                      .from = NOW,
                                      .until = NOW + 1000,
                                      .serial = {0xff, 1},
                                      .public_key = ca_public,
                                      .is_authority = true};

    (void)state;
    assert_int_equal(sotto_p256_public(ca_key, ca_public), SOTTO_OK);
    assert_int_equal(sotto_p256_public(server_key, server_public), SOTTO_OK);
    issuer.private_key = ca_key;
    assert_int_equal(sotto_x509_write_subject("Our authority", subject,
                                              &issuer.subject),
                     SOTTO_OK);
    assert_int_equal(sotto_x509_write(&ca_plan, &issuer, ca_bytes,
                                      sizeof ca_bytes, &ca),
                     SOTTO_OK);
    plan = (struct sotto_x509_plan){.subject = "chat.example",
                                    .from = NOW + 10,
                                    .until = NOW + 20,
                                    .serial = {0, 0},
                                    .public_key = server_public,
                                    .names = names,
                                    .name_count = sizeof names / sizeof *names};
    return 0;
}

static struct sotto_span make(void)
{
    struct sotto_span made = {NULL, 0};

    assert_int_equal(sotto_x509_write(&plan, &issuer, server_bytes,
                                      sizeof server_bytes, &made),
                     SOTTO_OK);
    return made;
}

static enum sotto_err verify(const char *name, uint64_t now)
{
    const struct sotto_span made = make();
    const struct sotto_x509_trust trust = {.anchors = &ca,
                                           .anchor_count = 1,
                                           .now = now,
                                           .usage = SOTTO_X509_SERVER,
                                           .name = name};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];

    enum sotto_err err = sotto_x509_verify(&made, 1, &trust, key);
    if (err == SOTTO_OK) {
        assert_memory_equal(key, server_public, sizeof key);
    }
    return err;
}

static void test_x509_write_makes_what_is_believed(void **state)
{
    static const struct {
        const char *name;
        enum sotto_err err;
    } table[] = {
        {"chat.example", SOTTO_OK},       {"big.room.example", SOTTO_OK},
        {"room.example", SOTTO_ERR_AUTH}, {"192.0.2.7", SOTTO_OK},
        {"192.0.2.8", SOTTO_ERR_AUTH},    {"2001:db8::1", SOTTO_OK},
        {"2001:db8::2", SOTTO_ERR_AUTH},  {"example", SOTTO_ERR_AUTH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(verify(table[i].name, NOW + 15), table[i].err);
    }
}

static void test_x509_write_keeps_to_the_time(void **state)
{
    (void)state;
    assert_int_equal(verify(NULL, NOW + 9), SOTTO_ERR_AUTH);
    assert_int_equal(verify(NULL, NOW + 10), SOTTO_OK);
    assert_int_equal(verify(NULL, NOW + 20), SOTTO_OK);
    assert_int_equal(verify(NULL, NOW + 21), SOTTO_ERR_AUTH);
}

/* A server certifies nobody, and the authority is no server. */
static void test_x509_write_keeps_to_the_roles(void **state)
{
    const struct sotto_span server = make();
    static uint8_t other_bytes[1024];
    struct sotto_x509_facts facts;
    struct sotto_x509_issuer false_issuer = {.private_key = server_key};
    struct sotto_span chain[2] = {{NULL, 0}, server};
    struct sotto_x509_trust trust = {.anchors = &ca,
                                     .anchor_count = 1,
                                     .now = NOW + 15,
                                     .usage = SOTTO_X509_SERVER};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];

    (void)state;
    assert_int_equal(sotto_x509_verify(&server, 1, &trust, key), SOTTO_OK);
    assert_int_equal(sotto_x509_read(server, &facts), SOTTO_OK);
    false_issuer.subject = facts.subject;
    assert_int_equal(sotto_x509_write(&plan, &false_issuer, other_bytes,
                                      sizeof other_bytes, &chain[0]),
                     SOTTO_OK);
    assert_int_equal(sotto_x509_verify(chain, 2, &trust, key), SOTTO_ERR_AUTH);
    assert_int_equal(sotto_x509_verify(&ca, 1, &trust, key), SOTTO_ERR_AUTH);
}

/* What is written is read: every date, also where the year has four digits. */
static void test_x509_write_knows_the_calendar(void **state)
{
    static const uint64_t table[] = {0,          951782399,   951782400,
                                     951868799,  951868800,   1709208000,
                                     2524607999, 2524608000,  4107542399,
                                     4107542400, 13574563199, 253402300799};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sotto_x509_facts facts;

        plan.from = 0;
        plan.until = table[i];
        assert_int_equal(sotto_x509_read(make(), &facts), SOTTO_OK);
        assert_int_equal(facts.from, 0);
        assert_int_equal(facts.until, table[i]);
        assert_memory_equal(facts.key, server_public, sizeof facts.key);
    }
}

static void test_x509_write_refuses_plans_that_are_none(void **state)
{
    struct sotto_x509_name name = {false, span_of("x")};
    const struct sotto_x509_plan good = plan;
    char long_name[256];
    struct sotto_span made;

    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[255] = 0;
    for (int i = 0; i < 9; i++) {
        plan = good;
        plan.subject = i == 0 ? "" : i == 1 ? long_name : good.subject;
        plan.from = i == 2 ? good.until + 1 : good.from;
        plan.until = i == 3 ? 253402300800 : good.until;
        plan.name_count = i == 4 ? 0 : 1;
        plan.names = &name;
        plan.is_authority = i == 5;
        name = (struct sotto_x509_name){i == 6, span_of(i == 7   ? ""
                                                        : i == 8 ? long_name
                                                                 : "x")};
        assert_int_equal(sotto_x509_write(&plan, &issuer, server_bytes,
                                          sizeof server_bytes, &made),
                         SOTTO_ERR_LIMIT);
    }
    assert_int_equal(sotto_x509_write_subject("", subject, &made),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_x509_write_subject(long_name, subject, &made),
                     SOTTO_ERR_LIMIT);
}

static void test_x509_write_needs_room_and_a_key(void **state)
{
    static const uint8_t none[32] = {0};
    struct sotto_span made = make();
    const size_t len = made.len;

    (void)state;
    for (size_t cap = 0; cap < len; cap++) {
        assert_int_equal(sotto_x509_write(&plan, &issuer, server_bytes, cap,
                                          &made),
                         SOTTO_ERR_SPACE);
    }
    assert_int_equal(sotto_x509_write(&plan, &issuer, server_bytes, len + 2,
                                      &made),
                     SOTTO_OK);
    issuer.private_key = none;
    assert_int_equal(sotto_x509_write(&plan, &issuer, server_bytes,
                                      sizeof server_bytes, &made),
                     SOTTO_ERR_AUTH);
}

int test_x509_write(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_x509_write_makes_what_is_believed, setup),
        cmocka_unit_test_setup(test_x509_write_keeps_to_the_time, setup),
        cmocka_unit_test_setup(test_x509_write_keeps_to_the_roles, setup),
        cmocka_unit_test_setup(test_x509_write_knows_the_calendar, setup),
        cmocka_unit_test_setup(test_x509_write_refuses_plans_that_are_none,
                               setup),
        cmocka_unit_test_setup(test_x509_write_needs_room_and_a_key, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
