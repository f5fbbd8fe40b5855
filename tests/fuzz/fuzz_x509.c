/*
 * fuzz_x509.c - certificates from anybody, by libFuzzer: chains as they stand
 * in an MLS credential (`opaque cert_data<V>`, one after the other), of which
 * the last one is trusted.
 */
#include <sotto/mls_x509.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the last of the certificates stands; an empty span if there is none. */
static struct sotto_span find_last(struct sotto_span body)
{
    struct sotto_span last = {NULL, 0};

    while (body.len >= 2) { /* prefixes of two bytes, as OpenSSL's are long */
        size_t len = (size_t)(body.at[0] & 0x3f) << 8 | body.at[1];

        if (body.at[0] >> 6 != 1 || len > body.len - 2) {
            break;
        }
        last = (struct sotto_span){body.at + 2, len};
        body.at += 2 + len;
        body.len -= 2 + len;
    }
    return last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[65] = {4};
    const struct sotto_mls_credential credential = {SOTTO_MLS_CREDENTIAL_X509,
                                                    {data, size}};
    const struct sotto_span anchor = find_last(credential.body);
    const struct sotto_mls_x509 trust = {.anchors = &anchor, .anchor_count = 1};
    struct sotto_span subject = {NULL, 0};

    /* The key is nobody's. */
    if (sotto_mls_credential_x509(&trust, &credential,
                                  (struct sotto_span){key, sizeof key},
                                  &credential) == SOTTO_OK) {
        abort();
    }
    if (sotto_mls_x509_subject(&credential, &subject) == SOTTO_OK &&
        (subject.at < data || subject.len > size)) {
        abort();
    }
    return 0;
}
