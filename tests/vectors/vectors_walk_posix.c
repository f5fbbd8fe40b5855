/*
 * vectors_walk_posix.c - folders are walked.
 */
#define _DEFAULT_SOURCE /* fts.h */

#include "tests/vectors/vectors_walk.h"
#include <errno.h>
#include <fts.h>
#include <string.h>

static bool is_json(const FTSENT *entry)
{
    const char *dot = strrchr(entry->fts_name, '.');

    return dot != NULL && strcmp(dot, ".json") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

void vectors_walk(struct vectors *v, char **paths, vectors_run_file *run_file)
{
    FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    FTSENT *entry;

    if (tree == NULL) {
        vectors_path_unreadable(v, paths[0], strerror(errno));
        return;
    }
    while ((entry = fts_read(tree)) != NULL) {
        bool named = entry->fts_level == FTS_ROOTLEVEL;

        if (entry->fts_info == FTS_F && (named || is_json(entry))) {
            vectors_run_path(v, entry->fts_path, run_file);
        } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                   entry->fts_info == FTS_NS) {
            vectors_path_unreadable(v, entry->fts_path,
                                    strerror(entry->fts_errno));
        }
    }
    (void)fts_close(tree);
}
