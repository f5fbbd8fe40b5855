/*
 * main.c - the program `sotto-bench`: so far, only its version.
 */

#include <stdio.h>

int main(void)
{
    return puts("sotto-bench " SOTTO_VERSION) < 0;
}
