/*
 * bench.c - the files on a flash, beside a naive model of them.
 */
#include "tests/port/flash/bench.h"

#include <string.h>

static const struct flash_config config = {.files = BENCH_NAMES,
                                           .open = BENCH_NAMES,
                                           .replaces = 2};

const char *bench_name(size_t index)
{
    static const char *const names[BENCH_NAMES] = {
        "accounts", "accounts.new",   "lobby.00000001",
        "state",    "lobby.00000002", "a-name.of_31-bytes.0123456789ab"};
    return names[index];
}

/* ---- the table -------------------------------------------------------- */

static void open_table(struct bench *bench)
{
    for (size_t i = 0; i < BENCH_NAMES; i++) {
        bench->numbers[i] = -1;
    }
    assert_int_equal(flash_files_open(&bench->flash, bench->memory,
                                      sizeof bench->memory, &bench->nor.device,
                                      &config, &bench->files),
                     SOTTO_OK);
}

void bench_make(struct bench *bench, uint32_t block_size, uint16_t blocks,
                uint16_t unit, uint64_t seed)
{
    memset(bench->model, 0, sizeof bench->model);
    bench->random = seed;
    bench->fulls = 0;
    nor_make(&bench->nor, block_size, blocks, unit, seed);
    open_table(bench);
}

void bench_free(struct bench *bench)
{
    nor_free(&bench->nor);
}

static void close_number(struct bench *bench, size_t name)
{
    if (bench->numbers[name] >= 0) {
        bench->files.close(bench->files.ctx, bench->numbers[name]);
        bench->numbers[name] = -1;
    }
}

void bench_reopen(struct bench *bench)
{
    flash_files_close(bench->flash);
    open_table(bench);
    bench_check(bench);
}

void bench_settle(struct bench *bench)
{
    bool more = true;
    for (unsigned turn = 0; more; turn++) {
        assert_true(turn < 10000);
        (void)flash_files_poll(bench->flash, &more);
    }
}

/* ---- reading ---------------------------------------------------------- */

/* What the table has under a name; it is read in uneven pieces. */
static void read_file(const struct bench *bench, size_t name,
                      struct bench_file *found)
{
    const struct sotto_files *files = &bench->files;
    int number = bench->numbers[name];
    uint64_t len = 0;
    size_t got = 1;
    memset(found, 0, sizeof *found);
    if (number < 0 && files->open(files->ctx, bench_name(name), 0, &number) ==
                          SOTTO_ERR_NOT_FOUND) {
        return;
    }
    found->exists = true;
    assert_int_equal(files->size(files->ctx, number, &len), SOTTO_OK);
    assert_in_range(len, 0, BENCH_FILE_MAX);
    for (size_t piece = 7; got > 0; piece = piece * 3 % 1000 + 1) {
        const size_t room = BENCH_FILE_MAX - found->len;
        assert_int_equal(files->read(files->ctx, number, found->len,
                                     found->bytes + found->len,
                                     piece < room ? piece : room, &got),
                         SOTTO_OK);
        found->len += got;
    }
    assert_int_equal(found->len, len);
    if (bench->numbers[name] < 0) {
        files->close(files->ctx, number);
    }
}

static bool is_same(const struct bench_file *a, const struct bench_file *b)
{
    return a->exists == b->exists && a->len == b->len &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void check_list(const struct bench *bench)
{
    unsigned seen = 0;
    unsigned expected = 0;
    char name[SOTTO_FILE_NAME_MAX + 1];
    for (size_t index = 0;
         bench->files.list(bench->files.ctx, "", index, name) == SOTTO_OK;
         index++) {
        size_t at = 0;
        while (at < BENCH_NAMES && strcmp(name, bench_name(at)) != 0) {
            at++;
        }
        assert_true(at < BENCH_NAMES && (seen & 1U << at) == 0);
        seen |= 1U << at;
    }
    for (size_t at = 0; at < BENCH_NAMES; at++) {
        expected |= bench->model[at].exists ? 1U << at : 0;
    }
    assert_int_equal(seen, expected);
}

void bench_check(const struct bench *bench)
{
    static struct bench_file found;
    for (size_t name = 0; name < BENCH_NAMES; name++) {
        read_file(bench, name, &found);
        assert_true(is_same(&found, &bench->model[name]));
    }
    check_list(bench);
}

/* ---- steps ------------------------------------------------------------ */

bool bench_can(const struct bench *bench, const struct bench_step *step)
{
    const struct bench_file *file = &bench->model[step->name];
    switch (step->kind) {
    case BENCH_APPEND:
        return file->exists && step->amount <= BENCH_FILE_MAX - file->len;
    case BENCH_TRUNCATE:
    case BENCH_SYNC:
    case BENCH_REMOVE:
        return file->exists;
    case BENCH_REPLACE:
        return file->exists && step->name != step->other;
    case BENCH_CREATE:
    case BENCH_POLL:
    case BENCH_REOPEN:
        break;
    }
    return true;
}

/* What the files concerned are after the step. */
static void foresee(struct bench *bench, const struct bench_step *step)
{
    struct bench_file *to = &bench->next[0];
    *to = bench->model[step->name];
    switch (step->kind) {
    case BENCH_CREATE:
        to->exists = true;
        to->len = step->amount > 0 ? 0 : to->len;
        break;
    case BENCH_APPEND:
        for (uint32_t i = 0; i < step->amount; i++) {
            to->bytes[to->len++] = (uint8_t)nor_chance(&bench->random, 256);
        }
        break;
    case BENCH_TRUNCATE:
        to->len -= step->amount < to->len ? step->amount : to->len;
        break;
    case BENCH_REPLACE:
        bench->next[1] = *to;
        *to = (struct bench_file){.exists = false};
        break;
    case BENCH_REMOVE:
        *to = (struct bench_file){.exists = false};
        break;
    case BENCH_SYNC:
    case BENCH_POLL:
    case BENCH_REOPEN:
        break;
    }
}

static void adopt(struct bench *bench, const struct bench_step *step)
{
    bench->model[step->name] = bench->next[0];
    if (step->kind == BENCH_REPLACE) {
        bench->model[step->other] = bench->next[1];
    }
}

/* Turns the loop until the request is done. */
static enum sotto_err finish(struct bench *bench, const struct sotto_io *io)
{
    bool more = false;
    assert_int_equal(io->state, SOTTO_IO_PENDING);
    assert_true(flash_files_poll(bench->flash, &more));
    assert_int_equal(io->state, SOTTO_IO_DONE);
    return io->err;
}

enum sotto_err bench_sync_all(struct bench *bench)
{
    const struct sotto_files *files = &bench->files;
    enum sotto_err err = SOTTO_ERR_NOT_FOUND;
    for (size_t name = 0; name < BENCH_NAMES; name++) {
        struct sotto_io io = {.state = SOTTO_IO_IDLE};
        close_number(bench, name);
        if (!bench->model[name].exists) {
            continue;
        }
        int number = -1;
        assert_int_equal(files->open(files->ctx, bench_name(name), 0, &number),
                         SOTTO_OK);
        files->sync(files->ctx, number, &io);
        files->close(files->ctx, number);
        err = finish(bench, &io);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    return err;
}

static enum sotto_err run(struct bench *bench, const struct bench_step *step)
{
    const struct sotto_files *files = &bench->files;
    int *number = &bench->numbers[step->name];
    const struct bench_file *now = &bench->model[step->name];
    const struct bench_file *to = &bench->next[0];
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    enum sotto_err err = SOTTO_OK;
    switch (step->kind) {
    case BENCH_CREATE:
        close_number(bench, step->name);
        return files->open(files->ctx, bench_name(step->name),
                           SOTTO_FILE_CREATE |
                               (step->amount > 0 ? SOTTO_FILE_TRUNCATE : 0),
                           number);
    case BENCH_APPEND:
    case BENCH_TRUNCATE:
    case BENCH_SYNC:
        if (*number < 0) {
            err = files->open(files->ctx, bench_name(step->name), 0, number);
            assert_int_equal(err, SOTTO_OK);
        }
        if (step->kind == BENCH_APPEND) {
            return files->append(files->ctx, *number, to->bytes + now->len,
                                 step->amount);
        }
        if (step->kind == BENCH_TRUNCATE) {
            return files->truncate(files->ctx, *number, to->len);
        }
        files->sync(files->ctx, *number, &io);
        return finish(bench, &io);
    case BENCH_REPLACE:
        close_number(bench, step->name);
        close_number(bench, step->other);
        files->replace(files->ctx, bench_name(step->name),
                       bench_name(step->other), &io);
        return finish(bench, &io);
    case BENCH_REMOVE:
        close_number(bench, step->name);
        return files->remove(files->ctx, bench_name(step->name));
    case BENCH_POLL:
        for (uint32_t turn = 0; turn < step->amount; turn++) {
            bool more = false;
            assert_false(flash_files_poll(bench->flash, &more));
        }
        return bench->nor.off ? SOTTO_ERR_IO : SOTTO_OK;
    case BENCH_REOPEN:
        bench_reopen(bench);
        break;
    }
    return SOTTO_OK;
}

enum sotto_err bench_make_step(struct bench *bench,
                               const struct bench_step *step)
{
    foresee(bench, step);
    enum sotto_err err = run(bench, step);
    if (err == SOTTO_OK) {
        adopt(bench, step);
    } else if (err == SOTTO_ERR_FULL) {
        bench->fulls++;
    } else {
        assert_int_equal(err, SOTTO_ERR_IO);
    }
    return err;
}

/* ---- after a cut ------------------------------------------------------ */

/* Whether `found` can be what an append left of `to`. */
static bool is_part(const struct bench_file *found, const struct bench_file *to)
{
    return found->exists && found->len <= to->len &&
           memcmp(found->bytes, to->bytes, found->len) == 0;
}

bool bench_recover(struct bench *bench, const struct bench_step *step)
{
    static struct bench_file found;
    nor_power_up(&bench->nor);
    open_table(bench);
    if (step == NULL) {
        bench_check(bench);
        return false;
    }
    read_file(bench, step->name, &found);
    bool again = is_same(&found, &bench->model[step->name]);
    if (step->kind == BENCH_APPEND && !again) {
        assert_true(found.len > bench->model[step->name].len);
        assert_true(is_part(&found, &bench->next[0]));
        bench->model[step->name] = found;
    } else if (!again) {
        assert_true(is_same(&found, &bench->next[0]));
        adopt(bench, step);
    }
    bench_check(bench);
    return again;
}
