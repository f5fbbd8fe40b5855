# sotto_find_tree(NAME VARIABLE PROBE RESULT)
#
# Puts the source tree of a dependency into RESULT: the one given by -DVARIABLE
# or by the environment variable of that name, else the one that
# toolchains/fetch.sh has in its cache or fetches now. PROBE is a file that the
# tree must contain.
function(sotto_find_tree name variable probe result)
  set(${variable} "$ENV{${variable}}" CACHE PATH
      "Source tree of ${name}; empty: toolchains/fetch.sh provides it")
  set(tree "${${variable}}")
  if(tree STREQUAL "")
    execute_process(
      COMMAND "${CMAKE_SOURCE_DIR}/toolchains/fetch.sh" ${name}
      OUTPUT_VARIABLE tree OUTPUT_STRIP_TRAILING_WHITESPACE
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "There is no ${name} source tree; the reason is "
        "above. Name one with -D${variable}=DIR.")
    endif()
  endif()
  if(NOT EXISTS "${tree}/${probe}")
    message(FATAL_ERROR "${variable}: ${tree} does not look like ${name}: "
      "there is no ${probe} in it.")
  endif()
  message(STATUS "${name}: ${tree}")
  set(${result} "${tree}" PARENT_SCOPE)
endfunction()
