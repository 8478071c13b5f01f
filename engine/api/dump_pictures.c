/* gaze_dump: the files of pictures. */
#include "dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const *gz_dump_png_text(const gz_dump *d, const gz_dump_map *map)
{
    const char **text = gz_arena_allocate(d->arena, 5 * sizeof *text);
    const char *origin = gz_arena_format(d->arena, "%s %s, map %s", gaze_model_name(d->model),
                                         gaze_model_hash(d->model), map->info->name);
    if (!text || !origin) return NULL;
    memcpy(text, (const char *[]){"Software", "Gaze " GAZE_VERSION, "Source", origin, NULL},
           5 * sizeof *text);
    return text;
}

static gaze_status write_picture(const gz_dump_art *p, const char *path, gz_image *image)
{
    const char *const *text = gz_dump_png_text(p->dump, p->map);
    const gaze_status status = path && text ? gz_png_write(path, image, text) : GAZE_ERROR_DEVICE;
    gz_image_free(image);
    if (status == GAZE_OK) gz_dump_tell(p->dump, path, NULL);
    return status;
}

static gaze_status write_page(const gz_dump_art *p, const char *path, char *page)
{
    const gaze_status status = path ? gz_file_write(path, page, strlen(page)) : GAZE_ERROR_DEVICE;
    free(page);
    if (status == GAZE_OK) gz_dump_tell(p->dump, path, NULL);
    return status;
}

void gz_dump_tell_undrawable(const gz_dump *d, const gz_dump_map *map, size_t sample, const char *why)
{
    char note[512];
    snprintf(note, sizeof note, "map %s, sample %zu%s, so there is no picture of it", map->info->name,
             gz_dump_index(d, sample), why);
    gz_dump_tell(d, NULL, note);
}

static gaze_status draw_page(const gz_dump_art *p, size_t sample, const gz_picture_options *options)
{
    char why[GZ_DUMP_WHY] = "", *page;
    GZ_TRY(gz_dump_draw_page(p, sample, options, &page, why));
    if (!*why)
        return write_page(
            p, gz_arena_format(p->dump->arena, "%s.%zu.html", p->map->file, gz_dump_index(p->dump, sample)),
            page);
    gz_dump_tell_undrawable(p->dump, p->map, sample, why);
    return GAZE_OK;
}

static gaze_status draw_picture(const gz_dump_art *p, size_t sample, size_t view,
                                const gz_picture_options *options)
{
    gz_image image = {0};
    char why[GZ_DUMP_WHY];
    GZ_TRY(gz_dump_draw(p, sample, view, options, &image, why));
    if (!*why)
        return write_picture(p,
                             gz_arena_format(p->dump->arena, "%s.%zu.%s.png", p->map->file,
                                             gz_dump_index(p->dump, sample), gz_dump_view_word(view)),
                             &image);
    gz_dump_tell_undrawable(p->dump, p->map, sample, why);
    return GAZE_OK;
}

static gaze_status draw_sample(const gz_dump_art *p, size_t sample)
{
    char why[GZ_DUMP_WHY], text[160];
    const gz_map map = gz_dump_map_of(p, sample);
    const unsigned wanted = p->map->fits & ~(GZ_DUMP_BIT(GZ_DUMP_SHEET) | GZ_DUMP_BIT(GZ_DUMP_ANIMATION));
    if (!wanted) return GAZE_OK;
    if (gz_map_undrawable(&map, text)) {
        snprintf(why, sizeof why, ": %s", text);
        gz_dump_tell_undrawable(p->dump, p->map, sample, why);
        return GAZE_OK;
    }
    gz_picture_options options = p->options;
    options.title = gz_dump_title(p->dump, p->map, sample);
    if (!options.title) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < GZ_DUMP_VIEWS; i++)
        if (wanted & GZ_DUMP_BIT(i))
            GZ_TRY(i == GZ_DUMP_HTML ? draw_page(p, sample, &options) : draw_picture(p, sample, i, &options));
    return GAZE_OK;
}

static gaze_status make_tile(const gz_dump_art *p, size_t sample, gz_tile *tile)
{
    const gz_dump *d = p->dump;
    const int32_t label = gz_dump_label(d, sample);
    *tile = (gz_tile){.photo = p->map->on_image ? gz_dump_photo_of(p, sample) : (gz_photo){0},
                      .map = gz_dump_map_of(p, sample),
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

gaze_status gz_dump_draw_sheet(const gz_dump_art *p, size_t first, size_t count, const char *title,
                               gz_image *image)
{
    gz_tile *tiles = gz_arena_allocate(p->dump->arena, count * sizeof *tiles);
    gz_picture_options options = p->options;
    options.title = title;
    options.caption = gz_dump_caption(p, GZ_DUMP_SHEET);
    if (!tiles || !options.caption) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) GZ_TRY(make_tile(p, first + i, &tiles[i]));
    return gz_view_sheet(tiles, count, 0, &options, image);
}

static gaze_status draw_sheet(const gz_dump_art *p, size_t first)
{
    const gz_dump *d = p->dump;
    const size_t left = d->batch - first, count = left < GZ_SHEET_TILES ? left : GZ_SHEET_TILES,
                 number = first / GZ_SHEET_TILES + 1;
    gz_image image = {0};
    const char *title = gz_arena_format(d->arena, "%s: %s, %zu samples", gaze_model_name(d->model),
                                        p->map->info->name, count);
    if (!title) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_dump_draw_sheet(p, first, count, title, &image));
    return write_picture(p,
                         number == 1 ? gz_arena_format(d->arena, "%s.sheet.png", p->map->file)
                                     : gz_arena_format(d->arena, "%s.sheet-%zu.png", p->map->file, number),
                         &image);
}

gaze_status gz_dump_pictures(const gz_dump *d, const gz_dump_map *map)
{
    gz_dump_art p;
    gaze_status status;
    gz_dump_say_missing(d, map);
    GZ_GO(gz_dump_art_begin(d, map, &p));
    for (size_t b = 0; b < d->batch; b++) GZ_GO(draw_sample(&p, b));
    for (size_t b = 0; (map->fits & GZ_DUMP_BIT(GZ_DUMP_SHEET)) && b < d->batch; b += GZ_SHEET_TILES)
        GZ_GO(draw_sheet(&p, b));
done:
    gz_dump_art_end(&p);
    return status;
}
