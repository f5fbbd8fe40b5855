/*
 * people.h - the members of a peer, and the client of the library that they
 * share.
 */
#ifndef SOTTO_TESTS_INTEROP_PEOPLE_H
#define SOTTO_TESTS_INTEROP_PEOPLE_H

#include <sotto/mls.h>

#define PEOPLE_MESSAGE_MAX 1048576U
#define PEOPLE_HEADER_LEN  4U /* of an MLSMessage: version and wire format */
#define PEOPLE_PACKAGE_MAX 1024U
#define PEOPLE_NAME_MAX    64U

struct person {
    char name[PEOPLE_NAME_MAX];
    struct sotto_mls_group *group;
    uint8_t signature_private[SOTTO_MLS_PRIVATE_MAX];
    uint8_t package[PEOPLE_PACKAGE_MAX]; /* an MLSMessage */
    size_t package_len;                  /* without its header */
    struct sotto_mls_package_keys keys;
    uint8_t *pending; /* PEOPLE_MESSAGE_MAX of it */
    size_t pending_len;
};

extern struct sotto_mls_client people_client;

/* In whose group's place the next group comes, by ReInit or branch; or NULL. */
extern const struct person *people_former;

/* Nobody yet; all chance comes from the seed. */
void people_init(const char *seed);

/* The person of that name, who is new when there was none. */
struct person *people_find(const char *name);

/* A new signature key, which the next key package or leaf node has. */
void people_renew_key(struct person *person);

struct sotto_mls_member_keys people_keys(const struct person *person);

/* An external PSK for all of them, borrowed for good. SPACE. */
enum sotto_err people_add_psk(struct sotto_span id, struct sotto_span psk)
    SOTTO_MUST_CHECK;

#endif
