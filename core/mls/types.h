/*
 * types.h - the structures of RFC 9420, decoded.
 *
 * Everything here is a view: spans point into the message that was decoded, or
 * into what the caller wants to encode. Vectors of structures stay encoded in
 * a span; read their items one by one with the function of codec.h that reads
 * one, from a reader over the span. Field names are the RFC's; the section is
 * next to each structure.
 */
#ifndef SOTTO_MLS_TYPES_H
#define SOTTO_MLS_TYPES_H

#include <sotto/mls.h>

/* What the application sees is in sotto/mls.h: credentials, extensions, kinds
 * of senders, pre-shared keys. */

/* The largest hash, secret and keys of the suites that are built in. */
#define SOTTO_MLS_HASH_MAX       32
#define SOTTO_MLS_PUBLIC_MAX     65
#define SOTTO_MLS_SIGNATURE_MAX  72
#define SOTTO_MLS_AEAD_KEY_MAX   32
#define SOTTO_MLS_AEAD_NONCE_MAX 12
#define SOTTO_MLS_AEAD_TAG_LEN   16

/* ------------------------------------------------------- leaf nodes (7.2) */

enum sotto_mls_leaf_source {
    SOTTO_MLS_LEAF_KEY_PACKAGE = 1,
    SOTTO_MLS_LEAF_UPDATE = 2,
    SOTTO_MLS_LEAF_COMMIT = 3
};

struct sotto_mls_leaf_node {
    struct sotto_span encryption_key; /* HPKEPublicKey */
    struct sotto_span signature_key;  /* SignaturePublicKey */
    struct sotto_mls_credential credential;
    struct sotto_mls_capabilities capabilities;
    uint8_t source;                     /* enum sotto_mls_leaf_source */
    struct sotto_mls_lifetime lifetime; /* of KEY_PACKAGE only */
    struct sotto_span parent_hash;      /* of COMMIT only */
    struct sotto_span extensions;       /* Extension<V> */
    struct sotto_span signature;
    struct sotto_span tbs; /* all before `signature`, set by decoding: what is
                              signed starts with it (LeafNodeTBS) */
    struct sotto_span raw; /* the whole, set by decoding */
};

/* ------------------------------------------------------ key packages (10) */

struct sotto_mls_key_package {
    uint16_t version;
    uint16_t cipher_suite;
    struct sotto_span init_key;
    struct sotto_mls_leaf_node leaf_node;
    struct sotto_span extensions; /* Extension<V> */
    struct sotto_span signature;
    struct sotto_span tbs; /* KeyPackageTBS, set by decoding */
    struct sotto_span raw; /* the whole, set by decoding */
};

/* -------------------------------------------------- parent nodes (7.1, 7.6) */

struct sotto_mls_parent_node {
    struct sotto_span encryption_key;
    struct sotto_span parent_hash;
    struct sotto_span unmerged_leaves; /* uint32<V>, rising */
};

struct sotto_mls_hpke_ciphertext {
    struct sotto_span kem_output;
    struct sotto_span ciphertext;
};

struct sotto_mls_update_path_node {
    struct sotto_span encryption_key;
    struct sotto_span encrypted_path_secret; /* HPKECiphertext<V> */
};

struct sotto_mls_update_path {
    struct sotto_mls_leaf_node leaf_node;
    struct sotto_span nodes; /* UpdatePathNode<V> */
};

/* --------------------------------------------------- group context (8.1) */

struct sotto_mls_group_context {
    uint16_t version;
    uint16_t cipher_suite;
    struct sotto_span group_id;
    uint64_t epoch;
    struct sotto_span tree_hash;
    struct sotto_span confirmed_transcript_hash;
    struct sotto_span extensions; /* Extension<V> */
};

/* ----------------------------------------- proposals and commits (12) */

struct sotto_mls_reinit {
    struct sotto_span group_id;
    uint16_t version;
    uint16_t cipher_suite;
    struct sotto_span extensions; /* Extension<V> */
};

struct sotto_mls_proposal {
    uint16_t type; /* says which of the union */
    union {
        struct sotto_mls_key_package add;
        struct sotto_mls_leaf_node update;
        uint32_t remove; /* leaf index */
        struct sotto_mls_psk_id psk;
        struct sotto_mls_reinit reinit;
        struct sotto_span external_init; /* kem_output */
        struct sotto_span extensions;    /* Extension<V> */
    };
    struct sotto_span raw; /* the whole, set by decoding */
};

enum sotto_mls_by {
    SOTTO_MLS_BY_VALUE = 1,
    SOTTO_MLS_BY_REFERENCE = 2
};

struct sotto_mls_proposal_or_ref {
    uint8_t by; /* enum sotto_mls_by */
    union {
        struct sotto_mls_proposal proposal;
        struct sotto_span reference; /* ProposalRef */
    };
};

struct sotto_mls_commit {
    struct sotto_span proposals; /* ProposalOrRef<V> */
    bool has_path;
    struct sotto_mls_update_path path;
};

/* ----------------------------------------------------------- framing (6) */

enum sotto_mls_content_type {
    SOTTO_MLS_CONTENT_APPLICATION = 1,
    SOTTO_MLS_CONTENT_PROPOSAL = 2,
    SOTTO_MLS_CONTENT_COMMIT = 3
};

enum sotto_mls_wire_format {
    SOTTO_MLS_WIRE_PUBLIC_MESSAGE = 1,
    SOTTO_MLS_WIRE_PRIVATE_MESSAGE = 2,
    SOTTO_MLS_WIRE_WELCOME = 3,
    SOTTO_MLS_WIRE_GROUP_INFO = 4,
    SOTTO_MLS_WIRE_KEY_PACKAGE = 5
};

struct sotto_mls_sender {
    uint8_t type;   /* enum sotto_mls_sender_type */
    uint32_t index; /* leaf of MEMBER, number of EXTERNAL, otherwise 0 */
};

struct sotto_mls_framed_content {
    struct sotto_span group_id;
    uint64_t epoch;
    struct sotto_mls_sender sender;
    struct sotto_span authenticated_data;
    uint8_t content_type;      /* enum sotto_mls_content_type */
    struct sotto_span content; /* the application's bytes, or an encoded
                                  Proposal or Commit (checked in decoding) */
    struct sotto_span raw;     /* the whole, set by decoding */
};

struct sotto_mls_content_auth {
    struct sotto_span signature;
    struct sotto_span confirmation_tag; /* of a commit only */
};

struct sotto_mls_authenticated_content {
    uint16_t wire_format;
    struct sotto_mls_framed_content content;
    struct sotto_mls_content_auth auth;
};

struct sotto_mls_public_message {
    struct sotto_mls_framed_content content;
    struct sotto_mls_content_auth auth;
    struct sotto_span membership_tag; /* of a member's message only */
};

struct sotto_mls_private_message {
    struct sotto_span group_id;
    uint64_t epoch;
    uint8_t content_type;
    struct sotto_span authenticated_data;
    struct sotto_span encrypted_sender_data;
    struct sotto_span ciphertext;
    struct sotto_span aad; /* PrivateContentAAD, set by decoding: the fields
                              before `encrypted_sender_data` */
};

/* ------------------------------------------------ joining (12.4.3) */

struct sotto_mls_group_info {
    struct sotto_mls_group_context context;
    struct sotto_span extensions; /* Extension<V> */
    struct sotto_span confirmation_tag;
    uint32_t signer; /* leaf index */
    struct sotto_span signature;
    struct sotto_span tbs; /* GroupInfoTBS, set by decoding */
};

struct sotto_mls_group_secrets {
    struct sotto_span joiner_secret;
    bool has_path_secret;
    struct sotto_span path_secret;
    struct sotto_span psks; /* PreSharedKeyID<V> */
};

struct sotto_mls_encrypted_group_secrets {
    struct sotto_span new_member; /* KeyPackageRef */
    struct sotto_mls_hpke_ciphertext secrets;
};

struct sotto_mls_welcome {
    uint16_t cipher_suite;
    struct sotto_span secrets; /* EncryptedGroupSecrets<V> */
    struct sotto_span encrypted_group_info;
};

/* MLSMessage (6): the wire format says which of the union. */
struct sotto_mls_message {
    uint16_t version;
    uint16_t wire_format; /* enum sotto_mls_wire_format */
    union {
        struct sotto_mls_public_message public_message;
        struct sotto_mls_private_message private_message;
        struct sotto_mls_welcome welcome;
        struct sotto_mls_group_info group_info;
        struct sotto_mls_key_package key_package;
    };
};

#endif
