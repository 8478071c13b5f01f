#include "model.h"

static gaze_status build_with(const gz_model *model, size_t open, gz_built *built)
{
    gz_shape *inputs = gz_arena_allocate(model->arena, model->n_inputs * sizeof *inputs);
    if (!inputs) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < model->n_inputs; i++) {
        inputs[i] = model->inputs[i].shape;
        for (size_t j = 0; j < inputs[i].rank; j++)
            if (!inputs[i].dim[j]) inputs[i].dim[j] = open;
    }
    const gz_build_options options = {.batch = 1, .inputs = inputs};
    return gz_model_build(model, &options, built);
}

static bool has_open(const gz_model *model)
{
    for (size_t i = 0; i < model->n_inputs; i++)
        for (size_t j = 0; j < model->inputs[i].shape.rank; j++)
            if (!model->inputs[i].shape.dim[j]) return true;
    return false;
}

gaze_status gz_model_probe(const gz_model *model, size_t *open, gz_built *built)
{
    static const size_t sizes[] = {32, 64, 16, 128, 8, 256, 4, 512, 2, 1024, 1};
    if (*open) return build_with(model, *open, built);
    *open = 1;
    if (!has_open(model)) return build_with(model, 1, built);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        *open = sizes[i];
        const gaze_status status = build_with(model, *open, built);
        if (status == GAZE_OK || status == GAZE_ERROR_DEVICE)
            return status; /* no other size has more memory */
    }
    return build_with(model, sizes[0], built); /* for the message */
}
