/*
 * mls.h - the tests of what MLS does with the secrets of an epoch. (Its key pairs
 * are P-256, whose private-key operations are the library's.)
 */
#ifndef SOTTO_TESTS_CONSTANT_TIME_MLS_H
#define SOTTO_TESTS_CONSTANT_TIME_MLS_H

void test_constant_time_mls_schedule(void **state);
void test_constant_time_mls_messages(void **state);
void test_constant_time_mls_tags(void **state);

#endif
