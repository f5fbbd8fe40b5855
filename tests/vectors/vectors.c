/*
 * vectors.c - the common part of the vector runners.
 */
#include "tests/vectors/vectors.h"
#include "tests/vectors/vectors_walk.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 200
#define REASON_MAX   16
#define FILE_MAX_LEN (256UL * 1024 * 1024)

/* Memory that lives as long as a file is run. */
struct block {
    struct block *next;
    uint8_t bytes[];
};

struct reason {
    const char *why;
    size_t count;
};

struct vectors {
    const char *path;                /* of the file that is run */
    char name[NAME_MAX_LEN];         /* of the vector that is run */
    bool readable;                   /* all its values so far */
    bool announced;                  /* its name was printed */
    struct block *blocks;            /* of this file */
    struct reason skips[REASON_MAX]; /* of this file */
    size_t skip_count;
    size_t passed;
    size_t failed;
    size_t skipped;
    size_t unreadable;
};

/* --------------------------------------------------------------- reporting */

/* Sizes are printed as unsigned long: newlib, on boards, does not know %zu. */

static void announce(struct vectors *v)
{
    if (!v->announced) {
        printf("FAILED %s: %s\n", v->path, v->name);
        v->announced = true;
    }
}

void vectors_begin(struct vectors *v, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vsnprintf(v->name, sizeof v->name, format, args) < 0) {
        v->name[0] = '\0';
    }
    va_end(args);
    v->readable = true;
    v->announced = false;
}

void vectors_end(struct vectors *v, bool passed)
{
    if (passed && v->readable) {
        v->passed++;
    } else {
        announce(v);
        v->failed++;
    }
    v->name[0] = '\0';
    v->announced = false;
}

void vectors_note(struct vectors *v, const char *format, ...)
{
    va_list args;

    announce(v);
    printf("       ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void vectors_skip(struct vectors *v, size_t count, const char *why)
{
    size_t at = 0;

    while (at < v->skip_count && strcmp(v->skips[at].why, why) != 0) {
        at++;
    }
    if (at == REASON_MAX) {
        at--; /* more reasons than lines: the last one stands for the rest */
    } else if (at == v->skip_count) {
        v->skips[at].why = why;
        v->skips[at].count = 0;
        v->skip_count++;
    }
    v->skips[at].count += count;
    v->skipped += count;
}

void vectors_unreadable(struct vectors *v, const char *why)
{
    const char *colon = v->name[0] != '\0' ? ": " : "";

    printf("UNREADABLE %s%s%s: %s\n", v->path, colon, v->name, why);
    v->readable = false;
    v->unreadable++;
}

/* ----------------------------------------------------------------- values */

struct vectors_bytes vectors_buffer(struct vectors *v, size_t len)
{
    /* One byte at least, so that the sanitizer guards an empty buffer too. */
    struct block *block = calloc(1, sizeof *block + len + 1);

    if (block == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    block->next = v->blocks;
    v->blocks = block;
    return (struct vectors_bytes){block->bytes, len};
}

static void free_blocks(struct vectors *v)
{
    while (v->blocks != NULL) {
        struct block *next = v->blocks->next;

        free(v->blocks);
        v->blocks = next;
    }
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool decode(const char *hex, struct vectors_bytes out)
{
    for (size_t i = 0; i < out.len; i++) {
        int high = digit(hex[2 * i]);
        int low = high < 0 ? -1 : digit(hex[2 * i + 1]);

        if (low < 0) {
            return false;
        }
        out.at[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char *text_of(struct vectors *v, const cJSON *item,
                           const char *what)
{
    if (item == NULL || cJSON_IsNull(item)) {
        return "";
    }
    if (!cJSON_IsString(item)) {
        vectors_unreadable(v, what);
        return "";
    }
    return item->valuestring;
}

const char *vectors_text(struct vectors *v, const cJSON *object,
                         const char *field)
{
    return text_of(v, cJSON_GetObjectItemCaseSensitive(object, field), field);
}

struct vectors_bytes vectors_hex_of(struct vectors *v, const cJSON *item,
                                    const char *what)
{
    const char *hex = text_of(v, item, what);
    struct vectors_bytes bytes = vectors_buffer(v, strlen(hex) / 2);

    if (strlen(hex) % 2 != 0 || !decode(hex, bytes)) {
        vectors_unreadable(v, what);
    }
    return bytes;
}

struct vectors_bytes vectors_hex(struct vectors *v, const cJSON *object,
                                 const char *field)
{
    return vectors_hex_of(v, cJSON_GetObjectItemCaseSensitive(object, field),
                          field);
}

uint64_t vectors_number(struct vectors *v, const cJSON *object,
                        const char *field)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);

    if (item == NULL || cJSON_IsNull(item)) {
        return 0;
    }
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
        item->valuedouble > 9007199254740992.0) {
        vectors_unreadable(v, field);
        return 0;
    }
    return (uint64_t)item->valuedouble;
}

bool vectors_has(const cJSON *object, const char *field)
{
    return cJSON_HasObjectItem(object, field) != 0;
}

static void note_bytes(struct vectors *v, const char *what, const char *which,
                       const uint8_t *at, size_t len)
{
    struct vectors_bytes hex = vectors_buffer(v, 2 * len);

    for (size_t i = 0; i < len; i++) {
        hex.at[2 * i] = (uint8_t) "0123456789abcdef"[at[i] >> 4];
        hex.at[2 * i + 1] = (uint8_t) "0123456789abcdef"[at[i] & 15];
    }
    vectors_note(v, "%s %s: %s", what, which, (const char *)hex.at);
}

bool vectors_same(struct vectors *v, const char *what, const uint8_t *got,
                  size_t got_len, struct vectors_bytes expected)
{
    if (got_len == expected.len && memcmp(got, expected.at, got_len) == 0) {
        return true;
    }
    note_bytes(v, what, "expected", expected.at, expected.len);
    note_bytes(v, what, "got     ", got, got_len);
    return false;
}

/* -------------------------------------------------------------------- files */

static char *load(FILE *file, size_t *len)
{
    char *text = NULL;
    long end;

    if (fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0 ||
        (size_t)end > FILE_MAX_LEN || fseek(file, 0, SEEK_SET) != 0) {
        return NULL;
    }
    text = malloc((size_t)end + 1);
    *len = (size_t)end;
    if (text != NULL && fread(text, 1, *len, file) != *len) {
        free(text);
        return NULL;
    }
    return text;
}

void vectors_path_unreadable(struct vectors *v, const char *path,
                             const char *why)
{
    v->path = path;
    vectors_unreadable(v, why);
}

static void report_skips(struct vectors *v)
{
    for (size_t i = 0; i < v->skip_count; i++) {
        printf("SKIPPED %s: %lu: %s\n", v->path,
               (unsigned long)v->skips[i].count, v->skips[i].why);
    }
    v->skip_count = 0;
}

void vectors_run_path(struct vectors *v, const char *path,
                      vectors_run_file *run_file)
{
    FILE *file = fopen(path, "rb");
    size_t len = 0;
    char *text;
    cJSON *root;

    v->path = path;
    v->name[0] = '\0';
    if (file == NULL) {
        vectors_unreadable(v, strerror(errno));
        return;
    }
    text = load(file, &len);
    root = text != NULL ? cJSON_ParseWithLength(text, len) : NULL;
    if (root != NULL) {
        run_file(v, root);
        report_skips(v);
    } else {
        vectors_unreadable(v, text != NULL ? "not JSON" : "cannot be read");
    }
    cJSON_Delete(root);
    free(text);
    (void)fclose(file); /* it was only read */
    free_blocks(v);
}

int vectors_main(int argc, char **argv, vectors_run_file *run_file)
{
    struct vectors v = {.path = ""};

    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n", argv[0]);
        return 2;
    }
    vectors_walk(&v, argv + 1, run_file);
    if (v.passed + v.failed + v.skipped + v.unreadable == 0) {
        v.path = argv[1];
        vectors_unreadable(&v, "no vectors there");
    }
    if (v.skipped > 0) {
        printf("%lu skipped\n", (unsigned long)v.skipped);
    }
    printf("%lu passed, %lu failed\n", (unsigned long)v.passed,
           (unsigned long)v.failed);
    if (v.failed > 0) {
        return 1;
    }
    return v.unreadable > 0 ? 2 : 0;
}
