/*
 * test_files.c - files as other programs and the disk see them.
 */
#include "tests/port/posix/posix_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opens the files in a folder of this name; in a child. */
static struct sotto_files open_files(struct machine *machine, const char *name,
                                     bool exclusive)
{
    struct sotto_files files;
    char path[256];
    posix_test_path(name, path);
    posix_test_open(machine);
    CHECK(port_files_open(machine->loop, path, exclusive, &files) == SOTTO_OK);
    return files;
}

static void close_files(struct machine *machine, struct sotto_files *files)
{
    port_files_close(files);
    posix_test_close(machine);
}

static int open_file(const struct sotto_files *files, const char *name)
{
    int file = -1;
    CHECK(files->open(files->ctx, name, SOTTO_FILE_CREATE, &file) == SOTTO_OK);
    return file;
}

static uint64_t size_of(const struct sotto_files *files, int file)
{
    uint64_t len = 0;
    CHECK(files->size(files->ctx, file, &len) == SOTTO_OK);
    return len;
}

/* ---- who may read ----------------------------------------------------- */

static void modes(void *arg)
{
    struct machine machine;
    struct stat status;
    char path[256];
    (void)arg;
    (void)umask(0);
    struct sotto_files files = open_files(&machine, "modes", true);
    (void)open_file(&files, "secret");
    posix_test_path("modes", path);
    CHECK(stat(path, &status) == 0);
    CHECK((status.st_mode & 0777U) == 0700);
    posix_test_path("modes/secret", path);
    CHECK(stat(path, &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
    posix_test_path("modes/.lock", path);
    CHECK(stat(path, &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
    close_files(&machine, &files);
}

static void test_only_the_owner_may_read(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(modes, NULL), 0);
}

static void strangers(void *arg)
{
    struct machine machine;
    char path[256];
    char name[SOTTO_FILE_NAME_MAX + 1];
    int file = -7;
    (void)arg;
    struct sotto_files files = open_files(&machine, "strangers", true);
    posix_test_path("strangers/link", path);
    CHECK(symlink("/etc/passwd", path) == 0);
    posix_test_path("strangers/fifo", path);
    CHECK(mkfifo(path, 0600) == 0);
    posix_test_path("strangers/folder", path);
    CHECK(mkdir(path, 0700) == 0);
    posix_test_path("strangers/Not-Ours.txt", path);
    CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(files.open(files.ctx, "link", 0, &file) == SOTTO_ERR_DENIED);
    CHECK(files.open(files.ctx, "fifo", 0, &file) == SOTTO_ERR_IO);
    CHECK(files.open(files.ctx, "folder", 0, &file) == SOTTO_ERR_IO);
    CHECK(file == -7);
    CHECK(files.list(files.ctx, "", 0, name) == SOTTO_ERR_NOT_FOUND);
    close_files(&machine, &files);
}

static void test_what_is_no_file_of_ours_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(strangers, NULL), 0);
}

/* ---- the lock --------------------------------------------------------- */

static void hold_lock(void *arg)
{
    const int *news = arg;
    struct machine machine;
    (void)open_files(&machine, "locked", true);
    CHECK(write(news[1], "l", 1) == 1);
    for (;;) {
        (void)pause();
    }
}

static void try_lock(void *arg)
{
    const enum sotto_err *expected = arg;
    struct machine machine;
    struct sotto_files files;
    char path[256];
    posix_test_path("locked", path);
    posix_test_open(&machine);
    CHECK(port_files_open(machine.loop, path, true, &files) == *expected);
    CHECK(*expected == SOTTO_OK || strlen(port_last_error(machine.port)) > 0);
    if (*expected == SOTTO_OK) {
        port_files_close(&files);
    }
    posix_test_close(&machine);
}

static void test_two_processes_cannot_hold_the_lock(void **state)
{
    int news[2];
    char got;
    (void)state;
    assert_int_equal(pipe(news), 0);
    pid_t holder = posix_test_fork(hold_lock, news);
    assert_int_equal(read(news[0], &got, 1), 1);
    enum sotto_err expected = SOTTO_ERR_BUSY;
    assert_int_equal(posix_test_child(try_lock, &expected), 0);
    assert_int_equal(kill(holder, SIGKILL), 0); /* and no trace is left */
    assert_true(WIFSIGNALED(posix_test_wait(holder)));
    expected = SOTTO_OK;
    assert_int_equal(posix_test_child(try_lock, &expected), 0);
    (void)close(news[0]);
    (void)close(news[1]);
}

/* ---- a full disk ------------------------------------------------------ */

/* A limit on the size of files behaves as a disk that is full: a write is cut
 * short at it, and the next one fails. */
#define DISK_LEN 8192

static void disk_full(void *arg)
{
    struct machine machine;
    static uint8_t bytes[5000];
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    struct rlimit limit = {.rlim_cur = DISK_LEN, .rlim_max = RLIM_INFINITY};
    (void)arg;
    struct sotto_files files = open_files(&machine, "full", true);
    int file = open_file(&files, "log");
    memset(bytes, 'x', sizeof bytes);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);

    CHECK(files.append(files.ctx, file, bytes, 5000) == SOTTO_OK);
    for (int round = 0; round < 2; round++) { /* all of it, or none */
        CHECK(files.append(files.ctx, file, bytes, 5000) == SOTTO_ERR_FULL);
        CHECK(size_of(&files, file) == 5000);
    }
    CHECK(files.append(files.ctx, file, bytes, 3192) == SOTTO_OK);
    CHECK(files.append(files.ctx, file, bytes, 1) == SOTTO_ERR_FULL);
    CHECK(size_of(&files, file) == DISK_LEN);
    files.sync(files.ctx, file, &io); /* what is there can be made durable */
    while (io.state == SOTTO_IO_PENDING) {
        struct port_event event;
        size_t count;
        port_wait(machine.loop, PORT_FOREVER, &event, 1, &count);
    }
    CHECK(io.err == SOTTO_OK);

    CHECK(files.truncate(files.ctx, file, 5000) == SOTTO_OK); /* some room */
    CHECK(files.append(files.ctx, file, bytes, 1000) == SOTTO_OK);
    CHECK(size_of(&files, file) == 6000);
    close_files(&machine, &files);
}

static void test_a_full_disk_is_told_and_life_goes_on(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(disk_full, NULL), 0);
}

/* ---- the folder, and files that a person names ------------------------ */

static void move_folder(void *arg)
{
    struct machine machine;
    char path[256];
    char other[256];
    (void)arg;
    struct sotto_files files = open_files(&machine, "before", true);
    posix_test_path("before", path);
    posix_test_path("after", other);
    CHECK(rename(path, other) == 0);
    int file = open_file(&files, "log");
    CHECK(files.append(files.ctx, file, (const uint8_t *)"x", 1) == SOTTO_OK);
    posix_test_path("after/log", path);
    CHECK(access(path, F_OK) == 0);
    close_files(&machine, &files);
}

static void test_a_folder_may_be_moved(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(move_folder, NULL), 0);
}

static void folder_is_a_file(void *arg)
{
    struct machine machine;
    struct sotto_files files;
    char path[256];
    (void)arg;
    posix_test_path("a-file", path);
    CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
    posix_test_open(&machine);
    CHECK(port_files_open(machine.loop, path, false, &files) == SOTTO_ERR_IO);
    CHECK(strcmp(port_last_error(machine.port), "Not a directory") == 0);
    posix_test_close(&machine);
}

static void test_a_file_is_no_folder(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(folder_is_a_file, NULL), 0);
}

static void named_files(void *arg)
{
    struct machine machine;
    char path[256];
    uint8_t out[8];
    size_t len = 77;
    (void)arg;
    posix_test_open(&machine);
    posix_test_path("named", path);
    CHECK(port_read_file(machine.port, path, out, 8, &len) ==
          SOTTO_ERR_NOT_FOUND);
    CHECK(port_read_file(machine.port, posix_test_folder(), out, 8, &len) ==
          SOTTO_ERR_IO);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0);
    CHECK(len == 77);
    CHECK(port_read_file(machine.port, path, out, 8, &len) == SOTTO_OK);
    CHECK(len == 0);
    CHECK(write(fd, "12345678", 8) == 8);
    CHECK(port_read_file(machine.port, path, out, 8, &len) == SOTTO_OK);
    CHECK(len == 8 && memcmp(out, "12345678", 8) == 0);
    CHECK(write(fd, "9", 1) == 1);
    len = 77;
    CHECK(port_read_file(machine.port, path, out, 8, &len) == SOTTO_ERR_LIMIT);
    CHECK(len == 77);
    posix_test_close(&machine);
}

static void test_read_file_reads_what_fits(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(named_files, NULL), 0);
}

int test_posix_files(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_owner_may_read),
        cmocka_unit_test(test_what_is_no_file_of_ours_is_left_alone),
        cmocka_unit_test(test_two_processes_cannot_hold_the_lock),
        cmocka_unit_test(test_a_full_disk_is_told_and_life_goes_on),
        cmocka_unit_test(test_a_folder_may_be_moved),
        cmocka_unit_test(test_a_file_is_no_folder),
        cmocka_unit_test(test_read_file_reads_what_fits),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
