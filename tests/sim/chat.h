/*
 * chat.h - a whole chat in a simulated world: the program's own server and
 * clients, each on a machine, and a ledger of what they say and show.
 */
#ifndef SOTTO_TESTS_SIM_CHAT_H
#define SOTTO_TESTS_SIM_CHAT_H

#include "apps/sotto/client.h"
#include "apps/sotto/server.h"
#include "core/base/json.h"
#include "port/sim/sim.h"
#include "tests/sim/ledger.h"
#include "tests/unit/support/seed.h"

#define CHAT_NAME_MAX     33U
#define CHAT_PASSWORD_MAX 24U
#define CHAT_ACCOUNTS     100U
#define CHAT_FOLDER       "data"
#define CHAT_ADDRESS_MAX  256U

struct chat;

/* What the server's machine runs when it starts. */
enum chat_duty {
    CHAT_SERVES,
    CHAT_GROWS,   /* writes accounts' lines, so that a server compacts them */
    CHAT_REPAIRS, /* what `sotto account repair` does */
    CHAT_AUDITS   /* reads its log to the end */
};

/* What has to do with devices, of a person or of a machine that is one. */
struct chat_device {
    struct chat_person *owner; /* whose device it is; NULL: a person */
    struct chat_person
        *owned; /* the device that he looks after: his own machine,
                                  or another one; NULL: none */
    char address[CHAT_ADDRESS_MAX]; /* with the code; "": none yet */
    bool has_key;     /* the server said so: no password from now on */
    bool is_shut;     /* the server said that it is revoked */
    bool is_shut_out; /* and had, before this connection began */
    bool is_doubtful; /* to be revoked: nobody knows what the server knows */
    bool is_unsure;   /* a revocation that had no answer may still arrive */
    bool brings_code; /* at this start */
};

/* A line that a client showed. */
struct chat_shown {
    struct sotto_json json;
    char event[24];
    char code[24];
    char what[24];
    char text[LEDGER_TEXT_MAX];
    char name[CHAT_NAME_MAX];
    char address[CHAT_ADDRESS_MAX];
    size_t text_len;
    size_t name_len;
    uint64_t number;
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
    struct chat_device device;
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
    uint64_t message_rate;  /* that a connection may have; 0: what is usual */
    /* What else of the server's settings is to be unusual; or NULL. */
    void (*tune)(const struct chat *chat, struct server_settings *settings);
    unsigned failed_starts; /* of the server, one after the other */
    unsigned repairs;       /* of its accounts' file that found something */
    unsigned came_by_code;  /* devices, and those that came with a key ... */
    unsigned came_by_key;
    unsigned revoked;   /* ... and that were shut out */
    uint32_t digest;    /* of all that was shown, and when */
    bool server_is_ill; /* it said that it cannot store */
    uint64_t server_ms; /* when it starts again */
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

/* ---- chat_devices.c ---- */

/* Gives some people devices; they begin without. */
void chat_give_devices(struct chat *chat);
/* Somebody does something about a device, now and then. */
void chat_mind_devices(struct chat *chat);
/* False while it waits for a code. */
bool chat_may_start(const struct chat_person *person);
/* True while nobody expects it to be in the room. */
bool chat_may_rest(const struct chat_person *person);
/* It starts; what its client is told. */
void chat_begin_device(struct chat_person *person);
void chat_log_in_with(const struct chat_person *person,
                      struct client_settings *settings, const char **server);
/* What its client showed. */
void chat_take_device(struct chat_person *person,
                      const struct chat_shown *shown);

/* What the server's machine runs instead of the server; an exit code. */
int chat_duty(struct chat *chat, struct port *port);

/* Everybody is in the room, and all that was said in it is answered. */
bool chat_is_settled(const struct chat *chat);

/* Runs until that is so; wrong when it takes longer than `ms`. */
void chat_settle(struct chat *chat, uint64_t ms);

/* When that is so: lets everybody see what others have said. */
void chat_hear_out(struct chat *chat);

/* Ends everything in good order and compares the log with the ledger. */
void chat_audit(struct chat *chat);

#endif
