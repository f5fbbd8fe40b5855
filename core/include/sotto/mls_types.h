/*
 * mls_types.h - numbers and structures of RFC 9420 that an application meets:
 * a part of mls.h, which is to be included.
 */
#ifndef SOTTO_MLS_TYPES_PUBLIC_H
#define SOTTO_MLS_TYPES_PUBLIC_H

#include <sotto/span.h>
#include <stddef.h>
#include <stdint.h>

/* --------------------------------------------------- registries (RFC 17) */

#define SOTTO_MLS_VERSION_10 1 /* ProtocolVersion mls10 */

/* Cipher suites (17.1); the only one so far. */
#define SOTTO_MLS_SUITE_P256_AES128GCM 0x0002

/* Credential types (17.5). */
#define SOTTO_MLS_CREDENTIAL_BASIC 0x0001
#define SOTTO_MLS_CREDENTIAL_X509  0x0002

/* Proposal types (17.4). */
#define SOTTO_MLS_PROPOSAL_ADD           0x0001
#define SOTTO_MLS_PROPOSAL_UPDATE        0x0002
#define SOTTO_MLS_PROPOSAL_REMOVE        0x0003
#define SOTTO_MLS_PROPOSAL_PSK           0x0004
#define SOTTO_MLS_PROPOSAL_REINIT        0x0005
#define SOTTO_MLS_PROPOSAL_EXTERNAL_INIT 0x0006
#define SOTTO_MLS_PROPOSAL_EXTENSIONS    0x0007 /* group_context_extensions */

/* Extension types (17.3). */
#define SOTTO_MLS_EXTENSION_APPLICATION_ID        0x0001
#define SOTTO_MLS_EXTENSION_RATCHET_TREE          0x0002
#define SOTTO_MLS_EXTENSION_REQUIRED_CAPABILITIES 0x0003
#define SOTTO_MLS_EXTENSION_EXTERNAL_PUB          0x0004
#define SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS      0x0005

/* ----------------------------------------------------------------- limits */

/* The most members a group can be configured for: a power of two, at most
 * 65536. A board that lowers it saves a private key of each group for every
 * level of the tree (core/mls/tree_math.h). */
#ifndef SOTTO_MLS_MAX_MEMBERS
#    define SOTTO_MLS_MAX_MEMBERS 65536U
#endif

/* The most extensions in one list; a longer list is refused. */
#ifndef SOTTO_MLS_MAX_EXTENSIONS
#    define SOTTO_MLS_MAX_EXTENSIONS 64U
#endif

/* The largest private key of the suites that are built in. */
#define SOTTO_MLS_PRIVATE_MAX 32

/* ------------------------------------------------------------------ types */

/*
 * Who a member says it is (5.3). `body` is, for BASIC, the identity; for X509
 * the certificates from the leaf's upwards, each as `opaque cert_data<V>`.
 */
struct sotto_mls_credential {
    uint16_t type;
    struct sotto_span body;
};

/* An extension (13): `data` is for the type to explain. */
struct sotto_mls_extension {
    uint16_t type;
    struct sotto_span data;
};

/* What the client says it can do (7.2): lists of 16-bit numbers, big-endian as
 * on the wire. The types of extensions and proposals that RFC 9420 defines are
 * not listed; of other proposals this library knows none. */
struct sotto_mls_capabilities {
    struct sotto_span versions;
    struct sotto_span cipher_suites;
    struct sotto_span extensions;
    struct sotto_span proposals;
    struct sotto_span credentials;
};

/* When a key package may be used (7.2): seconds since 1970, both included. */
struct sotto_mls_lifetime {
    uint64_t not_before;
    uint64_t not_after;
};

/* What a group asks of its members (11.1): lists as in the capabilities. */
struct sotto_mls_required_capabilities {
    struct sotto_span extensions;
    struct sotto_span proposals;
    struct sotto_span credentials;
};

/* Who may propose to a group from outside (12.1.8.1). */
struct sotto_mls_external_sender {
    struct sotto_span signature_key;
    struct sotto_mls_credential credential;
};

/* Who has sent a message (6). */
enum sotto_mls_sender_type {
    SOTTO_MLS_SENDER_MEMBER = 1,
    SOTTO_MLS_SENDER_EXTERNAL = 2,
    SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL = 3,
    SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT = 4
};

/* One member of a group. */
struct sotto_mls_member {
    uint32_t leaf;
    struct sotto_mls_credential credential;
    struct sotto_span signature_key;
};

/* ------------------------------------------------- pre-shared keys (8.4) */

enum sotto_mls_psk_type {
    SOTTO_MLS_PSK_EXTERNAL = 1,
    SOTTO_MLS_PSK_RESUMPTION = 2
};

enum sotto_mls_psk_usage {
    SOTTO_MLS_USAGE_APPLICATION = 1,
    SOTTO_MLS_USAGE_REINIT = 2,
    SOTTO_MLS_USAGE_BRANCH = 3
};

struct sotto_mls_psk_id {
    uint8_t type;            /* enum sotto_mls_psk_type */
    struct sotto_span id;    /* of EXTERNAL: psk_id */
    uint8_t usage;           /* of RESUMPTION, as are the next two */
    struct sotto_span group; /* psk_group_id */
    uint64_t epoch;          /* psk_epoch */
    struct sotto_span nonce; /* psk_nonce */
};

#endif
