/* port/boards/drivers/sd_card.c on a card in memory. */
#include "port/boards/drivers.h"
#include "port/flash/flash.h"
#include "tests/port/flash/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MANY (3 * CARD_SECTOR)

static const struct flash_device *device;
static struct card_model *card;
static uint8_t some[MANY];

/* The driver knows one card for ever: a failure makes it start anew. */
static int setup(void **state)
{
    (void)state;
    uint8_t byte = 0;
    device = storage_device();
    card = card_insert();
    card->is_there = false;
    (void)device->read(device->ctx, 0, &byte, 1);
    card = card_insert();
    for (size_t i = 0; i < sizeof some; i++) {
        some[i] = (uint8_t)(i * 7 + i / 256);
    }
    return 0;
}

/* The card was treated as it wants to be. */
static int teardown(void **state)
{
    (void)state;
    assert_int_equal(card->wrong, 0);
    return 0;
}

static enum sotto_err write_some(void)
{
    return device->program(device->ctx, 5 * CARD_SECTOR, some, sizeof some);
}

static void expect_some(void)
{
    uint8_t got[MANY];
    assert_int_equal(device->read(device->ctx, 5 * CARD_SECTOR, got,
                                  sizeof got),
                     SOTTO_OK);
    assert_memory_equal(got, some, sizeof got);
}

static void test_sd_card_keeps_what_is_written(void **state)
{
    (void)state;
    assert_int_equal(write_some(), SOTTO_OK);
    assert_memory_equal(card->sectors[5], some, sizeof some);
    assert_int_equal(card->stop_tokens, 1);
    expect_some();
    assert_int_equal(device->erase(device->ctx, 0), SOTTO_OK);
    for (size_t i = 0; i < device->block_size; i++) {
        assert_int_equal(card->sectors[i / CARD_SECTOR][i % CARD_SECTOR], 0xff);
    }
}

static void test_sd_card_of_each_kind(void **state)
{
    (void)state;
    card->is_large = false;
    assert_int_equal(write_some(), SOTTO_OK);
    expect_some();
    assert_int_equal(card->commands[16], 1);
    (void)setup(NULL);
    card->is_old = true;
    card->is_large = false;
    assert_int_equal(write_some(), SOTTO_OK);
    expect_some();
}

static void test_sd_card_reads_parts(void **state)
{
    (void)state;
    assert_int_equal(write_some(), SOTTO_OK);
    for (uint32_t at = 0; at < CARD_SECTOR + 2; at += 73) {
        uint8_t got[CARD_SECTOR + 4];
        for (size_t len = 0; len <= sizeof got; len += 86) {
            memset(got, 0xaa, sizeof got);
            assert_int_equal(device->read(device->ctx, 5 * CARD_SECTOR + at,
                                          got, len),
                             SOTTO_OK);
            assert_memory_equal(got, some + at, len);
            assert_true(len == sizeof got || got[len] == 0xaa);
        }
    }
}

static void test_sd_card_asks_again_for_what_came_wrong(void **state)
{
    (void)state;
    uint8_t byte = 0;
    assert_int_equal(write_some(), SOTTO_OK);
    card->flipped_reads = 2;
    expect_some();
    card->failed_reads = 2;
    expect_some();
    card->silent_reads = 2;
    expect_some();
    card->flipped_reads = 3;
    assert_int_equal(device->read(device->ctx, 5 * CARD_SECTOR, &byte, 1),
                     SOTTO_ERR_IO);
    expect_some();
    assert_int_equal(card->commands[0], 2); /* started anew */
}

static void test_sd_card_that_is_not_there(void **state)
{
    (void)state;
    card->is_there = false;
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    assert_int_equal(device->erase(device->ctx, 1), SOTTO_ERR_IO);
    card->is_there = true;
    assert_int_equal(write_some(), SOTTO_OK);
    expect_some();
    card->is_there = false; /* taken out */
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    card->is_there = true;
    card->is_idle = true;
    expect_some();
}

static void test_sd_card_that_does_not_start(void **state)
{
    (void)state;
    card->stays_idle = true;
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    card->stays_idle = false;
    card->wants_voltage = true;
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    card->wants_voltage = false;
    assert_int_equal(write_some(), SOTTO_OK);
}

/* The specification, 7.3.3.1: after a block that was refused a write is ended
 * by STOP_TRANSMISSION; the token for its end is none then. */
static void test_sd_card_refuses_a_block(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        card->refuse_block = 1 + i / 2;
        card->flips_block = i % 2 != 0;
        assert_int_equal(write_some(), SOTTO_ERR_IO);
        assert_int_equal(card->stop_tokens, i);
        assert_int_equal(card->commands[12], i + 1);
        card->refuse_block = 0;
        assert_int_equal(write_some(), SOTTO_OK);
        expect_some();
    }
}

static void test_sd_card_fails_after_the_last_block(void **state)
{
    (void)state;
    card->status = 4; /* an error that it cannot name */
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    assert_int_equal(write_some(), SOTTO_OK);
}

static void test_sd_card_is_busy_for_long(void **state)
{
    (void)state;
    card->busy_bytes = 25000; /* 400 ms */
    assert_int_equal(write_some(), SOTTO_OK);
    expect_some();
    card->busy_bytes = UINT32_MAX;
    const uint32_t since_us = card->now_us;
    assert_int_equal(write_some(), SOTTO_ERR_IO);
    assert_true(card->now_us - since_us < 5000000);
    card_insert();
    assert_int_equal(write_some(), SOTTO_OK);
    expect_some();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sd_card_keeps_what_is_written),
        TEST(test_sd_card_of_each_kind),
        TEST(test_sd_card_reads_parts),
        TEST(test_sd_card_asks_again_for_what_came_wrong),
        TEST(test_sd_card_that_is_not_there),
        TEST(test_sd_card_that_does_not_start),
        TEST(test_sd_card_refuses_a_block),
        TEST(test_sd_card_fails_after_the_last_block),
        TEST(test_sd_card_is_busy_for_long),
    };
    return cmocka_run_group_tests_name("sd_card", tests, NULL, NULL);
#undef TEST
}
