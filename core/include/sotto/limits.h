/*
 * limits.h - limits of this build that a program which uses the library has to
 * know. A build that changes one by -D changes it for the library and for the
 * program alike.
 */
#ifndef SOTTO_LIMITS_H
#define SOTTO_LIMITS_H

/* The longest text of a message in bytes, from 64. A client of this build shows
 * the beginning of a longer one. About four times this in RAM for a client. */
#ifndef SOTTO_MAX_TEXT
#    define SOTTO_MAX_TEXT 4096
#endif

/* Characters of the name of an account. */
#define SOTTO_NAME_MAX 32

#endif
