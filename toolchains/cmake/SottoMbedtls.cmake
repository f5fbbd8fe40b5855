# The imported target sotto_mbedtls: mbedTLS as our configuration header wants
# it, built once per compiler, flags, configuration and source, and kept in the
# cache beside the source trees.

function(sotto_add_mbedtls)
  set(config_dir "${CMAKE_SOURCE_DIR}/core/crypto/mbedtls")
  set(build_script "${CMAKE_SOURCE_DIR}/toolchains/mbedtls/CMakeLists.txt")
  sotto_find_tree(mbedtls SOTTO_MBEDTLS_DIR library/aes.c mbedtls_tree)

  if(NOT "$ENV{SOTTO_CACHE_DIR}" STREQUAL "")
    set(cache_dir "$ENV{SOTTO_CACHE_DIR}")
  elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(cache_dir "$ENV{XDG_CACHE_HOME}/sotto")
  elseif(NOT "$ENV{HOME}" STREQUAL "")
    set(cache_dir "$ENV{HOME}/.cache/sotto")
  else()
    set(cache_dir "${CMAKE_SOURCE_DIR}/build/.cache/sotto")
  endif()

  # The key: everything that the archive depends on.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  file(GLOB tree_files "${mbedtls_tree}/include/mbedtls/*.h"
    "${mbedtls_tree}/library/*.[ch]"
    "${mbedtls_tree}/3rdparty/everest/library/*.c"
    "${mbedtls_tree}/3rdparty/everest/library/*/*.c")
  set(key "${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
    "${CMAKE_C_COMPILER_TARGET} ${CMAKE_C_COMPILER_ARCHITECTURE_ID}"
    "${CMAKE_SYSTEM_NAME} ${CMAKE_SYSTEM_PROCESSOR}"
    "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}} ${SOTTO_HARDENING}")
  foreach(file IN LISTS build_script tree_files ITEMS
      "${config_dir}/mbedtls_config.h" "${config_dir}/sources.cmake")
    file(SHA256 "${file}" hash)
    list(APPEND key ${hash})
  endforeach()
  string(SHA256 key "${key}")
  string(SUBSTRING ${key} 0 16 key)
  set(archive "${cache_dir}/lib/mbedtls-${key}/libsotto_mbedtls.a")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    "${config_dir}/mbedtls_config.h" "${config_dir}/sources.cmake"
    "${build_script}")

  if(NOT EXISTS "${archive}")
    message(STATUS "Building mbedTLS for this compiler, once")
    set(work "${CMAKE_BINARY_DIR}/mbedtls-build")
    set(log "${CMAKE_BINARY_DIR}/mbedtls-build.log")
    file(REMOVE_RECURSE "${work}")
    set(forward "")
    foreach(variable IN ITEMS CMAKE_TOOLCHAIN_FILE CMAKE_C_COMPILER
        CMAKE_BUILD_TYPE CMAKE_C_FLAGS_${build_type})
      if(NOT "${${variable}}" STREQUAL "")
        list(APPEND forward "-D${variable}=${${variable}}")
      endif()
    endforeach()
    list(JOIN SOTTO_HARDENING " " hardening)
    list(APPEND forward "-DCMAKE_C_FLAGS=${CMAKE_C_FLAGS} ${hardening}")
    execute_process(
      COMMAND "${CMAKE_COMMAND}" -G Ninja
        -S "${CMAKE_SOURCE_DIR}/toolchains/mbedtls" -B "${work}"
        "-DMBEDTLS_TREE=${mbedtls_tree}" ${forward}
      COMMAND_ERROR_IS_FATAL ANY
      OUTPUT_FILE "${log}")
    execute_process(
      COMMAND "${CMAKE_COMMAND}" --build "${work}"
      RESULT_VARIABLE failed OUTPUT_FILE "${log}")
    if(failed)
      message(FATAL_ERROR "mbedTLS does not build: see ${log}")
    endif()
    # Copied under another name first, so that a build that is cut short or runs
    # beside another one never leaves half an archive.
    get_filename_component(archive_dir "${archive}" DIRECTORY)
    string(RANDOM suffix)
    file(MAKE_DIRECTORY "${archive_dir}")
    file(COPY_FILE "${work}/libsotto_mbedtls.a" "${archive}.${suffix}")
    file(RENAME "${archive}.${suffix}" "${archive}")
    file(REMOVE_RECURSE "${work}")
  endif()

  add_library(sotto_mbedtls STATIC IMPORTED GLOBAL)
  set_target_properties(sotto_mbedtls PROPERTIES IMPORTED_LOCATION "${archive}")
  # Imported targets count as system headers, so our warnings stay out of them.
  target_include_directories(sotto_mbedtls INTERFACE
    "${mbedtls_tree}/include"
    "${mbedtls_tree}/3rdparty/everest/include"
    "${mbedtls_tree}/3rdparty/everest/include/everest"
    "${mbedtls_tree}/3rdparty/everest/include/everest/kremlib")
  target_compile_definitions(sotto_mbedtls INTERFACE
    "MBEDTLS_CONFIG_FILE=\"core/crypto/mbedtls/mbedtls_config.h\"")
endfunction()

sotto_add_mbedtls()
