/*
 * ledger.h - what people said, what they were told, and whether it fits.
 *
 * Claims of the chat, each checked as soon as it can be:
 *   order     a client shows numbers in rising order
 *   agreement a number means the same to everybody, for ever: what one saw,
 *             what another one saw after a crash, and what the log holds
 *   durable   what was acknowledged is in the log, said by whom it was
 *   once      no text is in the log twice, however often it was sent
 *   complete  behind the first entry that a client showed none of others in the
 *             log is missing, unless the client said so, or ended first
 *
 * The first claim that does not hold is kept as a sentence.
 */
#ifndef SOTTO_TESTS_SIM_LEDGER_H
#define SOTTO_TESTS_SIM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_PEOPLE    32U
#define LEDGER_TEXT_MAX  1200U
#define LEDGER_WRONG_MAX 256U

/* What an entry is: of whom, and which of his texts; or somebody's name. */
enum ledger_kind {
    LEDGER_SAID = 1,
    LEDGER_CAME,
    LEDGER_WENT
};

struct ledger_what {
    enum ledger_kind kind;
    unsigned person;
    uint32_t serial; /* SAID: his texts, counted; else the name's checksum */
};

struct ledger_note {
    struct ledger_what what; /* kind 0: not known yet */
    unsigned acked_by;       /* person and one; 0: by nobody */
    bool is_stored;
};

/* What one person's clients showed: numbers, with a 0 where another run begins,
 * or a gap that the client told of. */
struct ledger_view {
    uint64_t *numbers;
    size_t count;
    size_t room;
    uint64_t acked; /* the last number, of this run */
    uint64_t heard; /* entries up to here were shown, if there are such */
};

struct ledger {
    struct ledger_note *notes; /* by number */
    uint64_t note_count;
    struct ledger_view views[LEDGER_PEOPLE];
    uint32_t *stored[LEDGER_PEOPLE]; /* how often each text is in the log */
    uint32_t said[LEDGER_PEOPLE];
    uint32_t names[LEDGER_PEOPLE]; /* checksums, of those that were in */
    uint64_t first_stored;
    uint64_t newest; /* number that anybody knows of */
    uint64_t seen_count;
    uint64_t acked_count;
    uint64_t stored_count;
    char wrong[LEDGER_WRONG_MAX]; /* "" while everything is right */
};

void ledger_open(struct ledger *ledger);
void ledger_close(struct ledger *ledger);

/* Says what is wrong, unless something was before. */
void ledger_wrong(struct ledger *ledger, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text that this person says next, terminated; and its length. */
size_t ledger_say(struct ledger *ledger, unsigned person,
                  char out[static LEDGER_TEXT_MAX]);

/* Which text it is; false for one that nobody has said. */
bool ledger_recognise(const struct ledger *ledger, const char *text, size_t len,
                      struct ledger_what *what);

/* That somebody of this name came or went. */
void ledger_name(const char *name, size_t len, bool came,
                 struct ledger_what *what);

/* A client starts, or told that it missed something. */
void ledger_begin_run(struct ledger *ledger, unsigned person);
void ledger_seen(struct ledger *ledger, unsigned person, uint64_t number,
                 const struct ledger_what *what);
void ledger_acked(struct ledger *ledger, unsigned person, uint64_t number);
/* He has had the time to see whatever anybody else has seen. */
void ledger_heard(struct ledger *ledger, unsigned person);

/* An entry of the log, in order; and, when all were told, the claims that only
 * the log can answer. `is_whole`: nothing that it once held was dropped. */
void ledger_stored(struct ledger *ledger, uint64_t number,
                   const struct ledger_what *what);
void ledger_settle(struct ledger *ledger, bool is_whole);

#endif
