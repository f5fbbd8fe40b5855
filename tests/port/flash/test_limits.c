/*
 * test_limits.c - a full device, wear, blocks that fail, what opening refuses.
 */
#include "port/flash/state.h"
#include "tests/port/flash/bench.h"

#include <stdio.h>
#include <string.h>

static enum sotto_err make(struct bench *bench, enum bench_kind kind,
                           uint8_t name, uint8_t other, uint32_t amount)
{
    const struct bench_step step = {kind, name, other, amount};
    return bench_make_step(bench, &step);
}

static void must(struct bench *bench, enum bench_kind kind, uint8_t name,
                 uint8_t other, uint32_t amount)
{
    assert_int_equal(make(bench, kind, name, other, amount), SOTTO_OK);
}

/* Appends until even a byte is too much. */
static void fill(struct bench *bench, uint8_t name)
{
    for (uint32_t amount = 3000; amount > 0; amount /= 2) {
        while (make(bench, BENCH_APPEND, name, 0, amount) == SOTTO_OK) {
        }
        bench_check(bench);
    }
}

/* ---- full ------------------------------------------------------------- */

static void test_a_full_device_can_still_replace_cut_and_remove(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 1);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 2000);
    must(&bench, BENCH_CREATE, 1, 0, 0);
    must(&bench, BENCH_APPEND, 1, 0, 100);
    must(&bench, BENCH_CREATE, 2, 0, 0);
    fill(&bench, 2);
    must(&bench, BENCH_SYNC, 2, 0, 0);
    must(&bench, BENCH_REPLACE, 1, 0, 0); /* and so two blocks are free */
    must(&bench, BENCH_APPEND, 2, 0, 500);
    fill(&bench, 2);
    for (unsigned round = 0; round < 100; round++) { /* changes of names */
        must(&bench, BENCH_CREATE, 3, 0, 0);
        must(&bench, BENCH_REMOVE, 3, 0, 0);
    }
    must(&bench, BENCH_REOPEN, 0, 0, 0);
    must(&bench, BENCH_TRUNCATE, 2, 0, 1500);
    must(&bench, BENCH_APPEND, 2, 0, 1000);
    fill(&bench, 2);
    must(&bench, BENCH_CREATE, 2, 0, 1); /* emptied */
    must(&bench, BENCH_APPEND, 2, 0, 3000);
    fill(&bench, 2);
    must(&bench, BENCH_REMOVE, 2, 0, 0);
    must(&bench, BENCH_CREATE, 4, 0, 0);
    must(&bench, BENCH_APPEND, 4, 0, 3000);
    bench_reopen(&bench);
    bench_free(&bench);
}

static void test_no_name_is_left_beyond_the_last(void **state)
{
    static struct bench bench;
    int file = -7;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    for (uint8_t name = 0; name < BENCH_NAMES; name++) {
        must(&bench, BENCH_CREATE, name, 0, 0);
    }
    bench_reopen(&bench);
    assert_int_equal(bench.files.open(bench.files.ctx, "one-more",
                                      SOTTO_FILE_CREATE, &file),
                     SOTTO_ERR_FULL);
    assert_int_equal(file, -7);
    must(&bench, BENCH_REMOVE, 3, 0, 0);
    must(&bench, BENCH_CREATE, 3, 0, 0);
    bench_free(&bench);
}

static void test_every_byte_of_an_empty_device_can_be_used(void **state)
{
    static struct bench bench;
    struct flash_space space;
    (void)state;
    bench_make(&bench, 1024, 20, 8, 0);
    flash_files_space(bench.flash, &space);
    assert_int_equal(space.blocks, 20);
    assert_int_equal(space.free, 20);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    fill(&bench, 0);
    flash_files_space(bench.flash, &space);
    assert_int_equal(space.free, FLASH_RESERVE);
    /* All but the list and the reserve; a record costs eight bytes. */
    assert_in_range(bench.model[0].len, 17U * space.block_bytes - 256,
                    17U * space.block_bytes);
    bench_free(&bench);
}

/* ---- a file that has lost its name ------------------------------------ */

static void test_a_replaced_file_that_is_open_is_a_file_still(void **state)
{
    static struct bench bench;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    uint8_t bytes[16];
    size_t got = 0;
    bool more = false;
    int old = -1;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    const struct sotto_files *files = &bench.files;
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_CREATE, 1, 0, 0);
    must(&bench, BENCH_APPEND, 1, 0, 400);
    assert_int_equal(files->open(files->ctx, bench_name(0), 0, &old), SOTTO_OK);
    must(&bench, BENCH_REPLACE, 1, 0, 0);
    assert_int_equal(files->append(files->ctx, old, (const uint8_t *)"old", 3),
                     SOTTO_OK);
    files->sync(files->ctx, old, &io);
    assert_true(flash_files_poll(bench.flash, &more));
    assert_int_equal(io.err, SOTTO_OK);
    assert_int_equal(files->truncate(files->ctx, old, 0), SOTTO_OK);
    assert_int_equal(files->append(files->ctx, old, (const uint8_t *)"new", 3),
                     SOTTO_OK);
    assert_int_equal(files->read(files->ctx, old, 0, bytes, 16, &got),
                     SOTTO_OK);
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "new", 3);
    bench_check(&bench);
    struct flash_space before;
    struct flash_space after;
    flash_files_space(bench.flash, &before);
    files->close(files->ctx, old);
    flash_files_space(bench.flash, &after);
    assert_int_equal(after.free, before.free + 1);
    bench_reopen(&bench);
    bench_free(&bench);
}

/* ---- wear ------------------------------------------------------------- */

struct wear {
    uint32_t least;
    uint32_t most;
    uint32_t mean;
};

/* Two files that are written once, and one that is replaced without end: what
 * wears flash out when it is done without care. Restarts every so many rounds,
 * 0 for never. */
static struct wear wear_out(unsigned restarts)
{
    static struct bench bench;
    const uint16_t blocks = 32;
    struct wear wear = {.least = UINT32_MAX};
    uint64_t sum = 0;
    bench_make(&bench, 1024, blocks, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 12000);
    must(&bench, BENCH_CREATE, 2, 0, 0);
    must(&bench, BENCH_APPEND, 2, 0, 300);
    for (unsigned round = 1; round <= 20000; round++) {
        must(&bench, BENCH_CREATE, 1, 0, 1);
        must(&bench, BENCH_APPEND, 1, 0, 100);
        must(&bench, BENCH_REPLACE, 1, 3, 0);
        bench_settle(&bench);
        if (restarts > 0 && round % restarts == 0) {
            bench_reopen(&bench);
        }
    }
    for (uint16_t at = 0; at < blocks; at++) {
        const uint32_t here = bench.nor.erasures[at];
        wear.least = here < wear.least ? here : wear.least;
        wear.most = here > wear.most ? here : wear.most;
        sum += here;
    }
    wear.mean = (uint32_t)(sum / blocks);
    (void)printf("erasures of a block: %u to %u, mean %u\n",
                 (unsigned)wear.least, (unsigned)wear.most,
                 (unsigned)wear.mean);
    bench_free(&bench);
    return wear;
}

static void test_wear_is_even(void **state)
{
    (void)state;
    const struct wear wear = wear_out(0);
    assert_in_range(wear.most - wear.least, 0, FLASH_WEAR_SPREAD + 2);
}

/* The wear of a block that was erased and not used yet is forgotten, and has to
 * be guessed. */
static void test_wear_is_even_through_restarts(void **state)
{
    (void)state;
    const struct wear rare = wear_out(1000);
    assert_in_range(rare.most - rare.mean, 0, FLASH_WEAR_SPREAD);
    const struct wear often = wear_out(50);
    assert_in_range(often.most - often.mean, 0, FLASH_WEAR_SPREAD);
}

static void test_a_turn_of_the_loop_is_short(void **state)
{
    static struct bench bench;
    uint64_t longest = 0;
    bool more = false;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 5000);
    for (unsigned round = 0; round < 2000; round++) {
        must(&bench, BENCH_CREATE, 1, 0, 1);
        must(&bench, BENCH_APPEND, 1, 0, 100);
        do {
            const uint64_t before = bench.nor.operations;
            (void)flash_files_poll(bench.flash, &more);
            const uint64_t steps = bench.nor.operations - before;
            longest = steps > longest ? steps : longest;
        } while (more);
    }
    /* One erase, one head, one block's bytes page by page. */
    assert_in_range(longest, 1, 2 + 1024 / FLASH_PAGE + 1);
    bench_free(&bench);
}

/* ---- failures --------------------------------------------------------- */

static void test_a_failed_append_is_none_and_the_file_refuses(void **state)
{
    static struct bench bench;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    bool more = false;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    const struct sotto_files *files = &bench.files;
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 700);
    bench.nor.failing = 1000;
    assert_int_equal(make(&bench, BENCH_APPEND, 0, 0, 100), SOTTO_ERR_IO);
    bench.nor.failing = 0;
    bench_check(&bench);
    const int number = bench.numbers[0];
    assert_int_equal(files->append(files->ctx, number, bench.memory, 1),
                     SOTTO_ERR_IO);
    assert_int_equal(files->truncate(files->ctx, number, 0), SOTTO_ERR_IO);
    files->sync(files->ctx, number, &io);
    assert_true(flash_files_poll(bench.flash, &more));
    assert_int_equal(io.err, SOTTO_ERR_IO);
    assert_int_equal(bench_sync_all(&bench), SOTTO_OK); /* closes it */
    must(&bench, BENCH_APPEND, 0, 0, 100);
    bench_reopen(&bench);
    bench_free(&bench);
}

/* What was to shorten the file may be found at the next mount, so nothing may be
 * written on top of what it would take away. */
static void test_nothing_is_written_when_not_even_erasing_works(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    const struct bench_step cut = {BENCH_TRUNCATE, 0, 0, 300};
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 700);
    bench_settle(&bench); /* a block is erased ahead */
    bench.nor.failing = 1000;
    assert_int_equal(bench_make_step(&bench, &cut), SOTTO_ERR_IO);
    bench.nor.failing = 0;
    bench_check(&bench);
    assert_int_equal(bench_sync_all(&bench), SOTTO_ERR_IO);
    assert_int_equal(make(&bench, BENCH_CREATE, 1, 0, 0), SOTTO_ERR_IO);
    (void)bench_make_step(&bench, &cut);
    (void)bench_recover(&bench, &cut);
    must(&bench, BENCH_APPEND, 0, 0, 100);
    assert_int_equal(bench_sync_all(&bench), SOTTO_OK);
    bench_free(&bench);
}

static void test_a_block_that_cannot_be_erased_is_passed_over(void **state)
{
    static struct bench bench;
    struct flash_space space;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    bench.nor.bad_block = 9;
    must(&bench, BENCH_CREATE, 0, 0, 0);
    for (unsigned round = 0; round < 50; round++) {
        must(&bench, BENCH_CREATE, 0, 0, 1);
        must(&bench, BENCH_APPEND, 0, 0, 1300);
        if (round % 2 == 0) {
            bench_settle(&bench);
        }
    }
    flash_files_space(bench.flash, &space);
    assert_int_equal(space.blocks, 15);
    bench_reopen(&bench);
    fill(&bench, 0);
    bench_reopen(&bench);
    bench_free(&bench);
}

static void test_reading_says_io_and_then_goes_on(void **state)
{
    static struct bench bench;
    uint8_t byte = 0;
    size_t got = 7;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    const struct sotto_files *files = &bench.files;
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 700);
    bench.nor.read_fails = true;
    assert_int_equal(files->read(files->ctx, bench.numbers[0], 0, &byte, 1,
                                 &got),
                     SOTTO_ERR_IO);
    assert_int_equal(got, 7);
    bench.nor.read_fails = false;
    bench_check(&bench);
    bench_free(&bench);
}

/* ---- opening ---------------------------------------------------------- */

static const struct flash_config usual = {6, 6, 2};

static enum sotto_err open_as(struct bench *bench,
                              const struct flash_config *config)
{
    return flash_files_open(&bench->flash, bench->memory, sizeof bench->memory,
                            &bench->nor.device, config, &bench->files);
}

static void test_opening_refuses_what_it_cannot_be_right_about(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_CREATE, 1, 0, 0);
    const struct flash_device device = bench.nor.device;
    assert_int_equal(open_as(&bench, &(struct flash_config){1, 4, 2}),
                     SOTTO_ERR_SPACE);
    assert_int_equal(open_as(&bench, &(struct flash_config){0, 4, 2}),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(open_as(&bench, &(struct flash_config){30, 4, 2}),
                     SOTTO_ERR_LIMIT); /* the list does not fit */
    bench.nor.device.unit = 12;
    assert_int_equal(open_as(&bench, &usual), SOTTO_ERR_LIMIT);
    bench.nor.device.unit = 16;
    assert_int_equal(open_as(&bench, &usual), SOTTO_ERR_FORMAT);
    bench.nor.device = device;
    assert_int_equal(flash_files_open(&bench.flash, bench.memory,
                                      FLASH_MEMORY(16, 6, 6, 2) - 1,
                                      &bench.nor.device, &usual, &bench.files),
                     SOTTO_ERR_SPACE);
    bench.nor.read_fails = true;
    assert_int_equal(open_as(&bench, &usual), SOTTO_ERR_IO);
    bench.nor.read_fails = false;
    assert_int_equal(open_as(&bench, &usual), SOTTO_OK);
    bench_free(&bench);
}

static void test_a_lost_list_is_told_and_erasing_helps(void **state)
{
    static struct bench bench;
    char name[SOTTO_FILE_NAME_MAX + 1];
    (void)state;
    bench_make(&bench, 1024, 16, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 10);
    bench.nor.bytes[bench.flash->list * 1024U + 40] ^= 1;
    assert_int_equal(open_as(&bench, &usual), SOTTO_ERR_FORMAT);
    assert_int_equal(flash_files_erase(&bench.nor.device), SOTTO_OK);
    assert_int_equal(open_as(&bench, &usual), SOTTO_OK);
    assert_int_equal(bench.files.list(bench.files.ctx, "", 0, name),
                     SOTTO_ERR_NOT_FOUND);
    bench_free(&bench);
}

/* ---- what only ever happens on paper, or by somebody's hand ---------------- */

/* The slot of a file of the bench. */
static struct flash_slot *slot_of(struct bench *bench, uint8_t name)
{
    const uint16_t at = flash_slot_find(bench->flash, bench_name(name));
    assert_true(at < bench->flash->slot_count);
    return &bench->flash->slots[at];
}

static void test_the_last_block_number_is_followed_by_none(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 100);
    bench.flash->next_seq = UINT32_MAX - 1;
    must(&bench, BENCH_TRUNCATE, 0, 0, 10);
    bench_reopen(&bench);
    assert_int_equal(make(&bench, BENCH_APPEND, 0, 0, 1), SOTTO_ERR_IO);
    assert_int_equal(make(&bench, BENCH_CREATE, 1, 0, 0), SOTTO_ERR_IO);
    bench_reopen(&bench);
    bench_free(&bench);
}

static void test_the_last_identity_is_followed_by_none(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    bench.flash->next_id = UINT32_MAX - 1;
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 100);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(make(&bench, BENCH_CREATE, 1, 0, 0), SOTTO_ERR_FULL);
        assert_int_equal(make(&bench, BENCH_CREATE, 0, 0, 1), SOTTO_ERR_FULL);
        bench_reopen(&bench);
    }
    must(&bench, BENCH_TRUNCATE, 0, 0, 99); /* which needs none */
    must(&bench, BENCH_REPLACE, 0, 1, 0);
    bench_reopen(&bench);
    bench_free(&bench);
}

static void test_a_list_that_we_would_not_write_is_refused(void **state)
{
    static const struct {
        uint32_t id;
        const char *name;
    } entries[] = {{7, "Bad Name"},
                   {7, ""},
                   {FLASH_DIRECTORY_ID, "zero"},
                   {UINT32_MAX, "last"}};
    static struct bench bench;
    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        bench_make(&bench, 1024, 12, 8, 0);
        must(&bench, BENCH_CREATE, 0, 0, 0);
        assert_int_equal(flash_list_put(bench.flash, FLASH_SET, entries[i].id,
                                        entries[i].name),
                         SOTTO_OK);
        assert_int_equal(open_as(&bench, &usual), SOTTO_ERR_FORMAT);
        bench_free(&bench);
    }
}

static void test_a_block_beyond_the_device_is_of_no_file(void **state)
{
    static struct bench bench;
    uint64_t len = 7;
    int file = -1;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    slot_of(&bench, 0)->size = 11 * flash_capacity(bench.flash) + 1;
    must(&bench, BENCH_APPEND, 0, 0, 1);
    assert_int_equal(open_as(&bench, &usual), SOTTO_OK);
    assert_int_equal(bench.files.open(bench.files.ctx, bench_name(0), 0, &file),
                     SOTTO_OK);
    assert_int_equal(bench.files.size(bench.files.ctx, file, &len), SOTTO_OK);
    assert_int_equal(len, 0);
    bench_free(&bench);
}

static void test_wear_beyond_all_counting_comes_to_rest(void **state)
{
    static struct bench bench;
    (void)state;
    bench_make(&bench, 1024, 12, 8, 0);
    must(&bench, BENCH_CREATE, 0, 0, 0);
    must(&bench, BENCH_APPEND, 0, 0, 100);
    for (uint16_t at = 0; at < 12; at++) {
        struct flash_block *block = &bench.flash->blocks[at];
        block->wear = block->owner == FLASH_FREE ? 100 : UINT32_MAX - 8;
    }
    bench_settle(&bench);
    bench_check(&bench);
    assert_true(bench.nor.operations < 100);
    bench_free(&bench);
}

static void test_checksum_is_the_published_one(void **state)
{
    (void)state; /* RFC 3720, appendix B.4, and the usual check value */
    static const uint8_t zeros[32] = {0};
    assert_int_equal(flash_crc32c(0, (const uint8_t *)"123456789", 9),
                     0xe3069283);
    assert_int_equal(flash_crc32c(0, zeros, 32), 0x8a9136aa);
}

int flash_limits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_device_can_still_replace_cut_and_remove),
        cmocka_unit_test(test_no_name_is_left_beyond_the_last),
        cmocka_unit_test(test_every_byte_of_an_empty_device_can_be_used),
        cmocka_unit_test(test_a_replaced_file_that_is_open_is_a_file_still),
        cmocka_unit_test(test_wear_is_even),
        cmocka_unit_test(test_wear_is_even_through_restarts),
        cmocka_unit_test(test_a_turn_of_the_loop_is_short),
        cmocka_unit_test(test_a_failed_append_is_none_and_the_file_refuses),
        cmocka_unit_test(test_nothing_is_written_when_not_even_erasing_works),
        cmocka_unit_test(test_a_block_that_cannot_be_erased_is_passed_over),
        cmocka_unit_test(test_reading_says_io_and_then_goes_on),
        cmocka_unit_test(test_opening_refuses_what_it_cannot_be_right_about),
        cmocka_unit_test(test_a_lost_list_is_told_and_erasing_helps),
        cmocka_unit_test(test_the_last_block_number_is_followed_by_none),
        cmocka_unit_test(test_the_last_identity_is_followed_by_none),
        cmocka_unit_test(test_a_list_that_we_would_not_write_is_refused),
        cmocka_unit_test(test_a_block_beyond_the_device_is_of_no_file),
        cmocka_unit_test(test_wear_beyond_all_counting_comes_to_rest),
        cmocka_unit_test(test_checksum_is_the_published_one),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
