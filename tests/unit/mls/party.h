/*
 * party.h - a few clients of the library and a group for them to be in.
 *
 * Every function asserts that it works for all: what one sends, the others
 * take, after a copy with a bit changed was refused and left no trace. What is
 * to fail is called in the tests themselves.
 */
#ifndef SOTTO_TESTS_UNIT_MLS_PARTY_H
#define SOTTO_TESTS_UNIT_MLS_PARTY_H

#include "core/mls/group.h"
#include "tests/unit/test.h"
#include <sotto/mls.h>

#define PARTY_CLIENTS     6
#define PARTY_MEMORY      4096 /* words of a group */
#define PARTY_MESSAGE_MAX 16384

struct party_member {
    uint64_t memory[PARTY_MEMORY];
    struct sotto_mls_group *group;
    uint8_t package[2048];
    struct sotto_mls_buffer package_out;
    struct sotto_mls_package_keys keys;
    uint8_t signature_private[32];
    bool is_in;
};

extern const struct sotto_mls_config party_config;
extern struct party_member party[PARTY_CLIENTS];
extern struct sotto_mls_client party_client; /* that all share */

/* What was made last. */
extern uint8_t party_message[PARTY_MESSAGE_MAX];
extern uint8_t party_welcome[PARTY_MESSAGE_MAX];
extern uint8_t party_pending[PARTY_MESSAGE_MAX];
extern struct sotto_mls_made party_made;

/* For each test: nobody is in, the client as it was, the same chance. */
int party_setup(void **state);

/* Chance; and views. */
uint32_t party_pick(uint32_t below);
struct sotto_span party_text(const char *s);
struct sotto_span party_span(const struct sotto_mls_buffer *buffer);

/* What a member makes its key packages of: its name is one letter. */
struct sotto_mls_identity party_identity(const struct party_member *member);
/* A new key package, of party_identity() or of another identity. */
void party_make_package(struct party_member *member);
void party_make_package_of(struct party_member *member,
                           const struct sotto_mls_identity *identity);
struct sotto_mls_member_keys party_keys(const struct party_member *member);

/* The group "room"; with the key package that the member has. */
void party_create(struct party_member *member);
void party_create_with(struct party_member *member, const char *group_id,
                       struct sotto_span extensions);

/* One takes a message, or all but the sender do. */
void party_deliver(struct party_member *member, struct sotto_span in,
                   struct sotto_mls_event *event);
void party_deliver_to_others(const struct party_member *sender,
                             struct sotto_span in);

/* Everybody has the same epoch authenticator. */
void party_assert_agreed(void);

/* Makes a commit into party_made. */
enum sotto_err party_try(struct party_member *sender,
                         const struct sotto_mls_plan *plan) SOTTO_MUST_CHECK;
/* The commit in party_made is taken by all, and who is added joins. */
void party_accept(struct party_member *sender);
/* Both, of what waits and of one change (or none). */
void party_commit(struct party_member *sender,
                  const struct sotto_mls_change *change, bool with_path,
                  bool is_public);

void party_add(struct party_member *sender, struct party_member *added,
               bool with_path);
void party_remove(struct party_member *sender, struct party_member *removed);
/* The members 0 to `count` - 1 are in the group "room". */
void party_of(int count);

/* Seals words, into `out`; and sends them to all. */
void party_seal(struct party_member *sender, const char *words,
                struct sotto_mls_buffer *out);
void party_say(struct party_member *sender, const char *words);

void party_propose(struct party_member *sender,
                   const struct sotto_mls_change *change);

/* Joins from outside; `replaced` is a leaf to remove, or NONE. */
void party_join_external(struct party_member *inside,
                         struct party_member *outside, uint32_t replaced);

#endif
