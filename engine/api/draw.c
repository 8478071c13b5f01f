/* gaze_draw: one picture of a map that the caller has, by the views of gaze_dump. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

/* [B,...] of what is given with or without a batch. `rank`: of one sample. */
static gaze_array with_batch(const gaze_array *given, size_t rank)
{
    gaze_array array = *given;
    if (given->rank != rank) return array;
    array.rank = rank + 1;
    array.shape[0] = 1;
    memcpy(array.shape + 1, given->shape, rank * sizeof *given->shape);
    return array;
}

static bool fits_map(const gaze_map_info *info, const gaze_array *values)
{
    if (values->dtype != GAZE_FLOAT32 || values->rank != info->rank + 1) return false;
    for (size_t i = 0; i < values->rank; i++)
        if (!values->shape[i] || (i && info->shape[i - 1] && info->shape[i - 1] != values->shape[i]))
            return false;
    return true;
}

static gaze_status check_values(gz_dump *d, const gaze_map_info *info, const gaze_array *values)
{
    if (!fits_map(info, values))
        return gz_fail(
            GAZE_ERROR_DATA,
            "values of map '%s' have %zu axes, expected float32 of the map's shape, %zu axes, with "
            "or without a batch before it",
            info->name, values->rank, info->rank);
    d->batch = values->shape[0];
    if (d->batch <= GZ_SHEET_TILES) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "%zu samples for one picture, expected at most %d", d->batch,
                   GZ_SHEET_TILES);
}

static gaze_status check_image(gz_dump *d, const gaze_array *image)
{
    d->image = image;
    if (!image) return GAZE_OK;
    const size_t *shape = image->shape;
    if (image->dtype == GAZE_FLOAT32 && image->rank == 4 && shape[0] == d->batch && shape[1] && shape[2] &&
        (shape[3] == 1 || shape[3] == 3))
        return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "the image has %zu axes, expected float32 [height,width,1 or 3], and as many as there are "
                   "maps, %zu",
                   image->rank, d->batch);
}

static gaze_status parse(gz_dump *d)
{
    GZ_TRY(gz_colors_parse(d->options->colors, &d->colors));
    GZ_TRY(gz_scaling_parse(d->options->scale, &d->scaling));
    GZ_TRY(gz_dump_parse_reduction(d));
    GZ_TRY(gz_dump_parse_query(d));
    if (d->query_rows || d->query_numbers == 2)
        return gz_fail(GAZE_ERROR_USAGE, "the query is '%s', expected its number", d->options->query);
    return gz_dump_parse_view(d);
}

static gaze_status draw_one(gz_dump *d, const gz_dump_art *art, size_t view, const char *title,
                            gz_image *image)
{
    gz_picture_options options = art->options;
    char why[GZ_DUMP_WHY];
    options.title = title;
    if (view == GZ_DUMP_SHEET) return gz_dump_draw_sheet(art, 0, d->batch, title, image);
    if (d->batch > 1)
        return gz_fail(GAZE_ERROR_USAGE, "%zu samples for the view '%s', which shows one", d->batch,
                       gz_dump_view_word(view));
    GZ_TRY(gz_dump_draw(art, 0, view, &options, image, why));
    return *why ? gz_fail(GAZE_ERROR_DATA, "map '%s' can't be drawn%s", d->maps->info->name, why) : GAZE_OK;
}

static gaze_status draw(gz_dump *d, const char *title, gz_image *image)
{
    gz_dump_art art = {0};
    gaze_status status;
    size_t view;
    GZ_TRY(parse(d));
    GZ_TRY(gz_dump_choose_view(d, d->maps, &view));
    GZ_TRY(gz_dump_find_cells(d, d->maps));
    d->maps->queries = d->maps->height;
    d->maps->all_heads = d->maps->parts;
    GZ_GO(gz_dump_art_begin(d, d->maps, &art));
    GZ_GO(draw_one(d, &art, view, title, image));
done:
    gz_dump_art_end(&art);
    return status;
}

/* Gray ones as RGB. */
static gaze_status take_picture(const gz_image *image, gaze_picture *picture)
{
    const size_t pixels = image->height * image->width, step = image->channels;
    *picture = (gaze_picture){.height = image->height, .width = image->width};
    GZ_TRY(gz_allocate(pixels, 3, &picture->rgb));
    for (size_t i = 0; i < 3 * pixels; i++) picture->rgb[i] = image->pixels[step == 3 ? i : i / 3];
    return GAZE_OK;
}

gaze_status gaze_draw(const gaze_map_info *info, const gaze_array *values, const gaze_array *image,
                      const char *title, const gaze_dump_options *options, gaze_picture *picture)
{
    const gaze_dump_options none = {0};
    gz_dump d = {.options = options ? options : &none};
    gz_image drawn = {0};
    gaze_status status;
    const gaze_array all = with_batch(values, info->rank);
    gz_dump_map map = {.info = info, .values = &all};
    gaze_array photos;
    if (image) photos = with_batch(image, 3);
    d.maps = &map;
    d.n_maps = 1;
    GZ_GO(check_values(&d, info, &all));
    GZ_GO(check_image(&d, image ? &photos : NULL));
    GZ_GO(gz_arena_create(&d.arena));
    GZ_GO(draw(&d, title, &drawn));
    GZ_GO(take_picture(&drawn, picture));
done:
    gz_image_free(&drawn);
    gz_arena_destroy(d.arena);
    return status;
}
