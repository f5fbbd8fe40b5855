/*
 * fuzz_log.c - the segment files of a log, by libFuzzer: files that a log wrote
 * and something has changed since, and files that somebody made who knows how.
 *
 * A log opens on anything. What is read is what was written under that number,
 * or FORMAT; numbers only rise; what can be read can be read after the next
 * start, too.
 */
#include "choices.h"
#include "core/base/crc.h"
#include "core/store/log_state.h"
#include "tests/unit/store/log_bench.h"
#include <stdio.h>
#include <string.h>

#define NUMBERS     256  /* that are looked at */
#define READS_MAX   4096 /* entries and gaps that a log may have here */
#define SEGMENT_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct log_bench bench;
static bool is_honest; /* entries are what their numbers want */
/* Of entries that can be read, the segment; of others 0. */
static uint32_t had[NUMBERS]; /* before */
static uint32_t has[NUMBERS];

/* ---- reading ---- */

static uint32_t segment_of(uint64_t number)
{
    for (size_t i = 0; i < bench.log->count; i++) {
        const struct log_segment *segment = &bench.log->segments[i];
        if (segment->first <= number && number <= segment->last) {
            return segment->id;
        }
    }
    return 0;
}

static void check_entry(uint64_t number, const uint8_t *entry, size_t len)
{
    static uint8_t expected[SOTTO_LOG_ENTRY_MAX];
    must(len >= 1 && len <= SOTTO_LOG_ENTRY_MAX);
    must(number >= sotto_log_first(bench.log));
    must(number <= sotto_log_last(bench.log));
    if (is_honest) {
        must(len == bench_entry(number, expected));
        must(memcmp(entry, expected, len) == 0);
    }
    const uint32_t segment = segment_of(number);
    must(segment != 0);
    if (number < NUMBERS) {
        has[number] = segment;
    }
}

static void read_all(void)
{
    static uint8_t entry[SOTTO_LOG_ENTRY_MAX];
    uint64_t from = 0;
    enum sotto_err err = SOTTO_OK;
    memcpy(had, has, sizeof had);
    memset(has, 0, sizeof has);
    for (size_t reads = 0; err != SOTTO_ERR_NOT_FOUND; reads++) {
        uint64_t number = 0;
        size_t len = 0;
        must(reads < READS_MAX);
        err =
            sotto_log_read(bench.log, from, entry, sizeof entry, &len, &number);
        if (err == SOTTO_OK || err == SOTTO_ERR_FORMAT) {
            must(number >= from && number < sotto_log_next_number(bench.log));
            from = number + 1;
        } else {
            must(err == SOTTO_ERR_NOT_FOUND);
        }
        if (err == SOTTO_OK) {
            check_entry(number, entry, len);
        }
    }
}

/* What was there still is, or its segment had to go. */
static void check_kept(void)
{
    for (uint64_t number = 1; number < NUMBERS; number++) {
        must(has[number] != 0 || had[number] < bench.log->segments[0].id);
    }
}

/* ---- what is done ---- */

static void open_and_read(void)
{
    must(bench_open(&bench) == SOTTO_OK);
    read_all();
}

/* Goes on writing, as far as there are numbers. */
static void append_some(void)
{
    const size_t count = choose_byte() % 12U;
    uint64_t number = 0;
    enum sotto_err err = SOTTO_OK;
    bench_pump(&bench);
    for (size_t i = 0; i < count && err != SOTTO_ERR_FULL; i++) {
        const uint64_t last = sotto_log_last(bench.log);
        err = bench_append(&bench, &number);
        must(err == SOTTO_OK || err == SOTTO_ERR_AGAIN ||
             err == SOTTO_ERR_FULL);
        must(err != SOTTO_OK || number > last);
        bench_pump(&bench);
    }
}

static void close_log(void)
{
    if (choose_byte() % 2 == 0) {
        bench_close(&bench);
    } else {
        bench_kill(&bench);
    }
}

/* Opens, reads, goes on, and finds all of it again. No number comes twice. */
static void live_on(void)
{
    uint64_t next = 0;
    memset(has, 0, sizeof has);
    open_and_read();
    append_some();
    read_all();
    check_kept();
    next = sotto_log_next_number(bench.log);
    close_log();
    open_and_read();
    must(sotto_log_next_number(bench.log) >= next);
    check_kept();
    bench_kill(&bench);
}

static void make_name(uint32_t id, char out[static SOTTO_FILE_NAME_MAX + 1])
{
    (void)snprintf(out, SOTTO_FILE_NAME_MAX + 1, "lobby.%08x", (unsigned)id);
}

/* Bytes change, files go, a file turns up under another number. */
static void damage(void)
{
    char name[SOTTO_FILE_NAME_MAX + 1];
    char other[SOTTO_FILE_NAME_MAX + 1];
    make_name(1 + choose_byte() % 12U, name);
    struct faulty_bytes *bytes = faulty_files_find(&bench.disk, name);
    if (bytes == NULL) {
        return;
    }
    switch (choose_byte() % 8) {
    case 0:
        must(bench.disk.table.remove(bench.disk.table.ctx, name) == SOTTO_OK);
        break;
    case 1:
        make_name(1 + choose_byte() % 16U, other);
        faulty_files_put(&bench.disk, other, bytes->at, bytes->len);
        break;
    case 2:
        bytes->len = choose_below(bytes->len + 1);
        break;
    default:
        if (bytes->len > 0) {
            bytes->len = choose_patch(bytes->at, bytes->len, bytes->cap);
        }
        break;
    }
}

static void try_damaged(void)
{
    is_honest = true;
    must(bench_open(&bench) == SOTTO_OK);
    bench_fill(&bench, 1 + choose_byte() % 40U);
    close_log();
    for (size_t count = choose_byte() % 4U; count > 0; count--) {
        damage();
    }
    live_on();
}

/* ---- segments that somebody made ---- */

static uint64_t choose_number(void)
{
    const uint8_t what = choose_byte();
    return what < 240 ? what : LOG_NUMBER_END - (what - 240);
}

/* A record, with the right checksums or nearly so. */
static size_t forge_record(const struct log_segment_head *segment, uint8_t *out,
                           size_t at)
{
    const struct sotto_span body = choose_bytes(120);
    struct log_head head = {.type =
                                choose_byte() % 4 == 0 ? LOG_NEXT : LOG_ENTRY,
                            .len = (uint32_t)body.len,
                            .number = choose_number()};
    const struct log_place place = {segment->salt, segment->id, (uint32_t)at};
    const uint8_t what = choose_byte();
    head.body_crc = sotto_crc32c(0, body.at, body.len);
    if (what % 8 == 1) {
        head.body_crc++;
    } else if (what % 8 == 2) {
        head.len += what;
    }
    log_head_encode(&head, &place, out + at);
    if (head.type == LOG_NEXT || body.len == 0) {
        return LOG_HEAD_LEN;
    }
    memcpy(out + at + LOG_HEAD_LEN, body.at, body.len);
    return LOG_HEAD_LEN + body.len;
}

static void forge_segment(uint32_t id)
{
    static uint8_t bytes[SEGMENT_MAX];
    char name[SOTTO_FILE_NAME_MAX + 1];
    const struct log_segment_head head = {.id = id,
                                          .salt = choose_byte() % 2U,
                                          .floor = choose_number(),
                                          .next = choose_number()};
    size_t len = LOG_START;
    make_name(id, name);
    log_segment_head_encode(&head, bytes);
    while (choices_left() && choose_byte() % 8 != 0 &&
           len < sizeof bytes - LOG_HEAD_LEN - 120) {
        len += forge_record(&head, bytes, len);
    }
    faulty_files_put(&bench.disk, name, bytes, len);
}

static void try_forged(void)
{
    uint32_t id = 0;
    is_honest = false;
    for (size_t count = 1 + choose_byte() % 4U; count > 0; count--) {
        id += 1 + choose_byte() % 2U;
        forge_segment(id);
    }
    live_on();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    bench_begin(&bench);
    if (choose_byte() % 2 == 0) {
        try_damaged();
    } else {
        try_forged();
    }
    bench_end(&bench);
    return 0;
}
