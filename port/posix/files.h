/*
 * files.h - what files.c, folder.c and requests.c share: one folder's table of
 * files.
 *
 * A table has one helper thread, which carries out requests in their order.
 * It touches only what stands below `lock`, and of a request what the loop's
 * thread leaves alone until it is back.
 */
#ifndef SOTTO_PORT_POSIX_FILES_H
#define SOTTO_PORT_POSIX_FILES_H

#include "port/posix/posix.h"

/* Files open at a time in one table. */
#define POSIX_MAX_FILES 256

struct posix_table;

struct posix_request {
    struct posix_request *next;
    struct sotto_io *io;
    struct posix_file *file;            /* sync: this one; NULL: replace */
    int code;                           /* of errno, once carried out */
    char from[SOTTO_FILE_NAME_MAX + 1]; /* replace */
    char to[SOTTO_FILE_NAME_MAX + 1];
};

struct posix_file {
    int fd;
    bool broken; /* refuses everything but reading */
    bool listed; /* its name is durable: the folder was synced since open */
    bool closed; /* by the caller; freed when its sync is back */
    struct posix_request sync;
};

struct posix_table {
    struct posix_table *next; /* in the loop's list */
    struct port_loop *loop;
    int folder;  /* descriptors */
    int lock_fd; /* -1: not exclusive */
    struct posix_file *files[POSIX_MAX_FILES];
    char (*names)[SOTTO_FILE_NAME_MAX + 1]; /* the folder, sorted, or NULL */
    size_t names_count;
    struct sotto_io *failed; /* requests that could not even be started */

    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t change;
    bool stop;
    struct posix_request *todo;
    struct posix_request **todo_end;
    struct posix_request *done;
    struct posix_request **done_end;
};

/* ---- folder.c --------------------------------------------------------- */

/* True for a name that env.h allows; what to say about another. */
bool posix_is_file_name(const char *name);
enum sotto_err posix_file_bad_name(void);

/* What env.h allows besides IO for most calls. */
enum sotto_err posix_file_err(int code);

/* Two calls of the table. Listing from 0 reads the folder and sorts it,
 * counting on uses what was read then. */
enum sotto_err posix_names_remove(void *ctx, const char *name);
enum sotto_err posix_names_list(void *ctx, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1]);

/* The folder's contents changed: its names are to be read again. */
void posix_names_forget(struct posix_table *table);

/* ---- files.c ---------------------------------------------------------- */

/* The calls of a table that is open. */
struct sotto_files posix_table_calls(struct posix_table *table);

/* One of them. */
void posix_file_close(void *ctx, int file);

/* ---- requests.c ------------------------------------------------------- */

/* Starts the helper thread; ends it once every request was carried out, all
 * of them DONE. */
enum sotto_err posix_requests_start(struct posix_table *table);
void posix_requests_stop(struct posix_table *table);

void posix_request_sync(struct posix_table *table, struct posix_file *file,
                        struct sotto_io *io);
void posix_request_replace(struct posix_table *table, const char *from,
                           const char *to, struct sotto_io *io);

#endif
