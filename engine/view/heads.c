/* One small matrix for each head. */
#include "font.h"
#include "merge.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1600, WIDTH = 1600, TARGET = 160, GAP = 12, HEAD = GZ_FONT_LINE_ROWS };

typedef struct grid {
    const gz_stack *stack;
    gz_range range;
    size_t columns, rows;
    size_t most;   /* screen pixels of a matrix' longer side */
    gz_size panel; /* of a matrix on the screen */
    gz_size tile;  /* with its number and the gap */
    bool words;    /* "head 3", where there is room, in place of "3" */
} grid;

static const gz_letters letters = {1, false, {{26, 26, 26}}};

static gz_map head_of(const gz_stack *stack, size_t head)
{
    return (gz_map){stack->height, stack->width, stack->values + head * stack->height * stack->width,
                    .field = {.known = false}};
}

/* As many columns as rows, but a row of at least four. */
static size_t columns_for(size_t count)
{
    size_t columns = 4;
    while (columns * columns < count) columns++;
    return columns < count ? columns : count;
}

static gz_size panel_of(const gz_map *map, size_t pixel, size_t most)
{
    const size_t longer = map->height > map->width ? map->height : map->width;
    if (!pixel) pixel = most / longer;
    return (gz_size){map->height * pixel, map->width * pixel};
}

static gaze_status plan(const gz_stack *stack, const gz_picture_options *options, grid *g)
{
    const gz_map all = {stack->count * stack->height, stack->width, stack->values, .field = {.known = false}};
    gz_merged merged;
    char name[64];
    *g = (grid){.stack = stack, .columns = columns_for(stack->count)};
    GZ_TRY(gz_panel_check(&all, NULL));
    if (stack->count > MOST)
        return gz_fail(GAZE_ERROR_DATA, "the map cannot be drawn: %zu %ss, expected at most %d", stack->count,
                       stack->part, MOST);
    GZ_TRY(gz_range_make(options->scaling, stack->values, all.height * all.width, &g->range));
    g->most = WIDTH / g->columns - GAP;
    if (g->most > TARGET) g->most = TARGET;
    const size_t cells = options->pixel && options->pixel < g->most ? g->most / options->pixel : g->most;
    const gz_map first = head_of(stack, 0);
    GZ_TRY(gz_merge(&first, cells, &merged));
    g->panel = panel_of(&merged.map, options->pixel, g->most);
    free(merged.own);
    g->most = cells;
    const size_t width = g->panel.width,
                 bytes = (size_t)snprintf(name, sizeof name, "%s %zu", stack->part, stack->count - 1);
    g->words = gz_text_width(&letters, name, bytes) <= width;
    const size_t number = gz_text_width(&letters, name + strlen(stack->part), bytes - strlen(stack->part));
    g->tile = (gz_size){HEAD + g->panel.height + GAP, (width > number ? width : number) + GAP};
    g->rows = (stack->count + g->columns - 1) / g->columns;
    return GAZE_OK;
}

static gaze_status write_caption(const grid *g, const gz_picture_options *options, char **caption)
{
    gz_text text = {0};
    gz_merged merged;
    const gz_map first = head_of(g->stack, 0);
    const char *own = options->caption;
    GZ_TRY(gz_merge(&first, g->most, &merged));
    gz_text_add(&text, "%s%s%zu %ss of %zu x %zu cells. %s One scale for all.", own ? own : "",
                own ? " " : "", g->stack->count, g->stack->part, first.height, first.width, g->range.meaning);
    gz_merge_say(&text, &merged);
    free(merged.own);
    return gz_text_take(&text, caption);
}

static gaze_status draw_head(const grid *g, size_t head, const gz_paint *paint, const gz_page *page)
{
    const gz_map map = head_of(g->stack, head);
    gz_image image = page->image;
    gz_merged merged;
    char name[64];
    const size_t y = page->top + head / g->columns * g->tile.height,
                 x = page->left + head % g->columns * g->tile.width;
    const int bytes = g->words ? snprintf(name, sizeof name, "%s %zu", g->stack->part, head)
                               : snprintf(name, sizeof name, "%zu", head);
    GZ_TRY(gz_merge(&map, g->most, &merged));
    const gz_box box = {y + HEAD, x, g->panel.height, g->panel.width};
    gz_panel_cells(&image, box, g->panel, &merged.map, paint);
    gz_canvas_frame(&image, box, 1, gz_gray);
    gz_canvas_text(&image, y, x, &letters, name, (size_t)bytes);
    free(merged.own);
    return GAZE_OK;
}

gaze_status gz_view_heads(const gz_stack *stack, const gz_picture_options *options, gz_image *out)
{
    grid g;
    gz_page page;
    char *caption;
    GZ_TRY(plan(stack, options, &g));
    GZ_TRY(write_caption(&g, options, &caption));
    const gz_body body = {{g.rows * g.tile.height - GAP, g.columns * g.tile.width - GAP}, HEAD, 1, 0};
    const gz_paint paint = {options->colors, &g.range, 1};
    gaze_status status = gz_page_create(&body, &g.range, options, caption, &page);
    free(caption);
    GZ_TRY(status);
    for (size_t i = 0; status == GAZE_OK && i < stack->count; i++) status = draw_head(&g, i, &paint, &page);
    if (status != GAZE_OK)
        gz_image_free(&page.image);
    else
        *out = page.image;
    return status;
}
