#include "core/crypto/memory.h"

#include <mbedtls/memory_buffer_alloc.h>

void sotto_crypto_lend_memory(void *memory, size_t len)
{
    mbedtls_memory_buffer_alloc_init(memory, len);
}
