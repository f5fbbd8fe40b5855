/*
 * env.h - what the core asks of the world: random bytes and files.
 *
 * The core calls no operating system. A port fills these two tables, the
 * application hands them to the core's objects, and a test can hand in its own
 * (a fixed sequence of bytes, a disk that fails). Time is not here: it is
 * handed in with every call that needs it, as monotonic milliseconds that
 * never go back and, where wanted, as seconds since 1970 or "unknown".
 *
 * All calls are made from the thread that owns the object using the table.
 */
#ifndef SOTTO_ENV_H
#define SOTTO_ENV_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Random bytes, good enough for keys.
 *
 * fill: writes `len` bytes (any length, 0 included) to `out`, or answers
 * RANDOM and leaves `out` unusable. Never blocks for long, never writes less.
 * May be called from any thread.
 */
struct sotto_random {
    void *ctx;
    enum sotto_err (*fill)(void *ctx, uint8_t *out, size_t len);
};

/* Seconds since 1970-01-01 UTC, or SOTTO_TIME_UNKNOWN on a board that was
 * never told. */
#define SOTTO_TIME_UNKNOWN 0U

/* The longest file name, without the final zero: [a-z0-9._-], no leading
 * dot, no folders. Enough for every port, flash included. */
#define SOTTO_FILE_NAME_MAX 31

/*
 * A request that completes later. It is PENDING when the call that started it
 * returns, whatever happened, and becomes DONE inside port_wait() (or when the
 * files are closed), which then returns. The caller owns it and keeps it in
 * place until then; it may do anything else meanwhile, but may not start
 * another request with the same struct. The port writes to it from the thread
 * that runs the loop, never from another. Set it to zero before its first use.
 * Requests of one table are carried out in the order they were started.
 */
enum sotto_io_state {
    SOTTO_IO_IDLE = 0,
    SOTTO_IO_PENDING,
    SOTTO_IO_DONE
};

struct sotto_io {
    enum sotto_io_state state;
    enum sotto_err err;    /* meaning only when DONE */
    struct sotto_io *next; /* the port's, while PENDING */
};

/* Flags for open. Reading is always allowed. */
#define SOTTO_FILE_CREATE   1U /* make it if it is not there */
#define SOTTO_FILE_TRUNCATE 2U /* start empty */

/*
 * A small, flat set of append-only files: one folder on a host, a region of
 * flash on a board. Files are created readable by their owner only.
 *
 * A file's bytes change in three ways: append, truncate, and replace. What
 * has been appended can be read at once and survives the end of the process;
 * it survives a power cut once a sync that was started later is DONE with OK.
 * A cut before that may keep none, all, or a part of what was appended since
 * the last sync, the last bytes possibly damaged: the reader must check.
 */
struct sotto_files {
    void *ctx;

    /*
     * Opens a file. `*file` is a small number, 0 or above, valid until
     * close. NOT_FOUND without CREATE; DENIED; FULL; SPACE when too many are
     * open; IO; FORMAT for a name that is not allowed.
     */
    enum sotto_err (*open)(void *ctx, const char *name, unsigned flags,
                           int *file);

    /* Gives the number back. A sync that is pending on it still completes;
     * appended bytes are not made durable by this. */
    void (*close)(void *ctx, int file);

    /* The present length in bytes. IO. */
    enum sotto_err (*size)(void *ctx, int file, uint64_t *len);

    /*
     * Reads up to `len` bytes from offset `at`; `*got` is less only at the
     * end of the file (0 at or beyond it). May wait for a disk. IO.
     */
    enum sotto_err (*read)(void *ctx, int file, uint64_t at, uint8_t *out,
                           size_t len, size_t *got);

    /*
     * Adds `len` bytes at the end: all of them, or none and FULL or IO. After
     * IO the file refuses every later append, truncate and sync with IO until
     * it was closed and opened again; FULL may be tried again. May wait as long
     * as one write to the system's cache or to a page of flash takes.
     */
    enum sotto_err (*append)(void *ctx, int file, const uint8_t *in,
                             size_t len);

    /* Cuts the file to `len` bytes: how a torn tail is dropped. Durable after
     * the next sync. LIMIT, and nothing done, when it is not that long; IO. */
    enum sotto_err (*truncate)(void *ctx, int file, uint64_t len);

    /*
     * Makes everything appended so far durable, and the file's own existence
     * with it. Completes through `io`: OK, FULL or IO. After a failure the
     * file refuses as after IO above, and only what is read from it once it was
     * opened again may be relied upon. One sync a file may be pending at a
     * time.
     */
    void (*sync)(void *ctx, int file, struct sotto_io *io);

    /*
     * Makes the file named `from` take the name `to` in one step, durably:
     * after a power cut `to` is either the old file or the new one, whole.
     * `from` must have been closed; it and `to` may be opened or removed only
     * when this is done. The bytes of `from` are synced first. Completes
     * through `io`: OK; NOT_FOUND, FORMAT (a name), FULL or SPACE (too many
     * requests) with `to` unchanged; IO with `to` the old file or the new. A
     * file that is open under the old `to` stays readable until closed.
     */
    void (*replace)(void *ctx, const char *from, const char *to,
                    struct sotto_io *io);

    /* Removes a file, which must not be open. NOT_FOUND, FORMAT, DENIED, IO.
     * Durable at the port's leisure: a power cut may bring the file back. */
    enum sotto_err (*remove)(void *ctx, const char *name);

    /*
     * The `index`th name that starts with `prefix`, counted from 0 in an
     * order that stays the same while no file is created or removed.
     * NOT_FOUND beyond the last one; SPACE; IO. May wait for a disk.
     */
    enum sotto_err (*list)(void *ctx, const char *prefix, size_t index,
                           char name[static SOTTO_FILE_NAME_MAX + 1]);
};

/*
 * Ends the program: an invariant of ours is broken. Supplied by the port or
 * the test; never returns. `what` is a constant sentence without secrets. Where
 * a build has no room for such texts (SOTTO_PANIC_TEXTS is 0), the processor
 * traps where it would be called: the address in the fault's report says where
 * that is.
 */
_Noreturn void sotto_panic(const char *what, const char *file, int line);

#ifndef SOTTO_PANIC_TEXTS
#    define SOTTO_PANIC_TEXTS 1
#endif
#if SOTTO_PANIC_TEXTS
#    define SOTTO_PANIC(what) sotto_panic(what, __FILE__, __LINE__)
#else
#    define SOTTO_PANIC(what) __builtin_trap()
#endif

#endif
