/* A device that is let in by a code, and by its key from then on. */
#include "core/crypto/hash.h"
#include "core/crypto/x25519.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/gadget.h"
#include "tests/unit/test.h"

#include <string.h>

static const uint8_t code[SOTTO_DEVICE_CODE_LEN] = "sixteen of them";

static struct gadget gadget;
static struct world_client *ann;
static char code_text[SOTTO_DEVICE_CODE_TEXT];

/* Ann expects a device "sensor", which has the code and nothing else. */
static int set_up(void **state)
{
    uint8_t hash[SOTTO_HASH_LEN];
    (void)scene_setup(state);
    ann = scene_bring("ann");
    sotto_sha256(code, sizeof code, hash);
    assert_int_equal(sotto_client_expect(&ann->client, "sensor", hash, 0),
                     SOTTO_OK);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_DONE], 1);
    gadget_init(&gadget, world);
    sotto_device_code_text(code, code_text);
    gadget.config.name = NULL;
    gadget.config.password = (struct sotto_span){NULL, 0};
    gadget.config.registers = false;
    gadget.config.code = code_text;
    gadget.saves = true;
    return 0;
}

static int tear_down(void **state)
{
    if (!gadget.is_off) {
        gadget_off(&gadget, true);
    }
    return scene_end(state);
}

static void assert_online(unsigned times)
{
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], times);
    assert_string_equal(sotto_device_name(gadget.device), "sensor");
}

static void revoke(void)
{
    assert_int_equal(sotto_client_revoke(&ann->client, "sensor"), SOTTO_OK);
    world_settle(world);
}

static void test_device_enrol_needs_the_code_once(void **state)
{
    (void)state;
    gadget_on(&gadget);
    assert_online(1);
    assert_int_equal(gadget.kinds[0], SOTTO_DEVICE_SAVE);
    gadget_off(&gadget, true);
    gadget.config.code = NULL;
    gadget_on(&gadget);
    assert_online(2);
    gadget_wait(&gadget, 1000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 0);
}

/* The server has let it in, and the power goes before it hears of that: what is
 * stored is its key, and nothing that the server said. */
static void test_device_enrol_says_the_code_again_after_a_power_cut(
    void **state)
{
    (void)state;
    uint8_t before[SOTTO_DEVICE_STATE_MAX];
    struct sotto_device *device = NULL;
    assert_int_equal(sotto_device_init(&device, &gadget.config, gadget.memory,
                                       sizeof gadget.memory),
                     SOTTO_OK);
    const size_t len = sotto_device_state(device, before);
    sotto_device_wipe(device);
    for (unsigned times = 1; times <= 2; times++) {
        memcpy(gadget.state, before, len);
        gadget.state_len = len;
        gadget_on(&gadget);
        assert_online(times);
        gadget_off(&gadget, true);
    }
}

static void test_device_enrol_refuses_to_begin_without_code(void **state)
{
    (void)state;
    struct sotto_device *device = NULL;
    gadget.is_off = true;
    gadget.config.code = NULL;
    assert_int_equal(sotto_device_init(&device, &gadget.config, gadget.memory,
                                       sizeof gadget.memory),
                     SOTTO_ERR_AUTH);
    gadget.config.code = "device-0123";
    assert_int_equal(sotto_device_init(&device, &gadget.config, gadget.memory,
                                       sizeof gadget.memory),
                     SOTTO_ERR_AUTH);
}

static void test_device_enrol_with_a_used_code_is_refused(void **state)
{
    (void)state;
    gadget_on(&gadget);
    assert_online(1);
    gadget_off(&gadget, true);
    gadget.state_len = 0; /* another one, with another key */
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 1);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_REVOKED);
    assert_string_equal(sotto_device_name(gadget.device), "");
}

static void test_device_enrol_looks_at_the_server_when_it_is_revoked(
    void **state)
{
    (void)state;
    gadget_on(&gadget);
    assert_online(1);
    gadget_off(&gadget, true);
    revoke();
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_REVOKED);
    gadget_wait(&gadget, 5000); /* the look */
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 2);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_REVOKED);
    assert_true(gadget.offline.retry_ms > 60000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 1);
}

static void test_device_enrol_is_cut_off_when_it_is_revoked(void **state)
{
    (void)state;
    gadget_on(&gadget);
    assert_online(1);
    revoke();
    gadget_settle(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_REVOKED);
}

static void test_device_enrol_stops_at_another_server_key(void **state)
{
    (void)state;
    gadget_on(&gadget);
    assert_online(1);
    gadget_off(&gadget, true);
    /* The server answers with a key that is not the pinned one: IK cannot be
     * opened there, and the look tells why. */
    world->server_private[5] ^= 1U;
    sotto_x25519_public(world->server_private, world->server_public);
    gadget_on(&gadget);
    gadget_wait(&gadget, 5000);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_KEY);
    assert_int_equal(gadget.offline.retry_ms, SOTTO_DEVICE_NEVER);
}

int test_device_enrol(void)
{
#define WITH_WORLD(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_device_enrol_needs_the_code_once),
        WITH_WORLD(test_device_enrol_says_the_code_again_after_a_power_cut),
        WITH_WORLD(test_device_enrol_refuses_to_begin_without_code),
        WITH_WORLD(test_device_enrol_with_a_used_code_is_refused),
        WITH_WORLD(test_device_enrol_looks_at_the_server_when_it_is_revoked),
        WITH_WORLD(test_device_enrol_is_cut_off_when_it_is_revoked),
        WITH_WORLD(test_device_enrol_stops_at_another_server_key),
    };
#undef WITH_WORLD
    return cmocka_run_group_tests_name("device_enrol", tests, NULL, NULL);
}
