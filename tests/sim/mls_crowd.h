/*
 * mls_crowd.h - the members of one MLS group in a random history, what they
 * sent, and what each does when it reads that.
 *
 * All messages go into one log, as a server would keep it, and everybody reads
 * on from where it is. What must hold is checked in reading: whoever comes to
 * an epoch has the epoch authenticator of the one who committed it; a message
 * that fails leaves its reader's memory as it was, byte for byte; who was
 * removed reads nothing more, even one who keeps the state from before.
 */
#ifndef SOTTO_SIM_MLS_CROWD_H
#define SOTTO_SIM_MLS_CROWD_H

#include <sotto/mls.h>

#define MESSAGE_MAX 262144U
#define PACKAGE_MAX 512U
#define HASH_LEN    32U
#define PSKS        3U

struct member {
    void *memory;
    struct sotto_mls_group *group;
    uint8_t signature_private[SOTTO_MLS_PRIVATE_MAX];
    uint8_t package[PACKAGE_MAX];
    size_t package_len;
    struct sotto_mls_package_keys keys;
    size_t at;        /* the next entry of the log to read */
    size_t late;      /* an entry that comes later, or NOTHING */
    bool is_in;       /* a member, as far as it knows */
    bool is_stranded; /* out without having been removed: missed a commit */
    uint32_t leaf;    /* of a stranded one */
};

#define NOTHING SIZE_MAX

struct counts {
    unsigned long commits;
    unsigned long lost_races;
    unsigned long joins;
    unsigned long external_joins;
    unsigned long removals;
    unsigned long damaged;
    unsigned long lost; /* messages of the application */
    unsigned long stranded;
    unsigned long late;
    unsigned long reloads;
    unsigned long psks;
    unsigned long ghosts; /* messages that a removed member could not read */
};

extern struct member *members;
extern size_t member_count;
extern size_t in_count; /* that are in */
extern struct counts counts;
extern struct sotto_mls_client client; /* that all share */

/* Stops the program when something is not as it must be. */
void fail(const char *what, enum sotto_err err);
void must(enum sotto_err err, const char *what);

/* All is made from the seed; the first member has a group of its own. */
void crowd_start(const char *seed, size_t count);

/* Chance. */
void chance_fill(uint8_t *out, size_t len);
size_t pick(size_t below);
/* One who is in and has read everything, or who is out and was not stranded;
 * NULL if there is none. */
struct member *pick_member(bool is_in);
/* One who was stranded, or NULL. */
struct member *pick_stranded(void);

void make_package(struct member *member);
struct sotto_mls_member_keys keys_of(const struct member *member);

enum message_kind {
    MESSAGE_COMMIT,      /* who loses one is stranded */
    MESSAGE_PROPOSAL,    /* reaches everybody, like all but very few commits */
    MESSAGE_APPLICATION, /* may be lost, or late */
};

/* Puts a message into the log; its sender has read it. */
void send_message(struct member *sender, const struct sotto_mls_buffer *out,
                  enum message_kind kind);
/* Reads the log to its end. */
void catch_up(struct member *member);

/* `member` has come to an epoch by a commit of its own. */
void note_epoch(const struct member *member);
/* `member` has joined, at the end of the log. */
void come_in(struct member *member);

#endif
