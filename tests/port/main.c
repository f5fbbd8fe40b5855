/*
 * main.c - runs the contract suite on the port it is linked with.
 *
 * usage: port_contract_NAME [--lossy] [FOLDER [PATTERN]]: where files are tried;
 * what is in it is removed. Only tests whose name fits the pattern, as
 * "*accept*". --lossy: the port's network loses frames, see contract.h.
 */
#include "tests/port/contract.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct world *world = contract_world();
    world->patience_ms = PATIENCE_MS;
    if (argc > 1 && strcmp(argv[1], "--lossy") == 0) {
        world->is_lossy = true;
        world->patience_ms = PATIENCE_LOSSY_MS;
        argc--;
        argv++;
    }
    world->folder = argc > 1 ? argv[1] : "contract_files";
    if (argc > 2) {
        cmocka_set_test_filter(argv[2]);
    }
    enum sotto_err err = port_open(&world->port);
    if (err != SOTTO_OK) {
        (void)fprintf(stderr, "The machine does not start (%d).\n", (int)err);
        return 1;
    }
    const uint64_t start_ms = port_now_ms(world->port);
    int failed = contract_machine() + contract_loops() + contract_listeners() +
                 contract_connects() + contract_streams() + contract_closing() +
                 contract_threads() + contract_console() + contract_files() +
                 contract_requests();
    if (world->is_lossy) { /* the same for the same seed */
        (void)printf("%llu ms of the port's time\n",
                     (unsigned long long)(port_now_ms(world->port) - start_ms));
    }
    port_close(world->port);
    return failed == 0 ? 0 : 1;
}
