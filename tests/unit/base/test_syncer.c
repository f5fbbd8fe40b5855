#include "core/base/syncer.h"
#include "tests/unit/support/faulty_files.h"
#include "tests/unit/test.h"

static struct faulty_files disk;

/* A disk with one open file. */
static void begin(struct sotto_syncer *syncer)
{
    int file = -1;
    faulty_files_free(&disk);
    const struct sotto_files *files = faulty_files_table(&disk);
    assert_int_equal(files->open(files->ctx, "file", SOTTO_FILE_CREATE, &file),
                     SOTTO_OK);
    sotto_syncer_init(syncer, files, file);
}

static uint64_t append(struct sotto_syncer *syncer)
{
    const struct sotto_files *files = syncer->files;
    assert_int_equal(files->append(files->ctx, syncer->file,
                                   (const uint8_t *)"x", 1),
                     SOTTO_OK);
    return sotto_syncer_note(syncer);
}

static void test_syncer_is_idle_without_appends(void **state)
{
    (void)state;
    struct sotto_syncer syncer;
    begin(&syncer);
    assert_true(sotto_syncer_is_idle(&syncer));
    assert_false(sotto_syncer_run(&syncer));
    assert_false(sotto_syncer_is_pending(&syncer));
}

static void test_syncer_covers_all_that_waited_with_one_sync(void **state)
{
    (void)state;
    struct sotto_syncer syncer;
    begin(&syncer);
    assert_int_equal(append(&syncer), 1);
    assert_false(sotto_syncer_is_idle(&syncer));
    assert_false(sotto_syncer_run(&syncer)); /* starts */
    assert_true(sotto_syncer_is_pending(&syncer));
    assert_int_equal(append(&syncer), 2);
    assert_int_equal(append(&syncer), 3);
    assert_false(sotto_syncer_run(&syncer)); /* nothing yet */
    assert_int_equal(syncer.durable, 0);
    assert_true(faulty_files_complete(&disk));
    assert_true(sotto_syncer_run(&syncer));
    assert_int_equal(syncer.durable, 1); /* later ones are not covered */
    assert_int_equal(faulty_files_unsynced(&disk), 2);
    assert_true(faulty_files_complete(&disk));
    assert_true(sotto_syncer_run(&syncer));
    assert_int_equal(syncer.durable, 3);
    assert_true(sotto_syncer_is_idle(&syncer));
    assert_int_equal(faulty_files_unsynced(&disk), 0);
}

static void test_syncer_stops_for_good_after_failed_sync(void **state)
{
    (void)state;
    struct sotto_syncer syncer;
    begin(&syncer);
    (void)append(&syncer);
    assert_false(sotto_syncer_run(&syncer));
    (void)append(&syncer);
    disk.fail_at = disk.calls + 1;
    assert_true(faulty_files_complete(&disk));
    assert_true(sotto_syncer_run(&syncer));
    assert_int_equal(syncer.failed, SOTTO_ERR_IO);
    assert_int_equal(syncer.durable, 0);
    assert_true(sotto_syncer_is_idle(&syncer));
    assert_false(sotto_syncer_run(&syncer));
    assert_false(faulty_files_complete(&disk));
}

static int end(void **state)
{
    (void)state;
    faulty_files_free(&disk);
    return 0;
}

int test_syncer(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syncer_is_idle_without_appends),
        cmocka_unit_test(test_syncer_covers_all_that_waited_with_one_sync),
        cmocka_unit_test(test_syncer_stops_for_good_after_failed_sync),
    };
    return cmocka_run_group_tests_name("syncer", tests, NULL, end);
}
