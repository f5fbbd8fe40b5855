/*
 * certificate.h - what vouches for a server's static key, beside a pin: a chain
 * of X.509 certificates, and a signature over the key by the first of them.
 *
 * It travels in message 2 (PROTOCOL.md, "Certificate"). A server makes it once;
 * a client looks at it before it sends message 3. Needs core/crypto/x509.h of the
 * back end: who calls none of this links no X.509.
 */
#ifndef SOTTO_CHANNEL_CERTIFICATE_H
#define SOTTO_CHANNEL_CERTIFICATE_H

#include "core/channel/link.h"
#include "core/crypto/x509.h"

/* Room for what sotto_certificate_encode() writes. */
#define SOTTO_CERTIFICATE_PAYLOAD_MAX (2U + 4U + SOTTO_CERTIFICATE_MAX)

/* What a server's certificate is made of. */
struct sotto_certificate_plan {
    const struct sotto_span *chain; /* its own certificate first; DER */
    size_t count;
    const uint8_t *private_key; /* of chain[0]; SOTTO_P256_PRIVATE_LEN bytes */
    const uint8_t *static_key;  /* the server's public one; 32 bytes */
    uint16_t receive_limit;     /* the server's */
};

/*
 * Makes the payload of a server's message 2 (sotto_link_out_with()): its receive
 * limit, and the certificate of its static key. LIMIT for more than
 * SOTTO_X509_CHAIN_MAX certificates or SOTTO_CERTIFICATE_MAX bytes; FORMAT when
 * the first one cannot be read or its key is not of P-256; AUTH when that is not
 * the key given; SPACE.
 */
enum sotto_err sotto_certificate_encode(
    const struct sotto_certificate_plan *plan, uint8_t *out, size_t cap,
    size_t *len) SOTTO_MUST_CHECK;

/*
 * Verifies the certificate that came with a static key (sotto_link_certificate()).
 * NOT_FOUND when it is empty; FORMAT, LIMIT and SPACE as sotto_x509_examine();
 * AUTH for a chain with flaws, which are then in `report`, or, with none in it,
 * for a signature that is not one over this key by this certificate.
 */
enum sotto_err sotto_certificate_verify(
    struct sotto_span certificate,
    const uint8_t static_key[static SOTTO_X25519_LEN],
    const struct sotto_x509_trust *trust, struct sotto_x509_report *report)
    SOTTO_MUST_CHECK;

#endif
