/*
 * crc.h - the checksum of records in files: CRC-32C (Castagnoli).
 *
 * Finds accidents, not attackers. After: RFC 3720 12.1 and B.4.
 */
#ifndef SOTTO_BASE_CRC_H
#define SOTTO_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `len` bytes that follow bytes with checksum `crc`; start
 * with 0. */
uint32_t sotto_crc32c(uint32_t crc, const void *in, size_t len);

#endif
