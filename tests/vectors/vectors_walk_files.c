/*
 * vectors_walk_files.c - each path is a file.
 */
#include "tests/vectors/vectors_walk.h"

void vectors_walk(struct vectors *v, char **paths, vectors_run_file *run_file)
{
    for (char **path = paths; *path != NULL; path++) {
        vectors_run_path(v, *path, run_file);
    }
}
