/*
 * chat.h - a whole chat in a simulated world: the program's own server and
 * clients, each on a machine, and a ledger of what they say and show.
 */
#ifndef SOTTO_TESTS_SIM_CHAT_H
#define SOTTO_TESTS_SIM_CHAT_H

#include "port/sim/sim.h"
#include "tests/sim/ledger.h"
#include "tests/unit/support/seed.h"

#define CHAT_NAME_MAX     33U
#define CHAT_PASSWORD_MAX 24U
#define CHAT_ACCOUNTS     100U
#define CHAT_FOLDER       "data"

struct chat;

/* What the server's machine runs when it starts. */
enum chat_duty {
    CHAT_SERVES,
    CHAT_GROWS,   /* writes accounts' lines, so that a server compacts them */
    CHAT_REPAIRS, /* what `sotto account repair` does */
    CHAT_AUDITS   /* reads its log to the end */
};

struct chat_person {
    struct chat *chat;
    unsigned number;
    struct sim_machine *machine;
    char host[12];
    char name[CHAT_NAME_MAX];
    char password[CHAT_PASSWORD_MAX];
    bool registers;   /* at the next start */
    bool has_account; /* was in the room once */
    bool is_ready;    /* in the room, by what the client showed last */
    bool was_refused; /* a login, in this run */
    bool is_retired;  /* not to be started any more */
    uint32_t waiting; /* texts of this run without an answer */
    uint64_t start_ms;
};

struct chat {
    struct sim *sim;
    struct seed dice;
    struct sim_machine *server;
    enum chat_duty duty;
    unsigned workers;       /* of the server: one or two, by the seed */
    uint64_t history_bytes; /* of the room's log */
    unsigned failed_starts; /* of the server, one after the other */
    unsigned repairs;       /* of its accounts' file that found something */
    bool server_is_ill;     /* it said that it cannot store */
    uint64_t server_ms;     /* when it starts again */
    unsigned people_count;
    struct chat_person people[LEDGER_PEOPLE];
    struct ledger ledger;
};

/* A server and `people` machines, all off. */
void chat_open(struct chat *chat, uint64_t seed,
               const struct sim_profile *profile, unsigned people);
void chat_close(struct chat *chat);

/* From now on memory that programs give back is searched for secrets. */
void chat_watch_secrets(struct chat *chat);

/* Lets the world run for so long, and reads what clients showed. */
void chat_run(struct chat *chat, uint64_t ms);

/* Runs the server's machine with another duty, to its end. */
void chat_do(struct chat *chat, enum chat_duty duty);

/* Asks a program to end, and waits for it. */
void chat_stop(struct chat *chat, struct sim_machine *machine);

/* Starts what is off and due; what is refused by others' names chooses
 * another one. */
void chat_start_due(struct chat *chat);

/* One of them types the next text, when he is in the room. */
void chat_say(struct chat *chat, struct chat_person *person);

/* Reads what this person's client showed. */
void chat_read(struct chat_person *person);

/* What the server's machine runs instead of the server; an exit code. */
int chat_duty(struct chat *chat, struct port *port);

/* Everybody is in the room, and all that was said in it is answered. */
bool chat_is_settled(const struct chat *chat);

/* Runs until that is so; wrong when it takes longer than `ms`. */
void chat_settle(struct chat *chat, uint64_t ms);

/* Ends everything in good order and compares the log with the ledger. */
void chat_audit(struct chat *chat);

#endif
