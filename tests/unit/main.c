/*
 * main.c - runs the unit tests of the modules named on the command line, or of
 * all. The exit code is 0 when all passed, 1 when any failed, 2 for a module
 * that does not exist.
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

int main(int argc, char **argv)
{
    if (argc < 2) {
        return run_all();
    }
    int failed = 0;
    for (int at = 1; at < argc; at++) {
        const struct module *module = find_module(argv[at]);
        if (module == NULL) {
            fprintf(stderr, "unit_tests: no module %s\n", argv[at]);
            return 2;
        }
        failed |= module->run() != 0;
    }
    return failed;
}
