/*
 * main.c - runs the unit tests of the modules named on the command line, or of
 * all; after `--only PATTERN` or `--without PATTERN` not all tests of them. The
 * exit code is 0 when all passed, 1 when any failed, 2 for a module that does
 * not exist.
 */

#include "tests/unit/test.h"
#include <stdio.h>
#include <string.h>

struct module {
    const char *name;
    int (*run)(void);
};

static const struct module modules[] = {
#define SOTTO_UNIT_TEST(module) {#module, test_##module},
#include "tests.inc"
#undef SOTTO_UNIT_TEST
    {NULL, NULL},
};

static const struct module *find_module(const char *name)
{
    const struct module *module = modules;
    while (module->name != NULL && strcmp(module->name, name) != 0) {
        module++;
    }
    return module->name != NULL ? module : NULL;
}

static int run_all(void)
{
    int failed = 0;
    for (const struct module *module = modules; module->name; module++) {
        failed |= module->run() != 0;
    }
    return failed;
}

/* Takes the option, if there is one; returns where the modules begin. */
static int set_filter(int argc, char **argv)
{
    if (argc < 3) {
        return 1;
    }
    if (strcmp(argv[1], "--only") == 0) {
        cmocka_set_test_filter(argv[2]);
        return 3;
    }
    if (strcmp(argv[1], "--without") == 0) {
        cmocka_set_skip_filter(argv[2]);
        return 3;
    }
    return 1;
}

int main(int argc, char **argv)
{
    int at = set_filter(argc, argv);
    if (at >= argc) {
        return run_all();
    }
    int failed = 0;
    for (; at < argc; at++) {
        const struct module *module = find_module(argv[at]);
        if (module == NULL) {
            fprintf(stderr, "unit_tests: no module %s\n", argv[at]);
            return 2;
        }
        failed |= module->run() != 0;
    }
    return failed;
}
