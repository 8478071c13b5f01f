/* gaze_dump: what was asked for, then raw values of every map, then pictures. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

void gz_dump_tell(const gz_dump *dump, const char *path, const char *note)
{
    if (dump->written) dump->written(dump->user, path, note);
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
    GZ_TRY(gz_dump_parse_reduction(d));
    GZ_TRY(gz_dump_parse_query(d));
    return gz_dump_parse_view(d);
}

static const char *file_of(const gz_dump *d, const char *map)
{
    char *safe = gz_arena_allocate(d->arena, 2 * strlen(map) + 1), *to = safe;
    if (!safe) return NULL;
    for (const char *c = map; *c; c++) {
        if (*c == '/') *to++ = '_';
        *to++ = *c == '/' ? '_' : *c == ':' ? '-' : *c;
    }
    char *name = gz_arena_format(d->arena, "%s.%s", d->stem, safe);
    return name ? gz_path_join(d->arena, d->options->out, name) : NULL;
}

static gaze_status add_map(gz_dump *d, const gaze_map_info *info)
{
    const char *file = file_of(d, info->name);
    d->maps[d->n_maps++] = (gz_dump_map){.info = info, .file = file};
    return file ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* A model without a map of its own still has one that can be worked out. */
static gaze_status choose_grad_cam(gz_dump *d, const gaze_map_info **info)
{
    if (gaze_find_map(d->model, "gradcam", info) != GAZE_OK)
        return gz_fail(GAZE_ERROR_MODEL,
                       "the model '%s' has no attention map: none of its layers is an attention with one, "
                       "and Grad-CAM needs a "
                       "convolution and an output of classes",
                       gaze_model_name(d->model));
    const char *note =
        gz_arena_format(d->arena, "the model '%s' has no attention map: this is Grad-CAM, --map %s",
                        gaze_model_name(d->model), (*info)->name);
    if (note) gz_dump_tell(d, NULL, note);
    return GAZE_OK;
}

static gaze_status choose_maps(gz_dump *d)
{
    const gaze_map_info *infos;
    const size_t count = gaze_model_maps(d->model, &infos);
    const char *asked = d->options->map;
    d->maps = gz_arena_allocate(d->arena, (count + 1) * sizeof *d->maps);
    if (!d->maps) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; !asked && i < count; i++) GZ_TRY(add_map(d, &infos[i]));
    if (d->n_maps) return GAZE_OK;
    GZ_TRY(asked ? gaze_find_map(d->model, asked, &infos) : choose_grad_cam(d, &infos));
    return add_map(d, infos);
}

static gaze_status write_all(gz_dump *d, size_t n_inputs)
{
    GZ_TRY(check_options(d, n_inputs));
    GZ_TRY(choose_maps(d));
    GZ_TRY(gz_dump_decode(d));
    GZ_TRY(gz_dump_fit_views(d, d->n_inputs));
    GZ_TRY(gz_folder_make(d->options->out, false));
    GZ_TRY(gz_dump_run(d, d->n_inputs));
    for (size_t i = 0; i < d->n_maps; i++) GZ_TRY(gz_dump_raw(d, &d->maps[i]));
    for (size_t i = 0; i < d->n_maps; i++) GZ_TRY(gz_dump_pictures(d, &d->maps[i]));
    GZ_TRY(gz_dump_animations(d, n_inputs));
    return GAZE_OK;
}

gaze_status gaze_dump(gaze_model *model, const gaze_array *inputs, size_t n_inputs, const char *stem,
                      const size_t *indices, const int32_t *labels, const gaze_dump_options *options,
                      gaze_dump_written *written, void *user)
{
    gz_dump d = {model, inputs, n_inputs, stem, indices, labels, options, written, user, .batch = 0};
    GZ_TRY(gz_arena_create(&d.arena));
    const gaze_status status = write_all(&d, n_inputs);
    for (size_t i = 0; i < d.n_results; i++) free(d.results[i].data);
    gaze_decoded_free(&d.decoded);
    gz_arena_destroy(d.arena);
    return status;
}
