/*
 * mls_world.h - a few clients of MLS and what is on its way between them, for
 * fuzz targets.
 *
 * The world starts the same each time: client 0 has made a group, 1, 2 and 3
 * are in it, 4 and 5 are outside; all of them have committed once. Random bytes
 * come from a generator with a fixed seed. What is done comes from the fuzzer's
 * bytes, of which there are zeros when they are used up.
 *
 * Each call of a group that fails must leave its memory as it was, byte for
 * byte: world_begin() before it, world_end() after it.
 */
#ifndef SOTTO_FUZZ_MLS_WORLD_H
#define SOTTO_FUZZ_MLS_WORLD_H

#include "choices.h"
#include "core/mls/group.h"

#define WORLD_CLIENTS     6U
#define WORLD_FOUNDERS    4U
#define WORLD_POOL        24U
#define WORLD_MESSAGE_MAX 8192U
#define WORLD_PACKAGE_MAX 512U

struct world_client {
    struct sotto_mls_group *group;
    uint8_t signature_private[32];
    uint8_t package[WORLD_PACKAGE_MAX];
    size_t package_len;
    struct sotto_mls_package_keys keys;
    /* A commit of its own that is not decided: the message's place. */
    size_t pending_message;
    uint8_t pending[WORLD_MESSAGE_MAX];
    size_t pending_len; /* 0: none */
};

/* What somebody sent. */
struct world_message {
    uint8_t bytes[WORLD_MESSAGE_MAX];
    size_t len;
    uint32_t serial;
};

struct world {
    struct world_client clients[WORLD_CLIENTS];
    struct world_message pool[WORLD_POOL]; /* the newest over the oldest */
    uint32_t sent;
    uint8_t welcome[WORLD_MESSAGE_MAX];
    size_t welcome_len;
    bool is_welcome_forged; /* by a member, with secrets of its own making */
};

extern struct world world;
extern struct sotto_mls_client world_client;
extern const struct sotto_mls_config world_config;
const struct sotto_mls_suite *world_suite(void);

/* As at the start; the choices (choices.h) begin with `in`. */
void world_start(const uint8_t *in, size_t len);

/* ---- clients */

struct world_client *world_pick_client(void);
/* One who is in a group or not; NULL if there is none. */
struct world_client *world_pick_in(bool is_in);
/* Gives a client a new key package. */
void world_make_package(struct world_client *client);
struct sotto_mls_member_keys world_keys(const struct world_client *client);

/* ---- messages */

/* A place for a message; those in the pool stay until it is used. */
struct sotto_mls_buffer world_new_message(void);
/* The message is what the buffer holds; nothing when `err` is one. */
struct world_message *world_send(const struct sotto_mls_buffer *out,
                                 enum sotto_err err);
/* One that was sent; NULL if nothing was. */
struct world_message *world_pick_message(void);

/* ---- what must hold */

/* In the next such call the nth operation with a curve or random bytes fails. */
void world_fail_next(unsigned nth);
void world_begin(const struct world_client *client);
void world_end(const struct world_client *client, enum sotto_err err);

/* A client has come to an epoch: by message number `serial`, from what
 * world_begin() saw; or by a Welcome, where `serial` is NONE. Everybody who
 * did the same is in the same epoch, everybody with the same GroupContext has
 * the same secrets, and a joiner would accept the tree. */
void world_check_epoch(const struct world_client *client, uint32_t serial);
/* The last of these alone. A member can welcome somebody to an epoch that has the
 * group's GroupContext and other secrets; nobody can tell before he speaks. */
void world_check_tree(const struct world_client *client);

#endif
