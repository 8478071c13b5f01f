/* One map of one example: as it lies there without script, and every other head and moment for the script. */
#include "../view/panel.h"
#include "examples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

gz_frames gz_frames_of(const gz_examples *all, size_t map, size_t example)
{
    gz_frames f = {all, &all->maps[map], &all->list[example], example, .low = INFINITY, .high = -INFINITY};
    const size_t count = f.map->n_slices * f.map->height * f.map->width;
    for (size_t m = 0; m < all->n_moments; m++) {
        const float *values = gz_shown_values(f.map, m, example, 0);
        for (size_t i = 0; i < count; i++) {
            if (!isfinite(values[i])) continue;
            f.low = fmin(f.low, values[i]);
            f.high = fmax(f.high, values[i]);
        }
    }
    f.constant = !(f.high > f.low);
    return f;
}

gz_range gz_frames_range(const gz_frames *f) { return (gz_range){.low = f->low, .high = f->high}; }

gz_map gz_frames_map(const gz_frames *f, size_t moment, size_t slice)
{
    return (gz_map){f->map->height, f->map->width, gz_shown_values(f->map, moment, f->number, slice),
                    f->map->info->field};
}

/* ---- What there is to see, in words ---- */

static const char *step_name(const char *const *names, size_t step, char text[24])
{
    if (names) return names[step];
    snprintf(text, 24, "%zu", step);
    return text;
}

/* "query 3 'cat'", "key 3" */
static void say_token(gz_text *words, const char *what, const char *const *names, size_t number)
{
    gz_text_add(words, "%s %zu", what, number);
    if (names) gz_text_add(words, " '%s'", names[number]);
}

static void say_place(gz_text *words, const gz_frames *f, size_t cell)
{
    const size_t row = cell / f->map->width, column = cell % f->map->width;
    const gz_axes *axes = &f->example->axes[f->map - f->all->maps];
    if (f->map->shown == GZ_SHOWN_MATRIX) {
        say_token(words, "query", axes->queries, row);
        say_token(words, ", key", axes->keys, column);
    } else if (f->map->shown == GZ_SHOWN_STEPS)
        say_token(words, "step", axes->keys, column);
    else
        gz_text_add(words, "row %zu, column %zu of %zu x %zu cells", row, column, f->map->height,
                    f->map->width);
}

/* free() it; NULL: the page has failed already. */
static char *say_frame(gz_text *page, const gz_frames *f, size_t moment, size_t slice)
{
    const gz_map map = gz_frames_map(f, moment, slice);
    const gz_range range = gz_frames_range(f);
    gz_text words = {0};
    char why[160], number[32], *said = NULL;
    size_t largest = 0;
    for (size_t i = 1; i < map.height * map.width; i++)
        if (map.values[i] > map.values[largest]) largest = i;
    if (gz_map_undrawable(&map, why)) {
        gz_text_add(&words, "%s.", why);
    } else {
        gz_range_number(&range, map.values[largest], number);
        gz_text_add(&words, "largest value %s, at ", number);
        say_place(&words, f, largest);
        gz_text_add(&words, ".");
    }
    const gaze_status status = gz_text_take(&words, &said);
    if (page->status == GAZE_OK) page->status = status;
    return said;
}

/* ---- For the script ---- */

static void add_steps_json(gz_text *page, const gz_frames *f, const gz_map *map)
{
    const gz_range range = gz_frames_range(f);
    char number[32];
    gz_text_add(page, ",\"c\":[");
    for (size_t i = 0; i < map->width; i++) {
        const double part = gz_range_part(&range, map->values[i]);
        gz_text_add(page, "%s%d", i ? "," : "", isfinite(part) ? (int)lround(255 * part) : 0);
    }
    gz_text_add(page, "],\"v\":[");
    for (size_t i = 0; i < map->width; i++) {
        gz_range_number(&range, map->values[i], number);
        gz_text_add(page, "%s\"%s\"", i ? "," : "", number);
    }
    gz_text_add(page, "]");
}

static void add_frame_json(gz_text *page, const gz_frames *f, size_t moment, size_t slice)
{
    const gz_map map = gz_frames_map(f, moment, slice);
    char *words = say_frame(page, f, moment, slice);
    if (!words) return;
    gz_text_add(page, "{\"s\":");
    gz_html_json(page, words);
    free(words);
    if (f->map->shown == GZ_SHOWN_STEPS) add_steps_json(page, f, &map);
    for (size_t i = 0; i < gz_frames_pictures(f); i++) {
        gz_text_add(page, "%s\"", i ? "," : ",\"p\":[");
        gz_frames_picture(page, f, moment, slice, i);
        gz_text_add(page, "\"");
    }
    gz_text_add(page, "%s}", gz_frames_pictures(f) ? "]" : "");
}

void gz_frames_add_json(gz_text *page, const gz_frames *f)
{
    if (f->constant) {
        gz_text_add(page, "null");
        return;
    }
    gz_text_add(page, "[");
    for (size_t m = 0; m < f->all->n_moments; m++) {
        gz_text_add(page, "%s[", m ? "," : "");
        for (size_t s = 0; s < f->map->n_slices; s++) {
            gz_text_add(page, "%s", s ? "," : "");
            add_frame_json(page, f, m, s);
        }
        gz_text_add(page, "]");
    }
    gz_text_add(page, "]");
}

/* ---- Without script ---- */

/* words: what there is to see; NULL: the name says it all. */
static void add_tile(gz_text *page, const gz_frames *f, size_t number, const char *name, const char *words)
{
    gz_text_add(page, "<figure class=\"tile\"><img data-picture%s", words ? " data-name=\"" : "");
    if (words) gz_html_add(page, "%s, %s", f->map->info->name, name);
    gz_text_add(page, "%s alt=\"", words ? "\"" : "");
    gz_html_add(page, "%s, %s%s%s", f->map->info->name, name, words ? ": " : "", words ? words : "");
    gz_text_add(page, "\" src=\"");
    gz_frames_picture(page, f, f->all->n_moments - 1, 0, number);
    gz_text_add(page, "\"><figcaption>%s</figcaption></figure>\n", name);
}

static void add_step(gz_text *page, const gz_frames *f, size_t step, const char *name)
{
    const gz_map map = gz_frames_map(f, f->all->n_moments - 1, 0);
    const gz_range range = gz_frames_range(f);
    const gz_ink ground = gz_paint_ink(&(gz_paint){GZ_VIRIDIS, &range, 1}, map.values[step]),
                 ink = gz_ink_on(ground);
    const gaze_place *t = &f->example->truth;
    const bool evidence = t->known && step >= t->y0 && step <= t->y1;
    char number[32];
    gz_range_number(&range, map.values[step], number);
    gz_text_add(page, "<li%s><span data-step style=\"background:#%02x%02x%02x;color:#%02x%02x%02x\">",
                evidence ? " class=\"evidence\"" : "", ground.rgb[0], ground.rgb[1], ground.rgb[2],
                ink.rgb[0], ink.rgb[1], ink.rgb[2]);
    gz_text_add_html(page, name);
    gz_text_add(page, "<sup>%s</sup></span></li>\n", number);
}

static void add_steps(gz_text *page, const gz_frames *f, const char *const *names)
{
    char text[24];
    gz_text_add(page, "<ol class=\"steps\">\n");
    for (size_t i = 0; i < f->map->width; i++) add_step(page, f, i, step_name(names, i, text));
    gz_text_add(page, "</ol>\n");
}

static void add_range(gz_text *page, const gz_frames *f)
{
    const gz_range range = gz_frames_range(f);
    char low[32], high[32];
    gz_range_number(&range, f->low, low);
    gz_range_number(&range, f->high, high);
    gz_text_add(page, "<p class=\"range\"><span>%s</span><i class=\"viridis\"></i><span>%s</span></p>\n", low,
                high);
}

void gz_frames_add(gz_text *page, const gz_frames *f, size_t number)
{
    const gz_axes *axes = &f->example->axes[number];
    char *words = say_frame(page, f, f->all->n_moments - 1, 0);
    if (!words) return;
    if (!f->constant && f->map->shown == GZ_SHOWN_STEPS) add_steps(page, f, axes->keys);
    if (!f->constant && gz_frames_pictures(f)) {
        gz_text_add(page, "<div class=\"tiles\">\n");
        if (f->map->shown == GZ_SHOWN_MATRIX)
            gz_matrix_add(page, f, axes, words);
        else
            add_tile(page, f, 0, "cells", words);
        if (f->map->shown == GZ_SHOWN_ON_IMAGE) add_tile(page, f, 1, "over the input", words);
        if (f->map->shown == GZ_SHOWN_MATRIX && gz_frames_have_received(f))
            add_tile(page, f, 1, "mean of all queries over the input, on a scale of its own", NULL);
        gz_text_add(page, "</div>\n");
    }
    if (!f->constant) add_range(page, f);
    gz_text_add(page, "<p class=\"says\">");
    gz_text_add_html(page, words);
    gz_text_add(page, "</p>\n");
    free(words);
}
