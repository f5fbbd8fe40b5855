# What `cmake --install BUILD --component library --prefix DIR` gives to others:
#
#     include/sotto/*.h
#     lib/libsotto_core.a, libsotto_crypto_mbedtls.a and libsotto_mbedtls.a, or
#         libsotto_crypto_openssl.a, which wants the system's libcrypto
#     lib/cmake/sotto/    find_package(sotto), target sotto::sotto
#
# The archives call each other, so a linker gets them as one group.

include(CMakePackageConfigHelpers)

set(back_end sotto_crypto_${SOTTO_CRYPTO})
install(DIRECTORY "${CMAKE_SOURCE_DIR}/core/include/sotto"
  DESTINATION include COMPONENT library FILES_MATCHING PATTERN "*.h")
install(TARGETS sotto_core ${back_end}
  ARCHIVE DESTINATION lib COMPONENT library)
if(SOTTO_CRYPTO STREQUAL "mbedtls")
  install(FILES "$<TARGET_PROPERTY:sotto_mbedtls,IMPORTED_LOCATION>"
    DESTINATION lib COMPONENT library)
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/sottoConfig.cmake"
  "${CMAKE_BINARY_DIR}/sottoConfig.cmake" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/sottoConfig.cmake"
  DESTINATION lib/cmake/sotto COMPONENT library)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/sottoConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/sottoConfigVersion.cmake"
  DESTINATION lib/cmake/sotto COMPONENT library)
