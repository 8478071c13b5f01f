/* Convolutions that are products: windows that share no pixel, as of 1 x 1 or of patches, are rows of a
 * matrix. */
#include "conv2d.h"

/* Do windows lie side by side along this axis, with nothing left over? */
static bool are_side_by_side(const gz_window *window, int axis, size_t n)
{
    size_t count, before;
    const size_t size = window->size[axis];
    return (size == 1 || window->dilation[axis] == 1) && gz_window_extent(window, axis, n, &count, &before) &&
           before == 0 && count * size == n && (count == 1 || window->stride[axis] == size);
}

/* Do their pixels lie in x as in the rows of the matrix? Else they are copied. */
static bool are_rows(const size_t *image, const gz_window *window)
{
    return window->size[0] == 1 || window->size[1] == image[2];
}

bool gz_conv2d_is_dense(const gz_tensor *x, const gz_tensor *kernel, const gz_window *window)
{
    enum { LEAST = 8, LEAST_TO_COPY = 16 }; /* numbers side by side; fewer: the kernels of cl/conv2d_few.cl */
    if (x->shape.rank != 4 || kernel->shape.rank != 4) return false;
    const size_t *image = x->shape.dim, *k = kernel->shape.dim;
    return k[0] == window->size[0] && k[1] == window->size[1] && k[2] == image[3] &&
           k[1] * k[2] >= (are_rows(image, window) ? LEAST : LEAST_TO_COPY) &&
           (gz_both_are(window->size, 1) ||
            (are_side_by_side(window, 0, image[1]) && are_side_by_side(window, 1, image[2])));
}

/* x [B,P*r,Q*s,C] -> rows [B,P,Q,r*s*C]: a window each. */
static gaze_status rows_of(gz_graph *g, gz_tensor *x, const gz_window *window, gz_tensor **rows)
{
    const size_t *dim = x->shape.dim, r = window->size[0], s = window->size[1];
    const size_t P = dim[1] / r, Q = dim[2] / s;
    const gz_shape shape = GZ_SHAPE(dim[0], P, Q, r * s * dim[3]);
    if (!are_rows(dim, window)) {
        static const size_t ORDER[] = {1, 3, 2, 4};
        GZ_TRY(gz_graph_view(g, x, GZ_SHAPE(dim[0], P, r, Q, s * dim[3]), &x));
        GZ_TRY(gz_permute(g, x, ORDER, 4, &x));
    }
    return gz_graph_view(g, x, shape, rows);
}

gaze_status gz_conv2d_dense(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                            const gz_window *window, gz_activation_kind activation, gz_tensor **y)
{
    const size_t *k = kernel->shape.dim, terms = k[0] * k[1] * k[2], filters = k[3];
    if (!gz_both_are(window->size, 1))
        GZ_TRY(rows_of(g, x, window, &x));
    else if (!gz_both_are(window->stride, 1))
        GZ_TRY(gz_average_pool2d(g, x, window, &x)); /* over that one pixel */
    GZ_TRY(gz_graph_view(g, kernel, GZ_SHAPE(terms, filters), &kernel));
    return gz_dense(g, x, kernel, bias, activation, y);
}
