#include "pool.h"
#include "slabs.h"

gaze_status gz_pool_size_of(const gz_node *node, gz_shape shape, gz_pool_size *size)
{
    char found[96];
    const gz_window *w = &((const gz_pool_attr *)node->attr)->window;
    *size = (gz_pool_size){shape.dim[0], shape.dim[1], shape.dim[2], shape.dim[3], 0, 0, {0, 0}, w};
    for (int axis = 0; axis < 2; axis++) {
        size_t *out = axis ? &size->Q : &size->P;
        if (!w->size[axis] || !w->stride[axis] || w->dilation[axis] != 1)
            return gz_op_fail(
                node, "found window size %zu, stride %zu, dilation %zu, expected 1 or more, 1 or more, 1",
                w->size[axis], w->stride[axis], w->dilation[axis]);
        if (!gz_window_extent(w, axis, shape.dim[1 + axis], out, &size->before[axis]))
            return gz_op_fail(node, "a window of %zu by %zu does not fit into x of shape %s", w->size[0],
                              w->size[1], gz_shape_text(shape, found));
    }
    return GAZE_OK;
}

void gz_pool_range(const gz_pool_size *size, int axis, size_t i, size_t *first, size_t *end)
{
    const size_t n = axis ? size->W : size->H, before = size->before[axis];
    const size_t start = i * size->window->stride[axis], stop = start + size->window->size[axis];
    *first = start > before ? start - before : 0;
    *end = stop < n + before ? stop - before : n;
}

void gz_pool_arguments(gz_launch *launch, const gz_pool_size *size)
{
    const gz_window *w = size->window;
    const size_t values[] = {size->H,      size->W,         size->C,        size->P,
                             size->Q,      w->size[0],      w->size[1],     w->stride[0],
                             w->stride[1], size->before[0], size->before[1]};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) gz_arg_int(launch, values[i]);
}

gaze_status gz_pool_infer(gz_graph *graph, gz_node *node)
{
    gz_pool_size s;
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(gz_op_expect_rank(node, 0, 4));
    GZ_TRY(gz_pool_size_of(node, node->in[0]->shape, &s));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(s.B, s.P, s.Q, s.C));
}

void gz_pool_launch(gz_builder *builder, const gz_pool_size *s, const gz_tensor *x, const gz_tensor *y,
                    const char *slabs, const char *items)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "pool", cpu ? slabs : items, "%s", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, y);
    gz_pool_arguments(launch, s);
    gz_arg_int(launch, s->B * s->P);
    gz_launch_slabs_or_items(builder, launch,
                             gz_slabs_of(builder, s->B * s->P, 4 * (s->H * s->W / s->P + s->Q) * s->C, 1),
                             s->B * s->P * s->Q * s->C);
}

gaze_status gz_pool_prepare(const gz_node *node, gz_builder *builder, const char *slabs, const char *items)
{
    gz_pool_size s;
    GZ_TRY(gz_pool_size_of(node, node->in[0]->shape, &s));
    gz_pool_launch(builder, &s, node->in[0], node->out[0], slabs, items);
    return gz_builder_status(builder);
}

gz_cost gz_pool_cost(const gz_node *node)
{
    const gz_window *w = &((const gz_pool_attr *)node->attr)->window;
    double values = (double)gz_shape_count(node->out[0]->shape);
    const double flop = (double)(w->size[0] * w->size[1]) * values;
    for (size_t i = 0; i < node->n_in; i++) values += (double)gz_shape_count(node->in[i]->shape);
    return (gz_cost){flop, 4 * values};
}
