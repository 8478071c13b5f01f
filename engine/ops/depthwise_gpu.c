/* depthwise_conv2d and its gradients in the families gpu and intel. Kernels: cl/depthwise_gpu.cl, whose NEAR,
   ROWS and TAPS_EACH these are. */
#include "dense.h"
#include "depthwise.h"
#include "product_gpu.h"

#include <stdio.h>

enum { NEAR = 4, ROWS = 4, TAPS_EACH = 4 };

static size_t channels_each(const gz_conv2d_size *z) { return z->C % 4 ? 1 : 4; }

static gz_launch *begin(gz_builder *builder, const gz_conv2d_size *z, const char *kernel)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%zu", kernel, channels_each(z));
    return gz_launch_add(builder, "depthwise_gpu", name, "%s", "");
}

static size_t items_of(const gz_conv2d_size *z, size_t rows, size_t columns)
{
    return z->B * gz_round_up(rows, ROWS) * gz_groups(columns, NEAR) * (z->C / channels_each(z));
}

void gz_depthwise_gpu(gz_builder *builder, const gz_depthwise_call *call)
{
    const gz_conv2d_size *z = &call->size;
    gz_launch *launch = begin(builder, z, "depthwise_gpu");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, call->y);
    gz_conv2d_arg_images(launch, z);
    gz_conv2d_arg_window(launch, z);
    gz_arg_int(launch, z->B);
    gz_arg_int(launch, call->activation);
    gz_launch_items(launch, items_of(z, z->P, z->Q));
}

void gz_depthwise_input_gradient_gpu(gz_builder *builder, const gz_conv2d_size *z, const gz_tensor *dy,
                                     const gz_tensor *kernel, const gz_tensor *dx)
{
    gz_launch *launch = begin(builder, z, "depthwise_input_gradient_gpu");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, dx);
    gz_conv2d_arg_images(launch, z);
    gz_conv2d_arg_window(launch, z);
    gz_arg_int(launch, z->B);
    gz_launch_groups(launch, 1, z->stride[0] * z->stride[1], 1, 1, 1, 1);
    gz_launch_items(launch, items_of(z, gz_groups(z->H, z->stride[0]), gz_groups(z->W, z->stride[1])));
}

static size_t power_of_two(size_t most)
{
    size_t power = 1;
    while (2 * power <= most) power *= 2;
    return power;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* A group of `GROUP` items: up to LANES of them have channels of their own, the others rows. */
void gz_depthwise_kernel_gradient_gpu(gz_builder *builder, const gz_conv2d_size *z, const gz_tensor *x,
                                      const gz_tensor *dy, const gz_tensor *dkernel)
{
    enum { GROUP = 128, LANES = 16, GROUPS = 512, LEAST_ROWS = 16 };
    const gz_device_facts *facts = gz_builder_device(builder);
    const size_t each = channels_each(z), vectors = z->C / each, sum_bytes = each * sizeof(float);
    const size_t group =
        power_of_two(smaller(smaller(GROUP, facts->max_group), facts->local_bytes / sum_bytes));
    const size_t lanes = smaller(power_of_two(smaller(vectors, LANES)), group);
    const size_t taps = z->taps[0] * gz_groups(z->taps[1], TAPS_EACH), rows = z->B * z->P;
    const gz_parts parts = gz_parts_of(rows, GROUPS / (taps * gz_groups(vectors, LANES)), LEAST_ROWS);
    const gz_tensor *sums =
        parts.count > 1 ? gz_scratch(builder, parts.count * gz_shape_count(dkernel->shape)) : dkernel;
    gz_launch *launch = begin(builder, z, "depthwise_kernel_gradient_gpu");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, sums);
    gz_conv2d_arg_images(launch, z);
    gz_conv2d_arg_window(launch, z);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, parts.part);
    gz_arg_local(launch, group * sum_bytes);
    gz_launch_groups(launch, gz_groups(vectors, lanes), taps, parts.count, lanes, group / lanes, 1);
    if (parts.count > 1) gz_product_add_parts(builder, sums, parts.count, NULL, z->C, dkernel, GZ_LINEAR);
}
