/* Queries by keys. */
#include "font.h"
#include "merge.h"
#include "page.h"
#include "ruler.h"

#include <stdlib.h>
#include <string.h>

enum { TARGET = 400, MOST_CELL = 40, LABELLED = 64, LEAST_CELL = 12, MOST = 1600, SMALL_TEXT = 1000 };

typedef struct matrix {
    const gz_picture_options *options;
    gz_merged merged;
    gz_range range;
    size_t cell, row, text; /* screen columns and rows of a cell */
    gz_size size;           /* of the cells on the screen */
    gz_ruler rows, columns;
    size_t title; /* rows of the screen for "key", columns for "query" */
    size_t head, left;
} matrix;

/* Up to 64 rows each label has its line. */
static size_t cell_size(const gz_map *map)
{
    const size_t longer = map->height > map->width ? map->height : map->width;
    const size_t least = longer <= LABELLED ? LEAST_CELL : LABELLED * LEAST_CELL / longer;
    const size_t cell = TARGET / longer > least ? TARGET / longer : least;
    return cell < 1 ? 1 : cell > MOST_CELL ? MOST_CELL : cell;
}

/* A few rows of many columns would be thinner than their labels. */
static size_t row_size(const gz_map *map, size_t cell, size_t text)
{
    const size_t least = LEAST_CELL * text;
    return cell < least && map->height * least <= TARGET && map->width > map->height ? least : cell;
}

static gaze_status plan(const gz_map *map, const gz_axes *axes, const gz_picture_options *options, matrix *m)
{
    const size_t pixel = options->pixel;
    *m = (matrix){.options = options};
    GZ_TRY(gz_range_of(options, map->values, map->height * map->width, &m->range));
    GZ_TRY(gz_merge(map, pixel && pixel < MOST ? MOST / pixel : MOST, &m->merged));
    const gz_map *drawn = &m->merged.map;
    m->cell = pixel ? pixel : cell_size(drawn);
    m->text = drawn->height * m->cell > SMALL_TEXT || drawn->width * m->cell > SMALL_TEXT ? 2 : 1;
    m->row = pixel ? pixel : row_size(drawn, m->cell, m->text);
    m->size = (gz_size){drawn->height * m->row, drawn->width * m->cell};
    m->rows = gz_ruler_rows(axes->queries, drawn->height, m->row, m->merged.rows, m->text);
    m->columns = gz_ruler_columns(axes->keys, drawn->width, m->cell, m->merged.columns, m->text);
    m->title = GZ_FONT_LINE_ROWS * m->text;
    m->head = m->title + m->columns.room;
    m->left = m->title + m->rows.room;
    return GAZE_OK;
}

static gaze_status write_caption(const matrix *m, const gz_map *map, char **caption)
{
    gz_text text = {0};
    const char *own = m->options->caption;
    gz_text_add(&text, "%s%s%s %zu queries x %zu keys.", own ? own : "", own ? " " : "", m->range.meaning,
                map->height, map->width);
    gz_merge_say(&text, &m->merged);
    return gz_text_take(&text, caption);
}

static void draw_titles(const matrix *m, gz_image *image, gz_box box)
{
    const gz_letters letters = {m->text, false, gz_gray};
    const size_t key = gz_text_width(&letters, "key", 3), query = gz_text_width(&letters, "query", 5);
    gz_canvas_text(image, box.y - m->head, box.x + (box.width > key ? (box.width - key) / 2 : 0), &letters,
                   "key", 3);
    gz_canvas_text_up(image, box.y + (box.height > query ? (box.height + query) / 2 : query), box.x - m->left,
                      &letters, "query", 5);
}

/* A number in every cell, or, where one of them does not fit, in none. */
static void draw_numbers(const matrix *m, gz_image *image, gz_box box, const gz_paint *paint)
{
    const gz_map *map = &m->merged.map;
    gz_letters letters = {m->text, false, gz_black};
    char number[32];
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < map->height * map->width; i++) {
            gz_range_number(&m->range, map->values[i], number);
            const size_t bytes = strlen(number), width = gz_text_width(&letters, number, bytes);
            if (width + 4 * m->text > m->cell || GZ_FONT_LINE_ROWS * m->text > m->row) return;
            letters.ink = gz_ink_on(gz_paint_ink(paint, map->values[i]));
            const size_t y = box.y + i / map->width * m->row + m->row / 2 - 4 * m->text,
                         x = box.x + i % map->width * m->cell + (m->cell - width) / 2;
            if (pass) gz_canvas_text(image, y, x, &letters, number, bytes);
        }
}

static void draw(const matrix *m, gz_page *page)
{
    const gz_box box = {page->top + m->head, page->left + m->left, m->size.height, m->size.width};
    const gz_paint paint = {m->options->colors, &m->range, 1};
    const gz_map cells = {m->merged.map.height, m->merged.map.width, m->merged.map.values,
                          .field = {.known = false}};
    gz_panel_cells(&page->image, box, m->size, &cells, &paint);
    draw_numbers(m, &page->image, box, &paint);
    gz_canvas_frame(&page->image, box, 1, gz_gray);
    gz_ruler_draw_rows(&m->rows, &page->image, box.y, box.x);
    gz_ruler_draw_above(&m->columns, &page->image, box.y, box.x);
    draw_titles(m, &page->image, box);
}

gaze_status gz_view_matrix(const gz_map *map, const gz_axes *axes, const gz_picture_options *options,
                           gz_image *out)
{
    matrix m = {0};
    char *caption = NULL;
    gz_page page;
    gaze_status status;
    GZ_GO(gz_panel_check(map, NULL));
    GZ_GO(plan(map, axes, options, &m));
    GZ_GO(write_caption(&m, map, &caption));
    const gz_body body = {{m.head + m.size.height, m.left + m.size.width}, m.head, m.text, 0};
    GZ_GO(gz_page_create(&body, &m.range, options, caption, &page));
    draw(&m, &page);
    *out = page.image;
done:
    free(caption);
    free(m.merged.own);
    return status;
}
