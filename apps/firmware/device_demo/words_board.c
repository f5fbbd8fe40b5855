#include "apps/firmware/device_demo/text.h"
#include "port/boards/board.h"

void words_write(const char *words, size_t len)
{
    board_write(words, len);
}
