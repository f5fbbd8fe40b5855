/*
 * vectors_walk.h - how the paths on the command line become files: folders are
 * walked where there is an operating system (vectors_walk_posix.c); a board is
 * given files only (vectors_walk_files.c).
 */
#ifndef SOTTO_TESTS_VECTORS_WALK_H
#define SOTTO_TESTS_VECTORS_WALK_H

#include "tests/vectors/vectors.h"

/* Runs what the paths name; NULL ends them. */
void vectors_walk(struct vectors *v, char **paths, vectors_run_file *run_file);

/* For the two: runs one file; something that is none. */
void vectors_run_path(struct vectors *v, const char *path,
                      vectors_run_file *run_file);
void vectors_path_unreadable(struct vectors *v, const char *path,
                             const char *why);

#endif
