/*
 * replay.c - a main() for a fuzz target without a fuzzer: runs it once on each
 * file that is named and on each file of each folder that is named.
 */
#define _DEFAULT_SOURCE /* fts.h */

#include <fts.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1024UL * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    /* As long as the file and no longer, so that a sanitizer sees who reads
     * on. */
    static uint8_t room[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t len;
    uint8_t *data;

    if (file == NULL) {
        perror(path);
        return 1;
    }
    len = fread(room, 1, sizeof room, file);
    (void)fclose(file);
    data = malloc(len + 1);
    if (data == NULL) {
        return 1;
    }
    for (size_t i = 0; i < len; i++) {
        data[1 + i] = room[i];
    }
    (void)LLVMFuzzerTestOneInput(data + 1, len);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    FTS *tree;
    FTSENT *entry;
    size_t count = 0;
    int failed = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    tree = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (tree == NULL) {
        perror(argv[1]);
        return 2;
    }
    while ((entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F) {
            failed |= run_file(entry->fts_accpath);
            count++;
        }
    }
    (void)fts_close(tree);
    printf("%zu inputs replayed\n", count);
    return failed != 0 || count == 0 ? 1 : 0;
}
