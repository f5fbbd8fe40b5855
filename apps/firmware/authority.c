/*
 * authority.c - whom a board's client trusts: authorities_read() without files.
 * Linked only with FIRMWARE_CA.
 */
#include "apps/firmware/authority.h"

#include "apps/firmware/heap.h"
#include "apps/sotto/certificate.h"
#include "apps/sotto/system.h"

bool authorities_read(struct port *port, const char *name,
                      struct authorities *authorities, struct textbuf *why)
{
    const struct sotto_span text = {firmware_ca, firmware_ca_len};
    void *memory = system_memory(FIRMWARE_HEAP);
    (void)port;
    if (memory == NULL) {
        textbuf_add(why, "no memory to look at certificates");
        return false;
    }
    heap_begin(memory, FIRMWARE_HEAP);
    return authorities_take(authorities, name, text, false, why);
}
