/* Line charts as SVG. Units are CSS pixels at a width of 360; web/base.css lets them shrink to 280. */
#include "html.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 360, HEIGHT = 230, LEFT = 46, RIGHT = 92, TOP = 12, BOTTOM = 40, MARK = 4, LETTERS = 14 };

/* A range of values and the distance of its ticks. */
typedef struct axis {
    double low, high, step;
} axis;

/* 1, 2 or 5 times a power of ten, so that there are at most `most` steps. */
static double nice_step(double span, double most)
{
    const double rough = span / most, power = pow(10, floor(log10(rough))), part = rough / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static axis axis_of(double low, double high, double most, bool whole)
{
    if (!(high > low)) high = low + (whole ? 1 : fabs(low) > 0 ? fabs(low) : 1);
    double step = nice_step(high - low, most);
    if (whole && step < 1) step = 1;
    return (axis){low, high, step};
}

static axis y_axis(const gz_html_chart *c)
{
    double low = INFINITY, high = -INFINITY;
    if (c->unit_y) return axis_of(0, 1, 5, false);
    for (size_t i = 0; i < c->n_lines; i++)
        for (size_t k = 0; k < c->points; k++) {
            if (!isfinite(c->lines[i].y[k])) continue;
            low = fmin(low, c->lines[i].y[k]);
            high = fmax(high, c->lines[i].y[k]);
        }
    if (!(high >= low)) low = 0, high = 1;
    axis y = axis_of(low, high, 5, false);
    y.low = floor(y.low / y.step + 1e-9) * y.step; /* begins and ends at a tick */
    y.high = ceil(y.high / y.step - 1e-9) * y.step;
    return y;
}

static double x_at(const axis *x, double value)
{
    return LEFT + (value - x->low) / (x->high - x->low) * (WIDTH - LEFT - RIGHT);
}

static double y_at(const axis *y, double value)
{
    return TOP + (y->high - value) / (y->high - y->low) * (HEIGHT - TOP - BOTTOM);
}

static int decimals(double step)
{
    const double places = -floor(log10(step) + 1e-9);
    return places > 0 ? (int)places : 0;
}

/* Ticks are these multiples of the step, from the first to the last. */
static double first_tick(const axis *a) { return ceil(a->low / a->step - 1e-9); }
static double last_tick(const axis *a) { return floor(a->high / a->step + 1e-9); }

static void add_grid(gz_text *page, const gz_html_chart *c, const axis *x, const axis *y)
{
    gz_text_add(page, "<g class=\"axes\">\n");
    for (double i = first_tick(y); i <= last_tick(y); i++)
        gz_text_add(page,
                    "<path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>\n",
                    LEFT, y_at(y, i * y->step), WIDTH - RIGHT, LEFT - 6, y_at(y, i * y->step) + 4,
                    decimals(y->step), i * y->step + 0.0);
    for (double i = first_tick(x); i <= last_tick(x); i++)
        gz_text_add(page,
                    "<path d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.*f</text>\n",
                    x_at(x, i * x->step), HEIGHT - BOTTOM, x_at(x, i * x->step), HEIGHT - BOTTOM + 18,
                    decimals(x->step), i * x->step + 0.0);
    gz_text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 6);
    gz_text_add_html(page, c->x_name);
    gz_text_add(page, "</text>\n</g>\n");
}

/* A circle, a square, a triangle, a diamond: told apart without colour. */
static void add_mark(gz_text *page, size_t kind, double x, double y)
{
    const double r = MARK;
    if (kind == 0)
        gz_text_add(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\"/>", x, y, r - 0.5);
    else if (kind == 1)
        gz_text_add(page, "<path d=\"M%.1f %.1fh%gv%gh%gz\"/>", x - r, y - r, 2 * r, 2 * r, -2 * r);
    else if (kind == 2)
        gz_text_add(page, "<path d=\"M%.1f %.1fl%g %gh%gz\"/>", x, y - r, r, 2 * r, -2 * r);
    else
        gz_text_add(page, "<path d=\"M%.1f %.1fl%g %gl%g %gl%g %gz\"/>", x, y - r, r, r, -r, r, -r, -r);
}

/* Marks on at most about a dozen points: more would hide the line. */
static void add_line(gz_text *page, const gz_html_chart *c, size_t i, const axis *x, const axis *y)
{
    const gz_html_line *line = &c->lines[i];
    const size_t every = (c->points + 11) / 12;
    bool down = false;
    gz_text_add(page, "<g class=\"line l%zu\"><path class=\"stroke\" d=\"", i);
    for (size_t k = 0; k < c->points; k++) {
        if (isfinite(line->y[k]))
            gz_text_add(page, "%c%.1f %.1f", down ? 'L' : 'M', x_at(x, c->x[k]), y_at(y, line->y[k]));
        down = isfinite(line->y[k]);
    }
    gz_text_add(page, "\"/>");
    for (size_t k = c->points; k-- > 0;)
        if (isfinite(line->y[k]) && (c->points - 1 - k) % every == 0)
            add_mark(page, i, x_at(x, c->x[k]), y_at(y, line->y[k]));
    gz_text_add(page, "</g>\n");
}

/* Where each line's name stands: beside its last value, moved down where names would lie over each other, and
   up again where they would leave the chart. */
static void place_names(const gz_html_chart *c, const axis *y, double at[GZ_HTML_MOST_LINES])
{
    size_t order[GZ_HTML_MOST_LINES];
    for (size_t i = 0; i < c->n_lines; i++) {
        size_t last = c->points;
        while (last > 1 && !isfinite(c->lines[i].y[last - 1])) last--;
        const double value = c->lines[i].y[last - 1];
        at[i] = isfinite(value) ? y_at(y, value) : TOP;
        size_t k = i;
        for (; k > 0 && at[order[k - 1]] > at[i]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    for (size_t k = 1; k < c->n_lines; k++) at[order[k]] = fmax(at[order[k]], at[order[k - 1]] + LETTERS);
    double floor_ = HEIGHT - BOTTOM - 6;
    for (size_t k = c->n_lines; k-- > 0; floor_ = at[order[k]] - LETTERS)
        at[order[k]] = fmin(at[order[k]], floor_);
}

static void add_names(gz_text *page, const gz_html_chart *c, const axis *y)
{
    double at[GZ_HTML_MOST_LINES];
    place_names(c, y, at);
    for (size_t i = 0; i < c->n_lines; i++) {
        gz_text_add(page, "<g class=\"line l%zu\">", i);
        add_mark(page, i, WIDTH - RIGHT + 12, at[i]);
        gz_text_add(page, "<text x=\"%d\" y=\"%.1f\">", WIDTH - RIGHT + 20, at[i] + 4);
        gz_text_add_html(page, c->lines[i].name);
        gz_text_add(page, "</text></g>\n");
    }
}

void gz_html_chart_add(gz_text *page, const gz_html_chart *c)
{
    const axis x = axis_of(c->x[0], c->x[c->points - 1], 5, c->whole_x), y = y_axis(c);
    gz_text_add(page,
                "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">",
                WIDTH, HEIGHT, c->id, c->id);
    gz_text_add(page, "<title id=\"%s-t\">", c->id);
    gz_text_add_html(page, c->title);
    gz_text_add(page, "</title><desc id=\"%s-d\">", c->id);
    gz_text_add_html(page, c->summary);
    gz_text_add(page, "</desc>\n");
    add_grid(page, c, &x, &y);
    for (size_t i = 0; i < c->n_lines; i++) add_line(page, c, i, &x, &y);
    add_names(page, c, &y);
    gz_text_add(page, "</svg>\n");
}
