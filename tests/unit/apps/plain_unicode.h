/*
 * plain_unicode.h - the tables for boards beside the library for hosts, in one
 * program: unicode_plain.c with its two functions under other names.
 */
#ifndef SOTTO_TESTS_APPS_PLAIN_UNICODE_H
#define SOTTO_TESTS_APPS_PLAIN_UNICODE_H

#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

unsigned plain_width(uint32_t code);
enum sotto_err plain_nfc(const uint8_t *in, size_t len, uint8_t *out,
                         size_t cap, size_t *out_len) SOTTO_MUST_CHECK;

#endif
