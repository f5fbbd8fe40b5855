#include "tests/unit/apps/plain_unicode.h"

#define unicode_width plain_width
#define unicode_nfc   plain_nfc
#include "apps/sotto/unicode_plain.c"
