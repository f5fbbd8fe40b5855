/*
 * call.h - one command of a peer: its words, and its answer on stdout.
 */
#ifndef SOTTO_TESTS_INTEROP_CALL_H
#define SOTTO_TESTS_INTEROP_CALL_H

#include <sotto/err.h>
#include <sotto/span.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_WORDS 64

/* Its words, and what is freed once it is answered. */
struct call {
    size_t count;
    char *words[CALL_WORDS];
    void *blocks[4 * CALL_WORDS];
    size_t block_count;
};

/* Memory of zeros, or the end of the program. */
void *call_must_alloc(size_t size);

/* Runs one command a line of stdin, to its end; after each the answer's line
 * ends, and what was decoded of its words is freed. */
void call_serve(void (*run)(struct call *call));

/* Word `at`, or "-" when there are not so many; its number. */
const char *call_word(const struct call *call, size_t at);
uint32_t call_number(const struct call *call, size_t at);

/* Hex, or "-" for nothing: of any text, and of word `at`. The bytes last until
 * the call is finished, or for ever once they were kept. */
struct sotto_span call_decode(struct call *call, const char *hex);
struct sotto_span call_bytes(struct call *call, size_t at);
void call_keep(struct call *call);

/* The answer: whether it went well, first; then words of hex. */
enum sotto_err call_answer(enum sotto_err err);
void call_print(struct sotto_span in);

#endif
