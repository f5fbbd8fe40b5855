/*
 * files.c - the calls of the file table: opening, reading, appending.
 */
#include "port/posix/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
        return posix_file_err(errno);
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
        return posix_file_bad_name();
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

void posix_file_close(void *ctx, int file)
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

/* ---- the table -------------------------------------------------------- */

struct sotto_files posix_table_calls(struct posix_table *table)
{
    struct sotto_files files = {
        .ctx = table,
        .open = files_open,
        .close = posix_file_close,
        .size = files_size,
        .read = files_read,
        .append = files_append,
        .truncate = files_truncate,
        .sync = files_sync,
        .replace = files_replace,
        .remove = posix_names_remove,
        .list = posix_names_list,
    };
    return files;
}
