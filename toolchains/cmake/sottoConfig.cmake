# find_package(sotto): the target sotto::sotto. The program brings sotto_panic()
# (sotto/env.h).
get_filename_component(sotto_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(sotto_crypto "@SOTTO_CRYPTO@")

if(NOT TARGET sotto::sotto)
  set(sotto_archives "${sotto_lib}/libsotto_core.a"
    "${sotto_lib}/libsotto_crypto_${sotto_crypto}.a")
  if(sotto_crypto STREQUAL "openssl")
    include(CMakeFindDependencyMacro)
    find_dependency(OpenSSL 3.0 COMPONENTS Crypto)
    set(sotto_libcrypto OpenSSL::Crypto)
  else()
    list(APPEND sotto_archives "${sotto_lib}/libsotto_mbedtls.a")
    set(sotto_libcrypto "")
  endif()
  add_library(sotto::sotto INTERFACE IMPORTED)
  set_target_properties(sotto::sotto PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${sotto_lib}/../include"
    INTERFACE_LINK_LIBRARIES "-Wl,--start-group;${sotto_archives};-Wl,--end-group;${sotto_libcrypto}")
endif()
unset(sotto_lib)
unset(sotto_crypto)
unset(sotto_archives)
unset(sotto_libcrypto)
