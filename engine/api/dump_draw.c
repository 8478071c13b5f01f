/* gaze_dump: one view of one sample of a map. */
#include "dump.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

gz_map gz_dump_map_of(const gz_dump_art *p, size_t sample)
{
    const gz_dump_map *m = p->map;
    return (gz_map){m->height, m->width, m->cells + sample * m->height * m->width, m->info->field};
}

gz_photo gz_dump_photo_of(const gz_dump_art *p, size_t sample)
{
    if (!p->photos) return (gz_photo){0};
    const size_t *shape = p->dump->image->shape + 1;
    return (gz_photo){shape[0], shape[1], shape[2], p->photos + sample * shape[0] * shape[1] * shape[2]};
}

/* Values of 0..1 stay; others run from the smallest to the largest of all samples. */
gaze_status gz_dump_scale_photos(const gz_dump *d, float **photos, const char **note)
{
    const gaze_array *image = d->image;
    const float *values = image->data;
    const size_t count = image->shape[0] * image->shape[1] * image->shape[2] * image->shape[3];
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    const bool scaled = low < 0 || high > 1;
    const double span = scaled && high > low ? high - low : 1, first = scaled ? low : 0;
    *note = NULL;
    GZ_TRY(gz_allocate(count, sizeof **photos, photos));
    for (size_t i = 0; i < count; i++) (*photos)[i] = (float)((values[i] - first) / span);
    if (!scaled) return GAZE_OK;
    *note = gz_arena_format(d->arena, "The input runs from %.3g (black) to %.3g (white).", low, high);
    return *note ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* Rows that aren't the first ones are named by their numbers. */
static gaze_status number_rows(const gz_dump_art *p, gz_axes *axes)
{
    const gz_dump_map *m = p->map;
    if (axes->queries || !m->part.query) return GAZE_OK;
    const char **names = gz_arena_allocate(p->dump->arena, m->height * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < m->height; i++)
        if (!(names[i] = gz_arena_format(p->dump->arena, "%zu", m->part.query + i))) return GAZE_ERROR_DEVICE;
    axes->queries = names;
    return GAZE_OK;
}

static gaze_status draw_matrix(const gz_dump_art *p, size_t sample, const gz_picture_options *options,
                               gz_image *image)
{
    const gz_map map = gz_dump_map_of(p, sample);
    gz_axes axes;
    GZ_TRY(gz_dump_names(p->dump, p->map, sample, &axes));
    GZ_TRY(number_rows(p, &axes));
    return gz_view_matrix(&map, &axes, options, image);
}

static gaze_status draw_heads(const gz_dump_art *p, size_t sample, const gz_picture_options *options,
                              gz_image *image)
{
    const gz_dump_map *m = p->map;
    float *planes;
    GZ_TRY(gz_allocate(m->parts * m->height * m->width, sizeof *planes, &planes));
    gz_dump_spread(m, sample, planes);
    const gz_stack stack = {m->parts, m->height, m->width, planes, m->heads ? "head" : "channel"};
    const gaze_status status = gz_view_heads(&stack, options, image);
    free(planes);
    return status;
}

/* The steps that bars, text and HTML show. why: not empty where they can't be drawn. */
static gaze_status find_sequence(const gz_dump_art *p, size_t sample, gz_picture_options *options,
                                 gz_sequence *sequence, char why[GZ_DUMP_WHY])
{
    char reason[160];
    const char *said;
    GZ_TRY(gz_dump_sequence(p->dump, p->map, sample, sequence, &said));
    const gz_map row = {1, sequence->count, sequence->values, .field = {.known = false}};
    if (gz_map_undrawable(&row, reason)) snprintf(why, GZ_DUMP_WHY, ", its query: %s", reason);
    options->caption = gz_arena_format(p->dump->arena, "%s%s", options->caption, said);
    return options->caption ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status draw_sequence(const gz_dump_art *p, size_t sample, size_t view,
                                 const gz_picture_options *options, gz_image *image, char why[GZ_DUMP_WHY])
{
    gz_sequence sequence;
    gz_picture_options own = *options;
    GZ_TRY(find_sequence(p, sample, &own, &sequence, why));
    if (*why) return GAZE_OK;
    return view == GZ_DUMP_BARS ? gz_view_bars(&sequence, &own, image)
                                : gz_view_words(&sequence, &own, image);
}

gaze_status gz_dump_draw_page(const gz_dump_art *p, size_t sample, const gz_picture_options *options,
                              char **page, char why[GZ_DUMP_WHY])
{
    gz_sequence sequence;
    gz_picture_options own = *options;
    *why = 0;
    if (!(own.caption = gz_dump_caption(p, GZ_DUMP_HTML))) return GAZE_ERROR_DEVICE;
    GZ_TRY(find_sequence(p, sample, &own, &sequence, why));
    return *why ? GAZE_OK : gz_view_html(&sequence, &own, page);
}

/* What is drawn is a row of the map, which may be constant where the map isn't. */
static gaze_status draw_query(const gz_dump_art *p, size_t sample, const gz_picture_options *options,
                              gz_image *image, char why[GZ_DUMP_WHY])
{
    const gz_photo photo = gz_dump_photo_of(p, sample);
    char text[160];
    size_t query[2];
    gz_map row;
    bool has_grid;
    GZ_TRY(gz_dump_image_query(p->dump, p->map, sample, &row, query, &has_grid));
    const char *reason = has_grid ? gz_map_undrawable(&row, text) : "its tokens are no grid on the image";
    if (reason) snprintf(why, GZ_DUMP_WHY, ", its query: %s", reason);
    return reason ? GAZE_OK : gz_view_query(&row, &photo, query, options, image);
}

static gaze_status draw_panels(const gz_dump_art *p, size_t sample, const gz_picture_options *options,
                               gz_image *image)
{
    const gz_map map = gz_dump_map_of(p, sample);
    const gz_photo photo = gz_dump_photo_of(p, sample);
    gz_features features;
    GZ_TRY(gz_dump_features(p->dump, p->map, sample, &features));
    return gz_view_panels(&map, &photo, &features, options, image);
}

static gaze_status draw(const gz_dump_art *p, size_t sample, size_t view, const gz_picture_options *options,
                        gz_image *image, char why[GZ_DUMP_WHY])
{
    const gz_map map = gz_dump_map_of(p, sample);
    const gz_photo photo = gz_dump_photo_of(p, sample);
    switch (view) {
    case GZ_DUMP_OVERLAY: return gz_view_overlay(&map, &photo, options, image);
    case GZ_DUMP_MAP: return gz_view_map(&map, options, image);
    case GZ_DUMP_SIDE: return gz_view_side_by_side(&map, &photo, options, image);
    case GZ_DUMP_MATRIX: return draw_matrix(p, sample, options, image);
    case GZ_DUMP_HEADS: return draw_heads(p, sample, options, image);
    case GZ_DUMP_PANELS: return draw_panels(p, sample, options, image);
    case GZ_DUMP_QUERY: return draw_query(p, sample, options, image, why);
    default: return draw_sequence(p, sample, view, options, image, why);
    }
}

gaze_status gz_dump_draw(const gz_dump_art *p, size_t sample, size_t view, const gz_picture_options *options,
                         gz_image *image, char why[GZ_DUMP_WHY])
{
    const gz_map map = gz_dump_map_of(p, sample);
    gz_picture_options own = *options;
    char text[160];
    *why = 0;
    if (gz_map_undrawable(&map, text)) {
        snprintf(why, GZ_DUMP_WHY, ": %s", text);
        return GAZE_OK;
    }
    own.caption = gz_dump_caption(p, view);
    return own.caption ? draw(p, sample, view, &own, image, why) : GAZE_ERROR_DEVICE;
}

gaze_status gz_dump_art_begin(const gz_dump *d, const gz_dump_map *map, gz_dump_art *p)
{
    *p = (gz_dump_art){.dump = d,
                       .map = map,
                       .options = {.colors = d->colors, .scaling = d->scaling, .pixel = d->options->pixel}};
    return map->on_image || (d->image && d->query_numbers)
               ? gz_dump_scale_photos(d, &p->photos, &p->photo_note)
               : GAZE_OK;
}

void gz_dump_art_end(gz_dump_art *p)
{
    free(p->photos);
    p->photos = NULL;
}
