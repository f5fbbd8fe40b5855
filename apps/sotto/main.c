/*
 * main.c - the program `sotto`: so far, only its version.
 */

#include <stdio.h>

int main(void)
{
    return puts("sotto " SOTTO_VERSION) < 0;
}
