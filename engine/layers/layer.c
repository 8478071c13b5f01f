#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENTRY(name) &gz_layer_##name,
const gz_layer_type *const gz_layer_types[] = {GZ_LAYER_LIST(ENTRY) NULL};
#undef ENTRY

#define WORD(name) #name,
const char *const gz_layer_words[] = {GZ_LAYER_LIST(WORD) NULL};
#undef WORD

const gz_layer_type *gz_layer_type_find(const char *type)
{
    for (const gz_layer_type *const *known = gz_layer_types; *known; known++)
        if (strcmp((*known)->type, type) == 0) return *known;
    return NULL;
}

gaze_status gz_layer_fail(const gz_layer *layer, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return gz_fail(GAZE_ERROR_MODEL, "layer '%s' (%s): %s", layer->name, layer->type->type, text);
}

const char *gz_sample_text(const gz_tensor *x, char text[96])
{
    gz_shape sample = {.rank = x->shape.rank ? x->shape.rank - 1 : 0};
    for (size_t i = 0; i < sample.rank; i++) sample.dim[i] = x->shape.dim[i + 1];
    return gz_shape_text(sample, text);
}

gaze_status gz_layer_expect_rank(const gz_layer *layer, size_t input, const gz_flow *in, size_t rank,
                                 const char *shape)
{
    char text[96];
    if (in[input].x->shape.rank == rank) return GAZE_OK;
    return gz_layer_fail(layer, "its input '%s' has the shape %s, expected %s", layer->inputs[input],
                         gz_sample_text(in[input].x, text), shape);
}

gaze_status gz_layer_expect_equal(const gz_layer *layer, const gz_flow *in, size_t n_in)
{
    char first[96], other[96];
    for (size_t i = 1; i < n_in; i++) {
        if (gz_shape_equal(in[0].x->shape, in[i].x->shape)) continue;
        return gz_layer_fail(layer,
                             "its input '%s' has the shape %s and '%s' has %s, expected the same shape",
                             layer->inputs[0], gz_sample_text(in[0].x, first), layer->inputs[i],
                             gz_sample_text(in[i].x, other));
    }
    return GAZE_OK;
}
