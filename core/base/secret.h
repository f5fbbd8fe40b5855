/*
 * secret.h - <sotto/secret.h> for the files of the core.
 */
#ifndef SOTTO_BASE_SECRET_H
#define SOTTO_BASE_SECRET_H

#include <sotto/secret.h>

#endif
