/* Convolutions with a stride, and their gradients, by the tiles of those without: the pixels of a stride are
   channels of one pixel, of which a kernel of 1 / stride the taps makes the same sums (cl/conv2d_phases.cl).
 */
#include "conv2d_winograd.h"

/* What Winograd's tiles convolve: rectangles of phases, which hold the padding, too. */
static gz_conv2d_size phases_of(const gz_conv2d_size *size)
{
    gz_conv2d_size phases = *size;
    phases.C *= size->stride[0] * size->stride[1];
    for (int axis = 0; axis < 2; axis++) {
        phases.taps[axis] = gz_round_groups(size->taps[axis], size->stride[axis]);
        phases.stride[axis] = 1;
        phases.before[axis] = 0;
    }
    phases.H = size->P + phases.taps[0] - 1;
    phases.W = size->Q + phases.taps[1] - 1;
    return phases;
}

static bool is_strided(const gz_conv2d_size *size)
{
    return gz_conv2d_has_stride(size) && size->dilation[0] == 1 && size->dilation[1] == 1;
}

bool gz_conv2d_can_phases(const gz_conv2d_size *size, gz_builder *builder)
{
    const gz_conv2d_size phases = phases_of(size);
    return is_strided(size) && gz_conv2d_can_winograd(&phases, builder);
}

bool gz_conv2d_is_phases(const gz_conv2d_size *size, gz_builder *builder, size_t least)
{
    const gz_conv2d_size phases = phases_of(size);
    const size_t side = gz_conv2d_winograd_side(&phases), pixels = size->stride[0] * size->stride[1];
    return is_strided(size) && gz_conv2d_is_winograd(&phases, builder) &&
           least * GZ_WINOGRAD_PLANES * pixels <= size->taps[0] * size->taps[1] * side * side;
}

static void arg_phases(gz_launch *launch, const gz_conv2d_size *size, const gz_conv2d_size *phases)
{
    const size_t list[] = {size->H, size->W, size->C, phases->H, phases->W};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) gz_arg_int(launch, list[i]);
    for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, size->stride[axis]);
    for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, size->before[axis]);
}

static gz_tensor *scratch_like_x(gz_builder *builder, const gz_conv2d_size *phases)
{
    return gz_scratch(builder, phases->B * phases->H * phases->W * phases->C);
}

static const gz_tensor *split_x(gz_builder *builder, const gz_conv2d_size *size, const gz_conv2d_size *phases,
                                const gz_tensor *x)
{
    const gz_tensor *split = scratch_like_x(builder, phases);
    gz_launch *launch = gz_launch_add(builder, "conv2d_phases", "conv2d_phases", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, split);
    arg_phases(launch, size, phases);
    gz_launch_groups(launch, phases->H, phases->B, 1, 1, 1, 1);
    return split;
}

static const gz_tensor *split_kernel(gz_builder *builder, const gz_conv2d_size *size,
                                     const gz_conv2d_size *phases, const gz_tensor *kernel)
{
    const gz_tensor *split = gz_scratch_packed(builder, kernel, gz_conv2d_terms(phases) * phases->O);
    gz_launch *launch = gz_launch_add(builder, "conv2d_phases", "conv2d_phases_kernel", "");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, split);
    for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, size->taps[axis]);
    for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, size->stride[axis]);
    gz_arg_int(launch, phases->taps[1]);
    gz_arg_int(launch, size->C * size->O);
    gz_launch_groups(launch, phases->taps[0] * phases->taps[1], size->stride[0] * size->stride[1], 1, 1, 1,
                     1);
    return split;
}

void gz_conv2d_phases(gz_builder *builder, const gz_conv2d_call *call)
{
    gz_conv2d_call of_phases = *call;
    of_phases.size = phases_of(&call->size);
    of_phases.x = split_x(builder, &call->size, &of_phases.size, call->x);
    of_phases.weights = split_kernel(builder, &call->size, &of_phases.size, call->weights);
    gz_conv2d_winograd(builder, &of_phases);
}

void gz_conv2d_phases_input(gz_builder *builder, const gz_conv2d_input_call *call, const gz_tensor *dy)
{
    const gz_conv2d_size *size = &call->size, phases = phases_of(size);
    const gz_tensor *split = scratch_like_x(builder, &phases);
    gz_conv2d_input_launch(
        builder, &(gz_conv2d_input_call){.size = phases,
                                         .dy = dy,
                                         .kernel = split_kernel(builder, size, &phases, call->kernel),
                                         .dx = split});
    gz_launch *launch = gz_launch_add(builder, "conv2d_phases", "conv2d_phases_back", "");
    gz_arg_tensor(launch, split);
    gz_arg_tensor(launch, call->dx);
    arg_phases(launch, size, &phases);
    gz_arg_int(launch, gz_conv2d_span(size, 0, size->P));
    gz_arg_int(launch, gz_conv2d_span(size, 1, size->Q));
    gz_launch_groups(launch, size->H, size->B, 1, 1, 1, 1);
}

void gz_conv2d_phases_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                          const gz_tensor *dy, const gz_tensor *dkernel)
{
    const gz_conv2d_size phases = phases_of(size);
    const gz_tensor *split = gz_scratch(builder, gz_conv2d_terms(&phases) * phases.O);
    gz_conv2d_winograd_sum(builder, &phases, split_x(builder, size, &phases, x), dy, NULL, split,
                           gz_winograd_usual_parts(&phases));
    gz_launch *launch = gz_launch_add(builder, "conv2d_phases", "conv2d_phases_kernel_back", "");
    gz_arg_tensor(launch, split);
    gz_arg_tensor(launch, dkernel);
    gz_arg_int(launch, size->taps[1]);
    for (int axis = 0; axis < 2; axis++) gz_arg_int(launch, size->stride[axis]);
    gz_arg_int(launch, phases.taps[1]);
    gz_arg_int(launch, size->C * size->O);
    gz_launch_groups(launch, size->taps[1], size->taps[0], 1, 1, 1, 1);
}
