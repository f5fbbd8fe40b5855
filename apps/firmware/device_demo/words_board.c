#include "apps/firmware/device_demo/text.h"
#include "port/boards/board.h"

void words_write(const char *words, size_t len)
{
    board_write(words, len);
}

void words_about_stack(struct text *text)
{
    text_add(text, "; stack ");
    text_add_number(text, board_stack_used());
    text_add(text, " of ");
    text_add_number(text, board_stack_size());
    text_add(text, " bytes");
}
