#include "tests/sim/lives.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int lives_main(int argc, char **argv, uint64_t minutes_default,
               bool (*live)(uint64_t seed, uint64_t minutes))
{
    const char *replay = getenv("SOTTO_SEED");
    if (argc < 3) {
        (void)fprintf(stderr, "usage: %s FROM COUNT [MINUTES]\n", argv[0]);
        return 2;
    }
    const bool is_new = strcmp(argv[1], "new") == 0;
    uint64_t from =
        is_new ? (uint64_t)time(NULL) * 1000U : strtoull(argv[1], NULL, 0);
    uint64_t count = strtoull(argv[2], NULL, 0);
    const uint64_t minutes =
        argc > 3 ? strtoull(argv[3], NULL, 0) : minutes_default;
    if (replay != NULL) {
        from = strtoull(replay, NULL, 0);
        count = 1;
    }
    uint64_t wrong = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        /* First, for who wants to repeat a life that ends the program. */
        (void)printf("seed %" PRIu64 ", %" PRIu64 " minutes: ", seed, minutes);
        (void)fflush(stdout);
        wrong += live(seed, minutes) ? 0 : 1;
        (void)fflush(stdout);
    }
    (void)printf("%" PRIu64 " of %" PRIu64 " lives went wrong\n", wrong, count);
    return wrong == 0 ? 0 : 1;
}
