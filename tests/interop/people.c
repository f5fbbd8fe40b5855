/*
 * people.c - the members of a peer, and the client of the library that they
 * share.
 */
#include "tests/interop/people.h"
#include "core/crypto/drbg.h"
#include "tests/interop/call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE 256
#define PSKS   512

struct psk {
    struct sotto_span id;
    struct sotto_span psk;
};

static const struct sotto_mls_config config = {.members = 256,
                                               .leaf_len = 1024,
                                               .context_len = 4096,
                                               .proposals = 64,
                                               .proposal_bytes = 65536,
                                               .past_psks = 8,
                                               .past_epochs = 4,
                                               .message_len =
                                                   PEOPLE_MESSAGE_MAX,
                                               .kept = 64,
                                               .window = 64,
                                               .forward = 64};

static struct person people[PEOPLE];
static size_t people_count;
static struct psk psks[PSKS];
static size_t psk_count;
static struct sotto_drbg drbg;

struct sotto_mls_client people_client;
const struct person *people_former;

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    sotto_drbg_next(&drbg, out, len);
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};

void people_renew_key(struct person *person)
{
    if (sotto_mls_signature_key_make(&people_client,
                                     SOTTO_MLS_SUITE_P256_AES128GCM,
                                     person->signature_private,
                                     NULL) != SOTTO_OK) {
        fprintf(stderr, "mls_peer: no signature key\n");
        exit(1);
    }
}

struct person *people_find(const char *name)
{
    struct person *person = people;

    while (person < people + people_count && strcmp(person->name, name) != 0) {
        person++;
    }
    if (person == people + people_count) {
        if (people_count == PEOPLE || strlen(name) >= PEOPLE_NAME_MAX) {
            fprintf(stderr, "mls_peer: too many people, or too long a name\n");
            exit(1);
        }
        people_count++;
        strcpy(person->name, name);
        person->group =
            sotto_mls_group_init(call_must_alloc(sotto_mls_group_size(&config)),
                                 &config);
        person->pending = call_must_alloc(PEOPLE_MESSAGE_MAX);
        people_renew_key(person);
    }
    return person;
}

static bool same(struct sotto_span a, struct sotto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* External PSKs that were named; resumption PSKs the library finds itself. */
static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    (void)ctx;
    for (size_t i = 0; i < psk_count; i++) {
        if (id->type == SOTTO_MLS_PSK_EXTERNAL && same(psks[i].id, id->id)) {
            *psk = psks[i].psk;
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

static const struct sotto_mls_group *find_group(void *ctx,
                                                struct sotto_span group_id)
{
    (void)ctx;
    return people_former != NULL &&
                   same(sotto_mls_group_id(people_former->group), group_id)
               ? people_former->group
               : NULL;
}

struct sotto_mls_member_keys people_keys(const struct person *person)
{
    return (struct sotto_mls_member_keys){
        .key_package = {person->package + PEOPLE_HEADER_LEN,
                        person->package_len},
        .init_private = person->keys.init_private,
        .encryption_private = person->keys.encryption_private,
        .signature_private = person->signature_private};
}

enum sotto_err people_add_psk(struct sotto_span id, struct sotto_span psk)
{
    if (psk_count == PSKS) {
        return SOTTO_ERR_SPACE;
    }
    psks[psk_count++] = (struct psk){id, psk};
    return SOTTO_OK;
}

void people_init(const char *seed)
{
    sotto_drbg_init(&drbg, (struct sotto_piece){seed, strlen(seed)},
                    (struct sotto_piece){NULL, 0});
    people_client.scratch_len = sotto_mls_scratch_size(&config);
    people_client.scratch = call_must_alloc(people_client.scratch_len);
    people_client.now = SOTTO_TIME_UNKNOWN;
    people_client.random = &random_bytes;
    people_client.psk = find_psk;
    people_client.find_group = find_group;
}
