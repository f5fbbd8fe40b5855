/*
 * requests.c - sync and replace, in a helper thread for each table: a disk
 * takes milliseconds, and a loop must not.
 */
#include "port/posix/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void lock(struct posix_table *table)
{
    POSIX_ASSERT(pthread_mutex_lock(&table->lock) == 0);
}

static void unlock(struct posix_table *table)
{
    POSIX_ASSERT(pthread_mutex_unlock(&table->lock) == 0);
}

/* ---- in the thread: each step answers 0 or a code of errno ------------- */

static int code_of(int result)
{
    return result == 0 ? 0 : errno;
}

static int sync_file(const struct posix_table *table, struct posix_file *file)
{
    int code = code_of(fdatasync(file->fd));
    if (code == 0 && !file->listed) {
        code = code_of(fsync(table->folder));
        file->listed = code == 0;
    }
    return code;
}

static int replace_file(const struct posix_table *table, const char *from,
                        const char *to)
{
    int fd = openat(table->folder, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno;
    }
    int code = code_of(fdatasync(fd));
    (void)close(fd);
    if (code == 0) {
        code = code_of(renameat(table->folder, from, table->folder, to));
    }
    if (code == 0) {
        code = code_of(fsync(table->folder));
    }
    return code;
}

static void carry_out(const struct posix_table *table,
                      struct posix_request *request)
{
    request->code = request->file != NULL
                        ? sync_file(table, request->file)
                        : replace_file(table, request->from, request->to);
}

static struct posix_request *next_request(struct posix_table *table)
{
    lock(table);
    while (table->todo == NULL && !table->stop) {
        POSIX_ASSERT(pthread_cond_wait(&table->change, &table->lock) == 0);
    }
    struct posix_request *request = table->todo;
    if (request != NULL) {
        table->todo = request->next;
        if (table->todo == NULL) {
            table->todo_end = &table->todo;
        }
    }
    unlock(table);
    return request;
}

static void *requests_main(void *arg)
{
    struct posix_table *table = arg;
    struct posix_request *request = next_request(table);
    while (request != NULL) {
        carry_out(table, request);
        lock(table);
        request->next = NULL;
        *table->done_end = request;
        table->done_end = &request->next;
        unlock(table);
        posix_loop_ring(table->loop);
        request = next_request(table);
    }
    return NULL;
}

/* ---- in the loop ------------------------------------------------------ */

static void start(struct posix_table *table, struct posix_request *request,
                  struct posix_file *file, struct sotto_io *io)
{
    io->state = SOTTO_IO_PENDING;
    request->next = NULL;
    request->file = file;
    request->io = io;
    lock(table);
    *table->todo_end = request;
    table->todo_end = &request->next;
    POSIX_ASSERT(pthread_cond_signal(&table->change) == 0);
    unlock(table);
}

/* Fails later, as everything completes later. */
static void fail(struct posix_table *table, struct sotto_io *io,
                 enum sotto_err err)
{
    io->state = SOTTO_IO_PENDING;
    io->err = err;
    io->next = table->failed;
    table->failed = io;
    posix_loop_ring(table->loop);
}

void posix_request_sync(struct posix_table *table, struct posix_file *file,
                        struct sotto_io *io)
{
    POSIX_ASSERT(io->state != SOTTO_IO_PENDING);
    if (file->broken) {
        fail(table, io, SOTTO_ERR_IO);
        return;
    }
    POSIX_ASSERT(file->sync.io == NULL);
    start(table, &file->sync, file, io);
}

void posix_request_replace(struct posix_table *table, const char *from,
                           const char *to, struct sotto_io *io)
{
    POSIX_ASSERT(io->state != SOTTO_IO_PENDING);
    if (!posix_is_file_name(from) || !posix_is_file_name(to)) {
        fail(table, io, SOTTO_ERR_FORMAT);
        return;
    }
    struct posix_request *request = malloc(sizeof *request);
    if (request == NULL) {
        fail(table, io, SOTTO_ERR_SPACE);
        return;
    }
    (void)snprintf(request->from, sizeof request->from, "%s", from);
    (void)snprintf(request->to, sizeof request->to, "%s", to);
    start(table, request, NULL, io);
}

/* A sync that failed leaves the file's contents in doubt: the kernel may have
 * dropped what it could not write, and says so once only. */
static void finish_sync(struct posix_file *file, bool failed)
{
    file->sync.io = NULL;
    file->broken = file->broken || failed;
    if (file->closed) {
        (void)close(file->fd);
        free(file);
    }
}

static enum sotto_err outcome(const struct posix_request *request)
{
    if (request->code == 0) {
        return SOTTO_OK;
    }
    enum sotto_err err = posix_fail(request->code);
    bool known = err == SOTTO_ERR_FULL ||
                 (err == SOTTO_ERR_NOT_FOUND && request->file == NULL);
    return known ? err : SOTTO_ERR_IO;
}

static void finish(struct posix_table *table, struct posix_request *request)
{
    struct sotto_io *io = request->io;
    io->err = outcome(request);
    if (request->file != NULL) {
        finish_sync(request->file, io->err != SOTTO_OK);
    } else {
        posix_names_forget(table);
        free(request);
    }
    io->state = SOTTO_IO_DONE;
}

static void finish_all(struct posix_table *table)
{
    lock(table);
    struct posix_request *request = table->done;
    table->done = NULL;
    table->done_end = &table->done;
    unlock(table);
    while (request != NULL) {
        struct posix_request *next = request->next;
        finish(table, request);
        request = next;
    }
    while (table->failed != NULL) {
        struct sotto_io *io = table->failed;
        table->failed = io->next;
        io->state = SOTTO_IO_DONE;
    }
}

void posix_tables_take(struct port_loop *loop)
{
    for (struct posix_table *table = loop->tables; table != NULL;
         table = table->next) {
        finish_all(table);
    }
}

/* ---- starting and ending the thread ----------------------------------- */

enum sotto_err posix_requests_start(struct posix_table *table)
{
    table->todo_end = &table->todo;
    table->done_end = &table->done;
    if (pthread_mutex_init(&table->lock, NULL) != 0) {
        return posix_fail(ENOMEM);
    }
    if (pthread_cond_init(&table->change, NULL) != 0) {
        (void)pthread_mutex_destroy(&table->lock);
        return posix_fail(ENOMEM);
    }
    sigset_t before;
    posix_signals_block(&before);
    int code = pthread_create(&table->thread, NULL, requests_main, table);
    posix_signals_unblock(&before);
    if (code != 0) {
        (void)pthread_cond_destroy(&table->change);
        (void)pthread_mutex_destroy(&table->lock);
        return posix_fail(ENOMEM);
    }
    return SOTTO_OK;
}

void posix_requests_stop(struct posix_table *table)
{
    lock(table);
    table->stop = true;
    POSIX_ASSERT(pthread_cond_signal(&table->change) == 0);
    unlock(table);
    POSIX_ASSERT(pthread_join(table->thread, NULL) == 0);
    finish_all(table);
    (void)pthread_cond_destroy(&table->change);
    (void)pthread_mutex_destroy(&table->lock);
}
