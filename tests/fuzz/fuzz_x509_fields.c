/*
 * fuzz_x509_fields.c - the fields of a certificate as this project reads them by
 * itself, by libFuzzer. What is found lies in the certificate.
 */
#include "choices.h"
#include "core/crypto/x509_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct sotto_span part, struct sotto_span whole)
{
    must(part.len > 0 && part.len < whole.len);
    must(part.at > whole.at && part.at - whole.at < (ptrdiff_t)whole.len);
    must(part.len <= whole.len - (size_t)(part.at - whole.at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sotto_span certificate = {data, size};
    struct sotto_x509_fields fields = {0};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    enum sotto_err err = sotto_x509_fields_read(certificate, &fields);
    if (err != SOTTO_OK) {
        must(err == SOTTO_ERR_FORMAT);
        return 0;
    }
    check_inside(fields.subject, certificate);
    check_inside(fields.key, certificate);
    if (sotto_x509_fields_key(&fields, key) == SOTTO_OK) {
        must(fields.key.len > sizeof key);
    }
    return 0;
}
