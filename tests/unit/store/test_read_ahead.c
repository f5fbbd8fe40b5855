/*
 * test_read_ahead.c - a file table that reads ahead says what the one below it
 * says, and asks it less often.
 */
#include "core/store/read_ahead.h"
#include "tests/unit/support/faulty_files.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define WINDOW 64

static struct faulty_files disk;
static struct sotto_files below; /* the disk's, counting reads */
static unsigned reads;
static struct sotto_read_ahead ahead;
static uint8_t window[WINDOW];
static const struct sotto_files *files;

static enum sotto_err counting_read(void *ctx, int file, uint64_t at,
                                    uint8_t *out, size_t len, size_t *got)
{
    reads++;
    return faulty_files_table(&disk)->read(ctx, file, at, out, len, got);
}

static int begin(void **state)
{
    (void)state;
    faulty_files_init(&disk);
    below = *faulty_files_table(&disk);
    below.read = counting_read;
    reads = 0;
    sotto_read_ahead_init(&ahead, &below, window, sizeof window);
    files = &ahead.files;
    return 0;
}

static int end(void **state)
{
    (void)state;
    faulty_files_free(&disk);
    return 0;
}

static int open_file(const char *name)
{
    int file = -1;
    assert_int_equal(files->open(files->ctx, name, SOTTO_FILE_CREATE, &file),
                     SOTTO_OK);
    return file;
}

static void append(int file, size_t len, uint8_t first)
{
    uint8_t bytes[256];
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(first + i);
    }
    assert_int_equal(files->append(files->ctx, file, bytes, len), SOTTO_OK);
}

/* What is read is what a read below gives. */
static void read_same(int file, uint64_t at, size_t len)
{
    uint8_t got_bytes[256];
    uint8_t true_bytes[256];
    size_t got = 0;
    size_t true_got = 0;
    const struct sotto_files *table = faulty_files_table(&disk);
    assert_int_equal(files->read(files->ctx, file, at, got_bytes, len, &got),
                     SOTTO_OK);
    assert_int_equal(table->read(table->ctx, file, at, true_bytes, len,
                                 &true_got),
                     SOTTO_OK);
    assert_int_equal(got, true_got);
    assert_memory_equal(got_bytes, true_bytes, got);
}

static void test_read_ahead_asks_once_for_a_window(void **state)
{
    (void)state;
    const int file = open_file("a");
    append(file, 200, 0);
    for (uint64_t at = 0; at < 64; at += 8) {
        read_same(file, at, 8);
    }
    assert_int_equal(reads, 1);
    read_same(file, 60, 8); /* from there on */
    read_same(file, 100, 24);
    assert_int_equal(reads, 2);
    read_same(file, 59, 8); /* back */
    assert_int_equal(reads, 3);
    read_same(file, 0, WINDOW); /* as much as the window: straight through */
    read_same(file, 59, 8);
    assert_int_equal(reads, 4);
}

static void test_read_ahead_sees_what_is_appended(void **state)
{
    (void)state;
    const int file = open_file("a");
    read_same(file, 0, 8);
    append(file, 12, 0);
    read_same(file, 0, 8);
    read_same(file, 8, 8);
    append(file, 12, 50);
    read_same(file, 8, 8);
    read_same(file, 16, 8);
    read_same(file, 24, 8);
}

static void test_read_ahead_forgets_what_is_gone(void **state)
{
    (void)state;
    int file = open_file("a");
    append(file, 32, 0);
    read_same(file, 0, 8);
    assert_int_equal(files->truncate(files->ctx, file, 4), SOTTO_OK);
    append(file, 28, 100);
    read_same(file, 0, 8);
    files->close(files->ctx, file);
    const int other = open_file("b"); /* may get its number */
    append(other, 32, 200);
    read_same(other, 0, 8);
    file = open_file("a");
    read_same(file, 0, 8);
    read_same(other, 4, 8);
}

static void test_read_ahead_passes_errors_on(void **state)
{
    (void)state;
    uint8_t byte = 0;
    size_t got = 0;
    const int file = open_file("a");
    append(file, 32, 0);
    read_same(file, 0, 8);
    disk.fail_at = disk.calls + 1;
    assert_int_equal(files->read(files->ctx, file, 100, &byte, 1, &got),
                     SOTTO_ERR_IO);
    disk.fail_at = 0;
    read_same(file, 0, 8);
    read_same(file, 100, 8);
}

static void test_read_ahead_agrees_through_random_calls(void **state)
{
    (void)state;
    struct seed seed;
    int handles[2] = {open_file("a"), open_file("b")};
    seed_init(&seed, seed_of_run(1));
    for (int i = 0; i < 3000; i++) {
        const size_t which = (size_t)seed_below(&seed, 2);
        uint64_t len = 0;
        assert_int_equal(files->size(files->ctx, handles[which], &len),
                         SOTTO_OK);
        switch (seed_below(&seed, 8)) {
        case 0:
            append(handles[which], 1 + (size_t)seed_below(&seed, 40),
                   (uint8_t)i);
            break;
        case 1:
            if (len > 400) { /* may be cut, and what is there differs then */
                assert_int_equal(files->truncate(files->ctx, handles[which],
                                                 seed_below(&seed,
                                                            (size_t)len)),
                                 SOTTO_OK);
            }
            break;
        case 2:
            files->close(files->ctx, handles[which]);
            handles[which] = open_file(which == 0 ? "a" : "b");
            break;
        default:
            read_same(handles[which], seed_below(&seed, (size_t)len + 10),
                      1 + (size_t)seed_below(&seed, 100));
        }
    }
}

int test_read_ahead(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_read_ahead_asks_once_for_a_window),
        TEST(test_read_ahead_sees_what_is_appended),
        TEST(test_read_ahead_forgets_what_is_gone),
        TEST(test_read_ahead_passes_errors_on),
        TEST(test_read_ahead_agrees_through_random_calls),
    };
    return cmocka_run_group_tests_name("read_ahead", tests, NULL, NULL);
#undef TEST
}
