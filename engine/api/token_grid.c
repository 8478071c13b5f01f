/* Where a layer's tokens come from: the nearest features of an image before it that are as many. */
#include "rollout.h"

#include <stdlib.h>
#include <string.h>

static void mark_inputs(const gz_model *file, const gz_layer *layer, bool *before)
{
    for (size_t k = 0; k < layer->n_inputs; k++)
        for (size_t i = 0; i < file->n_layers; i++)
            if (strcmp(file->layers[i].name, layer->inputs[k]) == 0) before[i] = true;
}

static bool fits(const gz_tensor *x, size_t tokens, gz_token_grid *grid)
{
    if (x->shape.rank != 4 || x->dtype != GZ_F32) return false;
    grid->size[0] = x->shape.dim[1];
    grid->size[1] = x->shape.dim[2];
    const size_t cells = grid->size[0] * grid->size[1];
    grid->class_token = cells + 1 == tokens;
    return cells == tokens || grid->class_token;
}

bool gz_find_token_grid(const gaze_model *m, size_t layer, size_t tokens, gz_token_grid *grid)
{
    const gz_model *file = m->file;
    bool *before, found = false;
    if (gz_allocate(file->n_layers, sizeof *before, &before) != GAZE_OK) return false;
    mark_inputs(file, &file->layers[layer], before);
    for (size_t i = layer; i-- > 0 && !found;) {
        if (!before[i]) continue;
        mark_inputs(file, &file->layers[i], before);
        found = fits(m->probe.layers[i], tokens, grid);
        if (found) grid->field = m->probe.fields[i];
    }
    free(before);
    return found;
}
