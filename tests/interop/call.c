/*
 * call.c - one command of a peer: its words, and its answer on stdout.
 */
#define _POSIX_C_SOURCE 200809L /* strtok_r, getline */

#include "tests/interop/call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *call_must_alloc(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        fprintf(stderr, "peer: out of memory\n");
        exit(1);
    }
    return memory;
}

/* Cuts a line into words. */
static void call_start(struct call *call, char *line)
{
    char *rest = NULL;

    call->count = 0;
    call->block_count = 0;
    for (char *at = strtok_r(line, " \n", &rest);
         at != NULL && call->count < CALL_WORDS;
         at = strtok_r(NULL, " \n", &rest)) {
        call->words[call->count++] = at;
    }
}

static void call_finish(struct call *call)
{
    while (call->block_count > 0) {
        free(call->blocks[--call->block_count]);
    }
}

void call_keep(struct call *call)
{
    call->block_count = 0;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : 0;
}

static void *alloc_block(struct call *call, size_t size)
{
    void *block = call_must_alloc(size + 1);

    if (call->block_count == sizeof call->blocks / sizeof call->blocks[0]) {
        fprintf(stderr, "peer: too many words\n");
        exit(1);
    }
    call->blocks[call->block_count++] = block;
    return block;
}

struct sotto_span call_decode(struct call *call, const char *word)
{
    size_t len = strcmp(word, "-") == 0 ? 0 : strlen(word) / 2;
    uint8_t *at = alloc_block(call, len);

    for (size_t i = 0; i < len; i++) {
        at[i] = (uint8_t)(digit(word[2 * i]) << 4 | digit(word[2 * i + 1]));
    }
    return (struct sotto_span){at, len};
}

const char *call_word(const struct call *call, size_t at)
{
    return at < call->count ? call->words[at] : "-";
}

struct sotto_span call_bytes(struct call *call, size_t at)
{
    return call_decode(call, call_word(call, at));
}

uint32_t call_number(const struct call *call, size_t at)
{
    return (uint32_t)strtoul(call_word(call, at), NULL, 10);
}

void call_print(struct sotto_span in)
{
    printf(in.len == 0 ? " -" : " ");
    for (size_t i = 0; i < in.len; i++) {
        printf("%02x", in.at[i]);
    }
}

enum sotto_err call_answer(enum sotto_err err)
{
    if (err == SOTTO_OK) {
        printf("ok");
    } else {
        printf("error %s", sotto_err_name(err));
    }
    return err;
}

void call_serve(void (*run)(struct call *call))
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) >= 0) {
        struct call call;

        call_start(&call, line);
        run(&call);
        printf("\n");
        (void)fflush(stdout);
        call_finish(&call);
    }
    free(line);
}
