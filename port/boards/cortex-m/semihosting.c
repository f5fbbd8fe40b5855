/*
 * semihosting.c - what an emulator or debugger does for the program: random
 * bytes, the exit code, arguments. Boards of QEMU only; on a real board nobody
 * answers, which fault.c turns into the answer -1.
 *
 * Arm, "Semihosting for AArch32 and AArch64", version 3.
 */
#include "port/boards/cortex-m/cortex.h"

enum operation {
    OPERATION_OPEN = 0x01,
    OPERATION_READ = 0x06,
    OPERATION_GET_CMDLINE = 0x15,
    OPERATION_EXIT_EXTENDED = 0x20
};

#define MODE_READ_BINARY 1U
#define EXIT_APPLICATION 0x20026U

static int32_t call(enum operation operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = (uint32_t)operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static uint32_t address_of(const void *memory)
{
    return (uint32_t)(uintptr_t)memory;
}

bool semihosting_random(uint8_t *out, size_t len)
{
    static const char name[] = "/dev/urandom";
    static int32_t file = -1;
    if (file < 0) {
        const uint32_t open[] = {address_of(name), MODE_READ_BINARY,
                                 sizeof name - 1};
        file = call(OPERATION_OPEN, open);
    }
    if (file < 0) {
        return false;
    }
    const uint32_t read[] = {(uint32_t)file, address_of(out), len};
    return call(OPERATION_READ, read) == 0; /* of so many bytes none is left */
}

void semihosting_exit(int code)
{
    const uint32_t exit[] = {EXIT_APPLICATION, (uint32_t)code};
    (void)call(OPERATION_EXIT_EXTENDED, exit);
}

bool semihosting_arguments(char *out, size_t cap)
{
    const uint32_t get[] = {address_of(out), cap};
    return call(OPERATION_GET_CMDLINE, get) == 0;
}
