/* permute's kernel for GPUs, cl/permute_gpu.cl. */
#include "group_gpu.h"
#include "permute.h"

enum { LAST = GZ_PERMUTE_AXES - 1, LEAST = 8 /* of both axes, that a tile is worth it */ };

/* The axis of y along which x lies side by side. */
static size_t axis_of_x(const gz_permute_walk *walk)
{
    for (size_t i = 0; i < LAST; i++)
        if (walk->stride[i] == 1 && walk->size[i] > 1) return i;
    return LAST;
}

bool gz_permute_tiles(const gz_permute_walk *walk)
{
    const size_t a = axis_of_x(walk);
    return a != LAST && walk->size[a] >= LEAST && walk->size[LAST] >= LEAST;
}

/* The largest of 32, 16, ... of which the device's local memory holds a tile. */
static size_t tile_of(const gz_builder *builder)
{
    size_t tile = 32;
    while (tile > 1 && tile * (tile + 1) * sizeof(float) > gz_builder_device(builder)->local_bytes) tile /= 2;
    return tile;
}

void gz_permute_gpu(gz_builder *builder, const gz_permute_walk *walk, const gz_tensor *x, const gz_tensor *y)
{
    const size_t a = axis_of_x(walk), tile = tile_of(builder);
    size_t rest[LAST - 1], n = 0, y_stride[GZ_PERMUTE_AXES], samples = y->shape.dim[0];
    y_stride[LAST] = 1;
    for (size_t i = LAST; i-- > 0;) y_stride[i] = y_stride[i + 1] * walk->size[i + 1];
    for (size_t i = 0; i < LAST; i++)
        if (i != a) rest[n++] = i;
    gz_launch *launch = gz_launch_add(builder, "permute_gpu", "permute_tiles", "%s", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, y);
    gz_arg_int(launch, walk->size[a]);
    gz_arg_int(launch, walk->size[LAST]);
    gz_arg_int(launch, walk->stride[LAST]);
    gz_arg_int(launch, y_stride[a]);
    for (size_t i = 0; i < n; i++) gz_arg_int(launch, walk->size[rest[i]]);
    for (size_t i = 0; i < n; i++) gz_arg_int(launch, walk->stride[rest[i]]);
    for (size_t i = 0; i < n; i++) gz_arg_int(launch, y_stride[rest[i]]);
    gz_arg_int(launch, tile);
    gz_arg_local(launch, tile * (tile + 1) * sizeof(float));
    for (size_t i = 0; i < n; i++) samples *= walk->size[rest[i]];
    const size_t tiles = (walk->size[a] + tile - 1) / tile * ((walk->size[LAST] + tile - 1) / tile);
    gz_launch_groups(launch, samples * tiles, 1, 1, gz_group_items(builder), 1, 1);
    gz_launch_may_shrink(launch);
}
