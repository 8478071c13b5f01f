/* Places: where in its window of 2x2 each maximum lies that conv2d_max_pool2d makes, [B,P/2,Q/2,O], 0 to 3.
   With them the gradients of a convolution read the gradient of the maxima in place of dy [B,P,Q,O]. */
#include "conv2d.h"
#include "places.h"

gaze_status gz_conv2d_expect_dy(const gz_node *node, size_t dy, size_t place, const gz_conv2d_size *size)
{
    char found[96], expected[96];
    const gz_tensor *given = node->n_in > place ? node->in[place] : NULL;
    const size_t step = given ? 2 : 1;
    const gz_shape shape = GZ_SHAPE(size->B, size->P / step, size->Q / step, size->O);
    for (size_t i = 0; i < 2; i++) {
        const gz_tensor *tensor = i ? given : node->in[dy];
        if (!tensor || gz_shape_equal(tensor->shape, shape)) continue;
        return gz_op_fail(node, "%s shape %s, expected %s", i ? "places have" : "output gradient has",
                          gz_shape_text(tensor->shape, found), gz_shape_text(shape, expected));
    }
    return GAZE_OK;
}

size_t gz_conv2d_pixel_of(const gz_conv2d_size *z, size_t window, double place)
{
    const size_t P = z->P / 2, Q = z->Q / 2, at = (size_t)place;
    const size_t b = window / Q / P, p = window / Q % P * 2 + at / 2, q = window % Q * 2 + at % 2;
    return (b * z->P + p) * z->Q + q;
}

static gz_places_size windows_of(const gz_conv2d_size *z) { return (gz_places_size){z->B, z->P, z->Q, z->O}; }

void gz_conv2d_find_places(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                           const gz_tensor *y, const gz_tensor *place)
{
    const gz_places_size windows = windows_of(size);
    gz_places_find(builder, &windows, x, NULL, y, place);
}

const gz_tensor *gz_conv2d_whole_dy(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                                    const gz_tensor *place)
{
    const gz_places_size windows = windows_of(size);
    return gz_places_spread(builder, &windows, dy, place, NULL);
}
