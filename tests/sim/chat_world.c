/*
 * chat_world.c - lives of a chat with a server and twenty clients, one for each
 * seed, under everything that storm.c has.
 *
 * usage: chat_world FROM COUNT [MINUTES]: seeds FROM to FROM + COUNT - 1, each
 * for so many minutes of its own time (default: 4). FROM "new": seeds that
 * were never tried, by the clock. SOTTO_SEED in the environment: this one seed
 * alone. SOTTO_SIM_LOG=1: with the words of all programs. The digest is of all
 * that clients showed, and when: the same life has the same.
 */
#include "tests/sim/storm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEOPLE          20U
#define MINUTES_DEFAULT 4U

/* One life; false when something was wrong. */
static bool live(uint64_t seed, uint64_t minutes)
{
    static struct chat chat;
    /* First, for who wants to repeat a life that ends the program. */
    (void)printf("seed %" PRIu64 ", %" PRIu64 " minutes: ", seed, minutes);
    (void)fflush(stdout);
    chat_open(&chat, seed, &sim_quiet, PEOPLE);
    storm_live(&chat, minutes);
    const struct ledger *ledger = &chat.ledger;
    const bool is_right = ledger->wrong[0] == '\0';
    (void)printf("%" PRIu64 " s, %" PRIu64 " stored, %" PRIu64
                 " acknowledged, %" PRIu64
                 " shown, %u repairs; devices %u by code, %u by key, "
                 "%u revoked; digest %08" PRIx32 "%s%s\n",
                 sim_now_ms(chat.sim) / 1000, ledger->stored_count,
                 ledger->acked_count, ledger->seen_count, chat.repairs,
                 chat.came_by_code, chat.came_by_key, chat.revoked, chat.digest,
                 is_right ? "" : ": WRONG: ", ledger->wrong);
    (void)fflush(stdout);
    chat_close(&chat);
    return is_right;
}

int main(int argc, char **argv)
{
    const char *replay = getenv("SOTTO_SEED");
    if (argc < 3) {
        (void)fprintf(stderr, "usage: chat_world FROM COUNT [MINUTES]\n");
        return 2;
    }
    const bool is_new = strcmp(argv[1], "new") == 0;
    uint64_t from =
        is_new ? (uint64_t)time(NULL) * 1000U : strtoull(argv[1], NULL, 0);
    uint64_t count = strtoull(argv[2], NULL, 0);
    const uint64_t minutes =
        argc > 3 ? strtoull(argv[3], NULL, 0) : MINUTES_DEFAULT;
    if (replay != NULL) {
        from = strtoull(replay, NULL, 0);
        count = 1;
    }
    uint64_t wrong = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        wrong += live(seed, minutes) ? 0 : 1;
    }
    (void)printf("%" PRIu64 " of %" PRIu64 " lives went wrong\n", wrong, count);
    return wrong == 0 ? 0 : 1;
}
