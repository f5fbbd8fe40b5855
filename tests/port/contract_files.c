/*
 * contract_files.c - the file table: names, contents, lists, the lock.
 */
#include "tests/port/contract.h"

#include <stdio.h>
#include <string.h>

/* ---- helpers ---------------------------------------------------------- */

static int open_file(struct world *world, const char *name, unsigned flags)
{
    int file = -1;
    assert_int_equal(world->files.open(world->files.ctx, name, flags, &file),
                     SOTTO_OK);
    assert_true(file >= 0);
    return file;
}

static void append(struct world *world, int file, const char *text)
{
    assert_int_equal(world->files.append(world->files.ctx, file,
                                         (const uint8_t *)text, strlen(text)),
                     SOTTO_OK);
}

static void make_file(struct world *world, const char *name, const char *text)
{
    int file = open_file(world, name, SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE);
    append(world, file, text);
    world->files.close(world->files.ctx, file);
}

/* ---- opening ---------------------------------------------------------- */

static void test_open_says_not_found_without_create(void **state)
{
    struct world *world = *state;
    int file = -7;
    contract_files_open(world);
    assert_int_equal(world->files.open(world->files.ctx, "nothing", 0, &file),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(world->files.open(world->files.ctx, "nothing",
                                       SOTTO_FILE_TRUNCATE, &file),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(file, -7);
}

static void test_create_makes_or_keeps_and_truncate_empties(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    int file = open_file(world, "log", SOTTO_FILE_CREATE);
    contract_expect_contents(world, file, "");
    append(world, file, "one");
    world->files.close(world->files.ctx, file);
    file = open_file(world, "log", SOTTO_FILE_CREATE);
    contract_expect_contents(world, file, "one");
    world->files.close(world->files.ctx, file);
    file = open_file(world, "log", 0);
    append(world, file, " two");
    contract_expect_contents(world, file, "one two");
    world->files.close(world->files.ctx, file);
    file = open_file(world, "log", SOTTO_FILE_TRUNCATE);
    contract_expect_contents(world, file, "");
    world->files.close(world->files.ctx, file);
}

static void test_open_refuses_names_that_are_not_allowed(void **state)
{
    static const char *const names[] = {"",
                                        ".",
                                        "..",
                                        ".hidden",
                                        "a/b",
                                        "/tmp",
                                        "../a",
                                        "Upper",
                                        "sp ac",
                                        "a\nb",
                                        "\xc3\xa9tranger",
                                        "a:b",
                                        "a\\b",
                                        "a*",
                                        "abcdefghijklmnopqrstuvwxyz012345"};
    struct world *world = *state;
    contract_files_open(world);
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        int file = -7;
        assert_int_equal(world->files.open(world->files.ctx, names[at],
                                           SOTTO_FILE_CREATE, &file),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(file, -7);
        assert_int_equal(world->files.remove(world->files.ctx, names[at]),
                         SOTTO_ERR_FORMAT);
    }
}

static void test_every_allowed_name_works(void **state)
{
    static const char *const names[] = {
        "a",       "0",    "_",   "-",
        "a.b.c",   "lock", "x..", "abcdefghijklmnopqrstuvwxyz01234",
        "56789._-"};
    struct world *world = *state;
    contract_files_open(world);
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        make_file(world, names[at], names[at]);
    }
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        int file = open_file(world, names[at], 0);
        contract_expect_contents(world, file, names[at]);
        world->files.close(world->files.ctx, file);
    }
}

static void test_two_numbers_for_one_file(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    int first = open_file(world, "log", SOTTO_FILE_CREATE);
    int second = open_file(world, "log", SOTTO_FILE_CREATE);
    assert_int_not_equal(first, second);
    append(world, first, "seen by ");
    append(world, second, "both");
    contract_expect_contents(world, first, "seen by both");
    contract_expect_contents(world, second, "seen by both");
    world->files.close(world->files.ctx, first);
    contract_expect_contents(world, second, "seen by both");
}

#define MANY_FILES 10000

static void test_open_says_space_when_too_many_are_open(void **state)
{
    struct world *world = *state;
    static int files[MANY_FILES];
    contract_files_open(world);
    enum sotto_err err = SOTTO_OK;
    size_t count = 0;
    while (err == SOTTO_OK && count < MANY_FILES) {
        err = world->files.open(world->files.ctx, "log", SOTTO_FILE_CREATE,
                                &files[count]);
        count += err == SOTTO_OK ? 1 : 0;
    }
    assert_int_equal(err, SOTTO_ERR_SPACE);
    assert_true(count >= 4);
    world->files.close(world->files.ctx, files[0]);
    files[0] = open_file(world, "log", 0);
    append(world, files[0], "works");
    contract_expect_contents(world, files[count - 1], "works");
    for (size_t at = 0; at < count; at++) {
        world->files.close(world->files.ctx, files[at]);
    }
}

/* ---- contents --------------------------------------------------------- */

static void test_what_was_appended_is_read_at_once(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    int file = open_file(world, "log", SOTTO_FILE_CREATE);
    char all[27] = "";
    for (size_t step = 0; step + 1 < sizeof all; step++) {
        const char text[2] = {(char)('a' + step), '\0'};
        all[step] = text[0];
        append(world, file, text);
        contract_expect_contents(world, file, all);
    }
}

static void test_read_stops_at_the_end(void **state)
{
    struct world *world = *state;
    uint8_t bytes[16];
    size_t got = 77;
    contract_files_open(world);
    int file = open_file(world, "log", SOTTO_FILE_CREATE);
    append(world, file, "0123456789");
    static const struct {
        uint64_t at;
        size_t len;
        const char *expected;
    } cases[] = {
        {0, 10, "0123456789"}, {0, 16, "0123456789"},
        {3, 4, "3456"},        {7, 16, "789"},
        {9, 1, "9"},           {10, 1, ""},
        {11, 4, ""},           {1U << 30, 4, ""},
        {UINT64_MAX, 4, ""},   {5, 0, ""},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        assert_int_equal(world->files.read(world->files.ctx, file, cases[at].at,
                                           bytes, cases[at].len, &got),
                         SOTTO_OK);
        assert_int_equal(got, strlen(cases[at].expected));
        assert_memory_equal(bytes, cases[at].expected, got);
    }
}

static void test_large_appends_are_whole(void **state)
{
    struct world *world = *state;
    static uint8_t out[6000];
    static uint8_t in[6000];
    contract_files_open(world);
    int file = open_file(world, "log", SOTTO_FILE_CREATE);
    for (size_t at = 0; at < sizeof out; at++) {
        out[at] = contract_byte(at);
    }
    for (size_t round = 0; round < 2; round++) {
        size_t got = 0;
        assert_int_equal(world->files.append(world->files.ctx, file, out,
                                             sizeof out),
                         SOTTO_OK);
        assert_int_equal(world->files.read(world->files.ctx, file,
                                           round * sizeof out, in, sizeof in,
                                           &got),
                         SOTTO_OK);
        assert_int_equal(got, sizeof in);
        assert_memory_equal(in, out, sizeof in);
    }
}

static void test_truncate_cuts_and_never_lengthens(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    int file = open_file(world, "log", SOTTO_FILE_CREATE);
    append(world, file, "whole|torn");
    assert_int_equal(world->files.truncate(world->files.ctx, file, 11),
                     SOTTO_ERR_LIMIT);
    contract_expect_contents(world, file, "whole|torn");
    assert_int_equal(world->files.truncate(world->files.ctx, file, 10),
                     SOTTO_OK);
    contract_expect_contents(world, file, "whole|torn");
    assert_int_equal(world->files.truncate(world->files.ctx, file, 6),
                     SOTTO_OK);
    contract_expect_contents(world, file, "whole|");
    append(world, file, "again");
    contract_expect_contents(world, file, "whole|again");
    assert_int_equal(world->files.truncate(world->files.ctx, file, 0),
                     SOTTO_OK);
    contract_expect_contents(world, file, "");
}

static void test_contents_outlive_the_table(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    make_file(world, "log", "kept");
    int left_open = open_file(world, "log", 0);
    append(world, left_open, " too");
    port_files_close(&world->files);
    world->has_files = false;
    assert_int_equal(port_files_open(world->loop, world->folder, false,
                                     &world->files),
                     SOTTO_OK);
    world->has_files = true;
    int file = open_file(world, "log", 0);
    contract_expect_contents(world, file, "kept too");
}

/* ---- names ------------------------------------------------------------ */

/* The names with this prefix, in a bit for each of `known`; fails on a double
 * or an unknown one. */
static unsigned list_bits(struct world *world, const char *prefix,
                          const char *const *known, size_t count)
{
    unsigned bits = 0;
    for (size_t index = 0; index <= count; index++) {
        char name[SOTTO_FILE_NAME_MAX + 1] = "";
        enum sotto_err err =
            world->files.list(world->files.ctx, prefix, index, name);
        if (err == SOTTO_ERR_NOT_FOUND) {
            return bits;
        }
        assert_int_equal(err, SOTTO_OK);
        size_t at = 0;
        while (at < count && strcmp(name, known[at]) != 0) {
            at++;
        }
        assert_true(at < count);
        assert_int_equal(bits & 1U << at, 0);
        bits |= 1U << at;
    }
    fail_msg("the list has no end");
    return bits;
}

static void test_list_finds_each_name_once(void **state)
{
    static const char *const names[] = {
        "room-b", "room-a",   "room",
        "roof",   "accounts", "room-abcdefghijklmnopqrstuvwxyz"};
    struct world *world = *state;
    contract_files_open(world);
    assert_int_equal(list_bits(world, "", names, 6), 0);
    for (size_t at = 0; at < 6; at++) {
        make_file(world, names[at], "x");
    }
    assert_int_equal(list_bits(world, "", names, 6), 0x3f);
    assert_int_equal(list_bits(world, "room", names, 6), 0x27);
    assert_int_equal(list_bits(world, "room-", names, 6), 0x23);
    assert_int_equal(list_bits(world, "roo", names, 6), 0x2f);
    assert_int_equal(list_bits(world, "accounts", names, 6), 0x10);
    assert_int_equal(list_bits(world, "accounts2", names, 6), 0);
    assert_int_equal(list_bits(world, "z", names, 6), 0);
}

static void test_list_keeps_its_order(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    for (int at = 0; at < 8; at++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", at * 7 % 8);
        make_file(world, name, "x");
    }
    char forward[8][SOTTO_FILE_NAME_MAX + 1];
    for (size_t index = 0; index < 8; index++) {
        assert_int_equal(world->files.list(world->files.ctx, "f", index,
                                           forward[index]),
                         SOTTO_OK);
    }
    for (size_t index = 8; index > 0; index--) {
        char name[SOTTO_FILE_NAME_MAX + 1];
        assert_int_equal(world->files.list(world->files.ctx, "f", index - 1,
                                           name),
                         SOTTO_OK);
        assert_string_equal(name, forward[index - 1]);
        int file = open_file(world, "f3", 0); /* changes no name */
        append(world, file, "more");
        world->files.close(world->files.ctx, file);
    }
}

static void test_remove_removes(void **state)
{
    static const char *const names[] = {"goes", "stays"};
    struct world *world = *state;
    int file = -7;
    contract_files_open(world);
    make_file(world, "goes", "x");
    make_file(world, "stays", "y");
    assert_int_equal(list_bits(world, "", names, 2), 3);
    assert_int_equal(world->files.remove(world->files.ctx, "goes"), SOTTO_OK);
    assert_int_equal(list_bits(world, "", names, 2), 2);
    assert_int_equal(world->files.open(world->files.ctx, "goes", 0, &file),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(world->files.remove(world->files.ctx, "goes"),
                     SOTTO_ERR_NOT_FOUND);
    file = open_file(world, "goes", SOTTO_FILE_CREATE);
    contract_expect_contents(world, file, "");
}

/* ---- the folder ------------------------------------------------------- */

static void test_exclusive_is_for_one(void **state)
{
    struct world *world = *state;
    struct sotto_files second = {.ctx = NULL};
    enum sotto_err err =
        port_files_open(world->loop, world->folder, true, &world->files);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    world->has_files = true;
    assert_int_equal(port_files_open(world->loop, world->folder, true, &second),
                     SOTTO_ERR_BUSY);
    assert_null(second.ctx);
    make_file(world, "log", "undisturbed");
    port_files_close(&world->files);
    assert_int_equal(port_files_open(world->loop, world->folder, true,
                                     &world->files),
                     SOTTO_OK);
    int file = open_file(world, "log", 0);
    contract_expect_contents(world, file, "undisturbed");
}

static void test_folder_is_not_made_below_a_missing_one(void **state)
{
    struct world *world = *state;
    char folder[512];
    (void)snprintf(folder, sizeof folder, "%s/missing/too", world->folder);
    enum sotto_err err =
        port_files_open(world->loop, folder, false, &world->files);
    if (err == SOTTO_OK) { /* a port where the folder does not matter */
        world->has_files = true;
        skip();
    }
    assert_int_equal(err, SOTTO_ERR_NOT_FOUND);
}

int contract_files(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_open_says_not_found_without_create),
        CONTRACT_TEST(test_create_makes_or_keeps_and_truncate_empties),
        CONTRACT_TEST(test_open_refuses_names_that_are_not_allowed),
        CONTRACT_TEST(test_every_allowed_name_works),
        CONTRACT_TEST(test_two_numbers_for_one_file),
        CONTRACT_TEST(test_open_says_space_when_too_many_are_open),
        CONTRACT_TEST(test_what_was_appended_is_read_at_once),
        CONTRACT_TEST(test_read_stops_at_the_end),
        CONTRACT_TEST(test_large_appends_are_whole),
        CONTRACT_TEST(test_truncate_cuts_and_never_lengthens),
        CONTRACT_TEST(test_contents_outlive_the_table),
        CONTRACT_TEST(test_list_finds_each_name_once),
        CONTRACT_TEST(test_list_keeps_its_order),
        CONTRACT_TEST(test_remove_removes),
        CONTRACT_TEST(test_exclusive_is_for_one),
        CONTRACT_TEST(test_folder_is_not_made_below_a_missing_one),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
