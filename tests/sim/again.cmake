# again.cmake - lives one life of WORLD, and by SOTTO_SEED once more in another
# process: all that was shown has to be the same, and when.
set(env "${CMAKE_COMMAND}" -E env)
execute_process(COMMAND ${env} --unset=SOTTO_SEED "${WORLD}" 7 1 1
  OUTPUT_VARIABLE first COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${env} SOTTO_SEED=7 "${WORLD}" 1 1 1
  OUTPUT_VARIABLE second COMMAND_ERROR_IS_FATAL ANY)
message(STATUS "${first}")
if(NOT first STREQUAL second OR NOT first MATCHES "^seed 7, .* digest [0-9a-f]+")
  message(FATAL_ERROR "and again: ${second}")
endif()
