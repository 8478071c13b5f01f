/* gaze_faithful: which maps, and what of which input can be taken away. */
#include "faithful.h"

#include <string.h>

static gaze_status choose_map(gz_faithful *f)
{
    const gaze_map_info *maps;
    const size_t count = gaze_model_maps(f->model, &maps);
    if (f->options->map) return gaze_find_map(f->model, f->options->map, &f->maps[0]);
    f->maps[0] = maps;
    if (count == 1) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "the model '%s' has %zu maps: name one (dump_attention --list prints them; "
                   "gradcam is one that every convolution has)",
                   gaze_model_name(f->model), count);
}

/* The model's input that a map's keys, or its cells, come from. */
static const char *origin_of(const gz_faithful *f, const gaze_map_info *map)
{
    const gz_dump d = {.model = f->model};
    return gz_dump_origin(&d, map->layer, 1);
}

static gaze_status choose_input(gz_faithful *f)
{
    const gaze_array *inputs;
    const char *name = origin_of(f, f->maps[0]);
    f->n_inputs = gaze_model_inputs(f->model, &inputs);
    for (f->target = 0; f->target < f->n_inputs; f->target++)
        if (strcmp(inputs[f->target].name, name) == 0) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL, "map '%s' comes from no input of the model", f->maps[0]->name);
}

/* A model without a convolution has none, and is measured without it. */
static gaze_status choose_grad_cam(gz_faithful *f)
{
    const gaze_map_info *found = NULL;
    if (gaze_find_map(f->model, "gradcam", &found) != GAZE_OK) {
        f->no_grad_cam = gz_arena_copy(f->arena, gaze_message());
        return f->no_grad_cam ? GAZE_OK : GAZE_ERROR_DEVICE;
    }
    if (strcmp(found->name, f->maps[0]->name) == 0) return GAZE_OK;
    if (strcmp(origin_of(f, found), origin_of(f, f->maps[0])) == 0)
        f->maps[1] = found;
    else
        f->no_grad_cam = "Grad-CAM: the last convolution reads another input";
    return GAZE_OK;
}

/* [B,H,W,C] and [B,T,D] of float32, or [B,T] of tokens. */
static gaze_status choose_parts(gz_faithful *f, const gaze_array *input)
{
    const size_t *shape = input->shape + 1, rank = input->rank - 1;
    f->ids = input->dtype == GAZE_INT32;
    if (f->ids ? rank != 1 : rank != 2 && rank != 3)
        return gz_fail(GAZE_ERROR_MODEL,
                       "input '%s' has %zu axes a sample, expected an image [height, width, channels], steps "
                       "[time, features] or token ids [time]",
                       input->name, rank);
    f->parts =
        (gz_parts){rank == 3 ? shape[0] : 1, rank == 3 ? shape[1] : shape[0], f->ids ? 1 : shape[rank - 1]};
    return GAZE_OK;
}

static gaze_status check_output(const gz_faithful *f)
{
    const gaze_array *outputs;
    gaze_model_outputs(f->model, &outputs);
    if (outputs[0].rank == 2 && outputs[0].dtype == GAZE_FLOAT32 && outputs[0].shape[1] > 1) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL,
                   "output '%s' of the model '%s' does not hold a value for each class of a "
                   "sample, so there is no probability to follow",
                   outputs[0].name, gaze_model_name(f->model));
}

/* The result outlives the model. */
static gaze_status name_maps(gz_faithful *f)
{
    const char *const names[GAZE_FAITHFUL_MAPS] = {f->maps[0]->name, "random",
                                                   f->maps[1] ? f->maps[1]->name : NULL};
    for (size_t m = 0; m < GAZE_FAITHFUL_MAPS && names[m]; m++) {
        gz_text text = {0};
        gz_text_add(&text, "%s", names[m]);
        GZ_TRY(gz_text_take(&text, &f->to->maps[m]));
        f->to->n_maps++;
    }
    return GAZE_OK;
}

static gaze_status allocate_scores(gz_faithful *f)
{
    for (size_t m = 0; m < f->to->n_maps; m++) {
        f->scores[m].values = gz_arena_allocate(f->arena, gz_faithful_count(f) * sizeof(float));
        f->scores[m].order = gz_arena_allocate(f->arena, gz_faithful_count(f) * sizeof(uint32_t));
        if (!f->scores[m].values || !f->scores[m].order) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

gaze_status gz_faithful_choose(gz_faithful *f)
{
    gz_faithful_sample first = {0};
    GZ_TRY(choose_map(f));
    GZ_TRY(choose_input(f));
    GZ_TRY(choose_grad_cam(f));
    GZ_TRY(check_output(f));
    gaze_status status = gz_faithful_fetch(f, 0, &first);
    if (status == GAZE_OK) status = choose_parts(f, &first.inputs[f->target]);
    gz_faithful_release(&first);
    if (status != GAZE_OK) return status;
    GZ_TRY(name_maps(f));
    return allocate_scores(f);
}
