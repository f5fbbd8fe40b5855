/*
 * assert.h - checks of our own mistakes, on in every build.
 *
 * Never for anything that a peer, a file or a person can cause.
 */
#ifndef SOTTO_BASE_ASSERT_H
#define SOTTO_BASE_ASSERT_H

#include <sotto/env.h>

#define SOTTO_ASSERT(condition)                                                \
    ((condition) ? (void)0 : SOTTO_PANIC(#condition))

#endif
