/*
 * log_bench.h - a log on a disk in memory, with entries that can be checked:
 * what stands in entry n follows from n.
 */
#ifndef SOTTO_TESTS_LOG_BENCH_H
#define SOTTO_TESTS_LOG_BENCH_H

#include "core/store/log.h"
#include "tests/unit/support/faulty_files.h"

struct log_bench {
    struct faulty_files disk;
    struct sotto_log_config config;
    struct sotto_log *log;
    struct sotto_log_report report;
};

/* Small segments, so that a few entries fill several. */
void bench_begin(struct log_bench *bench);
void bench_end(struct log_bench *bench);
/* A log of so many entries, in at most eight segments, that ended in good order. */
void bench_begin_ended(struct log_bench *bench, size_t entries);
/* The file of a segment, from 1; the next call overwrites the name. */
const char *bench_segment_name(unsigned id);
/* How many segments there are on a disk. */
unsigned bench_segment_count(struct faulty_files *disk);

/* Opens the log on the bench's disk. */
enum sotto_err bench_open(struct log_bench *bench) SOTTO_MUST_CHECK;
/* Ends it without any ceremony, as when the process is killed. */
void bench_kill(struct log_bench *bench);
/* Finishes, runs until idle, closes. */
void bench_close(struct log_bench *bench);

/* Runs the log and the disk until nothing changes any more. */
void bench_pump(struct log_bench *bench);

/* The length and bytes of entry `number`. */
size_t bench_entry(uint64_t number, uint8_t out[static SOTTO_LOG_ENTRY_MAX]);

/* Appends the entry that its number wants, once. */
enum sotto_err bench_append(struct log_bench *bench, uint64_t *number)
    SOTTO_MUST_CHECK;
/* Appends `count` entries, pumping where the log asks for it. */
void bench_fill(struct log_bench *bench, size_t count);

/* True when `from` is what is read next, and as it was written. */
bool bench_has(struct log_bench *bench, uint64_t from);

#endif
