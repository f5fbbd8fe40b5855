/*
 * version.h - the version of the library and the programs.
 *
 * The build defines the same for the programs; a difference is an error.
 */
#ifndef SOTTO_BASE_VERSION_H
#define SOTTO_BASE_VERSION_H

#define SOTTO_VERSION "0.1.0"

#endif
