/* The gradient of an embedding's table on GPUs: cl/embedding_gpu.cl. */
#include "embedding.h"
#include "dense.h"
#include "group_gpu.h"

enum { TILE = 32 }; /* as in the kernels */

/* Comparisons of a launch: at most 2^32, some 80 ms of a slow GPU. */
static size_t positions_of_launch(size_t N)
{
    const size_t most = ((size_t)1 << 32) / N;
    return most ? most : 1;
}

static void launch_sort(gz_builder *builder, const gz_embedding_sums *s, const gz_tensor *order,
                        const gz_tensor *sorted)
{
    const size_t items = gz_group_items(builder), part = positions_of_launch(s->positions);
    for (size_t first = 0; first < s->positions; first += part) {
        const size_t last = first + part < s->positions ? first + part : s->positions;
        gz_launch *launch = gz_launch_add(builder, "embedding_gpu", "embedding_sort_group", "%s", "");
        gz_arg_tensor(launch, s->ids);
        gz_arg_tensor(launch, order);
        gz_arg_tensor(launch, sorted);
        gz_arg_int(launch, s->positions);
        gz_arg_int(launch, first);
        gz_arg_int(launch, last);
        gz_arg_local(launch, items * sizeof(int));
        gz_launch_groups(launch, gz_groups(last - first, items), 1, 1, items, 1, 1);
        gz_launch_may_shrink(launch);
    }
}

void gz_embedding_gradient_gpu(gz_builder *builder, const gz_embedding_sums *s)
{
    const size_t N = s->positions, D = s->width, tiles = gz_groups(N, TILE);
    const gz_tensor *order = gz_scratch(builder, N), *sorted = gz_scratch(builder, N);
    const gz_tensor *heads = gz_scratch(builder, tiles * D), *tails = gz_scratch(builder, tiles * D);
    launch_sort(builder, s, order, sorted);

    gz_launch *launch = gz_launch_add(builder, "embedding_gpu", "embedding_runs", "%s", "");
    gz_arg_tensor(launch, order);
    gz_arg_tensor(launch, sorted);
    gz_arg_tensor(launch, s->dy);
    gz_arg_tensor(launch, s->dtable);
    gz_arg_tensor(launch, heads);
    gz_arg_tensor(launch, tails);
    gz_arg_int(launch, N);
    gz_arg_int(launch, D);
    gz_arg_int(launch, tiles);
    gz_launch_items(launch, tiles * D);
    if (tiles == 1) return;

    launch = gz_launch_add(builder, "embedding_gpu", "embedding_join", "%s", "");
    gz_arg_tensor(launch, sorted);
    gz_arg_tensor(launch, heads);
    gz_arg_tensor(launch, tails);
    gz_arg_tensor(launch, s->dtable);
    gz_arg_int(launch, N);
    gz_arg_int(launch, D);
    gz_arg_int(launch, tiles);
    gz_launch_items(launch, tiles * D);
}
