/*
 * transcript_certificates.c - chains of certificates, good ones and those with
 * something wrong; and such as were damaged on their way.
 */
#include "core/crypto/x509.h"
#include "tests/crypto/transcript.h"
#include "tests/unit/crypto/certificate.h"

#define ROUNDS  300
#define DAMAGES 3 /* of each chain */
#define LEVELS  3
#define NOW     1700000000U /* 2023-11-14 22:13:20 */

static const uint8_t keys[LEVELS][32] = {{3, 3}, {2, 2}, {1, 1}};
static const char *const names[LEVELS] = {"bob", "middle", "root"};

struct chain {
    uint8_t bytes[LEVELS][CERTIFICATE_MAX];
    struct sotto_span spans[LEVELS];
    struct sotto_x509_trust trust;
};

static const char *pick_time(struct seed *seed, bool ends)
{
    static const char *const begins[] = {"20200101000000Z", "20231114221320Z",
                                         "20231114221321Z"};
    static const char *const lasts[] = {"20300101000000Z", "20231114221320Z",
                                        "20231114221319Z"};
    const size_t at = seed_once_in(seed, 12) ? 1 + seed_below(seed, 2) : 0;

    return ends ? lasts[at] : begins[at];
}

static struct certificate_plan pick_plan(struct seed *seed, size_t level)
{
    static const uint8_t ip[] = {192, 0, 2, 7};
    static const char *const dns[] = {"chat.example", "*.example", "*.e", "*."};
    const size_t up = level + 1 < LEVELS ? level + 1 : level;
    const size_t issuer =
        seed_once_in(seed, 12) ? seed_below(seed, LEVELS) : up;
    const bool is_ca = level > 0;

    return (struct certificate_plan){
        .subject = names[seed_once_in(seed, 20) ? 0 : level],
        .issuer = names[issuer],
        .key = keys[level],
        .issuer_key = keys[seed_once_in(seed, 20) ? 0 : issuer],
        .not_before = pick_time(seed, false),
        .not_after = pick_time(seed, true),
        .is_ca = seed_once_in(seed, 15) ? !is_ca : is_ca,
        .path_len = is_ca ? (int)seed_below(seed, 4) : 0,
        .usage = seed_once_in(seed, 10) ? (uint8_t)seed_below(seed, 256)
                 : is_ca                ? CERTIFICATE_CERTIFIES
                                        : CERTIFICATE_SIGNS,
        .extended = (uint8_t)seed_below(seed, 3),
        .dns = seed_once_in(seed, 4) ? NULL : dns[seed_below(seed, 4)],
        .ip = seed_once_in(seed, 2) ? ip : NULL,
        .has_unknown = seed_once_in(seed, 30)};
}

static void pick_trust(struct seed *seed, struct chain *chain)
{
    static const char *const wanted[] = {NULL,        "chat.example",
                                         "CHAT.e",    "old.chat.example",
                                         "192.0.2.7", "192.0.2.8"};

    chain->trust = (struct sotto_x509_trust){
        .anchors = &chain->spans[LEVELS - 1 - seed_below(seed, 2)],
        .anchor_count = 1,
        .now = seed_once_in(seed, 8) ? SOTTO_TIME_UNKNOWN : NOW,
        .floor = NOW,
        .usage = seed_once_in(seed, 2) ? SOTTO_X509_CLIENT : SOTTO_X509_SERVER,
        .name = wanted[seed_below(seed, 6)]};
}

/* Says what was found, when the chain could be read. */
static void examine(const struct chain *chain, size_t count)
{
    uint8_t key[SOTTO_P256_PUBLIC_LEN] = {0};
    struct sotto_x509_report report = {0};
    enum sotto_err err =
        sotto_x509_examine(chain->spans, count, &chain->trust, key, &report);

    transcript_say("chain", err, key, sizeof key);
    if (err == SOTTO_OK || err == SOTTO_ERR_AUTH) {
        transcript_say("flaws", SOTTO_OK, &report.flaws, sizeof report.flaws);
        transcript_say("from", SOTTO_OK, &report.from, sizeof report.from);
        transcript_say("until", SOTTO_OK, &report.until, sizeof report.until);
    }
}

static void read_one(struct sotto_span certificate)
{
    struct sotto_x509_facts facts = {.from = 0};
    enum sotto_err err = sotto_x509_read(certificate, &facts);

    transcript_say("read", err, facts.key, sizeof facts.key);
    transcript_say("subject", err, facts.subject.at, facts.subject.len);
    transcript_say("its time", err, &facts.until, sizeof facts.until);
}

/* Damages the first, all of which is signed. A reader may see at once what another sees when it
 * verifies: whether that is told as FORMAT or as AUTH is left to them. */
static void verify_damaged(const struct chain *chain, struct seed *seed)
{
    struct chain damaged = *chain;
    uint8_t key[SOTTO_P256_PUBLIC_LEN] = {0};
    enum sotto_err err;

    for (size_t i = 0; i < LEVELS; i++) {
        damaged.spans[i].at = damaged.bytes[i];
    }
    damaged.trust.anchors = &damaged.spans[LEVELS - 1];
    transcript_damage(seed, damaged.bytes[0], damaged.spans[0].len);
    err = sotto_x509_verify(damaged.spans, 2, &damaged.trust, key);
    transcript_say(err == SOTTO_OK ? "damaged, taken" : "damaged, refused",
                   SOTTO_OK, key, sizeof key);
}

void transcript_certificates(struct seed *seed)
{
    static struct chain chain;

    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LEVELS; i++) {
            const struct certificate_plan plan = pick_plan(seed, i);

            chain.spans[i] = certificate_make(&plan, chain.bytes[i]);
        }
        pick_trust(seed, &chain);
        read_one(chain.spans[0]);
        examine(&chain, 1 + seed_below(seed, 2));
        for (int i = 0; i < DAMAGES; i++) {
            verify_damaged(&chain, seed);
        }
    }
}
