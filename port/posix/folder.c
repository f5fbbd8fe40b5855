/*
 * folder.c - the folder of a file table: making and locking it, its names.
 *
 * Everything goes through the folder's descriptor, so that moving the folder,
 * or a change of the working directory, does no harm. The lock is the file
 * ".lock", whose name nobody else can use: names have no leading dot.
 */
#include "port/posix/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME ".lock"

bool posix_is_file_name(const char *name)
{
    size_t len = strnlen(name, SOTTO_FILE_NAME_MAX + 1);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

enum sotto_err posix_file_bad_name(void)
{
    return posix_fail_text(SOTTO_ERR_FORMAT, "File name not allowed");
}

enum sotto_err posix_file_err(int code)
{
    enum sotto_err err = posix_fail(code);
    switch (err) {
    case SOTTO_ERR_NOT_FOUND:
    case SOTTO_ERR_DENIED:
    case SOTTO_ERR_FULL:
    case SOTTO_ERR_SPACE:
        return err;
    default:
        return SOTTO_ERR_IO;
    }
}

/* ---- names ------------------------------------------------------------ */

enum sotto_err posix_names_remove(void *ctx, const char *name)
{
    struct posix_table *table = ctx;
    if (!posix_is_file_name(name)) {
        return posix_file_bad_name();
    }
    posix_names_forget(table);
    return unlinkat(table->folder, name, 0) == 0 ? SOTTO_OK
                                                 : posix_file_err(errno);
}

void posix_names_forget(struct posix_table *table)
{
    free(table->names);
    table->names = NULL;
    table->names_count = 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* One more name, if it is one of ours. */
static bool add_name(struct posix_table *table, const char *name, size_t *cap)
{
    struct stat status;
    if (!posix_is_file_name(name) ||
        fstatat(table->folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
        return true;
    }
    if (table->names_count == *cap) {
        *cap = *cap == 0 ? 16 : *cap * 2;
        void *larger = realloc(table->names, *cap * sizeof *table->names);
        if (larger == NULL) {
            return false;
        }
        table->names = larger;
    }
    memcpy(table->names[table->names_count++], name, strlen(name) + 1);
    return true;
}

/* Reads the folder and sorts it. */
static int read_names(struct posix_table *table)
{
    posix_names_forget(table);
    int fd = openat(table->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        int code = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return code;
    }
    size_t cap = 0;
    int code = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            code = errno;
            break;
        }
        if (!add_name(table, entry->d_name, &cap)) {
            code = ENOMEM;
            break;
        }
    }
    (void)closedir(folder);
    if (code == 0 && table->names_count > 0) {
        qsort(table->names, table->names_count, sizeof *table->names,
              compare_names);
    }
    return code;
}

enum sotto_err posix_names_list(void *ctx, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1])
{
    struct posix_table *table = ctx;
    if (index == 0 || table->names == NULL) {
        int code = read_names(table);
        if (code != 0) {
            posix_names_forget(table);
            return code == ENOMEM ? posix_fail(code) : SOTTO_ERR_IO;
        }
    }
    size_t prefix_len = strlen(prefix);
    for (size_t at = 0; at < table->names_count; at++) {
        if (strncmp(table->names[at], prefix, prefix_len) != 0) {
            continue;
        }
        if (index == 0) {
            memcpy(name, table->names[at], SOTTO_FILE_NAME_MAX + 1);
            return SOTTO_OK;
        }
        index--;
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* ---- the table -------------------------------------------------------- */

/* The folder itself, made and durable when it was missing. */
static enum sotto_err open_folder(const char *path, int *folder)
{
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST) {
        int code = errno;
        if (access(path, F_OK) != 0) {
            return posix_file_err(code);
        }
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return posix_file_err(errno);
    }
    if (made) {
        int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent >= 0) { /* we may not be allowed to */
            (void)fsync(parent);
            (void)close(parent);
        }
    }
    *folder = fd;
    return SOTTO_OK;
}

static enum sotto_err take_lock(int folder, int *lock_fd)
{
    int fd = openat(folder, LOCK_NAME,
                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return posix_file_err(errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *lock_fd = fd;
        return SOTTO_OK;
    }
    int code = errno;
    (void)close(fd);
    if (code == EWOULDBLOCK) {
        return posix_fail_text(SOTTO_ERR_BUSY,
                               "Another program uses this folder");
    }
    (void)posix_fail(code);
    return SOTTO_ERR_UNSUPPORTED; /* a network file system without locks */
}

static void table_free(struct posix_table *table)
{
    if (table->lock_fd >= 0) {
        (void)close(table->lock_fd);
    }
    if (table->folder >= 0) {
        (void)close(table->folder);
    }
    posix_names_forget(table);
    free(table);
}

enum sotto_err port_files_open(struct port_loop *loop, const char *folder,
                               bool exclusive, struct sotto_files *files)
{
    struct posix_table *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    made->loop = loop;
    made->folder = -1;
    made->lock_fd = -1;
    enum sotto_err err = open_folder(folder, &made->folder);
    if (err == SOTTO_OK && exclusive) {
        err = take_lock(made->folder, &made->lock_fd);
    }
    if (err == SOTTO_OK) {
        err = posix_requests_start(made);
    }
    if (err != SOTTO_OK) {
        table_free(made);
        return err;
    }
    made->next = loop->tables;
    loop->tables = made;
    *files = posix_table_calls(made);
    return SOTTO_OK;
}

void port_files_close(struct sotto_files *files)
{
    struct posix_table *table = files->ctx;
    posix_requests_stop(table);
    for (int file = 0; file < POSIX_MAX_FILES; file++) {
        if (table->files[file] != NULL) {
            posix_file_close(table, file);
        }
    }
    struct posix_table **at = &table->loop->tables;
    while (*at != table) {
        at = &(*at)->next;
    }
    *at = table->next;
    table_free(table);
    memset(files, 0, sizeof *files);
}
