/* Where a window of conv2d or a pool lies on its input. */
#include "ops.h"

static bool extent_of(const gz_window *window, int axis, size_t *extent)
{
    const size_t size = window->size[axis], dilation = window->dilation[axis];
    if (!size || !dilation || !window->stride[axis]) return false;
    return gz_multiply(size - 1, dilation, extent) && gz_add(*extent, 1, extent);
}

bool gz_window_extent(const gz_window *window, int axis, size_t n, size_t *out, size_t *before)
{
    const size_t stride = window->stride[axis];
    size_t extent;
    if (!n || !extent_of(window, axis, &extent)) return false;
    if (window->padding == GZ_VALID) {
        if (n < extent) return false;
        *out = (n - extent) / stride + 1;
        *before = 0;
        return true;
    }
    *out = (n - 1) / stride + 1;
    const size_t needed = (*out - 1) * stride + extent;
    *before = needed > n ? (needed - n) / 2 : 0;
    return true;
}
