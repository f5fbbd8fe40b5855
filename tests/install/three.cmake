# three.cmake - installs the library from BUILD into WORK/prefix, builds the
# example against it in both ways, and looks at what it says.
set(source "${CMAKE_CURRENT_LIST_DIR}/example")
set(prefix "${WORK}/prefix")
file(REMOVE_RECURSE "${prefix}" "${WORK}/example" "${WORK}/three")

set(expected "pump reads from leaf 1: pressure 3 bar
panel reads from leaf 1: pressure 3 bar
valve is in epoch 2
panel is out
pump is back in epoch 2
valve reads from leaf 0: closing
panel cannot read it: DENIED
")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(run_example program)
  execute_process(COMMAND "${program}" OUTPUT_VARIABLE said
    COMMAND_ERROR_IS_FATAL ANY)
  if(NOT said STREQUAL expected)
    message(FATAL_ERROR "${program} says:\n${said}")
  endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --component library
  --prefix "${prefix}")
run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${source}" -B "${WORK}/example"
  "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_C_COMPILER=${COMPILER}"
  "-DCMAKE_BUILD_TYPE=${TYPE}" "-DCMAKE_C_FLAGS=${FLAGS}")
run("${CMAKE_COMMAND}" --build "${WORK}/example")
run_example("${WORK}/example/three")

# Each header stands by itself.
file(GLOB headers "${prefix}/include/sotto/*.h")
foreach(header IN LISTS headers)
  run("${COMPILER}" -std=c11 -Wall -Wextra -Werror -fsyntax-only
    "-I${prefix}/include" -x c "${header}")
endforeach()

if(CRYPTO STREQUAL "mbedtls")
  set(library -lsotto_mbedtls)
else()
  set(library -lcrypto)
endif()
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
run("${COMPILER}" ${FLAGS} -std=c11 -Wall -Wextra -Werror
  "-I${prefix}/include" "${source}/three.c" "-L${prefix}/lib"
  -Wl,--start-group -lsotto_core -lsotto_crypto_${CRYPTO} ${library}
  -Wl,--end-group -o "${WORK}/three")
run_example("${WORK}/three")
