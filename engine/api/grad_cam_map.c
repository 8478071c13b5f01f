/* "gradcam[:LAYER[:CLASS]]": which features, for which class. */
#include "grad_cam.h"

#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

/* What a name asks for. */
typedef struct cam_map {
    size_t layer;  /* number in the model */
    int32_t class; /* -1: the predicted one */
} cam_map;

static bool has_cells(const gz_tensor *x)
{
    return x->dtype == GZ_F32 && (x->shape.rank == 3 || x->shape.rank == 4);
}

static gaze_status unknown_layer(const gaze_model *m, const char *name)
{
    const size_t n = m->file->n_layers;
    const char **names = gz_arena_allocate(m->file->arena, (n + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (has_cells(m->probe.layers[i])) names[count++] = m->file->layers[i].name;
    return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: the model '%s' has no layer '%s'%s", m->file->name, name,
                   gz_did_you_mean(m->file->arena, name, names));
}

static gaze_status find_named(const gaze_model *m, const char *name, size_t *layer)
{
    char text[96];
    for (size_t i = 0; i < m->file->n_layers; i++) {
        if (strcmp(m->file->layers[i].name, name) != 0) continue;
        *layer = i;
        if (has_cells(m->probe.layers[i])) return GAZE_OK;
        return gz_fail(
            GAZE_ERROR_USAGE,
            "Grad-CAM: layer '%s' makes %s, expected features [height, width, channels] or [steps, channels]",
            name, gz_sample_text(m->probe.layers[i], text));
    }
    return unknown_layer(m, name);
}

static gaze_status find_last_convolution(const gaze_model *m, size_t *layer)
{
    for (size_t i = m->file->n_layers; i-- > 0;) {
        *layer = i;
        if (strstr(m->file->layers[i].type->type, "conv")) return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_USAGE,
                   "Grad-CAM: the model '%s' has no convolution: name a layer as gradcam:LAYER",
                   m->file->name);
}

static gaze_status check_output(const gaze_model *m)
{
    char text[96];
    const gz_tensor *output = m->probe.outputs[0];
    if (output->shape.rank == 2 && output->dtype == GZ_F32) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "Grad-CAM: the output '%s' is %s a sample, expected one score a class, [classes]",
                   m->file->outputs[0], gz_sample_text(output, text));
}

gaze_status gz_grad_cam_layer(const gaze_model *m, const char *name, size_t *layer)
{
    GZ_TRY(check_output(m));
    return name && *name ? find_named(m, name, layer) : find_last_convolution(m, layer);
}

/* A number, or one of the model's names. */
static gaze_status find_class(const gaze_model *m, const char *word, int32_t *class)
{
    const size_t count = gz_shape_last(m->probe.outputs[0]->shape);
    size_t number;
    if (gz_parse_size(word, &number) && number < count) {
        *class = (int32_t)number;
        return GAZE_OK;
    }
    for (size_t i = 0; m->file->classes && m->file->classes[i]; i++)
        if (strcmp(m->file->classes[i], word) == 0) {
            *class = (int32_t)i;
            return GAZE_OK;
        }
    return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: there is no class '%s', expected 0..%zu%s%s", word, count - 1,
                   m->file->classes ? " or a name" : "",
                   m->file->classes ? gz_did_you_mean(m->file->arena, word, m->file->classes) : "");
}

static gaze_status say(const gaze_model *m, const cam_map *map, gaze_map_info *info)
{
    gz_arena *arena = m->file->arena;
    const char *layer = m->file->layers[map->layer].name, *class = "the predicted class";
    if (map->class >= 0)
        class = m->file->classes ? gz_arena_format(arena, "'%s'", m->file->classes[map->class])
                                 : gz_arena_format(arena, "class %d", (int)map->class);
    if (!class) return GAZE_ERROR_DEVICE;
    info->name = map->class < 0
                     ? gz_arena_format(arena, "%s:%s", gz_grad_cam.word, layer)
                     : gz_arena_format(arena, "%s:%s:%d", gz_grad_cam.word, layer, (int)map->class);
    info->meaning =
        gz_arena_format(arena,
                        "Grad-CAM, worked out from gradients, not an attention map: how much the features of "
                        "'%s' in this cell speak for %s (0: not at all, or against it)",
                        layer, class);
    return info->name && info->meaning ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status describe(gaze_model *m, const char *words, gz_derived *map)
{
    char *layer = words ? gz_arena_copy(m->file->arena, words) : NULL,
         *class = layer ? strchr(layer, ':') : NULL;
    if (words && !layer) return GAZE_ERROR_DEVICE;
    if (class) *class ++ = 0;
    cam_map *cam = gz_arena_allocate(m->file->arena, sizeof *cam);
    if (!cam) return GAZE_ERROR_DEVICE;
    cam->class = -1;
    GZ_TRY(gz_grad_cam_layer(m, layer, &cam->layer));
    if (class && *class) GZ_TRY(find_class(m, class, &cam->class));
    const gz_tensor *features = m->probe.layers[cam->layer];
    map->own = cam;
    map->info = (gaze_map_info){.layer = m->file->layers[cam->layer].name,
                                .kind = "grad_cam",
                                .axes = GAZE_MAP_POSITIONS,
                                .rank = features->shape.rank - 2,
                                .field = m->probe.fields[cam->layer]};
    for (size_t i = 0; m->open == 1 && i < map->info.rank; i++)
        map->info.shape[i] = features->shape.dim[i + 1];
    return say(m, cam, &map->info);
}

static gaze_status run(gaze_model *m, const gz_derived *map, const gaze_array *inputs, size_t n_inputs,
                       size_t batch_size, gaze_array *values)
{
    gaze_grad_cam_options options = {.layer = map->info.layer, .batch_size = batch_size};
    const size_t batch = n_inputs ? inputs[0].shape[0] : 0;
    const cam_map *cam = map->own;
    int32_t *classes = NULL;
    if (cam->class >= 0) {
        GZ_TRY(gz_allocate(batch, sizeof *classes, &classes));
        for (size_t b = 0; b < batch; b++) classes[b] = cam->class;
        options.classes = classes;
    }
    const gaze_status status = gaze_grad_cam(m, inputs, n_inputs, &options, values);
    free(classes);
    return status;
}

const gz_derivation gz_grad_cam = {"gradcam", describe, run};
