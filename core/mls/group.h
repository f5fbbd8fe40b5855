/*
 * group.h - a group from within (RFC 9420 8.1, 11, 12): its state, what it
 * works with while it decides, and the steps that its files share.
 *
 *     group.c     memory, and what everybody may ask
 *     extensions.c  the group's (11.1, 12.1.8.1)
 *     proposal.c  one proposal (12.1), and those that wait for a commit
 *     list.c      the proposals of one commit (12.2, 12.3)
 *     list_waiting.c  those that wait, for a commit of ours
 *     commit.c    from one epoch to the next (12.4.2)
 *     join.c      by Welcome (12.4.3.1)
 *     receive.c   messages
 *     past.c      what is kept of epochs that are over (8.6, 15.3)
 *     external.c  joining from outside (8.3, 12.4.3.2)
 *     outside.c   proposals from outside (12.1.8)
 *     tie.c       groups that come from another one (11.2, 11.3)
 *     leaf_make.c, key_package.c, send.c, welcome_make.c, commit_make.c
 *                 making all these
 *     state.c     as bytes and back
 *
 * A struct sotto_mls_work lies in the client's scratch. All of the next epoch
 * is made there; sotto_mls_commit_apply() takes it over and cannot fail.
 */
#ifndef SOTTO_MLS_GROUP_H
#define SOTTO_MLS_GROUP_H

#include "core/mls/schedule.h"
#include "core/mls/secret_tree.h"
#include "core/mls/tree.h"
#include "core/mls/treekem.h"

enum sotto_mls_group_state {
    SOTTO_MLS_GROUP_EMPTY = 0, /* not a member */
    SOTTO_MLS_GROUP_ACTIVE,
    SOTTO_MLS_GROUP_ENDED /* by a ReInit: only its secrets are of use */
};

/* The private keys of a leaf node that is to be ours. */
struct sotto_mls_leaf_keys {
    uint8_t encryption[SOTTO_MLS_PRIVATE_MAX];
    uint8_t signature[SOTTO_MLS_PRIVATE_MAX];
};

/* A proposal that waits for a commit. */
struct sotto_mls_waiting {
    uint8_t reference[SOTTO_MLS_HASH_MAX]; /* ProposalRef */
    struct sotto_mls_sender sender;
    struct sotto_span proposal;      /* encoded; the group's copy */
    struct sotto_mls_leaf_keys keys; /* of our own Update */
    bool is_ignored;                 /* the application does not want it */
};

/* The resumption PSK of an epoch. */
struct sotto_mls_past_psk {
    bool is_used;
    uint64_t epoch;
    uint8_t psk[SOTTO_MLS_HASH_MAX];
};

/* The signature key of a leaf; none when the leaf was blank. */
struct sotto_mls_signer {
    uint8_t len;
    uint8_t key[SOTTO_MLS_PUBLIC_MAX];
};

/* An epoch that is over: what its late messages are opened with. */
struct sotto_mls_past_epoch {
    bool is_kept;
    uint64_t epoch;
    uint8_t sender_data_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_secret_tree secret_tree;

    /* In memory handed in. */
    struct sotto_mls_signer *signers; /* of each leaf */
    uint8_t *context;                 /* the encoded GroupContext */
    size_t context_len;
};

struct sotto_mls_group {
    struct sotto_mls_config config;
    const struct sotto_mls_suite *suite;
    enum sotto_mls_group_state state;

    uint8_t *context_bytes; /* the encoded GroupContext */
    size_t context_max;
    size_t context_len;
    struct sotto_mls_group_context context; /* views of it */

    uint32_t me; /* our leaf */
    uint8_t signature_key[SOTTO_MLS_PRIVATE_MAX];
    struct sotto_mls_path_keys keys;
    struct sotto_mls_tree tree;
    struct sotto_mls_secret_tree secret_tree;
    struct sotto_mls_epoch_secrets secrets;
    uint8_t interim_hash[SOTTO_MLS_HASH_MAX]; /* interim_transcript_hash */
    uint8_t confirmation_tag[SOTTO_MLS_HASH_MAX];

    uint8_t ended_by[SOTTO_MLS_HASH_MAX];  /* of ENDED: the ReInit (tie.h) */
    bool reserves;                         /* generations before use */
    uint32_t reserved[SOTTO_MLS_RATCHETS]; /* those below, of our ratchets */

    struct sotto_mls_waiting *waiting; /* config.proposals of them */
    uint32_t waiting_count;
    uint8_t *waiting_bytes;
    size_t waiting_used;

    struct sotto_mls_past_psk *past; /* that of epoch e at e % past_psks */
    struct sotto_mls_past_epoch *past_epochs; /* likewise */
};

/* A proposal of the commit that is looked at. */
struct sotto_mls_listed {
    struct sotto_span proposal; /* encoded */
    struct sotto_mls_sender sender;
    const struct sotto_mls_waiting *waiting; /* by reference; otherwise NULL */
};

struct sotto_mls_work {
    struct sotto_mls_listed *list; /* in the order of the commit */
    uint32_t list_count;

    struct sotto_mls_tree draft;
    void *draft_memory;
    struct sotto_mls_new_path path; /* of a commit of our own */
    struct sotto_mls_path_keys keys;
    uint8_t signature_key[SOTTO_MLS_PRIVATE_MAX]; /* ours, after the commit */
    uint8_t commit_secret[SOTTO_MLS_HASH_MAX];
    uint8_t init_secret[SOTTO_MLS_HASH_MAX]; /* that the epoch starts from */
    uint8_t psk_secret[SOTTO_MLS_HASH_MAX];
    uint8_t joiner_secret[SOTTO_MLS_HASH_MAX];
    uint8_t member_secret[SOTTO_MLS_HASH_MAX];
    uint8_t encryption_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_epoch_secrets secrets;

    struct sotto_span extensions; /* the group's, after the commit */
    uint8_t confirmed_hash[SOTTO_MLS_HASH_MAX];
    uint8_t interim_hash[SOTTO_MLS_HASH_MAX];
    uint8_t confirmation_tag[SOTTO_MLS_HASH_MAX];
    uint8_t *context; /* the encoded GroupContext */
    size_t context_max;
    size_t context_len;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX]; /* of our own commit */
    bool is_joining;                            /* by it */
    bool is_removed;                            /* we are */
    struct sotto_span reinit; /* the ReInit, if the commit is one */

    uint8_t *text; /* what a message or a Welcome was opened into */
    size_t text_max;
    struct sotto_writer writer; /* over `text`, while a commit is made */
};

/* ------------------------------------------------------------------ group.c */

/* The work, made ready in the client's scratch. SPACE when that is too small
 * for the group. */
enum sotto_err sotto_mls_work_init(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work **out)
    SOTTO_MUST_CHECK;
/* The same, for a group that goes on; DENIED when it does not. */
enum sotto_err sotto_mls_work_begin(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    struct sotto_mls_work **out)
    SOTTO_MUST_CHECK;

/* Wipes the secrets of the work, not what was opened. */
void sotto_mls_work_wipe(struct sotto_mls_work *work);

/* Chooses the suite of an empty group and makes its trees ready. UNSUPPORTED
 * for one that is not built in. */
enum sotto_err sotto_mls_group_set_suite(struct sotto_mls_group *group,
                                         uint16_t cipher_suite)
    SOTTO_MUST_CHECK;

/* Takes over an encoded GroupContext that was made or read before. */
void sotto_mls_group_set_context(struct sotto_mls_group *group,
                                 struct sotto_span encoded);

/* The GroupContext as bytes. */
struct sotto_span sotto_mls_group_context_span(
    const struct sotto_mls_group *group);

/* Steps our ratchets behind what is reserved. FORMAT for more than can be;
 * SPACE. */
enum sotto_err sotto_mls_group_skip_reserved(struct sotto_mls_group *group)
    SOTTO_MUST_CHECK;

/* Starts an epoch from what the work has: secrets, hashes, GroupContext. */
void sotto_mls_group_start_epoch(struct sotto_mls_group *group,
                                 struct sotto_mls_work *work);

/* Forgets all proposals that wait. */
void sotto_mls_group_forget_waiting(struct sotto_mls_group *group);

/* Asks the client about a leaf: how long it may be valid, and its credential;
 * `old` is the leaf that it takes the place of, or NULL. FORMAT, AUTH. */
enum sotto_err sotto_mls_check_client(const struct sotto_mls_client *client,
                                      const struct sotto_mls_leaf_node *leaf,
                                      const struct sotto_mls_leaf_node *old)
    SOTTO_MUST_CHECK;

/* Whether a group of this identifier is new to the client. EXISTS. */
enum sotto_err sotto_mls_check_new(const struct sotto_mls_client *client,
                                   struct sotto_span group_id) SOTTO_MUST_CHECK;

/* Finds a PSK: here, in another group, or with the client. NOT_FOUND. `group`
 * may be NULL. */
enum sotto_err sotto_mls_find_psk(const struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  const struct sotto_mls_psk_id *id,
                                  struct sotto_span *psk) SOTTO_MUST_CHECK;

/* ------------------------------------------------------------- extensions.c */

/* Whether a group may have these: FORMAT for what cannot be read; AUTH for an
 * external sender that is not who it says. `old` are those of before. That all
 * members know the types shows in the tree (list.c, tree_validate.h). */
enum sotto_err sotto_mls_extensions_check(const struct sotto_mls_suite *suite,
                                          const struct sotto_mls_client *client,
                                          struct sotto_span extensions,
                                          struct sotto_span old)
    SOTTO_MUST_CHECK;

/* The signature key of an external sender; empty when there is none. */
struct sotto_span sotto_mls_external_key(struct sotto_span extensions,
                                         uint32_t index);

/* ------------------------------------------------------------------- past.c */

/* Keeps the resumption PSK of the epoch that starts, and what late messages of
 * the epoch that ends need: before its ratchet tree is changed. */
void sotto_mls_past_keep_psk(struct sotto_mls_group *group);
void sotto_mls_past_keep_epoch(struct sotto_mls_group *group);

/* NULL for an epoch that is not kept. */
struct sotto_mls_past_epoch *sotto_mls_past_find(struct sotto_mls_group *group,
                                                 uint64_t epoch);
/* The signature key that a leaf had; empty when it was blank. */
struct sotto_span sotto_mls_past_signer(const struct sotto_mls_past_epoch *past,
                                        uint32_t leaf);

/* As bytes, and back: FORMAT, SPACE. */
void sotto_mls_past_write(struct sotto_writer *w,
                          const struct sotto_mls_group *group);
enum sotto_err sotto_mls_past_read(struct sotto_reader *r,
                                   struct sotto_mls_group *group)
    SOTTO_MUST_CHECK;

/* --------------------------------------------------------------- proposal.c */

/*
 * Whether a proposal may be believed by itself (12.1, 12.1.8): its sender may
 * send its type, and what it brings is valid and signed. `extensions` are the
 * group's. FORMAT, AUTH.
 */
enum sotto_err sotto_mls_proposal_check(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    const struct sotto_mls_proposal *proposal, struct sotto_mls_sender sender)
    SOTTO_MUST_CHECK;

/* Whether a sender of this kind may send this type (12.1.8, 12.2). */
bool sotto_mls_may_send(struct sotto_mls_sender sender, uint16_t type);

/* Asks the client whether somebody may propose this. AUTH. */
enum sotto_err sotto_mls_check_allowed(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_span proposal,
                                       struct sotto_mls_sender sender)
    SOTTO_MUST_CHECK;

/* Whether there is room for one more that waits. SPACE. */
enum sotto_err sotto_mls_waiting_check(const struct sotto_mls_group *group,
                                       struct sotto_span proposal)
    SOTTO_MUST_CHECK;
/* Lets a proposal wait; there is room. `keys` may be NULL. */
void sotto_mls_waiting_add(struct sotto_mls_group *group,
                           const uint8_t *reference,
                           struct sotto_mls_sender sender,
                           struct sotto_span proposal,
                           const struct sotto_mls_leaf_keys *keys);
/* NULL when there is no such proposal. */
const struct sotto_mls_waiting *sotto_mls_waiting_find(
    const struct sotto_mls_group *group, struct sotto_span reference);

/* ------------------------------------------------------------------- list.c */

/* The decoded proposal of an item of the list; only its type; the leaf that an
 * Update or Remove is about, otherwise NONE. */
void sotto_mls_listed_read(const struct sotto_mls_listed *item,
                           struct sotto_mls_proposal *out);
uint16_t sotto_mls_listed_type(const struct sotto_mls_listed *item);
uint32_t sotto_mls_listed_leaf(const struct sotto_mls_listed *item);

/* Whether an item goes together with the first `count` of the list. */
bool sotto_mls_list_goes_with(const struct sotto_mls_work *work, uint32_t count,
                              const struct sotto_mls_listed *item);

/* Looks a commit's proposals up into the list, and checks those that stand in
 * it by value, unless it is our own. LIMIT, NOT_FOUND, FORMAT, AUTH. */
enum sotto_err sotto_mls_list_collect(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      struct sotto_mls_work *work,
                                      const struct sotto_mls_commit *commit,
                                      struct sotto_mls_sender committer,
                                      bool is_own) SOTTO_MUST_CHECK;

/* Adds one by value that was checked. LIMIT. */
enum sotto_err sotto_mls_list_add(const struct sotto_mls_group *group,
                                  struct sotto_mls_work *work,
                                  struct sotto_span proposal,
                                  struct sotto_mls_sender sender)
    SOTTO_MUST_CHECK;

/* Whether the list is one that this committer may commit (12.2), with or
 * without a path (12.4). FORMAT. */
enum sotto_err sotto_mls_list_check(const struct sotto_mls_work *work,
                                    struct sotto_mls_sender committer,
                                    bool has_path) SOTTO_MUST_CHECK;
/* Whether it needs one. */
bool sotto_mls_list_needs_path(const struct sotto_mls_work *work);

/*
 * Applies the list to the draft, in the order of 12.3: extensions, updates,
 * removes, adds; also notes what becomes of us. FORMAT, SPACE.
 */
enum sotto_err sotto_mls_list_apply(const struct sotto_mls_group *group,
                                    struct sotto_mls_work *work)
    SOTTO_MUST_CHECK;

/* Whether the draft is a valid tree where it changed (7.3, 12.2). FORMAT;
 * LIMIT, SPACE. */
enum sotto_err sotto_mls_list_check_tree(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         const struct sotto_mls_work *work)
    SOTTO_MUST_CHECK;

/* psk_secret from the PSKs of the list. NOT_FOUND. */
enum sotto_err sotto_mls_list_psk_secret(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         struct sotto_mls_work *work)
    SOTTO_MUST_CHECK;

/* ----------------------------------------------------------- list_waiting.c */

/* Adds to the list what waits and what we may commit, as far as it goes
 * together with what is there; applies all to the draft and checks that. Errors
 * are those of what was in the list before. */
enum sotto_err sotto_mls_list_waiting(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      struct sotto_mls_work *work)
    SOTTO_MUST_CHECK;

/* ----------------------------------------------------------------- commit.c */

/* What we know of a commit of our own. */
struct sotto_mls_own_commit {
    struct sotto_mls_path_keys keys;
    uint8_t signature_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t commit_secret[SOTTO_MLS_HASH_MAX];
};

/* Makes the next epoch in the work from a commit whose signature was verified,
 * or that is our own (otherwise `own` is NULL). Gives the committer's leaf. */
enum sotto_err sotto_mls_commit_process(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    struct sotto_mls_work *work,
    const struct sotto_mls_authenticated_content *in,
    const struct sotto_mls_own_commit *own, uint32_t *committer)
    SOTTO_MUST_CHECK;

/* Makes the group what the work says. */
void sotto_mls_commit_apply(struct sotto_mls_group *group,
                            struct sotto_mls_work *work);

/* Writes the next epoch's GroupContext into the work, with the draft's tree
 * hash; and derives its secrets, once init_secret, commit_secret and psk_secret
 * are there. SPACE; LIMIT after the last epoch that can be counted. */
enum sotto_err sotto_mls_next_context(const struct sotto_mls_group *group,
                                      struct sotto_mls_work *work,
                                      struct sotto_span confirmed_hash)
    SOTTO_MUST_CHECK;
void sotto_mls_next_secrets(const struct sotto_mls_group *group,
                            struct sotto_mls_work *work);
/* Keeps the tag with the interim hash that follows from it. AUTH unless it is the
 * one that the secrets give. */
enum sotto_err sotto_mls_next_confirm(const struct sotto_mls_group *group,
                                      struct sotto_mls_work *work,
                                      struct sotto_span confirmed_hash,
                                      struct sotto_span tag) SOTTO_MUST_CHECK;

/* init_secret of the next epoch: the last one's, or what a joiner sends. */
enum sotto_err sotto_mls_next_init(const struct sotto_mls_group *group,
                                   struct sotto_mls_work *work)
    SOTTO_MUST_CHECK;

/* --------------------------------------------------------------- leaf_make.c */

/* A fresh key pair of the suite's KEM. RANDOM, SPACE. */
enum sotto_err sotto_mls_fresh_key(const struct sotto_mls_suite *suite,
                                   const struct sotto_random *random,
                                   uint8_t *private_key, uint8_t *public_key)
    SOTTO_MUST_CHECK;

/* Writes a leaf node and signs it: all but `signature` is set. FORMAT for
 * fields that cannot be read; AUTH, SPACE. */
enum sotto_err sotto_mls_leaf_make(const struct sotto_mls_suite *suite,
                                   const uint8_t *signature_private,
                                   const struct sotto_mls_leaf_node *leaf,
                                   struct sotto_span group_id, uint32_t index,
                                   struct sotto_writer *w) SOTTO_MUST_CHECK;

/* Whether a number is one of those that mean nothing (13.5); a random one if
 * the client wants that, otherwise 0; and the items of an Extension<V> with
 * it, written where `w` stands if it is not 0. */
bool sotto_mls_is_grease(uint16_t type);
enum sotto_err sotto_mls_grease(const struct sotto_mls_client *client,
                                uint16_t *out) SOTTO_MUST_CHECK;
struct sotto_span sotto_mls_greased(struct sotto_writer *w,
                                    struct sotto_span extensions,
                                    uint16_t grease);

/* Puts defaults into empty lists of the capabilities, and GREASE into all:
 * they are written where `w` stands. FORMAT for lists that say what need not
 * be said; RANDOM, SPACE. */
enum sotto_err sotto_mls_leaf_complete(const struct sotto_mls_client *client,
                                       const struct sotto_mls_suite *suite,
                                       struct sotto_writer *w,
                                       struct sotto_mls_leaf_node *leaf)
    SOTTO_MUST_CHECK;

/* Sets what is new in our leaf node: a fresh encryption key, and what `change`
 * says (NULL: nothing). It is written where `w` stands. AUTH, RANDOM, SPACE. */
enum sotto_err sotto_mls_leaf_renew(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    const struct sotto_mls_new_leaf *change,
                                    struct sotto_mls_leaf_node *leaf,
                                    struct sotto_mls_leaf_keys *keys,
                                    struct sotto_writer *w) SOTTO_MUST_CHECK;

/* -------------------------------------------------------------------- send.c */

/* Writes a proposal that is no Update; unchecked. FORMAT, RANDOM. */
enum sotto_err sotto_mls_proposal_write(const struct sotto_mls_suite *suite,
                                        const struct sotto_mls_client *client,
                                        const struct sotto_mls_change *change,
                                        struct sotto_writer *w)
    SOTTO_MUST_CHECK;

/* Writes and checks a proposal. `keys` get those of an Update; NULL where
 * there can be none. */
enum sotto_err sotto_mls_change_write(const struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_change *change,
                                      struct sotto_mls_sender sender,
                                      struct sotto_mls_leaf_keys *keys,
                                      struct sotto_writer *w,
                                      struct sotto_span *out) SOTTO_MUST_CHECK;

/* A message of ours, framed and not yet signed. */
void sotto_mls_frame(const struct sotto_mls_group *group,
                     const struct sotto_mls_sending *how, uint8_t content_type,
                     struct sotto_span content,
                     struct sotto_mls_authenticated_content *out);

/* Protects one that was signed, and has its confirmation tag. */
enum sotto_err sotto_mls_seal(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_authenticated_content *in,
                              size_t padding, struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* ------------------------------------------------------------ welcome_make.c */

/* What a GroupInfo says (12.4.3). */
struct sotto_mls_group_info_parts {
    const struct sotto_mls_tree *tree;
    bool with_tree;
    struct sotto_span context; /* the encoded GroupContext */
    const uint8_t *confirmation_tag;
    struct sotto_span external_pub; /* empty: left out */
    uint16_t grease;                /* 0: left out */
    const uint8_t *signature_key;
};

/* Writes a GroupInfo and signs it. */
enum sotto_err sotto_mls_group_info_write(
    const struct sotto_mls_group *group,
    const struct sotto_mls_group_info_parts *parts, struct sotto_writer *w)
    SOTTO_MUST_CHECK;

/* Writes the Welcome for all whom the list adds; nothing if nobody. */
enum sotto_err sotto_mls_welcome_write(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_mls_work *work,
                                       bool with_tree,
                                       struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* ------------------------------------------------------------ commit_make.c */

/* The steps of a commit of our own, which an external commit shares. First: a
 * plan's changes, written into the work's text, checked and listed. */
enum sotto_err sotto_mls_make_list(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work,
                                   struct sotto_mls_sender sender,
                                   const struct sotto_mls_plan *plan)
    SOTTO_MUST_CHECK;

/* Completes the draft, to which the list was applied: with a path, then checked
 * and hashed. `leaf` gets our new leaf node, where `change` may say something
 * new, or nothing without a path. */
enum sotto_err sotto_mls_make_tree(const struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   struct sotto_mls_work *work, bool with_path,
                                   const struct sotto_mls_new_leaf *change,
                                   struct sotto_span *leaf) SOTTO_MUST_CHECK;

/* Writes the Commit into the work's text. */
enum sotto_err sotto_mls_make_commit(const struct sotto_mls_group *group,
                                     const struct sotto_mls_client *client,
                                     struct sotto_mls_work *work,
                                     struct sotto_span leaf,
                                     struct sotto_span *out) SOTTO_MUST_CHECK;

/* Signs the message, and makes the next epoch's secrets and its confirmation
 * tag; the message gets views of the work. */
enum sotto_err sotto_mls_make_epoch(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    struct sotto_mls_work *work,
    struct sotto_mls_authenticated_content *message) SOTTO_MUST_CHECK;

/* ------------------------------------------------------------------- join.c */

/* Reads the ratchet tree that belongs to a GroupInfo, from its extension if
 * `tree` is empty, into an empty group; the signature of a member over the
 * GroupInfo, and every member, are checked. `mine` is the leaf node of our key
 * package, which then must be among them, signed by somebody else, and gives
 * our place; empty for who is not in yet. NOT_FOUND, FORMAT, AUTH, LIMIT,
 * SPACE. */
enum sotto_err sotto_mls_join_tree(struct sotto_mls_group *group,
                                   const struct sotto_mls_client *client,
                                   const struct sotto_mls_group_info *info,
                                   struct sotto_span tree,
                                   struct sotto_span mine) SOTTO_MUST_CHECK;

#endif
