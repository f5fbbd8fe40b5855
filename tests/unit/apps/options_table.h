/*
 * options_table.h - a made-up program whose tables the tests of options and
 * settings share.
 */
#ifndef SOTTO_TESTS_APPS_OPTIONS_TABLE_H
#define SOTTO_TESTS_APPS_OPTIONS_TABLE_H

#include "apps/sotto/options.h"

struct test_values {
    struct option_list listen;
    const char *data;
    const char *config;
    const char *motd;
    bool quiet;
    uint64_t connections;
    uint16_t port;
    uint64_t deadline_ms;
    uint64_t memory;
    unsigned level;
};

extern const struct program test_program;

/* What the program does when nothing is said. */
struct test_values test_defaults(void);

#endif
