#include "tests/unit/store/log_bench.h"
#include "tests/unit/test.h"
#include <stdio.h>
#include <string.h>

static uint64_t memory[20 * 1024 / 8];
static uint8_t entry[SOTTO_LOG_ENTRY_MAX];

void bench_begin(struct log_bench *bench)
{
    assert_true(sotto_log_size() <= sizeof memory);
    memset(bench, 0, sizeof *bench);
    faulty_files_init(&bench->disk);
    bench->config = (struct sotto_log_config){.name = "lobby",
                                              .segment_bytes = 1024,
                                              .segments = 4,
                                              .reserve = 8,
                                              .salt = 0x12345678};
}

void bench_end(struct log_bench *bench)
{
    faulty_files_free(&bench->disk);
}

const char *bench_segment_name(unsigned id)
{
    static char name[SOTTO_FILE_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "lobby.%08x", id);
    return name;
}

unsigned bench_segment_count(struct faulty_files *disk)
{
    unsigned id = 1;
    while (faulty_files_find(disk, bench_segment_name(id)) != NULL) {
        id++;
    }
    return id - 1;
}

enum sotto_err bench_open(struct log_bench *bench)
{
    static uint8_t buffer[SOTTO_LOG_BUFFER_MIN];
    return sotto_log_open(&bench->log, memory, &bench->config,
                          faulty_files_table(&bench->disk), buffer,
                          sizeof buffer, &bench->report);
}

void bench_kill(struct log_bench *bench)
{
    (void)faulty_files_complete(&bench->disk);
    sotto_log_close(bench->log);
}

void bench_close(struct log_bench *bench)
{
    sotto_log_finish(bench->log);
    bench_pump(bench);
    assert_true(sotto_log_is_idle(bench->log));
    sotto_log_close(bench->log);
}

void bench_pump(struct log_bench *bench)
{
    bool changed = true;
    while (changed) {
        changed = sotto_log_run(bench->log);
        changed |= faulty_files_complete(&bench->disk);
    }
}

size_t bench_entry(uint64_t number, uint8_t out[static SOTTO_LOG_ENTRY_MAX])
{
    const size_t len =
        1 + (size_t)(number * 7919 % 97) + (number % 11 == 0 ? (size_t)600 : 0);
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(number * 31 + i * 7);
    }
    return len;
}

enum sotto_err bench_append(struct log_bench *bench, uint64_t *number)
{
    const uint64_t expected = sotto_log_next_number(bench->log);
    const size_t len = bench_entry(expected, entry);
    enum sotto_err err = sotto_log_append(bench->log, entry, len, number);
    if (err == SOTTO_OK) {
        assert_int_equal(*number, expected);
    } else {
        assert_int_equal(sotto_log_next_number(bench->log), expected);
    }
    return err;
}

void bench_fill(struct log_bench *bench, size_t count)
{
    for (size_t tries = 0; count > 0; tries++) {
        uint64_t number = 0;
        assert_true(tries < 10000);
        enum sotto_err err = bench_append(bench, &number);
        if (err == SOTTO_ERR_AGAIN) {
            (void)sotto_log_run(bench->log);
            (void)faulty_files_complete(&bench->disk);
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        count--;
    }
}

bool bench_has(struct log_bench *bench, uint64_t from)
{
    static uint8_t expected[SOTTO_LOG_ENTRY_MAX];
    size_t len = 0;
    uint64_t number = 0;
    enum sotto_err err =
        sotto_log_read(bench->log, from, entry, sizeof entry, &len, &number);
    return err == SOTTO_OK && number == from &&
           len == bench_entry(from, expected) &&
           memcmp(entry, expected, len) == 0;
}

void bench_begin_ended(struct log_bench *bench, size_t entries)
{
    bench_begin(bench);
    bench->config.segments = 8;
    assert_int_equal(bench_open(bench), SOTTO_OK);
    bench_fill(bench, entries);
    bench_close(bench);
}
