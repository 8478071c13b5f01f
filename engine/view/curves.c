/* Curves with axes, a grid and a legend. */
#include "page.h"

#include <stdio.h>
#include <string.h>

enum { HEIGHT = 210, WIDTH = 370, TICKS = 4, APART = 26, GAP = 6, SWATCH = 24, BETWEEN = 10, MARKS = 10 };

typedef struct curves {
    const gz_plot *plot;
    gz_image *image;
    gz_letters letters, bold;
    size_t line, left; /* height of a line of text; screen columns before the panel */
    gz_size cell;      /* a panel with all around it */
} curves;

static const gz_ink *const inks[GZ_MOST_CURVES] = {&gz_black, &gz_orange, &gz_blue};

static curves plan(const gz_plot *plot)
{
    curves c = {.plot = plot, .letters = {1, false, gz_black}, .bold = {1, true, gz_black}};
    c.line = gz_text_line_height(&c.letters);
    c.left = c.line + gz_text_width(&c.letters, "0.25", 4) + 2 * GAP;
    c.cell = (gz_size){3 * c.line + HEIGHT + 2 * c.line, c.left + WIDTH};
    return c;
}

/* A disc, a square, a triangle: told apart without colours. */
static void draw_mark(const curves *c, size_t curve, gz_point at)
{
    const gz_ink ink = *inks[curve];
    if (curve == 0) gz_canvas_line(c->image, at, at, 6, ink);
    if (curve == 1)
        gz_canvas_fill(c->image, (gz_box){(size_t)(at.y + 0.5) - 3, (size_t)(at.x + 0.5) - 3, 7, 7}, ink);
    for (int row = 0; curve == 2 && row < 8; row++)
        gz_canvas_line(c->image, (gz_point){at.y - 4 + row, at.x - row * 0.55},
                       (gz_point){at.y - 4 + row, at.x + row * 0.55}, 1, ink);
}

/* Columns for a name and the swatch before it, as wide as it is where there is room for all, else of equal
 * width. */
static size_t legend_column(const curves *c, const gz_curves *panel, size_t curve)
{
    size_t own = 0, all = 0;
    for (size_t i = 0; i < c->plot->n_curves; i++) {
        const size_t width =
            SWATCH + gz_text_width(&c->letters, panel->names[i], strlen(panel->names[i])) + BETWEEN;
        all += width;
        if (i == curve) own = width;
    }
    return all <= WIDTH + BETWEEN ? own : WIDTH / c->plot->n_curves;
}

static void draw_legend(const curves *c, const gz_curves *panel, size_t y, size_t x)
{
    for (size_t i = 0; i < c->plot->n_curves; i++) {
        const size_t column = legend_column(c, panel, i);
        const gz_point from = {(double)(y + 4), (double)x},
                       to = {(double)(y + 4), (double)(x + SWATCH - GAP)};
        gz_canvas_line(c->image, from, to, 1.6, *inks[i]);
        draw_mark(c, i, (gz_point){from.y, (from.x + to.x) / 2});
        gz_canvas_cut(c->image, y, x + SWATCH, &c->letters, panel->names[i], column - SWATCH - GAP);
        x += column;
    }
}

static void draw_axes(const curves *c, gz_box box, size_t column)
{
    const gz_plot *plot = c->plot;
    for (size_t i = 0; i <= TICKS; i++) {
        char number[16];
        const int length = snprintf(number, sizeof number, "%g", (double)i / TICKS);
        const size_t bytes = length > 0 ? (size_t)length : 0,
                     width = gz_text_width(&c->letters, number, bytes);
        const size_t y = box.y + box.height - 1 - i * (box.height - 1) / TICKS,
                     x = box.x + i * (box.width - 1) / TICKS;
        gz_canvas_fill(c->image, (gz_box){y, box.x, 1, box.width}, gz_pale);
        gz_canvas_fill(c->image, (gz_box){box.y, x, box.height, 1}, gz_pale);
        gz_canvas_text(c->image, y - 4, box.x - GAP - width, &c->letters, number, bytes);
        gz_canvas_text(c->image, box.y + box.height + GAP, x - width / 2, &c->letters, number, bytes);
    }
    gz_canvas_frame(c->image, box, 1, gz_gray);
    const char *below = plot->x_axes[column];
    const size_t width = gz_text_width(&c->letters, below, strlen(below)),
                 height = gz_text_width(&c->letters, plot->y_axis, strlen(plot->y_axis));
    gz_canvas_text(c->image, box.y + box.height + c->line + 2, box.x + (box.width - width) / 2, &c->letters,
                   below, strlen(below));
    gz_canvas_text_up(c->image, box.y + (box.height + height) / 2, box.x - c->left, &c->letters, plot->y_axis,
                      strlen(plot->y_axis));
}

static gz_point point_of(const curves *c, gz_box box, const double *values, size_t i)
{
    const double value = values[i] < 0 ? 0 : values[i] > 1 ? 1 : values[i];
    return (gz_point){(double)box.y + (1 - value) * (double)(box.height - 1),
                      (double)box.x + (double)i / (double)(c->plot->points - 1) * (double)(box.width - 1)};
}

static void draw_curve(const curves *c, gz_box box, const double *values, size_t curve)
{
    const size_t points = c->plot->points, every = (points + MARKS - 1) / MARKS;
    for (size_t i = 0; i + 1 < points; i++)
        gz_canvas_line(c->image, point_of(c, box, values, i), point_of(c, box, values, i + 1), 1.6,
                       *inks[curve]);
    for (size_t i = 0; i < points; i += every) draw_mark(c, curve, point_of(c, box, values, i));
}

static void draw_panel(const curves *c, size_t number, size_t y, size_t x)
{
    const gz_curves *panel = &c->plot->panels[number];
    const gz_box box = {y + 3 * c->line, x + c->left, HEIGHT, WIDTH};
    gz_canvas_cut(c->image, y, box.x, &c->bold, panel->head, WIDTH);
    draw_legend(c, panel, y + c->line + GAP, box.x);
    draw_axes(c, box, number % c->plot->columns);
    for (size_t i = c->plot->n_curves; i-- > 0;) draw_curve(c, box, panel->values[i], i);
}

gaze_status gz_view_curves(const gz_plot *plot, const gz_picture_options *options, gz_image *out)
{
    curves c = plan(plot);
    gz_page page;
    const gz_body body = {
        {plot->rows * (c.cell.height + APART) - APART, plot->columns * (c.cell.width + APART) - APART},
        0,
        1,
        0};
    GZ_TRY(gz_page_create(&body, NULL, options, options->caption ? options->caption : "", &page));
    c.image = &page.image;
    for (size_t i = 0; i < plot->rows * plot->columns; i++)
        draw_panel(&c, i, page.top + i / plot->columns * (c.cell.height + APART),
                   page.left + i % plot->columns * (c.cell.width + APART));
    *out = page.image;
    return GAZE_OK;
}
