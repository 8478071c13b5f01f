/* How a recurrent layer runs over all its steps: one work-group owns some samples from the first step to the
   last, so that nothing waits for anything. */
#include "dense.h"
#include "recurrence_gpu.h"

enum { STATES = 2 }; /* in local memory: before and after a step */

static const gz_recurrence_attr *attr_of(const gz_node *node) { return node->attr; }

static void add_tensors(gz_launch *launch, const gz_node *node, const gz_tensor *x, const gz_tensor *kernel)
{
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, node->in[GZ_RECURRENCE_BIAS]);
    gz_arg_tensor(launch, node->in[GZ_RECURRENCE_MASK]);
    gz_arg_tensor(launch, node->in[GZ_RECURRENCE_H0]);
    gz_arg_tensor(launch, node->in[GZ_RECURRENCE_C0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_tensor(launch, attr_of(node)->kind == GZ_LSTM ? node->out[1] : NULL);
    gz_arg_tensor(launch, gz_recurrence_kept_of(node));
}

static void add_sizes(gz_launch *launch, const gz_node *node, gz_recurrence_size s)
{
    gz_arg_int(launch, s.B);
    gz_arg_int(launch, s.T);
    gz_arg_int(launch, s.U);
    gz_arg_int(launch, attr_of(node)->backwards);
}

/* Few samples would read the input's kernel too often, and a large one is read more often than it is worth.
   By the shape alone, as the order of a sum depends on it. A gru's reset gate multiplies the state's part of
   the products alone. */
static bool multiplies_in_tiles(const gz_node *node, const gz_recurrence_size *s)
{
    enum { LEAST_SAMPLES = 32, MOST_FLOATS = 1 << 17 };
    return attr_of(node)->kind != GZ_GRU && s->B >= LEAST_SAMPLES &&
           (s->D + s->U) * s->G * s->U <= MOST_FLOATS;
}

/* The input times its kernel, if that is this node's to make, as a product of its own. */
static const gz_tensor *multiplied(const gz_node *node, gz_builder *builder, gz_recurrence_size *s)
{
    const gz_tensor *x = node->in[GZ_RECURRENCE_XW];
    if (!s->D) return x;
    const size_t rows = s->B * s->T;
    const gz_tensor *xw = gz_scratch(builder, rows * s->G * s->U);
    gz_dense_launch(builder, &(gz_dense_call){.size = {rows, s->D, s->G * s->U},
                                              .x = x,
                                              .kernel = node->in[GZ_RECURRENCE_X_KERNEL],
                                              .bias = node->in[GZ_RECURRENCE_X_BIAS],
                                              .y = xw,
                                              .activation = GZ_LINEAR});
    s->D = 0;
    return xw;
}

static void prepare_tiles(const gz_node *node, gz_builder *builder, const gz_recurrence_kernels *kernels,
                          gz_recurrence_size s)
{
    const gz_recurrence_tile tile = gz_recurrence_forward_tile(builder, s);
    const gz_tensor *x =
        multiplies_in_tiles(node, &s) ? node->in[GZ_RECURRENCE_XW] : multiplied(node, builder, &s);
    const size_t padded = gz_recurrence_padded(builder, tile, s.U), groups = gz_recurrence_groups(tile, s.B);
    const gz_tensor *packed = gz_recurrence_pack(builder, s.D ? node->in[GZ_RECURRENCE_X_KERNEL] : NULL,
                                                 node->in[GZ_RECURRENCE_KERNEL], s, tile),
                    *states = gz_scratch(builder, groups * 2 * tile.samples * (s.D + padded));
    gz_launch *launch = gz_recurrence_tile_launch(builder, kernels->stem, kernels->steps, tile);
    add_tensors(launch, node, x, packed);
    gz_arg_tensor(launch, states);
    add_sizes(launch, node, s);
    gz_arg_int(launch, padded);
    gz_arg_tensor(launch, s.D ? node->in[GZ_RECURRENCE_X_BIAS] : NULL);
    gz_arg_int(launch, s.D);
    gz_launch_groups(launch, groups, 1, 1, 1, 1, 1);
}

static void prepare_gpu(const gz_node *node, gz_builder *builder, gz_recurrence_size s,
                        gz_recurrence_share share)
{
    const gz_tensor *xw = multiplied(node, builder, &s);
    for (size_t from = 0; from < s.T; from += share.steps) {
        gz_launch *launch = gz_recurrence_gpu_launch(builder, "recurrence_gpu", "recurrence_gpu", s, share);
        add_tensors(launch, node, xw, node->in[GZ_RECURRENCE_KERNEL]);
        gz_arg_local(launch, STATES * s.U * share.samples * sizeof(float));
        add_sizes(launch, node, s);
        gz_arg_int(launch, from);
        gz_arg_int(launch, from + share.steps < s.T ? from + share.steps : s.T);
        gz_arg_int(launch, share.units);
    }
}

gaze_status gz_recurrence_prepare(const gz_node *node, gz_builder *builder)
{
    gz_recurrence_size s = gz_recurrence_size_of(node);
    const gz_recurrence_kernels *kernels = gz_recurrence_kernels_of(attr_of(node)->kind);
    gz_recurrence_share share;
    if (gz_recurrence_share_of(builder, attr_of(node)->kind, s, STATES, s.T, &share)) {
        prepare_gpu(node, builder, s, share);
        return gz_builder_status(builder);
    }
    if (gz_builder_family(builder) == GZ_FAMILY_CPU && kernels->steps) {
        prepare_tiles(node, builder, kernels, s);
        return gz_builder_status(builder);
    }
    const gz_tensor *xw = multiplied(node, builder, &s);
    gz_launch *launch = gz_launch_add(builder, kernels->stem, kernels->steps_plain, "%s", "");
    add_tensors(launch, node, xw, node->in[GZ_RECURRENCE_KERNEL]);
    add_sizes(launch, node, s);
    gz_recurrence_plain_groups(builder, launch, s.B);
    return gz_builder_status(builder);
}
