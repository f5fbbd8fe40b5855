set(SOTTO_CPU cortex-m4)
include("${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake")
