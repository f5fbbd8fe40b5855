/*
 * mbedtls_config.h - what of mbedTLS 3.6 is built: the low-level primitives,
 * and the reading of certificates.
 *
 * Neither PSA nor TLS, no file system and no random generator of its own:
 * core/crypto/mbedtls calls the primitives directly and hands random bytes in.
 * The same header serves hosts and boards; sources.cmake lists the files that
 * it turns on.
 */

#ifndef SOTTO_CRYPTO_MBEDTLS_CONFIG_H
#define SOTTO_CRYPTO_MBEDTLS_CONFIG_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_NO_PLATFORM_ENTROPY

/*
 * Ciphers. Without CIPHER_C, GCM works on the block cipher directly and never
 * allocates. GCM_LARGE_TABLE would make every key 4 KiB; where the processor
 * multiplies for GCM, it gains nothing.
 */
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES /* built at run time, they would be a race */
#define MBEDTLS_CIPHER_MODE_CBC
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

#define MBEDTLS_SHA256_C

/* P-256, with ECDSA's nonces from a generator of ours. The option for Everest
 * guards its X25519, which is called directly: no ECDH_C. */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED
#define MBEDTLS_ASN1_PARSE_C /* demanded by ECDSA_C, wanted by X.509 */
#define MBEDTLS_ASN1_WRITE_C

/* Certificates (x509.c), with what they are made of. Who verifies none links
 * none of it. There is no clock: the caller has the time. */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_REMOVE_INFO
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_MD_C
#define MBEDTLS_OID_C

#if defined(__linux__)
/* Hosts: the processor's own AES, where it has one. */
#    if defined(__x86_64__)
#        define MBEDTLS_AESNI_C
#    elif defined(__aarch64__)
#        define MBEDTLS_AESCE_C
#        define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT
#    endif
#else
/* Boards: smaller tables, temporary allocations from a fixed arena. */
#    define MBEDTLS_AES_FEWER_TABLES
#    define MBEDTLS_PLATFORM_C
#    define MBEDTLS_PLATFORM_MEMORY
#    define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#endif

#endif
