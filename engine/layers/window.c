/* What convolutions and pools have in common: windows, and where the cells that they make lie on the input
 * image. */
#include "layer.h"

#include <math.h>

gaze_status gz_padding_read(gz_json *json, gz_padding *padding)
{
    static const char *const words[] = {[GZ_VALID] = "valid", [GZ_SAME] = "same", NULL};
    size_t choice;
    GZ_TRY(gz_json_choice(json, "padding", words, GZ_VALID, &choice));
    *padding = (gz_padding)choice;
    return GAZE_OK;
}

gaze_status gz_window_fit(const gz_layer *layer, const gz_flow *in, const gz_window *window, size_t before[2])
{
    char text[96];
    for (int axis = 0; axis < 2; axis++) {
        size_t out;
        if (gz_window_extent(window, axis, in->x->shape.dim[axis + 1], &out, &before[axis])) continue;
        return gz_layer_fail(layer,
                             "its window of %zux%zu (dilation %zux%zu) does not fit into '%s' of shape %s; "
                             "\"padding\": \"same\" or a smaller window would",
                             window->size[0], window->size[1], window->dilation[0], window->dilation[1],
                             layer->inputs[0], gz_sample_text(in->x, text));
    }
    return GAZE_OK;
}

gaze_receptive_field gz_field_image(void)
{
    return (gaze_receptive_field){.known = true, .first = {0, 0}, .step = {1, 1}, .size = {1, 1}};
}

gaze_receptive_field gz_field_window(const gaze_receptive_field *in, const gz_window *window,
                                     const size_t before[2])
{
    gaze_receptive_field out = {.known = in->known};
    if (!in->known) return out;
    for (int axis = 0; axis < 2; axis++) {
        const double reach = (double)((window->size[axis] - 1) * window->dilation[axis]);
        out.first[axis] = in->first[axis] + in->step[axis] * (reach / 2 - (double)before[axis]);
        out.step[axis] = in->step[axis] * (double)window->stride[axis];
        out.size[axis] = in->size[axis] + in->step[axis] * reach;
    }
    return out;
}

static bool same_places(const gaze_receptive_field *a, const gaze_receptive_field *b)
{
    for (int axis = 0; axis < 2; axis++)
        if (fabs(a->first[axis] - b->first[axis]) > 1e-9 || fabs(a->step[axis] - b->step[axis]) > 1e-9)
            return false;
    return a->known && b->known;
}

gaze_receptive_field gz_field_join(const gz_flow *in, size_t n_in)
{
    gaze_receptive_field joined = in[0].field;
    for (size_t i = 1; i < n_in; i++) {
        if (!same_places(&joined, &in[i].field)) return (gaze_receptive_field){.known = false};
        for (int axis = 0; axis < 2; axis++)
            joined.size[axis] = fmax(joined.size[axis], in[i].field.size[axis]);
    }
    return joined;
}
