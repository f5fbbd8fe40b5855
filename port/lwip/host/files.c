/*
 * files.c - the file table over a folder of the host.
 *
 * Simple rather than fast, since boards use port/flash: syncs and
 * replacements are carried out inside the call that asks for them and are told
 * at the next turn of the loop.
 *
 * Contract: sotto/env.h, files.
 */
#include "port/lwip/host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS 4  /* open at once */
#define FILES   16 /* in each, open at once */

struct file {
    int fd;      /* below 0: free */
    bool broken; /* an append, truncate or sync failed */
};

struct folder {
    bool open;
    int fd;
    struct file files[FILES];
    struct sotto_io *finished; /* carried out and not yet told, oldest first */
};

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static struct folder folders[FOLDERS];

static enum sotto_err from_errno(void)
{
    switch (errno) {
    case ENOENT:
        return SOTTO_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return SOTTO_ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SOTTO_ERR_FULL;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return SOTTO_ERR_SPACE;
    default:
        return SOTTO_ERR_IO;
    }
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* ---- opening and closing ---------------------------------------------- */

static enum sotto_err file_open(void *ctx, const char *name, unsigned flags,
                                int *file)
{
    struct folder *folder = ctx;
    if (!is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    int free_slot = 0;
    while (free_slot < FILES && folder->files[free_slot].fd >= 0) {
        free_slot++;
    }
    if (free_slot == FILES) {
        return SOTTO_ERR_SPACE;
    }
    int how = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    how |= (flags & SOTTO_FILE_CREATE) != 0 ? O_CREAT : 0;
    how |= (flags & SOTTO_FILE_TRUNCATE) != 0 ? O_TRUNC : 0;
    int fd = openat(folder->fd, name, how | O_NONBLOCK, 0600);
    if (fd < 0) {
        return from_errno();
    }
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        (void)close(fd);
        return SOTTO_ERR_IO;
    }
    folder->files[free_slot] = (struct file){.fd = fd};
    *file = free_slot;
    return SOTTO_OK;
}

static void file_close(void *ctx, int file)
{
    struct folder *folder = ctx;
    (void)close(folder->files[file].fd);
    folder->files[file].fd = -1;
}

/* ---- bytes ------------------------------------------------------------ */

static enum sotto_err file_size(void *ctx, int file, uint64_t *len)
{
    const struct folder *folder = ctx;
    struct stat stat;
    if (fstat(folder->files[file].fd, &stat) != 0) {
        return SOTTO_ERR_IO;
    }
    *len = (uint64_t)stat.st_size;
    return SOTTO_OK;
}

static enum sotto_err file_read(void *ctx, int file, uint64_t at, uint8_t *out,
                                size_t len, size_t *got)
{
    const struct folder *folder = ctx;
    uint64_t end = 0;
    if (file_size(ctx, file, &end) != SOTTO_OK) {
        return SOTTO_ERR_IO;
    }
    size_t done = 0;
    while (at < end && done < len) { /* far beyond is no offset at all */
        ssize_t n = pread(folder->files[file].fd, out + done, len - done,
                          (off_t)(at + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return SOTTO_ERR_IO;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    *got = done;
    return SOTTO_OK;
}

/* Writes all of it from offset `at`, or says why not. */
static enum sotto_err write_all(int fd, const uint8_t *in, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, in, len, at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return from_errno();
        }
        in += n;
        len -= (size_t)n;
        at += n;
    }
    return SOTTO_OK;
}

static enum sotto_err break_file(struct file *file)
{
    file->broken = true;
    return SOTTO_ERR_IO;
}

static enum sotto_err file_append(void *ctx, int file, const uint8_t *in,
                                  size_t len)
{
    struct folder *folder = ctx;
    struct file *to = &folder->files[file];
    uint64_t end = 0;
    if (to->broken || file_size(ctx, file, &end) != SOTTO_OK) {
        return break_file(to);
    }
    enum sotto_err err = write_all(to->fd, in, len, (off_t)end);
    if (err == SOTTO_OK) {
        return SOTTO_OK;
    }
    bool undone = ftruncate(to->fd, (off_t)end) == 0;
    return undone && err == SOTTO_ERR_FULL ? err : break_file(to);
}

static enum sotto_err file_truncate(void *ctx, int file, uint64_t len)
{
    struct folder *folder = ctx;
    struct file *to = &folder->files[file];
    uint64_t end = 0;
    if (to->broken || file_size(ctx, file, &end) != SOTTO_OK) {
        return break_file(to);
    }
    if (len > end) {
        return SOTTO_ERR_LIMIT;
    }
    return ftruncate(to->fd, (off_t)len) == 0 ? SOTTO_OK : break_file(to);
}

/* ---- requests --------------------------------------------------------- */

/* To be told at the next turn of the loop. */
static void finish(struct folder *folder, struct sotto_io *io,
                   enum sotto_err err)
{
    *io = (struct sotto_io){.state = SOTTO_IO_PENDING, .err = err};
    struct sotto_io **last = &folder->finished;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = io;
}

static bool tell_all(struct folder *folder)
{
    bool any = folder->finished != NULL;
    while (folder->finished != NULL) {
        struct sotto_io *io = folder->finished;
        folder->finished = io->next;
        io->next = NULL;
        io->state = SOTTO_IO_DONE;
    }
    return any;
}

static void file_sync(void *ctx, int file, struct sotto_io *io)
{
    struct folder *folder = ctx;
    struct file *to = &folder->files[file];
    enum sotto_err err = SOTTO_OK;
    if (to->broken) {
        err = SOTTO_ERR_IO;
    } else if (fsync(to->fd) != 0 || fsync(folder->fd) != 0) {
        err = from_errno() == SOTTO_ERR_FULL ? SOTTO_ERR_FULL : SOTTO_ERR_IO;
        to->broken = true;
    }
    finish(folder, io, err);
}

static enum sotto_err sync_name(const struct folder *folder, const char *name)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return from_errno();
    }
    enum sotto_err err = fsync(fd) == 0 ? SOTTO_OK : from_errno();
    (void)close(fd);
    return err;
}

static enum sotto_err replace_now(const struct folder *folder, const char *from,
                                  const char *to)
{
    if (!is_name(from) || !is_name(to)) {
        return SOTTO_ERR_FORMAT;
    }
    enum sotto_err err = sync_name(folder, from);
    if (err != SOTTO_OK) {
        return err;
    }
    if (renameat(folder->fd, from, folder->fd, to) != 0) {
        return from_errno();
    }
    return fsync(folder->fd) == 0 ? SOTTO_OK : SOTTO_ERR_IO;
}

static void file_replace(void *ctx, const char *from, const char *to,
                         struct sotto_io *io)
{
    struct folder *folder = ctx;
    finish(folder, io, replace_now(folder, from, to));
}

/* ---- names ------------------------------------------------------------ */

static enum sotto_err file_remove(void *ctx, const char *name)
{
    const struct folder *folder = ctx;
    if (!is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    return unlinkat(folder->fd, name, 0) == 0 ? SOTTO_OK : from_errno();
}

static bool is_file(const struct dirent *entry)
{
    bool may_be = entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
    return may_be && is_name(entry->d_name);
}

/* A folder gives its names in the same order as long as it does not change. */
static enum sotto_err find_name(DIR *dir, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1])
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            return errno == 0 ? SOTTO_ERR_NOT_FOUND : SOTTO_ERR_IO;
        }
        if (!is_file(entry) ||
            strncmp(entry->d_name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        if (index-- == 0) {
            memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
            return SOTTO_OK;
        }
    }
}

static enum sotto_err file_list(void *ctx, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1])
{
    const struct folder *folder = ctx;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return from_errno();
    }
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return SOTTO_ERR_SPACE;
    }
    enum sotto_err err = find_name(dir, prefix, index, name);
    (void)closedir(dir);
    return err;
}

/* ---- the folder ------------------------------------------------------- */

/* The folder's descriptor, locked where that is asked for. */
static enum sotto_err open_folder(const char *path, bool exclusive, int *out)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return from_errno();
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return from_errno();
    }
    if (exclusive && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum sotto_err err =
            errno == EWOULDBLOCK ? SOTTO_ERR_BUSY : SOTTO_ERR_UNSUPPORTED;
        (void)close(fd);
        return err;
    }
    *out = fd;
    return SOTTO_OK;
}

enum sotto_err below_files_open(const char *folder, bool exclusive,
                                struct sotto_files *files, const char **why)
{
    struct folder *made = NULL;
    for (size_t i = 0; i < FOLDERS && made == NULL; i++) {
        made = folders[i].open ? NULL : &folders[i];
    }
    if (made == NULL) {
        *why = "Too many folders are open";
        return SOTTO_ERR_SPACE;
    }
    int fd = -1;
    enum sotto_err err = open_folder(folder, exclusive, &fd);
    if (err != SOTTO_OK) {
        *why = err == SOTTO_ERR_BUSY ? "Another process uses the folder"
                                     : host_words();
        return err;
    }
    *made = (struct folder){.open = true, .fd = fd};
    for (size_t i = 0; i < FILES; i++) {
        made->files[i].fd = -1;
    }
    *files = (struct sotto_files){.ctx = made,
                                  .open = file_open,
                                  .close = file_close,
                                  .size = file_size,
                                  .read = file_read,
                                  .append = file_append,
                                  .truncate = file_truncate,
                                  .sync = file_sync,
                                  .replace = file_replace,
                                  .remove = file_remove,
                                  .list = file_list};
    return SOTTO_OK;
}

void below_files_close(struct sotto_files *files)
{
    struct folder *folder = files->ctx;
    (void)tell_all(folder);
    for (int i = 0; i < FILES; i++) {
        if (folder->files[i].fd >= 0) {
            file_close(folder, i);
        }
    }
    (void)close(folder->fd); /* and with it the lock */
    folder->open = false;
}

bool below_files_poll(bool *more)
{
    *more = false; /* everything is done by now */
    bool any = false;
    for (size_t i = 0; i < FOLDERS; i++) {
        any = (folders[i].open && tell_all(&folders[i])) || any;
    }
    return any;
}

/* ---- a single file ---------------------------------------------------- */

enum sotto_err below_read_file(const char *path, uint8_t *out, size_t cap,
                               size_t *len, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && got < cap) {
        n = read(fd, out + got, cap - got);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    uint8_t beyond;
    if (n > 0) {
        n = read(fd, &beyond, 1);
    }
    enum sotto_err err = n < 0 ? from_errno() : SOTTO_OK;
    if (n < 0) {
        *why = host_words();
    } else if (n > 0) {
        *why = "The file is too large";
        err = SOTTO_ERR_LIMIT;
    } else {
        *len = got;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}
