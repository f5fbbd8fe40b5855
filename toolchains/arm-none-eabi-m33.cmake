set(SOTTO_CPU cortex-m33)
include("${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake")
