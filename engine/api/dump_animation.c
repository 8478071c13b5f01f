/* gaze_dump: what a model looks at while it is trained, a frame a checkpoint. */
#include "checkpoints.h"
#include "dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_MS = 9000, MOST_FRAME_MS = 700, LEAST_FRAME_MS = 100, LAST_MS = 2500 };

typedef struct animation {
    gz_dump *dump;
    size_t n_inputs;
    size_t *steps, n_steps; /* checkpoints */
    gz_dump *frames;        /* [n_steps] results with the weights of a checkpoint */
    size_t n_frames;
} animation;

static gaze_status run_frame(void *user, const gz_place *place)
{
    animation *a = user;
    const gz_dump *d = a->dump;
    gz_dump *frame = &a->frames[a->n_frames++];
    *frame = *d;
    frame->n_results = 0;
    frame->results = NULL;
    frame->predictions = NULL;
    frame->moment = gz_api_moment(d->arena, place);
    frame->maps = gz_arena_duplicate(d->arena, d->maps, d->n_maps * sizeof *d->maps);
    return frame->moment && frame->maps ? gz_dump_run(frame, a->n_inputs) : GAZE_ERROR_DEVICE;
}

static void tell_damaged(void *user) { gz_dump_tell(((animation *)user)->dump, NULL, gaze_message()); }

static gaze_status run_checkpoints(animation *a)
{
    const gz_checkpoint_visit visit = {run_frame, tell_damaged, a};
    return gz_api_visit_checkpoints(a->dump->model, a->dump->checkpoints, a->steps, a->n_steps, &visit);
}

/* What a frame shows of a map. */
static size_t frame_view(const gz_dump *d, const gz_dump_map *map)
{
    if (map->on_image) return GZ_DUMP_OVERLAY;
    if (map->between && d->query_numbers) return d->image ? GZ_DUMP_QUERY : GZ_DUMP_BARS;
    if (map->between) return GZ_DUMP_MATRIX;
    return map->info->rank == 1 ? GZ_DUMP_BARS : GZ_DUMP_MAP;
}

/* The values that it shows. */
static gaze_status frame_values(const gz_dump *d, const gz_dump_map *map, size_t sample, size_t view,
                                gz_map *shown)
{
    size_t query[2];
    bool has_grid = true;
    gz_sequence sequence;
    const char *said;
    *shown =
        (gz_map){map->height, map->width, map->cells + sample * map->height * map->width, map->info->field};
    if (view == GZ_DUMP_QUERY) return gz_dump_image_query(d, map, sample, shown, query, &has_grid);
    if (view != GZ_DUMP_BARS) return GAZE_OK;
    GZ_TRY(gz_dump_sequence(d, map, sample, &sequence, &said));
    *shown = (gz_map){1, sequence.count, sequence.values, map->info->field};
    return GAZE_OK;
}

/* Values of all frames that can be drawn; drawn says which. */
static gaze_status gather(const animation *a, size_t map, size_t sample, size_t view, bool *drawn,
                          gz_picture_options *options)
{
    float *all = NULL;
    char text[160];
    options->n_ranged = 0;
    for (size_t f = 0; f < a->n_frames; f++) {
        const gz_dump *frame = &a->frames[f];
        gz_map shown;
        GZ_TRY(frame_values(frame, &frame->maps[map], sample, view, &shown));
        const size_t count = shown.height * shown.width;
        if (!all) all = gz_arena_allocate(a->dump->arena, a->n_frames * count * sizeof *all);
        if (!all) return GAZE_ERROR_DEVICE;
        drawn[f] = !gz_map_undrawable(&shown, text);
        if (!drawn[f]) continue;
        memcpy(all + options->n_ranged, shown.values, count * sizeof *all);
        options->n_ranged += count;
    }
    options->ranged = all;
    return GAZE_OK;
}

/* Pictures differ in height where a title takes a line more: they are put on white, at the bottom. */
static gaze_status make_equal(gz_image *images, size_t count)
{
    size_t height = 0, width = 0;
    for (size_t i = 0; i < count; i++) {
        if (images[i].height > height) height = images[i].height;
        if (images[i].width > width) width = images[i].width;
    }
    for (size_t i = 0; i < count; i++) {
        gz_image *from = &images[i], to;
        if (from->height == height && from->width == width) continue;
        GZ_TRY(gz_image_create(height, width, from->channels, 255, &to));
        const size_t bytes = from->width * from->channels;
        for (size_t y = 0; y < from->height; y++)
            memcpy(to.pixels + (y + height - from->height) * width * to.channels, from->pixels + y * bytes,
                   bytes);
        gz_image_free(from);
        *from = to;
    }
    return GAZE_OK;
}

static gaze_status write_animation(const animation *a, const gz_dump_map *map, size_t sample,
                                   gz_image *images, size_t count)
{
    const gz_dump *d = a->dump;
    const size_t each = LENGTH_MS / count;
    const char *const *text = gz_dump_png_text(d, map);
    const char *path = gz_arena_format(d->arena, "%s.%zu.animation.png", map->file, gz_dump_index(d, sample));
    if (!text || !path) return GAZE_ERROR_DEVICE;
    GZ_TRY(make_equal(images, count));
    const gz_animation moving = {images, count,
                                 each > MOST_FRAME_MS    ? MOST_FRAME_MS
                                 : each < LEAST_FRAME_MS ? LEAST_FRAME_MS
                                                         : each,
                                 LAST_MS};
    GZ_TRY(gz_apng_write(path, &moving, text));
    gz_dump_tell(d, path, NULL);
    return GAZE_OK;
}

static gaze_status draw_frames(const animation *a, const gz_dump_art *common, size_t map, size_t sample,
                               gz_image *images, size_t *count)
{
    const gz_dump *d = a->dump;
    const size_t view = frame_view(d, &d->maps[map]);
    char why[GZ_DUMP_WHY];
    gz_picture_options options = common->options;
    bool *drawn = gz_arena_allocate(d->arena, a->n_frames * sizeof *drawn);
    if (!drawn) return GAZE_ERROR_DEVICE;
    GZ_TRY(gather(a, map, sample, view, drawn, &options));
    for (size_t f = 0; f < a->n_frames; f++) {
        const gz_dump *frame = &a->frames[f];
        gz_dump_art art = *common;
        art.dump = frame;
        art.map = &frame->maps[map];
        art.note = "One scale for all frames.";
        if (!drawn[f]) continue;
        options.title = gz_dump_title(frame, art.map, sample);
        if (!options.title) return GAZE_ERROR_DEVICE;
        GZ_TRY(gz_dump_draw(&art, sample, view, &options, &images[*count], why));
        if (!*why) ++*count;
    }
    return GAZE_OK;
}

static gaze_status animate(const animation *a, const gz_dump_art *common, size_t map, size_t sample)
{
    gz_image *images;
    size_t count = 0;
    gaze_status status;
    GZ_TRY(gz_allocate(a->n_frames, sizeof *images, &images));
    GZ_GO(draw_frames(a, common, map, sample, images, &count));
    if (!count)
        gz_dump_tell_undrawable(a->dump, &a->dump->maps[map], sample,
                                ", in every checkpoint: not two finite values that differ");
    else
        status = write_animation(a, &a->dump->maps[map], sample, images, count);
done:
    for (size_t f = 0; f < a->n_frames; f++) gz_image_free(&images[f]);
    free(images);
    return status;
}

static gaze_status animate_map(const animation *a, size_t map)
{
    const gz_dump *d = a->dump;
    gz_dump_art common;
    gaze_status status;
    GZ_GO(gz_dump_art_begin(&a->frames[0], &a->frames[0].maps[map], &common));
    for (size_t b = 0; b < d->batch; b++) GZ_GO(animate(a, &common, map, b));
done:
    gz_dump_art_end(&common);
    return status;
}

static gaze_status find_checkpoints(animation *a)
{
    const gz_dump *d = a->dump;
    GZ_TRY(gz_checkpoint_list(d->checkpoints, &a->steps, &a->n_steps));
    if (!a->n_steps)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: no checkpoints, expected a run folder (gaze train --keep-checkpoints all)",
                       d->checkpoints);
    if (a->n_steps <= 2)
        gz_dump_tell(d, NULL,
                     "an animation of two frames at most: gaze train --keep-checkpoints all keeps a "
                     "checkpoint of every epoch");
    a->frames = gz_arena_allocate(d->arena, a->n_steps * sizeof *a->frames);
    return a->frames ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static bool wanted(const gz_dump_map *map) { return map->fits & GZ_DUMP_BIT(GZ_DUMP_ANIMATION); }

gaze_status gz_dump_animations(gz_dump *d, size_t n_inputs)
{
    animation a = {.dump = d, .n_inputs = n_inputs};
    gaze_status status = GAZE_OK;
    bool any = false;
    for (size_t i = 0; i < d->n_maps; i++) any |= wanted(&d->maps[i]);
    if (!any) return GAZE_OK;
    GZ_GO(find_checkpoints(&a));
    GZ_GO(run_checkpoints(&a));
    for (size_t i = 0; a.n_frames && i < d->n_maps; i++)
        if (wanted(&d->maps[i])) GZ_GO(animate_map(&a, i));
done:
    for (size_t f = 0; f < a.n_frames; f++)
        for (size_t r = 0; r < a.frames[f].n_results; r++) free(a.frames[f].results[r].data);
    free(a.steps);
    return status;
}
