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
#include <sotto/span.h>
#include <stdbool.h>
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
 * 65536. It costs 64 bytes of each group for every doubling. */
#ifndef SOTTO_MLS_MAX_MEMBERS
#    define SOTTO_MLS_MAX_MEMBERS 65536U
#endif

/* The most extensions in one list; a longer list is refused. */
#ifndef SOTTO_MLS_MAX_EXTENSIONS
#    define SOTTO_MLS_MAX_EXTENSIONS 64U
#endif

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
 * on the wire. Default values and types of RFC 9420 need not be listed. */
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

#endif
