/* gaze_dump: the pictures. */
#include "dump.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHEET_TILES = 64 };

/* What one map's pictures have in common. */
typedef struct pictures {
    const gz_dump *dump;
    const gz_dump_map *map;
    gz_picture_options options;
    float *photos;          /* [B,H,W,C] in 0..1, or NULL */
    const char *photo_note; /* how they got there; NULL: as they were */
} pictures;

static gz_map map_of(const pictures *p, size_t sample)
{
    const gz_dump_map *m = p->map;
    return (gz_map){m->height, m->width, m->cells + sample * m->height * m->width, m->info->field};
}

static gz_photo photo_of(const pictures *p, size_t sample)
{
    if (!p->photos) return (gz_photo){0};
    const size_t *shape = p->dump->image->shape + 1;
    return (gz_photo){shape[0], shape[1], shape[2], p->photos + sample * shape[0] * shape[1] * shape[2]};
}

/* Values of 0..1 stay; others run from the smallest to the largest of all samples. */
static gaze_status scale_photos(pictures *p)
{
    const gaze_array *image = p->dump->image;
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
    GZ_TRY(gz_allocate(count, sizeof *p->photos, &p->photos));
    for (size_t i = 0; i < count; i++) p->photos[i] = (float)((values[i] - first) / span);
    if (!scaled) return GAZE_OK;
    p->photo_note =
        gz_arena_format(p->dump->arena, "The input runs from %.3g (black) to %.3g (white).", low, high);
    return p->photo_note ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status write_picture(const pictures *p, const char *path, gz_image *image)
{
    const gz_dump *d = p->dump;
    const char *origin = gz_arena_format(d->arena, "%s %s, map %s", gaze_model_name(d->model),
                                         gaze_model_hash(d->model), p->map->info->name);
    const char *const text[] = {"Software", "Gaze " GAZE_VERSION, "Source", origin, NULL};
    const gaze_status status = path && origin ? gz_png_write(path, image, text) : GAZE_ERROR_DEVICE;
    gz_image_free(image);
    if (status == GAZE_OK) gz_dump_tell(d, path, NULL);
    return status;
}

static gaze_status draw_matrix(const pictures *p, size_t sample, const gz_picture_options *options,
                               gz_image *image)
{
    const gz_map map = map_of(p, sample);
    gz_axes axes;
    GZ_TRY(gz_dump_names(p->dump, p->map, sample, &axes));
    return gz_view_matrix(&map, &axes, options, image);
}

static gaze_status draw_heads(const pictures *p, size_t sample, const gz_picture_options *options,
                              gz_image *image)
{
    const gz_dump_map *m = p->map;
    gz_picture_options own = *options;
    float *planes;
    own.caption = gz_dump_caption(p->dump, p->map, false, p->photo_note);
    if (!own.caption) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_allocate(m->parts * m->height * m->width, sizeof *planes, &planes));
    gz_dump_spread(m, sample, planes);
    const gz_stack stack = {m->parts, m->height, m->width, planes, m->heads ? "head" : "channel"};
    const gaze_status status = gz_view_heads(&stack, &own, image);
    free(planes);
    return status;
}

static void tell_undrawable(const pictures *p, size_t sample, const char *part, const char *why)
{
    char note[512];
    snprintf(note, sizeof note, "map %s, sample %zu%s: %s, so there is no picture of it", p->map->info->name,
             gz_dump_index(p->dump, sample), part, why);
    gz_dump_tell(p->dump, NULL, note);
}

static const char *path_of(const pictures *p, size_t sample, size_t view)
{
    const gz_dump *d = p->dump;
    const size_t index = gz_dump_index(d, sample);
    if (view == GZ_DUMP_HTML) return gz_arena_format(d->arena, "%s.%zu.html", p->map->file, index);
    return gz_arena_format(d->arena, "%s.%zu.%s.png", p->map->file, index, gz_dump_view_word(view));
}

static gaze_status write_page(const pictures *p, const char *path, char *page)
{
    const gaze_status status = path ? gz_file_write(path, page, strlen(page)) : GAZE_ERROR_DEVICE;
    free(page);
    if (status == GAZE_OK) gz_dump_tell(p->dump, path, NULL);
    return status;
}

/* Bars, text or HTML. */
static gaze_status draw_sequence(const pictures *p, size_t sample, size_t view,
                                 const gz_picture_options *options)
{
    gz_sequence sequence;
    gz_image image = {0};
    char why[160], *page;
    const char *said;
    gz_picture_options own = *options;
    GZ_TRY(gz_dump_sequence(p->dump, p->map, sample, &sequence, &said));
    if (gz_map_undrawable(&(gz_map){1, sequence.count, sequence.values, .field = {.known = false}}, why)) {
        tell_undrawable(p, sample, ", its query", why);
        return GAZE_OK;
    }
    if (!(own.caption = gz_arena_format(p->dump->arena, "%s%s", options->caption, said)))
        return GAZE_ERROR_DEVICE;
    if (view == GZ_DUMP_HTML) {
        GZ_TRY(gz_view_html(&sequence, &own, &page));
        return write_page(p, path_of(p, sample, view), page);
    }
    GZ_TRY(view == GZ_DUMP_BARS ? gz_view_bars(&sequence, &own, &image)
                                : gz_view_words(&sequence, &own, &image));
    return write_picture(p, path_of(p, sample, view), &image);
}

/* What is drawn is a row of the map, which may be constant where the map isn't. */
static gaze_status draw_query(const pictures *p, size_t sample, const gz_picture_options *options)
{
    const gz_photo photo = photo_of(p, sample);
    char why[160];
    size_t query[2];
    gz_map row;
    gz_image image = {0};
    bool has_grid;
    GZ_TRY(gz_dump_image_query(p->dump, p->map, sample, &row, query, &has_grid));
    const char *reason = has_grid ? gz_map_undrawable(&row, why) : "its tokens are no grid on the image";
    if (reason) {
        tell_undrawable(p, sample, ", its query", reason);
        return GAZE_OK;
    }
    GZ_TRY(gz_view_query(&row, &photo, query, options, &image));
    return write_picture(p, path_of(p, sample, GZ_DUMP_QUERY), &image);
}

static gaze_status draw_panels(const pictures *p, size_t sample, const gz_picture_options *options,
                               gz_image *image)
{
    const gz_map map = map_of(p, sample);
    const gz_photo photo = photo_of(p, sample);
    gz_features features;
    GZ_TRY(gz_dump_features(p->dump, p->map, sample, &features));
    return gz_view_panels(&map, &photo, &features, options, image);
}

static gaze_status draw_one(const pictures *p, size_t sample, size_t view, const gz_picture_options *options)
{
    const gz_map map = map_of(p, sample);
    const gz_photo photo = photo_of(p, sample);
    gz_image image = {0};
    switch (view) {
    case GZ_DUMP_OVERLAY: GZ_TRY(gz_view_overlay(&map, &photo, options, &image)); break;
    case GZ_DUMP_MAP: GZ_TRY(gz_view_map(&map, options, &image)); break;
    case GZ_DUMP_SIDE: GZ_TRY(gz_view_side_by_side(&map, &photo, options, &image)); break;
    case GZ_DUMP_MATRIX: GZ_TRY(draw_matrix(p, sample, options, &image)); break;
    case GZ_DUMP_HEADS: GZ_TRY(draw_heads(p, sample, options, &image)); break;
    case GZ_DUMP_PANELS: GZ_TRY(draw_panels(p, sample, options, &image)); break;
    case GZ_DUMP_QUERY: return draw_query(p, sample, options);
    default: return draw_sequence(p, sample, view, options);
    }
    return write_picture(p, path_of(p, sample, view), &image);
}

static gaze_status draw_sample(const pictures *p, size_t sample)
{
    char why[160];
    const gz_map map = map_of(p, sample);
    const unsigned wanted = p->map->fits & ~GZ_DUMP_BIT(GZ_DUMP_SHEET);
    if (!wanted) return GAZE_OK;
    if (gz_map_undrawable(&map, why)) {
        tell_undrawable(p, sample, "", why);
        return GAZE_OK;
    }
    gz_picture_options options = p->options;
    options.title = gz_dump_title(p->dump, p->map, sample);
    if (!options.title) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < GZ_DUMP_VIEWS; i++)
        if (wanted & GZ_DUMP_BIT(i)) GZ_TRY(draw_one(p, sample, i, &options));
    return GAZE_OK;
}

static gaze_status make_tile(const pictures *p, size_t sample, gz_tile *tile)
{
    const gz_dump *d = p->dump;
    const int32_t label = gz_dump_label(d, sample);
    *tile = (gz_tile){.photo = p->map->on_image ? photo_of(p, sample) : (gz_photo){0},
                      .map = map_of(p, sample),
                      .index = gz_dump_index(d, sample),
                      .probability = -1};
    if (label >= 0 && !(tile->true_class = gz_dump_class_name(d, (size_t)label))) return GAZE_ERROR_DEVICE;
    if (!d->predictions) return GAZE_OK;
    const gz_dump_prediction *prediction = &d->predictions[sample];
    tile->probability = prediction->probability;
    tile->wrong = label >= 0 && (size_t)label != prediction->class;
    tile->predicted_class = gz_dump_class_name(d, prediction->class);
    return tile->predicted_class ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status draw_sheet(const pictures *p, size_t first)
{
    const gz_dump *d = p->dump;
    const size_t left = d->batch - first, count = left < SHEET_TILES ? left : SHEET_TILES,
                 number = first / SHEET_TILES + 1;
    gz_tile *tiles = gz_arena_allocate(d->arena, count * sizeof *tiles);
    gz_picture_options options = p->options;
    gz_image image = {0};
    options.title = gz_arena_format(d->arena, "%s: %s, %zu samples", gaze_model_name(d->model),
                                    p->map->info->name, count);
    if (!tiles || !options.title) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) GZ_TRY(make_tile(p, first + i, &tiles[i]));
    GZ_TRY(gz_view_sheet(tiles, count, 0, &options, &image));
    return write_picture(p,
                         number == 1 ? gz_arena_format(d->arena, "%s.sheet.png", p->map->file)
                                     : gz_arena_format(d->arena, "%s.sheet-%zu.png", p->map->file, number),
                         &image);
}

gaze_status gz_dump_pictures(const gz_dump *d, const gz_dump_map *map)
{
    pictures p = {.dump = d,
                  .map = map,
                  .options = {.colors = d->colors, .scaling = d->scaling, .pixel = d->options->pixel}};
    gaze_status status;
    if (map->on_image || (map->fits & GZ_DUMP_BIT(GZ_DUMP_QUERY))) GZ_GO(scale_photos(&p));
    gz_dump_say_missing(d, map);
    p.options.caption = gz_dump_caption(d, map, true, p.photo_note);
    if (!p.options.caption) {
        status = GAZE_ERROR_DEVICE;
        goto done;
    }
    for (size_t b = 0; b < d->batch; b++) GZ_GO(draw_sample(&p, b));
    for (size_t b = 0; (map->fits & GZ_DUMP_BIT(GZ_DUMP_SHEET)) && b < d->batch; b += SHEET_TILES)
        GZ_GO(draw_sheet(&p, b));
    status = GAZE_OK;
done:
    free(p.photos);
    return status;
}
