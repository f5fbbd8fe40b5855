/*
 * chat_world.c - lives of a chat with a server and twenty clients, one for each
 * seed, under everything that storm.c has.
 *
 * usage: chat_world FROM COUNT [MINUTES] (default: 4), as lives.h says. The
 * digest is of all that clients showed, and when: the same life has the same.
 */
#include "tests/sim/lives.h"
#include "tests/sim/storm.h"

#include <inttypes.h>
#include <stdio.h>

#define PEOPLE          20U
#define MINUTES_DEFAULT 4U

/* One life; false when something was wrong. */
static bool live(uint64_t seed, uint64_t minutes)
{
    static struct chat chat;
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
    chat_close(&chat);
    return is_right;
}

int main(int argc, char **argv)
{
    return lives_main(argc, argv, MINUTES_DEFAULT, live);
}
