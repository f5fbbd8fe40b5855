/*
 * mls.h - Messaging Layer Security (RFC 9420): groups whose members share keys
 * that heal after a compromise and that leave with those who are removed.
 *
 * No heap, clock or socket: memory, random bytes and the time are handed in.
 * Every call decides first and commits then: one that fails leaves the group
 * as it was, bit for bit. core/mls/README.md leads through the library.
 */
#ifndef SOTTO_MLS_H
#define SOTTO_MLS_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <sotto/mls_types.h>
#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------- the caller */

/*
 * What a group's memory is sized by, and its limits. The same for every call
 * about a group; all members need not have the same.
 */
struct sotto_mls_config {
    uint32_t members;      /* at most, rounded up to a power of two */
    size_t leaf_len;       /* bytes of an encoded leaf node, on average */
    size_t context_len;    /* group identifier and group extensions together */
    uint32_t proposals;    /* in one commit, and waiting for one */
    size_t proposal_bytes; /* all that wait, encoded */
    uint32_t past_psks;    /* epochs whose resumption PSK is kept */
    uint32_t past_epochs;  /* that are over and whose late messages can still be
                              read; each costs 66 bytes for a member and what
                              the keys of an epoch do: 33 for a member, 72 for
                              a sender, 56 for a kept one, and the context */
    size_t message_len;    /* the longest message; a Welcome is one */
    uint32_t senders;      /* that send in one epoch; 0: all may */
    uint32_t kept;         /* keys kept for late messages */
    uint32_t window;       /* generations that a message may be late */
    uint32_t forward;      /* generations that a message may be early */
};

struct sotto_mls_group; /* in memory of the caller's */
struct sotto_mls_change;

/*
 * What one client hands to every call: shared by all its groups. The scratch
 * is aligned as an array of uint64_t and has sotto_mls_scratch_size() bytes for
 * the largest of them; it holds nothing between calls but what a call says, and
 * views that a call gives point into it or into the call's input.
 */
struct sotto_mls_client {
    void *scratch;
    size_t scratch_len;
    uint64_t now; /* seconds since 1970, or SOTTO_TIME_UNKNOWN: lifetimes of
                     key packages are then not looked at */
    uint64_t max_lifetime; /* seconds for which a key package may be valid, for
                              us to take it (7.2); 0: as long as it says */
    bool grease; /* what we make has values that others must skip (13.5) */
    const struct sotto_random *random; /* NULL for one that never sends */
    void *ctx;                         /* for those below */

    /* Finds a pre-shared key, of any length, that stays until the call is
     * over; NOT_FOUND. The group itself knows its own resumption PSKs. NULL:
     * there are none. */
    enum sotto_err (*psk)(void *ctx, const struct sotto_mls_psk_id *id,
                          struct sotto_span *psk);

    /* The group of this identifier that one is or was in; NULL if there is
     * none. It shows that a new group's identifier is new (12.4.3.1), what a
     * ReInit or branch comes from, and resumption PSKs. NULL: the application
     * sees to all that by itself. */
    const struct sotto_mls_group *(*find_group)(void *ctx,
                                                struct sotto_span group_id);

    /* Whether two credentials stand for one client: who is added must not be in
     * the group already (12.2), and the members of a reinit or branch are
     * compared with the old group's (11.2, 11.3). NULL: for the first, only
     * signature keys differ, which is so of all members anyway; for the second,
     * credentials are equal byte for byte. */
    bool (*is_same_client)(void *ctx, const struct sotto_mls_credential *a,
                           const struct sotto_mls_credential *b);

    /* Whether somebody with this signature key is who the credential says
     * (5.3.1): OK, or AUTH. Asked for each leaf node that comes into a group,
     * and each external sender; `old` is the credential of the leaf whose place
     * it takes, NULL for somebody new. NULL: everybody is believed. */
    enum sotto_err (*credential)(void *ctx,
                                 const struct sotto_mls_credential *credential,
                                 struct sotto_span signature_key,
                                 const struct sotto_mls_credential *old);

    /* Whether somebody may change this in the group (12.2): OK, or AUTH. Asked
     * for each proposal that comes in by itself, which is then not taken, or in
     * somebody else's commit, which is then refused. `sender` is as in events.
     * NULL: everybody may do everything. */
    enum sotto_err (*allow)(void *ctx, const struct sotto_mls_group *group,
                            uint8_t sender_type, uint32_t sender,
                            const struct sotto_mls_change *change);
};

/* The key package that one joins by, and its private keys. */
struct sotto_mls_member_keys {
    struct sotto_span key_package; /* KeyPackage, without MLSMessage around */
    const uint8_t *init_private;
    const uint8_t *encryption_private;
    const uint8_t *signature_private;
};

/* ------------------------------------------------------- a group: group.c */

size_t sotto_mls_group_size(const struct sotto_mls_config *config);
size_t sotto_mls_scratch_size(const struct sotto_mls_config *config);

/* A group that one is not yet a member of, in `memory`, which is aligned as an
 * array of uint64_t and the group's from now on; it must not be moved. */
struct sotto_mls_group *sotto_mls_group_init(
    void *memory, const struct sotto_mls_config *config);

/* Deletes all there is: as after init. */
void sotto_mls_group_wipe(struct sotto_mls_group *group);

/* Whether one is a member, in an epoch that can still be used. */
bool sotto_mls_group_is_active(const struct sotto_mls_group *group);

/* The rest of this part is for members only. Views last until the group
 * changes. */
struct sotto_span sotto_mls_group_id(const struct sotto_mls_group *group);
uint64_t sotto_mls_group_epoch(const struct sotto_mls_group *group);
uint32_t sotto_mls_group_me(const struct sotto_mls_group *group);
/* Extension<V> of the GroupContext. */
struct sotto_span sotto_mls_group_extensions(
    const struct sotto_mls_group *group);
/* 8.7: the same for all members of an epoch and for nobody else. */
struct sotto_span sotto_mls_group_epoch_authenticator(
    const struct sotto_mls_group *group);
/* The resumption PSK of this epoch (8.6): for a reinit or a branch. */
struct sotto_span sotto_mls_group_resumption_psk(
    const struct sotto_mls_group *group);
/* The next member from leaf `from` on; false when there is none. */
bool sotto_mls_group_next_member(const struct sotto_mls_group *group,
                                 uint32_t from, struct sotto_mls_member *out);
/* MLS-Exporter (8.5). LIMIT when `len` is more than 255 times 32; DENIED for
 * who is no member. */
enum sotto_err sotto_mls_group_export(const struct sotto_mls_group *group,
                                      const char *label,
                                      struct sotto_span context, uint8_t *out,
                                      size_t len) SOTTO_MUST_CHECK;

/* ------------------------------------------------------- joining: join.c */

/*
 * Joins by a Welcome (12.4.3.1), an MLSMessage. `tree` is the ratchet tree
 * where it is not in the Welcome, otherwise empty. The group is as after init
 * before, and after a failure. The keys are copied; the caller deletes
 * init_private afterwards.
 *
 * `psk`, if not NULL, gets the resumption PSK that ties the group to another
 * one by reinit or branch, as a view of the scratch; its type is 0 when there
 * is none. The client's find_group() then gives the old group, and the new one
 * is compared with it (11.2, 11.3). Where the client has no such function, the
 * caller does that, or hands in no `psk`: such a Welcome is then refused.
 *
 * FORMAT, AUTH; NOT_FOUND for a Welcome that is for other key packages, a PSK
 * or an old group that is not known, or a tree that is not there; EXISTS when
 * one is in a group of that identifier; LIMIT and SPACE for what the
 * configuration has no room for; UNSUPPORTED for a suite that is not built in.
 */
enum sotto_err sotto_mls_join(struct sotto_mls_group *group,
                              const struct sotto_mls_client *client,
                              const struct sotto_mls_member_keys *keys,
                              struct sotto_span welcome, struct sotto_span tree,
                              struct sotto_mls_psk_id *psk) SOTTO_MUST_CHECK;

/* --------------------------------------------------- messages: receive.c */

enum sotto_mls_event_type {
    SOTTO_MLS_EVENT_APPLICATION = 1, /* `data` is for the application */
    SOTTO_MLS_EVENT_PROPOSAL,        /* waits for a commit from now on */
    SOTTO_MLS_EVENT_COMMIT,          /* a new epoch */
    SOTTO_MLS_EVENT_REMOVED,         /* we are out; all secrets are gone */
    SOTTO_MLS_EVENT_REINIT           /* a last epoch, for its resumption PSK:
                                        a new group is to be made (11.2) */
};

struct sotto_mls_event {
    enum sotto_mls_event_type type;
    bool is_member;      /* the sender was in the group */
    uint8_t sender_type; /* enum sotto_mls_sender_type */
    uint32_t sender; /* its leaf, in the epoch after a commit; the number of an
                        EXTERNAL one */
    uint64_t epoch;  /* that the message was sent in */
    struct sotto_span signature_key; /* the sender's, as long as the group does
                                        not change; none after REMOVED */
    struct sotto_span authenticated_data;
    struct sotto_span data; /* of APPLICATION; the encoded Proposal, which is
                               the ReInit when there is one */
};

/*
 * Takes a PublicMessage or PrivateMessage. A message that fails has changed
 * nothing. Application data may be of a past epoch (config.past_epochs), and
 * its sender no longer a member.
 *
 * NOT_FOUND: of another group, a proposal that was never seen, an unknown PSK.
 * REPLAY: of an epoch that is over, used already, or our own. AGAIN: of a later
 * epoch; keep it and try again after the commit. FORMAT, AUTH: not valid.
 * LIMIT, SPACE: more than the configuration has room for. DENIED: the group is
 * not active.
 */
enum sotto_err sotto_mls_receive(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 struct sotto_span message,
                                 struct sotto_mls_event *event)
    SOTTO_MUST_CHECK;

/* Deletes what is kept of the epochs before `before`: for one who waits for
 * late messages for some time only. It goes with the group, too. */
void sotto_mls_forget_past(struct sotto_mls_group *group, uint64_t before);

/* ------------------------------------- making things: key_package.c, send.c */

/* Where something is written: `cap` bytes at `at`; `len` says how many were. */
struct sotto_mls_buffer {
    uint8_t *at;
    size_t cap;
    size_t len;
};

/* Who one is, for a key package. Lists of the capabilities that are empty
 * become: this version, this suite, this type of credential. */
struct sotto_mls_identity {
    struct sotto_mls_credential credential;
    const uint8_t *signature_private;
    const uint8_t *signature_public; /* its other half; NULL: to be derived */
    struct sotto_mls_capabilities capabilities;
    struct sotto_span extensions;         /* Extension<V> of the leaf node */
    struct sotto_span package_extensions; /* and of the key package */
    struct sotto_mls_lifetime lifetime;
};

/* What one's own leaf node says from now on, beside a fresh encryption key:
 * what is NULL stays (7.5). A new signature key signs from the epoch on that
 * the leaf node comes into the tree with. */
struct sotto_mls_new_leaf {
    const struct sotto_mls_credential *credential;
    const struct sotto_mls_capabilities *capabilities;
    const struct sotto_span *extensions;
    const uint8_t *signature_private;
};

/* Makes a signature key pair; the private half is to be wiped in the end.
 * `public_key` may be NULL. UNSUPPORTED; RANDOM, SPACE. */
enum sotto_err sotto_mls_signature_key_make(
    const struct sotto_mls_client *client, uint16_t cipher_suite,
    uint8_t private_key[static SOTTO_MLS_PRIVATE_MAX],
    struct sotto_mls_buffer *public_key) SOTTO_MUST_CHECK;

/* The private keys that belong to a key package; wipe them. */
struct sotto_mls_package_keys {
    uint8_t init_private[SOTTO_MLS_PRIVATE_MAX];
    uint8_t encryption_private[SOTTO_MLS_PRIVATE_MAX];
};

/* Makes a KeyPackage (10), without MLSMessage around. UNSUPPORTED for a suite
 * that is not built in; AUTH for a bad signature key; FORMAT for an identity
 * that nobody would take; RANDOM, SPACE. */
enum sotto_err sotto_mls_key_package_make(
    const struct sotto_mls_client *client, uint16_t cipher_suite,
    const struct sotto_mls_identity *identity,
    struct sotto_mls_package_keys *keys, struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* Creates a group of one (11), in the epoch 0, with a key package of one's own,
 * whose keys.init_private is not used. `extensions` are the items of the
 * GroupContext's Extension<V>. FORMAT, AUTH, RANDOM, SPACE, UNSUPPORTED. */
enum sotto_err sotto_mls_group_create(struct sotto_mls_group *group,
                                      const struct sotto_mls_client *client,
                                      const struct sotto_mls_member_keys *keys,
                                      struct sotto_span group_id,
                                      struct sotto_span extensions)
    SOTTO_MUST_CHECK;

/* Writes an extension for a group, behind what `out` has. SPACE. */
enum sotto_err sotto_mls_write_required(
    const struct sotto_mls_required_capabilities *required,
    struct sotto_mls_buffer *out) SOTTO_MUST_CHECK;
enum sotto_err sotto_mls_write_external_senders(
    const struct sotto_mls_external_sender *senders, size_t count,
    struct sotto_mls_buffer *out) SOTTO_MUST_CHECK;

/* What a key package says. */
struct sotto_mls_package {
    uint16_t cipher_suite;
    struct sotto_mls_credential credential;
    struct sotto_span signature_key;
    struct sotto_mls_capabilities capabilities;
    struct sotto_mls_lifetime lifetime;
    struct sotto_span leaf_extensions;
    struct sotto_span package_extensions;
};

/* Looks into somebody's KeyPackage before a group is created or changed for it,
 * and checks all but whether it goes with a group (10.1). FORMAT, AUTH;
 * UNSUPPORTED for a suite that is not built in. */
enum sotto_err sotto_mls_key_package_read(const struct sotto_mls_client *client,
                                          struct sotto_span key_package,
                                          struct sotto_mls_package *out)
    SOTTO_MUST_CHECK;

/* How something is sent. */
struct sotto_mls_sending {
    struct sotto_span authenticated_data;
    size_t padding; /* zero bytes, of a PrivateMessage */
    bool is_public; /* a PublicMessage: not for application data */
};

/* Seals application data. BUSY while proposals wait: they are to be committed
 * first (12.4). LIMIT, RANDOM, SPACE; DENIED when not active. Should the back
 * end ever fail at sealing (CRYPTO), the key is given up nevertheless. */
enum sotto_err sotto_mls_protect(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 const struct sotto_mls_sending *how,
                                 struct sotto_span data,
                                 struct sotto_mls_buffer *out) SOTTO_MUST_CHECK;

#define SOTTO_MLS_RESERVE_MAX 65536U

/*
 * Reserves the keys of the next `count` private messages of each kind,
 * application data and handshakes; the group is then to be saved. After that
 * they may be sent without saving each time: a group that is loaded goes on
 * behind all that were reserved, so that after a crash no key is used twice.
 *
 * Once this was called, sealing with a key that is not reserved is refused
 * with LIMIT; nothing is reserved when an epoch begins. The others take what is
 * skipped for lost messages: `count` is best below their config.forward. To go
 * back further than to the last saved reservation is still to use keys twice.
 * LIMIT for more than SOTTO_MLS_RESERVE_MAX, which loading has to step over;
 * SPACE for more senders than config.senders; DENIED when not active.
 */
enum sotto_err sotto_mls_reserve(struct sotto_mls_group *group, uint32_t count)
    SOTTO_MUST_CHECK;

/* What one wants to change, by a proposal. */
struct sotto_mls_change {
    uint16_t type;               /* of proposal; not EXTERNAL_INIT */
    struct sotto_span bytes;     /* ADD: the KeyPackage; EXTENSIONS: the items;
                                    REINIT: the new group's identifier */
    uint32_t leaf;               /* REMOVE: whom */
    struct sotto_mls_psk_id psk; /* PSK; an empty nonce is made */
    uint16_t cipher_suite;       /* REINIT, as is the next */
    struct sotto_span extensions;
    const struct sotto_mls_new_leaf *leaf_node; /* UPDATE; NULL: as it is */
};

/* What a proposal says, such as that of an event: views of it. A REINIT of
 * another version than ours, an UPDATE and an EXTERNAL_INIT have nothing but
 * their type. FORMAT. */
enum sotto_err sotto_mls_change_read(struct sotto_span proposal,
                                     struct sotto_mls_change *out)
    SOTTO_MUST_CHECK;

/* Proposes it; it waits here, too: once, however often it is sent. A commit of
 * somebody else's has to take it up. Errors of sotto_mls_protect() but BUSY;
 * FORMAT, AUTH for what is not valid. */
enum sotto_err sotto_mls_propose(struct sotto_mls_group *group,
                                 const struct sotto_mls_client *client,
                                 const struct sotto_mls_sending *how,
                                 const struct sotto_mls_change *change,
                                 struct sotto_mls_buffer *out) SOTTO_MUST_CHECK;

/* Passes over the proposals that wait now, in commits of ours and when we send:
 * for one who does not want them. Others may still commit them. */
void sotto_mls_ignore_proposals(struct sotto_mls_group *group);

/* ------------------------------------------------ committing: commit_make.c */

struct sotto_mls_plan {
    const struct sotto_mls_change *changes; /* by value; not UPDATE */
    size_t count;
    bool with_path; /* fresh keys, even where none are asked for */
    const struct sotto_mls_new_leaf *leaf_node; /* NULL: as it is; with a path;
                                                   not from outside */
    bool with_tree; /* the ratchet tree in the Welcome */
    struct sotto_mls_sending how;
};

/* What a commit gives. `welcome` stays empty when nobody is added. */
struct sotto_mls_made {
    struct sotto_mls_buffer message; /* for the members */
    struct sotto_mls_buffer welcome; /* for those who are added */
    struct sotto_mls_buffer pending; /* for us: secret */
};

/*
 * Makes a commit (12.4.1) of the plan's changes and of what waits, as far as
 * that goes together and we may commit it. The group stays in its epoch,
 * because somebody else's commit may be the first: when it turns out that ours
 * is, `pending` goes to sotto_mls_commit_accept(). It is wiped then, or when it
 * has lost.
 *
 * FORMAT, AUTH for what is not valid; NOT_FOUND for an unknown PSK; LIMIT,
 * RANDOM; SPACE, also when those whom others want to add have no room in
 * `made->welcome`; DENIED when not active.
 */
enum sotto_err sotto_mls_commit_make(struct sotto_mls_group *group,
                                     const struct sotto_mls_client *client,
                                     const struct sotto_mls_plan *plan,
                                     struct sotto_mls_made *made)
    SOTTO_MUST_CHECK;

/* Takes our own commit over: a new epoch. REPLAY when it is not of this epoch,
 * so that another was first; FORMAT for what was not pending; NOT_FOUND, or
 * AUTH, when a PSK or proposal that it takes up is not there any more, or is
 * another; SPACE; DENIED when not active. */
enum sotto_err sotto_mls_commit_accept(struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_span pending,
                                       struct sotto_mls_event *event)
    SOTTO_MUST_CHECK;

/* ------------------------------------------------- from outside: external.c */

/* No leaf. */
#define SOTTO_MLS_NONE UINT32_MAX

/* Writes a GroupInfo, an MLSMessage, by which others may join from outside
 * (12.4.3.2), or without the tree if they get that elsewhere. RANDOM, SPACE;
 * DENIED when not active. */
enum sotto_err sotto_mls_group_info_make(const struct sotto_mls_group *group,
                                         const struct sotto_mls_client *client,
                                         bool with_tree,
                                         struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* Writes the ratchet tree, for those who join without it in their Welcome or
 * GroupInfo: what is in the extension ratchet_tree. SPACE, DENIED. */
enum sotto_err sotto_mls_group_tree(const struct sotto_mls_group *group,
                                    struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/*
 * Joins by an external commit, by the GroupInfo and, where it is not in there,
 * the ratchet tree. The plan's changes may be PSK and one REMOVE: of one's own
 * former leaf. `message`, a PublicMessage, is for the members; the group is in
 * the new epoch at once, and is to be wiped when somebody else's commit came
 * first. keys.init_private is not used. Errors of sotto_mls_join() and
 * sotto_mls_commit_make(); NOT_FOUND also for a GroupInfo without external_pub.
 */
enum sotto_err sotto_mls_join_external(
    struct sotto_mls_group *group, const struct sotto_mls_client *client,
    const struct sotto_mls_member_keys *keys, struct sotto_span group_info,
    struct sotto_span tree, const struct sotto_mls_plan *plan,
    struct sotto_mls_buffer *message) SOTTO_MUST_CHECK;

/* ---------------------------------------- proposing from outside: outside.c */

/* What one has to know of a group that one is not in. */
struct sotto_mls_outside {
    struct sotto_span group_id;
    uint64_t epoch;
    uint16_t cipher_suite;
    struct sotto_span authenticated_data; /* for the message to carry */
};

/* What a GroupInfo, an MLSMessage, says of these; it is not verified.
 * FORMAT. */
enum sotto_err sotto_mls_group_info_read(struct sotto_span group_info,
                                         struct sotto_mls_outside *out)
    SOTTO_MUST_CHECK;

/* Asks a group to add the owner of a key package (12.1.8), by a PublicMessage;
 * the Welcome is then for these keys. FORMAT, AUTH, SPACE, UNSUPPORTED. */
enum sotto_err sotto_mls_propose_self(const struct sotto_mls_client *client,
                                      const struct sotto_mls_outside *group,
                                      const struct sotto_mls_member_keys *keys,
                                      struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* Proposes something as the external sender whose number in the extension
 * external_senders is `sender`, and whose signature key this is. Not UPDATE.
 * FORMAT, AUTH, RANDOM, SPACE, UNSUPPORTED. */
enum sotto_err sotto_mls_propose_external(const struct sotto_mls_client *client,
                                          const struct sotto_mls_outside *group,
                                          uint32_t sender,
                                          const uint8_t *signature_private,
                                          const struct sotto_mls_change *change,
                                          struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/* ------------------------------------------------------- as bytes: state.c */

/* Writes all of a group, secrets included: to be encrypted before it is kept.
 * SPACE; DENIED for who is no member. */
enum sotto_err sotto_mls_group_save(const struct sotto_mls_group *group,
                                    struct sotto_mls_buffer *out)
    SOTTO_MUST_CHECK;

/*
 * Back again, into a group as after init, whose configuration may be another.
 * FORMAT for what was not saved; SPACE or LIMIT for what there is no room for;
 * UNSUPPORTED. After a failure the group is as after init.
 *
 * To go back to an old state is to use keys twice: save after a message is
 * sealed and before it is sent, or reserve keys (sotto_mls_reserve).
 */
enum sotto_err sotto_mls_group_load(struct sotto_mls_group *group,
                                    struct sotto_span in) SOTTO_MUST_CHECK;

#endif
