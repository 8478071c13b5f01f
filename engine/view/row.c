#include "row.h"

#include <string.h>

enum { GAP = 14 };

gz_row gz_row_plan(const gz_photo *photo, size_t pixel, size_t target, size_t most, const char *const *heads,
                   size_t count)
{
    const gz_size panel = gz_panel_size(photo->height, photo->width, pixel, target, most);
    gz_row row = {.heads = heads,
                  .count = count,
                  .panel = panel,
                  .letters = {gz_page_text_size(panel), false, gz_gray}};
    const size_t text = row.letters.size;
    size_t widest = panel.width;
    for (size_t i = 0; i < count; i++) {
        const size_t width = gz_text_width(&row.letters, heads[i], strlen(heads[i]));
        if (width > widest) widest = width;
    }
    row.head = gz_text_line_height(&row.letters);
    row.column = widest + GAP * text;
    row.body = (gz_body){{row.head + panel.height, row.column * count - GAP * text}, row.head, text, 0};
    return row;
}

gz_box gz_row_box(const gz_row *row, const gz_page *page, size_t panel)
{
    return (gz_box){page->top + row->head, page->left + panel * row->column, row->panel.height,
                    row->panel.width};
}

void gz_row_draw(const gz_row *row, gz_page *page)
{
    for (size_t i = 0; i < row->count; i++) {
        const gz_box box = gz_row_box(row, page, i);
        gz_canvas_text(&page->image, page->top, box.x, &row->letters, row->heads[i], strlen(row->heads[i]));
        gz_canvas_frame(&page->image, box, 1, gz_gray);
    }
}
