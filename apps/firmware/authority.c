/*
 * authority.c - whom a board's client trusts: authorities_read() without files.
 * Linked only with FIRMWARE_CA.
 */
#include "apps/firmware/authority.h"

#include "apps/sotto/certificate.h"
#include "apps/sotto/system.h"
#include "core/base/assert.h"
#include "core/crypto/memory.h"
#include <stdlib.h>

/* What mbedTLS would take without sotto_crypto_lend_memory(): with these in the
 * image libc's heap is not. */
void *calloc(size_t count, size_t size)
{
    (void)count;
    (void)size;
    return NULL;
}

void free(void *memory)
{
    (void)memory;
}

/* Where mbedTLS goes when somebody wrote over what it keeps of its memory. */
_Noreturn void exit(int status)
{
    SOTTO_ASSERT(status == EXIT_SUCCESS);
    for (;;) {
    }
}

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
    sotto_crypto_lend_memory(memory, FIRMWARE_HEAP);
    return authorities_take(authorities, name, text, false, why);
}
