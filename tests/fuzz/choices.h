/*
 * choices.h - a fuzzer's bytes as choices: what is done next, to whom, with
 * what. When they are used up there are zeros.
 */
#ifndef SOTTO_FUZZ_CHOICES_H
#define SOTTO_FUZZ_CHOICES_H

#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Aborts, which is what a fuzzer looks for. */
void must(bool holds);

/* The bytes that the choices are made of; borrowed. */
void choices_start(const uint8_t *in, size_t len);
bool choices_left(void);

uint8_t choose_byte(void);
/* A number from two bytes, below `below`. */
size_t choose_below(size_t below);
/* Up to `max` of the bytes themselves; two bytes say how many. */
struct sotto_span choose_bytes(size_t max);
/* All that are left. */
struct sotto_span choose_rest(void);
/* Changes up to three of `len` bytes, of which there may be `cap`; may cut, may
 * add. Gives the new length. */
size_t choose_patch(uint8_t *bytes, size_t len, size_t cap);

#endif
