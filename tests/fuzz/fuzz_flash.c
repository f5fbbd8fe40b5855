/*
 * fuzz_flash.c - files over a block device, by libFuzzer: histories with power
 * cuts (tests/port/flash/bench.h says what must hold), and devices on which
 * anything stands. What opens there can be read, written to, and opened again.
 */
#include "choices.h"
#include "tests/port/flash/bench.h"
#include <string.h>

#define STEPS_MAX 64
#define FILES     8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench bench;

/* ---- histories ---- */

static struct bench_step choose_step(void)
{
    const uint8_t what = choose_byte();
    const uint8_t names = choose_byte();
    struct bench_step step = {.kind =
                                  (enum bench_kind)(what % (BENCH_REOPEN + 1)),
                              .name = names % BENCH_NAMES,
                              .other = names / 16 % BENCH_NAMES};
    step.amount = step.kind == BENCH_CREATE ? what / 128U
                  : step.kind == BENCH_POLL ? 1U + what / 64U
                                            : 1U + (uint32_t)choose_below(1000);
    return step;
}

/* Power may go in it. */
static void live_through(const struct bench_step *step)
{
    const uint8_t cut = choose_byte();
    bench.nor.cut_at = 0;
    if (cut < 64 && step->kind != BENCH_REOPEN) {
        bench.nor.cut_at = bench.nor.operations + 1 + cut / 16U;
        bench.nor.tear = (enum nor_tear)(cut % NOR_TEARS);
    }
    enum sotto_err err = bench_make_step(&bench, step);
    if (bench.nor.off) {
        must(err == SOTTO_ERR_IO);
        (void)bench_recover(&bench, step);
    } else {
        must(err == SOTTO_OK || err == SOTTO_ERR_FULL);
    }
}

static void make_bench(uint8_t what)
{
    const uint16_t unit = (uint16_t)(1U << what % 9);
    bench_make(&bench, unit > 64 ? 2048U : 512U << what / 9 % 3,
               (uint16_t)(6 + what / 32), unit, what / 2U * 2U);
}

static void live(void)
{
    make_bench(choose_byte());
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        const struct bench_step step = choose_step();
        if (bench_can(&bench, &step)) {
            live_through(&step);
        }
    }
    bench_check(&bench);
}

/* ---- anything on a device ---- */

static _Alignas(max_align_t) uint8_t memory[FLASH_MEMORY(64, FILES, FILES, 2)];
static struct flash *flash;
static struct sotto_files files;

static enum sotto_err open_files(void)
{
    const struct flash_config config = {FILES, FILES, 2};
    return flash_files_open(&flash, memory, sizeof memory, &bench.nor.device,
                            &config, &files);
}

/* All of a file, and one byte more. */
static void read_and_add(const char *name)
{
    uint8_t piece[200];
    uint64_t len = 0;
    uint64_t at = 0;
    size_t got = 1;
    int file = -1;
    must(files.open(files.ctx, name, 0, &file) == SOTTO_OK);
    must(files.size(files.ctx, file, &len) == SOTTO_OK);
    must(len <=
         (uint64_t)bench.nor.device.block_size * bench.nor.device.blocks);
    while (got > 0 && files.read(files.ctx, file, at, piece, sizeof piece,
                                 &got) == SOTTO_OK) {
        at += got;
        must(at <= len);
    }
    (void)files.append(files.ctx, file, (const uint8_t *)"x", 1);
    files.close(files.ctx, file);
}

static size_t use_files(void)
{
    char name[SOTTO_FILE_NAME_MAX + 1];
    size_t count = 0;
    while (files.list(files.ctx, "", count, name) == SOTTO_OK) {
        must(count < FILES && strlen(name) <= SOTTO_FILE_NAME_MAX);
        read_and_add(name);
        count++;
    }
    return count;
}

static void work(void)
{
    bool more = true;
    for (int turn = 0; more && turn < 1000; turn++) {
        (void)flash_files_poll(flash, &more);
    }
}

static void use_device(void)
{
    int file = -1;
    enum sotto_err err = open_files();
    if (err == SOTTO_ERR_FORMAT) {
        must(flash_files_erase(&bench.nor.device) == SOTTO_OK);
        err = open_files();
        must(err == SOTTO_OK);
    }
    if (err != SOTTO_OK) {
        must(err == SOTTO_ERR_SPACE);
        return;
    }
    (void)use_files();
    if (files.open(files.ctx, "new", SOTTO_FILE_CREATE, &file) == SOTTO_OK) {
        files.close(files.ctx, file);
    }
    work();
    const size_t count = use_files();
    flash_files_close(flash);
    must(open_files() == SOTTO_OK);
    must(use_files() == count);
    flash_files_close(flash);
}

/* Bytes anywhere; what is not erased counts as programmed. */
static void scribble(void)
{
    struct nor *nor = &bench.nor;
    const size_t size = (size_t)nor->device.block_size * nor->device.blocks;
    while (choices_left()) {
        const size_t at = (choose_below(65536) * 16 + choose_byte()) % size;
        const struct sotto_span in = choose_bytes(64);
        const size_t len = in.len < size - at ? in.len : size - at;
        memcpy(nor->bytes + at, in.at, len);
    }
    for (size_t i = 0; i < size; i++) {
        nor->programmed[i / nor->device.unit] |= nor->bytes[i] != 0xff;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    const uint8_t what = choose_byte();
    if (what % 2 == 0) {
        live();
    } else {
        make_bench(choose_byte());
        for (int steps = 0; steps < what / 16; steps++) {
            const struct bench_step step = choose_step();
            if (bench_can(&bench, &step)) {
                (void)bench_make_step(&bench, &step);
            }
        }
        flash_files_close(bench.flash);
        scribble();
        use_device();
    }
    bench_free(&bench);
    return 0;
}
