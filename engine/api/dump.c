/* gaze_dump: what was asked for, then raw values of every map, then pictures. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

void gz_dump_tell(const gz_dump *dump, const char *path, const char *note)
{
    if (dump->written) dump->written(dump->user, path, note);
}

static gaze_status parse_view(gz_dump *d)
{
    static const char *const words[] = {"overlay", "map", "side", "sheet", "all", NULL};
    static const unsigned views[] = {GZ_DUMP_OVERLAY, GZ_DUMP_MAP, GZ_DUMP_SIDE, GZ_DUMP_SHEET};
    const char *word = d->options->view;
    d->every_view = !word || strcmp(word, "all") == 0;
    d->views = GZ_DUMP_OVERLAY | GZ_DUMP_MAP | GZ_DUMP_SIDE | (d->batch > 1 ? GZ_DUMP_SHEET : 0);
    if (d->every_view) return GAZE_OK;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        d->views = views[i];
        if (strcmp(word, words[i]) == 0) return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_USAGE, "unknown view '%s'%s (expected overlay, map, side, sheet or all)", word,
                   gz_did_you_mean(d->arena, word, words));
}

static gaze_status check_options(gz_dump *d, size_t n_inputs)
{
    if (!d->options || !d->options->out) return gz_fail(GAZE_ERROR_USAGE, "no folder to write to was given");
    if (!d->stem || !*d->stem || strchr(d->stem, '/'))
        return gz_fail(GAZE_ERROR_USAGE, "files cannot be called '%s.*': expected a name without '/'",
                       d->stem ? d->stem : "");
    if (!n_inputs || !d->inputs[0].rank || !d->inputs[0].shape[0])
        return gz_fail(GAZE_ERROR_USAGE, "the model '%s' was given no samples", gaze_model_name(d->model));
    d->batch = d->inputs[0].shape[0];
    GZ_TRY(gz_colors_parse(d->options->colors, &d->colors));
    GZ_TRY(gz_scaling_parse(d->options->scale, &d->scaling));
    return parse_view(d);
}

static gaze_status unknown_map(const gz_dump *d, const gaze_map_info *maps, size_t count)
{
    const char **names = gz_arena_allocate(d->arena, (count + 1) * sizeof *names);
    gz_text list = {0};
    char *text;
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) {
        names[i] = maps[i].name;
        gz_text_add(&list, "%s%s", i ? ", " : "", maps[i].name);
    }
    GZ_TRY(gz_text_take(&list, &text));
    gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no map '%s'%s (it has: %s)", gaze_model_name(d->model),
            d->options->map, gz_did_you_mean(d->arena, d->options->map, names), text);
    free(text);
    return GAZE_ERROR_USAGE;
}

static const char *file_of(const gz_dump *d, const char *map)
{
    char *safe = gz_arena_allocate(d->arena, 2 * strlen(map) + 1), *to = safe;
    if (!safe) return NULL;
    for (const char *c = map; *c; c++) {
        if (*c == '/') *to++ = '_';
        *to++ = *c == '/' ? '_' : *c;
    }
    char *name = gz_arena_format(d->arena, "%s.%s", d->stem, safe);
    return name ? gz_path_join(d->arena, d->options->out, name) : NULL;
}

static gaze_status choose_maps(gz_dump *d)
{
    const gaze_map_info *infos;
    const size_t count = gaze_model_maps(d->model, &infos);
    const char *asked = d->options->map;
    if (!count)
        return gz_fail(GAZE_ERROR_MODEL,
                       "the model '%s' has no attention map: none of its layers is an attention with one",
                       gaze_model_name(d->model));
    d->maps = gz_arena_allocate(d->arena, count * sizeof *d->maps);
    if (!d->maps) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) {
        if (asked && strcmp(asked, infos[i].name) != 0) continue;
        gz_dump_map *map = &d->maps[d->n_maps++];
        *map = (gz_dump_map){.info = &infos[i], .file = file_of(d, infos[i].name)};
        if (!map->file) return GAZE_ERROR_DEVICE;
    }
    return d->n_maps ? GAZE_OK : unknown_map(d, infos, count);
}

static bool is_image(const gaze_array *input)
{
    return input->rank == 4 && input->dtype == GAZE_FLOAT32 && (input->shape[3] == 1 || input->shape[3] == 3);
}

/* What was given for the model's first image. Whether it fits is for gaze_run to say. */
static const gaze_array *find_image(const gz_dump *d, size_t n_inputs)
{
    const gaze_array *inputs;
    const size_t count = gaze_model_inputs(d->model, &inputs);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_image(&inputs[i]) && k < n_inputs; k++) {
            const char *name = d->inputs[k].name;
            if (name ? strcmp(name, inputs[i].name) == 0 : k == i) return &d->inputs[k];
        }
    return NULL;
}

/* Kinds whose map says how tokens look at tokens: it has no place on an image even where one of its axes runs
 * over one. */
static bool between_tokens(const char *kind)
{
    static const char *const kinds[] = {"dot",   "additive",   "bahdanau", "luong",
                                        "local", "multi_head", "non_local"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i]) == 0) return true;
    return false;
}

/* A view that was asked for by name and that no map has is an error. */
static gaze_status find_places(gz_dump *d, size_t n_inputs)
{
    bool any = false;
    d->image = find_image(d, n_inputs);
    for (size_t i = 0; i < d->n_maps; i++) {
        const gaze_map_info *info = d->maps[i].info;
        d->maps[i].between = between_tokens(info->kind);
        d->maps[i].on_image = d->image && info->rank >= 2 && !d->maps[i].between;
        any |= d->maps[i].on_image;
    }
    if (any || d->every_view || !(d->views & (GZ_DUMP_OVERLAY | GZ_DUMP_SIDE))) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_USAGE,
        "view '%s' needs an input of shape [height, width, 1 or 3] and a map over it; expected view 'map'",
        d->options->view);
}

static gaze_status write_all(gz_dump *d, size_t n_inputs)
{
    GZ_TRY(check_options(d, n_inputs));
    GZ_TRY(choose_maps(d));
    GZ_TRY(find_places(d, n_inputs));
    GZ_TRY(gz_folder_make(d->options->out, false));
    GZ_TRY(gz_dump_run(d, n_inputs));
    for (size_t i = 0; i < d->n_maps; i++) GZ_TRY(gz_dump_raw(d, &d->maps[i]));
    for (size_t i = 0; i < d->n_maps; i++) GZ_TRY(gz_dump_pictures(d, &d->maps[i]));
    return GAZE_OK;
}

gaze_status gaze_dump(gaze_model *model, const gaze_array *inputs, size_t n_inputs, const char *stem,
                      const size_t *indices, const int32_t *labels, const gaze_dump_options *options,
                      gaze_dump_written *written, void *user)
{
    gz_dump d = {model, inputs, stem, indices, labels, options, written, user, .batch = 0};
    GZ_TRY(gz_arena_create(&d.arena));
    const gaze_status status = write_all(&d, n_inputs);
    for (size_t i = 0; d.results && i <= d.n_maps; i++) free(d.results[i].data);
    gz_arena_destroy(d.arena);
    return status;
}
