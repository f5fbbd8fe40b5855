# find_package(sotto): the target sotto::sotto. The program brings sotto_panic()
# (sotto/env.h).
get_filename_component(sotto_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

if(NOT TARGET sotto::sotto)
  add_library(sotto::sotto INTERFACE IMPORTED)
  set_target_properties(sotto::sotto PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${sotto_lib}/../include"
    INTERFACE_LINK_LIBRARIES "-Wl,--start-group;${sotto_lib}/libsotto_core.a;${sotto_lib}/libsotto_crypto_mbedtls.a;${sotto_lib}/libsotto_mbedtls.a;-Wl,--end-group")
endif()
unset(sotto_lib)
