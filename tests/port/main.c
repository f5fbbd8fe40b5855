/*
 * main.c - runs the contract suite on the port it is linked with.
 *
 * usage: port_contract_NAME [FOLDER [PATTERN]]: where files are tried; what is
 * in it is removed. Only tests whose name fits the pattern, as "*accept*".
 */
#include "tests/port/contract.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct world *world = contract_world();
    world->folder = argc > 1 ? argv[1] : "contract_files";
    if (argc > 2) {
        cmocka_set_test_filter(argv[2]);
    }
    enum sotto_err err = port_open(&world->port);
    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "The machine does not start (%d).\n", (int)err);
        return 1;
    }
    int failed = contract_machine() + contract_loops() + contract_listeners() +
                 contract_connects() + contract_streams() + contract_closing() +
                 contract_threads() + contract_console() + contract_files() +
                 contract_requests();
    port_close(world->port);
    return failed == 0 ? 0 : 1;
}
