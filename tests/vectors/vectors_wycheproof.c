/*
 * vectors_wycheproof.c - runs Wycheproof files (C2SP/wycheproof) on core/crypto.
 */
#include "tests/vectors/wycheproof.h"

static void run_file(struct vectors *v, const cJSON *root)
{
    const struct wycheproof_kind kinds[] = {
        wycheproof_aead,       wycheproof_mac,   wycheproof_hkdf,
        wycheproof_pbkdf,      wycheproof_xdh,   wycheproof_ecdh,
        wycheproof_ecdh_point, wycheproof_ecdsa, wycheproof_ecdsa_raw,
        {NULL, NULL, NULL},
    };

    wycheproof_run_file(v, root, kinds);
}

int main(int argc, char **argv)
{
    return vectors_main(argc, argv, run_file);
}
