#include "text.h"

#include <string.h>

static void add_letter(gz_text *page, unsigned char letter)
{
    if (strchr("&<>\"'", letter))
        gz_text_add(page, "&#%d;", letter);
    else if ((letter < 32 && letter != '\t' && letter != '\n') || letter == 127)
        gz_text_add(page, "&#xfffd;"); /* HTML has no word for these */
    else
        gz_text_add(page, "%c", letter);
}

void gz_text_add_html(gz_text *page, const char *value)
{
    for (size_t left = strlen(value); left;) {
        const size_t valid = gz_utf8_prefix(value, left), taken = valid < left ? valid + 1 : valid;
        for (size_t i = 0; i < valid; i++) add_letter(page, (unsigned char)value[i]);
        if (valid < left) gz_text_add(page, "&#xfffd;");
        value += taken;
        left -= taken;
    }
}
