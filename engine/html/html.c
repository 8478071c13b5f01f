#include "html.h"
#include "../base/embedded.h"

#include <stdlib.h>
#include <string.h>

static const char *file_of(gz_text *page, const char *name)
{
    for (size_t i = 0; i < gz_n_embedded_pages; i++)
        if (strcmp(gz_embedded_pages[i].name, name) == 0) return (const char *)gz_embedded_pages[i].bytes;
    if (page->status == GAZE_OK)
        page->status = gz_fail(GAZE_ERROR_USAGE, "there is no %s in web/ of the library", name);
    return "";
}

void gz_html_begin(gz_text *page, const char *title, const char *style)
{
    gz_text_add(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    gz_text_add_html(page, title);
    gz_text_add(page, "</title>\n<style>\n%s", file_of(page, "base.css"));
    gz_text_add(page, "%s</style>\n</head>\n<body>\n", style ? file_of(page, style) : "");
}

void gz_html_file(gz_text *page, const char *name) { gz_text_add(page, "%s", file_of(page, name)); }

void gz_html_end(gz_text *page) { gz_text_add(page, "</body>\n</html>\n"); }

void gz_html_add(gz_text *page, const char *format, ...)
{
    gz_text text = {0};
    char *chars;
    va_list arguments;
    if (page->status != GAZE_OK) return;
    va_start(arguments, format);
    gz_text_add_list(&text, format, arguments);
    va_end(arguments);
    page->status = gz_text_take(&text, &chars);
    if (page->status == GAZE_OK) gz_text_add_html(page, chars);
    free(chars);
}

void gz_html_json(gz_text *page, const char *value)
{
    gz_text text = {0};
    char *chars = NULL;
    gz_text_add_json_string(&text, value);
    if (page->status == GAZE_OK) page->status = gz_text_take(&text, &chars);
    for (const char *c = chars; page->status == GAZE_OK && *c;) {
        const size_t plain = strcspn(c, "<");
        gz_text_add(page, "%.*s%s", (int)plain, c, c[plain] ? "\\u003c" : "");
        c += plain + (c[plain] != 0);
    }
    free(chars);
}

/* RFC 4648, section 4 */
static void add_base64(gz_text *page, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char line[4 * 192 + 1];
    size_t n = 0;
    for (size_t i = 0; i < size; i += 3) {
        const unsigned b = i + 1 < size ? bytes[i + 1] : 0, c = i + 2 < size ? bytes[i + 2] : 0,
                       all = (unsigned)bytes[i] << 16 | b << 8 | c;
        line[n++] = digits[all >> 18];
        line[n++] = digits[all >> 12 & 63];
        line[n++] = i + 1 < size ? digits[all >> 6 & 63] : '=';
        line[n++] = i + 2 < size ? digits[all & 63] : '=';
        if (n + 1 < sizeof line && i + 3 < size) continue;
        line[n] = 0;
        gz_text_add(page, "%s", line);
        n = 0;
    }
}

void gz_html_picture(gz_text *page, const gz_image *image)
{
    char *bytes;
    size_t size;
    if (page->status != GAZE_OK) return;
    page->status = gz_png_encode(image, &bytes, &size);
    if (page->status != GAZE_OK) return;
    gz_text_add(page, "data:image/png;base64,");
    add_base64(page, (const unsigned char *)bytes, size);
    free(bytes);
}

static const gz_html_place *find_place(const gz_html_place *places, size_t count, const char *name,
                                       size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(places[i].name) == length && strncmp(places[i].name, name, length) == 0) return &places[i];
    return NULL;
}

void gz_html_fill(gz_text *page, const char *file, const gz_html_place *places, size_t count,
                  const void *facts)
{
    const char *text = file_of(page, file), *open, *close;
    while ((open = strstr(text, "{{")) && (close = strstr(open, "}}"))) {
        const size_t length = (size_t)(close - open - 2);
        const gz_html_place *place = find_place(places, count, open + 2, length);
        gz_text_add(page, "%.*s", (int)(open - text), text);
        if (place)
            place->write(page, facts);
        else if (page->status == GAZE_OK)
            page->status = gz_fail(GAZE_ERROR_USAGE, "web/%s: nothing is known for {{%.*s}}", file,
                                   (int)length, open + 2);
        text = close + 2;
    }
    gz_text_add(page, "%s", text);
}

void gz_html_row(gz_text *page, const char *name, const char *value)
{
    if (!value || !value[0]) return;
    gz_text_add(page, "<tr><th scope=\"row\">");
    gz_text_add_html(page, name);
    gz_text_add(page, "</th><td>");
    gz_text_add_html(page, value);
    gz_text_add(page, "</td></tr>\n");
}
