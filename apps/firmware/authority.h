/*
 * authority.h - the authority that an image was built with: what authority.cmake
 * makes of the file that FIRMWARE_CA names.
 */
#ifndef SOTTO_APPS_FIRMWARE_AUTHORITY_H
#define SOTTO_APPS_FIRMWARE_AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

/* The file as it was: PEM. */
extern const uint8_t firmware_ca[];
extern const size_t firmware_ca_len;

#endif
