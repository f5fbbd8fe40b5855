# The file that FIRMWARE_CA names, as a source in the build folder, and what else
# an image has that looks at certificates.
file(STRINGS "${FIRMWARE_CA}" begins REGEX "^-----BEGIN ")
if(NOT begins STREQUAL "-----BEGIN CERTIFICATE-----")
  message(FATAL_ERROR "FIRMWARE_CA: ${FIRMWARE_CA} has to hold one certificate in "
    "PEM and nothing else: no key, which everybody with the image would have")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${FIRMWARE_CA}")
file(READ "${FIRMWARE_CA}" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(CONFIGURE OUTPUT authority_bytes.c @ONLY CONTENT
[[#include "apps/firmware/authority.h"
const uint8_t firmware_ca[] = {@bytes@};
const size_t firmware_ca_len = sizeof firmware_ca;
]])
target_sources(firmware PRIVATE authority.c
  "${CMAKE_CURRENT_BINARY_DIR}/authority_bytes.c")
# The linker finds calloc() and free() here, not in libc; and the compiler must
# not know better what they do.
set_source_files_properties(authority.c PROPERTIES COMPILE_OPTIONS
  "-ffreestanding;$<$<BOOL:${SOTTO_LTO}>:-fno-lto>")
