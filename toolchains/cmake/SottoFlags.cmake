# The language, the warnings and the hardening that all code of ours is built
# with, as two interface targets: sotto_build (everything) and its part
# sotto_warnings.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

# Fat objects, so that symbols can still be looked up in each of them.
option(SOTTO_LTO "Optimise the program as a whole when it is linked" OFF)
if(SOTTO_LTO)
  string(APPEND CMAKE_C_FLAGS " -flto -flto-partition=one -ffat-lto-objects")
  # The first three make it a hundredth smaller, and no slower where it matters:
  # mbedTLS, which is built apart, does without them. Without the last one, what
  # starts a role would become one function with everybody's buffers in its
  # frame, below which all the rest runs: 1.5 KiB of a board's stack.
  add_compile_options(
    -fno-move-loop-invariants -fno-caller-saves -fno-schedule-insns2
    --param=large-stack-frame-growth=100)
endif()

add_library(sotto_warnings INTERFACE)
target_compile_options(sotto_warnings INTERFACE
  $<$<BOOL:${SOTTO_WERROR}>:-Werror>
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wcast-qual -Wcast-align -Wpointer-arith -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wformat=2
  -Wwrite-strings -Wnull-dereference -Wimplicit-fallthrough)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sotto_warnings INTERFACE
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op)
endif()

# Hosts only; mbedTLS and lwIP get these too. Fortify needs an optimised build
# and would hide accesses from the address sanitizer.
set(SOTTO_HARDENING "")
if(NOT CMAKE_CROSSCOMPILING)
  # Not CMake's own property, which compiles libraries as for shared objects.
  list(APPEND SOTTO_HARDENING -fPIE -fstack-protector-strong)
  if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
    list(APPEND SOTTO_HARDENING -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  add_link_options(-pie -Wl,-z,relro -Wl,-z,now)
endif()

add_library(sotto_build INTERFACE)
target_compile_options(sotto_build INTERFACE ${SOTTO_HARDENING})
target_link_libraries(sotto_build INTERFACE sotto_warnings)
target_include_directories(sotto_build INTERFACE
  "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/core/include")

# What the fuzzer is to see of our code: which way it goes. Not of libraries'.
if(SOTTO_FUZZ)
  target_compile_options(sotto_build INTERFACE -fsanitize=fuzzer-no-link)
endif()
