/*
 * log.h - a durable, numbered, append-only log over the file table.
 *
 * A log is a row of segment files `<name>.<8 hex digits>`. Each entry has a
 * number, higher than all before it; numbers may skip, and are never used
 * twice, even for entries that a power cut took: before a number is used, a
 * reservation that covers it is durable. When the log has more segments than it
 * may, the oldest is removed.
 *
 * Entries are appended at once and can be read at once; they survive a power
 * cut when sotto_log_durable() has reached their number. One sync covers all
 * that waited (group commit).
 *
 * At opening, a tail that a power cut tore is dropped. Damage anywhere else is
 * reported with its file and offset: the damaged segment stays where it is and
 * is never written to again, what is intact in it stays readable, the reader
 * is told where something is missing (FORMAT), and the log goes on in a new
 * segment.
 *
 * Bytes of the files: store/FORMAT.md. At most three files are open at a time.
 */
#ifndef SOTTO_STORE_LOG_H
#define SOTTO_STORE_LOG_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_LOG_NAME_MAX 16

/* Bytes of one entry. */
#ifndef SOTTO_LOG_ENTRY_MAX
#    define SOTTO_LOG_ENTRY_MAX 16384
#endif

/* Segments of one log; each costs about 130 bytes of RAM. */
#ifndef SOTTO_LOG_SEGMENTS_MAX
#    define SOTTO_LOG_SEGMENTS_MAX 64
#endif

/* Numbers that one reservation may cover. */
#define SOTTO_LOG_RESERVE_MAX 65536U

/* What opening needs as `buffer`. */
#define SOTTO_LOG_BUFFER_MIN (SOTTO_LOG_ENTRY_MAX + 64)

struct sotto_log_config {
    char name[SOTTO_LOG_NAME_MAX + 1]; /* [a-z0-9._-], no leading dot */
    uint32_t segment_bytes; /* a new segment begins beyond this, 1 KiB to
                               1 GiB */
    uint32_t segments;      /* how many are kept, 2 to SEGMENTS_MAX */
    uint32_t reserve;       /* numbers reserved at a time, e.g. 1024 */
    uint32_t salt;          /* random: nobody can make an entry that looks like
                               the log's own bytes (FORMAT.md) */
};

/* What opening found. */
struct sotto_log_report {
    uint64_t torn_bytes;                   /* dropped from the tail */
    uint64_t entries;                      /* readable */
    char damaged[SOTTO_FILE_NAME_MAX + 1]; /* the first damaged or missing
                                              segment; "" when none */
    uint64_t damaged_offset;               /* where its damage begins */
    uint32_t damaged_segments;             /* how many are */
};

struct sotto_log; /* fixed size, but its fields are the module's own */

size_t sotto_log_size(void);

/*
 * Opens or starts a log in `memory` (aligned as by malloc). Reads every segment
 * once, through `buffer` (BUFFER_MIN bytes or more), which is needed only
 * during the call. The first reservation is still pending afterwards:
 * sotto_log_append() answers AGAIN until run() has seen it done. IO, DENIED,
 * SPACE (of the file table); FULL when a first segment cannot be started, LIMIT
 * for a segment of 4 GiB or more. After an error nothing is open.
 */
enum sotto_err sotto_log_open(struct sotto_log **log, void *memory,
                              const struct sotto_log_config *config,
                              const struct sotto_files *files, uint8_t *buffer,
                              size_t buffer_cap,
                              struct sotto_log_report *report) SOTTO_MUST_CHECK;

/* Releases files. While a sync is pending (sotto_log_is_idle() is false) the
 * memory must stay in place until it is done. For a clean end call
 * sotto_log_finish() and run() until it is idle before: then the next number
 * after a restart follows without gap. */
void sotto_log_close(struct sotto_log *log);
/* From now on append() answers AGAIN. */
void sotto_log_finish(struct sotto_log *log);

/* The number the next entry will get; the oldest and newest readable entries'
 * numbers (0 when there are none; numbers start at 1). */
uint64_t sotto_log_next_number(const struct sotto_log *log);
uint64_t sotto_log_first(const struct sotto_log *log);
uint64_t sotto_log_last(const struct sotto_log *log);

/*
 * Appends an entry of 1 to SOTTO_LOG_ENTRY_MAX bytes. AGAIN while a
 * reservation or a new segment is on its way to the disk (rare; run() tells
 * when); FULL with nothing appended, because of the disk or because numbers are
 * used up (they are below 2^53); IO, after a failed append or sync for
 * good.
 */
enum sotto_err sotto_log_append(struct sotto_log *log, const uint8_t *entry,
                                size_t len, uint64_t *number) SOTTO_MUST_CHECK;

/*
 * Reads the first entry whose number is `from` or higher into `out`, and sets
 * `*number`, for SPACE and FORMAT too: the reader goes on with *number + 1.
 * NOT_FOUND when there is none yet; SPACE when it is longer than `cap` (`*len`
 * says how long); FORMAT when it, or what may have stood between `from` and
 * *number, is damaged; IO. Sequential reading costs no search, by several
 * readers in turn too.
 */
enum sotto_err sotto_log_read(struct sotto_log *log, uint64_t from,
                              uint8_t *out, size_t cap, size_t *len,
                              uint64_t *number) SOTTO_MUST_CHECK;

/* The highest number known to survive a power cut; `*failed` (may be NULL)
 * tells when it will not move any more. */
uint64_t sotto_log_durable(const struct sotto_log *log, enum sotto_err *failed);

/* Every loop turn. True when durable, failed, or the answer AGAIN changed. */
bool sotto_log_run(struct sotto_log *log);

/* Nothing that was asked for is on its way to the disk. */
bool sotto_log_is_idle(const struct sotto_log *log);

#endif
