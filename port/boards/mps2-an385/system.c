/*
 * system.c - nothing to do: on MPS2 clocks run and pins are connected as soon as
 * the FPGA has its image.
 */
#include "port/boards/drivers.h"

void system_start(void)
{
}
