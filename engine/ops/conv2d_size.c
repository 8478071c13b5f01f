#include "conv2d.h"

static bool complete(gz_conv2d_size *size, const gz_window *window)
{
    for (int axis = 0; axis < 2; axis++) {
        size->taps[axis] = window->size[axis];
        size->stride[axis] = window->stride[axis];
        size->dilation[axis] = window->dilation[axis];
    }
    return gz_window_extent(window, 0, size->H, &size->P, &size->before[0]) &&
           gz_window_extent(window, 1, size->W, &size->Q, &size->before[1]);
}

gaze_status gz_conv2d_size_check(const gz_node *node, gz_conv2d_size *size)
{
    const gz_conv2d_attr *attr = node->attr;
    if (complete(size, &attr->window)) return GAZE_OK;
    const gz_window *w = &attr->window;
    return gz_op_fail(
        node, "a window of %zu x %zu, stride %zu x %zu, dilation %zu x %zu doesn't fit on %zu x %zu pixels",
        w->size[0], w->size[1], w->stride[0], w->stride[1], w->dilation[0], w->dilation[1], size->H, size->W);
}

gz_conv2d_size gz_conv2d_size_forward(const gz_node *node)
{
    const gz_conv2d_attr *attr = node->attr;
    const size_t *x = node->in[0]->shape.dim;
    gz_conv2d_size size = {.B = x[0], .H = x[1], .W = x[2], .C = x[3], .O = node->in[1]->shape.dim[3]};
    complete(&size, &attr->window);
    return size;
}

gz_conv2d_size gz_conv2d_size_of_gradient(const gz_node *node, bool of_kernel)
{
    const gz_conv2d_attr *attr = node->attr;
    const size_t *first = node->in[0]->shape.dim, *second = node->in[1]->shape.dim;
    gz_conv2d_size size = {.B = first[0], .H = attr->input_size[0], .W = attr->input_size[1]};
    size.C = of_kernel ? first[3] : second[2];
    size.O = second[3];
    complete(&size, &attr->window);
    return size;
}

gz_conv2d_size gz_conv2d_size_turned(const gz_conv2d_size *size)
{
    gz_conv2d_size turned = *size;
    turned.H = size->P;
    turned.W = size->Q;
    turned.C = size->O;
    turned.P = size->H;
    turned.Q = size->W;
    turned.O = size->C;
    for (int axis = 0; axis < 2; axis++)
        turned.before[axis] = (size->taps[axis] - 1) * size->dilation[axis] - size->before[axis];
    return turned;
}

bool gz_conv2d_has_stride(const gz_conv2d_size *size) { return size->stride[0] != 1 || size->stride[1] != 1; }

size_t gz_conv2d_terms(const gz_conv2d_size *size) { return size->taps[0] * size->taps[1] * size->C; }

size_t gz_conv2d_span(const gz_conv2d_size *size, int axis, size_t windows)
{
    return (windows - 1) * size->stride[axis] + (size->taps[axis] - 1) * size->dilation[axis] + 1;
}

size_t gz_conv2d_run(const gz_conv2d_size *size, size_t pixels)
{
    return (size->taps[1] - 1) * size->dilation[1] / size->stride[1] + 1 + pixels;
}

gz_cost gz_conv2d_cost(const gz_conv2d_size *size)
{
    const double x = (double)(size->B * size->H * size->W * size->C),
                 y = (double)(size->B * size->P * size->Q * size->O);
    const double terms = (double)gz_conv2d_terms(size);
    return (gz_cost){2 * y * terms, 4 * (x + y + terms * (double)size->O)};
}

void gz_conv2d_arg_images(gz_launch *launch, const gz_conv2d_size *size)
{
    const size_t list[] = {size->H, size->W, size->C, size->P, size->Q, size->O};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) gz_arg_int(launch, list[i]);
}

void gz_conv2d_arg_window(gz_launch *launch, const gz_conv2d_size *size)
{
    const size_t *list[] = {size->taps, size->stride, size->dilation, size->before};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, list[i][axis]);
}

size_t gz_conv2d_choose(gz_builder *builder, gz_candidates candidates, const gz_conv2d_size *z,
                        bool of_maxima)
{
    return gz_builder_choose(
        builder, candidates,
        "%zu x %zu x %zu x %zu to %zu x %zu x %zu, %zu x %zu every %zu x %zu, %zu x %zu apart%s", z->B, z->H,
        z->W, z->C, z->P, z->Q, z->O, z->taps[0], z->taps[1], z->stride[0], z->stride[1], z->dilation[0],
        z->dilation[1], of_maxima ? ", of maxima" : "");
}

static size_t strip_cost(const gz_conv2d_size *size, const gz_conv2d_strip *strip, size_t rows)
{
    const size_t strips = gz_round_groups(size->P, rows), last = size->P - (strips - 1) * rows;
    const size_t tiles = (strips - 1) * gz_round_groups(rows * strip->per_row, GZ_TILE_ROWS) +
                         gz_round_groups(last * strip->per_row, GZ_TILE_ROWS);
    return tiles * strip->tile_cost + strips * gz_conv2d_span(size, 0, rows) * strip->copy_cost;
}

size_t gz_conv2d_strip_rows(const gz_conv2d_size *size, gz_builder *builder, const gz_conv2d_strip *strip)
{
    enum { LEAST_GROUPS = 8 };
    const size_t room = gz_builder_device(builder)->local_bytes;
    size_t best = 0, least_cost = 0;
    for (size_t rows = 1; rows <= size->P; rows++) {
        const size_t span = gz_conv2d_span(size, 0, rows);
        if (strip->fixed_bytes + span * strip->row_bytes + rows * strip->out_bytes > room) break;
        if (best && size->B * gz_round_groups(size->P, rows) < LEAST_GROUPS) break;
        const size_t cost = strip_cost(size, strip, rows);
        if (best && cost >= least_cost) continue;
        best = rows;
        least_cost = cost;
    }
    return best;
}

bool gz_conv2d_sees(const gz_conv2d_size *z, size_t row, size_t tap, size_t *pixel)
{
    const size_t b = row / z->Q / z->P, p = row / z->Q % z->P, q = row % z->Q;
    const size_t r = tap / z->taps[1], s = tap % z->taps[1];
    const size_t h = p * z->stride[0] + r * z->dilation[0] - z->before[0]; /* wraps below 0 */
    const size_t w = q * z->stride[1] + s * z->dilation[1] - z->before[1];
    *pixel = (b * z->H + h) * z->W + w;
    return h < z->H && w < z->W;
}
