/*
 * toy_curves.h - lets one of the toys fail, as a library out of memory does.
 */
#ifndef SOTTO_FUZZ_TOY_CURVES_H
#define SOTTO_FUZZ_TOY_CURVES_H

#include <stdbool.h>

/* The nth operation from now on fails; 0: none. */
void toy_fail_at(unsigned nth);
/* One more is done: true when it is that one. */
bool toy_fails(void);

#endif
