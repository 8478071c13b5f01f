#include "ids.h"

#include <stdio.h>

void gz_ids_limit(const gz_model *model, gz_built *built, gz_tensor *ids, const gz_layer *layer, size_t rows)
{
    const gz_tensor *base = gz_tensor_base(ids);
    for (size_t i = 0; i < model->n_inputs; i++) {
        gz_id_limit *limit = &built->ids[i];
        if (built->inputs[i] == base && (!limit->layer || rows < limit->rows))
            *limit = (gz_id_limit){rows, layer};
    }
    for (size_t i = 0; base->producer && i < base->producer->n_in; i++) {
        gz_tensor *in = base->producer->in[i];
        if (in && in->dtype == GZ_I32) gz_ids_limit(model, built, in, layer, rows);
    }
}

/* "[2,5]" of the value `at` of a sample */
static void place_text(gz_shape shape, size_t at, char text[96])
{
    gz_shape place = {.rank = shape.rank - 1};
    for (size_t i = place.rank; i-- > 0; at /= shape.dim[i + 1]) place.dim[i] = at % shape.dim[i + 1];
    gz_shape_text(place, text);
}

gaze_status gz_ids_check(const gz_model *model, const gz_built *built, size_t input, const void *values,
                         size_t first)
{
    const gz_id_limit limit = built->ids[input];
    const gz_shape shape = built->inputs[input]->shape;
    const size_t count = gz_shape_count(shape), each = count / shape.dim[0];
    const int32_t *ids = values;
    char place[96];
    if (!limit.layer) return GAZE_OK;
    size_t i = 0;
    while (i < count && ids[i] >= 0 && (size_t)ids[i] < limit.rows) i++;
    if (i == count) return GAZE_OK;
    place_text(shape, i % each, place);
    return gz_fail(
        GAZE_ERROR_DATA,
        "input '%s', sample %zu, position %s: found id %d, expected 0 to %zu: layer '%s' has %zu embeddings",
        model->inputs[input].name, first + i / each, place, ids[i], limit.rows - 1, limit.layer->name,
        limit.rows);
}
