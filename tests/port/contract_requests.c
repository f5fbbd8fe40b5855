/*
 * contract_requests.c - sync and replace, which complete later.
 */
#include "tests/port/contract.h"

#include <stdio.h>
#include <string.h>

/* ---- helpers ---------------------------------------------------------- */

static int make_open(struct world *world, const char *name, const char *text)
{
    int file = -1;
    assert_int_equal(world->files.open(world->files.ctx, name,
                                       SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE,
                                       &file),
                     SOTTO_OK);
    assert_int_equal(world->files.append(world->files.ctx, file,
                                         (const uint8_t *)text, strlen(text)),
                     SOTTO_OK);
    return file;
}

static void make_file(struct world *world, const char *name, const char *text)
{
    world->files.close(world->files.ctx, make_open(world, name, text));
}

/* The file of this name has these contents, or (NULL) is not there. */
static void expect_file(struct world *world, const char *name, const char *text)
{
    int file = -1;
    enum sotto_err err = world->files.open(world->files.ctx, name, 0, &file);
    if (text == NULL) {
        assert_int_equal(err, SOTTO_ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(err, SOTTO_OK);
    contract_expect_contents(world, file, text);
    world->files.close(world->files.ctx, file);
}

static void sync_start(struct world *world, int file, struct sotto_io *io)
{
    world->files.sync(world->files.ctx, file, io);
    assert_int_equal(io->state, SOTTO_IO_PENDING);
}

static void replace_start(struct world *world, const char *from, const char *to,
                          struct sotto_io *io)
{
    world->files.replace(world->files.ctx, from, to, io);
    assert_int_equal(io->state, SOTTO_IO_PENDING);
}

/* Waits without end: completing makes the loop return. */
static enum sotto_err finish(struct world *world, const struct sotto_io *io)
{
    while (io->state == SOTTO_IO_PENDING) {
        contract_turn(world, PORT_FOREVER);
    }
    assert_int_equal(io->state, SOTTO_IO_DONE);
    return io->err;
}

/* ---- sync ------------------------------------------------------------- */

static void test_sync_is_pending_then_done(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    int file = make_open(world, "log", "first");
    sync_start(world, file, &io);
    assert_int_equal(finish(world, &io), SOTTO_OK);
    for (int round = 0; round < 3; round++) { /* the struct is used again */
        assert_int_equal(world->files.append(world->files.ctx, file,
                                             (const uint8_t *)"+", 1),
                         SOTTO_OK);
        sync_start(world, file, &io);
        assert_int_equal(finish(world, &io), SOTTO_OK);
    }
    contract_expect_contents(world, file, "first+++");
}

static void test_sync_is_done_only_inside_a_wait(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    int file = make_open(world, "log", "first");
    sync_start(world, file, &io);
    uint64_t end_ms = port_now_ms(world->port) + 50;
    while (port_now_ms(world->port) < end_ms) {
        assert_int_equal(io.state, SOTTO_IO_PENDING);
    }
    assert_int_equal(finish(world, &io), SOTTO_OK);
}

static void test_a_file_goes_on_while_it_is_synced(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    int file = make_open(world, "log", "before");
    sync_start(world, file, &io);
    assert_int_equal(world->files.append(world->files.ctx, file,
                                         (const uint8_t *)" after", 6),
                     SOTTO_OK);
    contract_expect_contents(world, file, "before after");
    assert_int_equal(finish(world, &io), SOTTO_OK);
    contract_expect_contents(world, file, "before after");
}

static void test_syncs_of_several_files_at_once(void **state)
{
    struct world *world = *state;
    struct sotto_io io[4];
    int files[4];
    memset(io, 0, sizeof io);
    contract_files_open(world);
    for (size_t at = 0; at < 4; at++) {
        char name[8];
        (void)snprintf(name, sizeof name, "log%zu", at);
        files[at] = make_open(world, name, name);
    }
    for (size_t at = 0; at < 4; at++) {
        sync_start(world, files[at], &io[at]);
    }
    assert_int_equal(finish(world, &io[3]), SOTTO_OK);
    for (size_t at = 0; at < 4; at++) { /* in the order they were started */
        assert_int_equal(io[at].state, SOTTO_IO_DONE);
        assert_int_equal(io[at].err, SOTTO_OK);
    }
}

static void test_closing_a_file_leaves_its_sync_alone(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    int file = make_open(world, "log", "closed");
    sync_start(world, file, &io);
    world->files.close(world->files.ctx, file);
    int other = make_open(world, "other", "takes the number, perhaps");
    assert_int_equal(finish(world, &io), SOTTO_OK);
    expect_file(world, "log", "closed");
    contract_expect_contents(world, other, "takes the number, perhaps");
}

static void test_closing_the_table_finishes_requests(void **state)
{
    struct world *world = *state;
    struct sotto_io io[3];
    memset(io, 0, sizeof io);
    contract_files_open(world);
    int file = make_open(world, "log", "kept");
    make_file(world, "new", "replaced");
    sync_start(world, file, &io[0]);
    replace_start(world, "new", "old", &io[1]);
    replace_start(world, "missing", "old", &io[2]);
    port_files_close(&world->files);
    world->has_files = false;
    for (size_t at = 0; at < 3; at++) {
        assert_int_equal(io[at].state, SOTTO_IO_DONE);
        assert_int_equal(io[at].err, at < 2 ? SOTTO_OK : SOTTO_ERR_NOT_FOUND);
    }
    assert_int_equal(port_files_open(world->loop, world->folder, false,
                                     &world->files),
                     SOTTO_OK);
    world->has_files = true;
    expect_file(world, "log", "kept");
    expect_file(world, "old", "replaced");
    expect_file(world, "new", NULL);
}

/* ---- replace ---------------------------------------------------------- */

static void test_replace_takes_the_name(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    make_file(world, "accounts", "old");
    make_file(world, "accounts.new", "new and longer");
    replace_start(world, "accounts.new", "accounts", &io);
    assert_int_equal(finish(world, &io), SOTTO_OK);
    expect_file(world, "accounts", "new and longer");
    expect_file(world, "accounts.new", NULL);
    char name[SOTTO_FILE_NAME_MAX + 1];
    assert_int_equal(world->files.list(world->files.ctx, "acc", 0, name),
                     SOTTO_OK);
    assert_string_equal(name, "accounts");
    assert_int_equal(world->files.list(world->files.ctx, "acc", 1, name),
                     SOTTO_ERR_NOT_FOUND);
}

static void test_replace_makes_a_name_that_was_not_there(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    make_file(world, "a", "bytes");
    replace_start(world, "a", "b", &io);
    assert_int_equal(finish(world, &io), SOTTO_OK);
    expect_file(world, "a", NULL);
    expect_file(world, "b", "bytes");
}

static void test_replace_without_source_changes_nothing(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    make_file(world, "accounts", "old");
    replace_start(world, "missing", "accounts", &io);
    assert_int_equal(finish(world, &io), SOTTO_ERR_NOT_FOUND);
    expect_file(world, "accounts", "old");
    expect_file(world, "missing", NULL);
}

static void test_replace_refuses_names_that_are_not_allowed(void **state)
{
    struct world *world = *state;
    struct sotto_io io[2];
    memset(io, 0, sizeof io);
    contract_files_open(world);
    make_file(world, "a", "stays");
    replace_start(world, "a", "../b", &io[0]);
    replace_start(world, "No", "a", &io[1]);
    assert_int_equal(finish(world, &io[0]), SOTTO_ERR_FORMAT);
    assert_int_equal(finish(world, &io[1]), SOTTO_ERR_FORMAT);
    expect_file(world, "a", "stays");
}

static void test_the_old_file_stays_readable_where_it_is_open(void **state)
{
    struct world *world = *state;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    contract_files_open(world);
    int old = make_open(world, "log", "the old one");
    make_file(world, "log.new", "the new one");
    replace_start(world, "log.new", "log", &io);
    assert_int_equal(finish(world, &io), SOTTO_OK);
    contract_expect_contents(world, old, "the old one");
    expect_file(world, "log", "the new one");
    world->files.close(world->files.ctx, old);
    expect_file(world, "log", "the new one");
}

static void test_requests_keep_their_order(void **state)
{
    struct world *world = *state;
    struct sotto_io io[4];
    memset(io, 0, sizeof io);
    contract_files_open(world);
    int file = make_open(world, "other", "x");
    make_file(world, "a", "from a");
    make_file(world, "b", "from b");
    replace_start(world, "a", "to", &io[0]);
    sync_start(world, file, &io[1]);
    replace_start(world, "b", "to", &io[2]); /* the later one wins */
    replace_start(world, "to", "last", &io[3]);
    assert_int_equal(finish(world, &io[3]), SOTTO_OK);
    for (size_t at = 0; at < 3; at++) {
        assert_int_equal(io[at].state, SOTTO_IO_DONE);
        assert_int_equal(io[at].err, SOTTO_OK);
    }
    expect_file(world, "last", "from b");
    expect_file(world, "to", NULL);
}

/* As many as a log has in its life, one after the other. */
static void test_names_that_are_gone_take_no_room(void **state)
{
    struct world *world = *state;
    contract_files_open(world);
    for (unsigned at = 0; at < 200; at++) {
        char name[16];
        struct sotto_io io = {.state = SOTTO_IO_IDLE};
        (void)snprintf(name, sizeof name, "log.%u", at);
        const int file = make_open(world, name, "entries");
        sync_start(world, file, &io);
        assert_int_equal(finish(world, &io), SOTTO_OK);
        world->files.close(world->files.ctx, file);
        assert_int_equal(world->files.remove(world->files.ctx, name), SOTTO_OK);
    }
}

int contract_requests(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_sync_is_pending_then_done),
        CONTRACT_TEST(test_sync_is_done_only_inside_a_wait),
        CONTRACT_TEST(test_a_file_goes_on_while_it_is_synced),
        CONTRACT_TEST(test_syncs_of_several_files_at_once),
        CONTRACT_TEST(test_closing_a_file_leaves_its_sync_alone),
        CONTRACT_TEST(test_closing_the_table_finishes_requests),
        CONTRACT_TEST(test_replace_takes_the_name),
        CONTRACT_TEST(test_replace_makes_a_name_that_was_not_there),
        CONTRACT_TEST(test_replace_without_source_changes_nothing),
        CONTRACT_TEST(test_replace_refuses_names_that_are_not_allowed),
        CONTRACT_TEST(test_the_old_file_stays_readable_where_it_is_open),
        CONTRACT_TEST(test_requests_keep_their_order),
        CONTRACT_TEST(test_names_that_are_gone_take_no_room),
    };
    return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
