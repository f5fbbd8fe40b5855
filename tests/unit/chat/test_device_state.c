/* A device's configuration and its state. */
#include "core/base/crc.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/gadget.h"
#include "tests/unit/test.h"

#include <string.h>

static struct gadget gadget;

/* Has been in the room, and is off now. */
static int set_up(void **state)
{
    (void)scene_setup(state);
    world_add_account(world, "sensor", "password");
    gadget_init(&gadget, world);
    gadget_on(&gadget);
    gadget_store(&gadget);
    gadget_off(&gadget, true);
    gadget.config.state = (struct sotto_span){gadget.state, gadget.state_len};
    return 0;
}

static enum sotto_err try_init(void)
{
    struct sotto_device *device = NULL;
    enum sotto_err err = sotto_device_init(&device, &gadget.config,
                                           gadget.memory, sizeof gadget.memory);
    assert_int_equal(device != NULL, err == SOTTO_OK);
    return err;
}

static enum sotto_err try_state(const uint8_t *bytes, size_t len)
{
    gadget.config.state = (struct sotto_span){bytes, len};
    return try_init();
}

static void test_device_state_refuses_configurations(void **state)
{
    (void)state;
    const struct sotto_device_config good = gadget.config;
    struct sotto_device_config *config = &gadget.config;
    assert_int_equal(try_init(), SOTTO_OK);
    config->name = "Sensor";
    assert_int_equal(try_init(), SOTTO_ERR_LIMIT);
    config->name = "a-name-that-is-much-longer-than-names-may-be";
    assert_int_equal(try_init(), SOTTO_ERR_LIMIT);
    *config = good;
    config->fingerprint = "aaaa-bbbb";
    assert_int_equal(try_init(), SOTTO_ERR_FORMAT);
    *config = good;
    config->suite = 4;
    assert_int_equal(try_init(), SOTTO_ERR_LIMIT);
    *config = good;
    config->receive_limit = 255;
    assert_int_equal(try_init(), SOTTO_ERR_LIMIT);
    *config = good;
    config->queue = GADGET_QUEUE + SOTTO_DEVICE_STRUCT;
    assert_int_equal(try_init(), SOTTO_ERR_SPACE);
    *config = good;
    config->state.len = 0;
    config->password.len = 0;
    assert_int_equal(try_init(), SOTTO_ERR_AUTH);
    *config = good;
}

static void test_device_state_macro_is_enough_memory(void **state)
{
    (void)state;
    for (uint16_t limit = 256; limit <= 2048; limit++) {
        const struct sotto_device_config config = {.receive_limit = limit,
                                                   .queue = 1000};
        assert_true(SOTTO_DEVICE_MEMORY(limit, 1000) >=
                    sotto_device_size(&config));
    }
}

static void test_device_state_is_as_it_was(void **state)
{
    (void)state;
    uint8_t again[SOTTO_DEVICE_STATE_MAX];
    assert_int_equal(try_init(), SOTTO_OK);
    assert_int_equal(
        sotto_device_state((struct sotto_device *)(void *)gadget.memory, again),
        gadget.state_len);
    assert_memory_equal(again, gadget.state, gadget.state_len);
}

static void test_device_state_refuses_damage(void **state)
{
    (void)state;
    uint8_t bytes[SOTTO_DEVICE_STATE_MAX + 1] = {0};
    const size_t len = gadget.state_len;
    memcpy(bytes, gadget.state, len);
    for (size_t cut = 1; cut < len; cut++) {
        assert_int_equal(try_state(bytes, cut), SOTTO_ERR_FORMAT);
    }
    assert_int_equal(try_state(bytes, len + 1), SOTTO_ERR_FORMAT);
    assert_int_equal(try_state(bytes, sizeof bytes), SOTTO_ERR_FORMAT);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(try_state(bytes, len), SOTTO_ERR_FORMAT);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(try_state(bytes, len), SOTTO_OK);
}

/* With a checksum that is right, whatever else is: refused or taken, and
 * nothing is written where it should not be. */
static void test_device_state_survives_what_others_made(void **state)
{
    (void)state;
    uint8_t bytes[SOTTO_DEVICE_STATE_MAX];
    const size_t body = gadget.state_len - 4;
    for (size_t at = 0; at < body; at++) {
        memcpy(bytes, gadget.state, gadget.state_len);
        for (unsigned value = 0; value < 256; value += 15) {
            bytes[at] = (uint8_t)value;
            const uint32_t crc = sotto_crc32c(0, bytes, body);
            for (size_t i = 0; i < 4; i++) {
                bytes[body + i] = (uint8_t)(crc >> (24 - 8 * i));
            }
            enum sotto_err err = try_state(bytes, gadget.state_len);
            assert_true(err == SOTTO_OK || err == SOTTO_ERR_FORMAT);
        }
    }
}

/* Only the device's own key is of use at another server, or by another name. */
static void test_device_state_of_another_account_begins_anew(void **state)
{
    (void)state;
    uint8_t key[32];
    memcpy(key, gadget.state + 1, sizeof key);
    world_add_account(world, "other", "password");
    gadget.config.name = "other";
    gadget.config.password.len = 0;
    gadget.config.state = (struct sotto_span){gadget.state, gadget.state_len};
    assert_int_equal(try_init(), SOTTO_ERR_AUTH); /* no keys for this one */
    gadget.config.password.len = 8;
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    assert_memory_equal(gadget.state + 1, key, sizeof key);
    gadget_off(&gadget, true);
}

/* The next one asks for more than that, or is refused. */
static void test_device_state_remembers_the_iterations(void **state)
{
    (void)state;
    gadget.config.iterations_min = 1;
    assert_int_equal(try_state(gadget.state, gadget.state_len), SOTTO_OK);
    const struct sotto_client *client = (void *)gadget.memory;
    assert_int_equal(client->config.iterations_min, WORLD_ITERATIONS);
}

int test_device_state(void)
{
#define WITH_WORLD(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, scene_end)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_device_state_refuses_configurations),
        WITH_WORLD(test_device_state_macro_is_enough_memory),
        WITH_WORLD(test_device_state_is_as_it_was),
        WITH_WORLD(test_device_state_refuses_damage),
        WITH_WORLD(test_device_state_survives_what_others_made),
        WITH_WORLD(test_device_state_of_another_account_begins_anew),
        WITH_WORLD(test_device_state_remembers_the_iterations),
    };
#undef WITH_WORLD
    return cmocka_run_group_tests_name("device_state", tests, NULL, NULL);
}
