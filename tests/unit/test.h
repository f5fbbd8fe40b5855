/*
 * test.h - CMocka with the headers that it wants before its own, and the entry
 * of each module: int test_MODULE(void), the number of its tests that failed.
 *
 * tests.inc is made by the build: one line SOTTO_UNIT_TEST(module) for each.
 */

#ifndef SOTTO_TESTS_UNIT_TEST_H
#define SOTTO_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SOTTO_UNIT_TEST(module) int test_##module(void);
#include "tests.inc"
#undef SOTTO_UNIT_TEST

#endif
