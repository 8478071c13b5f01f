#include "gpu_tile.h"

#include <stdio.h>

/* With so many groups of the largest tile every GPU has work for all its units. */
enum { MANY_GROUPS = 128, SUBGROUP = 16 };

/* Lines of TILE_K elements, each a four longer than the block: as cl/tile_gpu.h has them. */
static size_t local_bytes(gz_gpu_tile tile)
{
    return tile.k * (gz_gpu_tile_rows(tile) + gz_gpu_tile_columns(tile) + 8) * sizeof(float);
}

static bool fits(const gz_device_facts *facts, gz_gpu_tile tile)
{
    return tile.x * tile.y <= facts->max_group && local_bytes(tile) <= facts->local_bytes;
}

/* 4 x 4 sums an item: 8 values from local memory serve 16 multiplications. Few rows or columns are made by
   few items, which would hold many values on their way to local memory: they take half as many k at a time.
 */
static gz_gpu_tile in_local_memory(const gz_device_facts *facts, size_t M, size_t N)
{
    gz_gpu_tile tile = {16, 16, 4, 4, 16, 0};
    if (M <= 16)
        tile.y = 4, tile.k = 8;
    else if (N <= 16)
        tile.x = 4, tile.k = 8;
    else if (M <= 32 || N <= 32)
        tile.x = tile.y = 8;
    while (!fits(facts, tile) && tile.x * tile.y > 1) {
        *(tile.x > tile.y ? &tile.x : &tile.y) /= 2;
        if (tile.x * tile.y < 16) tile.k = 4;
    }
    return tile;
}

/* 16 sums an item, 8 of A and 2 of B, of the 64 registers that an Intel GPU has for each of 16 lanes. A
   device that can't have groups of a subgroup's size shares nothing. */
static gz_gpu_tile in_subgroups(const gz_device_facts *facts, size_t M)
{
    const size_t most = facts->max_group / SUBGROUP, wanted = M <= 8 ? 1 : M <= 16 ? 2 : 4;
    if (!most || facts->local_bytes < 8 * SUBGROUP * sizeof(float)) return (gz_gpu_tile){1, 1, 8, 2, 1, 1};
    const size_t room = facts->local_bytes / (8 * SUBGROUP * sizeof(float)),
                 least = most < room ? most : room;
    return (gz_gpu_tile){SUBGROUP, wanted < least ? wanted : least, 8, 2, SUBGROUP, SUBGROUP};
}

gz_gpu_tile gz_gpu_tile_of(const gz_builder *builder, size_t M, size_t N)
{
    const gz_device_facts *facts = gz_builder_device(builder);
    return gz_builder_family(builder) == GZ_FAMILY_INTEL ? in_subgroups(facts, M)
                                                         : in_local_memory(facts, M, N);
}

gz_parts gz_gpu_tile_parts(size_t M, size_t N, size_t K, size_t count)
{
    enum { BLOCK = 64, LEAST = 128 };
    return gz_parts_of(K, MANY_GROUPS / (gz_groups(M, BLOCK) * gz_groups(N, BLOCK) * count), LEAST);
}

const char *gz_gpu_tile_options(gz_gpu_tile tile, char text[GZ_GPU_TILE_OPTIONS])
{
    snprintf(text, GZ_GPU_TILE_OPTIONS,
             "-DTILE_X=%zu -DTILE_Y=%zu -DTILE_M=%zu -DTILE_N=%zu -DTILE_K=%zu -DTILE_LANES=%zu", tile.x,
             tile.y, tile.m, tile.n, tile.k, tile.lanes);
    return text;
}
