/* conv2d and its gradients in the families gpu and intel. Kernels: cl/conv2d_gpu.cl,
   cl/conv2d_input_gradient_gpu.cl, cl/conv2d_kernel_gradient_gpu.cl. */
#include "conv2d.h"
#include "gpu_tile.h"
#include "product_gpu.h"

/* A launch of so many operations takes less than 200 ms on a slow GPU (100 GFLOP/s). */
static const double most_flop = 2e10;

/* How the blocks of a product [M,K] [K,N] become groups; `phases` such products in one launch. */
typedef struct grid {
    gz_gpu_tile tile;
    gz_parts parts;
    size_t groups, at_once, phases;
} grid;

static grid grid_of(const gz_builder *builder, size_t M, size_t N, size_t phases, gz_parts parts, double flop)
{
    grid g = {gz_gpu_tile_of(builder, M, N), parts, 0, 0, phases};
    if (g.tile.lanes) g.tile.m /= 2; /* places in the image need the registers that 8 rows of sums would */
    g.groups = gz_groups(M, gz_gpu_tile_rows(g.tile)) * gz_groups(N, gz_gpu_tile_columns(g.tile));
    g.at_once = gz_groups(g.groups, 1 + (size_t)(flop / most_flop));
    return g;
}

/* The launch of the groups from `first` on; arguments so far: a, b, out, sizes. */
typedef struct operands {
    const gz_tensor *a, *b, *bias, *out; /* bias: of kernels that have that argument */
    bool has_bias;
} operands;

static gz_launch *begin(gz_builder *builder, const grid *g, const gz_conv2d_size *size, const char *kernel,
                        const char *options, const operands *o)
{
    char text[GZ_GPU_TILE_OPTIONS];
    gz_launch *launch =
        gz_launch_add(builder, kernel, kernel, "%s %s", gz_gpu_tile_options(g->tile, text), options);
    gz_arg_tensor(launch, o->a);
    gz_arg_tensor(launch, o->b);
    if (o->has_bias) gz_arg_tensor(launch, o->bias);
    gz_arg_tensor(launch, o->out);
    gz_conv2d_arg_images(launch, size);
    gz_conv2d_arg_window(launch, size);
    return launch;
}

static void launch_groups(gz_launch *launch, const grid *g, size_t first)
{
    const size_t rest = g->groups - first;
    gz_launch_groups(launch, rest < g->at_once ? rest : g->at_once, g->parts.count, g->phases, g->tile.x,
                     g->tile.y, 1);
}

/* Where the sums go: to memory for all parts, which product_end adds to `out`. */
static const gz_tensor *sums_of(gz_builder *builder, const grid *g, const gz_tensor *out)
{
    return g->parts.count > 1 ? gz_scratch(builder, g->parts.count * gz_shape_count(out->shape)) : out;
}

/* Each pixel of y sees one pixel of x, and all of them: a product of matrices. */
static bool is_product(const gz_conv2d_size *z)
{
    return z->taps[0] * z->taps[1] == 1 && !gz_conv2d_has_stride(z);
}

/* So little work for each pixel that a tile would mostly make columns that don't exist. */
static bool is_small(const gz_conv2d_size *z) { return z->O <= 4 && z->C <= 4; }

static void forward(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *z = &call->size;
    const size_t pixels = z->B * z->P * z->Q, terms = gz_conv2d_terms(z);
    const grid g =
        grid_of(builder, pixels, z->O, 1, gz_gpu_tile_parts(pixels, z->O, terms, 1), gz_conv2d_cost(z).flop);
    const bool whole = g.parts.count == 1;
    const operands o = {call->x, call->weights, whole ? call->bias : NULL, sums_of(builder, &g, call->y),
                        true};
    for (size_t first = 0; first < g.groups; first += g.at_once) {
        gz_launch *launch = begin(builder, &g, z, "conv2d_gpu", "", &o);
        gz_arg_int(launch, pixels);
        gz_arg_int(launch, g.parts.part);
        gz_arg_int(launch, first);
        gz_arg_int(launch, whole ? call->activation : GZ_LINEAR);
        launch_groups(launch, &g, first);
    }
    if (!whole)
        gz_product_add_parts(builder, o.out, g.parts.count, call->bias, z->O, call->y, call->activation);
}

void gz_conv2d_gpu(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *z = &call->size;
    const gz_matrix x = {call->x, z->C, 1}, weights = {call->weights, z->O, 1};
    if (is_product(z))
        gz_product_gpu_one(builder, x, weights, call->bias, call->y, z->B * z->P * z->Q, z->O, z->C,
                           call->activation);
    else if (is_small(z))
        gz_conv2d_plain(builder, call);
    else
        forward(builder, call);
}

/* kernel [taps,C,O] -> [taps,O,C]: consecutive channels lie together. */
static const gz_tensor *turn(gz_builder *builder, const gz_conv2d_size *z, const gz_tensor *kernel,
                             bool reversed)
{
    const size_t taps = z->taps[0] * z->taps[1], count = taps * z->C * z->O;
    const gz_tensor *turned = gz_scratch_packed(builder, kernel, count);
    gz_launch *launch = gz_launch_add(builder, "conv2d", "conv2d_turn_items", "");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, turned);
    gz_arg_int(launch, taps);
    gz_arg_int(launch, z->C);
    gz_arg_int(launch, z->O);
    gz_arg_int(launch, reversed);
    gz_launch_items(launch, count);
    return turned;
}

/* Taps along an axis that reach a pixel, of the phase that has the most. */
static size_t taps_of_phase(const gz_conv2d_size *z, int axis)
{
    size_t every = 1;
    while (every * z->dilation[axis] % z->stride[axis]) every++;
    return gz_groups(z->taps[axis], every);
}

static void by_phases(gz_builder *builder, const gz_conv2d_size *z, const operands *o, const gz_tensor *dx,
                      bool turned)
{
    const size_t M = z->B * gz_groups(z->H, z->stride[0]) * gz_groups(z->W, z->stride[1]),
                 K = taps_of_phase(z, 0) * taps_of_phase(z, 1) * z->O, phases = z->stride[0] * z->stride[1];
    const grid g =
        grid_of(builder, M, z->C, phases, gz_gpu_tile_parts(M, z->C, K, phases), gz_conv2d_cost(z).flop);
    const operands here = {o->a, o->b, NULL, sums_of(builder, &g, dx), false};
    for (size_t first = 0; first < g.groups; first += g.at_once) {
        gz_launch *launch = begin(builder, &g, z, "conv2d_input_gradient_gpu",
                                  turned ? "-DTILE_B_BY_K=0" : "-DTILE_B_BY_K=1", &here);
        gz_arg_int(launch, z->B);
        gz_arg_int(launch, g.parts.part);
        gz_arg_int(launch, first);
        gz_arg_int(launch, turned ? z->C : 1);
        gz_arg_int(launch, turned ? 1 : z->O);
        launch_groups(launch, &g, first);
    }
    if (g.parts.count > 1) gz_product_add_parts(builder, here.out, g.parts.count, NULL, z->C, dx, GZ_LINEAR);
}

/* Lanes of a subgroup read the weights of neighbouring channels as they lie: turned. */
void gz_conv2d_input_gradient_gpu(gz_builder *builder, const gz_conv2d_size *z, const gz_tensor *dy,
                                  const gz_tensor *kernel, const gz_tensor *dx)
{
    const bool intel = gz_builder_family(builder) == GZ_FAMILY_INTEL, strided = gz_conv2d_has_stride(z);
    const gz_matrix a = {dy, z->O, 1}, b = {kernel, 1, z->O};
    if (is_product(z))
        gz_product_gpu_one(builder, a, b, NULL, dx, z->B * z->H * z->W, z->C, z->O, GZ_LINEAR);
    else if (intel && !strided)
        forward(builder, &(gz_conv2d_call){.size = gz_conv2d_size_turned(z),
                                           .x = dy,
                                           .kernel = kernel,
                                           .weights = turn(builder, z, kernel, true),
                                           .y = dx});
    else
        by_phases(builder, z, &(operands){.a = dy, .b = intel ? turn(builder, z, kernel, false) : kernel}, dx,
                  intel);
}

/* Enough groups for a large GPU, the parts' sums no more than some MiB. */
static gz_parts kernel_parts(const gz_conv2d_size *z)
{
    enum { BLOCK = 64, GROUPS = 512, LEAST = 128 };
    const size_t blocks = gz_groups(gz_conv2d_terms(z), BLOCK) * gz_groups(z->O, BLOCK);
    return gz_parts_of(z->B * z->P * z->Q, GROUPS / blocks, LEAST);
}

void gz_conv2d_kernel_gradient_gpu(gz_builder *builder, const gz_conv2d_size *z, const gz_tensor *x,
                                   const gz_tensor *dy, const gz_tensor *dkernel)
{
    const size_t pixels = z->B * z->P * z->Q;
    if (is_product(z)) {
        const gz_matrix a = {x, 1, z->C}, b = {dy, z->O, 1};
        gz_product_gpu_one(builder, a, b, NULL, dkernel, z->C, z->O, pixels, GZ_LINEAR);
        return;
    }
    const grid g = grid_of(builder, gz_conv2d_terms(z), z->O, 1, kernel_parts(z), gz_conv2d_cost(z).flop);
    const operands o = {x, dy, NULL, sums_of(builder, &g, dkernel), false};
    for (size_t first = 0; first < g.groups; first += g.at_once) {
        gz_launch *launch =
            begin(builder, &g, z, "conv2d_kernel_gradient_gpu", "-DTILE_A_BY_K=0 -DTILE_B_BY_K=0", &o);
        gz_arg_int(launch, pixels);
        gz_arg_int(launch, g.parts.part);
        gz_arg_int(launch, first);
        launch_groups(launch, &g, first);
    }
    if (g.parts.count > 1)
        gz_product_add_parts(builder, o.out, g.parts.count, NULL, z->O, dkernel, GZ_LINEAR);
}
