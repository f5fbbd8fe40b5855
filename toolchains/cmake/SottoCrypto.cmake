# Which library core/crypto stands on: the folder of that name in core/crypto is
# its back end. SOTTO_CRYPTO_LIBRARY: the library itself, for what measures it.

set(SOTTO_CRYPTO mbedtls CACHE STRING
    "mbedtls, or openssl for large hosts: OpenSSL's libcrypto, 3.0 or later")
set(sotto_crypto_libraries mbedtls openssl)
set_property(CACHE SOTTO_CRYPTO PROPERTY STRINGS ${sotto_crypto_libraries})
if(NOT SOTTO_CRYPTO IN_LIST sotto_crypto_libraries)
  message(FATAL_ERROR "SOTTO_CRYPTO: mbedtls or openssl, not ${SOTTO_CRYPTO}")
endif()

if(SOTTO_CRYPTO STREQUAL "mbedtls")
  include(SottoMbedtls)
  set(SOTTO_CRYPTO_LIBRARY sotto_mbedtls)
elseif(CMAKE_CROSSCOMPILING OR SOTTO_BOARD)
  message(FATAL_ERROR "SOTTO_CRYPTO=openssl is for hosts; a board has mbedtls")
else()
  find_package(OpenSSL 3.0 COMPONENTS Crypto)
  if(NOT OPENSSL_CRYPTO_LIBRARY)
    message(FATAL_ERROR "SOTTO_CRYPTO=openssl needs libcrypto, 3.0 or later "
      "(package libssl-dev)")
  endif()
  set(SOTTO_CRYPTO_LIBRARY OpenSSL::Crypto)
endif()
