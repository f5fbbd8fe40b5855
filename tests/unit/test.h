/*
 * test.h - CMocka with the headers that it wants before its own.
 */

#ifndef SOTTO_TESTS_UNIT_TEST_H
#define SOTTO_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
