/*
 * unicode_utf8proc.c - widths and passwords by the library utf8proc, for
 * hosts.
 */
#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>
#include <utf8proc.h>

unsigned unicode_width(uint32_t code)
{
    if (unicode_is_control(code)) {
        return 0;
    }
    int width = utf8proc_charwidth((utf8proc_int32_t)code);
    return width > 0 ? (unsigned)width : 0;
}

/*
 * Room for the decomposed code points: a byte of UTF-8 gives at most one and a
 * half (U+0390: two bytes, three code points), and the library wants one to
 * spare.
 */
#define DECOMPOSED_MAX (UNICODE_NFC_MAX + UNICODE_NFC_MAX / 2 + 1)

enum sotto_err unicode_nfc(const uint8_t *in, size_t len, uint8_t *out,
                           size_t cap, size_t *out_len)
{
    utf8proc_int32_t work[DECOMPOSED_MAX];
    utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                            UTF8PROC_REJECTNA);
    enum sotto_err err = SOTTO_ERR_FORMAT;
    if (len > UNICODE_NFC_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    if (!sotto_utf8_valid(in, len)) {
        return SOTTO_ERR_FORMAT;
    }
    utf8proc_ssize_t count = utf8proc_decompose(in, (utf8proc_ssize_t)len, work,
                                                DECOMPOSED_MAX - 1, options);
    if (count >= 0 && count < DECOMPOSED_MAX) {
        /* In place: the code points become bytes. */
        utf8proc_ssize_t bytes = utf8proc_reencode(work, count, options);
        if (bytes >= 0) {
            err = (size_t)bytes > cap ? SOTTO_ERR_SPACE : SOTTO_OK;
        }
        if (err == SOTTO_OK) {
            memcpy(out, work, (size_t)bytes);
            *out_len = (size_t)bytes;
        }
    }
    sotto_wipe(work, sizeof work);
    return err;
}
