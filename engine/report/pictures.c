/* Pictures of one frame: cells, and the map over the input. */
#include "../view/merge.h"
#include "examples.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_CELLS = 96, MOST_OVERLAY = 160 };

static void take(gz_text *page, gz_image *image)
{
    gz_html_picture(page, image);
    gz_image_free(image);
}

static bool make(gz_text *page, gz_size size, gz_image *image)
{
    if (page->status == GAZE_OK) page->status = gz_image_create(size.height, size.width, 3, 255, image);
    return page->status == GAZE_OK;
}

static void add_overlay(gz_text *page, const gz_photo *photo, const gz_map *map, const gz_paint *paint)
{
    const gz_size size = gz_panel_size(photo->height, photo->width, 0, GZ_OVERLAY, MOST_OVERLAY);
    gz_image image;
    if (!make(page, size, &image)) return;
    gz_panel_overlay(&image, (gz_box){0, 0, size.height, size.width}, photo, map, paint);
    take(page, &image);
}

/* In their places on the input image. */
static void add_placed_cells(gz_text *page, const gz_photo *photo, const gz_map *map, const gz_paint *paint)
{
    const gz_size shown = {photo->height, photo->width},
                  size = gz_panel_size(photo->height, photo->width, 0, 1, MOST_CELLS);
    gz_image image;
    if (!make(page, size, &image)) return;
    gz_panel_cells(&image, (gz_box){0, 0, size.height, size.width}, shown, map, paint);
    take(page, &image);
}

/* One pixel a cell, or the largest of some neighbours. */
static void add_cells(gz_text *page, const gz_map *map, const gz_paint *paint)
{
    gz_merged merged = {.own = NULL};
    gz_image image;
    if (page->status == GAZE_OK) page->status = gz_merge(map, GZ_MOST_DRAWN, &merged);
    const gz_map *drawn = &merged.map;
    if (make(page, (gz_size){drawn->height, drawn->width}, &image)) {
        for (size_t i = 0; i < drawn->height * drawn->width; i++)
            gz_canvas_set(&image, i / drawn->width, i % drawn->width, gz_paint_ink(paint, drawn->values[i]));
        take(page, &image);
    }
    free(merged.own);
}

/* What each key gets, as mean of all queries, over the image whose cells the keys are. */
static void add_received(gz_text *page, const gz_frames *f, const gz_map *matrix)
{
    gz_map received = f->map->grid;
    float *mean = NULL;
    if (page->status == GAZE_OK) page->status = gz_allocate(matrix->width, sizeof *mean, &mean);
    if (page->status != GAZE_OK) return;
    gz_range range = {.low = INFINITY, .high = -INFINITY};
    for (size_t k = 0; k < matrix->width; k++) {
        double sum = 0;
        for (size_t q = 0; q < matrix->height; q++) sum += matrix->values[q * matrix->width + k];
        mean[k] = (float)(sum / (double)matrix->height);
        range.low = fmin(range.low, mean[k]);
        range.high = fmax(range.high, mean[k]);
    }
    if (!(range.high > range.low)) range.high = range.low + 1;
    received.values = mean;
    add_overlay(page, &f->example->photo, &received, &(gz_paint){GZ_VIRIDIS, &range, 0.5});
    free(mean);
}

bool gz_frames_have_received(const gz_frames *f) { return f->map->grid.height && f->example->photo.height; }

size_t gz_frames_pictures(const gz_frames *f)
{
    if (f->map->shown == GZ_SHOWN_STEPS) return 0;
    return f->map->shown == GZ_SHOWN_ON_IMAGE ||
                   (f->map->shown == GZ_SHOWN_MATRIX && gz_frames_have_received(f))
               ? 2
               : 1;
}

void gz_frames_picture(gz_text *page, const gz_frames *f, size_t moment, size_t slice, size_t number)
{
    const gz_map map = gz_frames_map(f, moment, slice);
    const gz_range range = gz_frames_range(f);
    const gz_paint paint = {GZ_VIRIDIS, &range, 0.5};
    if (f->map->shown == GZ_SHOWN_ON_IMAGE)
        (number ? add_overlay : add_placed_cells)(page, &f->example->photo, &map, &paint);
    else if (number)
        add_received(page, f, &map);
    else
        add_cells(page, &map, &paint);
}
