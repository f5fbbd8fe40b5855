/*
 * files.c - the file table of env.h over one folder.
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

static enum sotto_err bad_name(void)
{
    return posix_fail_text(SOTTO_ERR_FORMAT, "File name not allowed");
}

/* What env.h allows besides IO for most calls. */
static enum sotto_err file_err(int code)
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

static struct posix_file *file_of(void *ctx, int file)
{
    struct posix_table *table = ctx;
    POSIX_ASSERT(file >= 0 && file < POSIX_MAX_FILES);
    POSIX_ASSERT(table->files[file] != NULL);
    return table->files[file];
}

/* ---- open, close ------------------------------------------------------ */

/* O_NONBLOCK only so that a pipe that somebody put there is refused at once
 * and not waited for. */
static enum sotto_err open_regular(int folder, const char *name, unsigned flags,
                                   int *fd)
{
    int how = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    how |= (flags & SOTTO_FILE_CREATE) != 0 ? O_CREAT : 0;
    how |= (flags & SOTTO_FILE_TRUNCATE) != 0 ? O_TRUNC : 0;
    int made = openat(folder, name, how, 0600);
    if (made < 0) {
        return file_err(errno);
    }
    struct stat status;
    if (fstat(made, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(made);
        return posix_fail_text(SOTTO_ERR_IO, "Not a regular file");
    }
    *fd = made;
    return SOTTO_OK;
}

static enum sotto_err files_open(void *ctx, const char *name, unsigned flags,
                                 int *file)
{
    struct posix_table *table = ctx;
    if (!posix_is_file_name(name)) {
        return bad_name();
    }
    int at = 0;
    while (at < POSIX_MAX_FILES && table->files[at] != NULL) {
        at++;
    }
    if (at == POSIX_MAX_FILES) {
        return posix_fail(EMFILE);
    }
    struct posix_file *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    enum sotto_err err = open_regular(table->folder, name, flags, &made->fd);
    if (err != SOTTO_OK) {
        free(made);
        return err;
    }
    if ((flags & SOTTO_FILE_CREATE) != 0) {
        posix_names_forget(table);
    }
    table->files[at] = made;
    *file = at;
    return SOTTO_OK;
}

static void files_close(void *ctx, int file)
{
    struct posix_table *table = ctx;
    struct posix_file *gone = file_of(ctx, file);
    table->files[file] = NULL;
    if (gone->sync.io != NULL) {
        gone->closed = true; /* the rest when its sync is back */
        return;
    }
    (void)close(gone->fd);
    free(gone);
}

/* ---- contents --------------------------------------------------------- */

static enum sotto_err file_size(int fd, uint64_t *len)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        (void)posix_fail(errno);
        return SOTTO_ERR_IO;
    }
    *len = (uint64_t)status.st_size;
    return SOTTO_OK;
}

static enum sotto_err files_size(void *ctx, int file, uint64_t *len)
{
    return file_size(file_of(ctx, file)->fd, len);
}

static enum sotto_err files_read(void *ctx, int file, uint64_t at, uint8_t *out,
                                 size_t len, size_t *got)
{
    int fd = file_of(ctx, file)->fd;
    size_t total = 0;
    while (total < len && at + total <= INT64_MAX) {
        ssize_t part = pread(fd, out + total, len - total, (off_t)(at + total));
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part < 0) {
            (void)posix_fail(errno);
            return SOTTO_ERR_IO;
        }
        if (part == 0) {
            break;
        }
        total += (size_t)part;
    }
    *got = total;
    return SOTTO_OK;
}

/* Writes until all is there or nothing more goes; `*put` says how much went. */
static int write_all(int fd, const uint8_t *in, size_t len, size_t *put)
{
    *put = 0;
    while (*put < len) {
        ssize_t part = write(fd, in + *put, len - *put);
        if (part > 0) {
            *put += (size_t)part;
        } else if (part == 0 || errno != EINTR) {
            return part == 0 ? ENOSPC : errno;
        }
    }
    return 0;
}

/* Takes the last `len` bytes away again. From the end, not from a length that
 * we remember: another program may append to the same file. */
static bool take_back(int fd, size_t len)
{
    uint64_t size;
    return len == 0 || (file_size(fd, &size) == SOTTO_OK && size >= len &&
                        ftruncate(fd, (off_t)(size - len)) == 0);
}

static enum sotto_err refuse(void)
{
    return posix_fail_text(SOTTO_ERR_IO,
                           "The file failed before and was not reopened");
}

static enum sotto_err files_append(void *ctx, int file, const uint8_t *in,
                                   size_t len)
{
    struct posix_file *self = file_of(ctx, file);
    if (self->broken) {
        return refuse();
    }
    size_t put;
    int code = write_all(self->fd, in, len, &put);
    if (code == 0) {
        return SOTTO_OK;
    }
    self->broken = !take_back(self->fd, put);
    if (!self->broken && posix_fail(code) == SOTTO_ERR_FULL) {
        return SOTTO_ERR_FULL;
    }
    self->broken = true;
    (void)posix_fail(code);
    return SOTTO_ERR_IO;
}

static enum sotto_err files_truncate(void *ctx, int file, uint64_t len)
{
    struct posix_file *self = file_of(ctx, file);
    if (self->broken) {
        return refuse();
    }
    uint64_t size;
    enum sotto_err err = file_size(self->fd, &size);
    if (err != SOTTO_OK) {
        return err;
    }
    if (len > size) {
        return posix_fail_text(SOTTO_ERR_LIMIT, "The file is not that long");
    }
    if (ftruncate(self->fd, (off_t)len) != 0) {
        (void)posix_fail(errno);
        self->broken = true;
        return SOTTO_ERR_IO;
    }
    return SOTTO_OK;
}

static void files_sync(void *ctx, int file, struct sotto_io *io)
{
    posix_request_sync(ctx, file_of(ctx, file), io);
}

static void files_replace(void *ctx, const char *from, const char *to,
                          struct sotto_io *io)
{
    posix_request_replace(ctx, from, to, io);
}

/* ---- names ------------------------------------------------------------ */

static enum sotto_err files_remove(void *ctx, const char *name)
{
    struct posix_table *table = ctx;
    if (!posix_is_file_name(name)) {
        return bad_name();
    }
    posix_names_forget(table);
    return unlinkat(table->folder, name, 0) == 0 ? SOTTO_OK : file_err(errno);
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

/* Counting from 0 reads the folder, counting on uses what was read then. */
static enum sotto_err files_list(void *ctx, const char *prefix, size_t index,
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
            return file_err(code);
        }
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return file_err(errno);
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
        return file_err(errno);
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

static struct sotto_files table_calls(struct posix_table *table)
{
    struct sotto_files files = {
        .ctx = table,
        .open = files_open,
        .close = files_close,
        .size = files_size,
        .read = files_read,
        .append = files_append,
        .truncate = files_truncate,
        .sync = files_sync,
        .replace = files_replace,
        .remove = files_remove,
        .list = files_list,
    };
    return files;
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
    *files = table_calls(made);
    return SOTTO_OK;
}

void port_files_close(struct sotto_files *files)
{
    struct posix_table *table = files->ctx;
    posix_requests_stop(table);
    for (int file = 0; file < POSIX_MAX_FILES; file++) {
        if (table->files[file] != NULL) {
            files_close(table, file);
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
